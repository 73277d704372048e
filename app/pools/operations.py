"""Opening pools, closing them into one lot, giving back what is left."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Capacity, Party
from app.accounts.queries import current_members
from app.catalogue.queries import certificate_schemes, find_commodity, get_commodity
from app.core import outbox
from app.core.db import db
from app.core.errors import Problem, invalid
from app.core.outbox import OutboxMessage
from app.core.quantity import in_stock_unit
from app.core.shares import quantity_shared_out
from app.lots.mixing_operations import Part, mix_lots
from app.lots.models import LotStatus
from app.lots.operations import check_grade, put_back
from app.lots.queries import lot_for_update
from app.places.queries import usable_site
from app.pools.models import (
    Contribution,
    Pool,
    PoolNotOpen,
    PoolStatus,
)
from app.pools.queries import confirmed, get_pool, pools
from app.pools.readiness import check_ready, is_ready
from app.pools.telling import tell

CONSUMER = "pools"


class NothingToReturn(Problem):
    status, code = 409, "nothing_to_return"
    vi = "Hàng gom đã chào bán hoặc đã bán hết, không còn gì để trả lại."
    en = "What was pooled is on offer or sold; there is nothing to give back."


def open_pool(
    *,
    organisation_id: UUID,
    commodity: str,
    site_id: UUID,
    full_load: Decimal,
    unit: str | None,
    min_grade: str | None,
    certificates: Sequence[str],
    until: datetime,
    now: datetime,
) -> Pool:
    """Ask the members of a cooperative to fill a load.

    Args:
        full_load: in ``unit`` or the commodity's own. certificates: schemes every part needs.

    Raises:
        Invalid: an unknown commodity, grade or scheme, or a time that has passed. NotFound: the
        site is not the cooperative's.
    """
    traded = find_commodity(commodity)
    if traded is None:
        raise invalid("/commodity", "Không có mặt hàng này.", "There is no such commodity.")
    check_grade(traded, min_grade, field="/min_grade")
    known = {scheme.code for scheme in db.session.scalars(certificate_schemes())}
    for index, scheme in enumerate(certificates):
        if scheme not in known:
            raise invalid(f"/certificates/{index}", "Không có chương trình này.", "Unknown scheme.")
    if until <= now:
        raise invalid("/until", "Thời hạn đã qua.", "That instant has passed.")
    own = Party(organisation_id, Capacity.OWN_ACCOUNT, None)
    pool = Pool(
        organisation_id=organisation_id,
        commodity_code=traded.code,
        site_id=usable_site(site_id, party=own, pointer="/site_id").id,
        min_grade=min_grade,
        certificates=sorted(set(certificates)),
        full_load=in_stock_unit(full_load, unit, traded.unit, field="/full_load"),
        pooled=Decimal(0),
        status=PoolStatus.OPEN,
        until=until,
        opened_at=now,
    )
    db.session.add(pool)
    db.session.flush()
    members = db.session.scalars(current_members(organisation_id)).all()
    tell("pool.opened", pool, members, now=now)
    return get_pool(pool.id, seen=Pool.id == pool.id)


def close_pool(*, pool: Pool, now: datetime) -> Pool:
    """A full pool becomes one lot of the cooperative, which remembers whose it is made of.

    Args:
        pool: locked.

    Raises:
        PoolNotOpen: it has closed before, or gave everything back. PoolNotFull: it lacks some.
        LotNotAvailable, LotFrozen, MovementRestricted: a contribution has spoiled, is recalled or
        may not travel now.
    """
    if pool.status != PoolStatus.OPEN:
        raise PoolNotOpen
    if pool.missing:
        raise pool.not_full()
    inside = confirmed(pool.id)
    parts = []
    for one in inside:
        lot = lot_for_update(one.lot_id)
        check_ready(pool, lot, now=now)
        parts.append(Part(lot, one.quantity, one.grade, one.qualities))
    db.session.refresh(pool, ["site"])
    pooled = mix_lots(
        party=Party(pool.organisation_id, Capacity.OWN_ACCOUNT, None),
        commodity=get_commodity(pool.commodity_code),
        site=pool.site,
        parts=parts,
        schemes=pool.certificates,
        now=now,
    )
    pool.lot_id, pool.status, pool.closed_at = pooled.id, PoolStatus.CLOSED, now
    db.session.flush()
    tell("pool.closed", pool, _everybody(pool, inside), now=now, quantity=pool.pooled)
    return pool


def return_pool(*, pool: Pool, now: datetime) -> Pool:
    """Give back what is pooled and not on offer or sold: all of an open pool, the rest of a lot.

    Of a closed pool each member gets the same part back, to the thousandth of a unit.

    Args:
        pool: locked.

    Raises:
        NothingToReturn: nothing is left of it. PoolNotOpen: it was given back before.
    """
    if pool.status == PoolStatus.RETURNED:
        raise PoolNotOpen
    inside = confirmed(pool.id)
    back = pool.pooled if pool.lot_id is None else _take_off(pool.lot_id)
    if pool.lot_id is not None and not back:
        raise NothingToReturn
    if inside:
        shares = quantity_shared_out(back, [one.stayed for one in inside])
        for one, share in zip(inside, shares, strict=True):
            if share:
                put_back(lot=lot_for_update(one.lot_id), quantity=share)
                one.returned += share
    if not any(one.stayed for one in inside):
        pool.status, pool.ended_at = PoolStatus.RETURNED, now
    db.session.flush()
    tell("pool.returned", pool, _everybody(pool, inside), now=now, quantity=back)
    return pool


def end_pools(*, now: datetime, most: int = 50) -> int:
    """Close the pools whose time is over if they are full, else give back; how many."""
    due = db.session.scalars(
        pools(Pool.status == PoolStatus.OPEN)
        .where(Pool.until <= now)
        .order_by(Pool.id)
        .limit(most)
        .with_for_update(of=Pool, skip_locked=True)
    ).all()
    for pool in due:
        if pool.missing or not _sound(pool, now=now):
            return_pool(pool=pool, now=now)
        else:
            close_pool(pool=pool, now=now)
    return len(due)


def follow_lot(*, message: OutboxMessage, now: datetime) -> None:
    """A pooled lot has been delivered to the end: its pool has shipped; once."""
    if message.topic != "lot.exhausted":
        return
    if not outbox.first_time(CONSUMER, message.id, now=now):
        return
    pool = db.session.scalar(
        select(Pool)
        .where(Pool.lot_id == UUID(message.payload["lot_id"]), Pool.status == PoolStatus.CLOSED)
        .with_for_update()
    )
    if pool is not None:
        pool.status, pool.ended_at = PoolStatus.SHIPPED, now
        db.session.flush()
        tell("pool.shipped", pool, [pool.organisation_id], now=now)


def _take_off(lot_id: UUID) -> Decimal:
    """What is left of a pooled lot, taken off it; a lot of which nothing stays is exhausted."""
    lot = lot_for_update(lot_id)
    left = lot.left
    if lot.status != LotStatus.HARVESTED:
        return Decimal(0)
    if lot.reserved:
        lot.quantity = lot.reserved
    else:
        lot.status = LotStatus.EXHAUSTED
    db.session.flush()
    return left


def _sound(pool: Pool, *, now: datetime) -> bool:
    """Whether everything in a pool is still ready to go."""
    lots = [lot_for_update(one.lot_id) for one in confirmed(pool.id)]
    return all(is_ready(pool, lot, now=now) for lot in lots)


def _everybody(pool: Pool, inside: Sequence[Contribution]) -> list[UUID]:
    return [pool.organisation_id, *(one.organisation_id for one in inside)]
