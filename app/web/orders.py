"""Orders and what is on its way: confirm, weigh out, follow, read the slip."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts.access import READERS, SELLERS, TRADERS, Caller
from app.accounts.models import Organisation
from app.catalogue.queries import commodities_by_code
from app.core.db import db
from app.core.paging import PageQuery
from app.deliveries import api as deliveries
from app.deliveries.models import Delivery, DeliveryStatus
from app.deliveries.queries import claims_until, next_load
from app.deliveries.schemas import DeliveryIn, DespatchIn
from app.orders import api as orders
from app.orders.models import Order, OrderStatus
from app.orders.schemas import OrderQuery
from app.places.models import Site
from app.places.queries import current_ward
from app.web.forms import asked_for, identifier, loaded, number, typed
from app.web.pages import Pages, go, show

pages = Pages("orders")
WEIGHTS = ("kg", "yến", "tạ", "tấn")


@pages.page("GET", "/orders", access=READERS)
def my_orders(caller: Caller) -> Response:
    """Orders I take part in, newest first."""
    asked = asked_for("cursor", "status")
    found = orders.list_orders(caller=caller, query=loaded(OrderQuery, asked))
    return show(
        "orders.html", found=found, names=names_of(found.items), goods=goods_of(found.items)
    )


@pages.page("GET", "/orders/<uuid:order_id>", access=READERS)
def order(caller: Caller, order_id: UUID) -> Response:
    """One order: both sides, its lines, its loads, and what I can do now."""
    found = orders.get_order(caller=caller, order_id=order_id)
    loads = deliveries.list_order_deliveries(
        caller=caller, order_id=order_id, query=loaded(PageQuery, {"limit": "100"})
    ).items
    site = db.session.get_one(Site, found.site_id)
    selling = caller.organisation_id in (found.seller_id, found.seller_agent_id)
    leaves = selling and found.status in (OrderStatus.CONFIRMED, OrderStatus.IN_DELIVERY)
    return show(
        "order.html",
        order=found,
        names=names_of([found]),
        goods=goods_of([found]),
        loads=loads,
        site=site,
        ward=current_ward(site.ward_code),
        selling=selling,
        leaving={line.id: next_load(line) for line in found.lines} if leaves else {},
        units=WEIGHTS,
    )


@pages.page("POST", "/orders/<uuid:order_id>/confirmation", access=SELLERS, again=order)
def confirm(caller: Caller, order_id: UUID) -> Response:
    """The seller says yes."""
    orders.confirm_order(caller=caller, order_id=order_id)
    return go(f"/orders/{order_id}")


@pages.page("POST", "/orders/<uuid:order_id>/cancellation", access=TRADERS, again=order)
def cancel(caller: Caller, order_id: UUID) -> Response:
    """Either side calls it off."""
    orders.cancel_order(caller=caller, order_id=order_id)
    return go(f"/orders/{order_id}")


@pages.page("POST", "/orders/<uuid:order_id>/despatch", access=SELLERS, again=order, makes=True)
def despatch(caller: Caller, order_id: UUID) -> Response:
    """What has left: on a load that was planned, or on one planned and sent in one go."""
    line_id = identifier("line_id")
    quantity = number("quantity")
    waiting = select(Delivery.id).where(
        Delivery.order_id == order_id, Delivery.status == DeliveryStatus.SCHEDULED
    )
    if line_id:
        waiting = waiting.where(Delivery.order_line_id == line_id)
    planned: UUID | None = db.session.scalar(waiting.order_by(Delivery.id).limit(1))
    if planned is None:
        plan = loaded(DeliveryIn, {"line_id": str(line_id or "")})
        planned = deliveries.schedule_delivery(caller=caller, order_id=order_id, body=plan).id
    body: dict[str, Any] = {"quantity": quantity, "unit": typed("unit")}
    deliveries.despatch_delivery(caller=caller, delivery_id=planned, body=loaded(DespatchIn, body))
    return go(f"/deliveries/{planned}")


@pages.page("GET", "/deliveries/<uuid:delivery_id>", access=READERS)
def delivery(caller: Caller, delivery_id: UUID) -> Response:
    """One load: where it stands, its quantities side by side, and its slip."""
    found = deliveries.get_delivery(caller=caller, delivery_id=delivery_id)
    until = claims_until(found) if found.ended_at and found.inspected_at else None
    return show(
        "delivery.html",
        delivery=found,
        claims_until=until,
        claimable=until is not None and caller.now < until,
        order=found.order,
        goods=goods_of([found.order]),
        names=names_of([found.order]),
        buying=caller.organisation_id in (found.order.organisation_id, found.order.agent_id),
    )


def names_of(found: Any) -> dict[UUID, str]:
    """The names of everybody who takes part in these orders."""
    ids = {one for each in found for one in (each.organisation_id, each.seller_id)}
    rows = db.session.execute(
        select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))
    )
    return {row.id: row.name for row in rows}


def goods_of(found: list[Order]) -> dict[str, Any]:
    """The commodities in these orders, by code."""
    return commodities_by_code({line.commodity_code for each in found for line in each.lines})
