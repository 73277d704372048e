"""Finding produce: search with what it costs at my gate, and order in three taps."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts.access import BUYERS, PUBLIC, Caller
from app.catalogue.models import Commodity, Market
from app.catalogue.queries import commodities, find_commodity
from app.core.db import db
from app.core.errors import invalid
from app.market import api as market
from app.market.models import Offer, OfferStatus
from app.market.schemas import OfferQuery
from app.orders import api as orders
from app.orders.models import Carrier
from app.orders.schemas import OrderIn
from app.places.models import Site
from app.places.queries import sites
from app.web.forms import decimal_text, identifier, loaded, number, typed, whole
from app.web.offers import offer as offer_page
from app.web.pages import Pages, go, show
from app.web.sites import ward_names

pages = Pages("market")
SORTS = ("newest", "price", "distance")
FILTERS = ("q", "commodity", "grade", "certificate", "within_km", "price_max", "available_on")


@dataclass(frozen=True)
class Found:
    """An offer as a buyer weighs it up: with haulage to the buyer's own gate."""

    offer: Offer
    ward: str
    haulage: Decimal | None

    @property
    def landed(self) -> Decimal | None:
        """Price and haulage per unit, at the gate."""
        return None if self.haulage is None else self.offer.ask_price + self.haulage


@pages.page("GET", "/market", access=PUBLIC)
def market_page(caller: Caller) -> Response:
    """Search what is on sale."""
    given = {name: value for name, value in request.args.items() if name in FILTERS and value}
    site = own_site(caller)
    query = _query(given, site)
    found = market.list_offers(caller=caller, query=query)
    return show(
        "market.html",
        found=found,
        rows=_found(found.items, site),
        given=given,
        chosen=find_commodity(given["commodity"]) if "commodity" in given else None,
        sort=query["sort"],
        site=site,
        commodities=offered(),
    )


@pages.page("POST", "/offers/<uuid:offer_id>/order", access=BUYERS, again=offer_page, makes=True)
def order(caller: Caller, offer_id: UUID) -> Response:
    """Order a part of an offer, delivered to one of my places."""
    quantity = number("quantity")
    site = identifier("site") or _first_site(caller)
    body = {
        "lines": [
            {
                "offer_id": str(offer_id),
                "quantity": quantity,
                "offer_version": whole("version", needed=False) or 1,
            }
        ],
        "site_id": str(site),
        "carrier": typed("carrier") or str(Carrier.BUYER),
    }
    made = orders.place_order(caller=caller, body=loaded(OrderIn, body))
    return go(f"/orders/{made.id}")


def _query(given: dict[str, str], site: Site | None) -> dict[str, Any]:
    """The search as the API takes it; distance counts from the buyer's own place."""
    sort = request.args.get("sort", "")
    sort = sort if sort in SORTS and (site or sort != "distance") else "newest"
    asked: dict[str, Any] = {**given, "sort": sort, "limit": "20"}
    for name in ("price_max", "within_km"):
        if name in asked:
            asked[name] = decimal_text(asked[name]) or asked[name]
    if site is not None:
        asked["near"] = f"{site.latitude:.6f},{site.longitude:.6f}"
    else:
        asked.pop("within_km", None)
    if "cursor" in request.args:
        asked["cursor"] = request.args["cursor"]
    return loaded(OfferQuery, asked)


def _found(offers: Any, site: Site | None) -> list[Found]:
    """Offers with their ward and what carrying a unit to the site costs by the market's tariff."""
    wards = ward_names(offer.lot.site.ward_code for offer in offers)
    tariffs = {one.code: one for one in db.session.scalars(select(Market))} if site else {}
    return [
        Found(
            offer,
            wards.get(offer.lot.site.ward_code, ""),
            _haulage(tariffs[offer.market_code], offer) if site else None,
        )
        for offer in offers
    ]


def _haulage(tariff: Market, offer: Offer) -> Decimal | None:
    """VND per unit over the distance found, by the market's tariff."""
    if offer.distance_km is None:
        return None
    per_kg = tariff.haulage_base + tariff.haulage_rate_per_km * tariff.road_factor * Decimal(
        str(offer.distance_km)
    )
    return (per_kg * offer.commodity.unit_weight_kg).quantize(Decimal(1))


def own_site(caller: Caller) -> Site | None:
    """The place from which distances count: the first that the caller declared."""
    if caller.organisation is None:
        return None
    mine = sites(Site.organisation_id == caller.organisation.id)
    return db.session.scalars(mine.order_by(Site.id).limit(1)).first()


def _first_site(caller: Caller) -> UUID:
    site = own_site(caller)
    if site is None:
        raise invalid("/site", "Hãy thêm nơi nhận hàng trước.", "Add a place to deliver to first.")
    return UUID(str(site.id))


def offered() -> list[Commodity]:
    """Commodities of which something is on sale, by name."""
    on_sale = select(Offer.id).where(
        Offer.commodity_code == Commodity.code, Offer.status == OfferStatus.OPEN
    )
    statement = commodities().where(on_sale.exists()).order_by(Commodity.sort_key)
    return list(db.session.scalars(statement))
