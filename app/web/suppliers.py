"""A supplier as I know it: how it kept its word in my own orders, and its certificates."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, and_, case, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from werkzeug.wrappers import Response

from app.accounts.access import BUYER_READERS, Caller
from app.accounts.models import Organisation
from app.catalogue.models import CertificateScheme, Commodity
from app.catalogue.queries import commodities_by_code
from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.deliveries.models import Delivery, Slip, Weighing
from app.lots.models import Certificate
from app.orders.models import Order, OrderLine, OrderStatus
from app.orders.queries import buying
from app.web.pages import Pages, show

pages = Pages("suppliers")
OVER = (OrderStatus.RECEIVED, OrderStatus.SETTLED)


@dataclass(frozen=True)
class Reliability:
    """Of one commodity: quantities in its unit over orders that are over, loads with a day set."""

    commodity: Commodity
    ordered: Decimal
    delivered: Decimal
    accepted: Decimal
    on_time: int
    timed: int


@pages.page("GET", "/suppliers/<uuid:supplier_id>", access=BUYER_READERS)
def supplier(caller: Caller, supplier_id: UUID) -> Response:
    """Somebody I have ordered from; to others there is nobody of that name."""
    mine = _ordered_from(supplier_id, caller)
    orders = db.session.scalar(select(func.count()).select_from(Order).where(mine))
    found = db.session.get(Organisation, supplier_id)
    if not orders or found is None:
        raise NotFound
    today = clock.local_date(caller.now)
    return show(
        "supplier.html",
        supplier=found,
        orders=orders,
        kept=_reliability(mine),
        certificates=_certificates(supplier_id, today),
    )


def is_known(supplier_id: UUID, caller: Caller) -> bool:
    """Whether the reader has ordered from somebody, and so may see how it kept its word."""
    found = select(Order.id).where(_ordered_from(supplier_id, caller)).limit(1)
    return db.session.scalar(found) is not None


def _ordered_from(supplier_id: UUID, caller: Caller) -> ColumnElement[bool]:
    return and_(buying(caller.acting.id), Order.seller_id == supplier_id)


def _reliability(mine: ColumnElement[bool]) -> list[Reliability]:
    """What was kept of what was promised, by commodity."""
    over = and_(mine, Order.status.in_(OVER))
    ordered = (
        select(OrderLine.commodity_code, func.sum(OrderLine.quantity))
        .join(Order, Order.id == OrderLine.order_id)
        .where(over)
        .group_by(OrderLine.commodity_code)
    )
    promised = {row[0]: row[1] for row in db.session.execute(ordered)}
    goods = commodities_by_code(promised)
    brought = {row.commodity_code: row for row in db.session.execute(_brought(over))}
    return [
        Reliability(
            commodity=goods[code],
            ordered=quantity,
            delivered=brought[code].delivered if code in brought else Decimal(0),
            accepted=brought[code].accepted if code in brought else Decimal(0),
            on_time=brought[code].on_time if code in brought else 0,
            timed=brought[code].timed if code in brought else 0,
        )
        for code, quantity in sorted(promised.items())
    ]


def _brought(over: ColumnElement[bool]) -> Select[str, Any, Any, int, int]:
    """Weighed and accepted quantities, and how many loads came by the day they were set for."""
    net = _latest(Weighing, Weighing.net, over)
    good = _latest(Slip, Slip.accepted_quantity, over)
    arrived, due = (
        cast(func.timezone(str(clock.LOCAL), one), Date)
        for one in (Delivery.weighed_at, Delivery.scheduled_for)
    )
    return (
        select(
            OrderLine.commodity_code,
            func.coalesce(func.sum(net.c.quantity), 0).label("delivered"),
            func.coalesce(func.sum(good.c.quantity), 0).label("accepted"),
            func.count(case((arrived <= due, 1))).label("on_time"),
            func.count(case((and_(arrived.is_not(None), due.is_not(None)), 1))).label("timed"),
        )
        .join(Order, Order.id == OrderLine.order_id)
        .join(Delivery, Delivery.order_line_id == OrderLine.id)
        .outerjoin(net, net.c.delivery_id == Delivery.id)
        .outerjoin(good, good.c.delivery_id == Delivery.id)
        .where(over)
        .group_by(OrderLine.commodity_code)
    )


def _latest(record: Any, column: Any, over: ColumnElement[bool]) -> Any:
    """The last of what was recorded of each delivery of these orders."""
    return (
        select(record.delivery_id, column.label("quantity"))
        .join(Delivery, Delivery.id == record.delivery_id)
        .join(Order, Order.id == Delivery.order_id)
        .where(over)
        .ext(distinct_on(record.delivery_id))
        .order_by(record.delivery_id, record.number.desc())
        .subquery()
    )


def _certificates(supplier_id: UUID, today: date) -> list[tuple[Certificate, CertificateScheme]]:
    """Verified certificates in force, with the standard of each."""
    rows = db.session.execute(
        select(Certificate, CertificateScheme)
        .join(CertificateScheme, CertificateScheme.code == Certificate.scheme_code)
        .where(
            Certificate.organisation_id == supplier_id,
            Certificate.verified_at.is_not(None),
            Certificate.valid_from <= today,
            Certificate.valid_until >= today,
        )
        .order_by(Certificate.valid_until, Certificate.id)
    )
    return [(row[0], row[1]) for row in rows]
