"""Reading deliveries, and what of an order line is still to come."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from app.accounts.models import Kind, Organisation
from app.catalogue.models import Commodity
from app.core.db import db
from app.core.errors import NotFound
from app.deliveries.models import Claim, ClaimStatus, Delivery, DeliveryStatus, Despatch, Inspection
from app.orders.models import Order, OrderLine
from app.orders.queries import concerning, get_order


def deliveries(condition: ColumnElement[bool]) -> Select[Delivery]:
    """Deliveries with their order, its lines and parties, and all that was recorded."""
    return (
        select(Delivery)
        .join(Delivery.order)
        .where(condition)
        .options(
            contains_eager(Delivery.order).options(
                selectinload(Order.lines).joinedload(OrderLine.offer),
                joinedload(Order.buyer),
                joinedload(Order.seller),
            ),
            joinedload(Delivery.line).joinedload(OrderLine.offer),
            selectinload(Delivery.despatches),
            selectinload(Delivery.weighings),
            selectinload(Delivery.inspections).selectinload(Inspection.parts),
            selectinload(Delivery.slips),
        )
    )


def seen_by(organisation: Organisation) -> ColumnElement[bool]:
    """Deliveries an organisation takes part in; an authority's are those it was asked to judge."""
    own = concerning(organisation.id, everything=organisation.kind == Kind.OPERATOR)
    if organisation.kind == Kind.AUTHORITY:
        return or_(own, Delivery.neutral_inspection)
    return own


def get_delivery(delivery_id: UUID, *, seen: ColumnElement[bool], lock: bool = False) -> Delivery:
    """A delivery among those the caller may see; if asked its order and it are locked, in turn.

    Raises:
        NotFound: there is none, or it is between others.
    """
    statement = deliveries(and_(Delivery.id == delivery_id, seen))
    if lock:
        order_id = db.session.scalar(
            select(Delivery.order_id).join(Delivery.order).where(Delivery.id == delivery_id, seen)
        )
        if order_id is None:
            raise NotFound
        get_order(order_id, seen=Order.id == order_id, lock=True)
        statement = statement.with_for_update(of=Delivery).execution_options(populate_existing=True)
    delivery = db.session.scalar(statement)
    if delivery is None:
        raise NotFound
    return delivery


def outstanding(line: OrderLine, *, but: UUID | None = None) -> Decimal:
    """What of a line is neither on its way, nor planned, nor given up as short.

    Args:
        but: a delivery to leave out of the count.
    """
    return line.quantity - line.short - _under_way([line.id], but=but).get(line.id, Decimal(0))


def despatched(lines: list[UUID]) -> dict[UUID, Decimal]:
    """What has left the farm of each line, planned deliveries not counted."""
    return _under_way(lines, only=Delivery.status != DeliveryStatus.SCHEDULED)


def planned(line_id: UUID) -> Sequence[Delivery]:
    """Deliveries of a line that have not left, in their order; the order must be locked."""
    waiting = and_(Delivery.order_line_id == line_id, Delivery.status == DeliveryStatus.SCHEDULED)
    return db.session.scalars(deliveries(waiting).order_by(Delivery.number)).all()


def next_load(line: OrderLine) -> Decimal:
    """What the next load of a line would carry: what is planned first, else what is outstanding."""
    first = next(iter(planned(line.id)), None)
    return first.scheduled_quantity if first else outstanding(line)


def unfinished(order_id: UUID) -> bool:
    """Whether a delivery of the order has neither ended nor been called off."""
    return bool(
        db.session.scalar(
            select(
                select(Delivery.id)
                .where(
                    Delivery.order_id == order_id,
                    Delivery.ended_at.is_(None),
                )
                .exists()
            )
        )
    )


def claims_until(delivery: Delivery) -> datetime:
    """When the time to claim about a delivery that was inspected is over."""
    since = delivery.inspected_at or delivery.ended_at
    assert since is not None
    commodity = db.session.get_one(Commodity, delivery.line.commodity_code)
    return since + timedelta(hours=commodity.claim_hours)


def claims(condition: ColumnElement[bool]) -> Select[Claim]:
    """Claims with their delivery, its order and all that was recorded."""
    inner = contains_eager(Claim.delivery)
    return (
        select(Claim)
        .join(Claim.delivery)
        .join(Delivery.order)
        .where(condition)
        .options(
            inner.contains_eager(Delivery.order),
            inner.joinedload(Delivery.line),
            inner.selectinload(Delivery.slips),
        )
    )


def claims_seen_by(organisation: Organisation) -> ColumnElement[bool]:
    """Claims an organisation is a party to or has been asked to decide."""
    everything = organisation.kind == Kind.OPERATOR
    own = concerning(organisation.id, everything=everything)
    return or_(own, Claim.arbiter_id == organisation.id)


def to_decide(organisation: Organisation) -> ColumnElement[bool]:
    """Claims that are for this organisation to decide."""
    if organisation.kind == Kind.OPERATOR:
        return Claim.arbiter_id.is_(None)
    return Claim.arbiter_id == organisation.id


def get_claim(claim_id: UUID, *, seen: ColumnElement[bool], lock: bool = False) -> Claim:
    """A claim among those the caller may see; if asked its order and it are locked, in turn.

    Raises:
        NotFound: there is none, or it is between others.
    """
    statement = claims(and_(Claim.id == claim_id, seen))
    if lock:
        order_id = db.session.scalar(
            select(Delivery.order_id)
            .join(Claim, Claim.delivery_id == Delivery.id)
            .join(Delivery.order)
            .where(Claim.id == claim_id, seen)
        )
        if order_id is None:
            raise NotFound
        get_order(order_id, seen=Order.id == order_id, lock=True)
        statement = statement.with_for_update(of=Claim).execution_options(populate_existing=True)
    claim = db.session.scalar(statement)
    if claim is None:
        raise NotFound
    return claim


def claims_of(delivery_id: UUID) -> Sequence[Claim]:
    """Every claim about a delivery whose order is locked, oldest first."""
    return db.session.scalars(claims(Claim.delivery_id == delivery_id).order_by(Claim.id)).all()


def due_claims(*, now: datetime, most: int) -> Sequence[UUID]:
    """Ids of claims whose time is over, in the order in which their orders are to be locked."""
    return db.session.scalars(
        select(Claim.id)
        .join(Claim.delivery)
        .where(_late(now))
        .order_by(Delivery.order_id, Claim.id)
        .limit(most)
    ).all()


def find_due_claim(claim_id: UUID, *, now: datetime) -> Claim | None:
    """A claim whose time is over, locked with its order; None where somebody was faster."""
    order_id = db.session.scalar(
        select(Order.id)
        .join(Delivery, Delivery.order_id == Order.id)
        .join(Claim, Claim.delivery_id == Delivery.id)
        .where(Claim.id == claim_id)
        .with_for_update(of=Order, skip_locked=True)
    )
    if order_id is None:
        return None
    return db.session.scalar(
        claims(and_(Claim.id == claim_id, _late(now)))
        .with_for_update(of=Claim)
        .execution_options(populate_existing=True)
    )


def _late(now: datetime) -> ColumnElement[bool]:
    unanswered = and_(Claim.status == ClaimStatus.OPEN, Claim.answer_by <= now)
    lapsed = and_(Claim.status == ClaimStatus.REFUSED, Claim.escalate_by <= now)
    return and_(Claim.ended_at.is_(None), or_(unanswered, lapsed))


def _under_way(
    lines: list[UUID], *, but: UUID | None = None, only: ColumnElement[bool] | None = None
) -> dict[UUID, Decimal]:
    """By line: what was despatched, and of deliveries not despatched what is planned."""
    sent = (
        select(Despatch.quantity)
        .where(Despatch.delivery_id == Delivery.id)
        .order_by(Despatch.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(
            Delivery.order_line_id,
            func.sum(func.coalesce(sent, Delivery.scheduled_quantity)),
        )
        .where(
            Delivery.order_line_id.in_(lines),
            Delivery.status != DeliveryStatus.CANCELLED,
        )
        .group_by(Delivery.order_line_id)
    )
    if but is not None:
        statement = statement.where(Delivery.id != but)
    if only is not None:
        statement = statement.where(only)
    return {row[0]: row[1] for row in db.session.execute(statement)}
