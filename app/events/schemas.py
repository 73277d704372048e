"""Events on the wire."""

import marshmallow as ma
from marshmallow import validate

from app.core.fields import Choice, Id, Instant, Schema, String
from app.core.outbox import OutboxMessage
from app.core.paging import PageQuery, cursor_at
from app.events.queries import ORDER, PUBLISHED


class Topics(String):
    """Names of published topics, parted by commas."""

    def _deserialize(self, value, attr, data, **kwargs):  # type: ignore[no-untyped-def]
        text = super()._deserialize(value, attr, data, **kwargs)
        return [
            Choice(PUBLISHED).deserialize(one.strip(), attr, data) for one in text.split(",")
        ]


class EventQuery(PageQuery):
    topics = String(
        longest=2000,
        metadata={"description": "only these topics, parted by commas; all where it is left out"},
    )


class EventOut(Schema):
    id = Id()
    type = ma.fields.String(validate=validate.OneOf(PUBLISHED), attribute="topic")
    timestamp = Instant(attribute="occurred_at")
    data = ma.fields.Dict(attribute="payload", metadata={"description": "by the topic's schema"})
    cursor = ma.fields.Function(
        lambda message: _cursor(message),
        metadata={"type": "string", "description": "go on behind this event with ?cursor="},
    )


class TopicOut(Schema):
    name = ma.fields.String()
    schema = ma.fields.Dict(metadata={"description": "JSON Schema of an event's data"})
    example = ma.fields.Dict()


def _cursor(message: OutboxMessage) -> str:
    return cursor_at(message, ORDER)
