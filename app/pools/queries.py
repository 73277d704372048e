"""Reading pools and contributions."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import joinedload

from app.accounts.models import Membership
from app.accounts.queries import current_members
from app.core.db import db
from app.core.errors import NotFound, missing
from app.lots.models import Lot
from app.lots.queries import get_lot
from app.pools.models import Contribution, ContributionStatus, Pool, PoolStatus


def pools(condition: ColumnElement[bool]) -> Select[Pool]:
    """Pools with their cooperatives."""
    return select(Pool).where(condition).options(joinedload(Pool.cooperative))


def seen_by(organisation_id: UUID, *, everything: bool) -> ColumnElement[bool]:
    """A cooperative's own pools, and for its members those of their cooperatives."""
    if everything:
        return true()
    theirs = select(Membership.cooperative_id).where(
        Membership.organisation_id == organisation_id, Membership.ended_on.is_(None)
    )
    return or_(Pool.organisation_id == organisation_id, Pool.organisation_id.in_(theirs))


def get_pool(pool_id: UUID, *, seen: ColumnElement[bool], lock: bool = False) -> Pool:
    """A pool among those the caller may see, locked for a change if asked.

    Raises:
        NotFound: there is none, or it is another cooperative's.
    """
    statement = pools(and_(Pool.id == pool_id, seen))
    if lock:
        statement = statement.with_for_update(of=Pool).execution_options(populate_existing=True)
    pool = db.session.scalar(statement)
    if pool is None:
        raise NotFound
    return pool


def contributions(condition: ColumnElement[bool]) -> Select[Contribution]:
    """Contributions with their members."""
    return (
        select(Contribution)
        .join(Pool, Pool.id == Contribution.pool_id)
        .where(condition)
        .options(joinedload(Contribution.member))
    )


def contributions_seen_by(organisation_id: UUID, *, everything: bool) -> ColumnElement[bool]:
    """One's own contributions, and to a cooperative those to its pools."""
    if everything:
        return true()
    return or_(
        Contribution.organisation_id == organisation_id, Pool.organisation_id == organisation_id
    )


def get_contribution(contribution_id: UUID, *, seen: ColumnElement[bool]) -> Contribution:
    """A contribution among those the caller may see.

    Raises:
        NotFound: there is none, or it is between others.
    """
    found = db.session.scalar(contributions(and_(Contribution.id == contribution_id, seen)))
    if found is None:
        raise NotFound
    return found


def confirmed(pool_id: UUID) -> Sequence[Contribution]:
    """What is in a pool, in the order of its lots."""
    return db.session.scalars(
        select(Contribution)
        .where(Contribution.pool_id == pool_id, Contribution.status == ContributionStatus.CONFIRMED)
        .order_by(Contribution.lot_id)
        .execution_options(populate_existing=True)
    ).all()


def lot_to_pool(lot_id: UUID, *, by_id: UUID) -> Lot:
    """A lot that an organisation may bring into a pool, its own or a member's, locked.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    theirs = or_(Lot.organisation_id == by_id, Lot.organisation_id.in_(current_members(by_id)))
    try:
        return get_lot(lot_id, seen=theirs, lock=True)
    except NotFound:
        raise missing("/lot_id") from None


def pool_of_lot(lot_id: UUID) -> Pool | None:
    """The pool that a lot was composed by, or None."""
    return db.session.scalar(select(Pool).where(Pool.lot_id == lot_id))


def lots_given_back(among: Collection[UUID]) -> Sequence[UUID]:
    """Those of some lots that were pooled and went back to their members whole."""
    returned = select(Pool.lot_id).where(Pool.lot_id.in_(among), Pool.status == PoolStatus.RETURNED)
    return [lot_id for lot_id in db.session.scalars(returned) if lot_id]
