"""Planning deliveries, sending them off, calling them off."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, true

from app.accounts.models import Person
from app.catalogue.queries import get_commodity
from app.core import outbox
from app.core.db import db
from app.core.errors import NotFound, Problem, invalid, missing
from app.core.outbox import OutboxMessage
from app.core.quantity import as_typed, in_stock_unit, with_unit
from app.deliveries.facts import delivery_facts
from app.deliveries.models import Delivery, DeliveryStatus, Despatch
from app.deliveries.queries import outstanding, planned
from app.lots.models import Lot
from app.lots.queries import get_lot
from app.orders.models import Order, OrderLine
from app.orders.operations import begin_delivery, check_under_way, fall_short
from app.orders.queries import get_order
from app.places.queries import get_site
from app.places.restriction_operations import check_may_move

CONSUMER = "deliveries"


class NothingOutstanding(Problem):
    status, code = 409, "nothing_outstanding"
    vi = "Dòng hàng này không còn gì để giao."
    en = "Nothing of this line is left to deliver."


class MoreThanOutstanding(Problem):
    status, code = 409, "more_than_outstanding"
    vi = "Dòng hàng này chỉ còn {left} chưa giao."
    en = "Only {left} of this line is still to be delivered."


class DeliveryNotScheduled(Problem):
    status, code = 409, "delivery_not_scheduled"
    vi = "Chuyến hàng đã xuất phát hoặc đã hủy."
    en = "This delivery has left already or was called off."


def schedule_delivery(
    *,
    order: Order,
    line_id: UUID | None,
    quantity: Decimal | None,
    scheduled_for: datetime | None,
    neutral_inspection: bool,
    now: datetime,
) -> Delivery:
    """Plan a load of one order line; all that is outstanding of it unless told otherwise.

    Args:
        order: locked.

    Raises:
        OrderNotUnderWay: the order is not confirmed, or over. NotFound: not a line of it.
        Invalid: it has several lines and none is named. NothingOutstanding, MoreThanOutstanding:
        the line does not bear it. MovementRestricted: the goods may not travel then. LotFrozen:
        their lot is recalled.
    """
    check_under_way(order)
    line = _line(order, line_id)
    _check_may_leave(order, line, line.lot_id, at=max(now, scheduled_for or now))
    left = outstanding(line)
    if not left:
        raise NothingOutstanding
    if quantity is not None and quantity > left:
        unit = get_commodity(line.commodity_code).unit
        raise MoreThanOutstanding(left=with_unit(left, unit))
    last = select(func.max(Delivery.number)).where(Delivery.order_id == order.id)
    delivery = Delivery(
        organisation_id=order.organisation_id,
        seller_id=order.seller_id,
        order=order,
        line=line,
        number=(db.session.scalar(last) or 0) + 1,
        status=DeliveryStatus.SCHEDULED,
        scheduled_quantity=quantity or left,
        scheduled_for=scheduled_for,
        shortfall=Decimal(0),
        neutral_inspection=neutral_inspection,
        scheduled_at=now,
        despatches=[],
        weighings=[],
        inspections=[],
        slips=[],
    )
    db.session.add(delivery)
    db.session.flush()
    outbox.add(
        "delivery.scheduled",
        concerns=order.parties,
        payload=delivery_facts(
            delivery,
            delivery.scheduled_quantity,
            scheduled_for=scheduled_for.isoformat() if scheduled_for else None,
        ),
        now=now,
    )
    return delivery


def despatch_delivery(
    *,
    delivery: Delivery,
    quantity: Decimal,
    unit: str | None,
    shortfall: Decimal | None,
    shortfall_reason: str | None,
    lot_id: UUID | None,
    substitution_reason: str | None,
    by: Person,
    now: datetime,
) -> Delivery:
    """A load has left the farm; the seller says how much, and what will not come at all.

    Args:
        delivery: locked with its order.
        quantity: in ``unit``, or in the commodity's own; ``shortfall`` likewise.
        lot_id: the lot it comes from, where that is not the order's: a substitution.

    Raises:
        DeliveryNotScheduled, OrderNotUnderWay: it has left, or must not. MoreThanOutstanding: the
        line does not bear so much. NotFound: no such lot of the seller. Invalid: a unit, a reason
        or the substitute does not fit. LotNotAvailable, NotEnoughInLot: nor does the substitute.
        MovementRestricted, LotFrozen: the goods may not travel.
    """
    order, line = delivery.order, delivery.line
    stock_unit = get_commodity(line.commodity_code).unit
    sent = in_stock_unit(quantity, unit, stock_unit, field="/quantity")
    short = in_stock_unit(shortfall or Decimal(0), unit, stock_unit, field="/shortfall")
    if bool(short) != bool(shortfall_reason):
        raise invalid(
            "/shortfall_reason",
            "Lý do đi cùng phần thiếu.",
            "A reason belongs to a shortfall, and a shortfall to a reason.",
        )
    _check_scheduled(delivery)
    left = outstanding(line, but=delivery.id)
    if sent + short > left:
        raise MoreThanOutstanding(left=with_unit(left, stock_unit))
    if short > delivery.scheduled_quantity:
        raise invalid("/shortfall", "Nhiều hơn lượng đã hẹn.", "More than was planned.")
    lot = _source(line, lot_id, substitution_reason)
    _check_may_leave(order, line, lot.id if lot else line.lot_id, at=now)
    if lot is not None:
        lot.reserve(sent)
    begin_delivery(order=order, now=now)
    delivery.status = DeliveryStatus.DESPATCHED
    delivery.despatched_at = now
    delivery.shortfall, delivery.shortfall_reason = short, shortfall_reason
    delivery.despatches.append(
        Despatch(
            organisation_id=delivery.organisation_id,
            recorded_by_id=by.id,
            number=1,
            recorded_at=now,
            quantity=sent,
            as_typed=as_typed(quantity, unit, stock_unit),
            lot_id=lot.id if lot else line.lot_id,
            substitution_reason=substitution_reason,
        )
    )
    db.session.flush()
    if short:
        fall_short(order=order, line=line, quantity=short)
    _tell_despatched(delivery, sent, now=now)
    return delivery


def cancel_delivery(*, delivery: Delivery, now: datetime) -> Delivery:
    """Call off a load that has not left; what it was to bring is outstanding again.

    Args:
        delivery: locked with its order.

    Raises:
        DeliveryNotScheduled: it has left, or was called off before.
    """
    _check_scheduled(delivery)
    delivery.status = DeliveryStatus.CANCELLED
    delivery.ended_at = now
    db.session.flush()
    outbox.add(
        "delivery.cancelled",
        concerns=delivery.order.parties,
        payload=delivery_facts(delivery, delivery.scheduled_quantity),
        now=now,
    )
    return delivery


def follow_order(*, message: OutboxMessage, now: datetime) -> None:
    """An order was cancelled: what was planned of it is called off; once, however often told."""
    if message.topic != "order.cancelled":
        return
    if not outbox.first_time(CONSUMER, message.id, now=now):
        return
    order_id = UUID(message.payload["order_id"])
    order = get_order(order_id, seen=Order.id == order_id, lock=True)
    for line in order.lines:
        for delivery in planned(line.id):
            cancel_delivery(delivery=delivery, now=now)


def _check_scheduled(delivery: Delivery) -> None:
    if delivery.status != DeliveryStatus.SCHEDULED:
        raise DeliveryNotScheduled


def _check_may_leave(order: Order, line: OrderLine, lot_id: UUID, *, at: datetime) -> None:
    lot = get_lot(lot_id, seen=true())
    lot.check_not_frozen()
    drop = get_site(order.site_id, seen=true())
    check_may_move(pickup=lot.site, drop=drop, commodity=line.commodity_code, now=at)


def _line(order: Order, line_id: UUID | None) -> OrderLine:
    if line_id is None:
        if len(order.lines) > 1:
            raise invalid(
                "/line_id", "Đơn có nhiều dòng, hãy chọn một.", "The order has several lines."
            )
        return order.lines[0]
    for line in order.lines:
        if line.id == line_id:
            return line
    raise missing("/line_id")


def _source(line: OrderLine, lot_id: UUID | None, reason: str | None) -> Lot | None:
    """The lot that stands in for the order's, locked; None where the order's own was sent."""
    substituted = lot_id is not None and lot_id != line.lot_id
    if substituted != (reason is not None):
        raise invalid(
            "/substitution_reason",
            "Cần lý do khi, và chỉ khi, giao từ lô khác.",
            "A reason is needed when, and only when, another lot is sent.",
        )
    if not substituted or lot_id is None:
        return None
    try:
        lot = get_lot(lot_id, seen=Lot.organisation_id == line.seller_id, lock=True)
    except NotFound:
        raise missing("/lot_id") from None
    if lot.commodity_code != line.commodity_code:
        raise invalid("/lot_id", "Lô này là mặt hàng khác.", "This lot is of another commodity.")
    return lot


def _tell_despatched(delivery: Delivery, sent: Decimal, *, now: datetime) -> None:
    despatch = delivery.despatches[-1]
    outbox.add(
        "delivery.despatched",
        concerns=delivery.order.parties,
        payload=delivery_facts(
            delivery,
            sent,
            lot_id=str(despatch.lot_id),
            shortfall=f"{delivery.shortfall:.3f}",
            shortfall_reason=delivery.shortfall_reason,
            substitution_reason=despatch.substitution_reason,
        ),
        now=now,
    )
