"""From slips and claims to what is owed, provisional at first and then final.

A message only says where to look: what is posted is read from the deliveries' own rows, so that
messages may come twice, late or out of order.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from app.core import clock, outbox
from app.core.db import db
from app.core.outbox import OutboxMessage
from app.deliveries.models import Claim, Delivery, Slip
from app.deliveries.queries import claims_until
from app.orders.models import Order, OrderStatus
from app.orders.operations import settle_order
from app.orders.queries import get_order
from app.settlement.deductions import charge_commission, net_advances
from app.settlement.ledger import Origin, post, posted_about, reverse
from app.settlement.models import Event, Purpose, Settlement, SettlementStatus, Source
from app.settlement.pool_shares import share_pool
from app.settlement.postings import (
    carrier_of,
    claim_ended_lines,
    claim_filed_lines,
    slip_lines,
)
from app.settlement.queries import (
    claims_of,
    delivery_with_line,
    next_to_finalise,
    orders_to_settle,
    overdue,
    settlements_of,
    slips_of,
    unposted,
)

CONSUMER = "settlement"
TIME_TO_HEAR = timedelta(minutes=10)
HEARD = frozenset(
    {
        "delivery.accepted",
        "delivery.corrected",
        "claim.filed",
        "claim.answered",
        "claim.decided",
        "claim.withdrawn",
        "claim.lapsed",
    }
)


def settle_message(*, message: OutboxMessage, now: datetime) -> bool:
    """Bring the books up to date with what a message tells of; once, however often asked.

    Returns:
        whether there was something to look at.
    """
    if message.topic not in HEARD or not outbox.first_time(CONSUMER, message.id, now=now):
        return False
    bring_up_to_date(delivery_id=UUID(message.payload["delivery_id"]), now=now)
    return True


def bring_up_to_date(*, delivery_id: UUID, now: datetime) -> list[Settlement]:
    """Post whatever of a delivery is not in the books yet; its settlements, goods first.

    The order's lock makes writers of one delivery wait for one another.
    """
    delivery = delivery_with_line(delivery_id)
    order = get_order(delivery.order_id, seen=Order.id == delivery.order_id, lock=True)
    slips, claims = slips_of(delivery_id), claims_of(delivery_id)
    if not slips:
        return []
    _post_slips(order, delivery_id, slips, now=now)
    _post_claims(order, delivery_id, claims, now=now)
    settlements = _sum_up(order, delivery, slips[-1], claims, now=now)
    goods = settlements[0]
    if goods.status == SettlementStatus.FINAL:
        slip = slips[-1]
        charge_commission(goods=goods, order=order, delivery=delivery, slip=slip, now=now)
        share_pool(goods=goods, order=order, delivery=delivery, slip=slip, now=now)
    return settlements


def finalise_settlements(*, now: datetime, most: int = 1, passing: int = 0) -> int:
    """Make final what can no longer be claimed against; how many deliveries.

    One delivery in a transaction by default, so that nobody holds one order and waits for another.

    Args:
        passing: how many to leave out, the longest due first.
    """
    due = next_to_finalise(now=now, most=most, passing=passing)
    for delivery_id in due:
        _finalise(delivery_id, now=now)
    return len(due)


def post_missed(*, now: datetime, most: int = 1, passing: int = 0) -> int:
    """Look at what no message told of in time, or whose message was set aside; how many."""
    missed = unposted(until=now - TIME_TO_HEAR, most=most, passing=passing)
    for delivery_id in missed:
        bring_up_to_date(delivery_id=delivery_id, now=now)
    return len(missed)


def settle_orders(*, now: datetime, most: int = 1, passing: int = 0) -> int:
    """End orders that were received and of which every delivery is settled; how many."""
    due = orders_to_settle(most=most, passing=passing)
    for order_id in due:
        order = get_order(order_id, seen=Order.id == order_id, lock=True)
        if order.status == OrderStatus.RECEIVED:
            settle_order(order=order, now=now)
    return len(due)


def tell_overdue(*, now: datetime, most: int = 200) -> int:
    """Tell both sides, once, of what should have been paid by yesterday; how many."""
    late = db.session.scalars(
        select(Settlement)
        .where(Settlement.overdue_told_at.is_(None), overdue(clock.local_date(now)))
        .order_by(Settlement.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for settlement in late:
        settlement.overdue_told_at = now
        outbox.add(
            "payment.overdue",
            concerns=_concerned(settlement, db.session.get_one(Order, settlement.order_id)),
            payload=_facts(settlement),
            now=now,
        )
    db.session.flush()
    return len(late)


def _post_slips(order: Order, delivery_id: UUID, slips: Sequence[Slip], *, now: datetime) -> None:
    """Each slip once; a later one takes the earlier one's posting back first."""
    books = posted_about(delivery_id)
    before = None
    for slip in slips:
        here = books.get((Source.SLIP, slip.id, 1))
        if here is None:
            if before is not None:
                taken_back, transaction = before
                reverse(
                    transaction,
                    origin=Origin(Source.SLIP, taken_back.id, 2),
                    event=Event.SLIP_REVERSED,
                    occurred_at=slip.recorded_at,
                    now=now,
                )
            here = post(
                slip_lines(order, goods=slip.payable_amount, haulage=slip.haulage_amount),
                origin=Origin(Source.SLIP, slip.id),
                event=Event.DELIVERY_CORRECTED if before else Event.DELIVERY_ACCEPTED,
                occurred_at=slip.recorded_at,
                delivery_id=delivery_id,
                replaces=before[1] if before else None,
                now=now,
            )
        before = (slip, here)


def _post_claims(
    order: Order, delivery_id: UUID, claims: Sequence[Claim], *, now: datetime
) -> None:
    """Each claim into suspense once, and out of it once when it is over."""
    books = posted_about(delivery_id)
    for claim in claims:
        if (Source.CLAIM, claim.id, 1) not in books:
            post(
                claim_filed_lines(order, provisional=claim.provisional_credit),
                origin=Origin(Source.CLAIM, claim.id),
                event=Event.CLAIM_FILED,
                occurred_at=claim.filed_at,
                delivery_id=delivery_id,
                now=now,
            )
        if claim.ended_at and (Source.CLAIM, claim.id, 2) not in books:
            post(
                claim_ended_lines(
                    order, provisional=claim.provisional_credit, credit=claim.credit or 0
                ),
                origin=Origin(Source.CLAIM, claim.id, 2),
                event=Event.CLAIM_ENDED,
                occurred_at=claim.ended_at,
                delivery_id=delivery_id,
                now=now,
            )


def _sum_up(
    order: Order, delivery: Delivery, slip: Slip, claims: Sequence[Claim], *, now: datetime
) -> list[Settlement]:
    """The settlements of goods and haulage as slip and claims have them now."""
    known = {one.purpose: one for one in settlements_of(delivery.id, lock=True)}
    goods = known.get(Purpose.GOODS) or _opened(
        order, delivery, Purpose.GOODS, order.seller_id, now=now
    )
    goods.amount = slip.payable_amount
    goods.held = sum(one.provisional_credit for one in claims if one.ended_at is None)
    goods.credited = sum(one.credit or 0 for one in claims if one.ended_at)
    rows = [goods]
    haulage, carrier = known.get(Purpose.HAULAGE), carrier_of(order)
    if haulage is None and carrier is not None and slip.haulage_amount:
        haulage = _opened(order, delivery, Purpose.HAULAGE, carrier, now=now)
        haulage.status, haulage.final_at = goods.status, goods.final_at
    if haulage is not None:
        haulage.amount = slip.haulage_amount
        rows.append(haulage)
    db.session.add_all(rows)
    db.session.flush()
    return rows


def _opened(
    order: Order, delivery: Delivery, purpose: Purpose, payee: UUID, *, now: datetime
) -> Settlement:
    ended = delivery.ended_at or now
    return Settlement(
        organisation_id=order.organisation_id,
        payee_id=payee,
        delivery_id=delivery.id,
        order_id=order.id,
        purpose=purpose,
        status=SettlementStatus.PROVISIONAL,
        amount=0,
        held=0,
        credited=0,
        netted=0,
        commission=0,
        paid=0,
        due_on=clock.local_date(ended) + timedelta(days=order.payment_days),
        claims_until=claims_until(delivery),
        created_at=now,
        final_at=None,
    )


def _finalise(delivery_id: UUID, *, now: datetime) -> None:
    """Commission first, then advances out of what is left to the seller, then final.

    A claim filed at the last moment, while this waited for the order, keeps it provisional.
    """
    settlements = bring_up_to_date(delivery_id=delivery_id, now=now)
    waiting = [one for one in settlements if one.status == SettlementStatus.PROVISIONAL]
    goods = settlements[0]
    if not waiting or goods.held:
        return
    order = get_order(goods.order_id, seen=Order.id == goods.order_id)
    delivery, slip = delivery_with_line(delivery_id), slips_of(delivery_id)[-1]
    for one in waiting:
        one.status, one.final_at = SettlementStatus.FINAL, now
    charge_commission(goods=goods, order=order, delivery=delivery, slip=slip, now=now)
    givers = [one for one in (order.organisation_id, order.seller_agent_id) if one]
    net_advances(goods=goods, givers=givers, now=now)
    share_pool(goods=goods, order=order, delivery=delivery, slip=slip, now=now)
    db.session.flush()
    for one in waiting:
        outbox.add(
            "settlement.finalised",
            concerns=_concerned(one, order),
            payload=_facts(one),
            now=now,
        )


def _concerned(settlement: Settlement, order: Order) -> list[UUID]:
    agent = order.seller_agent_id if settlement.payee_id == order.seller_id else None
    everybody = (settlement.organisation_id, order.agent_id, settlement.payee_id, agent)
    return [one for one in everybody if one]


def _facts(settlement: Settlement) -> dict[str, object]:
    return {
        "settlement_id": str(settlement.id),
        "order_id": str(settlement.order_id),
        "delivery_id": str(settlement.delivery_id),
        "purpose": settlement.purpose,
        "buyer_id": str(settlement.organisation_id),
        "seller_id": str(settlement.payee_id),
        "amount": settlement.outstanding,
        "due_on": settlement.due_on.isoformat(),
    }
