"""Reading contracts, and what the market was last known to pay."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.models import Person
from app.accounts.queries import current_members
from app.catalogue.models import ReferenceSeries
from app.catalogue.queries import conversion_factor, get_commodity
from app.catalogue.reference_operations import known_price
from app.clearing.models import MarketPrice
from app.clearing.queries import prices_of
from app.contracts.models import Breach, Contract
from app.contracts.paper import Words
from app.contracts.pricing import CLEARING
from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.core.money import PRICE_STEP
from app.core.quantity import UNITS


@dataclass(frozen=True)
class MarketSays:
    """A market price, VND per unit of a commodity at the farm gate, and since when it is known."""

    price: Decimal
    as_of: datetime


def contracts(condition: ColumnElement[bool]) -> Select[Contract]:
    """Contracts with their weeks, versions, signatures and the two parties."""
    return (
        select(Contract)
        .where(condition)
        .options(
            selectinload(Contract.weeks),
            selectinload(Contract.versions),
            selectinload(Contract.signatures),
            joinedload(Contract.buyer),
            joinedload(Contract.seller),
        )
    )


def concerning(organisation_id: UUID, *, everything: bool) -> ColumnElement[bool]:
    """Contracts in which the organisation takes part, itself or as the agent of a member."""
    if everything:
        return true()
    members = current_members(organisation_id)
    return or_(
        Contract.organisation_id == organisation_id,
        Contract.seller_id == organisation_id,
        and_(Contract.agent_id == organisation_id, Contract.organisation_id.in_(members)),
        and_(Contract.seller_agent_id == organisation_id, Contract.seller_id.in_(members)),
    )


def get_contract(contract_id: UUID, *, seen: ColumnElement[bool], lock: bool = False) -> Contract:
    """A contract among those the caller may see, locked for a change if asked.

    Raises:
        NotFound: there is none, or it is between others.
    """
    statement = contracts(seen).where(Contract.id == contract_id)
    if lock:
        statement = statement.with_for_update(of=Contract).execution_options(populate_existing=True)
    contract = db.session.scalar(statement)
    if contract is None:
        raise NotFound
    return contract


def market_says(commodity_code: str, series: str, *, as_of: datetime) -> MarketSays | None:
    """What the market paid for a commodity as far as was known at an instant.

    The platform's own price is the average the sellers of the market's last round got, per unit of
    the base commodity, converted with the factor in force on that round's day.
    """
    if series != CLEARING:
        known = known_price(series, as_of=as_of)
        return MarketSays(known.price, known.known_at) if known else None
    market = get_commodity(commodity_code).market_code
    last = db.session.scalar(
        prices_of(market)
        .where(MarketPrice.cleared_at <= as_of)
        .order_by(MarketPrice.cleared_at.desc())
        .limit(1)
    )
    if last is None:
        return None
    factor = conversion_factor(commodity_code, on=clock.local_date(last.cleared_at))
    price = (last.seller_average * factor).quantize(PRICE_STEP, ROUND_HALF_EVEN)
    return MarketSays(price, last.cleared_at)


def contract_of_breach(breach_id: UUID) -> UUID | None:
    """The contract of a breach, or None."""
    return db.session.scalar(select(Breach.contract_id).where(Breach.id == breach_id))


def words_of(contract: Contract) -> Words:
    """The names behind a contract's codes, in Vietnamese; its signatures must be loaded."""
    commodity = get_commodity(contract.commodity_code)
    code = contract.price.get("market")
    series = db.session.get(ReferenceSeries, code) if code not in (None, CLEARING) else None
    people = {
        one.id: one.name
        for one in db.session.scalars(
            select(Person).where(Person.id.in_([one.person_id for one in contract.signatures]))
        )
    }
    return Words(
        commodity=commodity.name["vi"],
        unit=UNITS["vi"].get(commodity.unit, str(commodity.unit)),
        series=series.name["vi"] if series else None,
        signers={
            one.side: people[one.person_id]
            for one in contract.signatures
            if one.version == contract.version
        },
    )
