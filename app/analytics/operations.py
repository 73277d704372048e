"""Keeping roll-ups equal to the trades: touched days are counted again, a rebuild counts all."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.analytics.group_operations import form_groups
from app.analytics.models import (
    GRAINS,
    GroupCell,
    figure_touched,
    group_stale,
    trade_cell,
)
from app.analytics.sources import SOURCES, coarser_cells, day_cells, forget_cells
from app.core import clock
from app.core.db import db

LOCK = 7_301_106
"""The advisory lock of whoever writes roll-ups, so that there is only one."""
MOST_KEYS = 500
LONGEST_REBUILD = "2h"


def count_again(*, now: datetime, most: int = MOST_KEYS) -> int:
    """Count the days that were touched again, and form the groups this changes; how many days.

    What a day cost does not depend on what was traded on others. Another that is at it already
    does the work.
    """
    if not db.session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
        return 0
    keys = _take_touched(most)
    if keys:
        _by_indexes("off")
        _count(keys)
        _by_indexes("on")
    form_groups(now=now)
    return len(keys)


def rebuild(*, now: datetime) -> None:
    """Throw every roll-up away and count all trades again, to the same figures."""
    db.session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    db.session.execute(text(f"SET LOCAL statement_timeout = '{LONGEST_REBUILD}'"))
    db.session.execute(text("SET LOCAL work_mem = '256MB'"))
    db.session.execute(delete(figure_touched))
    for cell in SOURCES:
        db.session.execute(text(f"DELETE FROM {cell}"))  # noqa: S608
        db.session.execute(text(day_cells(cell, touched=False)))
        for grain in GRAINS[1:]:
            db.session.execute(text(coarser_cells(cell, grain, touched=False)))
    db.session.execute(delete(GroupCell))
    weeks = _weeks().distinct()
    stale = insert(group_stale).from_select(["week", "commodity_code"], weeks)
    db.session.execute(stale.on_conflict_do_nothing())
    while form_groups(now=now):
        pass


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
        db.session.execute(text(forget_cells(cell, "day")), names)
        db.session.execute(text(day_cells(cell, touched=True)), names)
        for grain in GRAINS[1:]:
            db.session.execute(text(forget_cells(cell, grain)), names)
            db.session.execute(text(coarser_cells(cell, grain, touched=True)), names)
    weeks = {(day - timedelta(days=day.weekday()), commodity) for _, day, commodity in keys}
    stale = [{"week": week, "commodity_code": commodity} for week, commodity in sorted(weeks)]
    db.session.execute(insert(group_stale).on_conflict_do_nothing(), stale)


def _by_indexes(others: str) -> None:
    """Find a few days by indexes only: a plan that reads whole tables would cost with history."""
    for way in ("hashjoin", "mergejoin", "seqscan"):
        db.session.execute(text(f"SET LOCAL enable_{way} = {others}"))


def _weeks() -> Any:
    return select(trade_cell.c.period, trade_cell.c.commodity_code).where(
        trade_cell.c.grain == "week", trade_cell.c.deliveries > 0
    )


def is_counted(*, now: datetime) -> bool:
    """Whether nothing waits to be counted."""
    waiting = select(figure_touched.c.id).exists()
    ended = clock.local_date(now) - timedelta(days=7)
    forming = select(group_stale.c.week).where(group_stale.c.week <= ended).exists()
    return not db.session.scalar(select(waiting | forming))
