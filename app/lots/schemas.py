"""Lots and certificates on the wire."""

from decimal import Decimal

import marshmallow as ma
from marshmallow import validate

from app.core.fields import (
    Choice,
    Day,
    DecimalString,
    Dict,
    Id,
    Instant,
    Quantity,
    Schema,
    String,
    Week,
)
from app.core.paging import PageQuery
from app.lots.models import LotStatus, Trend

MOST_CERTIFICATES = 20
MOST_QUALITIES = 30
UNIT = {"description": "kg, yến, tạ, tấn …; the commodity's own where it is left out"}


class LotIn(Schema):
    commodity = String(required=True, longest=80)
    site_id = Id(required=True)
    plot_id = Id(load_default=None, allow_none=True)
    status = Choice(
        (LotStatus.FORECAST, LotStatus.HARVESTED), load_default=str(LotStatus.HARVESTED)
    )
    quantity = Quantity(required=True)
    unit = String(load_default=None, allow_none=True, longest=20, metadata=UNIT)
    grade = String(load_default=None, allow_none=True, longest=80)
    qualities = Dict(
        keys=String(longest=80),
        values=ma.fields.Raw(
            metadata={"oneOf": [{"type": "string"}, {"type": "boolean"}], "nullable": False}
        ),
        load_default=dict,
        most=MOST_QUALITIES,
    )
    harvested_at = Instant(load_default=None, allow_none=True)
    ready_at = Instant(load_default=None, allow_none=True)
    certificates = ma.fields.List(
        Id(), load_default=list, validate=validate.Length(max=MOST_CERTIFICATES)
    )
    on_behalf_of = Id(load_default=None, allow_none=True)


class HarvestIn(Schema):
    """What was really harvested; what is left out stays as forecast."""

    harvested_at = Instant(load_default=None, allow_none=True)
    quantity = Quantity(load_default=None, allow_none=True)
    unit = String(load_default=None, allow_none=True, longest=20, metadata=UNIT)
    grade = String(load_default=None, allow_none=True, longest=80)
    qualities = Dict(
        keys=String(longest=80), values=ma.fields.Raw(), load_default=dict, most=MOST_QUALITIES
    )


class LotOut(Schema):
    id = Id()
    organisation_id = Id()
    capacity = ma.fields.String()
    on_behalf_of = Id(allow_none=True)
    commodity = ma.fields.String(attribute="commodity_code")
    site_id = Id()
    plot_id = Id(allow_none=True)
    status = ma.fields.String()
    quantity = Quantity()
    quantity_as_typed = ma.fields.Dict()
    reserved = Quantity()
    left = Quantity(metadata={"description": "not on offer or sold yet"})
    grade = ma.fields.String(allow_none=True)
    qualities = ma.fields.Dict()
    harvested_at = Instant(allow_none=True)
    ready_at = Instant()
    expires_at = Instant()
    certificates = ma.fields.List(ma.fields.Pluck("CertificateOut", "id"))
    created_at = Instant()


class LotQuery(PageQuery):
    commodity = String(longest=80)
    status = Choice(LotStatus)


class CertificateIn(Schema):
    scheme = String(required=True, longest=80)
    number = String(required=True, longest=100)
    site_id = Id(load_default=None, allow_none=True)
    plot_id = Id(load_default=None, allow_none=True)
    commodities = ma.fields.List(
        String(longest=80), required=True, validate=validate.Length(min=1, max=100)
    )
    valid_from = Day(required=True)
    valid_until = Day(required=True)
    on_behalf_of = Id(load_default=None, allow_none=True)


class CertificateOut(Schema):
    id = Id()
    organisation_id = Id()
    scheme = ma.fields.String(attribute="scheme_code")
    number = ma.fields.String()
    site_id = Id(allow_none=True)
    plot_id = Id(allow_none=True)
    commodities = ma.fields.List(ma.fields.String())
    valid_from = Day()
    valid_until = Day()
    status = ma.fields.String()
    verified_at = Instant(allow_none=True)


class ForecastIn(Schema):
    commodity = String(required=True, longest=80)
    week = Week(required=True)
    quantity = Quantity(required=True, above=None)
    low = Quantity(above=None, load_default=None, allow_none=True)
    high = Quantity(above=None, load_default=None, allow_none=True)
    trend = Choice(Trend, required=True)
    on_behalf_of = Id(load_default=None, allow_none=True)


class ForecastOut(Schema):
    id = Id()
    organisation_id = Id()
    capacity = ma.fields.String()
    commodity = ma.fields.String(attribute="commodity_code")
    week = Day()
    quantity = Quantity()
    low = Quantity()
    high = Quantity()
    trend = ma.fields.String()
    made_at = Instant()


class ForecastQuery(PageQuery):
    commodity = String(longest=80)
    week = Week()


class AccuracyQuery(Schema):
    since = Day(data_key="from")
    until = Day()


class AccuracyRow(Schema):
    organisation_id = Id()
    commodity = ma.fields.String(attribute="commodity_code")
    week = Day()
    forecast = Quantity()
    harvested = Quantity()
    error_percent = DecimalString(
        places=1, lowest=Decimal(-100), highest=Decimal(10**12), allow_none=True
    )


class AccuracyOut(Schema):
    weeks = ma.fields.List(ma.fields.Nested(AccuracyRow))
