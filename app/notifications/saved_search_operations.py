"""Saved searches: who waits for an offer, or for a price, is found by one indexed query."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Row, and_, any_, cast, func, literal, or_, select

from app.accounts.models import Organisation, Person
from app.catalogue.models import CertificateScheme, Commodity, Grade
from app.catalogue.queries import find_commodity
from app.clearing.models import MarketPrice
from app.core import clock, outbox
from app.core.db import db
from app.core.errors import Problem, invalid
from app.core.money import HIGHEST_PRICE
from app.core.outbox import OutboxMessage
from app.market.models import Offer, OfferStatus, Visibility
from app.market.queries import offers
from app.notifications.models import SavedSearch
from app.places.position import about, ecef

CONSUMER = "saved_searches"
MOST_SEARCHES = 50


class TooManySearches(Problem):
    status, code = 409, "too_many_searches"
    vi = "Bạn đã lưu {most} tìm kiếm, là nhiều nhất."
    en = "You have saved {most} searches, which is the most."


def save_search(
    *,
    person: Person,
    organisation: Organisation,
    name: str,
    commodity: str,
    grade: str | None,
    certificate: str | None,
    price_max: Decimal | None,
    price_min: Decimal | None,
    near: tuple[float, float] | None,
    within_km: int | None,
    now: datetime,
) -> SavedSearch:
    """Be told of every offer that fits from now on; with ``price_min``, of a round that pays it.

    Args:
        grade: the worst that will do. price_max: VND per unit at the farm gate.
        near, within_km: latitude and longitude, and how far around them.

    Raises:
        Invalid: something named does not exist. TooManySearches: the person has enough.
    """
    if find_commodity(commodity) is None:
        raise invalid("/commodity", "Không có mặt hàng này.", "There is no such commodity.")
    rank = _rank(commodity, grade)
    if grade is not None and rank is None:
        raise invalid("/grade", "Mặt hàng không có hạng này.", "It has no such grade.")
    if certificate is not None and db.session.get(CertificateScheme, certificate) is None:
        raise invalid("/certificate", "Không có chứng nhận này.", "There is no such scheme.")
    db.session.get_one(Person, person.id, with_for_update=True)
    own = select(func.count()).select_from(SavedSearch).where(SavedSearch.person_id == person.id)
    if (db.session.scalar(own) or 0) >= MOST_SEARCHES:
        raise TooManySearches(most=MOST_SEARCHES)
    x, y, z = ecef(about(near[0]), about(near[1])) if near else (None, None, None)
    search = SavedSearch(
        organisation_id=organisation.id,
        person_id=person.id,
        name=name,
        commodity_code=commodity,
        grade=grade,
        worst_rank=rank,
        certificate=certificate,
        price_max=HIGHEST_PRICE if price_max is None else price_max,
        price_min=price_min,
        latitude=near[0] if near else None,
        longitude=near[1] if near else None,
        within_km=within_km,
        x=x,
        y=y,
        z=z,
        created_at=now,
    )
    db.session.add(search)
    db.session.flush()
    return search


def forget_search(*, search: SavedSearch) -> None:
    """Wait no more."""
    db.session.delete(search)
    db.session.flush()


def match_searches(*, message: OutboxMessage, now: datetime) -> int:
    """An offer was listed, or a round cleared: tell who waits for it; once, however often asked.

    Returns:
        how many searches it fits.
    """
    if message.topic not in ("offer.listed", "round.cleared"):
        return 0
    if not outbox.first_time(CONSUMER, message.id, now=now):
        return 0
    if message.topic == "offer.listed":
        return _tell_of_offer(UUID(message.payload["offer_id"]), now=now)
    return _tell_of_price(UUID(message.payload["round_id"]), now=now)


def fitting(offer: Offer) -> Sequence[Row[UUID, UUID, UUID, str]]:
    """The searches an offer fits, in one query on ``ix_saved_search_match``.

    Returns:
        id, organisation_id, person_id and name of each.
    """
    site, lot = offer.lot.site, offer.lot
    harvest = clock.local_date(lot.harvested_at or lot.ready_at)
    schemes = [
        one.scheme_code for one in lot.certificates if one.covers(lot.commodity_code, harvest)
    ]
    rank = _rank(offer.commodity_code, lot.grade)
    apart = [
        cast(axis, BigInteger) - literal(metres, BigInteger)
        for axis, metres in zip(
            (SavedSearch.x, SavedSearch.y, SavedSearch.z),
            ecef(about(site.latitude), about(site.longitude)),
            strict=True,
        )
    ]
    metres = cast(SavedSearch.within_km, BigInteger) * 1000
    near = apart[0] * apart[0] + apart[1] * apart[1] + apart[2] * apart[2] <= metres * metres
    wanted: list[ColumnElement[bool]] = [
        SavedSearch.price_min.is_(None),
        SavedSearch.commodity_code == offer.commodity_code,
        SavedSearch.price_max >= offer.ask_price,
        SavedSearch.organisation_id.not_in(offer.parties),
        or_(SavedSearch.certificate.is_(None), SavedSearch.certificate == any_(literal(schemes))),
        or_(SavedSearch.x.is_(None), near),
    ]
    good_enough: ColumnElement[bool] = SavedSearch.worst_rank.is_(None)
    if rank is not None:
        good_enough = or_(good_enough, SavedSearch.worst_rank >= rank)
    if offer.visibility == Visibility.PRIVATE:
        wanted.append(SavedSearch.organisation_id.in_(offer.visible_to))
    told = (
        SavedSearch.id,
        SavedSearch.organisation_id,
        SavedSearch.person_id,
        SavedSearch.name,
    )
    return db.session.execute(
        select(*told).where(*wanted, good_enough).order_by(SavedSearch.id)
    ).all()


def _tell_of_offer(offer_id: UUID, *, now: datetime) -> int:
    offer = db.session.scalars(offers(Offer.id == offer_id)).one()
    if offer.status != OfferStatus.OPEN or offer.open_until <= now or offer.lot.frozen_at:
        return 0
    found = fitting(offer)
    outbox.add_all(
        "offer.listed_near",
        [
            outbox.Message(
                [one.organisation_id],
                {
                    "search_id": str(one.id),
                    "person_id": str(one.person_id),
                    "search": one.name,
                    "offer_id": str(offer.id),
                    "commodity": offer.commodity_code,
                    "quantity": f"{offer.remaining:.3f}",
                    "ask_price": f"{offer.ask_price:.2f}",
                },
            )
            for one in found
        ],
        now=now,
    )
    return len(found)


def _tell_of_price(round_id: UUID, *, now: datetime) -> int:
    price = db.session.get(MarketPrice, round_id)
    if price is None:
        return 0
    found = db.session.scalars(
        select(SavedSearch)
        .join(Commodity, Commodity.code == SavedSearch.commodity_code)
        .where(
            and_(
                Commodity.market_code == price.market_code,
                SavedSearch.price_min.is_not(None),
                SavedSearch.price_min <= price.seller_average,
            )
        )
        .order_by(SavedSearch.id)
    ).all()
    outbox.add_all(
        "price.reached",
        [
            outbox.Message(
                [one.organisation_id],
                {
                    "search_id": str(one.id),
                    "person_id": str(one.person_id),
                    "search": one.name,
                    "market": price.market_code,
                    "round_id": str(round_id),
                    "unit_price": f"{price.seller_average:.2f}",
                },
            )
            for one in found
        ],
        now=now,
    )
    return len(found)


def _rank(commodity: str, grade: str | None) -> int | None:
    if grade is None:
        return None
    found = db.session.get(Grade, (commodity, grade))
    return found.rank if found else None
