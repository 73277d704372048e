"""Setting aside what contracts promise before anybody else is sold it."""

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select

from app.contracts.balance import balance_of
from app.contracts.call_off_operations import free_lots, release_holds
from app.contracts.models import Contract, ContractHold, ContractStatus, QuantityForm
from app.contracts.operations import WEEK
from app.contracts.queries import contracts
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
    today = clock.local_date(now)
    made = 0
    called = {row.week: row.called for row in balance_of(contract).weeks}
    for plan in contract.weeks:
        if not plan.week <= today + AHEAD or plan.week + WEEK <= today:
            continue
        wanted = plan.promised - called.get(plan.week, Decimal(0))
        if contract.quantity_form == QuantityForm.ALL_OUTPUT:
            wanted = HIGHEST_QUANTITY
        wanted -= _held(contract, plan.week)
        for lot in free_lots(contract=contract, week=plan.week, now=now):
            if wanted <= 0:
                break
            part = min(lot.left, wanted)
            set_aside(lot=lot, quantity=part)
            db.session.add(
                ContractHold(
                    contract_id=contract.id,
                    organisation_id=contract.organisation_id,
                    week=plan.week,
                    lot_id=lot.id,
                    quantity=part,
                    held_at=now,
                )
            )
            db.session.flush()
            wanted -= part
            made += 1
    return made


def _held(contract: Contract, week: object) -> Decimal:
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
