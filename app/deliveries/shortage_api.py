"""Shortages: declared by the seller, explained to both sides."""

from typing import Any
from uuid import UUID

from app.accounts.access import READERS, SELLERS, Caller
from app.core.http import Blueprint
from app.core.idempotency import Idempotency
from app.core.paging import By, Page, PageQuery, page, page_schema
from app.core.quantity import in_stock_unit
from app.deliveries import shortage_operations as operations
from app.deliveries import shortage_queries as queries
from app.deliveries import shortage_schemas as schemas
from app.deliveries.models import Shortage
from app.lots.models import Lot
from app.lots.queries import get_lot

blueprint = Blueprint("shortages", __name__, description="Shortages")


@blueprint.operation(
    "POST",
    "/lots/<uuid:lot_id>/shortage",
    access=SELLERS,
    body=schemas.ShortageIn,
    answer=schemas.ShortageOut,
    idempotency=Idempotency.REQUIRED,
)
def declare_shortage(caller: Caller, lot_id: UUID, body: dict[str, Any]) -> Shortage:
    """Say that less of a lot is there than was promised, and share it out.

    Báo lô không đủ hàng đã hứa, và chia phần còn lại.
    """
    lot = get_lot(lot_id, seen=caller.sees(Lot))
    caller.check_may_act(lot)
    typed, unit = body.pop("available"), body.pop("unit")
    return operations.declare_shortage(
        lot_id=lot.id,
        available=in_stock_unit(typed, unit, lot.commodity.unit, field="/available"),
        by=caller.signed_in,
        now=caller.now,
        **body,
    )


@blueprint.operation(
    "GET",
    "/shortages",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.ShortageOut),
)
def list_shortages(caller: Caller, query: dict[str, Any]) -> Page:
    """Shortages of my lots, or that touch my orders, newest first.

    Các lần thiếu hàng của lô tôi hoặc chạm đến đơn của tôi, mới nhất trước.
    """
    statement = queries.shortages(caller.acting)
    return page(statement, order=[By(Shortage.id, descending=True)], query=query)


@blueprint.operation(
    "GET", "/shortages/<uuid:shortage_id>", access=READERS, answer=schemas.ShortageOut
)
def get_shortage(caller: Caller, shortage_id: UUID) -> Shortage:
    """One shortage: every share to the seller, to a buyer its own.

    Một lần thiếu hàng: người bán thấy mọi phần, người mua thấy phần mình.
    """
    return queries.get_shortage(shortage_id, reader=caller.acting)
