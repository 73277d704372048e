"""Rounds, matches, explanations and prices on the wire."""

from typing import Any

import marshmallow as ma

from app.clearing.models import Round, RoundStatus
from app.core.fields import Choice, Day, Id, Instant, Quantity, Schema, String, UnitPrice
from app.core.paging import PageQuery


class RoundIn(Schema):
    market = String(required=True, longest=80)


GAIN = "whole VND; of small rounds only operators see it"


class RoundOut(Schema):
    id = Id()
    market = ma.fields.String(attribute="market_code")
    status = ma.fields.String()
    opened_at = Instant()
    closed_at = Instant(allow_none=True)
    cleared_at = Instant(allow_none=True)
    offers = ma.fields.Integer(allow_none=True)
    demands = ma.fields.Integer(allow_none=True)
    matches = ma.fields.Integer(allow_none=True)
    welfare = ma.fields.Integer(allow_none=True, metadata={"description": GAIN})
    upper_bound = ma.fields.Integer(allow_none=True, metadata={"description": GAIN})
    optimality_gap = ma.fields.Float(allow_none=True)
    cleared_quantity = Quantity(allow_none=True)
    snapshot_hash = ma.fields.String(allow_none=True)
    solution_hash = ma.fields.String(allow_none=True)
    fault = ma.fields.Dict(
        allow_none=True,
        metadata={"description": "why the book was refused when last tried; operators only"},
    )
    void_reason = ma.fields.String(allow_none=True)

    @ma.post_dump(pass_original=True)
    def hide(self, data: dict[str, Any], found: Round, **kwargs: Any) -> dict[str, Any]:
        """A fault names rows of the book, and a small round's gain tells what limits were."""
        if not found.fault_shown:
            del data["fault"]
        if not found.gain_shown:
            data |= {"welfare": None, "upper_bound": None}
        return data


class RoundQuery(PageQuery):
    market = String(longest=80)
    status = Choice(RoundStatus)


class SnapshotOut(Schema):
    market = ma.fields.String()
    closed_at = ma.fields.String()
    offers = ma.fields.List(ma.fields.Dict())
    demands = ma.fields.List(ma.fields.Dict())
    haulage = ma.fields.Dict()
    policy = ma.fields.Dict()


class MatchOut(Schema):
    id = Id()
    round_id = Id()
    offer_id = Id()
    demand_id = Id()
    quantity = Quantity()
    offer_quantity = Quantity(metadata={"description": "in the offer's own unit"})
    seller_price = UnitPrice()
    buyer_price = UnitPrice()
    transport_cost = UnitPrice(metadata={"description": "VND per unit"})
    status = ma.fields.String()
    seller_accepted_at = Instant(allow_none=True)
    buyer_accepted_at = Instant(allow_none=True)
    expires_at = Instant()
    order_id = Id(allow_none=True)


class ReasonOut(Schema):
    code = ma.fields.String()
    detail = ma.fields.String()
    figure = ma.fields.Raw(allow_none=True)
    figures = ma.fields.Dict(
        keys=ma.fields.String(),
        metadata={"description": "every figure of the sentence by its name, as text"},
    )


class ExplanationOut(Schema):
    round_id = Id(allow_none=True)
    outcome = ma.fields.String()
    reasons = ma.fields.List(ma.fields.Nested(ReasonOut))


class PriceQuery(PageQuery):
    since = Day(data_key="from")
    until = Day()


class WardPriceOut(Schema):
    ward_code = ma.fields.String()
    quantity = ma.fields.String()
    seller_low = ma.fields.String()
    seller_average = ma.fields.String()
    seller_high = ma.fields.String()


class PriceOut(Schema):
    round_id = Id()
    cleared_at = Instant()
    quantity = Quantity()
    seller_low = UnitPrice()
    seller_average = UnitPrice()
    seller_high = UnitPrice()
    buyer_low = UnitPrice()
    buyer_average = UnitPrice()
    buyer_high = UnitPrice()
    wards = ma.fields.List(
        ma.fields.Nested(WardPriceOut),
        metadata={"description": "prices at the farm gate where at least five sellers sold"},
    )
