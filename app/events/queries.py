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
SIDES = ("seller_id", "seller_agent_id", "buyer_id", "buyer_agent_id")
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


def event(message: OutboxMessage, *, reader_id: UUID) -> dict[str, Any]:
    """A message as an organisation sees it, in the feed and in webhooks."""
    return {
        "id": str(message.id),
        "type": message.topic,
        "timestamp": instant_text(message.occurred_at),
        "data": seen_by(reader_id, message),
    }


def seen_by(reader_id: UUID, message: OutboxMessage) -> dict[str, Any]:
    """The facts of a message; with whom one was matched is no one's business before it is sold."""
    if not is_veiled(message.topic):
        return message.payload
    reader = str(reader_id)
    side = "seller" if reader in _names(message.payload, "seller") else "buyer"
    other = {"seller": "buyer", "buyer": "seller"}[side]
    return message.payload | {f"{other}_id": None, f"{other}_agent_id": None}


def data_schema(topic: str) -> dict[str, Any]:
    """JSON Schema of a published topic's facts as the outside world sees them."""
    schema = TOPICS[topic].schema
    if not is_veiled(topic):
        return schema
    named = {name: one for name, one in schema["properties"].items() if name in SIDES}
    nullable = {name: {**one, "type": ["string", "null"]} for name, one in named.items()}
    return {**schema, "properties": {**schema["properties"], **nullable}}


def is_veiled(topic: str) -> bool:
    """Whether a topic is about two sides that do not know each other yet."""
    return topic.startswith(("match.", "rematch."))


def _names(payload: dict[str, Any], side: str) -> tuple[Any, Any]:
    return payload.get(f"{side}_id"), payload.get(f"{side}_agent_id")
