"""Orders, their carriage, and the quality schedules they freeze."""

from typing import Any
from uuid import UUID

from app.accounts.access import BUYERS, READERS, SCHEDULERS, SELLERS, TRADERS, Caller
from app.core.http import Blueprint
from app.core.idempotency import Idempotency
from app.core.paging import By, Page, page, page_schema
from app.orders import (
    carriage_operations,
    operations,
    place_operations,
    queries,
    schedule_operations,
    schemas,
)
from app.orders.models import Order, QualitySchedule

blueprint = Blueprint("orders", __name__, description="Orders")


@blueprint.operation(
    "POST",
    "/orders",
    access=BUYERS,
    body=schemas.OrderIn,
    answer=schemas.OrderOut,
    idempotency=Idempotency.REQUIRED,
)
def place_order(caller: Caller, body: dict[str, Any]) -> Order:
    """Order from open offers of one seller.

    Đặt hàng từ các tin đang mở của một người bán.
    """
    party = caller.party(body.pop("on_behalf_of"))
    return place_operations.place_order(party=party, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/orders",
    access=READERS,
    query=schemas.OrderQuery,
    answer=page_schema(schemas.OrderOut),
)
def list_orders(caller: Caller, query: dict[str, Any]) -> Page:
    """Orders I take part in, newest first.

    Các đơn hàng tôi tham gia, mới nhất trước.
    """
    seen = queries.concerning(caller.acting.id, everything=caller.sees_all)
    statement = queries.orders(seen)
    if "status" in query:
        statement = statement.where(Order.status == query["status"])
    return page(statement, order=[By(Order.id, descending=True)], query=query)


@blueprint.operation("GET", "/orders/<uuid:order_id>", access=READERS, answer=schemas.OrderOut)
def get_order(caller: Caller, order_id: UUID) -> Order:
    """One order.

    Một đơn hàng.
    """
    seen = queries.concerning(caller.acting.id, everything=caller.sees_all)
    return queries.get_order(order_id, seen=seen)


@blueprint.operation(
    "POST",
    "/orders/<uuid:order_id>/confirmation",
    access=SELLERS,
    answer=schemas.OrderOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def confirm_order(caller: Caller, order_id: UUID) -> Order:
    """Confirm an order, as its seller.

    Xác nhận đơn, với tư cách người bán.
    """
    order = queries.get_order(order_id, seen=queries.selling(caller.acting.id), lock=True)
    caller.check_may_act(order.selling)
    return operations.confirm_order(order=order, now=caller.now)


@blueprint.operation(
    "POST",
    "/orders/<uuid:order_id>/cancellation",
    access=TRADERS,
    answer=schemas.OrderOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def cancel_order(caller: Caller, order_id: UUID) -> Order:
    """Cancel an order, as either side.

    Hủy đơn, từ phía nào cũng được.
    """
    seen = queries.concerning(caller.acting.id, everything=False)
    order = queries.get_order(order_id, seen=seen, lock=True)
    ours = caller.acting.id in (order.seller_id, order.seller_agent_id)
    caller.check_may_act(order.selling if ours else order.buying)
    return operations.cancel_order(order=order, now=caller.now)


@blueprint.operation(
    "POST",
    "/orders/<uuid:order_id>/carriage",
    access=BUYERS,
    body=schemas.CarriageIn,
    answer=schemas.OrderOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def change_carriage(caller: Caller, order_id: UUID, body: dict[str, Any]) -> Order:
    """Say who carries, as the buyer, before anything has left.

    Chọn bên chở hàng khi hàng chưa đi, với tư cách người mua.
    """
    order = queries.get_order(order_id, seen=queries.buying(caller.acting.id), lock=True)
    caller.check_may_act(order.buying)
    return carriage_operations.change_carriage(order=order, now=caller.now, **body)


@blueprint.operation(
    "POST",
    "/quality-schedules",
    access=SCHEDULERS,
    body=schemas.ScheduleIn,
    answer=schemas.ScheduleOut,
)
def set_schedule(caller: Caller, body: dict[str, Any]) -> QualitySchedule:
    """Say how quality moves the price of later orders, as a buyer or for the whole platform.

    Đặt cách chất lượng làm tăng giảm giá của các đơn về sau, cho mình hoặc cho cả sàn.
    """
    return schedule_operations.set_schedule(by=caller.acting, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/quality-schedules",
    access=READERS,
    query=schemas.ScheduleQuery,
    answer=page_schema(schemas.ScheduleOut),
)
def list_schedules(caller: Caller, query: dict[str, Any]) -> Page:
    """The platform's quality schedules, mine, and those made for me, newest first.

    Các bảng giá chất lượng của sàn, của tôi và dành cho tôi, mới nhất trước.
    """
    seen = queries.schedules_seen_by(caller.acting.id, everything=caller.sees_all)
    statement = queries.schedules(seen)
    if "commodity" in query:
        statement = statement.where(QualitySchedule.commodity_code == query["commodity"])
    return page(statement, order=[By(QualitySchedule.id, descending=True)], query=query)


@blueprint.operation(
    "GET",
    "/quality-schedules/<uuid:schedule_id>",
    access=READERS,
    answer=schemas.ScheduleOut,
)
def get_schedule(caller: Caller, schedule_id: UUID) -> QualitySchedule:
    """One quality schedule.

    Một bảng giá chất lượng.
    """
    seen = queries.schedules_seen_by(caller.acting.id, everything=caller.sees_all)
    return queries.get_schedule(schedule_id, seen=seen)
