"""Orders on the wire."""

from decimal import Decimal
from typing import Any

import marshmallow as ma
from marshmallow import validate

from app.core.fields import (
    Choice,
    DecimalString,
    Id,
    Instant,
    Integer,
    Quantity,
    Schema,
    String,
    UnitPrice,
)
from app.core.paging import PageQuery
from app.orders.models import Carrier, OrderStatus
from app.orders.quality_rules import GRADE, RuleKind

MOST_LINES = 50
MOST_RULES, MOST_STEPS = 30, 50
WHOLE, HIGHEST_MEASURE = Decimal(100), Decimal(10) ** 9


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


class CarriageIn(Schema):
    carrier = Choice(Carrier, required=True)
    carrier_organisation_id = Id(load_default=None, allow_none=True)


class Measured(DecimalString):
    """A measured value, as the quality allows it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(places=3, lowest=-HIGHEST_MEASURE, highest=HIGHEST_MEASURE, **options)


class Percent(DecimalString):
    """Per cent of the base price; below zero a deduction."""

    def __init__(self, *, lowest: Decimal = -WHOLE, **options: Any) -> None:
        super().__init__(places=3, lowest=lowest, highest=WHOLE, **options)


StepIn = Schema.from_dict(
    {"from": Measured(required=True), "percent": Percent(required=True)}, name="StepIn"
)


class RowIn(Schema):
    value = Measured(load_default=None, allow_none=True)
    grade = String(load_default=None, allow_none=True, longest=80)
    percent = Percent(required=True)


class RuleIn(Schema):
    """A rule of one kind; what each kind says stands in the documentation of schedules."""

    kind = Choice(RuleKind, required=True)
    attribute = String(load_default=None, allow_none=True, longest=80)
    reference = Measured(load_default=None, allow_none=True)
    above = Measured(load_default=None, allow_none=True)
    below = Measured(load_default=None, allow_none=True)
    cap = Percent(lowest=Decimal(0), load_default=None, allow_none=True)
    allowance = Percent(lowest=Decimal(0), load_default=None, allow_none=True)
    by = Choice((GRADE,), load_default=None, allow_none=True)
    steps = ma.fields.List(
        ma.fields.Nested(StepIn),
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1, max=MOST_STEPS),
    )
    rows = ma.fields.List(
        ma.fields.Nested(RowIn),
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1, max=MOST_STEPS),
    )


class ScheduleIn(Schema):
    commodity = String(required=True, longest=80)
    seller_id = Id(load_default=None, allow_none=True)
    rules = ma.fields.List(
        ma.fields.Nested(RuleIn), required=True, validate=validate.Length(max=MOST_RULES)
    )


class ScheduleOut(Schema):
    id = Id()
    commodity = ma.fields.String(attribute="commodity_code")
    buyer_id = Id(allow_none=True, metadata={"description": "null for the platform's own"})
    seller_id = Id(allow_none=True)
    version = ma.fields.Integer()
    rules = ma.fields.List(ma.fields.Dict())
    created_at = Instant()


class ScheduleQuery(PageQuery):
    commodity = String(longest=80)


class OrderQuery(PageQuery):
    status = Choice(OrderStatus)
