"""Keeping price series from outside, each with its source and with what was known when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.catalogue.models import ReferencePrice, ReferenceSeries
from app.catalogue.queries import find_commodity
from app.core import clock
from app.core.db import db
from app.core.errors import NotFound, Problem, invalid
from app.core.vietnamese import sort_key


class SeriesKnown(Problem):
    status, code = 409, "series_known"
    vi = "Chuỗi giá này đã có."
    en = "There is such a series already."


@dataclass(frozen=True)
class Known:
    """A price as it was known at an instant: of which day, and since when."""

    day: date
    price: Decimal
    known_at: datetime


def add_series(*, code: str, name: dict[str, str], commodity: str, source: str) -> ReferenceSeries:
    """Begin a series.

    Raises:
        Invalid: an unknown commodity. SeriesKnown: the code is taken.
    """
    if find_commodity(commodity) is None:
        raise invalid("/commodity", "Không có mặt hàng này.", "There is no such commodity.")
    if db.session.get(ReferenceSeries, code) is not None:
        raise SeriesKnown
    series = ReferenceSeries(
        code=code,
        name_vi=name["vi"],
        name_en=name["en"],
        sort_key=sort_key(name["vi"]),
        commodity_code=commodity,
        source=source,
    )
    db.session.add(series)
    db.session.flush()
    return series


def record_prices(
    *, series: ReferenceSeries, prices: Sequence[dict[str, Any]], now: datetime
) -> ReferenceSeries:
    """Note what a series says of some days; an earlier word for a day stays beside the new one.

    Raises:
        Invalid: a day is still to come.
    """
    today = clock.local_date(now)
    for index, one in enumerate(prices):
        if one["day"] > today:
            raise invalid(f"/prices/{index}/day", "Ngày chưa tới.", "That day is still to come.")
    rows = {one["day"]: one["price"] for one in prices}
    db.session.execute(
        insert(ReferencePrice).on_conflict_do_nothing(),
        [
            {"series_code": series.code, "day": day, "known_at": now, "price": price}
            for day, price in sorted(rows.items())
        ],
    )
    return series


def known_price(code: str, *, as_of: datetime) -> Known | None:
    """The newest day's price of a series as it was known at an instant."""
    row = db.session.scalar(
        select(ReferencePrice)
        .where(
            ReferencePrice.series_code == code,
            ReferencePrice.known_at <= as_of,
            ReferencePrice.day <= clock.local_date(as_of),
        )
        .order_by(ReferencePrice.day.desc(), ReferencePrice.known_at.desc())
        .limit(1)
    )
    return Known(row.day, row.price, row.known_at) if row else None


def get_series(code: str) -> ReferenceSeries:
    """A series by its code.

    Raises:
        NotFound: there is none.
    """
    series = db.session.get(ReferenceSeries, code)
    if series is None:
        raise NotFound
    return series
