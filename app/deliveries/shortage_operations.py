"""Less of a lot is there than was promised: shared out by a rule and told to everybody."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.accounts.models import Person
from app.core import outbox
from app.core.db import db
from app.core.errors import Problem
from app.core.quantity import with_unit
from app.deliveries.finishing import receive_if_complete
from app.deliveries.models import Delivery, Shortage, ShortageShare
from app.deliveries.operations import cancel_delivery
from app.deliveries.queries import despatched, outstanding, planned
from app.deliveries.shortage_queries import dues_of, live_orders
from app.deliveries.shortage_rules import Promise, figures, share_out
from app.lots.models import Lot, LotNotAvailable, LotStatus
from app.lots.queries import lot_for_update
from app.market.models import ShortageRule
from app.market.offer_operations import withdraw_offers_of_lot
from app.orders.models import Order, OrderLine, Origin
from app.orders.operations import cancel_order, fall_short, sides


class NothingPromised(Problem):
    status, code = 409, "nothing_promised"
    vi = "Không còn gì của lô này phải giao."
    en = "Nothing of this lot is still to be delivered."


class EnoughForAll(Problem):
    status, code = 409, "enough_for_all"
    vi = "Còn {available}, đủ cho {promised} đã hứa."
    en = "{available} is there, enough for the {promised} that was promised."


class LotJustOrdered(Problem):
    status, code = 409, "lot_just_ordered"
    vi = "Lô này vừa có đơn mới, xin thử lại."
    en = "Somebody has just ordered of this lot; please try again."


def declare_shortage(
    *,
    lot_id: UUID,
    available: Decimal,
    reason: str,
    rule: ShortageRule | None,
    by: Person,
    now: datetime,
) -> Shortage:
    """Share out what is left of a lot among those to whom more was promised.

    What each line does not get is given up as short and wanted again by its demand. Planned
    deliveries that no longer fit are called off, the last first; an order that gets nothing and
    had nothing is cancelled. The lot is offered no further.

    Orders are locked in ascending id, then the lot's offers, then the lot, then demands.

    Args:
        available: what is there and has not left yet, in the commodity's unit.
        rule: the seller's or its cooperative's; where all demands concerned ask for the same one,
            that counts instead. Without one, contracts come first.

    Raises:
        NothingPromised, EnoughForAll: there is no shortage. LotJustOrdered: an order came in
        between. InRound: a round or a match holds a part. LotNotAvailable: the lot is gone.
    """
    orders = live_orders(lot_id, lock=True)
    withdraw_offers_of_lot(lot_id=lot_id, now=now)
    if {one.id for one in live_orders(lot_id)} != {one.id for one in orders}:
        raise LotJustOrdered
    lot = lot_for_update(lot_id)
    if lot.status not in (LotStatus.FORECAST, LotStatus.HARVESTED):
        raise LotNotAvailable
    promises = _promises(lot, orders)
    promised = sum((one.quantity for one in promises), Decimal(0))
    if not promised:
        raise NothingPromised
    if available >= promised:
        unit = lot.commodity.unit
        raise EnoughForAll(available=with_unit(available, unit), promised=with_unit(promised, unit))
    lot.quantity = max(lot.reserved, available)
    rule = _chosen(rule, orders)
    shares = share_out(rule, promises=promises, available=available)
    shortage = Shortage(
        lot=lot,
        organisation_id=lot.organisation_id,
        available=available,
        promised=promised,
        rule=rule,
        reason=reason,
        declared_by_id=by.id,
        declared_at=now,
        shares=[
            ShortageShare(
                organisation_id=_line(orders, one.line_id).organisation_id,
                order_line_id=one.line_id,
                position=position,
                promised=one.quantity,
                allotted=shares[one.line_id],
                explanation=figures(rule, one, available=available, turn=position),
            )
            for position, one in enumerate(promises, 1)
        ],
    )
    db.session.add(shortage)
    db.session.flush()
    for order in orders:
        _apply(order, shortage, now=now)
    return shortage


def _promises(lot: Lot, orders: Sequence[Order]) -> list[Promise]:
    """What of the lot is still to leave, line by line in the order of ordering."""
    lines = [line for order in orders for line in order.lines if line.lot_id == lot.id]
    called = {order.id for order in orders if order.origin == Origin.CONTRACT}
    gone, dues = despatched([line.id for line in lines]), dues_of(orders)
    found: list[Promise] = []
    for line in sorted(lines, key=lambda one: (one.order_id, one.id)):
        left = line.quantity - line.short - gone.get(line.id, Decimal(0))
        if left:
            due = dues.get(line.order_id)
            bound = line.order_id in called
            found.append(Promise(line.id, left, placed=len(found) + 1, due=due, contract=bound))
    return found


def _chosen(rule: ShortageRule | None, orders: Sequence[Order]) -> ShortageRule:
    """What the demands agree on, else what the seller says, else contracts first, else pro rata."""
    asked = {order.demand.shortage_rule for order in orders if order.demand is not None}
    if len(asked) == 1:
        return ShortageRule(asked.pop())
    if rule is None and any(order.origin == Origin.CONTRACT for order in orders):
        return ShortageRule.CONTRACT_FIRST
    return ShortageRule(rule or ShortageRule.PRO_RATA)


def _line(orders: Sequence[Order], line_id: UUID) -> OrderLine:
    return next(line for order in orders for line in order.lines if line.id == line_id)


def _apply(order: Order, shortage: Shortage, *, now: datetime) -> None:
    """Write one order's part of a shortage, and end what has come to an end by it."""
    shares = {share.order_line_id: share for share in shortage.shares}
    for line in order.lines:
        share = shares.get(line.id)
        if share is None:
            continue
        if share.allotted < share.promised:
            fall_short(order=order, line=line, quantity=share.promised - share.allotted)
            _call_off(line, now=now)
        _tell("shortage.shared", order, line, shortage, share, now=now)
    if all(line.short == line.quantity for line in order.lines):
        cancel_order(order=order, now=now)
    else:
        receive_if_complete(order=order, now=now)


def _call_off(line: OrderLine, *, now: datetime) -> None:
    """Call off planned deliveries, the last first, until what is planned is still there."""
    waiting: list[Delivery] = list(planned(line.id))
    while waiting and outstanding(line) < 0:
        cancel_delivery(delivery=waiting.pop(), now=now)


def _tell(
    topic: str,
    order: Order,
    line: OrderLine,
    shortage: Shortage,
    share: ShortageShare,
    *,
    now: datetime,
) -> None:
    payload: dict[str, Any] = {
        "shortage_id": str(shortage.id),
        "order_id": str(order.id),
        "order_line_id": str(line.id),
        **sides(order),
        "commodity": line.commodity_code,
        "quantity": f"{share.promised:.3f}",
        "allotted": f"{share.allotted:.3f}",
        "available": f"{shortage.available:.3f}",
        "rule": shortage.rule,
        "reason": shortage.reason,
    }
    outbox.add(topic, concerns=order.parties, payload=payload, now=now)
