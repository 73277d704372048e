"""The open book of a market, frozen: rows become a snapshot in the market's base commodity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Any, Self
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from app.catalogue.models import Commodity, Market
from app.catalogue.queries import conversion_factors
from app.clearing.models import Match, MatchStatus
from app.core import clock
from app.core.db import db
from app.core.fields import instant_text
from app.core.money import HIGHEST_PRICE, PRICE_STEP
from app.core.quantity import HIGHEST_QUANTITY, QUANTITY_STEP, round_down
from app.lots.models import Lot
from app.market.models import Demand, DemandStatus, Offer, OfferStatus, Visibility
from app.orders.models import Order, OrderStatus
from app.places.models import Plot, Restriction, Site
from app.places.queries import provinces_of, restrictions_at
from app.places.restriction_operations import covers


def offers_to_clear(market_code: str, *, now: datetime, lock: bool) -> list[Offer]:
    """Offers that can be cleared now, in ascending id, with lot, site and certificates."""
    statement = (
        select(Offer)
        .where(
            Offer.market_code == market_code,
            Offer.status == OfferStatus.OPEN,
            Offer.open_until > now,
        )
        .options(
            joinedload(Offer.commodity).selectinload(Commodity.grades),
            joinedload(Offer.organisation),
            joinedload(Offer.lot).options(
                joinedload(Lot.commodity), joinedload(Lot.site), selectinload(Lot.certificates)
            ),
        )
        .order_by(Offer.id)
        .execution_options(populate_existing=True)
    )
    rows = db.session.scalars(statement.with_for_update(of=Offer) if lock else statement).all()
    return [offer for offer in rows if offer.free > 0 and offer.lot.can_be_sold(now=now)]


def demands_to_clear(market_code: str, *, now: datetime, lock: bool) -> list[Demand]:
    """Demands that can be cleared now, in ascending id, with what they accept."""
    statement = (
        select(Demand)
        .where(
            Demand.market_code == market_code,
            Demand.status == DemandStatus.OPEN,
            Demand.deliver_until > now,
        )
        .options(joinedload(Demand.site), selectinload(Demand.accepts))
        .order_by(Demand.id)
        .execution_options(populate_existing=True)
    )
    rows = db.session.scalars(statement.with_for_update(of=Demand) if lock else statement).all()
    left = suppliers_left(rows)
    return [demand for demand in rows if demand.free > 0 and left.get(demand.id, 1) > 0]


def suppliers_left(demands: Sequence[Demand]) -> dict[UUID, int]:
    """How many further sellers each demand may have that limits them.

    Those count whose match is proposed or became an order that has not fallen through.
    """
    most = {one.id: one.max_suppliers for one in demands if one.max_suppliers is not None}
    if not most:
        return {}
    fell_through = (OrderStatus.CANCELLED, OrderStatus.EXPIRED)
    had = db.session.execute(
        select(Match.demand_id, func.count(Match.organisation_id.distinct()))
        .outerjoin(Order, Order.id == Match.order_id)
        .where(
            Match.demand_id.in_(most),
            Match.status.in_((MatchStatus.PROPOSED, MatchStatus.ACCEPTED)),
            or_(Order.id.is_(None), Order.status.not_in(fell_through)),
        )
        .group_by(Match.demand_id)
    )
    return most | {demand_id: most[demand_id] - count for demand_id, count in had}


def freeze(
    market: Market,
    offers: Sequence[Offer],
    demands: Sequence[Demand],
    *,
    now: datetime,
) -> dict[str, Any]:
    """The snapshot of a book, as `GET /rounds/{id}/snapshot` shows it."""
    base = next(one for one in market.commodities if one.code == market.base_commodity_code)
    factors = factors_of(market, now=now)
    borders = Borders.of(market, offers, demands, now=now)
    smallholders = smallholders_among(offers, most_hectares=market.smallholder_hectares)
    ranks = {
        offer.id: {grade.code: grade.rank for grade in offer.commodity.grades} for offer in offers
    }
    frozen_offers = [
        {
            **_offer_row(offer, factors[offer.commodity_code], now=now),
            "smallholder": offer.organisation_id in smallholders,
            "gates": _offer_gates(offer, ranks[offer.id], now=now) | borders.around_offer(offer),
        }
        for offer in offers
        if offer.commodity_code in factors
    ]
    bonus, left = market.smallholder_bonus, suppliers_left(demands)
    return {
        "market": market.code,
        "closed_at": instant_text(now),
        "offers": [row for row in frozen_offers if Decimal(row["quantity"]) > 0],
        "demands": [
            {
                **_demand_row(demand),
                "max_suppliers": left.get(demand.id),
                "gates": _demand_gates(demand) | borders.around_demand(demand),
            }
            for demand in demands
        ],
        "haulage": {
            "base": f"{market.haulage_base:f}",
            "rate_per_km": f"{market.haulage_rate_per_km:f}",
            "road_factor": f"{market.road_factor:f}",
            "speed_kmh": f"{market.speed_kmh:f}",
            "unit_weight_kg": f"{base.unit_weight_kg:f}",
        },
    } | ({"policy": {"smallholder_bonus": f"{bonus:.2f}"}} if bonus else {})


@dataclass(frozen=True)
class Borders:
    """The restrictions in force for a market, and the province of each ward of its book."""

    restrictions: Sequence[Restriction]
    provinces: Mapping[str, str]

    @classmethod
    def of(
        cls, market: Market, offers: Sequence[Offer], demands: Sequence[Demand], *, now: datetime
    ) -> Self:
        """Those around a book; without restrictions nobody asks where a ward lies."""
        traded = {None, *(commodity.code for commodity in market.commodities)}
        found = [one for one in restrictions_at(now) if one.commodity_code in traded]
        sites = [offer.lot.site for offer in offers] + [demand.site for demand in demands]
        return cls(found, provinces_of(site.ward_code for site in sites) if found else {})

    def around_offer(self, offer: Offer) -> dict[str, list[str]]:
        """Whose area the goods may not leave, and whose they may not enter, by id."""
        meant = [
            one for one in self.restrictions if one.commodity_code in (None, offer.commodity_code)
        ]
        around = self._around(offer.lot.site)
        return {
            "stays_inside": [
                str(one.id)
                for one in meant
                if str(one.id) in around and one.bars(leaving=True, entering=False)
            ],
            "stays_outside": [
                str(one.id)
                for one in meant
                if str(one.id) not in around and one.bars(leaving=False, entering=True)
            ],
        }

    def around_demand(self, demand: Demand) -> dict[str, list[str]]:
        """In whose area the goods are wanted, by id."""
        return {"inside": self._around(demand.site)}

    def _around(self, site: Site) -> list[str]:
        return [str(one.id) for one in self.restrictions if covers(one, site, self.provinces)]


def smallholders_among(offers: Sequence[Offer], *, most_hectares: Decimal) -> set[UUID]:
    """The sellers that call themselves smallholders and whose plots are no larger together."""
    said = {offer.organisation_id for offer in offers if offer.organisation.smallholder}
    too_large = db.session.scalars(
        select(Plot.organisation_id)
        .where(Plot.organisation_id.in_(said))
        .group_by(Plot.organisation_id)
        .having(func.sum(Plot.area_ha) > most_hectares)
    )
    return said - set(too_large)


def factors_of(market: Market, *, now: datetime) -> dict[str, Decimal]:
    """How many units of the base commodity one unit of each commodity makes, on the day of now."""
    codes = [commodity.code for commodity in market.commodities]
    return conversion_factors(codes, on=clock.local_date(now)) | {
        market.base_commodity_code: Decimal(1)
    }


def in_own_unit(quantity: Decimal, factor: Decimal, *, most: Decimal) -> Decimal:
    """A quantity of the base commodity in the offer's own commodity, never above ``most``.

    Rounded down, so that the parts of an offer never add up to more than it has.
    """
    own = (quantity / factor).quantize(QUANTITY_STEP, ROUND_DOWN)
    return min(max(own, QUANTITY_STEP), most)


def price_in_own_unit(price: Decimal, factor: Decimal) -> Decimal:
    """A price per unit of the base commodity as one per unit of the offer's own commodity."""
    return (price * factor).quantize(PRICE_STEP, ROUND_HALF_EVEN)


def _offer_row(offer: Offer, factor: Decimal, *, now: datetime) -> dict[str, Any]:
    site = offer.lot.site
    quantity = min(round_down(offer.free * factor), HIGHEST_QUANTITY)
    asked = (offer.ask_price / factor).quantize(PRICE_STEP, ROUND_CEILING)
    return {
        "offer_id": str(offer.id),
        "quantity": f"{quantity:.3f}",
        # No demand bids more than the highest price, so an ask cut down to it still never trades.
        "ask_price": f"{min(asked, HIGHEST_PRICE):.2f}",
        "latitude": site.latitude,
        "longitude": site.longitude,
        "seller_id": str(offer.organisation_id),
        "listed_at": instant_text(offer.listed_at or now),
        "min_quantity": _least(offer, factor, quantity),
    }


def _least(offer: Offer, factor: Decimal, quantity: Decimal) -> str | None:
    """The minimum lot in the base commodity, rounded up; the whole offer stays a lot of itself."""
    if offer.min_quantity is None:
        return None
    least = (offer.min_quantity * factor).quantize(QUANTITY_STEP, ROUND_CEILING)
    return f"{quantity if offer.min_quantity == offer.free else min(least, HIGHEST_QUANTITY):.3f}"


def _offer_gates(offer: Offer, ranks: dict[str, int], *, now: datetime) -> dict[str, Any]:
    lot = offer.lot
    harvest = clock.local_date(lot.harvested_at or lot.ready_at)
    private = offer.visibility == Visibility.PRIVATE
    return {
        "commodity": offer.commodity_code,
        "grade_rank": ranks.get(lot.grade, lot.grade) if lot.grade else None,
        "qualities": lot.qualities,
        "certificates": sorted(
            {one.scheme_code for one in lot.certificates if one.covers(lot.commodity_code, harvest)}
        ),
        "available_from": instant_text(max(lot.ready_at, now)),
        "expires_at": instant_text(lot.expires_at),
        "buyers": [str(one) for one in offer.visible_to] if private else None,
    }


def _demand_row(demand: Demand) -> dict[str, Any]:
    return {
        "demand_id": str(demand.id),
        "quantity": f"{demand.free:.3f}",
        "bid_price": f"{demand.bid_price:.2f}",
        "latitude": demand.site.latitude,
        "longitude": demand.site.longitude,
        "buyer_id": str(demand.organisation_id),
        "posted_at": instant_text(demand.posted_at or demand.created_at),
        "min_delivery": None if demand.min_delivery is None else f"{demand.min_delivery:.3f}",
    }


def _demand_gates(demand: Demand) -> dict[str, Any]:
    return {
        "accepts": [
            {
                "commodity": one.commodity_code,
                "worst_grade_rank": one.worst_rank,
                "quality_limits": one.quality_limits,
                "certificates": one.required_certificates,
            }
            for one in demand.accepts
        ],
        "deliver_from": instant_text(demand.deliver_from),
        "deliver_until": instant_text(demand.deliver_until),
    }
