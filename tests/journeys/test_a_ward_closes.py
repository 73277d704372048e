"""A ward closes with forty open commitments; all are found, served or on the board, none twice.

Four farms inside the ward owe, to buyers outside:
 20 direct orders of 10 kg (five from each farm),
 10 orders from a round, of 10 kg, by demand,
  4 call-offs of 10 kg under a season contract, and 2 holds for its next weeks,
  4 matches of 10 kg that wait for an answer.
Two farms outside can bring 120 kg between them. Some buyers take that, some refuse, some wait; a
neighbour inside buys 25 kg off the board; one order is given up. Then the ward opens again.
"""

from collections import Counter
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.contracts.hold_operations import hold_promised
from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from app.disruption.models import Commitment
from app.lots.models import Lot
from app.market.models import Demand, Offer
from app.orders.models import LIVE, Order, OrderLine
from tests.factories import (
    B_LAO,
    COMMODITY,
    Account,
    Trade,
    a_demand,
    a_lot,
    an_offer,
    an_order,
    monday,
)
from tests.factories_contracts import a_contract, called
from tests.factories_disruption import closed, look, outside, reopened

GINGER = {"commodity": "ginger-dried", "grade": None, "qualities": {}}
TEN = Decimal(10)


def committed(trade: Trade) -> tuple[list[Account], list[Account], dict[str, Any]]:
    """Farms inside, buyers outside, and a contract; forty commitments between them."""
    farms = [trade.farm() for _ in range(4)]
    buyers = [trade.processor() for _ in range(5)]
    for farm in farms:
        offer = an_offer(farm, quantity="50", ask_price="100000.00")
        for buyer in buyers:
            an_order(buyer, offer, "10")
    for farm in farms[:2]:
        an_offer(farm, quantity="50", ask_price="99000.00")
    for number in range(10):
        a_demand(buyers[number % 5], quantity="10")
    trade.clear(COMMODITY)
    for number in range(4):
        an_offer(farms[number], a_lot(farms[number], **GINGER), quantity="10", firm=False)
        wanted = [{"commodity": "ginger-dried"}]
        a_demand(buyers[number], accepts=wanted, quantity="10")
    trade.clear("ginger")
    weeks = [{"week": monday(week), "promised": "30"} for week in range(2)]
    contract = a_contract(buyers[0], farms[3], quantity="60", weeks=weeks)
    for _ in range(2):
        a_lot(farms[3], quantity="30")
    for week in (0, 0, 1, 1):
        called(buyers[0], contract, week, "10")
    with trade.app.app_context(), transaction():
        assert hold_promised(now=clock.now()) == 2
    return farms, buyers, contract


def rows(trade: Trade) -> list[Commitment]:
    with trade.app.app_context():
        return list(db.session.scalars(select(Commitment).order_by(Commitment.id)))


def still_to_come(by: Any) -> dict[UUID, Decimal]:
    """What live orders are still to bring, by offer or by demand."""
    summed = (
        select(by, func.sum(OrderLine.quantity - OrderLine.short))
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.status.in_(LIVE))
        .group_by(by)
    )
    return {row[0]: row[1] for row in db.session.execute(summed)}


def everything_adds_up(trade: Trade) -> None:
    """Offers have sold, and demands have got, what live orders bring; no lot has sold too much."""
    with trade.app.app_context():
        held, filled = still_to_come(OrderLine.offer_id), still_to_come(Order.demand_id)
        offers = db.session.scalars(select(Offer)).all()
        assert len(offers) > 10
        for offer in offers:
            assert offer.taken == held.get(offer.id, 0)
        for lot in db.session.scalars(select(Lot)):
            assert lot.reserved <= lot.quantity
        demands = db.session.scalars(select(Demand).where(Demand.market_code == COMMODITY)).all()
        assert len(demands) == 10
        for demand in demands:
            assert demand.taken == filled.get(demand.id, 0)


def test_a_ward_closes_and_opens_again(trade: Trade) -> None:
    _, buyers, _ = committed(trade)
    for price in ("98000.00", "98500.00"):
        farm = outside(trade)
        an_offer(farm, a_lot(farm), quantity="60", ask_price=price)
    authority = trade.authority
    restriction = closed(trade, authority)

    found = rows(trade)
    assert Counter(one.kind for one in found) == {"order": 34, "match": 4, "hold": 2}
    look(trade)
    assert len(rows(trade)) == 40
    proposed = [
        (buyer, one)
        for buyer in buyers
        for one in buyer.read("/rematches?limit=100&status=proposed")["items"]
    ]
    assert sum(Decimal(one["quantity"]) for _, one in proposed) == 120
    assert len({one["disruption_id"] for _, one in proposed}) == 12
    board = {one["id"] for one in buyers[0].read("/surplus?limit=100")["items"]}
    replaced = {one["disruption_id"] for _, one in proposed}
    for one in found:
        assert str(one.id) in replaced or str(one.offer_id) in board
    everything_adds_up(trade)

    for buyer, one in proposed[:8]:
        buyer.made(f"/rematches/{one['id']}/acceptance")
    for buyer, one in proposed[8:10]:
        buyer.made(f"/rematches/{one['id']}/refusal")
    neighbour = trade.processor()
    neighbour.site_id = neighbour.made("/sites", {"name": "Trong phường", **B_LAO})["id"]
    stuck = Counter(one.offer_id for one in found if one.kind == "order")
    (busiest, _), *_ = stuck.most_common(1)
    an_order(neighbour, {"id": str(busiest)}, "25")
    given_up = next(one for one in rows(trade) if one.kind == "order" and not one.replaced)
    with trade.app.app_context():
        line = db.session.get_one(OrderLine, given_up.order_line_id)
        owner = next(b for b in buyers if b.organisation_id == str(given_up.buyer_id))
    owner.made(f"/orders/{line.order_id}/cancellation")
    everything_adds_up(trade)

    reopened(trade, authority, restriction)
    ended = rows(trade)
    assert all(one.ended_at is not None for one in ended)
    assert sum(one.replaced for one in ended) == 80
    orders = [one for one in ended if one.kind == "order"]
    lost_to_the_neighbour = 25
    expected = 340 - 80 - 10 - lost_to_the_neighbour
    back = sum(one.restored for one in orders)
    # What was given up or replaced on the neighbour's offer left room for what it bought.
    assert expected <= back <= 340 - 80 - 10
    for one in orders:
        assert one.replaced + one.restored <= TEN
        assert (one.status == "replaced") == (one.replaced == TEN)
    everything_adds_up(trade)
    for buyer in buyers:
        assert buyer.read("/rematches?status=proposed")["items"] == []
    assert buyers[0].read("/surplus")["items"] == []
    look(trade)
    assert [one.status for one in rows(trade)] == [one.status for one in ended]
    delivered = sum(
        Decimal(line["quantity"]) - Decimal(line["short"])
        for buyer in buyers
        for order in buyer.read("/orders?limit=100")["items"]
        if order["status"] in ("placed", "confirmed")
        for line in order["lines"]
    )
    assert delivered == back + 80
