"""Figures on the wire."""

from typing import Any

import marshmallow as ma
from marshmallow.exceptions import ValidationError

from app.core.fields import Choice, Day, Quantity, Schema, String, UnitPrice

GRANULARITIES = ("day", "week", "month")
LONGEST_DAYS = 1100


class SummaryQuery(Schema):
    since = Day(data_key="from")
    until = Day()
    commodity = String(longest=80)
    granularity = Choice(GRANULARITIES)

    @ma.validates_schema
    def in_order(self, data: dict[str, Any], **kwargs: Any) -> None:
        if "since" in data and "until" in data:
            days = (data["until"] - data["since"]).days
            if not 0 <= days <= LONGEST_DAYS:
                raise ValidationError("Not a valid period.", "until")


class FiguresOut(Schema):
    period = Day(
        allow_none=True, metadata={"description": "its first day; null without granularity"}
    )
    commodity = ma.fields.String()
    unit = ma.fields.String()
    offered_quantity = Quantity()
    ordered_quantity = Quantity()
    cancelled_quantity = Quantity()
    goods_amount = ma.fields.Integer()
    average_price = UnitPrice(allow_none=True)
    fill_rate = ma.fields.Float(allow_none=True)


class SummaryOut(Schema):
    since = Day(data_key="from")
    until = Day()
    members = ma.fields.Integer()
    consenting_members = ma.fields.Integer()
    orders = ma.fields.Integer()
    goods_amount = ma.fields.Integer()
    commodities = ma.fields.List(ma.fields.Nested(FiguresOut))
