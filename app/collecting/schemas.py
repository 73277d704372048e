"""Assisted entry on the wire."""

import marshmallow as ma

from app.collecting.models import Method
from app.core.fields import Choice, Id, Instant, Schema, String
from app.lots.schemas import LotIn


class LotEntry(LotIn):
    """A lot as for `POST /lots`; whose it is stands beside it."""

    class Meta(LotIn.Meta):
        exclude = ("on_behalf_of",)


class AssistedEntryIn(LotEntry):
    on_behalf_of = Id(required=True, metadata={"description": "the member"})
    method = Choice(Method, required=True)
    paper_reference = String(load_default=None, allow_none=True, longest=100)

    class Meta(LotIn.Meta):
        exclude = ()


class EntryCodeIn(Schema):
    code = String(
        required=True, longest=8, validate=ma.validate.Regexp("[0-9]{8}", error="Not a code.")
    )


class AssistedEntryOut(Schema):
    id = Id()
    organisation_id = Id()
    on_behalf_of = Id()
    cooperative_id = Id(attribute="agent_id")
    entered_by_id = Id()
    lot = ma.fields.Dict(attribute="content")
    method = ma.fields.String()
    paper_reference = ma.fields.String(allow_none=True)
    phone = ma.fields.Function(lambda entry: entry.phone and f"…{entry.phone[-3:]}")
    tries_left = ma.fields.Integer()
    status = ma.fields.String()
    entered_at = Instant()
    code_until = Instant(allow_none=True)
    confirmed_at = Instant(allow_none=True)
    lot_id = Id(allow_none=True)
