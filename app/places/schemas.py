"""Places on the wire."""

import marshmallow as ma

from app.core.fields import Choice, Coordinate, Day, Id, Instant, Schema, String
from app.core.paging import PageQuery
from app.places.models import Level


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
