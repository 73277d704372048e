"""Orders on the wire."""

import marshmallow as ma
from marshmallow import validate

from app.core.fields import Choice, Id, Instant, Integer, Quantity, Schema, UnitPrice
from app.core.paging import PageQuery
from app.orders.models import Carrier, OrderStatus

MOST_LINES = 50


class LineIn(Schema):
    offer_id = Id(required=True)
    quantity = Quantity(required=True)
    offer_version = Integer(lowest=1, highest=2**31 - 1, load_default=None, allow_none=True)


class OrderIn(Schema):
    lines = ma.fields.List(
        ma.fields.Nested(LineIn), required=True, validate=validate.Length(min=1, max=MOST_LINES)
    )
    site_id = Id(required=True)
    carrier = Choice(Carrier, load_default=str(Carrier.BUYER))
    on_behalf_of = Id(load_default=None, allow_none=True)


class LineOut(Schema):
    id = Id()
    offer_id = Id()
    lot_id = Id()
    commodity = ma.fields.String(attribute="commodity_code")
    grade = ma.fields.String(allow_none=True)
    quantity = Quantity()
    unit_price = UnitPrice()
    amount = ma.fields.Integer()
    haulage_amount = ma.fields.Integer()
    short = Quantity(metadata={"description": "what of it will not come"})
    quality_schedule = ma.fields.Dict(allow_none=True)


class OrderOut(Schema):
    id = Id()
    status = ma.fields.String()
    origin = ma.fields.String()
    buyer_id = Id(attribute="organisation_id")
    buyer_name = ma.fields.String(attribute="buyer.name")
    buyer_capacity = ma.fields.String(attribute="capacity")
    seller_id = Id()
    seller_name = ma.fields.String(attribute="seller.name")
    seller_capacity = ma.fields.String()
    site_id = Id()
    demand_id = Id(allow_none=True)
    lines = ma.fields.List(ma.fields.Nested(LineOut))
    carrier = ma.fields.String()
    carrier_id = Id(allow_none=True)
    payment_days = ma.fields.Integer()
    goods_amount = ma.fields.Integer()
    haulage_amount = ma.fields.Integer()
    total_amount = ma.fields.Integer()
    confirm_by = Instant(allow_none=True)
    placed_at = Instant()
    confirmed_at = Instant(allow_none=True)
    ended_at = Instant(allow_none=True)


class OrderQuery(PageQuery):
    status = Choice(OrderStatus)
