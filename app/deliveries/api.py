"""Deliveries: planned, sent, weighed, inspected, accepted."""

from typing import Any
from uuid import UUID

from flask import Response, after_this_request, make_response, render_template, request
from sqlalchemy import ColumnElement

from app.accounts.access import BUYERS, INSPECTORS, READERS, SELLERS, TRADERS, Caller
from app.accounts.models import Kind
from app.catalogue.queries import get_commodity
from app.core.errors import invalid
from app.core.http import Blueprint
from app.core.idempotency import Idempotency
from app.core.paging import By, Page, PageQuery, page, page_schema
from app.deliveries import operations, queries, receipt_operations, schemas
from app.deliveries.models import Delivery
from app.deliveries.slip_page import slip_page
from app.orders.models import Order
from app.orders.queries import buying, concerning, get_order, selling

POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; "
    "form-action 'none'; frame-ancestors 'none'"
)

blueprint = Blueprint("deliveries", __name__, description="Deliveries")


@blueprint.operation(
    "POST",
    "/orders/<uuid:order_id>/deliveries",
    access=TRADERS,
    body=schemas.DeliveryIn,
    answer=schemas.DeliveryOut,
    idempotency=Idempotency.REQUIRED,
)
def schedule_delivery(caller: Caller, order_id: UUID, body: dict[str, Any]) -> Delivery:
    """Plan a load of one line of an order.

    Hẹn một chuyến giao của một dòng trong đơn.
    """
    seen = concerning(caller.acting.id, everything=False)
    order = get_order(order_id, seen=seen, lock=True)
    _check_takes_part(caller, order)
    made = operations.schedule_delivery(order=order, now=caller.now, **body)
    return queries.get_delivery(made.id, seen=Delivery.id == made.id)


@blueprint.operation(
    "GET",
    "/orders/<uuid:order_id>/deliveries",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.DeliveryOut),
)
def list_order_deliveries(caller: Caller, order_id: UUID, query: dict[str, Any]) -> Page:
    """The deliveries of an order, in their order.

    Các chuyến giao của một đơn, theo thứ tự.
    """
    seen = concerning(caller.acting.id, everything=caller.sees_all)
    order = get_order(order_id, seen=seen)
    statement = queries.deliveries(Delivery.order_id == order.id)
    return page(statement, order=[By(Delivery.id)], query=query)


@blueprint.operation(
    "GET",
    "/deliveries",
    access=READERS,
    query=schemas.DeliveryQuery,
    answer=page_schema(schemas.DeliveryOut),
)
def list_deliveries(caller: Caller, query: dict[str, Any]) -> Page:
    """Deliveries I take part in, newest first.

    Các chuyến giao tôi tham gia, mới nhất trước.
    """
    statement = queries.deliveries(queries.seen_by(caller.acting))
    if "status" in query:
        statement = statement.where(Delivery.status == query["status"])
    if "order_id" in query:
        statement = statement.where(Delivery.order_id == query["order_id"])
    return page(statement, order=[By(Delivery.id, descending=True)], query=query)


@blueprint.operation(
    "GET", "/deliveries/<uuid:delivery_id>", access=READERS, answer=schemas.DeliveryOut
)
def get_delivery(caller: Caller, delivery_id: UUID) -> Delivery:
    """One delivery with all that was recorded about it.

    Một chuyến giao với mọi điều đã ghi về nó.
    """
    return queries.get_delivery(delivery_id, seen=queries.seen_by(caller.acting))


@blueprint.operation(
    "POST",
    "/deliveries/<uuid:delivery_id>/cancellation",
    access=TRADERS,
    answer=schemas.DeliveryOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def cancel_delivery(caller: Caller, delivery_id: UUID) -> Delivery:
    """Call off a delivery that has not left.

    Hủy một chuyến chưa xuất phát.
    """
    seen = concerning(caller.acting.id, everything=False)
    delivery = queries.get_delivery(delivery_id, seen=seen, lock=True)
    _check_takes_part(caller, delivery.order)
    return operations.cancel_delivery(delivery=delivery, now=caller.now)


@blueprint.operation(
    "POST",
    "/deliveries/<uuid:delivery_id>/despatch",
    access=SELLERS,
    body=schemas.DespatchIn,
    answer=schemas.DeliveryOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def despatch_delivery(caller: Caller, delivery_id: UUID, body: dict[str, Any]) -> Delivery:
    """Say what has left the farm, as its seller.

    Báo lượng hàng đã xuất khỏi vườn, với tư cách người bán.
    """
    delivery = _locked(delivery_id, selling(caller.acting.id))
    caller.check_may_act(delivery.order.selling)
    return operations.despatch_delivery(
        delivery=delivery, by=caller.signed_in, now=caller.now, **body
    )


@blueprint.operation(
    "POST",
    "/deliveries/<uuid:delivery_id>/weighing",
    access=BUYERS,
    body=schemas.WeighingIn,
    answer=schemas.DeliveryOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def weigh_delivery(caller: Caller, delivery_id: UUID, body: dict[str, Any]) -> Delivery:
    """Record the scale's tickets, or correct them, as the buyer.

    Ghi phiếu cân hoặc sửa phiếu cân, với tư cách người mua.
    """
    delivery = _locked(delivery_id, buying(caller.acting.id))
    caller.check_may_act(delivery.order.buying)
    return receipt_operations.weigh_delivery(
        delivery=delivery, by=caller.signed_in, now=caller.now, **body
    )


@blueprint.operation(
    "POST",
    "/deliveries/<uuid:delivery_id>/inspection",
    access=INSPECTORS,
    body=schemas.InspectionIn,
    answer=schemas.DeliveryOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def inspect_delivery(caller: Caller, delivery_id: UUID, body: dict[str, Any]) -> Delivery:
    """Record what was found in the load, part by part, as the buyer or a neutral inspector.

    Ghi kết quả kiểm từng phần, với tư cách người mua hoặc bên kiểm trung lập.
    """
    office = caller.acting.kind in (Kind.OPERATOR, Kind.AUTHORITY)
    seen = queries.seen_by(caller.acting) if office else buying(caller.acting.id)
    delivery = _locked(delivery_id, seen)
    if not office:
        caller.check_may_act(delivery.order.buying)
    neutral, inspector = body.pop("neutral"), body.pop("inspector")
    if neutral and inspector is None and not office:
        raise invalid(
            "/inspector", "Bên trung lập phải có tên.", "A neutral inspector has to be named."
        )
    return receipt_operations.inspect_delivery(
        delivery=delivery,
        neutral=office or bool(neutral),
        inspector=inspector or caller.signed_in.name,
        by=caller.signed_in,
        now=caller.now,
        **body,
    )


@blueprint.operation(
    "POST",
    "/deliveries/<uuid:delivery_id>/acceptance",
    access=BUYERS,
    answer=schemas.DeliveryOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def accept_delivery(caller: Caller, delivery_id: UUID) -> Delivery:
    """Take over what the inspection let through, as the buyer.

    Nhận phần hàng đạt theo biên bản kiểm, với tư cách người mua.
    """
    delivery = _locked(delivery_id, buying(caller.acting.id))
    caller.check_may_act(delivery.order.buying)
    return receipt_operations.accept_delivery(
        delivery=delivery, by=caller.signed_in, now=caller.now
    )


@blueprint.operation(
    "GET",
    "/deliveries/<uuid:delivery_id>/slip",
    access=READERS,
    answer=schemas.SlipOut,
    also=("text/html",),
)
def get_slip(caller: Caller, delivery_id: UUID) -> Any:
    """What is payable for a delivery and why; a preview before acceptance. Also as a page.

    Phải trả bao nhiêu cho chuyến hàng và vì sao; bản xem trước khi chưa nhận. Có cả dạng trang in.
    """
    delivery = queries.get_delivery(delivery_id, seen=queries.seen_by(caller.acting))
    slip = receipt_operations.slip_of(delivery=delivery)
    after_this_request(_by_accept)
    if request.accept_mimetypes.best_match(("application/json", "text/html")) != "text/html":
        return slip
    commodity = get_commodity(delivery.line.commodity_code)
    page = make_response(
        render_template("slip.html", **slip_page(delivery=delivery, slip=slip, commodity=commodity))
    )
    page.headers["Content-Security-Policy"] = POLICY
    return page


def _by_accept(answer: Response) -> Response:
    answer.vary.add("Accept")
    return answer


def _locked(delivery_id: UUID, seen: ColumnElement[bool]) -> Delivery:
    return queries.get_delivery(delivery_id, seen=seen, lock=True)


def _check_takes_part(caller: Caller, order: Order) -> None:
    """Either side may; an agent only while mandated."""
    ours = caller.acting.id in (order.seller_id, order.seller_agent_id)
    caller.check_may_act(order.selling if ours else order.buying)
