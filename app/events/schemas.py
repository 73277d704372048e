"""Events on the wire."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from app.core.fields import Choice, Id, Schema, String
from app.core.paging import PageQuery
from app.events.queries import PUBLISHED


class Topics(String):
    """Names of published topics, parted by commas."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        return [Choice(PUBLISHED).deserialize(one.strip()) for one in text.split(",")]


class EventQuery(PageQuery):
    topics = Topics(longest=2000, metadata={"description": "only these topics, parted by commas"})


class EventOut(Schema):
    id = Id()
    type = ma.fields.String(validate=validate.OneOf(PUBLISHED))
    timestamp = ma.fields.String(metadata={"format": "date-time"})
    data = ma.fields.Dict(metadata={"description": "as GET /topics/{code} says of the type"})
    cursor = ma.fields.String(metadata={"description": "?cursor= goes on behind this event"})


class TopicOut(Schema):
    code = ma.fields.String()
    schema = ma.fields.Dict(metadata={"description": "JSON Schema of an event's data"})
    example = ma.fields.Dict()
