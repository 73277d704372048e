"""Roll-ups are the sums of the trades, to the dong and the gram, whatever has happened since."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.analytics.models import CELLS, DIMENSIONS, MEASURES, delivery_cell, trade_cell
from app.analytics.operations import count_again, is_counted
from app.analytics.rebuild import rebuild
from app.core import clock
from app.core.db import db
from app.deliveries.models import (
    Claim,
    Delivery,
    Despatch,
    Inspection,
    InspectionPart,
    Slip,
    Weighing,
)
from app.lots.models import Forecast, Lot
from app.market.models import Offer
from app.orders.models import Order, OrderLine
from app.settlement.models import Settlement
from tests.factories import Trade
from tests.settling import somebody_of

START = datetime(2026, 1, 28, 15, 30, tzinfo=UTC)
COFFEE, GINGER = "green-coffee-robusta", "ginger-dried"
MOVES = st.lists(
    st.tuples(
        st.sampled_from(
            ["list", "order", "order", "cancel", "deliver", "deliver", "correct", "claim", "settle",
             "pay", "reprice", "spoil", "forecast", "move", "count"]
        ),
        st.integers(0, 10_000_000),
    ),
    min_size=6,
    max_size=30,
)  # fmt: skip


class History:
    """Trades written outright, a move at a time; each number decides who, what, when, how much."""

    def __init__(self, farms: list[UUID], buyer: UUID, sites: list[UUID]) -> None:
        self.farms, self.buyer, self.sites = farms, buyer, sites
        self.person = somebody_of(buyer)
        self.offers: list[Offer] = []
        self.lines: list[OrderLine] = []
        self.deliveries: list[Delivery] = []
        self.settlements: list[Settlement] = []
        self.counted = 0

    def at(self, number: int) -> datetime:
        """Some instant within three weeks around the turn of a month, near midnight or not."""
        return START + timedelta(minutes=number * 37 % 30_000)

    def add(self, row: Any) -> Any:
        db.session.add(row)
        db.session.flush()
        return row

    def list(self, number: int) -> None:
        farm = number % len(self.farms)
        at = self.at(number)
        quantity = Decimal(number % 90_000 + 1) / 1000 + 10
        code = (COFFEE, GINGER)[number // 3 % 2]
        own = {"organisation_id": self.farms[farm], "capacity": "own_account"}
        lot = self.add(
            Lot(**own, commodity_code=code, site_id=self.sites[farm], status="harvested",
                quantity=quantity, reserved=quantity / 2, qualities={}, harvested_at=at,
                ready_at=at, created_at=at)
        )  # fmt: skip
        self.offers.append(
            self.add(
                Offer(**own, lot_id=lot.id, commodity_code=code, market_code=self.market(code),
                      ask_price=Decimal(number % 99_999) / 100, price_as_typed={}, open_until=at,
                      visibility="public", visible_to=[], listed_at=at, created_at=at,
                      quantity=quantity, status="open", firm=True)
            )
        )  # fmt: skip

    def market(self, code: str) -> str:
        found = db.session.scalar(
            text("SELECT market_code FROM commodity WHERE code = :code"), {"code": code}
        )
        return str(found)

    def order(self, number: int) -> None:
        if not self.offers:
            return
        offer = self.offers[number % len(self.offers)]
        price, quantity = offer.ask_price, Decimal(number % 5000 + 1) / 1000
        order = self.add(
            Order(organisation_id=self.buyer, capacity="own_account",
                  seller_id=offer.organisation_id,
                  seller_capacity="own_account", site_id=self.sites[-1], origin="direct",
                  status="confirmed", carrier=("buyer", "seller")[number % 2], goods_amount=0,
                  haulage_amount=0, placed_at=self.at(number // 7))
        )  # fmt: skip
        for _ in range(1 + number % 2):
            self.lines.append(
                self.add(
                    OrderLine(order_id=order.id, organisation_id=self.buyer,
                              seller_id=order.seller_id, offer_id=offer.id, lot_id=offer.lot_id,
                              commodity_code=offer.commodity_code, grade=None, quantity=quantity,
                              unit_price=price, amount=round(price * quantity))
                )
            )  # fmt: skip

    def cancel(self, number: int) -> None:
        if self.lines:
            order = db.session.get_one(Order, self.lines[number % len(self.lines)].order_id)
            order.status = ("cancelled", "confirmed", "expired")[number // 5 % 3]

    def deliver(self, number: int) -> None:
        if not self.lines:
            return
        line, at = self.lines[number % len(self.lines)], self.at(number // 11)
        before = sum(one.order_id == line.order_id for one in self.deliveries)
        delivery = self.add(
            Delivery(organisation_id=self.buyer, seller_id=line.seller_id, order_id=line.order_id,
                     order_line_id=line.id, number=before + 1, status="despatched",
                     scheduled_quantity=line.quantity, scheduled_at=at)
        )  # fmt: skip
        self.deliveries.append(delivery)
        self.add(
            Despatch(**self.recorded(delivery, 1, at), quantity=line.quantity, as_typed={},
                     lot_id=line.lot_id)
        )  # fmt: skip
        self.weigh(delivery, 1, at, number)
        delivery.status, delivery.ended_at = "accepted", at
        db.session.flush()

    def recorded(self, delivery: Delivery, number: int, at: datetime) -> dict[str, Any]:
        return {"delivery_id": delivery.id, "organisation_id": self.buyer, "number": number,
                "recorded_by_id": self.person, "recorded_at": at,
                "reason": "cân lại" if number > 1 else None}  # fmt: skip

    def weigh(self, delivery: Delivery, number: int, at: datetime, dice: int) -> None:
        net = Decimal(dice % 6000 + 1) / 1000
        accepted = (net, Decimal(0), net / 2)[dice // 3 % 3].quantize(Decimal("0.001"))
        told = self.recorded(delivery, number, at)
        self.add(Weighing(**told, tickets=[], gross=net, tare=Decimal(0), net=net))
        look = self.add(Inspection(**told, inspector="-", neutral=False))
        self.add(
            InspectionPart(inspection_id=look.id, organisation_id=self.buyer, position=1, net=net,
                           accepted_quantity=accepted, qualities={}, grade=None,
                           result="accepted" if accepted else "rejected",
                           reason=" Mốc" if accepted < net else None)
        )  # fmt: skip
        self.add(
            Slip(**told, document={}, accepted_quantity=accepted, base_amount=dice % 7777,
                 payable_amount=dice % 7777, haulage_amount=dice % 99)
        )  # fmt: skip

    def correct(self, number: int) -> None:
        if self.deliveries:
            delivery = self.deliveries[number % len(self.deliveries)]
            told = select(Slip.number).where(Slip.delivery_id == delivery.id)
            before = max(db.session.scalars(told))
            self.weigh(delivery, before + 1, self.at(number), number // 13)

    def move(self, number: int) -> None:
        """A delivery turns out to have ended on another day."""
        if self.deliveries:
            self.deliveries[number % len(self.deliveries)].ended_at = self.at(number // 3)

    def claim(self, number: int) -> None:
        if self.deliveries:
            delivery = self.deliveries[number % len(self.deliveries)]
            ended = self.at(number)
            self.add(
                Claim(delivery_id=delivery.id, organisation_id=self.buyer,
                      seller_id=delivery.seller_id, status="granted", share=Decimal("0.1"),
                      reason="-", provisional_credit=500, credit=number % 2,
                      answer_by=ended, filed_at=ended, ended_at=ended)
            )  # fmt: skip

    def settle(self, number: int) -> None:
        owed = {one.delivery_id for one in self.settlements}
        for delivery in self.deliveries:
            if delivery.id not in owed:
                at = self.at(number)
                pooled = number % 2 == 0
                shared = {
                    "purpose": "pool_share",
                    "payee_id": self.farms[number % len(self.farms)],
                    "quantity": Decimal(number % 777) / 1000,
                    "accepted_on": clock.local_date(self.at(number // 3)),
                }
                goods = {"purpose": "goods", "payee_id": delivery.seller_id}
                self.settlements.append(
                    self.add(
                        Settlement(**(shared if pooled else goods), organisation_id=self.buyer,
                                   delivery_id=delivery.id, order_id=delivery.order_id,
                                   status="final", amount=number % 9999,
                                   due_on=clock.local_date(at), claims_until=at, created_at=at,
                                   final_at=at)
                    )
                )  # fmt: skip
                return

    def pay(self, number: int) -> None:
        if self.settlements:
            one = self.settlements[number % len(self.settlements)]
            one.paid = (0, one.amount, one.amount // 2, 2 * one.amount)[number % 4]
            one.due_on = clock.local_date(self.at(number // 2))
            if one.purpose == "pool_share":
                one.accepted_on = clock.local_date(self.at(number // 5))

    def reprice(self, number: int) -> None:
        if self.offers:
            offer = self.offers[number % len(self.offers)]
            offer.ask_price, offer.listed_at = Decimal(number % 9999), self.at(number)

    def spoil(self, number: int) -> None:
        if self.offers:
            lot = db.session.get_one(Lot, self.offers[number % len(self.offers)].lot_id)
            lot.status, lot.reserved = "spoiled", Decimal(0)

    def forecast(self, number: int) -> None:
        week = clock.local_date(START) + timedelta(days=-clock.local_date(START).weekday())
        week += timedelta(weeks=number % 4)
        quantity = Decimal(number % 1000 + 1)
        self.add(
            Forecast(organisation_id=self.farms[0], capacity="own_account", commodity_code=COFFEE,
                     week=week, quantity=quantity, low=quantity, high=quantity, trend="even",
                     made_at=START - timedelta(hours=number % 999))
        )  # fmt: skip

    def count(self, number: int) -> None:
        self.counted += count_again(now=START + timedelta(days=400), most=1 + number % 50)

    def count_everything(self) -> None:
        db.session.flush()
        now = START + timedelta(days=400)
        while not is_counted(now=now):
            self.counted += count_again(now=now)


def cells() -> dict[str, list[Any]]:
    """All that the roll-ups hold, in one order."""
    return {
        table.name: sorted(
            map(tuple, db.session.execute(
                select(*(table.c[one] for one in (*DIMENSIONS[table.name], *MEASURES[table.name])))
            )),
            key=lambda row: [str(one) for one in row],
        )
        for table in CELLS
    }  # fmt: skip


def counted_by_hand(history: History) -> dict[tuple[Any, ...], list[Any]]:
    """Some measures of each day, seller and commodity, summed in Python from the rows."""
    sums: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [Decimal(0)] * len(NAMES))

    def add(key: tuple[Any, ...], place: int, value: Any) -> None:
        sums[key][place] += value

    for offer in history.offers:
        assert offer.listed_at is not None
        key = (clock.local_date(offer.listed_at), offer.organisation_id, offer.commodity_code)
        add(key, 0, offer.quantity)
    by_line = {line.id: line for line in history.lines}
    for line in history.lines:
        order = db.session.get_one(Order, line.order_id)
        key = (clock.local_date(order.placed_at), line.seller_id, line.commodity_code)
        if order.status not in ("cancelled", "expired"):
            add(key, 1, line.amount)
    for delivery in history.deliveries:
        assert delivery.ended_at is not None
        code = by_line[delivery.order_line_id].commodity_code
        key = (clock.local_date(delivery.ended_at), delivery.seller_id, code)
        slips = db.session.scalars(select(Slip).where(Slip.delivery_id == delivery.id)).all()
        scales = db.session.scalars(select(Weighing).where(Weighing.delivery_id == delivery.id))
        slip = max(slips, key=lambda one: one.number)
        scale = max(scales, key=lambda one: one.number)
        for place, value in enumerate((scale.net, slip.accepted_quantity, slip.payable_amount), 2):
            add(key, place, value)
    for one in history.settlements:
        line = by_line[next(d.order_line_id for d in history.deliveries if d.id == one.delivery_id)]
        key = (one.due_on, one.payee_id, line.commodity_code)
        add(key, 5, one.amount)
        add(key, 6, min(one.paid, one.amount))
        if one.purpose == "pool_share":
            key = (one.accepted_on, one.payee_id, line.commodity_code)
            add(key, 7, one.quantity)
            add(key, 8, one.amount)
    return {key: told for key, told in sums.items() if any(told)}


NAMES = ("offered_quantity", "ordered_amount", "weighed_quantity", "accepted_quantity",
         "goods_amount", "due_amount", "paid_amount", "pooled_quantity",
         "pooled_amount")  # fmt: skip


def in_cells(grain: str) -> dict[tuple[Any, ...], list[Any]]:
    sums: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [Decimal(0)] * len(NAMES))
    for table in (trade_cell, delivery_cell):
        for row in db.session.execute(select(table).where(table.c.grain == grain)):
            key = (row.period, row.organisation_id, row.commodity_code)
            for place, name in enumerate(NAMES):
                sums[key][place] += getattr(row, name, None) or 0
    return {key: told for key, told in sums.items() if any(told)}


def check(history: History) -> None:
    history.count_everything()
    kept = cells()
    by_hand = counted_by_hand(history)
    assert in_cells("day") == by_hand
    for grain in ("week", "month"):
        whole: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [Decimal(0)] * len(NAMES))
        for (day, seller, code), told in by_hand.items():
            first = day - timedelta(days=day.weekday()) if grain == "week" else day.replace(day=1)
            together = whole[first, seller, code]
            whole[first, seller, code] = [a + b for a, b in zip(together, told, strict=True)]
        assert in_cells(grain) == whole
    rebuild(now=START + timedelta(days=400))
    assert cells() == kept


@pytest.fixture
def begun(trade: Trade, rolled_back: Flask) -> Callable[[], History]:
    farms, buyer = [trade.farm() for _ in range(3)], trade.processor()
    ids = [UUID(str(one.organisation_id)) for one in farms]
    sites = [UUID(str(one.site_id)) for one in (*farms, buyer)]
    return lambda: History(ids, UUID(str(buyer.organisation_id)), sites)


def play(app: Flask, begun: Callable[[], History], moves: list[tuple[str, int]]) -> History:
    """A history from the start, taken back at its end."""
    with app.app_context():
        inner = db.session.begin_nested()
        try:
            history = begun()
            for move, number in moves:
                getattr(history, move)(number)
                db.session.flush()
            check(history)
            return history
        finally:
            inner.rollback()
            db.session.remove()


def test_a_day_on_which_everything_happened_and_was_corrected(
    rolled_back: Flask, begun: Callable[[], History]
) -> None:
    moves = [(move, number * 7919) for number, move in enumerate(EVENTFUL)]
    history = play(rolled_back, begun, moves)
    assert len(history.deliveries) == 2
    assert history.counted >= 5


EVENTFUL = (
    *("list", "list", "order", "order", "deliver", "deliver", "settle", "settle", "count"),
    *("correct", "claim", "pay", "cancel", "move", "reprice", "spoil", "forecast", "forecast"),
    *("count", "correct", "move", "pay", "settle"),
)
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=6, suppress_health_check=QUIET)
@given(moves=MOVES)
def test_roll_ups_are_the_sums_of_random_trades(
    rolled_back: Flask, begun: Callable[[], History], moves: list[tuple[str, int]]
) -> None:
    play(rolled_back, begun, moves)


@pytest.mark.slow
@settings(max_examples=150, derandomize=False, suppress_health_check=QUIET)
@given(moves=MOVES)
def test_roll_ups_are_the_sums_of_many_random_trades(
    rolled_back: Flask, begun: Callable[[], History], moves: list[tuple[str, int]]
) -> None:
    play(rolled_back, begun, moves)
