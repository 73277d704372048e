"""Shortages on the wire."""

import marshmallow as ma

from app.core.fields import Choice, Id, Instant, Quantity, Schema, String
from app.deliveries.schemas import Reason
from app.lots.schemas import UNIT
from app.market.models import ShortageRule


class ShortageIn(Schema):
    available = Quantity(required=True, above=None)
    unit = String(load_default=None, allow_none=True, longest=20, metadata=UNIT)
    reason = Reason(required=True)
    rule = Choice(ShortageRule, load_default=None, allow_none=True)


class ShareOut(Schema):
    order_line_id = Id()
    promised = Quantity()
    allotted = Quantity()
    explanation = ma.fields.Dict()


class ShortageOut(Schema):
    """A shortage: to its seller with every share, to a buyer with its own."""

    id = Id()
    seller_id = Id(attribute="organisation_id")
    lot_id = Id()
    commodity = ma.fields.String(attribute="lot.commodity_code")
    rule = ma.fields.String()
    reason = ma.fields.String()
    available = Quantity()
    shares = ma.fields.List(ma.fields.Nested(ShareOut))
    declared_at = Instant()
