"""The clock's tasks of settlement, each run twice: the second time there is nothing left to do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.core import clock
from app.core.db import db
from app.core.outbox import OutboxMessage
from app.core.transaction import transaction
from app.orders.models import Order, OrderStatus
from app.settlement.advance_operations import confirm_advance, record_advance
from app.settlement.ledger import Origin, post
from app.settlement.models import (
    AdvanceKind,
    Event,
    LedgerTransaction,
    Settlement,
    SettlementStatus,
    Source,
)
from app.settlement.statement_models import Statement
from tests.factories import NOW, Trade, an_offer, an_order
from tests.settling import delivered, somebody_of, told
from workers.settlement import close_month, finalise, tell_overdue

DELIVERIES = 3


@pytest.fixture
def sold(trade: Trade, rolled_back: Flask) -> Callable[[Callable[[], Any]], Any]:
    """A few deliveries of last month that are owed; runs what is asked in the application."""
    order_id = an_order(trade.processor(), an_offer(trade.farm()))["id"]
    this_month = clock.local_date(clock.now()).replace(day=1)
    last_month = clock.start_of_day(this_month) - timedelta(days=12)

    def run(call: Callable[[], Any]) -> Any:
        with rolled_back.app_context():
            return call()

    def deliver() -> None:
        with transaction():
            for _ in range(DELIVERIES):
                told("delivery.accepted", delivered(order_id, payable=500, at=last_month))

    run(deliver)
    return run


def counted(model: Any, *conditions: Any) -> int:
    return db.session.scalars(select(func.count()).select_from(model).where(*conditions)).one()


def test_what_nobody_can_claim_against_is_made_final_and_the_order_settled(
    sold: Callable[[Callable[[], Any]], Any],
) -> None:
    sold(finalise.run)
    final = Settlement.status == SettlementStatus.FINAL
    assert sold(lambda: counted(Settlement, final)) == DELIVERIES
    assert sold(lambda: counted(Order, Order.status == OrderStatus.SETTLED)) == 1
    before = sold(lambda: (counted(OutboxMessage), counted(LedgerTransaction)))
    sold(finalise.run)
    assert sold(lambda: (counted(OutboxMessage), counted(LedgerTransaction))) == before


def test_a_delivery_that_cannot_be_settled_stops_no_other(
    sold: Callable[[Callable[[], Any]], Any],
) -> None:
    def spoil_the_first() -> None:
        """Books that hold a posting already which has yet to be made."""
        with transaction():
            goods = db.session.scalars(select(Settlement).order_by(Settlement.id)).all()[0]
            parties = {"giver_id": goods.organisation_id, "receiver_id": goods.payee_id}
            recorded_by = somebody_of(goods.organisation_id)
            terms = {"kind": AdvanceKind.INPUTS, "amount": 1, "note": None, "now": NOW}
            advance = record_advance(**parties, **terms, recorded_by_id=recorded_by)
            confirm_advance(advance=advance, now=NOW)
            there = Origin(Source.NETTING, goods.id)
            post([], origin=there, event=Event.ADVANCE_NETTED, occurred_at=NOW, now=NOW)

    sold(spoil_the_first)
    sold(finalise.run)
    final = Settlement.status == SettlementStatus.FINAL
    assert sold(lambda: counted(Settlement, final)) == DELIVERIES - 1


def test_what_no_message_told_of_is_posted_all_the_same(
    sold: Callable[[Callable[[], Any]], Any],
) -> None:
    def unheard() -> str:
        with transaction():
            order_id = db.session.scalars(select(Order.id)).one()
            return str(delivered(order_id, payable=700, at=NOW - timedelta(hours=1)))

    delivery = sold(unheard)
    sold(finalise.run)
    owed = Settlement.delivery_id == delivery
    assert sold(lambda: db.session.scalars(select(Settlement.amount).where(owed)).all()) == [700]
    before = sold(lambda: counted(LedgerTransaction))
    sold(finalise.run)
    assert sold(lambda: counted(LedgerTransaction)) == before


def test_nothing_is_final_while_there_is_time_to_claim(
    sold: Callable[[Callable[[], Any]], Any],
) -> None:
    def more_time() -> None:
        with transaction():
            later = clock.now() + timedelta(hours=1)
            db.session.execute(update(Settlement).values(claims_until=later))

    sold(more_time)
    sold(finalise.run)
    assert sold(lambda: counted(Settlement, Settlement.final_at.is_not(None))) == 0


def test_what_is_overdue_is_told_once(sold: Callable[[Callable[[], Any]], Any]) -> None:
    sold(finalise.run)
    overdue = OutboxMessage.topic == "payment.overdue"
    for _ in range(2):
        sold(tell_overdue.run)
        assert sold(lambda: counted(OutboxMessage, overdue)) == DELIVERIES


def test_last_month_is_closed_once(sold: Callable[[Callable[[], Any]], Any]) -> None:
    for _ in range(2):
        sold(close_month.run)
        assert sold(lambda: counted(Statement)) == 2
