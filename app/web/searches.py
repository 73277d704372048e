"""Saved searches: be told when something comes on sale that fits."""

from typing import Any
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from app.accounts.access import READERS, SIGNED_IN, Caller
from app.catalogue.models import CertificateScheme, Commodity
from app.catalogue.queries import commodities_by_code, find_commodity
from app.core.db import db
from app.core.paging import PageQuery
from app.notifications import api as notifications
from app.notifications.schemas import SavedSearchIn
from app.web.demands import everything
from app.web.forms import asked_for, loaded, number, typed, whole
from app.web.language import t
from app.web.market import own_site
from app.web.pages import Pages, go, show
from app.web.produce import called, picture

pages = Pages("searches")


@pages.page("GET", "/saved-searches", access=SIGNED_IN)
def my_searches(caller: Caller) -> Response:
    """What I wait for, newest first."""
    asked = asked_for("cursor")
    found = notifications.list_searches(caller=caller, query=loaded(PageQuery, asked))
    goods = commodities_by_code(one.commodity_code for one in found.items)
    return show("searches.html", found=found, goods=goods)


@pages.page("GET", "/saved-searches/new", access=READERS)
def search_form(caller: Caller) -> Response:
    """The form, filled with what the market was searched for."""
    code = request.values.get("commodity")
    chosen = find_commodity(code) if code else None
    return show(
        "search_form.html",
        chosen=chosen,
        everything=[] if chosen else _offered_to_choose(),
        site=own_site(caller),
        certificate=db.session.get(CertificateScheme, request.values.get("certificate", "")),
        unkept=_unkept(),
    )


def _offered_to_choose() -> list[tuple[Commodity, str]]:
    """What the words of the search find, else every commodity."""
    words = request.args.get("q", "").strip()
    found = [(one, picture(one.category)) for one in called(words)] if words else []
    return found or everything()


def _unkept() -> list[str]:
    """What the market was searched for and a saved search cannot hold."""
    words, ready = request.args.get("q"), request.args.get("available_on")
    unkept = [t("chữ tìm “{words}”", "the words “{words}”", words=words)] if words else []
    return unkept + ([t("ngày có hàng", "the day it is ready")] if ready else [])


@pages.page("POST", "/saved-searches", access=READERS, again=search_form)
def save(caller: Caller) -> Response:
    """Tell me from now on."""
    site = own_site(caller)
    within = whole("within_km", needed=False)
    body: dict[str, Any] = {
        "name": typed("name"),
        "commodity": typed("commodity"),
        "grade": typed("grade"),
        "certificate": typed("certificate"),
        "price_max": number("price_max", needed=False),
    }
    if within is not None and site:
        near = {"latitude": site.latitude, "longitude": site.longitude}
        body |= near | {"within_km": within}
    notifications.save_search(caller=caller, body=loaded(SavedSearchIn, body))
    return go("/saved-searches?new=1")


@pages.page("POST", "/saved-searches/<uuid:search_id>/removal", access=SIGNED_IN)
def forget(caller: Caller, search_id: UUID) -> Response:
    """Wait no more."""
    notifications.forget_search(caller=caller, search_id=search_id)
    return go("/saved-searches")
