"""Pools and restrictions with many hands at once: nothing is counted twice, nothing is lost."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import clock
from app.core.db import db
from app.core.transaction import retried, transaction
from app.disruption.models import Commitment
from app.disruption.operations import meet_restrictions
from app.market.models import Offer
from app.orders.models import LIVE, Order, OrderLine
from tests.concurrency.threads import at_once
from tests.factories import Trade, a_lot, a_membership, an_offer, an_order, restriction_body
from tests.factories_disruption import look, outside
from tests.factories_pools import a_pool


@pytest.fixture
def trade(committing: Flask) -> Trade:
    """People who trade on a database that keeps what they do."""
    return Trade(committing)


def working(trade: Trade, work: Callable[..., int]) -> Callable[[], int]:
    """A worker that does something once, as often as PostgreSQL asks it to."""

    def once() -> int:
        with transaction():
            return work(now=clock.now())

    def run() -> int:
        with trade.app.app_context():
            return retried(once)

    return run


def test_what_many_members_bring_at_once_is_all_in_the_pool(trade: Trade) -> None:
    """Twenty members bring 10 kg each of one pool, and each tries twice."""
    cooperative = trade.cooperative()
    pool = a_pool(cooperative, full_load="200")
    members = [trade.farm() for _ in range(20)]
    bodies = []
    for member in members:
        a_membership(member, cooperative)
        bodies.append({"lot_id": a_lot(member)["id"], "quantity": "10"})
    path = f"/pools/{pool['id']}/contributions"
    calls: list[Callable[[], Any]] = [
        lambda m=member, b=body: m.post(path, b).status_code
        for member, body in zip(members, bodies, strict=True)
        for _ in range(2)
    ]
    assert Counter(at_once(calls)) == {201: 20, 409: 20}
    closings = [lambda: cooperative.post(f"/pools/{pool['id']}/closing").status_code] * 5
    assert Counter(at_once(closings)) == {200: 1, 409: 4}
    closed = cooperative.read(f"/pools/{pool['id']}")
    lot = cooperative.read(f"/lots/{closed['lot_id']}")
    assert (closed["pooled"], lot["quantity"]) == ("200.000", "200.000")


def test_many_looks_at_once_find_and_bring_back_each_order_once(trade: Trade) -> None:
    """Twenty orders of 2 kg, five looks when the ward closes, five when it opens."""
    farm, buyer, authority = trade.farm(), trade.processor(), trade.authority
    offer = an_offer(farm)
    for _ in range(20):
        an_order(buyer, offer, "2")
    restriction = authority.made("/restrictions", restriction_body())
    assert sum(at_once([working(trade, meet_restrictions)] * 5)) == 20
    authority.made(f"/restrictions/{restriction['id']}/end")
    at_once([lambda: look(trade)] * 5)
    with trade.app.app_context():
        restored = db.session.scalars(select(Commitment.restored)).all()
        assert restored == [Decimal(2)] * 20
    assert farm.read(f"/offers/{offer['id']}")["remaining"] == "10.000"


def test_another_source_is_taken_once_while_the_ward_opens_and_others_buy(trade: Trade) -> None:
    """Ten orders of 5 kg are stuck; their buyers accept, a worker brings back, others buy."""
    farm, buyer, authority = trade.farm(), trade.processor(), trade.authority
    elsewhere, rival = outside(trade), trade.processor()
    offer = an_offer(farm)
    for _ in range(10):
        an_order(buyer, offer, "5")
    other = an_offer(elsewhere, a_lot(elsewhere), ask_price="99000.00")
    restriction = authority.made("/restrictions", restriction_body())
    look(trade)
    proposed = buyer.read("/rematches?limit=100")["items"]
    assert len(proposed) == 10
    authority.made(f"/restrictions/{restriction['id']}/end")
    body = {"lines": [{"offer_id": offer["id"], "quantity": "5"}], "site_id": rival.site_id}
    accepting = [
        lambda one=one: buyer.post(f"/rematches/{one['id']}/acceptance").status_code
        for one in proposed
    ]
    buying = [lambda: rival.post("/orders", body).status_code] * 5
    answers = at_once([*accepting, *buying, *[lambda: look(trade)] * 3])
    assert set(answers[:15]) <= {200, 201, 409, 503}
    look(trade)
    with trade.app.app_context():
        for commitment in db.session.scalars(select(Commitment)):
            assert commitment.ended_at is not None
            assert commitment.replaced + commitment.restored <= commitment.quantity
        for one in db.session.scalars(select(Offer)):
            held = db.session.scalar(
                select(func.coalesce(func.sum(OrderLine.quantity - OrderLine.short), 0))
                .join(Order, Order.id == OrderLine.order_id)
                .where(OrderLine.offer_id == one.id, Order.status.in_(LIVE))
            )
            assert (one.taken, one.match_held) == (held, 0)
    assert elsewhere.read(f"/offers/{other['id']}")["held"] == "0.000"
