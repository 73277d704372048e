"""The catalogue on the wire."""

from decimal import Decimal

import marshmallow as ma

from app.catalogue.models import Category, QualityAttribute
from app.core.fields import Choice, DecimalString, Instant, Names, Schema, String, UnitPrice
from app.core.paging import PageQuery

HIGHEST = Decimal(10) ** 7


class CommodityQuery(PageQuery):
    q = String(longest=100, metadata={"description": "words of a name, with or without accents"})
    category = Choice(Category)
    market = String(longest=80)


class QualityOut(Schema):
    code = ma.fields.String()
    name = ma.fields.Nested(Names)
    type = ma.fields.String()
    unit = ma.fields.String(allow_none=True)
    minimum = ma.fields.Function(
        lambda quality: _bound(quality, quality.minimum),
        metadata={"type": ["string", "null"]},
    )
    maximum = ma.fields.Function(
        lambda quality: _bound(quality, quality.maximum),
        metadata={"type": ["string", "null"]},
    )
    decimals = ma.fields.Integer(allow_none=True)
    direction = ma.fields.String()
    required = ma.fields.Boolean()
    method = ma.fields.String(allow_none=True)


class GradeOut(Schema):
    code = ma.fields.String()
    name = ma.fields.Nested(Names)
    rank = ma.fields.Integer()


class CommodityOut(Schema):
    code = ma.fields.String()
    name = ma.fields.Nested(Names)
    market = ma.fields.String(attribute="market_code")
    category = ma.fields.String()
    form = ma.fields.String()
    unit = ma.fields.String()
    unit_weight_kg = DecimalString(places=3, highest=HIGHEST)
    shelf_life_hours = ma.fields.Integer()
    claim_hours = ma.fields.Integer()
    cold_chain = ma.fields.Boolean()
    qualities = ma.fields.List(ma.fields.Nested(QualityOut))
    grades = ma.fields.List(ma.fields.Nested(GradeOut))


class HaulageOut(Schema):
    """VND per kg, and per kg and km of road."""

    base = UnitPrice()
    rate_per_km = UnitPrice()
    road_factor = DecimalString(places=2, highest=HIGHEST)
    speed_kmh = DecimalString(places=1, highest=HIGHEST)


class MarketOut(Schema):
    code = ma.fields.String()
    name = ma.fields.Nested(Names)
    commodities = ma.fields.List(ma.fields.Pluck(CommodityOut, "code"))
    base_commodity = ma.fields.String(attribute="base_commodity_code")
    haulage = ma.fields.Nested(HaulageOut)
    next_round_at = Instant()


class ProcessingLineOut(Schema):
    code = ma.fields.String()
    name = ma.fields.Nested(Names)
    chain = ma.fields.String()
    accepts = ma.fields.List(ma.fields.Pluck(CommodityOut, "code"), attribute="commodities")


class CertificateSchemeOut(Schema):
    code = ma.fields.String()
    name = ma.fields.Nested(Names)
    issuer = ma.fields.String()


def _bound(quality: QualityAttribute, bound: Decimal | None) -> str | None:
    return None if bound is None else f"{bound:.{quality.decimals}f}"
