"""Where goods are lost, and what restrictions did to what was promised."""

from datetime import date, timedelta
from typing import Any

from app.analytics.models import fate_cell, trade_cell
from app.analytics.reading import Period, Question, dong, share_of, summed
from app.analytics.summary import units_of

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
    """What was lost, by stage and cause. What runs out today or later is not lost yet."""
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


def disruptions(question: Question) -> list[dict[str, Any]]:
    """Commitments that restrictions touched; what of them was replaced, restored and lost."""
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
