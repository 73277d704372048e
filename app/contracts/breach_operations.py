"""Finding the weeks in which a side did not do what it had promised, and what is said of them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from app.contracts.balance import GIVEN_UP, Row, balance_of
from app.contracts.models import (
    Breach,
    BreachKind,
    BreachStatus,
    Contract,
    ContractStatus,
    QuantityForm,
    ShortfallNotice,
    Side,
)
from app.contracts.pricing import FOLLOWS_MARKET, unit_price
from app.contracts.queries import contracts, market_says
from app.contracts.telling import tell
from app.contracts.weeks import WEEK
from app.core import clock
from app.core.db import db
from app.core.errors import Problem
from app.core.money import to_dong
from app.core.quantity import QUANTITY_STEP
from app.orders.models import Order, OrderLine
from app.places.models import Site
from app.places.queries import provinces_of, restrictions_between
from app.places.restriction_operations import barring

TIME_TO_ANSWER = timedelta(days=7)
# Deliveries of a week may still be weighed and inspected so long after it.
GRACE = timedelta(days=7)


class BreachOver(Problem):
    status, code = 409, "breach_over"
    vi = "Việc vi phạm này đã được ghi nhận hoặc bỏ qua."
    en = "This breach has been recorded or excused already."


def side_in_breach(breach: Breach) -> Side:
    """Who did not do what was promised."""
    return Side.BUYER if breach.kind == BreachKind.NON_PURCHASE else Side.SELLER


def find_breaches(*, now: datetime) -> int:
    """Write down, once each, the breaches of weeks that are over; how many were new.

    A week that was over when the contract was signed promised nothing.
    """
    found = 0
    last = clock.local_date(now) - GRACE - WEEK
    for contract in db.session.scalars(contracts(Contract.status == ContractStatus.ACTIVE)).all():
        assert contract.signed_at is not None
        signed_on = clock.local_date(contract.signed_at)
        for row in _judged(contract):
            if signed_on < row.week + WEEK and row.week <= last:
                found += _breaches_of(contract, row, now)
    return found


def answer_breach(*, breach: Breach, text: str) -> Breach:
    """The side in breach says why.

    Raises:
        BreachOver: it has been recorded or excused.
    """
    _check_open(breach)
    breach.answer = text
    db.session.flush()
    return breach


def excuse_breach(*, breach: Breach, contract: Contract, now: datetime) -> Breach:
    """The other side lets it go.

    Raises:
        BreachOver: it has been recorded or excused.
    """
    _check_open(breach)
    breach.status = BreachStatus.EXCUSED
    breach.ended_at = now
    db.session.flush()
    tell("contract.breach_excused", contract, now=now, week=breach.week.isoformat())
    return breach


def record_breaches(*, now: datetime) -> int:
    """Record what nobody excused in time; how many."""
    due = db.session.scalars(
        select(Breach)
        .where(Breach.status == BreachStatus.NOTIFIED, Breach.answer_by <= now)
        .order_by(Breach.id)
        .with_for_update(skip_locked=True)
    ).all()
    for breach in due:
        breach.status = BreachStatus.RECORDED
        breach.ended_at = now
    db.session.flush()
    return len(due)


def close_contracts(*, now: datetime) -> int:
    """End the contracts whose season is over: fulfilled, or breached if a breach is on record.

    A contract waits until the time to answer for its last week has passed.
    """
    last = clock.local_date(now) - GRACE - WEEK - TIME_TO_ANSWER
    over = db.session.scalars(
        select(Contract)
        .where(Contract.status == ContractStatus.ACTIVE, Contract.ends_on < last)
        .order_by(Contract.id)
        .with_for_update(skip_locked=True)
    ).all()
    for contract in over:
        recorded = select(Breach.id).where(
            Breach.contract_id == contract.id, Breach.status == BreachStatus.RECORDED
        )
        broken = db.session.scalar(recorded.limit(1)) is not None
        contract.status = ContractStatus.BREACHED if broken else ContractStatus.FULFILLED
        contract.ended_at = now
        if broken:
            tell("contract.breached", contract, now=now)
        else:
            tell("contract.fulfilled", contract, now=now)
    db.session.flush()
    return len(over)


def _check_open(breach: Breach) -> None:
    if breach.status != BreachStatus.NOTIFIED:
        raise BreachOver


def _judged(contract: Contract) -> list[Row]:
    """The weeks of a contract; what of its total no week promises is due in its last one."""
    rows = list(balance_of(contract).weeks)
    if contract.quantity is None:
        return rows
    end = clock.monday(contract.ends_on)
    before = [row for row in rows if row.week < end]
    planned = sum((max(row.promised, row.called) for row in before), Decimal(0))
    nothing = Row(end, Decimal(0), None, Decimal(0), Decimal(0), Decimal(0))
    last = next((row for row in rows if row.week == end), nothing)
    due = max(last.promised, contract.quantity - planned)
    return [*before, replace(last, promised=due)] if due > 0 else before


def _breaches_of(contract: Contract, row: Row, now: datetime) -> int:
    """What of a week falls short beyond the tolerance, after what the seller told in time.

    A week in which a restriction kept the goods from moving is force majeure for both sides.
    """
    if _could_not_move(contract, row.week):
        return 0
    slack = (100 - contract.tolerance_percent) / 100
    told = _told(contract, row)
    promised = row.promised if told is None else min(row.promised, told)
    due = row.called if told is None else min(row.called, told)
    missing = {}
    if row.called < promised * slack:
        missing[BreachKind.NON_PURCHASE] = promised - row.called
    if row.accepted < due * slack:
        missing[BreachKind.NON_DELIVERY] = due - row.accepted
    elsewhere = _sold_elsewhere(contract, row)
    owed = max(promised, due) - row.accepted
    if contract.quantity_form == QuantityForm.ALL_OUTPUT:
        owed = elsewhere
    if elsewhere and owed > 0 and BreachKind.NON_PURCHASE not in missing:
        missing[BreachKind.SIDE_SELLING] = min(elsewhere, owed)
    return sum(_write(contract, row, kind, quantity, now) for kind, quantity in missing.items())


def _could_not_move(contract: Contract, week: date) -> bool:
    """Whether a restriction lay between the two places at any time of the week."""
    held = restrictions_between(clock.start_of_day(week), clock.start_of_day(week + WEEK))
    if not held:
        return False
    assert contract.pickup_site_id is not None
    assert contract.site_id is not None
    pickup = db.session.get_one(Site, contract.pickup_site_id)
    drop = db.session.get_one(Site, contract.site_id)
    barred = barring(
        held,
        pickup=pickup,
        drop=drop,
        commodity=contract.commodity_code,
        provinces=provinces_of([pickup.ward_code, drop.ward_code]),
    )
    return barred is not None


def _told(contract: Contract, row: Row) -> Decimal | None:
    """What the seller said in time the week would bring; at any time, if beyond its power."""
    in_time = clock.start_of_day(row.week) - timedelta(days=contract.notice_days)
    notice = db.session.scalar(
        select(ShortfallNotice)
        .where(
            ShortfallNotice.contract_id == contract.id,
            ShortfallNotice.week == row.week,
            (ShortfallNotice.told_at <= in_time) | ShortfallNotice.force_majeure,
        )
        .order_by(ShortfallNotice.told_at.desc())
        .limit(1)
    )
    return notice.expected if notice else None


def _sold_elsewhere(contract: Contract, row: Row) -> Decimal:
    """What the seller sold of the commodity to others in the week."""
    return db.session.scalar(
        select(func.coalesce(func.sum(OrderLine.quantity), 0))
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            Order.seller_id == contract.seller_id,
            Order.organisation_id != contract.organisation_id,
            OrderLine.commodity_code == contract.commodity_code,
            Order.status.not_in(GIVEN_UP),
            Order.placed_at >= clock.start_of_day(row.week),
            Order.placed_at < clock.start_of_day(row.week + WEEK),
        )
    ) or Decimal(0)


def _write(contract: Contract, row: Row, kind: BreachKind, quantity: Decimal, now: datetime) -> int:
    known = select(Breach.id).where(
        Breach.contract_id == contract.id, Breach.week == row.week, Breach.kind == kind
    )
    if db.session.scalar(known) is not None:
        return 0
    breach = Breach(
        contract_id=contract.id,
        organisation_id=contract.organisation_id,
        week=row.week,
        kind=kind,
        quantity=quantity.quantize(QUANTITY_STEP),
        remedy_amount=_remedy(contract, kind, quantity, now),
        status=BreachStatus.NOTIFIED,
        notified_at=now,
        answer_by=now + TIME_TO_ANSWER,
    )
    db.session.add(breach)
    db.session.flush()
    tell(
        "contract.breached_week",
        contract,
        now=now,
        breach_id=str(breach.id),
        week=row.week.isoformat(),
        kind=str(kind),
        quantity=f"{breach.quantity:.3f}",
        remedy_amount=breach.remedy_amount,
        answer_by=breach.answer_by.isoformat(),
    )
    return 1


def _remedy(contract: Contract, kind: BreachKind, quantity: Decimal, now: datetime) -> int:
    """The agreed percentage of what the missing quantity is worth at the contract's price."""
    name = "non_purchase" if kind == BreachKind.NON_PURCHASE else "side_selling"
    percent = Decimal(contract.remedies[name])
    market = None
    if contract.price["form"] in FOLLOWS_MARKET:
        market = market_says(contract.commodity_code, contract.price["market"], as_of=now)
        if market is None:
            return 0
    price = unit_price(contract.price, market.price if market else None)
    return to_dong(quantity * price * percent / 100)


def get_breach(breach_id: UUID, contract_id: UUID) -> Breach | None:
    """A breach of a contract, locked, or None."""
    return db.session.scalar(
        select(Breach)
        .where(Breach.id == breach_id, Breach.contract_id == contract_id)
        .with_for_update()
    )
