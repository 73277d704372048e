"""Webhooks on the wire."""

from typing import Any

import marshmallow as ma
from marshmallow import validate
from marshmallow.exceptions import ValidationError

from app.core.fields import Choice, Id, Instant, Schema, String
from app.core.paging import PageQuery
from app.events.queries import PUBLISHED
from app.webhooks.guard import LONGEST_URL
from app.webhooks.models import DeliveryStatus


class Url(String):
    """The URL of a receiver; its operation judges whether it may be one."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        url = super()._deserialize(value, attr, data, **kwargs)
        if "://" not in url:
            raise ValidationError("Not a valid URL.")
        return url


class WebhookIn(Schema):
    url = Url(required=True, longest=LONGEST_URL)
    topics = ma.fields.List(
        Choice(PUBLISHED),
        required=True,
        validate=validate.Length(min=1, max=len(PUBLISHED)),
    )


class WebhookOut(Schema):
    id = Id()
    organisation_id = Id()
    url = ma.fields.String()
    topics = ma.fields.List(ma.fields.String())
    status = ma.fields.String()
    failing_since = Instant(allow_none=True)
    disabled_at = Instant(allow_none=True)
    disabled_because = ma.fields.String(allow_none=True)
    rotated_at = Instant(allow_none=True)
    created_at = Instant()


class WebhookWithSecret(WebhookOut):
    secret = ma.fields.String(metadata={"description": "shown this once; base64 behind whsec_"})


class WebhookDeliveryQuery(PageQuery):
    status = Choice(DeliveryStatus)


class WebhookDeliveryOut(Schema):
    id = Id()
    webhook_id = Id()
    event_id = Id(metadata={"description": "webhook-id of every try"})
    topic = ma.fields.String()
    body = ma.fields.String()
    status = ma.fields.String()
    attempts = ma.fields.Integer()
    due_at = Instant()
    created_at = Instant()
    sent_at = Instant(allow_none=True)
    last_status = ma.fields.Integer(allow_none=True)
    last_error = ma.fields.String(allow_none=True)
