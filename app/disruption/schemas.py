"""Disruption on the wire."""

import marshmallow as ma

from app.catalogue.models import Form
from app.core.fields import Choice, Id, Instant, Quantity, Schema, String, Text, UnitPrice
from app.core.paging import PageQuery
from app.disruption.models import CommitmentStatus, RematchStatus
from app.market.schemas import OfferOut


class SidesOut(Schema):
    id = Id()
    seller_id = Id(attribute="organisation_id")
    buyer_id = Id()


class CommitmentOut(SidesOut):
    restriction_id = Id()
    reason = ma.fields.String(attribute="restriction.reason")
    kind = ma.fields.String()
    order_id = Id(allow_none=True)
    match_id = Id(allow_none=True)
    offer_id = Id(allow_none=True)
    commodity = ma.fields.String(attribute="commodity_code")
    quantity = Quantity(metadata={"description": "what was still to come"})
    replaced = Quantity(metadata={"description": "what came from elsewhere"})
    restored = Quantity(metadata={"description": "what came back when goods could move again"})
    status = ma.fields.String()
    found_at = Instant()
    ended_at = Instant(allow_none=True)


class CommitmentQuery(PageQuery):
    status = Choice(CommitmentStatus)


class RematchOut(SidesOut):
    disruption_id = Id(attribute="commitment_id")
    commodity = ma.fields.String(attribute="commodity_code")
    quantity = Quantity(metadata={"description": "in the market's base commodity"})
    offer_quantity = Quantity(metadata={"description": "in the offer's own commodity"})
    seller_price = UnitPrice()
    buyer_price = UnitPrice()
    transport_cost = UnitPrice()
    status = ma.fields.String()
    proposed_at = Instant()
    expires_at = Instant()
    order_id = Id(allow_none=True)


class RematchQuery(PageQuery):
    status = Choice(RematchStatus)


class SurplusOut(OfferOut):
    """An offer as everybody sees it, and whether its produce keeps."""

    storable = ma.fields.Function(lambda offer: offer.commodity.form == Form.DRIED)
    form = ma.fields.String(attribute="commodity.form")
    shelf_life_hours = ma.fields.Integer(attribute="commodity.shelf_life_hours")


class SurplusQuery(PageQuery):
    commodity = String(longest=80)


class RecallIn(Schema):
    reason = Text(required=True, longest=1000)


class RecalledOut(Schema):
    lot_id = Id()
    organisation_id = Id()


class RecallOut(Schema):
    id = Id()
    lot_id = Id(
        attribute="known_lot_id",
        allow_none=True,
        metadata={"description": "the lot it began with, if I know of it"},
    )
    commodity = ma.fields.String(attribute="lot.commodity_code")
    called_by_id = Id(
        attribute="known_caller_id",
        allow_none=True,
        metadata={"description": "an office, or whose lots I know of"},
    )
    reason = ma.fields.String()
    started_at = Instant()
    ended_at = Instant(allow_none=True)
    lots = ma.fields.List(
        ma.fields.Nested(RecalledOut),
        attribute="frozen",
        metadata={"description": "those I own, pooled, ordered or got"},
    )
