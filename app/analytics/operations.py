"""Keeping roll-ups equal to the trades: days that a trade has touched are counted again."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.analytics.cells import coarser_cells, day_cells, forget_cells
from app.analytics.group_operations import form_groups, is_formed
from app.analytics.models import GRAINS, figure_touched, group_stale
from app.analytics.sources import SOURCES, Scope
from app.core import clock
from app.core.db import db

LOCK = 7_301_106
"""The advisory lock of whoever counts touched days, so that there is only one; a rebuild shares it
among its own steps, so that nothing is counted beside them.
"""
MOST_KEYS = 500


def count_again(*, now: datetime, most: int = MOST_KEYS) -> int:
    """Count the days that were touched again, and form the groups this changes; how many days.

    What a day costs does not depend on what was traded on others. Where somebody is at it
    already, nothing is done.
    """
    if not db.session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
        return 0
    keys = _take_touched(most)
    if keys:
        by_indexes("off")
        _count(keys)
        by_indexes("on")
    form_groups(now=now)
    return len(keys)


def _take_touched(most: int) -> list[tuple[Any, date, str]]:
    """Take notes of touched days off the list; each day once, in one order."""
    some = select(figure_touched.c.id).order_by(figure_touched.c.id).limit(most).scalar_subquery()
    taken = db.session.execute(
        delete(figure_touched)
        .where(figure_touched.c.id.in_(some))
        .returning(
            figure_touched.c.organisation_id,
            figure_touched.c.day,
            figure_touched.c.commodity_code,
        )
    )
    return sorted({(one[0], one[1], one[2]) for one in taken})


def _count(keys: Sequence[tuple[Any, date, str]]) -> None:
    organisations, days, commodities = (list(column) for column in zip(*keys, strict=True))
    names = {"organisations": organisations, "days": days, "commodities": commodities}
    db.session.execute(text("SET LOCAL statement_timeout = '60s'"))
    for cell in SOURCES:
        db.session.execute(text(forget_cells(cell, "day", Scope.TOUCHED)), names)
    for statement in day_cells(Scope.TOUCHED):
        db.session.execute(text(statement), names)
    for cell in SOURCES:
        for grain in GRAINS[1:]:
            db.session.execute(text(forget_cells(cell, grain, Scope.TOUCHED)), names)
            db.session.execute(text(coarser_cells(cell, grain, Scope.TOUCHED)), names)
    weeks = {(clock.monday(day), commodity) for _, day, commodity in keys}
    stale = [{"week": week, "commodity_code": commodity} for week, commodity in sorted(weeks)]
    noted = insert(group_stale).on_conflict_do_update(
        index_elements=[group_stale.c.week, group_stale.c.commodity_code],
        set_={"forecast_told": False},
    )
    db.session.execute(noted, stale)


def by_indexes(others: str) -> None:
    """Find a few days by indexes only: a plan that reads whole tables would cost with history."""
    for way in ("hashjoin", "mergejoin", "seqscan"):
        db.session.execute(text(f"SET LOCAL enable_{way} = {others}"))


def is_counted(*, now: datetime) -> bool:
    """Whether nothing waits to be counted."""
    waiting = db.session.scalar(select(select(figure_touched.c.id).exists()))
    return not waiting and is_formed(now=now)
