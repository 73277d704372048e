"""Two hands on one order under way: one outcome, and stock comes back exactly once."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import combinations_with_replacement
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.core import clock
from app.core.db import db
from app.core.outbox import OutboxMessage
from app.core.transaction import transaction
from app.deliveries.models import Delivery, ShortageShare
from app.deliveries.queries import deliveries, outstanding
from app.lots.models import Lot
from app.market.models import Demand, Offer
from app.orders.models import Order, OrderLine
from app.orders.operations import TIME_TO_CONFIRM, expire_orders, filled
from app.orders.queries import orders
from tests.concurrency.threads import at_once
from tests.factories import Account, Trade, a_demand, a_lot, an_offer, an_order
from tests.factories_deliveries import accepted_part, brought, scheduled

HELD = Decimal(50)
WANTED = Decimal(10)
# In which state an order, or its one delivery, has to be for a move to succeed.
STARTS = {
    "confirm": "placed",
    "expire": "placed",
    "cancel": "confirmed",
    "schedule": "confirmed",
    "shortage": "confirmed",
    "despatch": "scheduled",
    "call_off": "scheduled",
    "weigh": "despatched",
    "inspect": "weighed",
    "accept": "inspected",
}
NEED_A_DELIVERY = {"despatch", "call_off", "weigh", "inspect", "accept"}
AFTER_DESPATCH = ("despatched", "weighed", "inspected", "accepted")


@pytest.fixture
def trade(committing: Flask) -> Trade:
    """People who trade on a database that keeps what they do."""
    return Trade(committing)


class Moves:
    """One order of 10 from a lot of 50 of its own, in a state, and what can be done with it."""

    def __init__(self, trade: Trade, farm: Account, buyer: Account, state: str) -> None:
        self.trade, self.farm, self.buyer = trade, farm, buyer
        self.offer = an_offer(farm, a_lot(farm, quantity=str(HELD)), firm=False)
        self.order = an_order(buyer, self.offer, str(WANTED))
        self.delivery: str | None = None
        if state != "placed":
            farm.made(f"/orders/{self.order['id']}/confirmation")
        if state not in ("placed", "confirmed"):
            planned = scheduled(farm, self.order)
            self.delivery = brought(farm, buyer, planned, state)["id"]

    def make(self, move: str) -> str:
        """What came of a move: ``done``, or the code of the refusal."""
        if move == "expire":
            return self.expire()
        order, delivery = f"/orders/{self.order['id']}", f"/deliveries/{self.delivery}"
        calls: dict[str, Callable[[], TestResponse]] = {
            "confirm": lambda: self.farm.post(f"{order}/confirmation"),
            "cancel": lambda: self.buyer.post(f"{order}/cancellation"),
            "schedule": lambda: self.buyer.post(f"{order}/deliveries", {}),
            "shortage": lambda: self.farm.post(
                f"/lots/{self.order['lines'][0]['lot_id']}/shortage",
                {"available": "4", "reason": "Ít"},
            ),
            "despatch": lambda: self.farm.post(
                f"{delivery}/despatch",
                {"quantity": "9", "shortfall": "1", "shortfall_reason": "Rơi"},
            ),
            "call_off": lambda: self.buyer.post(f"{delivery}/cancellation"),
            "weigh": lambda: self.buyer.post(
                f"{delivery}/weighing", {"tickets": [{"gross": "10", "tare": "0"}]}
            ),
            "inspect": lambda: self.buyer.post(
                f"{delivery}/inspection", {"parts": [accepted_part("10")]}
            ),
            "accept": lambda: self.buyer.post(f"{delivery}/acceptance"),
        }
        answer = calls[move]()
        assert answer.status_code in (200, 201, 409), answer.get_data(as_text=True)
        return "done" if answer.status_code < 300 else str(answer.json["code"])

    def expire(self) -> str:
        later = clock.now() + TIME_TO_CONFIRM + timedelta(hours=1)
        with self.trade.app.app_context(), transaction():
            return "done" if expire_orders(now=later) else "nothing to expire"

    def told(self) -> Counter[str]:
        """How often each topic was left in the outbox about this order."""
        about = OutboxMessage.payload["order_id"].astext == self.order["id"]
        return Counter(db.session.scalars(select(OutboxMessage.topic).where(about)).all())

    def check(self) -> str:
        """Hold everything that was written against everything else; the order's state."""
        with self.trade.app.app_context():
            order = db.session.scalars(orders(Order.id == self.order["id"])).one()
            loads = db.session.scalars(deliveries(Delivery.order_id == order.id)).all()
            offer = db.session.get_one(Offer, self.offer["id"])
            lot = db.session.get_one(Lot, offer.lot_id)
            (line,), told = order.lines, self.told()

            over = order.status in ("cancelled", "expired")
            assert offer.taken == (line.short if over else line.quantity)
            kept = offer.taken if offer.status == "withdrawn" else offer.quantity
            assert lot.reserved == kept
            assert outstanding(line) >= 0
            ends = ("cancelled", "expired", "received")
            for end in ends:
                assert told[f"order.{end}"] == (order.status == end), end
            assert told["order.confirmed"] == (order.confirmed_at is not None)

            gone = [one for one in loads if one.status in AFTER_DESPATCH]
            assert (order.status in ("in_delivery", "received")) == bool(gone)
            assert told["order.in_delivery"] == min(1, len(gone))
            assert line.short == sum((one.shortfall for one in loads), Decimal(0)) + (
                self.short_by_sharing(line)
            )
            for one in loads:
                rows = (one.despatches, one.weighings, one.inspections, one.slips)
                reached = AFTER_DESPATCH.index(one.status) + 1 if one in gone else 0
                assert [len(row) for row in rows] == [1] * reached + [0] * (4 - reached)
            assert told["delivery.despatched"] == len(gone)
            called_off = sum(one.status == "cancelled" for one in loads)
            assert told["delivery.cancelled"] == called_off
            assert told["delivery.accepted"] == sum(one.status == "accepted" for one in loads)
            return order.status

    def short_by_sharing(self, line: OrderLine) -> Decimal:
        """What a shortage took from the line."""
        taken = select(func.sum(ShortageShare.promised - ShortageShare.allotted))
        return db.session.scalar(taken.where(ShortageShare.order_line_id == line.id)) or Decimal(0)


@pytest.mark.parametrize("repeats", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_every_two_transitions_at_once_leave_one_order_in_an_allowed_state(
    trade: Trade, repeats: int
) -> None:
    farm, buyer = trade.farm(), trade.processor()
    seen: Counter[tuple[str, str]] = Counter()
    done: Counter[str] = Counter()
    pairs = list(combinations_with_replacement(STARTS, 2))
    if repeats == 1:
        # Those that can both succeed, and whatever meets the end of an order.
        pairs = [(a, b) for a, b in pairs if STARTS[a] == STARTS[b] or "cancel" in (a, b)]
    for pair in pairs:
        starts = {STARTS[move] for move in pair}
        if "cancel" in pair:
            starts.add("placed")
        for start in sorted(starts) * repeats:
            race = Moves(trade, farm, buyer, start)
            if race.delivery is None and set(pair) & NEED_A_DELIVERY:
                continue
            results = at_once([partial(race.make, move) for move in pair])
            if "expire" in pair and "done" not in results:
                # What somebody holds is passed by; the next sweep finds it.
                results[pair.index("expire")] = race.expire()
            status = race.check()
            assert status in ALLOWED[start], (pair, start, results, status)
            assert "done" in results or start not in (STARTS[pair[0]], STARTS[pair[1]]), pair
            if pair[0] == pair[1]:
                assert results.count("done") <= 1, (pair, results)
            seen[pair] += 1
            done.update(
                move for move, result in zip(pair, results, strict=True) if result == "done"
            )
            if status == "placed":
                race.make("cancel")
    assert len(seen) == len(pairs) >= 20
    assert min(done[move] for move in STARTS) >= repeats


UNDER_WAY = {"in_delivery", "received"}
ALLOWED = {
    "placed": {"placed", "confirmed", "cancelled", "expired"},
    "confirmed": {"confirmed", "cancelled"},
    "scheduled": {"confirmed", "cancelled", *UNDER_WAY},
    "despatched": UNDER_WAY,
    "weighed": UNDER_WAY,
    "inspected": UNDER_WAY,
}


@pytest.mark.parametrize("repeats", [1, pytest.param(30, marks=pytest.mark.slow)])
def test_a_demand_gets_back_exactly_what_will_not_come(trade: Trade, repeats: int) -> None:
    farm, buyer = trade.farm(), trade.processor()
    moves: dict[str, Callable[[dict[str, Any], str], TestResponse]] = {
        "cancel": lambda order, _: buyer.post(f"/orders/{order['id']}/cancellation"),
        "shortage": lambda order, _: farm.post(
            f"/lots/{order['lines'][0]['lot_id']}/shortage", {"available": "7", "reason": "Ít"}
        ),
        "shortfall": lambda _, delivery: farm.post(
            f"/deliveries/{delivery}/despatch",
            {"quantity": "6.5", "shortfall": "2.1", "shortfall_reason": "Thối"},
        ),
    }
    raced = 0
    for pair in combinations_with_replacement(moves, 2):
        for _ in range(repeats):
            lot = a_lot(farm, commodity="ginger-fresh", qualities={}, grade=None)
            offer = an_offer(farm, lot, quantity="10", ask_price="1000.00")
            accepts = [{"commodity": "ginger-fresh"}]
            demand = a_demand(buyer, accepts=accepts, quantity="2")
            trade.clear("ginger")
            order = buyer.read("/orders")["items"][0]
            delivery = scheduled(farm, order)["id"]
            answers = at_once([partial(moves[move], order, delivery) for move in pair])
            assert {one.status_code for one in answers} <= {200, 201, 409}
            with trade.app.app_context():
                row = db.session.scalars(orders(Order.id == order["id"])).one()
                wanted = db.session.get_one(Demand, demand["id"])
                kept = Decimal(0)
                if row.status != "cancelled":
                    kept = filled(row, row.lines[0].short)
                assert wanted.taken == kept, (pair, [one.json for one in answers])
                assert (wanted.status == "filled") == (kept == 2)
            raced += 1
            # What came back must not be matched with the next demand.
            farm.post(f"/offers/{offer['id']}/withdrawal")
            buyer.post(f"/demands/{demand['id']}/cancellation")
    assert raced == 6 * repeats
