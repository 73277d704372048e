"""Forming the groups of the market view, once a week is over."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, literal, select, tuple_, union, update

from app.accounts.models import Membership
from app.analytics.groups import Part, grouped, is_safe
from app.analytics.models import ForecastGroup, GroupCell, delivery_cell, group_stale, trade_cell
from app.core import clock
from app.core.db import db
from app.places.models import AdministrativeUnit, Level

MOST_WEEKS = 50
WEEKLY = literal("week", literal_execute=True)
"""Stands in the statement itself, for an index holds weeks only."""
SHOWN = (
    "deliveries",
    "despatched_quantity",
    "weighed_quantity",
    "accepted_quantity",
    "refused_quantity",
    "goods_amount",
    "carried_quantity",
    "carried_amount",
    "haulage_amount",
)


def form_groups(*, now: datetime, most: int = MOST_WEEKS) -> int:
    """Form the groups that have changed; how many weeks of commodities.

    What is forecast is grouped at once, what was delivered once the week is over.
    """
    return _form_forecasts(most) + _form_deliveries(now, most)


def is_formed(*, now: datetime) -> bool:
    """Whether nothing waits to be grouped."""
    waiting = ~group_stale.c.forecast_told | (group_stale.c.week <= _over(now))
    return not db.session.scalar(select(select(group_stale.c.week).where(waiting).exists()))


def weeks_to_group() -> Any:
    """The weeks of commodities of which there is something to tell, or was."""
    c, d = trade_cell.c, delivery_cell.c
    return union(
        select(d.period, d.commodity_code).where(d.grain == "week", d.deliveries > 0),
        select(c.period, c.commodity_code).where(c.grain == "week", c.forecast_quantity > 0),
        select(GroupCell.week, GroupCell.commodity_code),
        select(ForecastGroup.week, ForecastGroup.commodity_code),
    )


def _over(now: datetime) -> date:
    return clock.local_date(now) - timedelta(days=7)


def _stale(most: int, *which: Any) -> list[tuple[date, str]]:
    some = (
        select(group_stale.c.week, group_stale.c.commodity_code)
        .where(*which)
        .order_by(group_stale.c.week, group_stale.c.commodity_code)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return [(one.week, one.commodity_code) for one in db.session.execute(some)]


def _form_forecasts(most: int) -> int:
    pairs = _stale(most, ~group_stale.c.forecast_told)
    if not pairs:
        return 0
    c = trade_cell.c
    rows = db.session.execute(
        select(c.period, c.commodity_code, c.organisation_id, func.sum(c.forecast_quantity))
        .where(
            c.grain == WEEKLY,
            tuple_(c.period, c.commodity_code).in_(pairs),
            c.forecast_quantity > 0,
        )
        .group_by(c.period, c.commodity_code, c.organisation_id)
    )
    said: dict[tuple[date, str], dict[UUID, Decimal]] = defaultdict(dict)
    for week, code, farm, quantity in rows:
        said[week, code][farm] = quantity
    known = circles() if said else []
    told = [
        {
            "week": week,
            "commodity_code": code,
            "farms": len(farms),
            "quantity": sum(farms.values(), Decimal(0)),
        }
        for (week, code), farms in said.items()
        if is_safe([Part("", farms, {})], known)
    ]
    among = tuple_(ForecastGroup.week, ForecastGroup.commodity_code).in_(pairs)
    db.session.execute(delete(ForecastGroup).where(among))
    if told:
        db.session.execute(insert(ForecastGroup), told)
    done = tuple_(group_stale.c.week, group_stale.c.commodity_code).in_(pairs)
    db.session.execute(update(group_stale).where(done).values(forecast_told=True))
    return len(pairs)


def _form_deliveries(now: datetime, most: int) -> int:
    pairs = _stale(most, group_stale.c.forecast_told, group_stale.c.week <= _over(now))
    if not pairs:
        return 0
    known = circles()
    among = tuple_(GroupCell.week, GroupCell.commodity_code).in_(pairs)
    db.session.execute(delete(GroupCell).where(among))
    written = []
    for (week, commodity), rows in groupby(
        db.session.execute(_sold(pairs)), key=lambda row: (row.period, row.commodity_code)
    ):
        written += _groups(week, commodity, list(rows), known)
    if written:
        db.session.execute(insert(GroupCell), written)
    done = tuple_(group_stale.c.week, group_stale.c.commodity_code).in_(pairs)
    db.session.execute(delete(group_stale).where(done))
    return len(pairs)


def _groups(
    week: date, commodity: str, rows: Sequence[Any], known: Sequence[Collection[UUID]]
) -> list[dict[str, Any]]:
    whole = {row.province: row for row in rows if not (row.organisation_id or row.buyer_id)}
    return [
        _group(week, commodity, group, [whole[one.name] for one in group])
        for group in grouped(_parts(whole, rows), known)
    ]


def _sold(pairs: Sequence[tuple[date, str]]) -> Any:
    """What was delivered in weeks of commodities, by province; of it by seller, and by buyer."""
    ward = AdministrativeUnit
    province = func.coalesce(ward.province_code, "-")
    c = delivery_cell.c
    cell = (c.period, c.commodity_code, province)
    return (
        select(
            c.period,
            c.commodity_code,
            province.label("province"),
            c.organisation_id,
            c.buyer_id,
            *(func.coalesce(func.sum(c[name]), 0).label(name) for name in SHOWN),
        )
        .outerjoin(
            ward,
            (ward.code == c.ward_code) & (ward.level == Level.WARD) & ward.valid_to.is_(None),
        )
        .where(
            c.grain == WEEKLY,
            tuple_(c.period, c.commodity_code).in_(pairs),
            c.deliveries > 0,
        )
        .group_by(
            func.grouping_sets(
                tuple_(*cell), tuple_(*cell, c.organisation_id), tuple_(*cell, c.buyer_id)
            )
        )
        .order_by(c.period, c.commodity_code)
    )


def _parts(whole: Collection[str], rows: Iterable[Any]) -> list[Part]:
    sellers: dict[str, dict[UUID, Decimal]] = {name: {} for name in whole}
    buyers: dict[str, dict[UUID, Decimal]] = {name: {} for name in whole}
    for row in rows:
        if row.organisation_id:
            sellers[row.province][row.organisation_id] = row.accepted_quantity
        elif row.buyer_id:
            buyers[row.province][row.buyer_id] = row.accepted_quantity
    return [Part(name, sellers[name], buyers[name]) for name in sorted(whole)]


def _group(
    week: date, commodity: str, group: Sequence[Part], whole: Sequence[Any]
) -> dict[str, Any]:
    sold = {seller for one in group for seller, quantity in one.sellers.items() if quantity > 0}
    return {
        "week": week,
        "commodity_code": commodity,
        "province_code": group[0].name if len(group) == 1 else "",
        "parties": len(sold),
        **{name: sum(getattr(row, name) for row in whole) for name in SHOWN},
    }


def circles() -> list[set[UUID]]:
    """Each cooperative with whoever is or ever was its member, and so may have shown it figures."""
    circles: dict[UUID, set[UUID]] = {}
    for cooperative, member in db.session.execute(
        select(Membership.cooperative_id, Membership.organisation_id)
    ):
        circles.setdefault(cooperative, {cooperative}).add(member)
    return list(circles.values())
