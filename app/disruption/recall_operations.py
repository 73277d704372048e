"""Freezing a lot and everything pooled from it, and letting it go again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from app.accounts.models import Organisation
from app.core.db import db
from app.disruption.models import AlreadyRecalled, Recall, RecalledLot, RecallOver
from app.disruption.queries import get_recall
from app.disruption.recall_telling import tell
from app.lots.mixing_operations import descendants
from app.lots.models import Lot
from app.lots.queries import lot_for_update
from app.pools.queries import lots_given_back


def recall_lot(*, lot: Lot, by: Organisation, reason: str, now: datetime) -> Recall:
    """Freeze a lot and, near and far, whatever holds something of it; not a pool given back.

    Nothing of a frozen lot is offered, ordered, cleared, pooled or sent; whoever has ordered of
    one, delivered or not, is told.

    Raises:
        AlreadyRecalled: it is under way.
    """
    current = select(Recall.id).where(Recall.lot_id == lot.id, Recall.ended_at.is_(None))
    if db.session.scalar(current) is not None:
        raise AlreadyRecalled
    recall = Recall(organisation_id=by.id, lot_id=lot.id, reason=reason, started_at=now, frozen=[])
    db.session.add(recall)
    db.session.flush()
    frozen = [lot_for_update(one) for one in sorted({lot.id, *_holding(lot.id)})]
    for one in frozen:
        one.frozen_at = one.frozen_at or now
        db.session.add(
            RecalledLot(recall_id=recall.id, lot_id=one.id, organisation_id=one.organisation_id)
        )
    db.session.flush()
    tell("recall.started", recall, frozen, now=now)
    db.session.expire(recall, ["frozen"])
    return get_recall(recall.id, seen=Recall.id == recall.id)


def release_recall(*, recall: Recall, now: datetime) -> Recall:
    """Let go of what a recall froze, unless another one still freezes it.

    Args:
        recall: locked.

    Raises:
        RecallOver: it was released before.
    """
    if recall.ended_at is not None:
        raise RecallOver
    recall.ended_at = now
    db.session.flush()
    frozen = [lot_for_update(one.lot_id) for one in recall.frozen]
    still = (
        select(RecalledLot.lot_id)
        .join(Recall, Recall.id == RecalledLot.recall_id)
        .where(RecalledLot.lot_id == Lot.id, Recall.ended_at.is_(None))
    )
    db.session.execute(
        update(Lot)
        .where(Lot.id.in_([lot.id for lot in frozen]), ~still.exists())
        .values(frozen_at=None)
    )
    tell("recall.ended", recall, frozen, now=now)
    return recall


def _holding(lot_id: UUID) -> set[UUID]:
    """The lots that hold something of a lot, without those a pool gave back whole."""
    below = descendants(lot_id)
    return set(below) - set(lots_given_back(below))
