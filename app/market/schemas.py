"""Offers and demands on the wire."""

import re
from decimal import Decimal
from typing import Any

import marshmallow as ma
from marshmallow import validate
from marshmallow.exceptions import ValidationError

from app.catalogue.models import Category
from app.core import clock
from app.core.fields import (
    Boolean,
    Choice,
    Day,
    DecimalString,
    Dict,
    Id,
    Instant,
    Integer,
    Moment,
    Quantity,
    Schema,
    String,
    UnitPrice,
)
from app.core.paging import PageQuery
from app.lots.schemas import MOST_QUALITIES
from app.market.models import (
    PAYMENT_DAYS,
    DemandStatus,
    Offer,
    OfferStatus,
    ShortageRule,
    Visibility,
)
from app.places.position import about

SORTS = ("newest", "price", "distance")
_POSITION = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]{1,15})?),(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)")


class PricePer(Schema):
    """What a price is quoted for, e.g. 100 kg or 1 tonne."""

    quantity = Quantity(required=True)
    unit = String(required=True, longest=20)


class OfferIn(Schema):
    lot_id = Id(required=True)
    quantity = Quantity(required=True)
    ask_price = UnitPrice(required=True)
    price_per = ma.fields.Nested(PricePer, load_default=None, allow_none=True)
    min_quantity = Quantity(load_default=None, allow_none=True)
    open_until = Moment(ends=True, load_default=None, allow_none=True)
    firm = Boolean(load_default=True)
    payment_days = Integer(lowest=0, highest=365, load_default=PAYMENT_DAYS)
    visibility = Choice(Visibility, load_default=str(Visibility.PUBLIC))
    visible_to = ma.fields.List(Id(), load_default=list, validate=validate.Length(max=100))
    draft = Boolean(load_default=False)
    on_behalf_of = Id(load_default=None, allow_none=True)


class OfferChange(Schema):
    ask_price = UnitPrice()
    price_per = ma.fields.Nested(PricePer)
    open_until = Moment(ends=True)

    @ma.validates_schema
    def price_with_its_unit(self, data: dict[str, Any], **kwargs: Any) -> None:
        if "price_per" in data and "ask_price" not in data:
            raise ValidationError("Missing data for required field.", "ask_price")


class OfferOut(Schema):
    """An offer: whole to its owner; to others without name, exact position and what is typed."""

    OWN = (
        "organisation_id",
        "capacity",
        "on_behalf_of",
        "lot_id",
        "visible_to",
        "price_as_typed",
        "created_at",
    )

    id = Id()
    organisation_id = Id()
    capacity = ma.fields.String()
    on_behalf_of = Id(allow_none=True)
    lot_id = Id()
    commodity = ma.fields.String(attribute="commodity_code")
    market = ma.fields.String(attribute="market_code")
    status = ma.fields.String()
    version = ma.fields.Integer()
    unit = ma.fields.String(attribute="commodity.unit")
    grade = ma.fields.String(attribute="lot.grade", allow_none=True)
    qualities = ma.fields.Dict(attribute="lot.qualities")
    certificates = ma.fields.Method("certificate_schemes")
    quantity = Quantity()
    remaining = Quantity(metadata={"description": "not taken by an order"})
    held = Quantity(metadata={"description": "the part of it that a round or a match holds"})
    min_quantity = Quantity(allow_none=True, metadata={"description": "the least sold at a time"})
    ask_price = UnitPrice()
    price_as_typed = ma.fields.Dict()
    firm = ma.fields.Boolean()
    payment_days = ma.fields.Integer()
    visibility = ma.fields.String()
    visible_to = ma.fields.List(Id())
    ready_at = Instant(attribute="lot.ready_at")
    expires_at = Instant(attribute="lot.expires_at")
    open_until = Instant()
    ward_code = ma.fields.String(attribute="lot.site.ward_code")
    latitude = ma.fields.Function(lambda offer: about(offer.lot.site.latitude))
    longitude = ma.fields.Function(lambda offer: about(offer.lot.site.longitude))
    distance_km = ma.fields.Method("distance", allow_none=True)
    listed_at = Instant(allow_none=True)
    created_at = Instant()

    def certificate_schemes(self, offer: Offer) -> list[str]:
        """Schemes under which the lot counts, judged at its harvest."""
        lot = offer.lot
        harvest = clock.local_date(lot.harvested_at or lot.ready_at)
        return sorted(
            {one.scheme_code for one in lot.certificates if one.covers(lot.commodity_code, harvest)}
        )

    def distance(self, offer: Offer) -> str | None:
        """Kilometres from the place searched near, if one was."""
        return None if offer.distance_km is None else f"{offer.distance_km:.3f}"

    @ma.post_dump(pass_original=True)
    def hide(self, data: dict[str, Any], offer: Offer, **kwargs: Any) -> dict[str, Any]:
        """Leave out what only the owner may know."""
        if offer.shown_whole:
            return data
        return {name: value for name, value in data.items() if name not in self.OWN}


class Position(String):
    """``latitude,longitude`` in degrees."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        found = _POSITION.fullmatch(super()._deserialize(value, attr, data, **kwargs))
        if not found:
            raise ValidationError("Must be latitude,longitude in degrees.")
        latitude, longitude = float(found[1]), float(found[2])
        if abs(latitude) > 90 or abs(longitude) > 180:
            raise ValidationError("Must be latitude,longitude in degrees.")
        return latitude, longitude


class OfferQuery(PageQuery):
    commodity = String(longest=80)
    category = Choice(Category)
    grade = String(longest=80)
    certificate = String(longest=80)
    near = Position(longest=60)
    within_km = DecimalString(places=3, highest=Decimal(20_000))
    price_max = UnitPrice()
    available_on = Day()
    q = String(longest=100)
    sort = Choice(SORTS, load_default="newest")
    mine = ma.fields.Boolean(load_default=False)
    status = Choice(OfferStatus)

    @ma.validates_schema
    def distance_from_somewhere(self, data: dict[str, Any], **kwargs: Any) -> None:
        if "near" not in data and ("within_km" in data or data.get("sort") == "distance"):
            raise ValidationError("Missing data for required field.", "near")


class Limit(Schema):
    """``min`` and ``max``: number as decimal text, ISO date; ``{"min": true}`` for a boolean."""

    min = ma.fields.Raw()
    max = ma.fields.Raw()


class AcceptedIn(Schema):
    commodity = String(required=True, longest=80)
    min_grade = String(load_default=None, allow_none=True, longest=80)
    quality_limits = Dict(
        keys=String(longest=80),
        values=ma.fields.Nested(Limit),
        load_default=dict,
        most=MOST_QUALITIES,
    )
    required_certificates = ma.fields.List(
        String(longest=80), load_default=list, validate=validate.Length(max=20)
    )


class AcceptedOut(Schema):
    commodity = ma.fields.String(attribute="commodity_code")
    min_grade = ma.fields.String(allow_none=True)
    quality_limits = ma.fields.Dict()
    required_certificates = ma.fields.List(ma.fields.String())


class DemandIn(Schema):
    accepts = ma.fields.List(
        ma.fields.Nested(AcceptedIn), required=True, validate=validate.Length(min=1, max=20)
    )
    quantity = Quantity(required=True)
    bid_price = UnitPrice(required=True)
    min_delivery = Quantity(load_default=None, allow_none=True)
    max_suppliers = Integer(lowest=1, highest=1_000_000, load_default=None, allow_none=True)
    deliver_from = Moment(required=True)
    deliver_until = Moment(ends=True, required=True)
    site_id = Id(required=True)
    processing_line = String(load_default=None, allow_none=True, longest=80)
    firm = Boolean(load_default=True)
    draft = Boolean(load_default=False)
    shortage_rule = Choice(ShortageRule, load_default=str(ShortageRule.PRO_RATA))
    on_behalf_of = Id(load_default=None, allow_none=True)


class DemandOut(Schema):
    id = Id()
    organisation_id = Id()
    capacity = ma.fields.String()
    on_behalf_of = Id(allow_none=True)
    market = ma.fields.String(attribute="market_code")
    accepts = ma.fields.List(ma.fields.Nested(AcceptedOut))
    status = ma.fields.String()
    quantity = Quantity()
    remaining = Quantity()
    held = Quantity()
    bid_price = UnitPrice()
    min_delivery = Quantity(allow_none=True)
    max_suppliers = ma.fields.Integer(allow_none=True)
    deliver_from = Instant()
    deliver_until = Instant()
    site_id = Id()
    processing_line = ma.fields.String(allow_none=True)
    shortage_rule = ma.fields.String()
    firm = ma.fields.Boolean()
    posted_at = Instant(allow_none=True)
    created_at = Instant()


class DemandQuery(PageQuery):
    commodity = String(longest=80)
    status = Choice(DemandStatus)
