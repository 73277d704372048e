"""What was paid, beside the clearing price, last season, and prices published outside."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, Row, cast, func, select, true
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
Key = tuple[Any, ...]
"""First day of a part of the period, commodity, and grade and ward, or province."""


def prices(question: Question) -> list[dict[str, Any]]:
    """Weighted prices by commodity, and by grade and ward (own) or province (market)."""
    before = _paid(question.over(question.period.a_season_before()))
    cleared = clearing_prices(question)
    paid = {key: row for key, row in _paid(question).items() if row.accepted_quantity}
    units = units_of({code for _, code, *_ in paid})
    return [
        _row(question, key, paid[key], units[key[1]], before, cleared)
        for key in sorted(paid, key=lambda key: [str(one or "") for one in key])
    ]


def _paid(question: Question) -> dict[Key, Row[Any]]:
    if question.view is View.MARKET:
        bucket = question.period.bucket(GroupCell.week)
        by = [bucket.label("bucket"), GroupCell.commodity_code, GroupCell.province_code]
        return {tuple(row[:3]): row for row in grouped_sums(question, by)}
    c = delivery_cell.c
    by = [question.period.bucket(c.period).label("bucket"), c.commodity_code, c.grade, c.ward_code]
    return {tuple(row[:4]): row for row in summed(delivery_cell, question, by, PAID)}


def _row(
    question: Question,
    key: Key,
    row: Row[Any],
    unit: str,
    before: dict[Key, Row[Any]],
    cleared: dict[Key, Decimal],
) -> dict[str, Any]:
    bucket, code, *place = key
    grade, ward, province = (None, None, *place) if len(place) == 1 else (*place, None)
    earlier = before.get((bucket and question.period.before(bucket), *key[1:]))
    goods, carried, haulage = row.goods_amount, row.carried_amount, row.haulage_amount
    return {
        "period": bucket,
        "commodity": code,
        "unit": unit,
        "grade": grade,
        "ward": ward,
        "province": province or None,
        "quantity": row.accepted_quantity,
        "amount": int(goods),
        "price": price_of(goods, row.accepted_quantity),
        "delivered_price": price_of(carried + haulage, row.carried_quantity),
        "spread": price_of(haulage, row.carried_quantity),
        "farm_share": share_of(carried, carried + haulage),
        "clearing_price": cleared.get((bucket, code)),
        "last_season_price": price_of(earlier.goods_amount, earlier.accepted_quantity)
        if earlier
        else None,
    }


def clearing_prices(question: Question) -> dict[Key, Decimal]:
    """Average farm-gate prices of the rounds, by quantity, VND per unit of each commodity.

    A round prices its market's base commodity; others come by their conversion in force now.
    """
    period = question.period
    day = cast(func.timezone(clock.LOCAL.key, MarketPrice.cleared_at), Date)
    value = func.sum(MarketPrice.seller_average * MarketPrice.quantity)
    markets = (
        select(
            period.bucket(day).label("bucket"),
            MarketPrice.market_code,
            (value / func.sum(MarketPrice.quantity)).label("price"),
        )
        .where(
            MarketPrice.cleared_at >= clock.start_of_day(period.since),
            MarketPrice.cleared_at < clock.start_of_day(period.until + timedelta(days=1)),
            question.of_market(MarketPrice.market_code),
        )
        .group_by(period.bucket(day), MarketPrice.market_code)
        .subquery()
    )
    factor = func.coalesce(CommodityConversion.factor, 1)
    rows = db.session.execute(
        select(markets.c.bucket, Commodity.code, markets.c.price * factor)
        .join(Commodity, Commodity.market_code == markets.c.market_code)
        .outerjoin(
            CommodityConversion,
            (CommodityConversion.commodity_code == Commodity.code)
            & CommodityConversion.valid_until.is_(None),
        )
        .where(Commodity.code == question.commodity if question.commodity else true())
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
