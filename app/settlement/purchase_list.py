"""The purchase list (bảng kê 01/TNDN): produce bought from people who give no invoice.

A farm or farmer group without a tax code of its own, other than its owner's personal number, gives
none. Each accepted delivery is a line: what was
accepted, what is payable for it after claims, and the price per unit that this makes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, insert, or_, select
from sqlalchemy.orm import aliased

from app.accounts.models import Kind, Organisation, RoleName
from app.catalogue.models import Commodity
from app.core import clock
from app.core.db import db
from app.core.errors import invalid
from app.core.money import PRICE_STEP
from app.core.quantity import UNITS
from app.deliveries.models import Delivery, Slip
from app.lots.models import Lot
from app.orders.models import OrderLine
from app.places.models import AdministrativeUnit, Level, Site
from app.settlement.models import Purpose, Settlement
from app.settlement.statement_models import IdentityReading, SellerIdentity
from app.settlement.wording import Cell, Table, purchase_table

PERSONAL_DIGITS, SHOWN_DIGITS = 12, 3
MOST_LINES = 10_000
WHOLE_FOR = (RoleName.OWNER, RoleName.MANAGER)
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Purchase:
    """One line of the list; ``seller_number`` is masked unless its reading was noted."""

    id: UUID
    bought_on: date
    seller_id: UUID
    seller_name: str
    address: str
    seller_number: str | None
    commodity: str
    goods: dict[str, str]
    unit: str
    quantity: Decimal
    unit_price: Decimal
    amount: int


def purchases(buyer_id: UUID, *, since: date, until: date) -> Any:
    """What a buyer bought without invoices and accepted on these days, both included.

    Raises:
        Invalid: the period ends before it begins, or is longer than a year.
    """
    _check_period(since, until)
    later = aliased(Slip)
    seller = aliased(Organisation)
    return (
        select(
            Settlement,
            Delivery.ended_at,
            seller,
            Slip.accepted_quantity,
            Commodity,
            AdministrativeUnit.name,
            AdministrativeUnit.province_name,
            func.coalesce(seller.tax_id, SellerIdentity.number),
        )
        .join(Delivery, Delivery.id == Settlement.delivery_id)
        .join(Slip, Slip.delivery_id == Delivery.id)
        .outerjoin(later, and_(later.delivery_id == Delivery.id, later.number > Slip.number))
        .join(seller, seller.id == Settlement.payee_id)
        .join(OrderLine, OrderLine.id == Delivery.order_line_id)
        .join(Commodity, Commodity.code == OrderLine.commodity_code)
        .join(Lot, Lot.id == OrderLine.lot_id)
        .join(Site, Site.id == Lot.site_id)
        .outerjoin(
            AdministrativeUnit,
            and_(
                AdministrativeUnit.code == Site.ward_code,
                AdministrativeUnit.level == Level.WARD,
                AdministrativeUnit.valid_to.is_(None),
            ),
        )
        .outerjoin(SellerIdentity, SellerIdentity.organisation_id == seller.id)
        .where(
            Settlement.organisation_id == buyer_id,
            Settlement.purpose == Purpose.GOODS,
            Slip.accepted_quantity > 0,
            later.id.is_(None),
            seller.kind.in_((Kind.FARM, Kind.FARMER_GROUP)),
            or_(seller.tax_id.is_(None), func.length(seller.tax_id) == PERSONAL_DIGITS),
            Delivery.ended_at >= clock.start_of_day(since),
            Delivery.ended_at < clock.start_of_day(until + timedelta(days=1)),
        )
    )


def whole(bought: Any) -> Sequence[Any]:
    """All lines of a list, in order.

    Raises:
        Invalid: they are more than a sheet should hold.
    """
    rows: Sequence[Any] = db.session.execute(
        bought.order_by(Delivery.ended_at, Settlement.id).limit(MOST_LINES + 1)
    ).all()
    if len(rows) > MOST_LINES:
        raise invalid("/until", "Kỳ này có quá nhiều dòng.", "The period has too many lines.")
    return rows


def shown(
    rows: Sequence[Any],
    *,
    reader_id: UUID,
    organisation_id: UUID,
    role: str | None,
    now: datetime,
) -> list[Purchase]:
    """Rows of `purchases` as their reader may see them.

    An owner or manager sees personal numbers whole, and that is noted; others see three digits.
    """
    whole = role in WHOLE_FOR
    if whole:
        _note_reading(rows, reader_id=reader_id, organisation_id=organisation_id, now=now)
    return [_purchase(row, whole=whole) for row in rows]


def as_table(
    lines: Sequence[Purchase], *, buyer: str, since: date, until: date, language: str
) -> Table:
    """The list as a table; it carries the end of its period as its date."""
    rows: list[list[Cell]] = [
        [
            line.bought_on.strftime("%d/%m/%Y"),
            line.seller_name,
            line.address,
            line.seller_number or "",
            line.goods[language],
            UNITS[language].get(line.unit, line.unit),
            line.quantity,
            line.unit_price,
            line.amount,
        ]
        for line in lines
    ]
    return purchase_table(
        rows,
        buyer=buyer,
        since=since,
        until=until,
        language=language,
        created_at=clock.start_of_day(until + timedelta(days=1)),
    )


def masked(number: str) -> str:
    """A personal number with all but its last digits hidden."""
    return "•" * (len(number) - SHOWN_DIGITS) + number[-SHOWN_DIGITS:]


def _purchase(row: Any, *, whole: bool) -> Purchase:
    settlement, ended_at, seller, quantity, commodity, ward, province, number = tuple(row)
    amount = settlement.amount - settlement.credited
    return Purchase(
        id=settlement.id,
        bought_on=clock.local_date(ended_at),
        seller_id=seller.id,
        seller_name=seller.name,
        address=", ".join(one for one in (ward, province) if one),
        seller_number=number if whole or number is None else masked(number),
        commodity=commodity.code,
        goods=commodity.name,
        unit=str(commodity.unit),
        quantity=quantity,
        unit_price=(amount / quantity).quantize(PRICE_STEP, ROUND_HALF_EVEN),
        amount=amount,
    )


def _note_reading(
    rows: Sequence[Any], *, reader_id: UUID, organisation_id: UUID, now: datetime
) -> None:
    subjects = sorted({row[2].id for row in rows if row[-1] is not None})
    if subjects:
        readings = [
            {
                "organisation_id": organisation_id,
                "person_id": reader_id,
                "subject_id": subject,
                "read_at": now,
            }
            for subject in subjects
        ]
        db.session.execute(insert(IdentityReading).values(readings))


def _check_period(since: date, until: date) -> None:
    if until < since:
        raise invalid("/until", "Phải sau ngày bắt đầu.", "Must not be before from.")
    if until - since > LONGEST:
        raise invalid("/until", "Nhiều nhất một năm.", "At most a year.")
