"""Figures on the wire."""

from datetime import timedelta
from typing import Any

import marshmallow as ma
from marshmallow.exceptions import ValidationError

from app.core import clock
from app.core.fields import Choice, Day, Quantity, Schema, String, UnitPrice

GRANULARITIES = ("day", "week", "month")
DEFAULT_DAYS, LONGEST_DAYS = 30, 1100


class SummaryQuery(Schema):
    since = Day(data_key="from")
    until = Day()
    commodity = String(longest=80)
    granularity = Choice(GRANULARITIES)

    @ma.post_load
    def whole_period(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Fill in what is not stated: the days up to today, thirty of them."""
        until = data.setdefault("until", clock.local_date(clock.now()))
        since = data.setdefault("since", until - timedelta(days=DEFAULT_DAYS - 1))
        if not 0 <= (until - since).days <= LONGEST_DAYS:
            raise ValidationError("Not a valid period.", "from")
        return data


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
