"""Messages on their way: claimed by a worker of their channel, marked, given up, sent again."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core import outbox
from app.core.after_commit import after_commit
from app.core.db import db
from app.core.errors import Problem
from app.notifications.channels import ChannelDown, Receipt, RefusedForGood
from app.notifications.models import Channel, ChannelPause, Dispatch, DispatchStatus
from app.notifications.operations import nudges

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 8
PATIENCE = timedelta(days=1)
"""How long a channel that does not answer is waited for before its messages are dead."""
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
NOT_ARRIVED = (
    DispatchStatus.DEAD,
    DispatchStatus.FAILED,
    DispatchStatus.NO_GATEWAY,
    DispatchStatus.CAPPED,
)


class DispatchNotDead(Problem):
    status, code = 409, "dispatch_not_dead"
    vi = "Tin này không phải tin chưa gửi được."
    en = "This message has not failed."


class CodeOutOfDate(Problem):
    status, code = 409, "code_out_of_date"
    vi = "Mã trong tin này không còn hiệu lực."
    en = "The code in this message is no longer of use."


def claim_dispatches(*, channel: Channel, now: datetime, most: int) -> Sequence[Dispatch]:
    """Lease what is due by a channel to the caller, oldest first.

    Nothing while the channel is paused; one message, to one caller, when the pause is over.
    """
    if (most := _allowed(channel, most, now=now)) == 0:
        return []
    due = (
        select(Dispatch.id)
        .where(
            Dispatch.status == DispatchStatus.QUEUED,
            Dispatch.channel == channel,
            Dispatch.due_at <= now,
            or_(Dispatch.lease_until.is_(None), Dispatch.lease_until < now),
        )
        .order_by(Dispatch.due_at, Dispatch.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return db.session.scalars(
        update(Dispatch)
        .where(Dispatch.id.in_(due.scalar_subquery()))
        .values(lease_until=now + LEASE)
        .returning(Dispatch)
    ).all()


def mark_sent(*, receipts: Mapping[UUID, Receipt], now: datetime) -> None:
    """The channel has taken these messages, and so it answers."""
    if not receipts:
        return
    names = {one: receipt.provider_id for one, receipt in receipts.items() if receipt.provider_id}
    for dispatch_id, name in names.items():
        db.session.execute(
            update(Dispatch).where(Dispatch.id == dispatch_id).values(provider_id=name)
        )
    db.session.execute(
        update(Dispatch)
        .where(Dispatch.id.in_(receipts), Dispatch.status == DispatchStatus.QUEUED)
        .values(
            status=DispatchStatus.SENT,
            sent_at=now,
            lease_until=None,
            attempts=Dispatch.attempts + 1,
        )
        .execution_options(synchronize_session=False)
    )


def mark_not_sent(*, dispatch_id: UUID, fault: Exception, now: datetime) -> None:
    """Try again later; set aside as dead what failed too often or can never arrive."""
    dispatch = db.session.get_one(Dispatch, dispatch_id, with_for_update=True)
    if dispatch.status != DispatchStatus.QUEUED:
        return
    dispatch.attempts += 1
    dispatch.last_error = repr(fault)[:500]
    dispatch.lease_until = None
    dispatch.due_at = now + outbox.wait_after(dispatch.attempts)
    tired = dispatch.attempts >= MOST_ATTEMPTS
    if isinstance(fault, ChannelDown):
        tired = tired and now - dispatch.created_at > PATIENCE
    if tired or isinstance(fault, RefusedForGood):
        dispatch.status = DispatchStatus.DEAD


def put_back(*, dispatch_ids: Sequence[UUID]) -> None:
    """These were claimed and not tried."""
    if not dispatch_ids:
        return
    db.session.execute(
        update(Dispatch)
        .where(Dispatch.id.in_(dispatch_ids))
        .values(lease_until=None)
        .execution_options(synchronize_session=False)
    )


def give_up_unsendable(*, channel: Channel, now: datetime) -> int:
    """Say of everything due by a channel that nobody here sends by it; how much there was."""
    return _end(
        DispatchStatus.NO_GATEWAY,
        Dispatch.channel == channel,
        Dispatch.due_at <= now,
        reason="no gateway is set",
    )


def give_up_expired(*, channel: Channel, now: datetime) -> int:
    """A code that is no longer of use is not sent any more; how many there were."""
    return _end(
        DispatchStatus.DEAD,
        Dispatch.channel == channel,
        Dispatch.expires_at <= now,
        reason="too late",
    )


def record_receipt(
    *, dispatch: Dispatch, delivered: bool, reason: str | None, now: datetime
) -> Dispatch:
    """The channel tells what became of a message; told twice, or of another one, it is nothing.

    Args:
        dispatch: locked.
    """
    on_its_way = (DispatchStatus.QUEUED, DispatchStatus.SENT, DispatchStatus.FAILED)
    if dispatch.status in on_its_way and delivered:
        dispatch.status, dispatch.delivered_at = DispatchStatus.DELIVERED, now
        dispatch.sent_at, dispatch.lease_until = dispatch.sent_at or now, None
    elif dispatch.status == DispatchStatus.SENT:
        dispatch.status, dispatch.last_error = DispatchStatus.FAILED, (reason or "")[:500]
    db.session.flush()
    return dispatch


def send_again(*, dispatch: Dispatch, now: datetime) -> Dispatch:
    """Try a message that did not arrive from the beginning.

    Args:
        dispatch: locked.

    Raises:
        DispatchNotDead: it is on its way or has arrived. CodeOutOfDate: its code is of no use.
    """
    if dispatch.status not in NOT_ARRIVED:
        raise DispatchNotDead
    if dispatch.expires_at is not None and dispatch.expires_at <= now:
        raise CodeOutOfDate
    dispatch.status, dispatch.attempts = DispatchStatus.QUEUED, 0
    dispatch.due_at, dispatch.lease_until, dispatch.sent_at = now, None, None
    db.session.flush()
    after_commit(nudges[Channel(dispatch.channel)])
    return dispatch


def pause(*, channel: Channel, now: datetime) -> None:
    """Leave a channel alone that did not answer: 5 s, doubling, at most five minutes."""
    failures = 1 + (
        db.session.scalar(select(ChannelPause.failures).where(ChannelPause.channel == channel)) or 0
    )
    until = now + min(SHORTEST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
    values = {"failures": failures, "paused_until": until}
    db.session.execute(
        insert(ChannelPause)
        .values(channel=channel, **values)
        .on_conflict_do_update(index_elements=["channel"], set_=values)
    )


def resume(*, channel: Channel) -> None:
    """The channel answers again."""
    row = db.session.get(ChannelPause, channel)
    if row is not None:
        db.session.delete(row)


def _allowed(channel: Channel, most: int, *, now: datetime) -> int:
    """How many messages may be tried; whoever tries a paused channel first holds it for others."""
    row = db.session.scalar(select(ChannelPause).where(ChannelPause.channel == channel))
    if row is None:
        return most
    taken = db.session.scalar(
        update(ChannelPause)
        .where(ChannelPause.channel == channel, ChannelPause.paused_until <= now)
        .values(paused_until=now + SHORTEST_PAUSE * 4)
        .returning(ChannelPause.channel)
    )
    return 1 if taken else 0


def _end(status: DispatchStatus, *which: object, reason: str) -> int:
    ended = db.session.scalars(
        update(Dispatch)
        .where(Dispatch.status == DispatchStatus.QUEUED, *which)  # type: ignore[arg-type]
        .values(status=status, last_error=reason, lease_until=None)
        .returning(Dispatch.id)
    ).all()
    return len(ended)
