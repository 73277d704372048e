"""Reading the open book."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Numeric,
    Select,
    Subquery,
    any_,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from app.catalogue.models import Commodity
from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.core.paging import By
from app.core.vietnamese import fold
from app.lots.models import Certificate, Lot, lot_certificate
from app.market.models import Accepted, Demand, Offer, OfferStatus, Visibility
from app.places.models import Site
from app.places.position import about, ecef

DISTANCE_KM: ColumnElement[Decimal] = literal_column("nearby.distance_km", Numeric(12, 3))
"""Straight kilometres between positions rounded to about 1 km, to three decimals."""


def offers(condition: ColumnElement[bool]) -> Select[Offer]:
    """Offers with their lot, site, certificates and commodity."""
    return (
        select(Offer)
        .join(Offer.lot)
        .join(Lot.site)
        .join(Offer.commodity)
        .where(condition)
        .options(
            contains_eager(Offer.commodity),
            contains_eager(Offer.lot).options(
                contains_eager(Lot.site),
                joinedload(Lot.commodity),
                selectinload(Lot.certificates),
            ),
        )
    )


def open_offers(*, reader: UUID | None, now: datetime) -> Select[Offer]:
    """Offers that can be bought from now, public or meant for the reader."""
    meant = Offer.visibility == Visibility.PUBLIC
    if reader is not None:
        meant = or_(meant, Offer.visible_to.contains([reader]), Offer.organisation_id == reader)
    return offers(meant).where(
        Offer.status == OfferStatus.OPEN, Offer.open_until > now, Lot.frozen_at.is_(None)
    )


def search_offers(statement: Select[Any], query: dict[str, Any]) -> Select[Any]:
    """Narrow a SELECT of :func:`offers` by the filters of a search.

    Near a place, it also selects :data:`DISTANCE_KM`.
    """
    equal = {
        "commodity": Offer.commodity_code,
        "category": Commodity.category,
        "grade": Lot.grade,
    }
    for name, column in equal.items():
        if name in query:
            statement = statement.where(column == query[name])
    if "price_max" in query:
        statement = statement.where(Offer.ask_price <= query["price_max"])
    if "available_on" in query:
        statement = statement.where(_available_on(query["available_on"]))
    if "certificate" in query:
        statement = statement.where(_certified(query["certificate"]))
    if "near" in query:
        nearby = _nearby(query["near"])
        statement = statement.join(nearby, nearby.c.site_id == Site.id).add_columns(
            DISTANCE_KM.label("distance_km")
        )
    if "within_km" in query:
        statement = statement.where(query["within_km"] >= DISTANCE_KM)
    if "q" in query:
        statement = statement.where(Offer.commodity_code.in_(_called(query["q"])))
    return statement


def _called(words: str) -> list[str]:
    """The codes of the commodities that are called so.

    They are looked up first, because only what it knows beforehand tells PostgreSQL which index
    of offers leads to the few that are shown.
    """
    named = (
        func.concat(" ", Commodity.search_key).contains(f" {word}", autoescape=True)
        for word in fold(words).split()
    )
    return list(db.session.scalars(select(Commodity.code).where(*named)))


def offer_order(query: dict[str, Any]) -> list[By]:
    """The order a search asks for: newest first unless told otherwise."""
    newest = By(Offer.id, descending=True)
    if query["sort"] == "price":
        return [By(Offer.ask_price), newest]
    if query["sort"] == "distance":
        return [By(DISTANCE_KM), newest]
    return [newest]


def _nearby(near: tuple[float, float]) -> Subquery:
    """Every site with its distance, the nearest first, so that offers are read from there on."""
    there = zip((Site.x, Site.y, Site.z), ecef(about(near[0]), about(near[1])), strict=True)
    apart = [cast(axis, BigInteger) - literal(metres) for axis, metres in there]
    squared = apart[0] * apart[0] + apart[1] * apart[1] + apart[2] * apart[2]
    distance = func.round(func.sqrt(cast(squared, Numeric)) / 1000, 3)
    return (
        select(Site.id.label("site_id"), distance.label("distance_km"))
        .order_by(distance)
        .subquery("nearby")
    )


def get_offer(offer_id: UUID, *, seen: ColumnElement[bool], lock: bool = False) -> Offer:
    """An offer among those the caller may see, locked for a change if asked.

    Raises:
        NotFound: there is none, or it is not for the caller.
    """
    statement = offers(seen).where(Offer.id == offer_id)
    if lock:
        statement = statement.with_for_update(of=Offer).execution_options(populate_existing=True)
    offer = db.session.scalar(statement)
    if offer is None:
        raise NotFound
    return offer


def offers_for_update(offer_ids: set[UUID]) -> dict[UUID, Offer]:
    """Those of the named offers that exist, locked in ascending id."""
    rows = db.session.scalars(
        offers(Offer.id.in_(offer_ids))
        .order_by(Offer.id)
        .with_for_update(of=Offer)
        .execution_options(populate_existing=True)
    )
    return {offer.id: offer for offer in rows}


def demands(condition: ColumnElement[bool]) -> Select[Demand]:
    """Demands with what they accept and their site."""
    return (
        select(Demand)
        .where(condition)
        .options(selectinload(Demand.accepts), joinedload(Demand.site))
    )


def get_demand(demand_id: UUID, *, seen: ColumnElement[bool], lock: bool = False) -> Demand:
    """A demand among those the caller may see.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    statement = demands(seen).where(Demand.id == demand_id)
    if lock:
        statement = statement.with_for_update(of=Demand).execution_options(populate_existing=True)
    demand = db.session.scalar(statement)
    if demand is None:
        raise NotFound
    return demand


def demand_for_update(demand_id: UUID) -> Demand:
    """A demand locked for a change; it must exist."""
    return get_demand(demand_id, seen=true(), lock=True)


def accepts_commodity(code: str) -> ColumnElement[bool]:
    """Demands that accept a commodity."""
    return (
        select(Accepted.demand_id)
        .where(Accepted.demand_id == Demand.id, Accepted.commodity_code == code)
        .exists()
    )


def _available_on(day: date) -> ColumnElement[bool]:
    """Ready by the end of that day in Viet Nam, with shelf life left at its start."""
    life = func.make_interval(0, 0, 0, 0, Commodity.shelf_life_hours)
    expires = func.coalesce(Lot.harvested_at, Lot.ready_at) + life
    return (Lot.ready_at <= clock.end_of_day(day)) & (expires > clock.start_of_day(day))


def _certified(scheme: str) -> ColumnElement[bool]:
    """Lots under a verified certificate of the scheme, judged at their harvest."""
    harvest = func.date(
        func.timezone(clock.LOCAL.key, func.coalesce(Lot.harvested_at, Lot.ready_at))
    )
    return (
        select(Certificate.id)
        .join(lot_certificate, lot_certificate.c.certificate_id == Certificate.id)
        .where(
            lot_certificate.c.lot_id == Lot.id,
            Certificate.scheme_code == scheme,
            Certificate.verified_at.is_not(None),
            Lot.commodity_code == any_(Certificate.commodities),
            Certificate.valid_from <= harvest,
            Certificate.valid_until >= harvest,
        )
        .exists()
    )
