"""Statements: a period of mine closed for good, to read, print or hand to the accountant."""

from datetime import date, timedelta
from uuid import UUID

from flask import Response as File
from sqlalchemy import true
from werkzeug.wrappers import Response

from app.accounts.access import READERS, TRADE_MANAGERS, Caller
from app.core import clock
from app.core.paging import PageQuery
from app.settlement import paper, sheets, statements
from app.settlement import papers_api as papers
from app.settlement.schemas import StatementIn
from app.settlement.statement_models import Statement
from app.settlement.wording import Cell, statement_table
from app.web.forms import asked_for, loaded, typed
from app.web.language import language, number
from app.web.pages import Pages, go, show

pages = Pages("statements")


@pages.page("GET", "/statements", access=READERS)
def my_statements(caller: Caller) -> Response:
    """My statements, newest first, and a form for the next period."""
    asked = asked_for("cursor")
    found = papers.list_statements(caller=caller, query=loaded(PageQuery, asked))
    begins, ends = _next_period(caller)
    return show("statements.html", found=found, begins=begins, ends=ends)


@pages.page("POST", "/statements", access=TRADE_MANAGERS, again=my_statements)
def issue(caller: Caller) -> Response:
    """Close a period."""
    body = {"period_from": typed("period_from"), "period_until": typed("period_until")}
    made = papers.issue_statement(caller=caller, body=loaded(StatementIn, body))
    return go(f"/statements/{made.id}")


@pages.page("GET", "/statements/<uuid:statement_id>", access=READERS)
def statement(caller: Caller, statement_id: UUID) -> Response:
    """One statement, line by line."""
    found = _own(caller, statement_id)
    table = statement_table(found.document, language=language())
    rows = [[_cell(one) for one in row] for row in (*table.rows, *table.totals)]
    return show("statement.html", statement=found, table=table, rows=rows)


@pages.page("GET", "/statements/<uuid:statement_id>/sheet", access=READERS)
def sheet(caller: Caller, statement_id: UUID) -> Response:
    """The statement as a workbook."""
    found = _own(caller, statement_id)
    data = sheets.workbook(statement_table(found.document, language=language()))
    return _file(found, data, sheets.CONTENT_TYPE, "xlsx")


@pages.page("GET", "/statements/<uuid:statement_id>/paper", access=READERS)
def printed(caller: Caller, statement_id: UUID) -> Response:
    """The statement as a paper."""
    found = _own(caller, statement_id)
    table = statement_table(found.document, language=language())
    return _file(found, paper.paper(table, language=language()), paper.CONTENT_TYPE, "pdf")


def _own(caller: Caller, statement_id: UUID) -> Statement:
    mine = true() if caller.sees_all else caller.owns(Statement.organisation_id)
    return statements.get_statement(statement_id, seen=mine)


def _next_period(caller: Caller) -> tuple[date, date]:
    """What is likely to be closed next: since the last one, or else the month that has ended."""
    today = clock.local_date(caller.now)
    ended = today.replace(day=1) - timedelta(days=1)
    last = statements.last_statement(caller.acting.id)
    begins = last.period_until + timedelta(days=1) if last else ended.replace(day=1)
    return begins, ended if ended >= begins else today - timedelta(days=1)


def _cell(value: Cell) -> str:
    return value if isinstance(value, str) else number(value)


def _file(found: Statement, data: bytes, kind: str, ending: str) -> Response:
    answer = File(data, content_type=kind)
    name = f"sao-ke-{found.number}-{found.period_until}.{ending}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
