"""What was paid, beside the clearing price, last season, and prices published outside."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.analytics.models import GroupCell, delivery_cell
from app.analytics.reading import Question, View, grouped_sums, price_of, share_of, summed
from app.analytics.summary import units_of
from app.catalogue.models import Commodity, CommodityConversion, ReferencePrice, ReferenceSeries
from app.clearing.models import MarketPrice
from app.core import clock
from app.core.db import db

PAID = (
    "accepted_quantity",
    "goods_amount",
    "carried_quantity",
    "carried_amount",
    "haulage_amount",
)


def prices(question: Question) -> list[dict[str, Any]]:
    """Weighted prices by commodity, and by grade and ward (own) or province (market)."""
    last = question.over(question.period.a_season_before())
    before = {_key(row): row for row in _paid(last)}
    cleared = clearing_prices(question)
    rows = [row for row in _paid(question) if row.accepted_quantity]
    units = units_of({row.commodity_code for row in rows})
    return [
        _row(question, row, units[row.commodity_code], before, cleared)
        for row in sorted(rows, key=lambda row: tuple(str(one or "") for one in _key(row)))
    ]


def _paid(question: Question) -> Any:
    if question.view is View.MARKET:
        bucket = question.period.bucket(GroupCell.week).label("bucket")
        return grouped_sums(question, [bucket, GroupCell.commodity_code, GroupCell.province_code])
    c = delivery_cell.c
    bucket = question.period.bucket(c.period).label("bucket")
    return summed(delivery_cell, question, [bucket, c.commodity_code, c.grade, c.ward_code], PAID)


def _key(row: Any) -> tuple[Any, ...]:
    return tuple(row)[: 3 if hasattr(row, "province_code") else 4]


def _row(
    question: Question, row: Any, unit: str, before: dict[Any, Any], cleared: dict[Any, Decimal]
) -> dict[str, Any]:
    key = _key(row)
    bucket = row.bucket
    earlier = before.get((question.period.before(bucket) if bucket else None, *key[1:]))
    price = price_of(row.goods_amount, row.accepted_quantity)
    haulage = row.haulage_amount
    return {
        "period": bucket,
        "commodity": row.commodity_code,
        "unit": unit,
        "grade": getattr(row, "grade", None),
        "ward": getattr(row, "ward_code", None),
        "province": getattr(row, "province_code", None) or None,
        "quantity": row.accepted_quantity,
        "amount": int(row.goods_amount),
        "price": price,
        "delivered_price": price_of(row.carried_amount + haulage, row.carried_quantity),
        "spread": price_of(haulage, row.carried_quantity),
        "farm_share": share_of(row.carried_amount, row.carried_amount + haulage),
        "clearing_price": cleared.get((bucket, row.commodity_code)),
        "last_season_price": price_of(earlier.goods_amount, earlier.accepted_quantity)
        if earlier
        else None,
    }


def clearing_prices(question: Question) -> dict[tuple[Any, str], Decimal]:
    """Average farm-gate prices of the rounds, by quantity, VND per unit of each commodity.

    A round prices its market's base commodity; others come by their conversion in force now.
    """
    period = question.period
    day = cast(func.timezone(clock.LOCAL.key, MarketPrice.cleared_at), Date)
    bucket = period.bucket(day)
    value = func.sum(MarketPrice.seller_average * MarketPrice.quantity)
    factor = func.coalesce(CommodityConversion.factor, 1)
    rows = db.session.execute(
        select(bucket, Commodity.code, value / func.sum(MarketPrice.quantity) * factor)
        .select_from(MarketPrice)
        .join(Commodity, Commodity.market_code == MarketPrice.market_code)
        .outerjoin(
            CommodityConversion,
            (CommodityConversion.commodity_code == Commodity.code)
            & CommodityConversion.valid_until.is_(None),
        )
        .where(day >= period.since, day <= period.until)
        .group_by(bucket, Commodity.code, factor)
    )
    return {(first, code): price_of(price, Decimal(1)) or Decimal(0) for first, code, price in rows}


def references(question: Question, *, as_of: datetime) -> list[dict[str, Any]]:
    """What series from outside said of the period, as it was known at an instant.

    ``known_at`` is the vintage: the latest word that went into the mean.
    """
    period = question.period
    word, series = ReferencePrice, ReferenceSeries
    known = (
        select(word.series_code, word.day, word.price, word.known_at)
        .ext(distinct_on(word.series_code, word.day))
        .where(word.day >= period.since, word.day <= period.until, word.known_at <= as_of)
        .order_by(word.series_code, word.day, word.known_at.desc())
        .subquery()
    )
    bucket = period.bucket(known.c.day)
    rows = db.session.execute(
        select(
            series,
            bucket.label("bucket"),
            func.avg(known.c.price).label("price"),
            func.count().label("days"),
            func.max(known.c.known_at).label("known_at"),
        )
        .join(series, series.code == known.c.series_code)
        .where(question.named(series))
        .group_by(series.code, bucket)
        .order_by(series.code, bucket)
    )
    return [
        {
            "series": found.code,
            "name": found.name,
            "origin": found.source,
            "commodity": found.commodity_code,
            "period": first,
            "price": price_of(price, Decimal(1)),
            "days": days,
            "known_at": known_at,
        }
        for found, first, price, days, known_at in rows
    ]
