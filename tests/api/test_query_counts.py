"""A longer list asks the database no more often than a list of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from flask import Flask
from sqlalchemy import event, true

from app.contracts.breach_operations import find_breaches
from app.core import clock
from app.core.db import db
from app.core.outbox import OutboxMessage
from app.core.transaction import transaction
from app.settlement.advance_operations import confirm_advance
from app.settlement.operations import finalise_settlements
from app.settlement.queries import advances
from tests.api.world import declared, is_list
from tests.factories import (
    COMMODITY,
    PASSWORD,
    Account,
    Trade,
    a_certificate,
    a_demand,
    a_lot,
    a_membership,
    a_plot,
    an_offer,
    an_order,
    day,
    forecast_body,
    lot_body,
    monday,
    restriction_body,
    today,
)
from tests.factories_contracts import a_contract, called
from tests.factories_deliveries import a_claim, a_delivery
from tests.factories_disruption import closed, outside
from tests.factories_pools import a_pool, brought
from tests.settling import identify

MANY = 6
MOST_STATEMENTS = 12


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        statement = str(arguments[2])
        if "SAVEPOINT" not in statement:
            sent.append(statement)

    with app.app_context():
        connection = db.engines[None]
    event.listen(connection, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(connection, "before_cursor_execute", note)


def plentiful(trade: Trade) -> dict[str, Account]:
    """Several of everything, and who reads it."""
    farm, buyer, cooperative = trade.farm(), trade.processor(), trade.cooperative()
    certificates = [a_certificate(farm)["id"] for _ in range(MANY)]
    for number in range(MANY):
        farm.made("/sites", {"name": f"Nơi {number}", "ward_code": "24829", "latitude": 11.5,
                             "longitude": 107.8})  # fmt: skip
        farm.made("/forecasts", forecast_body())
        farm.made("/tokens", {"login": farm.login, "password": PASSWORD})
        farm.made("/invitations", {"name": "Bạn", "email": f"ban{number}@example.com"})
        plot = a_plot(farm, growing_area_code=f"VN-{number:04d}")
        an_offer(farm, a_lot(farm, plot_id=plot["id"]), ask_price="900000")
        later = restriction_body(commodity="lotus-dried", **{"from": day(1)})
        trade.authority.made("/restrictions", later)
        lot = a_lot(farm, certificates=certificates[: number % 4])
        order = an_order(buyer, an_offer(farm, lot, quantity="2"), "1")
        buyer.made(f"/orders/{order['id']}/cancellation")
        a_membership(trade.farm(), cooperative, "consent", "mandate")
    for _ in range(MANY - 1):
        a_demand(buyer, quantity="1", bid_price="1.00")
    a_demand(buyer, quantity=str(2 * MANY))
    order = an_order(buyer, an_offer(farm, quantity=str(MANY + 1)), str(MANY + 1))
    for _ in range(MANY):
        a_claim(farm, buyer, a_delivery(farm, buyer, order, quantity="1"))
    own = "tokens invitations sites plots forecasts lots certificates growing-area-seasons"
    readers = dict.fromkeys(own.split(), farm)
    readers |= {"restrictions": farm, "notifications": farm, "demands": buyer, "orders": buyer}
    for _ in range(MANY):
        buyer.made("/quality-schedules", {"commodity": COMMODITY, "rules": []})
        little = {"available": "0.5", "reason": "Ít"}
        farm.made(f"/lots/{an_order(buyer, an_offer(farm))['lines'][0]['lot_id']}/shortage", little)
    readers |= {"deliveries": buyer, "claims": farm, "quality-schedules": buyer}
    readers |= {"shortages": buyer}
    readers |= {"memberships": cooperative, "rounds": trade.operator, "pools": cooperative}
    for _ in range(MANY):
        pool = a_pool(cooperative)
    for _ in range(MANY):
        brought(cooperative, pool, a_lot(cooperative), "1")
        member = cooperative.read("/memberships")["items"][0]["organisation_id"]
        paper = {"method": "paper", "paper_reference": "Sổ 12"}
        entered = lot_body(cooperative, on_behalf_of=member, **paper)
        cooperative.made("/assisted-entries", entered)
    readers |= {"assisted-entries": cooperative}
    for number in range(MANY):
        search = {"name": "Chờ", "commodity": COMMODITY, "price_min": str(number + 1)}
        farm.made("/saved-searches", search)
        with trade.app.app_context(), transaction():
            dead = OutboxMessage(topic="-", concerns=[], payload={}, occurred_at=clock.now(),
                                 due_at=clock.now(), dead_at=clock.now())  # fmt: skip
            db.session.add(dead)
    readers |= {"dispatches": farm, "saved-searches": farm, "dead-messages": trade.operator}
    return readers | held_up(trade, buyer)


def held_up(trade: Trade, buyer: Account) -> dict[str, Account]:
    """A dozen orders stuck behind a border, as many other sources and recalls."""
    farm, other = trade.farm(), outside(trade)
    herb = {"commodity": "lemongrass-dried", "qualities": {}, "grade": None}
    for _ in range(MANY):
        an_order(buyer, an_offer(farm, a_lot(farm, **herb)))
        an_offer(other, a_lot(other, **herb), quantity="10", ask_price="90000")
        farm.made(f"/lots/{a_lot(farm)['id']}/recall", {"reason": "Mốc"})
    closed(trade, trade.authority, commodity="lemongrass-dried")
    return {"disruptions": buyer, "rematches": buyer, "surplus": buyer, "recalls": farm}


def owing(trade: Trade, readers: dict[str, Account]) -> dict[str, Account]:
    """Several of all that is owed and paid, and who reads it."""
    farm, buyer, cooperative = readers["lots"], readers["orders"], readers["memberships"]
    members = [
        one["organisation_id"] for one in cooperative.read(f"/memberships?limit={MANY}")["items"]
    ]
    for claim in buyer.read(f"/claims?limit={MANY}")["items"]:
        buyer.made(f"/claims/{claim['id']}/withdrawal")
    trade.relay()
    with trade.app.app_context(), transaction():
        later = clock.now() + timedelta(days=60)
        assert finalise_settlements(now=later, most=MANY) == MANY
        for member in members:
            identify(member)
    for number in range(MANY):
        buyer.made("/payouts", {"payee_id": farm.organisation_id, "amount": 1})
        given = {"receiver_id": members[number], "kind": "money", "amount": 1}
        cooperative.made("/advances", given)
        cooperative.made("/commissions", {"percent": "1", "valid_from": today(number)})
        day = f"2020-01-{number + 1:02}"
        farm.made("/statements", {"period_from": day, "period_until": day})
    with trade.app.app_context(), transaction():
        for advance in db.session.scalars(advances(true())):
            confirm_advance(advance=advance, now=clock.now())
    operator = readers["rounds"]
    return dict.fromkeys(("settlements", "payouts", "purchase-list"), buyer) | {
        "ledger": operator,
        "advances": cooperative,
        "commissions": cooperative,
        "statements": farm,
        "seller-identities": operator,
    }


def promising(trade: Trade, readers: dict[str, Account]) -> str:
    """Contracts and price series; the id of the contract with several of everything."""
    buyer, farm, operator = readers["orders"], trade.farm(), readers["rounds"]
    weeks = [{"week": monday(week), "promised": "1"} for week in range(MANY)]
    long = {"ends_on": monday(MANY), "weeks": weeks}
    contract, *_ = [a_contract(buyer, farm, **long) for _ in range(MANY)]
    for week in range(MANY):
        called(buyer, contract, week, "0.1")
        buyer.made(f"/contracts/{contract['id']}/releases", {"week": monday(week)})
        short = {"week": monday(week), "expected": "1", "reason": "Ít", "force_majeure": True}
        farm.made(f"/contracts/{contract['id']}/shortfalls", short)
        code = f"series-{week}" if week else COMMODITY
        series = {"code": code, "name": {"vi": "Giá", "en": "Price"}, "commodity": COMMODITY}
        operator.made("/reference-series", series | {"source": "Sở Công Thương"})
    prices = {"prices": [{"day": "2026-01-02", "price": "1"}]}
    operator.made(f"/reference-series/{COMMODITY}/prices", prices)
    with trade.app.app_context(), transaction():
        assert find_breaches(now=clock.now() + timedelta(days=200)) >= MANY
    readers |= {"contracts": buyer, "reference-series": operator}
    return str(contract["id"])


def connected(trade: Trade, farm: Account) -> dict[str, Account]:
    """Several webhooks, the newest with several pings, and several imports of several rows."""
    from workers.imports import work_on_import

    for _ in range(MANY):
        hook = {"url": "https://example.com/", "topics": ["claim.filed"]}
        made = farm.made("/webhooks", hook)
    for number in range(MANY):
        farm.made(f"/webhooks/{made['id']}/test")
        row = f"Kho {number},24829,11.5301,107.8402\n"
        file = f"name,ward_code,latitude,longitude\n{row * MANY}".encode()
        job = farm.made("/imports/sites", data=file, Content_Type="text/csv")
        with trade.app.app_context():
            work_on_import.run(import_id=job["id"])
    return {"webhooks": farm, "imports": farm}


def test_a_longer_list_takes_no_more_statements(trade: Trade) -> None:
    readers = plentiful(trade)
    round_id = trade.clear(COMMODITY)["id"]
    order_id = readers["orders"].read("/orders?status=in_delivery")["items"][0]["id"]
    readers |= owing(trade, readers)
    contract_id = promising(trade, readers)
    pool_id = readers["pools"].read("/pools")["items"][0]["id"]
    lot = a_lot(readers["lots"])
    for _ in range(MANY):
        an_offer(readers["lots"], lot, quantity="1")
    trade.relay()
    markets = [one["code"] for one in trade.visitor.read("/markets?limit=60")["items"]]
    for market in [one for one in markets if one != COMMODITY][:MANY]:
        readers["rounds"].made("/rounds", {"market": market})

    readers |= connected(trade, farm := readers["lots"])
    hook_id = farm.read("/webhooks")["items"][0]["id"]
    import_id = farm.read("/imports")["items"][0]["id"]

    lists = [route.split()[1] for route, view in declared(trade.app).items() if is_list(view)]
    # What is not committed yet is never an event; a feed is one statement of one table.
    lists.remove("/events")
    assert len(lists) > 15
    for path in lists:
        reader = readers.get(path.split("/")[1], trade.visitor)
        if path.endswith("/matches"):
            reader = readers["lots"]
        shown = path.replace("<code>", COMMODITY).replace("<round_id>", round_id)
        shown = shown.replace("<order_id>", order_id).replace("<contract_id>", contract_id)
        shown = shown.replace("<pool_id>", pool_id).replace("<webhook_id>", hook_id)
        shown = shown.replace("<import_id>", import_id)
        counts = {}
        for limit in (1, MANY):
            with counted(trade.app) as sent:
                items = reader.read(f"{shown}?limit={limit}")["items"]
            counts[limit] = len(sent)
            fewest = 1 if path.endswith(("/prices", "-schemes")) else limit
            assert len(items) >= fewest, (path, len(items))
        assert counts[1] == counts[MANY] <= MOST_STATEMENTS, (path, counts)


def test_a_search_takes_no_more_statements_with_more_to_find(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm, certificates=[a_certificate(farm)["id"]])
    for _ in range(MANY):
        an_offer(farm, lot, quantity="1")
    for query in ("sort=price", "near=11.5,107.8&sort=distance&within_km=100", "q=ca+phe"):
        counts = {}
        for limit in (1, MANY):
            with counted(trade.app) as sent:
                page = trade.visitor.read(f"/offers?limit={limit}&{query}")
            counts[limit] = len(sent)
            assert len(page["items"]) == limit
        assert counts[1] == counts[MANY], (query, counts)
