"""Deliveries on the wire."""

from decimal import Decimal
from typing import Any

import marshmallow as ma
from marshmallow import validate

from app.core.fields import (
    Boolean,
    Choice,
    DecimalString,
    Dict,
    Id,
    Instant,
    Quantity,
    Schema,
    String,
    Text,
)
from app.core.paging import PageQuery
from app.deliveries.facts import accepted_quantity
from app.deliveries.models import Delivery, DeliveryStatus, PartResult
from app.lots.schemas import MOST_QUALITIES, UNIT

MOST_TICKETS = 200
MOST_PARTS = 100
WHOLE = Decimal(100)


class Reason(Text):
    """Why, in a sentence or two."""

    def __init__(self, **options: Any) -> None:
        super().__init__(longest=1000, **options)


class DeliveryIn(Schema):
    line_id = Id(load_default=None, allow_none=True)
    quantity = Quantity(load_default=None, allow_none=True)
    scheduled_for = Instant(load_default=None, allow_none=True)
    neutral_inspection = Boolean(load_default=False)


class DespatchIn(Schema):
    quantity = Quantity(required=True)
    unit = String(load_default=None, allow_none=True, longest=20, metadata=UNIT)
    shortfall = Quantity(load_default=None, allow_none=True)
    shortfall_reason = Reason(load_default=None, allow_none=True)
    lot_id = Id(load_default=None, allow_none=True)
    substitution_reason = Reason(load_default=None, allow_none=True)


class TicketIn(Schema):
    gross = Quantity(required=True)
    tare = Quantity(required=True, above=None)


class PartIn(Schema):
    net = Quantity(required=True)
    accepted_quantity = Quantity(above=None, load_default=None, allow_none=True)
    qualities = Dict(
        keys=String(longest=80), values=ma.fields.Raw(), load_default=dict, most=MOST_QUALITIES
    )
    grade = String(load_default=None, allow_none=True, longest=80)
    result = Choice(PartResult, required=True)
    reason = Reason(load_default=None, allow_none=True)


class WeighingIn(Schema):
    tickets = ma.fields.List(
        ma.fields.Nested(TicketIn),
        required=True,
        validate=validate.Length(min=1, max=MOST_TICKETS),
    )
    unit = String(load_default=None, allow_none=True, longest=20, metadata=UNIT)
    surface_water = DecimalString(places=3, highest=WHOLE, load_default=None, allow_none=True)
    correction_reason = Reason(load_default=None, allow_none=True)
    parts = ma.fields.List(
        ma.fields.Nested(PartIn),
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1, max=MOST_PARTS),
    )


class InspectionIn(Schema):
    parts = ma.fields.List(
        ma.fields.Nested(PartIn), required=True, validate=validate.Length(min=1, max=MOST_PARTS)
    )
    inspector = String(load_default=None, allow_none=True)
    neutral = Boolean(load_default=None, allow_none=True)
    correction_reason = Reason(load_default=None, allow_none=True)


class RecordedOut(Schema):
    number = ma.fields.Integer()
    reason = ma.fields.String(allow_none=True, metadata={"description": "why it was corrected"})
    recorded_by_id = Id()
    recorded_at = Instant()


class DespatchOut(RecordedOut):
    quantity = Quantity()
    as_typed = ma.fields.Dict()
    lot_id = Id()
    substitution_reason = ma.fields.String(allow_none=True)


class WeighingOut(RecordedOut):
    tickets = ma.fields.List(ma.fields.Dict())
    gross = Quantity()
    tare = Quantity()
    net = Quantity()
    surface_water = DecimalString(places=3, highest=WHOLE, allow_none=True)


class PartOut(Schema):
    net = Quantity()
    accepted_quantity = Quantity()
    qualities = ma.fields.Dict()
    grade = ma.fields.String(allow_none=True)
    result = ma.fields.String()
    reason = ma.fields.String(allow_none=True)


class InspectionOut(RecordedOut):
    inspector = ma.fields.String()
    neutral = ma.fields.Boolean()
    parts = ma.fields.List(ma.fields.Nested(PartOut))


class QuantitiesOut(Schema):
    """The five quantities side by side; what has not been found yet is null."""

    offered = ma.fields.Function(lambda one: f"{one.line.offer.quantity:.3f}")
    ordered = Quantity(attribute="line.quantity")
    despatched = Quantity(attribute="despatch.quantity", dump_default=None, allow_none=True)
    weighed = Quantity(attribute="weighing.net", dump_default=None, allow_none=True)
    accepted = ma.fields.Method("accepted_so_far", metadata={"type": ["string", "null"]})

    def accepted_so_far(self, delivery: Delivery) -> str | None:
        """What the inspection in force lets through."""
        inspection = delivery.inspection
        return None if inspection is None else f"{accepted_quantity(inspection):.3f}"


class DeliveryOut(Schema):
    id = Id()
    order_id = Id()
    line_id = Id(attribute="order_line_id")
    number = ma.fields.Integer()
    status = ma.fields.String()
    buyer_id = Id(attribute="organisation_id")
    seller_id = Id()
    commodity = ma.fields.String(attribute="line.commodity_code")
    scheduled_quantity = Quantity()
    scheduled_for = Instant(allow_none=True)
    shortfall = Quantity()
    shortfall_reason = ma.fields.String(allow_none=True)
    neutral_inspection = ma.fields.Boolean()
    quantities = ma.fields.Nested(QuantitiesOut, attribute="itself")
    despatches = ma.fields.List(ma.fields.Nested(DespatchOut))
    weighings = ma.fields.List(ma.fields.Nested(WeighingOut))
    inspections = ma.fields.List(ma.fields.Nested(InspectionOut))
    payable_amount = ma.fields.Integer(
        attribute="slip.payable_amount", dump_default=None, allow_none=True
    )
    haulage_amount = ma.fields.Integer(
        attribute="slip.haulage_amount", dump_default=None, allow_none=True
    )
    slip_number = ma.fields.Integer(attribute="slip.number", dump_default=None, allow_none=True)
    scheduled_at = Instant()
    despatched_at = Instant(allow_none=True)
    weighed_at = Instant(allow_none=True)
    inspected_at = Instant(allow_none=True)
    ended_at = Instant(allow_none=True)


class DeliveryQuery(PageQuery):
    status = Choice(DeliveryStatus)
    order_id = Id()


class BaseOut(Schema):
    quantity = ma.fields.String()
    unit_price = ma.fields.String()
    amount = ma.fields.Integer()


class AdjustmentOut(Schema):
    part = ma.fields.Integer(allow_none=True)
    attribute = ma.fields.String()
    measured = ma.fields.String()
    rule = ma.fields.Dict()
    percent = ma.fields.String()
    quantity = ma.fields.String()
    amount = ma.fields.Integer()


class SlipOut(Schema):
    """A slip with all that is needed to compute it again; a preview has neither id nor number."""

    id = Id(allow_none=True)
    number = ma.fields.Integer(allow_none=True)
    reason = ma.fields.String(allow_none=True)
    made_at = Instant(allow_none=True)
    preview = ma.fields.Boolean()
    delivery_id = Id()
    order_id = Id()
    order_line_id = Id()
    commodity = ma.fields.String()
    grade = ma.fields.String(allow_none=True)
    quantities = ma.fields.Dict()
    unit_price = ma.fields.String()
    surface_water = ma.fields.String(allow_none=True)
    parts = ma.fields.List(ma.fields.Dict())
    schedule = ma.fields.Dict(allow_none=True)
    haulage = ma.fields.Dict()
    base = ma.fields.Nested(BaseOut)
    adjustments = ma.fields.List(ma.fields.Nested(AdjustmentOut))
    adjustments_amount = ma.fields.Integer()
    payable_amount = ma.fields.Integer()
    haulage_amount = ma.fields.Integer()
