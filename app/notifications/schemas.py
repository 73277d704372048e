"""Notifications on the wire."""

from typing import Any

import marshmallow as ma
from marshmallow import validate
from marshmallow.exceptions import ValidationError

from app.core.fields import (
    Choice,
    Coordinate,
    Id,
    Instant,
    Integer,
    Schema,
    String,
    Text,
    UnitPrice,
)
from app.core.paging import PageQuery
from app.notifications.models import Channel, DispatchStatus, Wanted
from app.notifications.planning import CHANNELS

CLOCK = validate.Regexp(
    r"([01][0-9]|2[0-3]):[0-5][0-9]\Z", error="Must be a time of day, for example 21:30."
)
CONTRADICTION = "Contradicts an earlier wish for this topic and channel."
STANDING = {"description": "where this message stands; null if none was meant"}


class NotificationOut(Schema):
    id = Id()
    organisation_id = Id()
    topic = ma.fields.String()
    title = ma.fields.String()
    body = ma.fields.String()
    email = ma.fields.String(allow_none=True, metadata=STANDING)
    sms = ma.fields.String(allow_none=True, metadata=STANDING)
    zalo = ma.fields.String(allow_none=True, metadata=STANDING)
    created_at = Instant()
    read_at = Instant(allow_none=True)


class NotificationQuery(PageQuery):
    unread = ma.fields.Boolean(load_default=False)


class PreferenceIn(Schema):
    topic = String(required=True, longest=60, metadata={"description": "* is every other one"})
    channel = Choice(CHANNELS, required=True)
    wanted = Choice(Wanted, required=True)


class PreferenceOut(Schema):
    topic = ma.fields.String()
    channel = ma.fields.String()
    wanted = ma.fields.String()


class EffectiveOut(Schema):
    topic = ma.fields.String()
    in_app = ma.fields.String()
    email = ma.fields.String()
    sms = ma.fields.String()
    zalo = ma.fields.String()


class PreferencesIn(Schema):
    """``quiet_from`` and ``quiet_until`` go together; both null means the usual hours."""

    preferences = ma.fields.List(
        ma.fields.Nested(PreferenceIn), load_default=list, validate=validate.Length(max=500)
    )
    quiet_from = String(longest=5, allow_none=True, validate=CLOCK)
    quiet_until = String(longest=5, allow_none=True, validate=CLOCK)

    @ma.validates_schema
    def said_once(self, data: dict[str, Any], **kwargs: Any) -> None:
        """One wish for each topic and channel; which of two would count, nobody could say."""
        wished: dict[tuple[str, str], str] = {}
        for number, one in enumerate(data["preferences"]):
            wanted = wished.setdefault((one["topic"], one["channel"]), one["wanted"])
            if wanted != one["wanted"]:
                raise ValidationError({"preferences": {number: {"wanted": [CONTRADICTION]}}})

    @ma.validates_schema
    def both_ends(self, data: dict[str, Any], **kwargs: Any) -> None:
        ends = [data.get(name, ma.missing) for name in ("quiet_from", "quiet_until")]
        for name, end, other in zip(
            ("quiet_from", "quiet_until"), ends, reversed(ends), strict=True
        ):
            if end in (None, ma.missing) and other not in (None, ma.missing):
                raise ValidationError("Missing data for required field.", name)
            if end is ma.missing and other is None:
                raise ValidationError("Missing data for required field.", name)


class PreferencesOut(Schema):
    quiet_from = ma.fields.String(allow_none=True)
    quiet_until = ma.fields.String(allow_none=True)
    preferences = ma.fields.List(ma.fields.Nested(PreferenceOut))
    effective = ma.fields.List(ma.fields.Nested(EffectiveOut))


class DispatchOut(Schema):
    id = Id()
    organisation_id = Id()
    topic = ma.fields.String()
    channel = ma.fields.String()
    address = ma.fields.Function(lambda one: masked(one.address))
    status = ma.fields.String()
    attempts = ma.fields.Integer()
    created_at = Instant()
    due_at = Instant()
    sent_at = Instant(allow_none=True)
    delivered_at = Instant(allow_none=True)
    last_error = ma.fields.String(allow_none=True)


class DispatchQuery(PageQuery):
    status = Choice(DispatchStatus)
    channel = Choice(Channel)
    topic = String(longest=60)


class ReceiptIn(Schema):
    signature = String(required=True, longest=100)
    status = Choice(("delivered", "undelivered"), required=True)
    reason = Text(load_default=None, allow_none=True, longest=500)


class DeadMessageOut(Schema):
    id = Id()
    topic = ma.fields.String()
    payload = ma.fields.Dict()
    attempts = ma.fields.Integer()
    occurred_at = Instant()
    dead_at = Instant(allow_none=True)
    last_error = ma.fields.String(allow_none=True)


class PreviewOut(Schema):
    side = ma.fields.String()
    locale = ma.fields.String()
    title = ma.fields.String()
    body = ma.fields.String()
    html = ma.fields.String()
    sms = ma.fields.String()


class PreviewedTopicOut(Schema):
    topic = ma.fields.String()
    published = ma.fields.Boolean()
    urgent = ma.fields.Boolean()
    schema = ma.fields.Dict(metadata={"description": "the payload, as JSON Schema"})
    example = ma.fields.Dict()
    previews = ma.fields.List(ma.fields.Nested(PreviewOut))


class TopicsOut(Schema):
    items = ma.fields.List(ma.fields.Nested(PreviewedTopicOut))


class SavedSearchIn(Schema):
    """With ``price_min`` it waits for a round that pays so much, and nothing else can be said."""

    name = String(required=True, longest=100)
    commodity = String(required=True, longest=80)
    grade = String(load_default=None, allow_none=True, longest=80)
    certificate = String(load_default=None, allow_none=True, longest=80)
    price_max = UnitPrice(load_default=None, allow_none=True)
    price_min = UnitPrice(load_default=None, allow_none=True)
    latitude = Coordinate(90, load_default=None, allow_none=True)
    longitude = Coordinate(180, load_default=None, allow_none=True)
    within_km = Integer(lowest=1, highest=1000, load_default=None, allow_none=True)

    @ma.validates_schema
    def whole(self, data: dict[str, Any], **kwargs: Any) -> None:
        place = ("latitude", "longitude", "within_km")
        given = [name for name in place if data.get(name) is not None]
        for name in place:
            if given and name not in given:
                raise ValidationError("Missing data for required field.", name)
        others = [*given, *(n for n in ("grade", "certificate", "price_max") if data.get(n))]
        if data.get("price_min") is not None and others:
            raise ValidationError("Only commodity goes with price_min.", others[0])
        if data.get("price_min") == 0:
            raise ValidationError("Must be greater than 0.", "price_min")


class SavedSearchOut(Schema):
    id = Id()
    organisation_id = Id()
    name = ma.fields.String()
    commodity = ma.fields.String(attribute="commodity_code")
    grade = ma.fields.String(allow_none=True)
    certificate = ma.fields.String(allow_none=True)
    price_max = UnitPrice(allow_none=True, attribute="price_most")
    price_min = UnitPrice(allow_none=True)
    latitude = ma.fields.Float(allow_none=True)
    longitude = ma.fields.Float(allow_none=True)
    within_km = ma.fields.Integer(allow_none=True)
    created_at = Instant()


def masked(address: str) -> str:
    """An address of which only enough is shown to know it again."""
    name, at, host = address.partition("@")
    return f"{name[:2]}…{at}{host}" if at else f"…{address[-3:]}"
