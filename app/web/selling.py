"""Selling ("Đăng bán"): what, how much, at which price, ready when.

One form makes a lot and its offer.
"""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts.access import SELLERS, Caller
from app.catalogue.models import Commodity, QualityType
from app.catalogue.queries import find_commodity
from app.core import clock
from app.core.db import db
from app.core.errors import invalid
from app.lots import api as lots
from app.lots.models import Lot, LotStatus
from app.lots.photo import LARGEST_UPLOAD, keep_photo
from app.lots.schemas import LotIn
from app.market import api as market
from app.market.schemas import OfferIn
from app.places.models import Site
from app.places.queries import sites
from app.web.forms import identifier, loaded, number, typed
from app.web.pages import Pages, go, show
from app.web.produce import called, check_likely, likely, picture, price_of
from app.web.sites import add_in_ward, wards_called

pages = Pages("selling")
MORNING = time(6)
FARTHEST = timedelta(days=365)
WEIGHTS = ("kg", "yến", "tạ")


@pages.page("GET", "/sell", access=SELLERS)
def sell_form(caller: Caller) -> Response:
    """The form; what is chosen in it decides what else it asks."""
    words = request.values.get("q", "").strip()
    tiles = list(called(words)) if words else likely(caller.acting.id)
    code = request.values.get("commodity") or (tiles[0].code if tiles and not words else None)
    chosen = find_commodity(code) if code else None
    if chosen is not None and all(one.code != chosen.code for one in tiles):
        tiles = [chosen, *tiles]
    return show(
        "sell.html",
        tiles=[(one, picture(one.category)) for one in tiles],
        words=words,
        price=price_of(chosen, caller.acting.id, now=caller.now) if chosen else None,
        **asked_of_a_lot(caller, chosen),
    )


@pages.page("POST", "/sell", access=SELLERS, again=sell_form, largest=LARGEST_UPLOAD, makes=True)
def sell(caller: Caller) -> Response:
    """List it; an odd price is asked about once."""
    commodity = find_commodity(typed("commodity")) if typed("commodity") else None
    if commodity is None:
        raise invalid("/commodity", "Hãy chọn nông sản.", "Choose what you sell.")
    ask_price = number("ask_price")
    check_likely(commodity, Decimal(ask_price or 0))
    lot = declared_lot(caller, commodity)
    offer = market.list_offer(
        caller=caller,
        body=loaded(
            OfferIn,
            {
                "lot_id": str(lot.id),
                "quantity": f"{lot.quantity:f}",
                "ask_price": ask_price,
            },
        ),
    )
    if (photo := request.files.get("photo")) and (data := photo.read()):
        keep_photo(lot=lot, data=data, now=caller.now)
    return go(f"/offers/{offer.id}?new=1")


def asked_of_a_lot(caller: Caller, commodity: Commodity | None) -> dict[str, Any]:
    """What the fields of a lot of this commodity are made of."""
    own_sites = db.session.scalars(
        sites(Site.organisation_id == caller.acting.id).order_by(Site.id)
    ).all()
    called = request.values.get("ward", "")
    return {
        "chosen": commodity,
        "units": WEIGHTS if commodity and commodity.unit == "kg" else (),
        "asked": [one for one in commodity.qualities if one.required] if commodity else [],
        "sites": own_sites,
        "wards": [] if own_sites else wards_called(called, clock.local_date(caller.now)),
    }


def declared_lot(caller: Caller, commodity: Commodity) -> Lot:
    """The lot that the fields of a form tell of; harvested now unless they say otherwise."""
    quantity = number("quantity")
    ready, forecast = _ready_at(caller)
    body = {
        "commodity": commodity.code,
        "site_id": str(_site(caller)),
        "status": str(LotStatus.FORECAST if forecast else LotStatus.HARVESTED),
        "quantity": quantity,
        "unit": typed("unit"),
        "grade": typed("grade"),
        "qualities": _qualities(commodity),
        "ready_at" if forecast else "harvested_at": ready.isoformat(),
    }
    lot: Lot = lots.declare_lot(caller=caller, body=loaded(LotIn, body))
    return lot


@pages.page("GET", "/offers/<uuid:offer_id>/again", access=SELLERS)
def sell_again(caller: Caller, offer_id: UUID) -> Response:
    """The form with the same produce, to sell as before."""
    offer = market.get_offer(caller=caller, offer_id=offer_id)
    lot = db.session.scalar(select(Lot).where(Lot.id == offer.lot_id, caller.sees(Lot)))
    code = offer.commodity_code
    asked = f"{offer.quantity:f}".rstrip("0").rstrip(".")
    grade = lot.grade if lot and lot.grade else ""
    return go(
        f"/sell?commodity={code}&quantity={asked}&ask_price={int(offer.ask_price)}&grade={grade}"
    )


def _ready_at(caller: Caller) -> tuple[datetime, bool]:
    """When the goods are there, and whether that is still to come."""
    today = clock.local_date(caller.now)
    when = typed("when") or "today"
    if when == "today":
        return caller.now, False
    if when == "tomorrow":
        on = today + timedelta(days=1)
    else:
        try:
            on = datetime.fromisoformat(typed("ready_on")).date()
        except ValueError:
            raise invalid(
                "/ready_on", "Hãy chọn ngày có hàng.", "Choose the day it is ready."
            ) from None
    if on <= today:
        raise invalid("/ready_on", "Chọn một ngày sau hôm nay.", "Choose a day after today.")
    if on > today + FARTHEST:
        raise invalid(
            "/ready_on",
            "Chỉ đăng được hàng có trong vòng một năm. Chọn ngày gần hơn.",
            "Only what is ready within a year can be listed. Choose an earlier day.",
        )
    return datetime.combine(on, MORNING, clock.LOCAL), True


def _qualities(commodity: Commodity) -> dict[str, Any]:
    """What was entered of the qualities that are asked for."""
    given: dict[str, Any] = {}
    for one in commodity.qualities:
        name = f"quality-{one.code}"
        if one.type == QualityType.NUMBER:
            if (value := number(name, needed=one.required)) is not None:
                given[one.code] = value
        elif one.type == QualityType.BOOLEAN:
            if typed(name):
                given[one.code] = typed(name) == "yes"
        elif typed(name):
            given[one.code] = typed(name)
    return given


def _site(caller: Caller) -> UUID:
    """Where the goods lie: a place chosen, the only one, or a first one made of a ward."""
    if chosen := identifier("site"):
        return chosen
    own = db.session.scalars(
        sites(Site.organisation_id == caller.acting.id).order_by(Site.id).limit(1)
    ).first()
    if own is not None:
        return own.id
    site = add_in_ward(caller, name=caller.signed_in.name)
    return UUID(str(site.id))
