"""Sending files to be imported, reading what would come of them, having it done."""

from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import ColumnElement, select, true

from app.accounts.access import PUBLIC, READERS, TRADERS_AND_OPERATORS, Caller
from app.core.errors import Forbidden, NotFound
from app.core.files import CSV, ENDINGS, XLSX
from app.core.http import JSON, Blueprint
from app.core.idempotency import Idempotency
from app.core.paging import By, Page, page, page_schema
from app.core.problem_json import language
from app.imports import operations, queries, schemas
from app.imports.kinds import KINDS, Kind
from app.imports.models import Import, ImportRow
from app.imports.templates import described, template

blueprint = Blueprint("imports", __name__, description="Files in")


def _takes_in(kind: Kind) -> None:
    """The call that takes in files of one kind."""

    def take_in(caller: Caller, query: dict[str, Any], file: bytes, media_type: str) -> Import:
        return operations.take_in(
            caller=caller,
            kind=kind.code,
            file=file,
            media_type=media_type,
            decimal=query.get("decimal"),
            now=caller.now,
        )

    take_in.__name__ = f"import_{kind.code}"
    take_in.__doc__ = (
        f"Send a file of {kind.code} to be checked; nothing is done before its application.\n\n"
        "Gửi tệp để kiểm tra; chưa nhập gì trước khi được yêu cầu."
    )
    blueprint.operation(
        "POST",
        f"/imports/{kind.code}",
        access=kind.access,
        upload=(CSV, XLSX),
        query=schemas.FileQuery,
        answer=schemas.ImportOut,
        status=202,
        idempotency=Idempotency.REQUIRED,
    )(take_in)


for _kind in KINDS.values():
    _takes_in(_kind)


@blueprint.operation(
    "GET",
    "/imports",
    access=READERS,
    query=schemas.ImportQuery,
    answer=page_schema(schemas.ImportOut),
)
def list_imports(caller: Caller, query: dict[str, Any]) -> Page:
    """Files my organisation has sent, newest first.

    Các tệp tổ chức tôi đã gửi, mới nhất trước.
    """
    mine = select(Import).where(_own(caller))
    if "status" in query:
        mine = mine.where(Import.status == query["status"])
    return page(mine, order=[By(Import.id, descending=True)], query=query)


@blueprint.operation("GET", "/imports/<uuid:import_id>", access=READERS, answer=schemas.ImportOut)
def get_import(caller: Caller, import_id: UUID) -> Import:
    """How far a file is, and how many of its rows are good.

    Một tệp đã xử lý đến đâu, có bao nhiêu dòng đạt.
    """
    return queries.get_import(import_id, seen=_own(caller))


@blueprint.operation(
    "GET",
    "/imports/<uuid:import_id>/rows",
    access=READERS,
    query=schemas.RowQuery,
    answer=page_schema(schemas.ImportRowOut),
)
def list_rows(caller: Caller, import_id: UUID, query: dict[str, Any]) -> Page:
    """What is wrong with which row, in the order of the file.

    Dòng nào chưa đạt và vì sao, theo thứ tự trong tệp.
    """
    rows = queries.rows_of_import(queries.get_import(import_id, seen=_own(caller)))
    if "status" in query:
        rows = rows.where(ImportRow.status == query["status"])
    return page(rows, order=[By(ImportRow.number), By(ImportRow.id)], query=query)


@blueprint.operation(
    "POST",
    "/imports/<uuid:import_id>/application",
    access=TRADERS_AND_OPERATORS,
    body=schemas.ApplicationIn,
    answer=schemas.ImportOut,
    status=202,
    idempotency=Idempotency.REQUIRED,
)
def apply_import(caller: Caller, import_id: UUID, body: dict[str, str]) -> Import:
    """Have done what the rows of a checked file say: all of them or none, or the good ones.

    Nhập các dòng của tệp đã kiểm tra: tất cả hoặc không dòng nào, hoặc chỉ các dòng đạt.
    """
    mine = Import.organisation_id == caller.acting.id
    job = queries.get_import(import_id, seen=mine, lock=True)
    access = KINDS[job.kind].access
    if caller.role not in access.roles:
        raise Forbidden
    return operations.apply(job=job, caller=caller, **body)


@blueprint.operation(
    "GET",
    "/import-templates/<string:code>",
    access=PUBLIC,
    answer=schemas.TemplateOut,
    also=(CSV, XLSX),
)
def get_template(caller: Caller, code: str) -> dict[str, Any] | Response:
    """The columns of a kind of file; as CSV or XLSX by Accept a file to fill in.

    Các cột của một loại tệp; theo Accept là tệp mẫu CSV hoặc XLSX để điền.
    """
    kind = KINDS.get(code)
    if kind is None:
        raise NotFound
    wanted = request.accept_mimetypes.best_match([JSON, CSV, XLSX], default=JSON)
    if wanted == JSON:
        return described(kind)
    file = Response(template(kind, wanted, language=language()), content_type=wanted)
    file.headers["Content-Disposition"] = f'attachment; filename="{code}.{ENDINGS[wanted]}"'
    file.headers["Vary"] = "Accept, Accept-Language"
    return file


def _own(caller: Caller) -> ColumnElement[bool]:
    return true() if caller.sees_all else Import.organisation_id == caller.acting.id
