"""Figures on the wire. Rows are tables: each schema of a row names its columns in order."""

from datetime import timedelta
from typing import Any

import marshmallow as ma
from marshmallow.exceptions import ValidationError

from app.analytics.reading import TRUNCATED, View
from app.core import clock
from app.core.fields import Choice, Day, DecimalString, Instant, Names, Quantity, Schema, String
from app.core.fields import UnitPrice as Price
from app.core.quantity import HIGHEST_QUANTITY

DEFAULT_DAYS, LONGEST_DAYS, LONGEST_BY_DAY = 30, 1100, 366
WEEKS_BACK, WEEKS_AHEAD = 8, 12


class FiguresQuery(Schema):
    since = Day(data_key="from")
    until = Day()
    commodity = String(longest=80)
    granularity = Choice(TRUNCATED)
    view = Choice(View, metadata={"description": "own (default) or market; offices: market"})

    @ma.post_load
    def whole_period(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Fill in what is not stated: the days up to today, thirty of them."""
        until = data.setdefault("until", clock.local_date(clock.now()))
        since = data.setdefault("since", until - timedelta(days=DEFAULT_DAYS - 1))
        days = (until - since).days
        longest = LONGEST_BY_DAY if data.get("granularity") == "day" else LONGEST_DAYS
        if not 0 <= days <= longest:
            raise ValidationError("Not a valid period.", "from")
        if data.get("view") == View.MARKET and data.get("granularity") == "day":
            raise ValidationError("The market is told by week at the finest.", "granularity")
        return data


class PricesQuery(FiguresQuery):
    as_of = Instant(metadata={"description": "reference prices as they were known then"})


class SupplyQuery(FiguresQuery):
    class Meta:
        exclude = ("granularity",)

    @ma.pre_load
    def weeks_around(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Fill in what is not stated: eight weeks back, twelve ahead."""
        this = clock.monday(clock.local_date(clock.now()))
        if "from" in data or "until" in data:
            return data
        since, until = this - timedelta(weeks=WEEKS_BACK), this + timedelta(weeks=WEEKS_AHEAD)
        return {**data, "from": since.isoformat(), "until": until.isoformat()}


def _signed() -> DecimalString:
    return DecimalString(places=3, lowest=-HIGHEST_QUANTITY, highest=HIGHEST_QUANTITY)


NAMED = {"description": "its name, in the reader's language where it has one in both"}


def _share() -> ma.fields.Float:
    return ma.fields.Float(allow_none=True)


class InPeriod(Schema):
    period = Day(
        allow_none=True, metadata={"description": "its first day; null without granularity"}
    )
    commodity = ma.fields.String()
    unit = ma.fields.String()


class FiguresOut(InPeriod):
    """Of the market, only what was delivered and accepted is told."""

    offered_quantity = Quantity()
    offered_amount = ma.fields.Integer()
    ordered_quantity = Quantity()
    cancelled_quantity = Quantity()
    goods_amount = ma.fields.Integer()
    average_price = Price(allow_none=True)
    fill_rate = _share()
    despatched_quantity = Quantity()
    delivered_quantity = Quantity()
    accepted_quantity = Quantity()
    accepted_amount = ma.fields.Integer()
    accepted_price = Price(allow_none=True)
    accepted_rate = ma.fields.Float(
        allow_none=True,
        metadata={"description": "accepted ÷ ordered, each on its own day; may be above 1"},
    )
    refused_quantity = _signed()
    refused_amount = ma.fields.Integer(allow_none=True)
    listing_hours = ma.fields.Float(allow_none=True)
    payment_days = ma.fields.Float(allow_none=True)
    contract_share = _share()
    clearing_share = _share()
    direct_share = _share()
    pooled_quantity = Quantity()
    pooled_amount = ma.fields.Integer()


class DeliveredOut(InPeriod):
    delivered_quantity = Quantity()
    accepted_quantity = Quantity()
    accepted_amount = ma.fields.Integer()
    accepted_price = Price(allow_none=True)
    refused_quantity = _signed()
    refused_amount = ma.fields.Integer(allow_none=True)


class Answer(Schema):
    since = Day(data_key="from", attribute="question.period.since")
    until = Day(attribute="question.period.until")
    view = ma.fields.String(attribute="question.view")


class SummaryOut(Answer):
    members = ma.fields.Integer()
    consenting_members = ma.fields.Integer()
    orders = ma.fields.Integer()
    goods_amount = ma.fields.Integer()
    commodities = ma.fields.List(ma.fields.Nested(FiguresOut), attribute="rows")


class PaidOut(InPeriod):
    grade = ma.fields.String(allow_none=True)
    ward = ma.fields.String(allow_none=True)
    province = ma.fields.String(allow_none=True)
    quantity = Quantity()
    amount = ma.fields.Integer()
    price = Price(allow_none=True)
    delivered_price = Price(allow_none=True)
    spread = Price(allow_none=True)
    farm_share = _share()
    clearing_price = Price(allow_none=True)
    last_season_price = Price(allow_none=True)


class ReferenceOut(Schema):
    series = ma.fields.String()
    name = ma.fields.Nested(Names)
    origin = ma.fields.String()
    commodity = ma.fields.String()
    period = Day(allow_none=True)
    price = Price()
    days = ma.fields.Integer()
    known_at = Instant()


class PaidPricesOut(Answer):
    items = ma.fields.List(ma.fields.Nested(PaidOut))
    references = ma.fields.List(ma.fields.Nested(ReferenceOut))


class FlowOut(Schema):
    source_kind = ma.fields.String()
    source = ma.fields.String()
    source_name = ma.fields.String(metadata=NAMED)
    target_kind = ma.fields.String()
    target = ma.fields.String()
    target_name = ma.fields.String(metadata=NAMED)
    quantity = Quantity()
    amount = ma.fields.Integer()


class FlowsOut(Answer):
    items = ma.fields.List(ma.fields.Nested(FlowOut))


class GradedOut(Schema):
    grade = ma.fields.String()
    result = ma.fields.String()
    quantity = Quantity()


class RejectedOut(Schema):
    reason = ma.fields.String()
    quantity = Quantity()


class MemberFiguresOut(Schema):
    member_id = ma.fields.UUID()
    member = ma.fields.String()
    commodity = ma.fields.String()
    unit = ma.fields.String()
    deliveries = ma.fields.Integer()
    delivered_quantity = Quantity()
    accepted_quantity = Quantity()
    refused_quantity = _signed()
    refused_share = _share()
    amount = ma.fields.Integer()
    price = Price(allow_none=True)
    peer_price = Price(allow_none=True)
    pooled_quantity = Quantity()
    pooled_amount = ma.fields.Integer()
    pooled_price = Price(allow_none=True)
    grades = ma.fields.List(ma.fields.Nested(GradedOut))
    rejections = ma.fields.List(ma.fields.Nested(RejectedOut))
    forecast_accuracy = _share()
    contract_promised = Quantity()
    contract_called = Quantity()
    contract_accepted = Quantity()
    due_amount = ma.fields.Integer()
    overdue_amount = ma.fields.Integer()


class MembersFiguresOut(Answer):
    items = ma.fields.List(ma.fields.Nested(MemberFiguresOut))


class SupplyWeekOut(Schema):
    week = Day()
    commodity = ma.fields.String()
    unit = ma.fields.String()
    forecast_quantity = Quantity()
    likely_low_quantity = Quantity(allow_none=True)
    likely_high_quantity = Quantity(allow_none=True)
    past_weeks = ma.fields.Integer(
        allow_none=True, metadata={"description": "weeks from which the likely range is known"}
    )
    past_weeks_within = ma.fields.Integer(
        allow_none=True, metadata={"description": "of these, weeks whose harvest lay in it"}
    )
    harvested_quantity = Quantity()
    came_true = _share()
    promised_quantity = Quantity()
    open_demand_quantity = Quantity(allow_none=True)
    gap_quantity = _signed()


class AreaOut(Schema):
    code = ma.fields.String()
    commodity = ma.fields.String()
    season = ma.fields.Integer()
    capacity = Quantity()
    listed = Quantity()
    left = Quantity()


class SupplyOut(Answer):
    items = ma.fields.List(ma.fields.Nested(SupplyWeekOut))
    growing_areas = ma.fields.List(ma.fields.Nested(AreaOut))


class GainOut(Schema):
    month = Day()
    market = ma.fields.String()
    rounds = ma.fields.Integer()
    welfare = ma.fields.Integer(allow_none=True)
    best_rule = ma.fields.String(allow_none=True)
    best_rule_welfare = ma.fields.Integer(allow_none=True)
    first_come_welfare = ma.fields.Integer(allow_none=True)
    created_beyond_rules = ma.fields.Integer(allow_none=True)
    sellers_gain = ma.fields.Integer(allow_none=True)
    buyers_gain = ma.fields.Integer(allow_none=True)
    sellers_share = _share()
    smallholders_gain = ma.fields.Integer(allow_none=True)
    large_farms_gain = ma.fields.Integer(allow_none=True)
    smallholders_share = _share()
    smallholders_quantity_share = _share()


class SellerPriceOut(Schema):
    member = ma.fields.String()
    commodity = ma.fields.String()
    unit = ma.fields.String()
    accepted_quantity = Quantity()
    amount = ma.fields.Integer()
    price = Price()


class ConductOut(Schema):
    due_amount = ma.fields.Integer()
    paid_amount = ma.fields.Integer()
    late_amount = ma.fields.Integer()
    late_share = _share()
    claims = ma.fields.Integer()
    claims_for_buyers = ma.fields.Integer()
    claims_for_sellers = ma.fields.Integer()
    claims_under_way = ma.fields.Integer()
    claim_credit = ma.fields.Integer()


class FairnessOut(Answer):
    items = ma.fields.List(ma.fields.Nested(GainOut))
    conduct = ma.fields.Nested(ConductOut, allow_none=True)


class LossOut(InPeriod):
    stage = ma.fields.String()
    cause = ma.fields.String()
    detail = ma.fields.String()
    quantity = _signed()
    amount = ma.fields.Integer(allow_none=True, metadata={"description": "null of the market"})


class LossesOut(Answer):
    items = ma.fields.List(ma.fields.Nested(LossOut))


class DisruptedOut(InPeriod):
    touched = ma.fields.Integer()
    touched_quantity = Quantity()
    rematched_quantity = Quantity()
    restored_quantity = Quantity()
    lost_quantity = Quantity()
    kept_share = _share()


class DisruptedPeriodsOut(Answer):
    items = ma.fields.List(ma.fields.Nested(DisruptedOut))


class StatisticOut(Schema):
    month = ma.fields.String()
    commodity = ma.fields.String()
    commodity_vi = ma.fields.String()
    commodity_en = ma.fields.String()
    province = ma.fields.String(allow_none=True)
    unit = ma.fields.String()
    delivered_quantity = Quantity()
    accepted_quantity = Quantity()
    refused_quantity = _signed()
    goods_amount = ma.fields.Integer()
    average_price = Price(allow_none=True)
    delivered_price = Price(allow_none=True)


class StatisticsOut(Schema):
    month = ma.fields.String()
    weeks = ma.fields.List(Day())
    licence = ma.fields.String()
    items = ma.fields.List(ma.fields.Nested(StatisticOut))
