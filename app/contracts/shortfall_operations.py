"""The seller's early word that a week of a contract will bring less."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select

from app.catalogue.queries import get_commodity
from app.contracts.balance import called_and_promised
from app.contracts.models import Contract, ShortfallNotice
from app.contracts.telling import tell
from app.contracts.weeks import check_week
from app.core.db import db
from app.core.errors import invalid
from app.core.quantity import with_unit


def tell_shortfall(
    *,
    contract: Contract,
    week: date,
    expected: Decimal,
    reason: str,
    force_majeure: bool,
    now: datetime,
) -> ShortfallNotice:
    """The seller says beforehand that a week will bring less.

    Args:
        contract: locked.

    Raises:
        ContractNotActive, Invalid: as for a call-off; or it is no less than the week is to bring.
    """
    check_week(contract, week, now=now)
    awaited = _awaited(contract, week, force_majeure=force_majeure)
    if expected >= awaited:
        told = with_unit(awaited, get_commodity(contract.commodity_code).unit)
        raise invalid(
            "/expected",
            f"Tuần này đang chờ {told['vi']}; chỉ báo khi sẽ giao ít hơn.",
            f"{told['en']} is awaited this week; tell it only if less will come.",
        )
    notice = ShortfallNotice(
        contract_id=contract.id,
        organisation_id=contract.organisation_id,
        week=week,
        expected=expected,
        reason=reason,
        force_majeure=force_majeure,
        told_at=now,
    )
    db.session.add(notice)
    db.session.flush()
    tell(
        "contract.shortfall_told",
        contract,
        now=now,
        week=week.isoformat(),
        quantity=f"{expected:.3f}",
        reason=reason,
    )
    return notice


def _awaited(contract: Contract, week: date, *, force_majeure: bool) -> Decimal:
    """What a week is to bring: what is promised or called for it, or what was told since.

    Force majeure counts even if told late, so that it may repeat what was told without it.
    """
    told = select(func.min(ShortfallNotice.expected)).where(
        ShortfallNotice.contract_id == contract.id, ShortfallNotice.week == week
    )
    if force_majeure:
        told = told.where(ShortfallNotice.force_majeure)
    least = db.session.scalar(told)
    due = max(called_and_promised(contract, week))
    return due if least is None else min(due, least)
