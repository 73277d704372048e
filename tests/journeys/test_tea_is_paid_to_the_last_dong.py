"""A load of fresh tea from the order to the last dong, by a hand-computed table.

                                 kg          dong
ordered at 8,000             1,000.000
sent, 60 fell short            940.000
weighed                        940.000
rejected for coarse leaf       100.000
accepted                       840.000   6,720,000   base
surface water 3 %                         −201,600
payable by the slip                      6,518,400
haulage 300 a kg at the farm's gate        252,000   300,000 × 840 ÷ 1,000

claim of 5 %                               325,920   set aside
granted in part                            200,000
goods after the claim                    6,318,400
commission of 2.5 %                        157,960   to the cooperative
advance in fertiliser                    1,000,000   from the buyer
left for the farm                        5,160,440
with its haulage                         5,412,440
the buyer pays in all                    5,570,400   with the commission
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from app.deliveries.slip import recompute
from app.settlement.models import Settlement
from app.settlement.statements import issue_statement
from tests.factories import (
    B_LAO,
    Account,
    Trade,
    a_membership,
    day,
    lot_body,
    offer_body,
    order_body,
    today,
)
from tests.factories_deliveries import accepted, accepted_part, despatched, inspected, scheduled
from tests.factories_deliveries import weighed as put_on_the_scale
from workers.settlement import finalise

Run = Callable[[Callable[[], Any]], Any]
COARSE = {"net": "100", "result": "rejected", "reason": "Lá già"}


def in_one(call: Callable[[], Any]) -> Callable[[], Any]:
    """A call in a transaction of its own, as a worker makes it."""

    def run() -> Any:
        with transaction():
            return call()

    return run


def told(reader: Account, topic: str) -> list[str]:
    """Titles of what somebody was told on a topic, oldest first."""
    items = reader.read("/notifications?limit=100")["items"]
    return [one["title"] for one in reversed(items) if one["topic"] == topic]


def by_event(reader: Account) -> dict[str, dict[str, int]]:
    """The reader's entries: by account, what each kind of event came to."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for entry in reader.read("/ledger/entries?limit=100")["items"]:
        if entry["organisation_id"] == reader.organisation_id:
            sums[entry["account"]][entry["kind"]] += entry["amount"]
    return {account: {k: v for k, v in kinds.items() if v} for account, kinds in sums.items()}


def balances(reader: Account) -> dict[str, int]:
    items = reader.read("/ledger/balances")["items"]
    return {
        one["account"]: one["amount"]
        for one in items
        if one["organisation_id"] == reader.organisation_id and one["amount"]
    }


def test_tea_is_paid_to_the_last_dong(trade: Trade, in_app: Run) -> None:
    farm = trade.farm(name="Đậu Thị Hồng")
    cooperative = trade.cooperative(name="HTX B'Lao")
    factory = trade.processor(name="Nhà máy Chè")
    factory.site_id = factory.made("/sites", {"name": "Xưởng", **B_LAO})["id"]
    a_membership(farm, cooperative, "mandate")
    cooperative.made("/commissions", {"percent": "2.5", "valid_from": today()})

    order = an_order_of_tea(farm, cooperative, factory)
    assert (order["goods_amount"], order["haulage_amount"]) == (8_000_000, 300_000)
    advance = factory.made(
        "/advances",
        {
            "receiver_id": farm.organisation_id,
            "kind": "inputs",
            "amount": 1_000_000,
            "note": "Phân bón",
        },
    )
    farm.made(f"/advances/{advance['id']}/confirmation")
    trade.relay()
    assert told(farm, "advance.recorded") == ["Nhà máy Chè ghi đã ứng cho bạn 1.000.000 đồng"]

    delivery = delivered_with_coarse_leaf(cooperative, factory, order)
    trade.relay()
    slip = farm.read(f"/deliveries/{delivery['id']}/slip")
    assert slip["base"]["amount"] == 6_720_000
    assert [line["amount"] for line in slip["adjustments"]] == [-201_600]
    assert (slip["payable_amount"], slip["haulage_amount"]) == (6_518_400, 252_000)
    assert recompute(slip)["payable_amount"] == 6_518_400
    assert balances(farm) == {"receivable": 6_518_400, "haulage": 252_000, "advances": -1_000_000}

    claim = factory.made(
        f"/deliveries/{delivery['id']}/claims", {"share": "0.05", "reason": "Lẫn lá già"}
    )
    trade.relay()
    assert balances(farm)["claims_in_suspense"] == claim["provisional_credit"] == 325_920
    answer = {"result": "partly_granted", "credit": 200_000, "text": "Đồng ý một phần"}
    cooperative.made(f"/claims/{claim['id']}/answer", answer)
    trade.relay()
    assert balances(farm) == {"receivable": 6_318_400, "haulage": 252_000, "advances": -1_000_000}
    early = factory.post("/payouts", {"payee_id": farm.organisation_id, "amount": 1})
    assert (early.status_code, early.json["code"]) == (409, "nothing_owed")

    in_app(in_one(the_time_to_claim_is_over))
    in_app(finalise.run)
    trade.relay()
    assert factory.read(f"/orders/{order['id']}")["status"] == "settled"
    owed = {one["purpose"]: one for one in factory.read("/settlements")["items"]}
    assert {purpose: one["outstanding"] for purpose, one in owed.items()} == {
        "goods": 5_160_440,
        "haulage": 252_000,
        "commission": 157_960,
    }
    columns = ("amount", "credited", "commission", "netted")
    assert [owed["goods"][name] for name in columns] == [6_518_400, 200_000, 157_960, 1_000_000]
    assert told(farm, "settlement.finalised") == [
        "Nhà máy Chè còn phải trả bạn 5.160.440 đồng",
        "Nhà máy Chè còn phải trả bạn 252.000 đồng",
    ]

    payout = factory.made("/payouts", {"payee_id": farm.organisation_id, "amount": 5_412_440})
    too_much = factory.post("/payouts", {"payee_id": farm.organisation_id, "amount": 1})
    assert (too_much.status_code, too_much.json["code"]) == (409, "nothing_owed")
    factory.made(f"/payouts/{payout['id']}/bounce", {"reason": "Sai số tài khoản"})
    payout = factory.made("/payouts", {"payee_id": farm.organisation_id, "amount": 5_412_440})
    farm.made(f"/payouts/{payout['id']}/confirmation")
    factory.made("/payouts", {"payee_id": cooperative.organisation_id, "amount": 157_960})
    trade.relay()
    assert told(farm, "payout.bounced") == ["Khoản 5.412.440 đồng của Nhà máy Chè bị hoàn lại"]
    assert told(factory, "payout.confirmed") == ["Đậu Thị Hồng đã nhận 5.412.440 đồng"]

    # The books say what was paid and owe nobody anything.
    assert balances(farm) == {"bank": 5_412_440}
    assert balances(cooperative) == {"bank": 157_960}
    assert balances(factory) == {"bank": -5_570_400}
    assert by_event(farm)["receivable"] == {
        "delivery_accepted": 6_518_400,
        "claim_filed": -325_920,
        "claim_ended": 125_920,
        "commission_due": -157_960,
        "advance_netted": -1_000_000,
        "payout_recorded": -2 * 5_160_440,
        "payout_bounced": 5_160_440,
    }
    assert by_event(factory)["payable"]["delivery_accepted"] == -(6_518_400 + 252_000)

    statement = in_app(in_one(lambda: the_statement(farm)))
    shown = farm.read(f"/statements/{statement}")
    assert (shown["opening_balance"], shown["closing_balance"]) == (0, 0)
    assert shown["closing"]["bank"] == 5_412_440
    stated: dict[str, int] = defaultdict(int)
    for line in shown["lines"]:
        stated[f"{line['account']} {line['kind']}"] += line["amount"]
    told_by_ledger = {
        f"{account} {kind}": amount
        for account, kinds in by_event(farm).items()
        for kind, amount in kinds.items()
    }
    assert {name: amount for name, amount in stated.items() if amount} == told_by_ledger
    period = f"from={day(-1)[:10]}&until={day(1)[:10]}"
    (bought,) = factory.read(f"/purchase-list?{period}")["items"]
    assert (bought["quantity"], bought["amount"]) == ("840.000", 6_318_400)


def an_order_of_tea(farm: Account, cooperative: Account, factory: Account) -> dict[str, Any]:
    """1,000 kg at 8,000, sold by the cooperative for its member, who carries."""
    acting = {"on_behalf_of": farm.organisation_id}
    lot = cooperative.made(
        "/lots",
        lot_body(
            farm,
            commodity="tea-shoots-fresh",
            quantity="1000",
            grade=None,
            qualities={},
            status="forecast",
            harvested_at=None,
            ready_at="2099-01-01T00:00:00Z",
            **acting,
        ),
    )
    offer = cooperative.made(
        "/offers", offer_body(lot["id"], quantity="1000", ask_price="8000", **acting)
    )
    return factory.made("/orders", order_body(factory, offer, "1000") | {"carrier": "seller"})


def delivered_with_coarse_leaf(
    cooperative: Account, factory: Account, order: dict[str, Any]
) -> dict[str, Any]:
    """940 kg come, 3 % of them water; 100 kg are too coarse."""
    delivery = scheduled(cooperative, order)
    despatched(
        cooperative, delivery, quantity="940", shortfall="60", shortfall_reason="Mưa cả tuần"
    )
    tickets = [{"gross": "500.5", "tare": "20.5"}, {"gross": "480", "tare": "20"}]
    put_on_the_scale(factory, delivery, "", tickets=tickets, surface_water="3")
    good = accepted_part("840", qualities={"coarse_leaf": "9.5"})
    inspected(factory, delivery, good, COARSE | {"qualities": {"coarse_leaf": "52.0"}})
    done = accepted(factory, delivery)
    assert done["quantities"] == {
        "offered": "1000.000",
        "ordered": "1000.000",
        "despatched": "940.000",
        "weighed": "940.000",
        "accepted": "840.000",
    }
    return done


def the_time_to_claim_is_over() -> None:
    db.session.execute(update(Settlement).values(claims_until=clock.now()))


def the_statement(farm: Account) -> str:
    today = clock.local_date(clock.now())
    statement = issue_statement(
        organisation_id=UUID(str(farm.organisation_id)),
        period_from=today - timedelta(days=1),
        period_until=today + timedelta(days=2),
        now=clock.now() + timedelta(days=9),
    )
    return str(statement.id)
