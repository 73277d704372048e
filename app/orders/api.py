"""Orders."""

from typing import Any
from uuid import UUID

from app.accounts.access import BUYERS, READERS, SELLERS, TRADERS, Caller
from app.core.http import Blueprint
from app.core.idempotency import Idempotency
from app.core.paging import By, Page, page, page_schema
from app.orders import operations, place_operations, queries, schemas
from app.orders.models import Order

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
