"""Statements, purchase lists and the personal numbers they need."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import ColumnElement, select, true

from app.accounts.access import BUYER_READERS, JOINERS, READERS, TRADE_MANAGERS, Caller
from app.core.http import Blueprint
from app.core.paging import By, Page, PageQuery, page, page_schema
from app.core.problem_json import language
from app.deliveries.models import Delivery
from app.settlement import identities, paper, purchase_list, schemas, sheets, statements
from app.settlement.identities import ShownIdentity
from app.settlement.models import Settlement
from app.settlement.purchase_list import Purchase
from app.settlement.statement_models import SellerIdentity, Statement
from app.settlement.wording import Table, statement_table

blueprint = Blueprint("papers", __name__, description="Statements and purchase lists")
JSON = "application/json"


@blueprint.operation(
    "POST",
    "/statements",
    access=TRADE_MANAGERS,
    body=schemas.StatementIn,
    answer=schemas.StatementOut,
)
def issue_statement(caller: Caller, body: dict[str, Any]) -> Statement:
    """Close a period of mine; what is corrected later is in the next statement.

    Chốt một kỳ của tôi; điều chỉnh về sau nằm ở sao kê kế tiếp.
    """
    party = caller.party(body.pop("on_behalf_of"))
    return statements.issue_statement(organisation_id=party.organisation_id, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/statements",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.StatementRow),
)
def list_statements(caller: Caller, query: dict[str, Any]) -> Page:
    """My statements, newest first.

    Các sao kê của tôi, mới nhất trước.
    """
    mine = select(Statement).where(_own(caller, Statement.organisation_id))
    return page(mine, order=[By(Statement.id, descending=True)], query=query)


@blueprint.operation(
    "GET",
    "/statements/<uuid:statement_id>",
    access=READERS,
    answer=schemas.StatementOut,
    also=(sheets.CONTENT_TYPE, paper.CONTENT_TYPE),
)
def get_statement(caller: Caller, statement_id: UUID) -> Statement | Response:
    """One statement, as JSON, XLSX or PDF by Accept.

    Một sao kê: JSON, XLSX hoặc PDF tùy theo Accept.
    """
    found = statements.get_statement(statement_id, seen=_own(caller, Statement.organisation_id))
    kind = _wanted(sheets.CONTENT_TYPE, paper.CONTENT_TYPE)
    if kind == JSON:
        return found
    table = statement_table(found.document, language=language())
    return _file(table, kind, f"sao-ke-{found.number}-{found.period_until}")


@blueprint.operation(
    "GET",
    "/purchase-list",
    access=BUYER_READERS,
    query=schemas.PurchaseQuery,
    answer=page_schema(schemas.PurchaseOut),
    also=(sheets.CONTENT_TYPE,),
)
def list_purchases(caller: Caller, query: dict[str, Any]) -> Page | Response:
    """What I bought from people without invoices (form 01/TNDN), as JSON or XLSX by Accept.

    Bảng kê thu mua hàng hóa không có hóa đơn (mẫu 01/TNDN): JSON hoặc XLSX tùy theo Accept.
    """
    since, until = query["since"], query["until"]
    bought = purchase_list.purchases(caller.acting.id, since=since, until=until)
    order = [By(Delivery.ended_at), By(Settlement.id)]
    if _wanted(sheets.CONTENT_TYPE) == JSON:
        part = page(bought, order=order, query=query)
        return Page(_shown(caller, part.items), part.next_cursor)
    table = purchase_list.as_table(
        _shown(caller, purchase_list.whole(bought)),
        buyer=caller.acting.name,
        since=since,
        until=until,
        language=language(),
    )
    return _file(table, sheets.CONTENT_TYPE, f"bang-ke-{since}-{until}")


@blueprint.operation(
    "POST",
    "/seller-identities",
    access=JOINERS,
    body=schemas.IdentityIn,
    answer=schemas.IdentityOut,
)
def state_identity(caller: Caller, body: dict[str, str]) -> ShownIdentity:
    """State my personal number for my buyers' purchase lists.

    Khai số định danh cá nhân của tôi cho bảng kê của người mua.
    """
    return identities.state_identity(
        organisation_id=caller.acting.id,
        number=body["number"],
        recorded_by_id=caller.signed_in.id,
        now=caller.now,
    )


@blueprint.operation(
    "GET",
    "/seller-identities",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.IdentityOut),
)
def list_identities(caller: Caller, query: dict[str, Any]) -> Page:
    """The personal number I stated.

    Số định danh cá nhân tôi đã khai.
    """
    mine = identities.identities(_own(caller, SellerIdentity.organisation_id))
    part = page(mine, order=[By(SellerIdentity.id, descending=True)], query=query)
    return Page([_identity(caller, one) for one in part.items], part.next_cursor)


@blueprint.operation(
    "GET",
    "/seller-identities/<uuid:identity_id>",
    access=READERS,
    answer=schemas.IdentityOut,
)
def get_identity(caller: Caller, identity_id: UUID) -> ShownIdentity:
    """The personal number I stated, by its id.

    Số định danh cá nhân tôi đã khai, theo mã.
    """
    seen = _own(caller, SellerIdentity.organisation_id)
    return _identity(caller, identities.get_identity(identity_id, seen=seen))


def _own(caller: Caller, column: Any) -> ColumnElement[bool]:
    return true() if caller.sees_all else caller.owns(column)


def _shown(caller: Caller, rows: Sequence[Any]) -> list[Purchase]:
    return purchase_list.shown(
        rows,
        reader_id=caller.signed_in.id,
        organisation_id=caller.acting.id,
        role=caller.role,
        now=caller.now,
    )


def _identity(caller: Caller, identity: SellerIdentity) -> ShownIdentity:
    return identities.as_shown(identity, reader_id=caller.acting.id, role=caller.role)


def _wanted(*kinds: str) -> str:
    """The media type the reader likes best of these and JSON."""
    return request.accept_mimetypes.best_match([JSON, *kinds], default=JSON)


def _file(table: Table, kind: str, name: str) -> Response:
    pdf = kind == paper.CONTENT_TYPE
    data = paper.paper(table, language=language()) if pdf else sheets.workbook(table)
    answer = Response(data, content_type=kind)
    ending = "pdf" if pdf else "xlsx"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    answer.headers["Vary"] = "Accept, Accept-Language"
    return answer
