"""Pools on the wire."""

import marshmallow as ma
from marshmallow import validate

from app.core.fields import Choice, Dict, Id, Instant, Quantity, Schema, String
from app.core.paging import PageQuery
from app.lots.schemas import MOST_QUALITIES, UNIT
from app.pools.models import PoolStatus

MOST_SCHEMES = 10


class PoolIn(Schema):
    commodity = String(required=True, longest=80)
    site_id = Id(required=True, metadata={"description": "where it is gathered"})
    full_load = Quantity(required=True)
    unit = String(load_default=None, allow_none=True, longest=20, metadata=UNIT)
    min_grade = String(load_default=None, allow_none=True, longest=80)
    certificates = ma.fields.List(
        String(longest=80),
        load_default=list,
        validate=validate.Length(max=MOST_SCHEMES),
        metadata={"description": "schemes that every contribution is certified under"},
    )
    until = Instant(required=True)


class PoolOut(Schema):
    id = Id()
    cooperative_id = Id(attribute="organisation_id")
    cooperative_name = ma.fields.String(attribute="cooperative.name")
    commodity = ma.fields.String(attribute="commodity_code")
    site_id = Id()
    min_grade = ma.fields.String(allow_none=True)
    certificates = ma.fields.List(ma.fields.String())
    full_load = Quantity()
    pooled = Quantity(metadata={"description": "what confirmed contributions come to"})
    missing = Quantity(metadata={"description": "what a full load still lacks"})
    status = ma.fields.String()
    until = Instant()
    lot_id = Id(allow_none=True)
    opened_at = Instant()
    closed_at = Instant(allow_none=True)
    ended_at = Instant(allow_none=True)


class PoolQuery(PageQuery):
    status = Choice(PoolStatus)
    commodity = String(longest=80)


class ContributionIn(Schema):
    """What of a lot, and as what it was measured; what is left out is as the lot states it."""

    lot_id = Id(required=True)
    quantity = Quantity(required=True)
    unit = String(load_default=None, allow_none=True, longest=20, metadata=UNIT)
    grade = String(load_default=None, allow_none=True, longest=80)
    qualities = Dict(
        keys=String(longest=80), values=ma.fields.Raw(), load_default=dict, most=MOST_QUALITIES
    )


class ContributionOut(Schema):
    id = Id()
    pool_id = Id()
    member_id = Id(attribute="organisation_id")
    member_name = ma.fields.String(attribute="member.name")
    lot_id = Id()
    quantity = Quantity()
    grade = ma.fields.String(allow_none=True)
    qualities = ma.fields.Dict()
    status = ma.fields.String()
    returned = Quantity()
    proposed_at = Instant()
    confirmed_at = Instant(allow_none=True)
