"""Whatever happens in whatever order, the books are right."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from app.core.db import db
from app.deliveries.models import Claim, Delivery, DeliveryStatus, Slip
from app.deliveries.slip import recompute
from app.orders.models import Carrier, Order, OrderLine, OrderStatus
from app.orders.queries import get_order
from app.settlement.models import (
    Account,
    Event,
    LedgerTransaction,
    Purpose,
    Settlement,
)
from app.settlement.statements import balance_of
from tests.domain.story import CARRIAGE, MOVES, RULES, Story
from tests.domain.test_settlement import sold
from tests.factories import NOW, Trade
from tests.settling import balances, keeps, sums_of_entries, unbalanced

DRAWN = st.sampled_from([move for move, often in MOVES.items() for _ in range(often)])
STEPS = st.tuples(DRAWN, st.integers(0, 5_000_000), st.integers(0, 7))
# Half of them begin with something that is final already.
BEGINNING = [("deliver", 3_999, 1), ("hear", 0, 0), ("time_passes", 0, 1)]
STORIES = st.builds(
    lambda steps, final: [*BEGINNING[: 3 if final else 2], *steps],
    st.lists(STEPS, min_size=10, max_size=24),
    st.booleans(),
)


def check(story: Story) -> None:
    """All that has to hold at the end, when every message has arrived."""
    story.hear_everything()
    assert unbalanced() == []
    kept = balances()
    assert kept == sums_of_entries()
    assert sum(kept.values()) == 0
    check_slips(story)
    claims = db.session.scalars(select(Claim)).all()
    payable = sum(load.payable + load.haulage for load in story.loads.values())
    credited = sum(one.credit or 0 for one in claims if one.ended_at)
    settlements = db.session.scalars(select(Settlement)).all()
    # What went to the cooperative for its advances the buyer owes the cooperative instead.
    netted = sum(one.netted for one in settlements) - sum(
        one.amount for one in settlements if one.purpose == Purpose.ADVANCE
    )
    owed = -kept.get((story.sale.buyer, Account.PAYABLE), 0)
    assert owed == payable - credited - story.sent - netted
    held = sum(one.provisional_credit for one in claims if not one.ended_at)
    assert kept.get((story.sale.seller, Account.CLAIMS_IN_SUSPENSE), 0) == held
    for payee in (story.sale.seller, story.sale.cooperative):
        by_accounts = sum(
            kept.get((payee, account), 0)
            for account in (Account.RECEIVABLE, Account.HAULAGE, Account.COMMISSION)
        )
        assert by_accounts == sum(one.outstanding for one in settlements if one.payee_id == payee)
    over_all = {
        party: balance_of({a: amount for (one, a), amount in kept.items() if one == party})
        for party in {one for one, _ in kept}
    }
    banked = sum(kept.get((party, Account.BANK), 0) for party in over_all)
    assert sum(over_all.values()) == -banked == 0
    check_orders(story)
    sources = select(
        LedgerTransaction.source_kind, LedgerTransaction.source_id, LedgerTransaction.number
    )
    posted = [tuple(row) for row in db.session.execute(sources)]
    assert len(posted) == len(set(posted))
    story.done.update(db.session.scalars(select(LedgerTransaction.kind)))


def check_slips(story: Story) -> None:
    """Each slip says accepted × price ± adjustments, and can be computed from itself."""
    last = {
        slip.delivery_id: slip for slip in db.session.scalars(select(Slip).order_by(Slip.number))
    }
    assert set(last) == set(story.loads)
    for delivery_id, load in story.loads.items():
        slip = last[delivery_id]
        assert (slip.payable_amount, slip.haulage_amount) == (load.payable, load.haulage)
        assert recompute(slip.document) == slip.document


def check_orders(story: Story) -> None:
    """No more is on its way than was ordered, and nothing of an order that was cancelled."""
    promised = select(Delivery.order_id, func.sum(Delivery.scheduled_quantity))
    planned = promised.where(Delivery.status != DeliveryStatus.CANCELLED)
    for order_id, quantity in db.session.execute(planned.group_by(Delivery.order_id)):
        order = get_order(order_id, seen=Order.id == order_id)
        assert order.status != OrderStatus.CANCELLED
        assert quantity <= order.lines[0].quantity


@pytest.fixture
def stage(rolled_back: Flask) -> Iterator[Callable[[Any], Story]]:
    """Plays a story to its end and takes it back, so that each begins with clean books."""
    sale = sold(Trade(rolled_back), through_cooperative=True)

    def play(steps: list[tuple[str, int, int]]) -> Story:
        with rolled_back.app_context():
            story = Story(sale)
            prepare(story)
            for step in steps:
                story.play(step)
            check(story)
            db.session.rollback()
            assert db.session.scalar(select(func.count()).select_from(LedgerTransaction)) == 0
            return story

    return play


def prepare(story: Story) -> None:
    """The seller carries; quality moves the price; the cooperative keeps 2.5 %."""
    db.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    sale = story.sale
    for order_id in (sale.order, sale.spare):
        db.session.get_one(Order, order_id).carrier = Carrier.SELLER
        lines = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order_id))
        for line in lines:
            line.haulage_amount = CARRIAGE
            line.quality_schedule = {"rules": RULES}
    keeps(sale.cooperative, percent=Decimal("2.5"), at=NOW - timedelta(days=9))
    db.session.flush()
    db.session.expire_all()


def tell(stage: Callable[[Any], Story], stories: int, *, alike: bool) -> Counter[str]:
    """So many stories, the same each time or not; what was done and posted in all of them."""
    done: Counter[str] = Counter()

    @settings(
        max_examples=stories,
        deadline=None,
        database=None,
        derandomize=alike,
        suppress_health_check=list(HealthCheck),
    )
    @given(STORIES)
    def all_is_well(steps: list[tuple[str, int, int]]) -> None:
        done.update(stage(steps).done)

    all_is_well()
    return +done


# These stories sell what is one farm's own; tests/journeys and tests/api have the pools.
OF_POOLS = {Event.POOL_SHARED, Event.POOL_SHARE_REVERSED}


def test_the_books_are_right_whatever_happens(stage: Callable[[Any], Story]) -> None:
    done = tell(stage, 30, alike=True)
    assert set(done) == {*Event, *MOVES} - OF_POOLS
    assert sum(done[event] for event in Event) > 180


@pytest.mark.slow
def test_the_books_are_right_over_hundreds_of_stories(stage: Callable[[Any], Story]) -> None:
    done = tell(stage, 500, alike=False)
    assert set(done) == {*Event, *MOVES} - OF_POOLS
    assert sum(done[event] for event in Event) > 3_000
