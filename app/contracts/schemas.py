"""Contracts on the wire."""

from decimal import Decimal
from typing import Any

import marshmallow as ma
from marshmallow import validate

from app.contracts.models import ContractStatus, QuantityForm, Side
from app.contracts.pricing import PriceForm
from app.core.fields import (
    Boolean,
    Choice,
    Day,
    DecimalString,
    Id,
    Instant,
    Integer,
    Quantity,
    Schema,
    String,
    Text,
    UnitPrice,
    Week,
)
from app.core.paging import PageQuery
from app.orders.models import Carrier

MOST_WEEKS, MOST_ADVANCES = 110, 20
PAYMENT_DAYS, NOTICE_DAYS = 30, 3


class Percent(DecimalString):
    """A percentage from 0 to 100, two decimals."""

    def __init__(self, **options: Any) -> None:
        super().__init__(places=2, highest=Decimal(100), **options)


class PriceFormula(Schema):
    form = Choice(PriceForm, required=True)
    price = UnitPrice(above=Decimal(0), load_default=None, allow_none=True)
    floor = UnitPrice(load_default=None, allow_none=True)
    differential = UnitPrice(load_default=None, allow_none=True)
    cost = UnitPrice(above=Decimal(0), load_default=None, allow_none=True)
    margin = UnitPrice(load_default=None, allow_none=True)
    market = String(
        load_default=None,
        allow_none=True,
        longest=80,
        metadata={"description": "clearing, or the code of a reference series"},
    )


class WeekIn(Schema):
    week = Week(required=True)
    promised = Quantity(required=True)


class AgreedAdvanceIn(Schema):
    due_on = Day(required=True)
    amount = Integer(lowest=1, highest=10**12, required=True)
    kind = Choice(("money", "inputs"), load_default="money")


class Remedies(Schema):
    """What a breach costs, in percent of the missing quantity's value."""

    non_purchase = Percent(load_default=Decimal(0))
    side_selling = Percent(load_default=Decimal(0))


class TermsIn(Schema):
    commodity = String(required=True, longest=80)
    site_id = Id(required=True, metadata={"description": "where I receive or hand over"})
    quantity_form = Choice(QuantityForm, required=True)
    quantity = Quantity(load_default=None, allow_none=True)
    tolerance_percent = Percent(load_default=Decimal(0))
    price = ma.fields.Nested(PriceFormula, required=True)
    payment_days = Integer(lowest=0, highest=365, load_default=PAYMENT_DAYS)
    carrier = Choice(Carrier, load_default=str(Carrier.BUYER))
    advances = ma.fields.List(
        ma.fields.Nested(AgreedAdvanceIn),
        load_default=list,
        validate=validate.Length(max=MOST_ADVANCES),
    )
    remedies = ma.fields.Nested(
        Remedies, load_default=lambda: {"non_purchase": Decimal(0), "side_selling": Decimal(0)}
    )
    notice_days = Integer(lowest=0, highest=90, load_default=NOTICE_DAYS)
    force_majeure = Text(
        load_default="Thiên tai, dịch bệnh, lệnh của cơ quan nhà nước.", longest=2000
    )
    starts_on = Day(required=True)
    ends_on = Day(required=True)
    weeks = ma.fields.List(
        ma.fields.Nested(WeekIn), load_default=list, validate=validate.Length(max=MOST_WEEKS)
    )


class ContractIn(TermsIn):
    side = Choice(Side, required=True, metadata={"description": "the side I stand on"})
    counterparty_id = Id(required=True)
    on_behalf_of = Id(load_default=None, allow_none=True)


class SignatureIn(Schema):
    version = Integer(lowest=1, highest=2**31 - 1, required=True)
    site_id = Id(load_default=None, allow_none=True)


class TerminationIn(Schema):
    reason = Text(required=True, longest=1000)


class CallOffIn(Schema):
    week = Week(required=True)
    quantity = Quantity(required=True)


class ReleaseIn(Schema):
    week = Week(required=True)


class ReleaseOut(Schema):
    id = Id()
    contract_id = Id()
    week = Day()
    released_at = Instant()


class ShortfallIn(Schema):
    week = Week(required=True)
    expected = Quantity(required=True, above=None)
    reason = Text(required=True, longest=1000)
    force_majeure = Boolean(load_default=False)


class BreachAnswerIn(Schema):
    text = Text(required=True, longest=2000)


class VersionOut(Schema):
    number = ma.fields.Integer()
    terms = ma.fields.Dict()
    digest = ma.fields.String(metadata={"description": "SHA-256 of the terms"})
    made_at = Instant()


class SignatureOut(Schema):
    version = ma.fields.Integer()
    side = ma.fields.String()
    organisation_id = Id()
    signed_at = Instant()


class WeekOut(Schema):
    week = Day()
    promised = Quantity()


class ContractOut(Schema):
    id = Id()
    status = ma.fields.String()
    version = ma.fields.Integer()
    buyer_id = Id(attribute="organisation_id")
    buyer_name = ma.fields.String(attribute="buyer.name")
    buyer_capacity = ma.fields.String(attribute="capacity")
    seller_id = Id()
    seller_name = ma.fields.String(attribute="seller.name")
    seller_capacity = ma.fields.String()
    commodity = ma.fields.String(attribute="commodity_code")
    quantity_form = ma.fields.String()
    quantity = Quantity(allow_none=True)
    tolerance_percent = Percent()
    price = ma.fields.Dict()
    quality_schedule = ma.fields.Dict(allow_none=True)
    payment_days = ma.fields.Integer()
    carrier = ma.fields.String()
    advances = ma.fields.List(ma.fields.Dict())
    remedies = ma.fields.Dict()
    notice_days = ma.fields.Integer()
    force_majeure = ma.fields.String()
    starts_on = Day()
    ends_on = Day()
    weeks = ma.fields.List(ma.fields.Nested(WeekOut))
    versions = ma.fields.List(ma.fields.Nested(VersionOut))
    signatures = ma.fields.List(ma.fields.Nested(SignatureOut))
    drafted_at = Instant()
    signed_at = Instant(allow_none=True)
    given_up_by = ma.fields.String(
        allow_none=True, metadata={"description": "the side that wants to end it early"}
    )
    ended_at = Instant(allow_none=True)


class ContractQuery(PageQuery):
    status = Choice(ContractStatus)


class CallOffOut(Schema):
    id = Id()
    contract_id = Id()
    number = ma.fields.Integer()
    week = Day()
    quantity = Quantity()
    unit_price = UnitPrice()
    market_price = UnitPrice(allow_none=True)
    market_as_of = Instant(allow_none=True)
    order_id = Id()
    called_at = Instant()


class ShortfallOut(Schema):
    id = Id()
    contract_id = Id()
    week = Day()
    expected = Quantity()
    reason = ma.fields.String()
    force_majeure = ma.fields.Boolean()
    told_at = Instant()


class BreachOut(Schema):
    id = Id()
    contract_id = Id()
    week = Day()
    kind = ma.fields.String()
    quantity = Quantity()
    remedy_amount = ma.fields.Integer()
    status = ma.fields.String()
    answer = ma.fields.String(allow_none=True)
    notified_at = Instant()
    answer_by = Instant()
    ended_at = Instant(allow_none=True)


class ContractWeekBalance(Schema):
    week = Day()
    promised = Quantity()
    forecast = Quantity(allow_none=True)
    called = Quantity()
    delivered = Quantity()
    accepted = Quantity()
    remaining = Quantity()


class ContractBalanceOut(Schema):
    weeks = ma.fields.List(ma.fields.Nested(ContractWeekBalance))
    promised = Quantity()
    called = Quantity()
    delivered = Quantity()
    accepted = Quantity()
    remaining = Quantity(allow_none=True)
