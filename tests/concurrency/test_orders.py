"""Many hands on one lot: nothing is sold twice, nothing is lost, nobody sees an error of ours."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import combinations_with_replacement, cycle, islice
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.core import clock
from app.core.db import db
from app.core.outbox import OutboxMessage
from app.core.transaction import transaction
from app.lots.models import Lot
from app.market.models import Offer
from app.orders.models import Order, OrderLine
from app.orders.operations import TIME_TO_CONFIRM, expire_orders
from tests.concurrency.threads import PATIENCE_SECONDS, at_once, wait_until
from tests.factories import (
    Account,
    Trade,
    a_lot,
    an_offer,
    an_order,
    offer_body,
    order_body,
)

ENDINGS = ("order.cancelled", "order.expired")


@pytest.fixture
def trade(committing: Flask) -> Trade:
    """People who trade on a database that keeps what they do."""
    return Trade(committing)


def codes(answers: Iterable[TestResponse]) -> Counter[tuple[int, str | None]]:
    """How many answers of each status, refusals by their code."""
    return Counter(
        (one.status_code, one.json["code"] if one.status_code >= 400 else None) for one in answers
    )


def counters(app: Flask, offer: dict[str, Any]) -> dict[str, Decimal]:
    """What is taken of an offer, by its own counter and by its lines, and what of its lot is."""
    with app.app_context():
        live = Order.status.not_in(("cancelled", "expired"))
        lines = select(func.coalesce(func.sum(OrderLine.quantity), 0)).join(OrderLine.order)
        row = db.session.execute(
            select(Offer.taken, Lot.reserved, Lot.quantity)
            .join(Offer.lot)
            .where(Offer.id == offer["id"])
        ).one()
        return {
            "taken": row.taken,
            "sold": db.session.scalars(lines.where(OrderLine.offer_id == offer["id"], live)).one(),
            "reserved": row.reserved,
            "quantity": row.quantity,
        }


def told(app: Flask, *topics: str) -> int:
    """How many messages of these topics were left in the outbox."""
    with app.app_context():
        asked = select(func.count()).where(OutboxMessage.topic.in_(topics))
        return db.session.scalars(asked).one()


def rows(app: Flask, model: type) -> int:
    with app.app_context():
        return db.session.scalars(select(func.count()).select_from(model)).one()


def test_two_hundred_orders_on_fifty_units_sell_exactly_fifty(trade: Trade) -> None:
    farm, buyers = trade.farm(), [trade.processor() for _ in range(4)]
    offer = an_offer(farm, a_lot(farm, quantity="50.000"), quantity="50.000")
    before = counters(trade.app, offer)

    def order(buyer: Account) -> Callable[[], TestResponse]:
        return lambda: buyer.post("/orders", order_body(buyer, offer, "1.000"))

    answers = at_once([order(buyer) for buyer in islice(cycle(buyers), 200)])

    assert codes(answers) == {(201, None): 50, (409, "not_enough_left"): 150}
    assert len({one.json["id"] for one in answers if one.status_code == 201}) == 50
    after = counters(trade.app, offer)
    assert after["taken"] == after["sold"] == 50
    assert after["reserved"] == before["reserved"] == 50
    assert farm.read(f"/offers/{offer['id']}")["status"] == "committed"
    assert (rows(trade.app, Order), told(trade.app, "order.placed")) == (50, 50)


def test_one_key_from_fifty_threads_makes_one_order(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer = an_offer(farm)
    body, key = order_body(buyer, offer, "1.000"), str(uuid4())

    answers = at_once([lambda: buyer.post("/orders", body, key=key)] * 50)

    seen = codes(answers)
    assert set(seen) <= {(201, None), (409, "request_in_flight")}
    assert seen[201, None] >= 1
    assert seen.total() == 50
    ids = {one.json["id"] for one in answers if one.status_code == 201}
    first = [
        one
        for one in answers
        if one.status_code == 201 and "Idempotent-Replayed" not in one.headers
    ]
    assert (len(ids), len(first)) == (1, 1)
    assert counters(trade.app, offer)["taken"] == 1
    assert rows(trade.app, Order) == 1
    again = buyer.post("/orders", body, key=key)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.json == first[0].json


def test_one_key_with_two_bodies_at_once_has_one_effect(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer, key = an_offer(farm), str(uuid4())

    def order(quantity: str) -> Callable[[], TestResponse]:
        return lambda: buyer.post("/orders", order_body(buyer, offer, quantity), key=key)

    answers = at_once([order("1.000"), order("2.000")] * 10)

    seen = codes(answers)
    refusals = {(409, "request_in_flight"), (422, "idempotency_key_reused")}
    assert set(seen) <= {(201, None), *refusals}
    assert seen[201, None] >= 1
    assert len({one.json["id"] for one in answers if one.status_code == 201}) == 1
    assert counters(trade.app, offer)["taken"] in (1, 2)
    last = [order("1.000")(), order("2.000")()]
    assert codes(last) == {(201, None): 1, (422, "idempotency_key_reused"): 1}


def test_one_key_of_two_accounts_at_once_is_two_orders(trade: Trade) -> None:
    farm, buyers = trade.farm(), [trade.processor(), trade.processor()]
    offer, key = an_offer(farm), str(uuid4())

    def order(buyer: Account) -> Callable[[], TestResponse]:
        return lambda: buyer.post("/orders", order_body(buyer, offer, "1.000"), key=key)

    answers = at_once([order(buyer) for buyer in buyers])

    assert codes(answers) == {(201, None): 2}
    assert {one.json["buyer_id"] for one in answers} == {one.organisation_id for one in buyers}
    assert counters(trade.app, offer)["taken"] == 2


def test_lines_in_opposite_order_never_show_a_deadlock(trade: Trade) -> None:
    farm, buyers = trade.farm(), [trade.processor() for _ in range(2)]
    offers = [an_offer(farm), an_offer(farm)]

    def order(buyer: Account, turned: int) -> Callable[[], TestResponse]:
        lines = [
            {"offer_id": offer["id"], "quantity": "1.000"}
            for offer in (offers[::-1] if turned else offers)
        ]
        body = {"lines": lines, "site_id": buyer.site_id}
        return lambda: buyer.post("/orders", body)

    answers = at_once([order(buyers[n % 2], n // 2 % 2) for n in range(70)])

    assert codes(answers) == {(201, None): 50, (409, "not_enough_left"): 20}
    for offer in offers:
        after = counters(trade.app, offer)
        assert after["taken"] == after["sold"] == 50
    ids = [one.json["id"] for one in answers if one.status_code == 201]

    def cancel(order_id: str) -> Callable[[], TestResponse]:
        return lambda: farm.post(f"/orders/{order_id}/cancellation")

    fresh = [order(buyers[n % 2], n // 2 % 2) for n in range(20)]
    answers = at_once([*(cancel(one) for one in ids), *fresh])

    assert codes(answers[:50]) == {(200, None): 50}
    bought = codes(answers[50:])
    assert set(bought) <= {(201, None), (409, "not_enough_left")}
    for offer in offers:
        after = counters(trade.app, offer)
        assert after["taken"] == after["sold"] == bought[201, None]


def test_the_victim_of_a_deadlock_is_tried_again(
    trade: Trade, own_database: dict[str, str]
) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offers = sorted((an_offer(farm), an_offer(farm)), key=lambda one: one["id"])
    lines = [{"offer_id": offer["id"], "quantity": "1.000"} for offer in offers]
    answers: list[TestResponse] = []

    def order() -> None:
        answers.append(buyer.post("/orders", {"lines": lines, "site_id": buyer.site_id}))

    ours = psycopg.conninfo.make_conninfo(
        os.environ["ADMIN_URL"], dbname=own_database["DATABASE_URL"].rsplit("/", 1)[1]
    )
    with (
        psycopg.connect(ours) as first,
        psycopg.connect(ours) as rival,
        psycopg.connect(ours, autocommit=True) as watcher,
    ):
        # Who waits looks for a deadlock once, a second after it has begun to wait. The order waits
        # for the first and then for the rival, who waits for the order by then and never looks.
        rival.execute("SET deadlock_timeout = '1h'")
        shared = "SELECT 1 FROM offer WHERE id = %s FOR SHARE"
        first.execute(shared, [offers[1]["id"]])
        rival.execute(shared, [offers[1]["id"]])
        ordering = threading.Thread(target=order)
        ordering.start()
        wait_until(lambda: waiting(watcher) == 1)
        lock = "SELECT 1 FROM offer WHERE id = %s FOR UPDATE"
        rivalling = threading.Thread(target=rival.execute, args=(lock, [offers[0]["id"]]))
        rivalling.start()
        wait_until(lambda: waiting(watcher) == 2)
        first.commit()
        rivalling.join(PATIENCE_SECONDS)
        rival.commit()
        ordering.join(PATIENCE_SECONDS)
        wait_until(lambda: deadlocks(watcher) == 1)

    assert codes(answers) == {(201, None): 1}
    for offer in offers:
        after = counters(trade.app, offer)
        assert after["taken"] == after["sold"] == 1


def waiting(connection: psycopg.Connection[Any]) -> int:
    """How many wait for a lock in this database."""
    return figure(connection, "count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND")


def deadlocks(connection: psycopg.Connection[Any]) -> int:
    """How many deadlocks PostgreSQL has broken in this database."""
    connection.execute("SELECT pg_stat_clear_snapshot()")
    return figure(connection, "deadlocks FROM pg_stat_database WHERE")


def figure(connection: psycopg.Connection[Any], asked: str) -> int:
    row = connection.execute(f"SELECT {asked} datname = current_database()").fetchone()
    assert row is not None
    return int(row[0])


REPEATS = 5


@pytest.mark.parametrize("repeats", [REPEATS, pytest.param(200, marks=pytest.mark.slow)])
def test_two_transitions_of_an_order_at_once_have_one_outcome(trade: Trade, repeats: int) -> None:
    """Every pair, of which the buyer makes one and the seller or the clock the other."""
    farm, buyer = trade.farm(), trade.processor()
    offer = an_offer(farm, firm=False)
    later = clock.now() + TIME_TO_CONFIRM + timedelta(hours=1)

    def expire() -> str:
        with trade.app.app_context(), transaction():
            return "expired" if expire_orders(now=later) else "nothing to expire"

    def confirm(order_id: str) -> str:
        return outcome(farm.post(f"/orders/{order_id}/confirmation"))

    def cancel(order_id: str) -> str:
        return outcome(buyer.post(f"/orders/{order_id}/cancellation"))

    moves: dict[str, Callable[[str], str]] = {
        "confirm": confirm,
        "cancel": cancel,
        "expire": lambda _: expire(),
    }
    seen: Counter[tuple[str, ...]] = Counter()
    for pair in combinations_with_replacement(moves, 2):
        for _ in range(repeats):
            order_id = an_order(buyer, offer, "10.000")["id"]
            endings = told(trade.app, *ENDINGS)
            results = at_once([partial(moves[move], order_id) for move in pair])
            status = buyer.read(f"/orders/{order_id}")["status"]
            assert (*pair, *sorted(results), status) in ALLOWED
            seen[pair] += 1
            kept = Decimal(10) if status == "confirmed" else Decimal(0)
            after = counters(trade.app, offer)
            assert after["taken"] == after["sold"] == kept
            assert after["reserved"] == 50
            assert told(trade.app, *ENDINGS) - endings == (0 if kept else 1)
            if kept:
                assert cancel(order_id) == "cancelled"
    assert len(seen) == 6
    assert seen.total() == 6 * repeats


def outcome(answer: TestResponse) -> str:
    """The state an answer tells of, or why it was refused."""
    assert answer.status_code in (200, 409), answer.get_data(as_text=True)
    return str(answer.json["status"] if answer.status_code == 200 else answer.json["code"])


ALLOWED = {
    ("confirm", "confirm", "confirmed", "order_not_placed", "confirmed"),
    ("confirm", "cancel", "cancelled", "confirmed", "cancelled"),
    ("confirm", "cancel", "cancelled", "order_not_placed", "cancelled"),
    ("confirm", "expire", "confirmed", "nothing to expire", "confirmed"),
    ("confirm", "expire", "expired", "order_not_placed", "expired"),
    ("cancel", "cancel", "cancelled", "order_not_cancellable", "cancelled"),
    ("cancel", "expire", "cancelled", "nothing to expire", "cancelled"),
    ("cancel", "expire", "expired", "order_not_cancellable", "expired"),
    ("expire", "expire", "expired", "nothing to expire", "expired"),
}


class Selling:
    """Orders of 1 from an offer of 50 beside its withdrawal, of which each way round is seen."""

    def __init__(self, farm: Account, buyer: Account) -> None:
        self.farm, self.buyer = farm, buyer
        self.lot = a_lot(farm, quantity="50.000")
        self.offer = an_offer(farm, self.lot, quantity="50.000")
        self.bought, self.withdrawn = threading.Event(), threading.Event()

    def order(self) -> TestResponse:
        return self.buyer.post("/orders", order_body(self.buyer, self.offer, "1.000"))

    def first_order(self) -> TestResponse:
        answer = self.order()
        self.bought.set()
        return answer

    def last_order(self) -> TestResponse:
        assert self.withdrawn.wait(PATIENCE_SECONDS)
        return self.order()

    def withdraw(self) -> TestResponse:
        assert self.bought.wait(PATIENCE_SECONDS)
        answer = self.farm.post(f"/offers/{self.offer['id']}/withdrawal")
        self.withdrawn.set()
        return answer


def test_a_withdrawal_among_orders_keeps_what_is_sold_and_frees_the_rest(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    sold = 0
    for _ in range(4):
        one = Selling(farm, buyer)
        withdrawal, *answers = at_once(
            [one.withdraw, one.first_order, *[one.order] * 18, one.last_order]
        )
        assert withdrawal.status_code == 200
        seen = codes(answers)
        assert set(seen) == {(201, None), (409, "offer_not_open")}
        after = counters(trade.app, one.offer)
        assert after["taken"] == after["sold"] == after["reserved"] == seen[201, None]
        ids = [answer.json["id"] for answer in answers if answer.status_code == 201]
        sold += len(ids)
        cancelled = [
            lambda order_id=order_id: buyer.post(f"/orders/{order_id}/cancellation")
            for order_id in ids
        ]
        assert codes(at_once(cancelled)) == {(200, None): len(ids)}
        assert farm.read(f"/lots/{one.lot['id']}")["left"] == "50.000"
    assert rows(trade.app, Order) == sold


def test_a_lot_is_never_offered_beyond_what_it_holds(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm, quantity="100.000")
    body = offer_body(lot["id"], quantity="7.000")

    answers = at_once([lambda: farm.post("/offers", body)] * 20)

    assert codes(answers) == {(201, None): 14, (409, "not_enough_left"): 6}
    assert farm.read(f"/lots/{lot['id']}")["reserved"] == "98.000"
    assert rows(trade.app, Offer) == 14


def test_drafts_published_at_once_are_held_to_the_same_limit(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm, quantity="100.000")
    drafts = [an_offer(farm, lot, quantity="30.000", draft=True)["id"] for _ in range(8)]

    answers = at_once([lambda one=one: farm.post(f"/offers/{one}/publication") for one in drafts])

    assert codes(answers) == {(200, None): 3, (409, "not_enough_left"): 5}
    assert farm.read(f"/lots/{lot['id']}")["reserved"] == "90.000"
