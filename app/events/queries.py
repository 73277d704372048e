"""Reading the outbox as a feed that misses nothing."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, Text, cast, func, select

from app.core.fields import instant_text
from app.core.outbox import OutboxMessage
from app.core.paging import By
from app.notifications.topics import TOPICS

PUBLISHED = tuple(sorted(name for name, topic in TOPICS.items() if topic.published))
# Rows commit out of order, so neither an id nor an instant orders what a reader may have seen.
# Every transaction below the oldest one still running has ended: whatever it wrote is there now,
# and nothing will ever be added before it.
ORDER = (By(OutboxMessage.transaction_number), By(OutboxMessage.id))


def events(organisation_id: UUID, *, topics: Collection[str] = PUBLISHED) -> Select[OutboxMessage]:
    """Published messages that concern an organisation and that nothing can come before any more.

    To be read in :data:`ORDER`. What has just been committed appears as soon as every transaction
    that began writing earlier has ended.
    """
    ended = func.pg_snapshot_xmin(func.pg_current_snapshot())
    return select(OutboxMessage).where(
        OutboxMessage.concerns.contains([organisation_id]),
        OutboxMessage.topic.in_(topics),
        OutboxMessage.transaction_number < cast(cast(ended, Text), BigInteger),
    )


def event(message: OutboxMessage) -> dict[str, Any]:
    """A message as the outside world sees it, in the feed and in webhooks."""
    return {
        "id": str(message.id),
        "type": message.topic,
        "timestamp": instant_text(message.occurred_at),
        "data": message.payload,
    }
