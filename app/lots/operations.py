"""Declaring lots, harvesting forecasts, registering and verifying certificates."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Party, Person
from app.catalogue.models import Commodity
from app.catalogue.queries import (
    commodities_by_code,
    conversion_factor,
    find_certificate_scheme,
    find_commodity,
    get_commodity,
)
from app.core import clock, outbox
from app.core.db import db
from app.core.errors import Problem, invalid, missing
from app.core.quantity import QUANTITY_STEP, as_typed, in_stock_unit
from app.lots.models import Certificate, Lot, LotStatus, lot_certificate
from app.lots.qualities import check_qualities
from app.places.models import Plot
from app.places.plot_operations import list_under_code, unlist_under_code
from app.places.queries import usable_plot, usable_site

CLOCK_SKEW = timedelta(minutes=5)


class AlreadyVerified(Problem):
    status, code = 409, "already_verified"
    vi = "Chứng nhận này đã được xác minh."
    en = "This certificate has been verified already."


class CertificateKnown(Problem):
    status, code = 409, "certificate_known"
    vi = "Chứng nhận này đã được khai báo."
    en = "This certificate has been declared already."


def declare_lot(
    *,
    party: Party,
    commodity: str,
    site_id: UUID,
    plot_id: UUID | None = None,
    status: LotStatus,
    quantity: Decimal,
    unit: str | None,
    grade: str | None,
    qualities: dict[str, Any],
    harvested_at: datetime | None,
    ready_at: datetime | None,
    certificates: Sequence[UUID],
    now: datetime,
) -> Lot:
    """Declare a harvested or forecast lot, its quantity in ``unit`` or the commodity's own.

    Raises:
        Invalid: an unknown commodity, grade or quality, or instants that do not fit the status.
        NotFound: the site, the plot or a certificate is not the party's own.
    """
    traded = find_commodity(commodity)
    if traded is None:
        raise invalid("/commodity", "Không có mặt hàng này.", "There is no such commodity.")
    check_grade(traded, grade)
    harvested_at, ready_at = _instants(status, harvested_at, ready_at, now)
    harvested = status == LotStatus.HARVESTED
    site = usable_site(site_id, party=party, pointer="/site_id")
    plot = _plot_of(traded, plot_id, party)
    held = _own_certificates(certificates, party.organisation_id)
    lot = Lot(
        organisation_id=party.organisation_id,
        capacity=party.capacity,
        agent_id=party.agent_id,
        commodity=traded,
        site=site,
        plot=plot,
        season=clock.local_date(ready_at).year if plot else None,
        status=status,
        quantity=in_stock_unit(quantity, unit, traded.unit, field="/quantity"),
        quantity_as_typed=as_typed(quantity, unit, traded.unit),
        grade=grade,
        qualities=check_qualities(traded, qualities, complete=harvested),
        harvested_at=harvested_at,
        ready_at=ready_at,
        created_at=now,
    )
    db.session.add(lot)
    db.session.flush()
    if held:
        db.session.execute(
            insert(lot_certificate),
            [
                {"lot_id": lot.id, "certificate_id": one.id, "organisation_id": lot.organisation_id}
                for one in held
            ],
        )
    db.session.refresh(lot, ["certificates"])
    return lot


def harvest_lot(
    *,
    lot: Lot,
    harvested_at: datetime,
    quantity: Decimal | None,
    unit: str | None,
    grade: str | None,
    qualities: dict[str, Any],
    now: datetime,
) -> Lot:
    """Turn a forecast into stock, with what was really harvested where it differs.

    Raises:
        LotNotAvailable: it is no forecast. LotInUse: more has been offered than was harvested.
        Invalid: the harvest lies in the future, a grade or quality is unknown or unfit, or one
            that every harvested lot has to state is missing.
    """
    if harvested_at > now + CLOCK_SKEW:
        raise invalid("/harvested_at", "Chưa tới lúc đó.", "That instant is still to come.")
    commodity = get_commodity(lot.commodity_code)
    check_grade(commodity, grade)
    if quantity is not None:
        lot.quantity_as_typed = as_typed(quantity, unit, commodity.unit)
        quantity = in_stock_unit(quantity, unit, commodity.unit, field="/quantity")
    lot.harvest(at=harvested_at, quantity=quantity)
    lot.grade = grade or lot.grade
    lot.qualities = check_qualities(commodity, lot.qualities | qualities, complete=True)
    db.session.flush()
    return lot


def set_aside(*, lot: Lot, quantity: Decimal) -> None:
    """Reserve a quantity for an offer, and count it under the growing-area code of its plot.

    Args:
        lot: locked.

    Raises:
        LotNotAvailable, NotEnoughInLot: the lot cannot bear it. AreaCapacityExceeded: its code
            cannot.
    """
    lot.reserve(quantity)
    if lot.plot is not None and lot.season is not None:
        grown = as_grown(lot, quantity)
        list_under_code(plot=lot.plot, season=lot.season, quantity=grown)


def put_back(*, lot: Lot, quantity: Decimal) -> None:
    """Return to a lot, and to its code, what an offer did not sell.

    Args:
        lot: locked.
    """
    lot.release(quantity)
    if lot.plot is not None and lot.season is not None:
        unlist_under_code(plot=lot.plot, season=lot.season, quantity=as_grown(lot, quantity))


def as_grown(lot: Lot, quantity: Decimal) -> Decimal:
    """A quantity of a lot in the commodity its plot grows: dried goods count as what was fresh.

    The conversion is the one in force on the day the lot was declared, so that what is returned
    equals what was counted.
    """
    if lot.plot is None or lot.plot.commodity_code == lot.commodity_code:
        return quantity
    on = clock.local_date(lot.created_at)
    own = conversion_factor(lot.commodity_code, on=on)
    grown = conversion_factor(lot.plot.commodity_code, on=on)
    return (quantity * own / grown).quantize(QUANTITY_STEP)


def spoil_lot(*, lot: Lot, now: datetime) -> Lot:
    """Write a lot off.

    Raises:
        LotNotAvailable: it is gone already. LotInUse: a part is on offer or sold.
    """
    lot.spoil()
    outbox.add(
        "lot.spoiled",
        concerns=[lot.organisation_id],
        payload={"lot_id": str(lot.id), "commodity": lot.commodity_code},
        now=now,
    )
    db.session.flush()
    return lot


def register_certificate(
    *,
    party: Party,
    scheme: str,
    number: str,
    site_id: UUID | None,
    plot_id: UUID | None = None,
    commodities: Sequence[str],
    valid_from: date,
    valid_until: date,
    now: datetime,
) -> Certificate:
    """Declare a certificate, which counts once it has been verified.

    Raises:
        Invalid: an unknown scheme or commodity, or dates in the wrong order.
        NotFound: the site is not the holder's. CertificateKnown: declared before.
    """
    if find_certificate_scheme(scheme) is None:
        raise invalid("/scheme", "Không có chương trình chứng nhận này.", "Unknown scheme.")
    unknown = sorted(set(commodities) - commodities_by_code(commodities).keys())
    if unknown:
        raise invalid(
            f"/commodities/{list(commodities).index(unknown[0])}",
            "Không có mặt hàng này.",
            "There is no such commodity.",
        )
    if valid_until < valid_from:
        raise invalid("/valid_until", "Phải sau ngày bắt đầu.", "Must not be before valid_from.")
    if site_id is not None:
        usable_site(site_id, party=party, pointer="/site_id")
    if plot_id is not None:
        usable_plot(plot_id, party=party, pointer="/plot_id")
    twin = select(Certificate.id).where(
        Certificate.organisation_id == party.organisation_id,
        Certificate.scheme_code == scheme,
        Certificate.number == number,
    )
    if db.session.scalar(twin) is not None:
        raise CertificateKnown
    certificate = Certificate(
        organisation_id=party.organisation_id,
        scheme_code=scheme,
        number=number,
        site_id=site_id,
        plot_id=plot_id,
        commodities=sorted(set(commodities)),
        valid_from=valid_from,
        valid_until=valid_until,
        created_at=now,
    )
    db.session.add(certificate)
    db.session.flush()
    return certificate


def verify_certificate(*, certificate: Certificate, by: Person, now: datetime) -> Certificate:
    """Let a certificate count from now on.

    Raises:
        AlreadyVerified: somebody has done so before.
    """
    if certificate.verified_at is not None:
        raise AlreadyVerified
    certificate.verified_at = now
    certificate.verified_by_id = by.id
    outbox.add(
        "certificate.verified",
        concerns=[certificate.organisation_id],
        payload={
            "certificate_id": str(certificate.id),
            "scheme": certificate.scheme_code,
            "certificate_number": certificate.number,
        },
        now=now,
    )
    db.session.flush()
    return certificate


def _plot_of(commodity: Commodity, plot_id: UUID | None, party: Party) -> Plot | None:
    """The plot a lot comes from; it must grow the commodity, or what the commodity is made of."""
    if plot_id is None:
        return None
    plot = usable_plot(plot_id, party=party, pointer="/plot_id")
    if get_commodity(plot.commodity_code).market_code != commodity.market_code:
        raise invalid(
            "/plot_id", "Thửa đất không trồng mặt hàng này.", "This plot grows something else."
        )
    return plot


def check_grade(commodity: Commodity, grade: str | None, *, field: str = "/grade") -> None:
    """Refuse a grade that the commodity does not have; ``field`` says where it stands.

    Raises:
        Invalid: it has none of that code.
    """
    if grade is not None and grade not in {known.code for known in commodity.grades}:
        raise invalid(field, "Mặt hàng không có loại này.", "This commodity has no such grade.")


def _instants(
    status: LotStatus, harvested_at: datetime | None, ready_at: datetime | None, now: datetime
) -> tuple[datetime | None, datetime]:
    if status == LotStatus.FORECAST:
        if harvested_at is not None:
            raise invalid(
                "/harvested_at", "Lô dự báo chưa thu hoạch.", "A forecast has no harvest."
            )
        if ready_at is None:
            raise invalid("/ready_at", "Thiếu thông tin bắt buộc.", "Missing for a forecast.")
        return None, ready_at
    if harvested_at is None and ready_at is None:
        raise invalid("/harvested_at", "Thiếu thông tin bắt buộc.", "Missing for a harvested lot.")
    if harvested_at is not None and harvested_at > now + CLOCK_SKEW:
        raise invalid("/harvested_at", "Chưa tới lúc đó.", "That instant is still to come.")
    harvested_at = harvested_at or min(now, ready_at or now)
    return harvested_at, ready_at or harvested_at


def _own_certificates(ids: Sequence[UUID], organisation_id: UUID) -> Sequence[Certificate]:
    held = db.session.scalars(
        select(Certificate).where(
            Certificate.id.in_(ids), Certificate.organisation_id == organisation_id
        )
    ).all()
    if len(held) < len(set(ids)):
        known = {one.id for one in held}
        first = next(index for index, one in enumerate(ids) if one not in known)
        raise missing(f"/certificates/{first}")
    return held
