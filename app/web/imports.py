"""Files in: send a list, see what is wrong with which row, have the good ones brought in."""

from collections.abc import Sequence
from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as WerkzeugResponse

from app.accounts.access import PUBLIC, READERS, TRADERS_AND_OPERATORS, Caller
from app.core.errors import Forbidden, invalid
from app.core.files import CSV, ENDINGS, XLSX
from app.core.requests import LARGEST_FILE
from app.imports import api as imports
from app.imports import operations
from app.imports.kinds import KINDS, Kind
from app.imports.models import ImportStatus
from app.imports.schemas import ApplicationIn, FileQuery, ImportQuery, RowQuery
from app.imports.templates import template
from app.web.forms import asked_for, loaded, typed
from app.web.language import language, t
from app.web.pages import Pages, go, show

pages = Pages("imports")
LIVE = (ImportStatus.QUEUED, ImportStatus.CHECKING, ImportStatus.APPLYING)


@pages.page("GET", "/imports", access=READERS)
def all_imports(caller: Caller) -> WerkzeugResponse:
    """Send a file; the files sent so far."""
    asked = asked_for("cursor")
    found = imports.list_imports(caller=caller, query=loaded(ImportQuery, asked))
    kinds = [(one.code, kind_name(one.code)) for one in _kinds(caller)]
    return show(
        "imports.html", found=found, kinds=kinds, kind=request.values.get("kind"), named=kind_name
    )


@pages.page(
    "POST", "/imports", access=TRADERS_AND_OPERATORS, again=all_imports, largest=LARGEST_FILE
)
def send(caller: Caller) -> WerkzeugResponse:
    """Take a file in to be checked; nothing is brought in yet."""
    kind, sent = KINDS.get(typed("kind")), request.files.get("file")
    if kind is None:
        raise invalid("/kind", "Hãy chọn loại danh sách.", "Choose the kind of list.")
    if not kind.access.admits(caller):
        raise Forbidden
    ending = (sent.filename or "").rpartition(".")[2].lower() if sent else ""
    media_type = {ENDINGS[one]: one for one in (CSV, XLSX)}.get(ending)
    if sent is None or media_type is None:
        raise invalid("/file", "Hãy chọn tệp .xlsx hoặc .csv.", "Choose a .xlsx or .csv file.")
    sent.seek(0)
    query = loaded(FileQuery, {"decimal": typed("decimal")})
    job = operations.take_in(
        caller=caller,
        kind=kind.code,
        file=sent.read(),
        media_type=media_type,
        decimal=query.get("decimal"),
        now=caller.now,
    )
    return go(f"/imports/{job.id}")


@pages.page("GET", "/imports/<uuid:import_id>", access=READERS)
def one_import(caller: Caller, import_id: UUID) -> WerkzeugResponse:
    """How far it is, which rows need mending, and what can be done now."""
    job = imports.get_import(caller=caller, import_id=import_id)
    asked = {"status": "bad"}
    if "cursor" in request.args:
        asked["cursor"] = request.args["cursor"]
    bad = imports.list_rows(caller=caller, import_id=import_id, query=loaded(RowQuery, asked))
    return show(
        "import.html",
        job=job,
        kind=kind_name(job.kind),
        bad=bad,
        columns={
            one.name: one.vi if language() == "vi" else one.en for one in KINDS[job.kind].columns
        },
        live=job.status in LIVE,
        may=job.organisation_id == caller.organisation_id and KINDS[job.kind].access.admits(caller),
    )


@pages.page(
    "POST",
    "/imports/<uuid:import_id>/application",
    access=TRADERS_AND_OPERATORS,
    again=one_import,
)
def apply(caller: Caller, import_id: UUID) -> WerkzeugResponse:
    """Bring in all rows, or the good ones."""
    body = loaded(ApplicationIn, {"mode": typed("mode")})
    imports.apply_import(caller=caller, import_id=import_id, body=body)
    return go(f"/imports/{import_id}")


def _template(kind: Kind) -> None:
    """The page that gives an empty file of one kind."""

    def file(caller: Caller) -> Response:
        answer = Response(template(kind, XLSX, language=language()), content_type=XLSX)
        answer.headers["Content-Disposition"] = f'attachment; filename="{kind.code}.xlsx"'
        return answer

    file.__name__ = f"{kind.code}_template"
    pages.page("GET", f"/imports/{kind.code}.xlsx", access=PUBLIC)(file)


for _kind in KINDS.values():
    _template(_kind)


def _kinds(caller: Caller) -> Sequence[Kind]:
    return [one for one in KINDS.values() if one.access.admits(caller)]


def kind_name(code: str) -> str:
    """What a kind of list is called."""
    return {
        "members": t("Thành viên", "Members"),
        "sites": t("Điểm hàng", "Places"),
        "lots": t("Lô hàng", "Lots"),
        "offers": t("Tin bán", "Offers"),
        "demands": t("Nhu cầu mua", "Demands"),
        "prices": t("Giá tham khảo", "Reference prices"),
    }[code]
