"""Opening, confirming, cancelling, receiving, settling orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Party
from app.core import outbox
from app.core.db import db
from app.core.ids import uuid7
from app.core.money import line_amount
from app.core.quantity import round_down
from app.market.demand_operations import give_back_to_demand
from app.market.models import Offer
from app.market.offer_operations import give_back_to_offer
from app.market.queries import demand_for_update, offers_for_update
from app.orders.models import (
    Carrier,
    Order,
    OrderLine,
    OrderNotCancellable,
    OrderNotPlaced,
    OrderNotReceived,
    OrderNotUnderWay,
    OrderStatus,
    Origin,
    QualitySchedule,
)
from app.orders.queries import get_order, known_schedules, schedules_among
from app.places.models import Site

TIME_TO_CONFIRM = timedelta(hours=24)


@dataclass(frozen=True)
class Terms:
    """One line of an order about to be opened: how much of which offer at which price.

    ``haulage_amount`` is what carrying all of it costs, whole VND; 0 where it is not billed. A
    ``quality_schedule`` agreed for this very line counts before those in force.
    """

    offer: Offer
    quantity: Decimal
    unit_price: Decimal
    grade: str | None
    haulage_amount: int = 0
    quality_schedule: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What an order is opened on; its quantities have been taken from their offers.

    ``confirmed`` says whether it is binding at once; otherwise the seller has a day to confirm.
    ``fills`` is the demand it answers, and how much of it in the market's base commodity.
    """

    buyer: Party
    terms: Sequence[Terms]
    site: Site
    carrier: Carrier
    origin: Origin
    confirmed: bool
    fills: tuple[UUID, Decimal] | None = None


def open_order(
    *,
    buyer: Party,
    terms: Sequence[Terms],
    site: Site,
    carrier: Carrier,
    origin: Origin,
    confirmed: bool,
    fills: tuple[UUID, Decimal] | None = None,
    now: datetime,
) -> Order:
    """Write one order, see :class:`Agreement`; it comes back as others read it."""
    agreement = Agreement(
        buyer=buyer,
        terms=terms,
        site=site,
        carrier=carrier,
        origin=origin,
        confirmed=confirmed,
        fills=fills,
    )
    (order,) = open_orders(agreements=[agreement], now=now)
    return get_order(order.id, seen=Order.id == order.id)


def open_orders(*, agreements: Sequence[Agreement], now: datetime) -> list[Order]:
    """Write orders, all at once, in the order of their agreements; they are not in the session.

    The terms of payment and the quality schedules in force are frozen with the prices. Where its
    offers give different days to pay, the shortest count.
    """
    known = known_schedules(
        {line.offer.commodity_code for one in agreements for line in one.terms},
        buyer_ids={one.buyer.organisation_id for one in agreements},
    )
    orders = [_written(one, known, now=now) for one in agreements]
    db.session.bulk_save_objects(orders)
    db.session.bulk_save_objects([line for order in orders for line in order.lines])
    _tell("order.placed", *orders, now=now)
    _tell("order.confirmed", *(one for one in orders if one.confirmed_at), now=now)
    return orders


def _written(agreement: Agreement, known: Sequence[QualitySchedule], *, now: datetime) -> Order:
    buyer, terms, fills = agreement.buyer, agreement.terms, agreement.fills
    seller = terms[0].offer
    schedules = schedules_among(
        known, buyer_id=buyer.organisation_id, seller_id=seller.organisation_id
    )
    confirmed, carrier = agreement.confirmed, agreement.carrier
    order_id = uuid7()
    return Order(
        id=order_id,
        organisation_id=buyer.organisation_id,
        capacity=buyer.capacity,
        agent_id=buyer.agent_id,
        seller_id=seller.organisation_id,
        seller_capacity=seller.capacity,
        seller_agent_id=seller.agent_id,
        site_id=agreement.site.id,
        demand_id=fills[0] if fills else None,
        demand_quantity=fills[1] if fills else None,
        origin=agreement.origin,
        carrier=carrier,
        carrier_id=seller.agent_id if carrier == Carrier.COOPERATIVE else None,
        payment_days=min(line.offer.payment_days for line in terms),
        status=OrderStatus.CONFIRMED if confirmed else OrderStatus.PLACED,
        goods_amount=sum(line_amount(line.quantity, line.unit_price) for line in terms),
        haulage_amount=sum(line.haulage_amount for line in terms),
        confirm_by=None if confirmed else now + TIME_TO_CONFIRM,
        placed_at=now,
        confirmed_at=now if confirmed else None,
        lines=[
            OrderLine(
                order_id=order_id,
                organisation_id=buyer.organisation_id,
                seller_id=seller.organisation_id,
                offer_id=line.offer.id,
                lot_id=line.offer.lot_id,
                commodity_code=line.offer.commodity_code,
                grade=line.grade,
                quantity=line.quantity,
                unit_price=line.unit_price,
                amount=line_amount(line.quantity, line.unit_price),
                haulage_amount=line.haulage_amount,
                short=Decimal(0),
                quality_schedule=line.quality_schedule or schedules.get(line.offer.commodity_code),
            )
            for line in terms
        ],
    )


def confirm_order(*, order: Order, now: datetime) -> Order:
    """The seller accepts an order that was waiting.

    Args:
        order: locked.

    Raises:
        OrderNotPlaced: it is not waiting, or the time to confirm is over.
    """
    if order.status != OrderStatus.PLACED or (order.confirm_by and order.confirm_by <= now):
        raise OrderNotPlaced
    order.status = OrderStatus.CONFIRMED
    order.confirmed_at = now
    db.session.flush()
    _tell("order.confirmed", order, now=now)
    return order


def cancel_order(*, order: Order, now: datetime) -> Order:
    """End an order that is not under way yet; its quantities go back.

    Args:
        order: locked.

    Raises:
        OrderNotCancellable: it is under way or over.
    """
    if order.status not in (OrderStatus.PLACED, OrderStatus.CONFIRMED):
        raise OrderNotCancellable
    _end(order, OrderStatus.CANCELLED, now=now)
    _tell("order.cancelled", order, now=now)
    return order


def begin_delivery(*, order: Order, now: datetime) -> None:
    """The first load is on its way.

    Args:
        order: locked.

    Raises:
        OrderNotUnderWay: it is not confirmed, or over.
    """
    check_under_way(order)
    if order.status == OrderStatus.CONFIRMED:
        order.status = OrderStatus.IN_DELIVERY
        db.session.flush()
        _tell("order.in_delivery", order, now=now)


def check_under_way(order: Order) -> None:
    """Refuse unless goods of the order may be sent.

    Raises:
        OrderNotUnderWay: it is not confirmed, or over.
    """
    if order.status not in (OrderStatus.CONFIRMED, OrderStatus.IN_DELIVERY):
        raise OrderNotUnderWay


def receive_order(*, order: Order, now: datetime) -> None:
    """Everything that will come has come.

    Args:
        order: locked, in delivery.
    """
    check_under_way(order)
    order.status = OrderStatus.RECEIVED
    db.session.flush()
    _tell("order.received", order, now=now)


def settle_order(*, order: Order, now: datetime) -> Order:
    """Everything that was received has been paid.

    Args:
        order: locked.

    Raises:
        OrderNotReceived: something of it is still to come, or it is over.
    """
    if order.status != OrderStatus.RECEIVED:
        raise OrderNotReceived
    order.status = OrderStatus.SETTLED
    order.ended_at = now
    db.session.flush()
    _tell("order.settled", order, now=now)
    return order


def fall_short(*, order: Order, line: OrderLine, quantity: Decimal) -> None:
    """A part of a line will not come: it is given up, and the demand wants it again.

    What the offer sold stays sold, because there is nothing that could be sold again.

    Args:
        order: locked.
        quantity: not more than is outstanding.
    """
    before = filled(order, line.short)
    line.short += quantity
    if order.demand_id is not None:
        back = before - filled(order, line.short)
        give_back_to_demand(demand=demand_for_update(order.demand_id), quantity=back)
    db.session.flush()


def filled(order: Order, short: Decimal) -> Decimal:
    """What the order fills of its demand when so much of its one line does not come.

    In the market's base commodity, rounded down; an order that fills a demand has one line.
    """
    whole = order.demand_quantity or Decimal(0)
    (line,) = order.lines if order.demand_id is not None else order.lines[:1]
    return round_down(whole * (line.quantity - short) / line.quantity)


def expire_orders(*, now: datetime, most: int = 200) -> int:
    """End orders that were not confirmed in time; how many."""
    late = db.session.scalars(
        select(Order)
        .where(Order.status == OrderStatus.PLACED, Order.confirm_by <= now)
        .order_by(Order.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for one in late:
        order = get_order(one.id, seen=Order.id == one.id)
        _end(order, OrderStatus.EXPIRED, now=now)
        _tell("order.expired", order, now=now)
    return len(late)


def _end(order: Order, status: OrderStatus, *, now: datetime) -> None:
    """Give back all but what fell short, offers in ascending id, then the demand, with the one
    transition.
    """
    order.status = status
    order.ended_at = now
    back: dict[UUID, Decimal] = {}
    for line in order.lines:
        back[line.offer_id] = back.get(line.offer_id, Decimal(0)) + line.quantity - line.short
    locked = offers_for_update(set(back))
    for offer_id, quantity in sorted(back.items()):
        give_back_to_offer(offer=locked[offer_id], quantity=quantity)
    if order.demand_id is not None:
        demand = demand_for_update(order.demand_id)
        give_back_to_demand(demand=demand, quantity=filled(order, order.lines[0].short))
    db.session.flush()


def _tell(topic: str, *orders: Order, now: datetime) -> None:
    outbox.add_all(topic, [outbox.Message(one.parties, _facts(one)) for one in orders], now=now)


def _facts(order: Order) -> dict[str, Any]:
    first = order.lines[0]
    return {
        "order_id": str(order.id),
        **sides(order),
        "commodity": first.commodity_code,
        "quantity": f"{first.quantity:.3f}",
        "unit_price": f"{first.unit_price:.2f}",
        "goods_amount": order.goods_amount,
        "total_amount": order.total_amount,
        "lines": len(order.lines),
        "carrier": order.carrier,
        "payment_days": order.payment_days,
        "confirm_by": order.confirm_by.isoformat() if order.confirm_by else None,
    }


def sides(order: Order) -> dict[str, str | None]:
    """Seller, buyer and their agents by the names messages give them."""
    sides = {
        "seller_id": order.seller_id,
        "seller_agent_id": order.seller_agent_id,
        "buyer_id": order.organisation_id,
        "buyer_agent_id": order.agent_id,
    }
    return {name: str(one) if one else None for name, one in sides.items()}
