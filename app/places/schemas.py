"""Places on the wire."""

from decimal import Decimal
from typing import Any

import marshmallow as ma
from marshmallow import validate

from app.core.fields import (
    Choice,
    Coordinate,
    Day,
    DecimalString,
    Id,
    Instant,
    Moment,
    Quantity,
    Schema,
    String,
    Text,
)
from app.core.paging import PageQuery
from app.places.models import Level, RestrictionKind

CODE = r"^[A-Z0-9][A-Z0-9._-]{2,39}$"
LARGEST_PLOT_HA = Decimal(100_000)


class UnitQuery(PageQuery):
    q = String(
        longest=100, metadata={"description": "a name or code, with or without accents, or a part"}
    )
    on = Day(metadata={"description": "only units that existed on this day"})
    province_code = String(longest=10)
    level = Choice(Level)


class UnitOut(Schema):
    id = Id()
    code = ma.fields.String()
    level = ma.fields.String()
    name = ma.fields.String()
    short_name = ma.fields.String()
    province_code = ma.fields.String()
    province_name = ma.fields.String()
    district_name = ma.fields.String(allow_none=True)
    valid_from = Day()
    valid_to = Day(allow_none=True, metadata={"description": "the last day; null while it exists"})
    latitude = ma.fields.Float()
    longitude = ma.fields.Float()


class UnitWithPast(UnitOut):
    predecessors = ma.fields.List(ma.fields.Nested(UnitOut))
    successors = ma.fields.List(ma.fields.Nested(UnitOut))


class SiteIn(Schema):
    name = String(required=True)
    ward_code = String(required=True, longest=10)
    latitude = Coordinate(90, required=True)
    longitude = Coordinate(180, required=True)
    on_behalf_of = Id(load_default=None, allow_none=True)


class SiteOut(Schema):
    id = Id()
    organisation_id = Id()
    name = ma.fields.String()
    ward_code = ma.fields.String()
    latitude = ma.fields.Float()
    longitude = ma.fields.Float()
    created_at = Instant()


class Hectares(DecimalString):
    """An area above zero, four decimals."""

    def __init__(self, **options: Any) -> None:
        super().__init__(places=4, above=Decimal(0), highest=LARGEST_PLOT_HA, **options)


class PlotIn(Schema):
    site_id = Id(required=True)
    commodity = String(required=True, longest=80)
    area_ha = Hectares(required=True)
    geometry = ma.fields.Dict(
        load_default=None,
        allow_none=True,
        metadata={"description": "GeoJSON Point or Polygon, longitude before latitude"},
    )
    growing_area_code = String(
        load_default=None,
        allow_none=True,
        longest=40,
        validate=validate.Regexp(CODE, error="Not a valid growing-area code."),
    )
    expected_yield = Quantity(
        required=True, metadata={"description": "units of the commodity per hectare and season"}
    )
    yield_source = String(load_default="declared by the holder")
    on_behalf_of = Id(load_default=None, allow_none=True)


class YieldIn(Schema):
    per_hectare = Quantity(required=True)
    valid_from = Day(required=True)
    source = String(required=True)


class YieldOut(Schema):
    per_hectare = Quantity()
    valid_from = Day()
    source = ma.fields.String()
    declared_at = Instant()


class PlotOut(Schema):
    id = Id()
    organisation_id = Id()
    site_id = Id()
    commodity = ma.fields.String(attribute="commodity_code")
    area_ha = Hectares()
    geometry = ma.fields.Dict(allow_none=True)
    growing_area_code = ma.fields.String(allow_none=True)
    yields = ma.fields.List(ma.fields.Nested(YieldOut))
    created_at = Instant()


class AreaSeasonOut(Schema):
    code = ma.fields.String()
    commodity = ma.fields.String(attribute="commodity_code")
    season = ma.fields.Integer(metadata={"description": "a calendar year in Viet Nam"})
    capacity = Quantity()
    listed = Quantity()
    left = Quantity()


class RestrictionIn(Schema):
    ward_code = String(load_default=None, allow_none=True, longest=10)
    province_code = String(load_default=None, allow_none=True, longest=10)
    commodity = String(load_default=None, allow_none=True, longest=80)
    kind = Choice(RestrictionKind, required=True)
    reason = Text(
        required=True,
        metadata={"description": "human_epidemic, animal_disease, flood, or words of your own"},
    )
    starts_at = Moment(data_key="from", required=True)
    ends_at = Moment(ends=True, data_key="until", load_default=None, allow_none=True)


class RestrictionOut(Schema):
    id = Id()
    ward_code = ma.fields.String(allow_none=True)
    province_code = ma.fields.String(allow_none=True)
    commodity = ma.fields.String(attribute="commodity_code", allow_none=True)
    kind = ma.fields.String()
    reason = ma.fields.String()
    starts_at = Instant(data_key="from")
    ends_at = Instant(data_key="until", allow_none=True)
    ended_at = Instant(allow_none=True)
    created_at = Instant()


class RestrictionQuery(PageQuery):
    in_force = Choice(
        ("true", "false"), metadata={"description": "only those that hold now, or only the others"}
    )
