"""The outbox: what happened, written in the transaction in which it happened.

A relay claims undelivered messages with a lease, lets each consumer act on them once, and marks
them. Attempts are counted here, in PostgreSQL, and a message that keeps failing is set aside as
dead, where it can be read and sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core import queue
from app.core.after_commit import after_commit
from app.core.db import Base, Identified, db
from app.core.errors import Problem
from app.core.ids import uuid7

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 8
LONGEST_WAIT = timedelta(hours=1)


class MessageNotDead(Problem):
    status, code = 409, "message_not_dead"
    vi = "Tin này chưa bị gác lại."
    en = "This message has not been set aside."


class OutboxMessage(Identified, Base):
    """One event: its topic (``order.placed``), whom it concerns, and plain facts.

    ``transaction_number`` is PostgreSQL's own number of the transaction that wrote it.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts"),
        Index(
            "ix_outbox_message_due",
            "due_at",
            postgresql_where=text("delivered_at IS NULL AND dead_at IS NULL"),
        ),
        Index("ix_outbox_message_written", "transaction_number", "id"),
        Index("ix_outbox_message_concerns", "concerns", postgresql_using="gin"),
    )

    transaction_number: Mapped[int] = mapped_column(
        BigInteger(), server_default=text("(pg_current_xact_id()::text)::bigint")
    )
    topic: Mapped[str]
    concerns: Mapped[list[UUID]]
    payload: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime]
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    delivered_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


class ConsumedMessage(Base):
    """A consumer's note that it has acted on a message, made in the transaction of its effect."""

    __tablename__ = "consumed_message"

    consumer: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    consumed_at: Mapped[datetime]


@dataclass(frozen=True)
class Message:
    """What one message says: ids of the organisations that may learn of it, and plain facts.

    Facts are JSON; never a code, a password or a token.
    """

    concerns: Sequence[UUID]
    payload: dict[str, Any]


def add(topic: str, *, concerns: Sequence[UUID], payload: dict[str, Any], now: datetime) -> None:
    """Leave a message in the present transaction.

    Args:
        topic: noun and past participle, e.g. ``offer.listed``.
        concerns, payload: see :class:`Message`.
    """
    db.session.add(OutboxMessage(**_row(topic, Message(concerns, payload), now)))
    after_commit(nudge_relay)


def add_all(topic: str, messages: Sequence[Message], *, now: datetime) -> None:
    """Leave many messages of one topic in the present transaction, all at once."""
    if messages:
        rows = [{"id": uuid7(), **_row(topic, one, now)} for one in messages]
        db.session.execute(insert(OutboxMessage), rows)
        after_commit(nudge_relay)


def _row(topic: str, message: Message, now: datetime) -> dict[str, Any]:
    return {
        "topic": topic,
        "concerns": sorted(set(message.concerns)),
        "payload": message.payload,
        "occurred_at": now,
        "due_at": now,
        "attempts": 0,
    }


def nudge_relay() -> None:
    """Tell the relay to look now; if nobody hears it, the sweep looks within seconds."""
    queue.nudge("workers.notifications.relay_outbox")


def claim(*, now: datetime, most: int) -> Sequence[OutboxMessage]:
    """Lease up to ``most`` undelivered messages, oldest first, to the caller."""
    due = (
        select(OutboxMessage.id)
        .where(
            OutboxMessage.delivered_at.is_(None),
            OutboxMessage.dead_at.is_(None),
            OutboxMessage.due_at <= now,
            or_(OutboxMessage.lease_until.is_(None), OutboxMessage.lease_until < now),
        )
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return db.session.scalars(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(due.scalar_subquery()))
        .values(lease_until=now + LEASE)
        .returning(OutboxMessage)
    ).all()


def first_time(consumer: str, message_id: UUID, *, now: datetime) -> bool:
    """Whether this consumer has not acted on the message yet; notes that it does so now."""
    return message_id in first_times(consumer, [message_id], now=now)


def first_times(consumer: str, message_ids: Sequence[UUID], *, now: datetime) -> set[UUID]:
    """Those messages this consumer has not acted on yet; notes that it does so now."""
    rows = [
        {"consumer": consumer, "message_id": one, "consumed_at": now} for one in sorted(message_ids)
    ]
    noted = insert(ConsumedMessage).values(rows).on_conflict_do_nothing()
    return set(db.session.scalars(noted.returning(ConsumedMessage.message_id))) if rows else set()


def mark_delivered(message_ids: Sequence[UUID], *, now: datetime) -> None:
    """The messages have reached every consumer."""
    db.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(message_ids))
        .values(delivered_at=now, lease_until=None, attempts=OutboxMessage.attempts + 1)
        .execution_options(synchronize_session=False)
    )


def send_again(*, message: OutboxMessage, now: datetime) -> OutboxMessage:
    """Relay a message that was set aside once more, from the beginning.

    Args:
        message: locked.

    Raises:
        MessageNotDead: it is under way or delivered.
    """
    if message.dead_at is None:
        raise MessageNotDead
    message.dead_at, message.attempts, message.due_at = None, 0, now
    db.session.flush()
    after_commit(nudge_relay)
    return message


def mark_failed(message_id: UUID, *, reason: str, now: datetime) -> None:
    """Try again later, at growing intervals; after :data:`MOST_ATTEMPTS` set it aside as dead."""
    message = db.session.get_one(OutboxMessage, message_id, with_for_update=True)
    message.attempts += 1
    message.last_error = reason[:500]
    message.lease_until = None
    message.due_at = now + wait_after(message.attempts)
    if message.attempts >= MOST_ATTEMPTS:
        message.dead_at = now


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failures: 4 s, doubling, at most an hour."""
    return min(timedelta(seconds=2 * 2**attempts), LONGEST_WAIT)


def undelivered() -> int:
    """How many messages are still under way."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(OutboxMessage)
            .where(OutboxMessage.delivered_at.is_(None), OutboxMessage.dead_at.is_(None))
        )
        or 0
    )
