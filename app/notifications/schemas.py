"""Notifications on the wire."""

import marshmallow as ma

from app.core.fields import Id, Instant, Schema
from app.core.paging import PageQuery


class NotificationOut(Schema):
    id = Id()
    organisation_id = Id()
    topic = ma.fields.String()
    title = ma.fields.String()
    body = ma.fields.String()
    email = ma.fields.String(
        allow_none=True, metadata={"description": "queued, sent or dead; null if none was meant"}
    )
    created_at = Instant()
    read_at = Instant(allow_none=True)


class NotificationQuery(PageQuery):
    unread = ma.fields.Boolean(load_default=False)
