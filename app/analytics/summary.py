"""What was offered, ordered, delivered, accepted and refused, and how long it took."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from app.accounts.models import Kind
from app.accounts.queries import current_members
from app.analytics.models import GroupCell, delivery_cell, trade_cell
from app.analytics.reading import (
    Question,
    View,
    dong,
    grouped_sums,
    price_of,
    share_of,
    summed,
)
from app.catalogue.models import Commodity
from app.core.db import db

SECONDS_PER_HOUR, SECONDS_PER_DAY = 3600, 86_400
COUNTED = (
    "offered_quantity",
    "offered_amount",
    "ordered_quantity",
    "ordered_amount",
    "cancelled_quantity",
    "orders",
    "orders_of_commodity",
    "order_lines",
    "listing_seconds",
    "payments",
    "payment_seconds",
    "pooled_quantity",
    "pooled_amount",
)
BROUGHT = (
    "despatched_quantity",
    "weighed_quantity",
    "accepted_quantity",
    "goods_amount",
    "refused_amount",
)


@dataclass
class Summary:
    """A period's figures by commodity, with totals."""

    question: Question
    orders: int
    rows: list[dict[str, Any]]

    @property
    def members(self) -> int:
        """Members of the cooperative that asks about its own; of others none."""
        return _count(current_members(self.question.reader.id)) if self._of_members else 0

    @property
    def consenting_members(self) -> int:
        """Those of them that share their figures."""
        return len(self.question.known) - 1 if self._of_members else 0

    @property
    def _of_members(self) -> bool:
        asked = self.question
        return asked.view is View.OWN and asked.reader.kind == Kind.COOPERATIVE

    @property
    def goods_amount(self) -> int:
        return sum(row["goods_amount"] for row in self.rows)


def summary(question: Question) -> Summary:
    """The summary of a period."""
    if question.view is View.MARKET:
        rows = [{**row, "goods_amount": row["accepted_amount"]} for row in delivered(question)]
        return Summary(question, 0, rows)
    rows, orders = _own(question)
    return Summary(question, orders, rows)


def delivered(question: Question) -> list[dict[str, Any]]:
    """What of each commodity was weighed, accepted and refused."""
    if question.view is View.MARKET:
        bucket = question.period.bucket(GroupCell.week)
        rows = grouped_sums(question, [bucket.label("bucket"), GroupCell.commodity_code])
    else:
        c = delivery_cell.c
        by = [question.period.bucket(c.period).label("bucket"), c.commodity_code]
        rows = [row for row in summed(delivery_cell, question, by, BROUGHT) if any(row[2:])]
    units = units_of({row.commodity_code for row in rows})
    return [
        {
            "period": row.bucket,
            "commodity": row.commodity_code,
            "unit": units[row.commodity_code],
            **_brought(row._mapping),
        }
        for row in sorted(rows, key=lambda row: (str(row.bucket), row.commodity_code))
    ]


def _own(question: Question) -> tuple[list[dict[str, Any]], int]:
    c, brought = trade_cell.c, delivery_cell.c
    by = [question.period.bucket(c.period).label("bucket"), c.commodity_code, c.origin]
    sums: dict[Any, dict[str, Any]] = defaultdict(lambda: dict.fromkeys(COUNTED + BROUGHT, 0))
    ways: dict[Any, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in summed(trade_cell, question, by, COUNTED):
        key = (row.bucket, row.commodity_code)
        for name in COUNTED:
            sums[key][name] += getattr(row, name)
        if row.origin:
            ways[key][row.origin] += row.ordered_quantity
    by = [question.period.bucket(brought.period).label("bucket"), brought.commodity_code]
    for row in summed(delivery_cell, question, by, BROUGHT):
        sums[row.bucket, row.commodity_code] |= {name: getattr(row, name) for name in BROUGHT}
    units = units_of({code for _, code in sums})
    rows = [
        _row(bucket, code, units[code], figures, ways[bucket, code])
        for (bucket, code), figures in sorted(sums.items(), key=_order(question))
        if any(figures.values())
    ]
    counted = "orders_of_commodity" if question.commodity else "orders"
    return rows, int(sum(figures[counted] for figures in sums.values()))


def _row(
    bucket: Any, code: str, unit: str, sums: dict[str, Any], ways: dict[str, Decimal]
) -> dict[str, Any]:
    ordered = sums["ordered_quantity"]
    return {
        "period": bucket,
        "commodity": code,
        "unit": unit,
        "offered_quantity": sums["offered_quantity"],
        "offered_amount": dong(sums["offered_amount"]),
        "ordered_quantity": ordered,
        "cancelled_quantity": sums["cancelled_quantity"],
        "goods_amount": int(sums["ordered_amount"]),
        "average_price": price_of(sums["ordered_amount"], ordered),
        "fill_rate": share_of(ordered, sums["offered_quantity"]),
        "despatched_quantity": sums["despatched_quantity"],
        **_brought(sums),
        "accepted_rate": share_of(sums["accepted_quantity"], ordered),
        "listing_hours": _mean(sums["listing_seconds"], sums["order_lines"], SECONDS_PER_HOUR),
        "payment_days": _mean(sums["payment_seconds"], sums["payments"], SECONDS_PER_DAY),
        "contract_share": share_of(ways["contract"], ordered),
        "clearing_share": share_of(ways["round"], ordered),
        "direct_share": share_of(ways["direct"], ordered),
        "pooled_quantity": sums["pooled_quantity"],
        "pooled_amount": int(sums["pooled_amount"]),
    }


def _brought(sums: Any) -> dict[str, Any]:
    return {
        "delivered_quantity": sums["weighed_quantity"],
        "accepted_quantity": sums["accepted_quantity"],
        "accepted_amount": int(sums["goods_amount"]),
        "refused_quantity": sums["weighed_quantity"] - sums["accepted_quantity"],
        "refused_amount": dong(sums["refused_amount"]) if "refused_amount" in sums else None,
        "accepted_price": price_of(sums["goods_amount"], sums["accepted_quantity"]),
    }


def units_of(codes: set[str]) -> dict[str, str]:
    """Units of commodities, each looked up once in a session."""
    known: dict[str, str] = db.session.info.setdefault("units", {})
    if lacking := codes - known.keys():
        rows = select(Commodity.code, Commodity.unit).where(Commodity.code.in_(lacking))
        known |= {code: str(unit) for code, unit in db.session.execute(rows)}
    return {code: known[code] for code in codes}


def _order(question: Question) -> Any:
    return lambda item: (item[0][0] or question.period.since, item[0][1])


def _mean(total: Any, count: int, per: int) -> float | None:
    return round(float(total) / float(count) / per, 2) if count else None


def _count(ids: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0
