"""Setting aside what contracts promise before anybody else is sold it."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select

from app.contracts.balance import balance_of
from app.contracts.call_off_operations import free_lots, release_holds, released
from app.contracts.models import Contract, ContractHold, ContractStatus, QuantityForm
from app.contracts.queries import contracts
from app.contracts.weeks import WEEK
from app.core import clock
from app.core.db import db
from app.core.quantity import HIGHEST_QUANTITY
from app.lots.operations import set_aside

AHEAD = timedelta(days=7)


def hold_promised(*, now: datetime) -> int:
    """Hold, for each contract in force, what the weeks just ahead promise; how many holds.

    The contract signed first comes first. Of a seller who promised all output everything is held.
    What a week did not take is released when the week is over, and flows back to the market.
    """
    made = _release_what_is_over(now)
    active = db.session.scalars(
        contracts(Contract.status == ContractStatus.ACTIVE)
        .order_by(Contract.signed_at, Contract.id)
        .with_for_update(of=Contract, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for contract in active:
        made += _hold_for(contract, now)
    return made


def _hold_for(contract: Contract, now: datetime) -> int:
    called = {row.week: row.called for row in balance_of(contract).weeks}
    return sum(
        _hold_week(contract, week, promised - called.get(week, Decimal(0)), now)
        for week, promised in _weeks_ahead(contract, now)
        if not released(contract, week)
    )


def _weeks_ahead(contract: Contract, now: datetime) -> list[tuple[date, Decimal]]:
    """The weeks that run or are about to, and what each is to bring.

    All output is held in every week of the season, planned or not.
    """
    today = clock.local_date(now)
    monday = clock.monday(today)
    ahead = [week for week in (monday, monday + WEEK) if week <= today + AHEAD]
    if contract.quantity_form == QuantityForm.ALL_OUTPUT:
        inside = [one for one in ahead if contract.starts_on - WEEK < one <= contract.ends_on]
        return [(week, HIGHEST_QUANTITY) for week in inside]
    return [(plan.week, plan.promised) for plan in contract.weeks if plan.week in ahead]


def _hold_week(contract: Contract, week: date, wanted: Decimal, now: datetime) -> int:
    made = 0
    wanted -= _held(contract, week)
    if wanted <= 0:
        return made
    for lot in free_lots(contract=contract, week=week, now=now):
        if wanted <= 0:
            break
        part = min(lot.left, wanted)
        set_aside(lot=lot, quantity=part)
        db.session.add(
            ContractHold(
                contract_id=contract.id,
                organisation_id=contract.organisation_id,
                week=week,
                lot_id=lot.id,
                quantity=part,
                held_at=now,
            )
        )
        db.session.flush()
        wanted -= part
        made += 1
    return made


def _held(contract: Contract, week: date) -> Decimal:
    return db.session.scalar(
        select(func.coalesce(func.sum(ContractHold.quantity), 0)).where(
            ContractHold.contract_id == contract.id,
            ContractHold.week == week,
            ContractHold.ended_at.is_(None),
        )
    ) or Decimal(0)


def _release_what_is_over(now: datetime) -> int:
    """Holds of weeks that are over, or of contracts no longer in force, go back to their lots."""
    today = clock.local_date(now)
    over = db.session.scalars(
        select(ContractHold)
        .join(Contract, Contract.id == ContractHold.contract_id)
        .where(
            ContractHold.ended_at.is_(None),
            (ContractHold.week + 7 <= today) | (Contract.status != ContractStatus.ACTIVE),
        )
        .order_by(ContractHold.lot_id)
        .with_for_update(of=ContractHold, skip_locked=True)
    ).all()
    release_holds(holds=over, now=now)
    return len(over)
