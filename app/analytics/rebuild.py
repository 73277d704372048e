"""Counting every roll-up anew from the trades, span by span.

A step deletes the cells of some weeks or months and writes them again from the trades. Each may be
a transaction of its own: whoever reads meanwhile sees every figure whole, and what changes
meanwhile leaves its note and is counted again afterwards.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.analytics.cells import coarser_cells, day_cells, forget_cells
from app.analytics.group_operations import form_groups, weeks_to_group
from app.analytics.models import figure_touched, group_stale
from app.analytics.operations import LOCK, by_indexes
from app.analytics.round_operations import forget_months, tell_months
from app.analytics.sources import SOURCES, Scope
from app.core import clock
from app.core.db import db
from app.orders.models import Order

REBUILDING = 7_301_107
"""The advisory lock of a rebuild."""
WEEKS_AT_ONCE, MONTHS_AT_ONCE = 3, 3
EARLIEST, LATEST = date(1, 1, 1), date(9999, 1, 1)
Step = Callable[[], object]
Spans = list[tuple[date, date]]


def rebuild(*, now: datetime) -> None:
    """Count everything anew, to the same figures, within the caller's transaction."""
    for steps in phases(now=now):
        for step in steps:
            step()


def phases(*, now: datetime) -> Sequence[Sequence[Step]]:
    """Steps that may run beside each other, phase after phase.

    Only one rebuild may run at a time; see `REBUILDING`.
    """
    weeks, months = _spans()
    return (
        [_forget_notes],
        [partial(_days_and_weeks, *span) for span in weeks],
        [partial(_months, cell, *span) for span in months for cell in SOURCES],
        [_note_groups],
        [partial(_groups, now), partial(_groups, now), _rounds],
    )


def _spans() -> tuple[Spans, Spans]:
    """Spans of weeks and spans of months, each of them together all days there are."""
    first, last = db.session.execute(
        select(func.min(Order.placed_at), func.max(Order.placed_at))
    ).one()
    if first is None:
        return [(EARLIEST, LATEST)], [(EARLIEST, LATEST)]
    step, start = timedelta(weeks=WEEKS_AT_ONCE), clock.monday(first.date())
    weeks = [start + number * step for number in range(1, (last.date() - start).days // step.days)]
    months = [
        day for day in _months_between(first.date(), last.date()) if day.month % MONTHS_AT_ONCE == 1
    ]
    return _between(weeks), _between(months)


def _between(ends: Sequence[date]) -> Spans:
    return list(pairwise([EARLIEST, *ends, LATEST]))


def _months_between(first: date, last: date) -> Iterator[date]:
    month = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    while month < last:
        yield month
        month = (month + timedelta(days=32)).replace(day=1)


def _forget_notes() -> None:
    """Whoever left a note that can be seen now has changed what will be counted from now on."""
    _begin()
    db.session.execute(delete(figure_touched))


def _days_and_weeks(first: date, following: date) -> None:
    _begin_counting()
    span = {"first": first, "next": following}
    for cell in SOURCES:
        for grain in ("day", "week"):
            db.session.execute(text(forget_cells(cell, grain, Scope.SPAN)), span)
    for statement in day_cells(Scope.SPAN):
        db.session.execute(text(statement), span)
    for cell in SOURCES:
        db.session.execute(text(coarser_cells(cell, "week", Scope.SPAN)), span)


def _months(cell: str, first: date, following: date) -> None:
    _begin_counting()
    span = {"first": first, "next": following}
    db.session.execute(text(forget_cells(cell, "month", Scope.SPAN)), span)
    db.session.execute(text(coarser_cells(cell, "month", Scope.SPAN)), span)


def _note_groups() -> None:
    _begin()
    stale = insert(group_stale).from_select(["week", "commodity_code"], weeks_to_group())
    db.session.execute(
        stale.on_conflict_do_update(
            index_elements=[group_stale.c.week, group_stale.c.commodity_code],
            set_={"forecast_told": False},
        )
    )


def _groups(now: datetime) -> None:
    _begin()
    while form_groups(now=now):
        pass


def _rounds() -> None:
    _begin()
    forget_months()
    tell_months()


def _begin() -> None:
    """Nothing is counted beside a step, and a step may take longer than a request."""
    db.session.execute(select(func.pg_advisory_xact_lock_shared(LOCK)))
    for setting in ("statement_timeout = '1h'", "lock_timeout = '1h'", "work_mem = '256MB'"):
        db.session.execute(text(f"SET LOCAL {setting}"))


def _begin_counting() -> None:
    """A span is a small part of tables that lie in order; so it is found, and summed in order."""
    _begin()
    by_indexes("off")
    db.session.execute(text("SET LOCAL enable_hashagg = off"))
