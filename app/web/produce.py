"""Produce as people pick it: by a picture and a word, the likely ones first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from app.catalogue.models import Category, Commodity
from app.catalogue.queries import commodities
from app.clearing.models import MarketPrice
from app.core.db import db
from app.core.money import HIGHEST_PRICE
from app.core.numbers import written
from app.lots.models import Lot
from app.market.models import Offer
from app.web.forms import ask_once

FEW = 6
ODD = Decimal("0.3")
USUAL = (
    "tea-shoots-fresh",
    "coffee-cherry-robusta",
    "fresh-cocoons",
    "jasmine-buds-fresh",
)
PICTURES = {
    Category.TEA: "leaf",
    Category.COFFEE: "bean",
    Category.SILK: "cocoon",
    Category.FLOWER: "flower",
    Category.CUT_FLOWER: "flower",
    Category.MUSHROOM: "mushroom",
    Category.HERB: "herb",
    Category.DAIRY: "milk",
    Category.DYE: "fruit",
    Category.LIVESTOCK: "milk",
}


def picture(category: Category) -> str:
    """The picture of a category."""
    return PICTURES[category]


def likely(organisation_id: UUID) -> list[Commodity]:
    """What somebody is likely to sell: what they sold last, then what most people sell here."""
    own = db.session.scalars(
        select(Lot.commodity_code)
        .where(Lot.organisation_id == organisation_id)
        .group_by(Lot.commodity_code)
        .order_by(func.max(Lot.created_at).desc())
        .limit(FEW)
    ).all()
    codes = list(dict.fromkeys([*own, *USUAL]))[:FEW]
    found = {
        one.code: one for one in db.session.scalars(commodities().where(Commodity.code.in_(codes)))
    }
    return [found[code] for code in codes if code in found]


def called(words: str) -> Sequence[Commodity]:
    """What carries these words in its name, however they are typed."""
    return db.session.scalars(
        commodities(q=words).order_by(Commodity.sort_key).limit(3 * FEW)
    ).all()


@dataclass(frozen=True)
class Price:
    """What a market's sellers got: last, and a week before; VND per unit of its base commodity."""

    today: Decimal | None
    cleared_at: datetime | None
    before: Decimal | None
    own: Decimal | None


def price_of(commodity: Commodity, organisation_id: UUID, *, now: datetime) -> Price:
    """The prices that matter to somebody about to name their own."""
    latest = _latest(commodity)
    before = _latest(commodity, MarketPrice.cleared_at < now - timedelta(days=7))
    own = db.session.scalar(
        select(Offer.ask_price)
        .where(Offer.organisation_id == organisation_id, Offer.commodity_code == commodity.code)
        .order_by(Offer.id.desc())
        .limit(1)
    )
    return Price(
        latest.seller_average if latest else None,
        latest.cleared_at if latest else None,
        before.seller_average if before else None,
        own,
    )


def price_today(commodity: Commodity) -> Decimal | None:
    """What the market's sellers got last, VND per unit of its base commodity."""
    latest = _latest(commodity)
    return latest.seller_average if latest else None


def _latest(commodity: Commodity, *when: ColumnElement[bool]) -> MarketPrice | None:
    return db.session.scalar(
        select(MarketPrice)
        .where(MarketPrice.market_code == commodity.market_code, *when)
        .order_by(MarketPrice.cleared_at.desc())
        .limit(1)
    )


def check_likely(commodity: Commodity, ask_price: Decimal, *, field: str = "ask_price") -> None:
    """Ask once about a price far from the market's, or of nothing at all.

    Args:
        field: the form's field in which it stands.

    Raises:
        Unlikely: nobody has confirmed it.
    """
    today = price_today(commodity)
    if not ask_price:
        ask_once(
            field,
            ask_price,
            "Giá 0 đồng là cho không. Đúng thì tích ô bên dưới.",
            "A price of 0 gives it away. If it is right, tick the box below.",
        )
    elif commodity.is_base and today and _is_odd(ask_price, today):
        times = ask_price / today
        factor = round(times, int(times < 10))
        ask_once(
            field,
            ask_price,
            f"Gấp {written(factor, 'vi')} lần giá hôm nay. Đúng thì tích ô bên dưới."
            if times > 1
            else "Thấp hơn giá hôm nay nhiều. Đúng thì tích ô bên dưới.",
            f"{written(factor, 'en')} times today's price. If it is right, tick the box below."
            if times > 1
            else "Far below today's price. If it is right, tick the box below.",
        )


def _is_odd(ask_price: Decimal, today: Decimal) -> bool:
    return 0 < ask_price <= HIGHEST_PRICE and abs(ask_price - today) > ODD * today
