"""Bringing parts of lots into pools, agreeing to it, taking them out again."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts.queries import has_mandate
from app.catalogue.models import CertificateScheme, Commodity
from app.catalogue.queries import get_commodity
from app.core.db import db
from app.core.errors import Problem
from app.core.quantity import in_stock_unit
from app.lots.mixing_operations import Part, certificates_under
from app.lots.models import Lot, LotStatus
from app.lots.operations import check_grade, put_back, set_aside
from app.lots.qualities import check_qualities
from app.lots.queries import lot_for_update
from app.pools.models import Contribution, ContributionStatus, Pool, PoolNotOpen, PoolStatus
from app.pools.queries import get_contribution
from app.pools.readiness import check_ready
from app.pools.telling import tell


class LotOfOtherKind(Problem):
    status, code = 422, "lot_of_other_kind"
    vi = "Lô này là mặt hàng khác, không gom chung được."
    en = "This lot is of another commodity and cannot be pooled here."


class PoolGradeMissed(Problem):
    status, code = 422, "pool_grade_missed"
    vi = "Lô không đạt loại {grade} mà đợt gom yêu cầu."
    en = "This lot is not of grade {grade}, which the pool asks for."


class PoolCertificateMissing(Problem):
    status, code = 422, "pool_certificate_missing"
    vi = "Lô không có chứng nhận {scheme} có hiệu lực lúc thu hoạch mà đợt gom yêu cầu."
    en = "This lot has no certificate {scheme} valid at its harvest, which the pool asks for."


class LotNotHarvested(Problem):
    status, code = 409, "lot_not_harvested"
    vi = "Chỉ gom được hàng đã thu hoạch."
    en = "Only what is harvested can be pooled."


class AlreadyPooled(Problem):
    status, code = 409, "already_pooled"
    vi = "Lô này đã có trong đợt gom."
    en = "This lot is in the pool already."


class ContributionNotWaiting(Problem):
    status, code = 409, "contribution_not_waiting"
    vi = "Phần góp này không còn chờ xác nhận."
    en = "This contribution is not waiting for a confirmation."


def contribute(
    *,
    pool: Pool,
    lot: Lot,
    quantity: Decimal,
    unit: str | None,
    grade: str | None,
    qualities: Mapping[str, Any],
    by_id: UUID,
    now: datetime,
) -> Contribution:
    """Bring a part of a lot into a pool; without its owner's word or mandate it waits for that.

    Args:
        pool, lot: locked.
        grade, qualities: as measured where it is gathered; what is left out is as the lot states.
        by_id: the organisation that does it, the lot's owner or the cooperative.

    Raises:
        LotOfOtherKind, PoolGradeMissed, PoolCertificateMissing: the lot does not fit the pool.
        LotNotHarvested, LotNotAvailable, LotFrozen, NotEnoughInLot, AreaCapacityExceeded,
        MovementRestricted: nor can it be had. AlreadyPooled: it is in. PoolNotOpen: too late.
        Invalid: a unit, grade or quality.
    """
    pool.check_open(now=now)
    commodity = get_commodity(pool.commodity_code)
    if lot.commodity_code != pool.commodity_code:
        raise LotOfOtherKind
    check_grade(commodity, grade)
    part = Part(
        lot=lot,
        quantity=in_stock_unit(quantity, unit, commodity.unit, field="/quantity"),
        grade=grade or lot.grade,
        qualities=check_qualities(commodity, lot.qualities | dict(qualities), complete=True),
    )
    _check_fits(pool, commodity, part, now=now)
    twin = select(Contribution.id).where(
        Contribution.pool_id == pool.id,
        Contribution.lot_id == lot.id,
        Contribution.status != ContributionStatus.WITHDRAWN,
    )
    if db.session.scalar(twin) is not None:
        raise AlreadyPooled
    contribution = Contribution(
        pool_id=pool.id,
        organisation_id=lot.organisation_id,
        lot_id=lot.id,
        quantity=part.quantity,
        grade=part.grade,
        qualities=part.qualities,
        status=ContributionStatus.PROPOSED,
        returned=Decimal(0),
        proposed_at=now,
    )
    db.session.add(contribution)
    db.session.flush()
    owner = lot.organisation_id
    if by_id == owner or has_mandate(cooperative_id=by_id, member_id=owner):
        _take_in(pool, contribution, lot, now=now)
    else:
        tell("pool.proposed", pool, [owner], now=now, quantity=part.quantity)
    return get_contribution(contribution.id, seen=Contribution.id == contribution.id)


def confirm_contribution(*, pool: Pool, contribution: Contribution, now: datetime) -> Contribution:
    """The member agrees to what its cooperative proposed.

    Args:
        pool: locked.

    Raises:
        ContributionNotWaiting: it is in, or was withdrawn. PoolNotOpen: too late.
        LotNotAvailable, LotFrozen, NotEnoughInLot, AreaCapacityExceeded: the lot cannot bear it.
    """
    db.session.refresh(contribution, ["status"])
    if contribution.status != ContributionStatus.PROPOSED:
        raise ContributionNotWaiting
    pool.check_open(now=now)
    _take_in(pool, contribution, lot_for_update(contribution.lot_id), now=now)
    return contribution


def withdraw_contribution(*, pool: Pool, contribution: Contribution, now: datetime) -> Contribution:
    """Take a contribution out of a pool that is still open; what was reserved is free again.

    Args:
        pool: locked.

    Raises:
        PoolNotOpen: the pool has closed, or gave everything back. ContributionNotWaiting: it was
        withdrawn before.
    """
    db.session.refresh(contribution, ["status"])
    if pool.status != PoolStatus.OPEN:
        raise PoolNotOpen
    if contribution.status == ContributionStatus.WITHDRAWN:
        raise ContributionNotWaiting
    if contribution.status == ContributionStatus.CONFIRMED:
        put_back(lot=lot_for_update(contribution.lot_id), quantity=contribution.quantity)
        pool.pooled -= contribution.quantity
    contribution.status = ContributionStatus.WITHDRAWN
    db.session.flush()
    tell(
        "pool.withdrawn",
        pool,
        [pool.organisation_id, contribution.organisation_id],
        now=now,
        quantity=contribution.quantity,
        member_id=contribution.organisation_id,
    )
    return contribution


def _check_fits(pool: Pool, commodity: Commodity, part: Part, *, now: datetime) -> None:
    lot = part.lot
    if lot.status == LotStatus.FORECAST:
        raise LotNotHarvested
    check_ready(pool, lot, now=now)
    ranks = {grade.code: grade.rank for grade in commodity.grades}
    names = {grade.code: grade.name for grade in commodity.grades}
    if pool.min_grade is not None and (
        part.grade is None or ranks[part.grade] > ranks[pool.min_grade]
    ):
        raise PoolGradeMissed(grade=names[pool.min_grade])
    held = {one.scheme_code for one in certificates_under(lot, pool.certificates)}
    for scheme in pool.certificates:
        if scheme not in held:
            raise PoolCertificateMissing(scheme=db.session.get_one(CertificateScheme, scheme).name)


def _take_in(pool: Pool, contribution: Contribution, lot: Lot, *, now: datetime) -> None:
    set_aside(lot=lot, quantity=contribution.quantity)
    contribution.status, contribution.confirmed_at = ContributionStatus.CONFIRMED, now
    pool.pooled += contribution.quantity
    db.session.flush()
    tell(
        "pool.joined",
        pool,
        [pool.organisation_id, contribution.organisation_id],
        now=now,
        quantity=contribution.quantity,
        member_id=contribution.organisation_id,
    )
