"""Reads of the catalogue."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from app.catalogue.models import (
    CertificateScheme,
    Commodity,
    CommodityConversion,
    Market,
    ProcessingLine,
)
from app.core.db import db
from app.core.errors import NotFound, Problem
from app.core.vietnamese import fold

T = TypeVar("T")


class NoConversion(Problem):
    """A commodity has no conversion to its market's base commodity on a day."""

    status, code = 409, "no_conversion"
    vi = "Chưa có hệ số quy đổi cho {commodity} vào ngày {on}."
    en = "There is no conversion for {commodity} on {on}."


def commodities(
    *, q: str | None = None, category: str | None = None, market: str | None = None
) -> Select[Commodity]:
    """Commodities with their qualities and grades.

    Args:
        q: words of a name in either language or of an alias, in any order, however typed; each
            may be unfinished.
    """
    statement = select(Commodity).options(
        selectinload(Commodity.qualities), selectinload(Commodity.grades)
    )
    if q is not None:
        statement = statement.where(
            *(Commodity.search_key.contains(f" {word}") for word in fold(q).split() or ["?"])
        )
    if category is not None:
        statement = statement.where(Commodity.category == category)
    if market is not None:
        statement = statement.where(Commodity.market_code == market)
    return statement


def find_commodity(code: str) -> Commodity | None:
    """A commodity with its qualities and grades, or None."""
    return _find(commodities(), Commodity.code, code)


def get_commodity(code: str) -> Commodity:
    """A commodity with its qualities and grades.

    Raises:
        NotFound: there is none.
    """
    return _present(find_commodity(code))


def commodities_by_code(codes: Iterable[str]) -> dict[str, Commodity]:
    """Those of the named commodities that exist, with their qualities and grades, by code."""
    found = db.session.scalars(commodities().where(Commodity.code.in_(set(codes))))
    return {commodity.code: commodity for commodity in found}


def conversion_factor(commodity_code: str, *, on: date) -> Decimal:
    """Units of the base commodity that one unit of a commodity makes on a day.

    Raises:
        NoConversion: none is in force.
    """
    factor = conversion_factors([commodity_code], on=on).get(commodity_code)
    if factor is None:
        raise NoConversion(commodity=get_commodity(commodity_code).name, on=f"{on:%d/%m/%Y}")
    return factor


def conversion_factors(commodity_codes: Iterable[str], *, on: date) -> dict[str, Decimal]:
    """The factors in force on a day by commodity; the latest to begin counts."""
    conversion = CommodityConversion
    rows = db.session.execute(
        select(conversion.commodity_code, conversion.factor)
        .where(
            conversion.commodity_code.in_(set(commodity_codes)),
            conversion.valid_from <= on,
            or_(conversion.valid_until.is_(None), conversion.valid_until >= on),
        )
        .order_by(conversion.valid_from)
    )
    return {row.commodity_code: row.factor for row in rows}


def markets_with_commodities() -> Select[Market]:
    """Every market with the commodities traded in it (without their qualities and grades)."""
    return select(Market).options(selectinload(Market.commodities))


def find_market(code: str) -> Market | None:
    """A market with its commodities, or None."""
    return _find(markets_with_commodities(), Market.code, code)


def get_market(code: str) -> Market:
    """A market with its commodities.

    Raises:
        NotFound: there is none.
    """
    return _present(find_market(code))


def processing_lines() -> Select[ProcessingLine]:
    """Every processing line with the commodities it accepts."""
    return select(ProcessingLine).options(selectinload(ProcessingLine.commodities))


def find_processing_line(code: str) -> ProcessingLine | None:
    """A processing line with the commodities it accepts, or None."""
    return _find(processing_lines(), ProcessingLine.code, code)


def get_processing_line(code: str) -> ProcessingLine:
    """A processing line with the commodities it accepts.

    Raises:
        NotFound: there is none.
    """
    return _present(find_processing_line(code))


def certificate_schemes() -> Select[CertificateScheme]:
    """Every certificate scheme."""
    return select(CertificateScheme)


def find_certificate_scheme(code: str) -> CertificateScheme | None:
    """A certificate scheme, or None."""
    return _find(certificate_schemes(), CertificateScheme.code, code)


def get_certificate_scheme(code: str) -> CertificateScheme:
    """A certificate scheme.

    Raises:
        NotFound: there is none.
    """
    return _present(find_certificate_scheme(code))


def _find(statement: Select[T], column: InstrumentedAttribute[str], code: str) -> T | None:
    # A code from an address may hold a NUL, which PostgreSQL cannot even compare with.
    return None if "\0" in code else db.session.scalar(statement.where(column == code))


def _present(row: T | None) -> T:
    if row is None:
        raise NotFound
    return row
