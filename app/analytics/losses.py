"""Where goods are lost, and what restrictions did to what was promised."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, literal, select

from app.analytics.group_operations import circles
from app.analytics.groups import Part, is_safe
from app.analytics.models import GroupCell, fate_cell, trade_cell
from app.analytics.reading import (
    Period,
    Question,
    View,
    dong,
    grouped_sums,
    month_from,
    share_of,
    summed,
)
from app.analytics.summary import units_of
from app.core.db import db

STAGES = {
    "run_out": "store",
    "spoiled": "store",
    "shrunk": "haulage",
    "rejected": "inspection",
}
STORED = ("run_out", "spoiled")
DISRUPTED = (
    "disruptions",
    "disrupted_quantity",
    "replaced_quantity",
    "restored_quantity",
    "lost_quantity",
)


def losses(question: Question, *, today: date) -> list[dict[str, Any]]:
    """What was lost, by stage and cause. What runs out today or later is not lost yet.

    Of the market it is what groups lost on the road and at inspection, without reasons or value.
    """
    if question.view is View.MARKET:
        return _of_groups(question)
    period = question.period
    past = Period(period.since, min(period.until, today - timedelta(days=1)), period.granularity)
    rows = [
        *_fates(question, ("shrunk", "rejected")),
        *(_fates(question.over(past), STORED) if past.since <= past.until else []),
    ]
    return sorted(rows, key=lambda row: (str(row["period"]), row["commodity"], row["stage"],
                                         row["cause"], row["detail"]))  # fmt: skip


def _fates(question: Question, fates: tuple[str, ...]) -> list[dict[str, Any]]:
    c = fate_cell.c
    bucket = question.period.bucket(c.period).label("bucket")
    by = [bucket, c.commodity_code, c.fate, c.detail]
    found = summed(fate_cell, question, by, ("quantity", "amount"))
    units = units_of({row.commodity_code for row in found})
    return [
        {
            "period": row.bucket,
            "commodity": row.commodity_code,
            "unit": units[row.commodity_code],
            "stage": STAGES[row.fate],
            "cause": row.fate,
            "detail": row.detail,
            "quantity": row.quantity,
            "amount": dong(row.amount),
        }
        for row in found
        if row.fate in fates and row.quantity
    ]


def _of_groups(question: Question) -> list[dict[str, Any]]:
    bucket = question.period.bucket(GroupCell.week).label("bucket")
    found = grouped_sums(question, [bucket, GroupCell.commodity_code])
    units = units_of({row.commodity_code for row in found})
    return [
        {
            "period": row.bucket,
            "commodity": row.commodity_code,
            "unit": units[row.commodity_code],
            "stage": STAGES[cause],
            "cause": cause,
            "detail": "",
            "quantity": quantity,
            "amount": None,
        }
        for row in sorted(found, key=lambda row: (str(row.bucket), row.commodity_code))
        for cause, quantity in (
            ("shrunk", row.despatched_quantity - row.weighed_quantity),
            ("rejected", row.refused_quantity),
        )
        if quantity
    ]


def disruptions(question: Question) -> list[dict[str, Any]]:
    """Commitments that restrictions touched; what of them was replaced, restored and lost.

    Of the market whole months of a commodity are told, each where those touched are a safe group.
    """
    if question.view is View.MARKET:
        found = _safe_months(question)
    else:
        c = trade_cell.c
        by = [question.period.bucket(c.period).label("bucket"), c.commodity_code]
        found = [row for row in summed(trade_cell, question, by, DISRUPTED) if row.disruptions]
    units = units_of({row.commodity_code for row in found})
    return [
        {
            "period": row.bucket,
            "commodity": row.commodity_code,
            "unit": units[row.commodity_code],
            "touched": int(row.disruptions),
            "touched_quantity": row.disrupted_quantity,
            "rematched_quantity": row.replaced_quantity,
            "restored_quantity": row.restored_quantity,
            "lost_quantity": row.lost_quantity,
            "kept_share": share_of(
                row.replaced_quantity + row.restored_quantity, row.disrupted_quantity
            ),
        }
        for row in sorted(found, key=lambda row: (str(row.bucket), row.commodity_code))
    ]


def _safe_months(question: Question) -> list[Any]:
    """Sums by month and commodity, with ``bucket`` the month's first day."""
    c, since = trade_cell.c, question.period.since
    by = (c.period.label("bucket"), c.commodity_code)
    sums = [func.coalesce(func.sum(c[name]), 0).label(name) for name in DISRUPTED]
    months = (
        c.grain == literal("month", literal_execute=True),
        c.disruptions > literal(0, literal_execute=True),
        c.period >= month_from(since),
        c.period < (question.period.until + timedelta(days=1)).replace(day=1),
        question.named(c),
    )
    held: dict[Any, dict[Any, Any]] = defaultdict(dict)
    touched = select(*by, c.organisation_id, sums[1]).where(*months)
    for month, code, seller, quantity in db.session.execute(
        touched.group_by(c.period, c.commodity_code, c.organisation_id)
    ):
        held[month, code][seller] = quantity
    known = circles() if held else []
    rows = db.session.execute(
        select(*by, *sums).where(*months).group_by(c.period, c.commodity_code)
    )
    return [row for row in rows if is_safe([Part("", held[tuple(row[:2])], {})], known)]
