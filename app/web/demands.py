"""Demands: what I look for, what would match it today, and what became of it."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts.access import BUYERS, READERS, Caller
from app.catalogue.models import Commodity, QualityType
from app.catalogue.queries import (
    commodities,
    commodities_by_code,
    find_commodity,
    get_commodity,
    get_market,
    processing_lines,
)
from app.clearing.models import Match
from app.clearing.preview import count_preview, preview
from app.clearing.telling import explanation, in_words
from app.core import clock
from app.core.db import db
from app.core.errors import invalid
from app.market import api as market
from app.market.schemas import DemandIn, DemandQuery
from app.places.models import Site
from app.places.queries import sites
from app.web.forms import asked_for, loaded, number, ticked, typed, whole
from app.web.language import language
from app.web.pages import Pages, go, show
from app.web.produce import check_likely, picture

pages = Pages("demands")


@pages.page("GET", "/demands", access=READERS)
def my_demands(caller: Caller) -> Response:
    """What I look for, newest first."""
    asked = asked_for("cursor", "status")
    found = market.list_demands(caller=caller, query=loaded(DemandQuery, asked))
    return show("demands.html", found=found, goods=_goods(found.items))


@pages.page("GET", "/demands/<uuid:demand_id>", access=READERS)
def demand(caller: Caller, demand_id: UUID) -> Response:
    """One demand: what was found for it, and why no more."""
    found = market.get_demand(caller=caller, demand_id=demand_id)
    matches = db.session.scalars(
        select(Match).where(Match.demand_id == demand_id).order_by(Match.id.desc()).limit(20)
    ).all()
    return show(
        "demand.html",
        demand=found,
        goods=_goods([found]),
        base=_base(found.market_code),
        matches=matches,
        why=explanation(found, language=language()),
    )


@pages.page("GET", "/demands/new", access=BUYERS)
def demand_form(caller: Caller) -> Response:
    """The form; the commodity chosen decides what else it asks."""
    code = request.values.get("commodity")
    chosen = find_commodity(code) if code else None
    own = sites(Site.organisation_id == caller.acting.id).order_by(Site.id)
    return show(
        "demand_form.html",
        chosen=chosen,
        base=_base(chosen.market_code) if chosen else None,
        siblings=_siblings(chosen) if chosen else [],
        everything=[] if chosen else everything(),
        measured=[one for one in chosen.qualities if one.type == QualityType.NUMBER]
        if chosen
        else [],
        lines=_lines(chosen) if chosen else [],
        sites=db.session.scalars(own).all(),
        found=None,
    )


@pages.page("POST", "/demands/preview", access=BUYERS, again=demand_form, shows=True)
def look_ahead(caller: Caller) -> Response:
    """What would match today: the live book is cleared with this demand and nothing is kept."""
    body = _stated()
    _check_likely(body)
    with db.session.begin_nested() as trial:
        posted = market.post_demand(caller=caller, body=body)
        count_preview(caller.acting.id, now=caller.now)
        found = preview(demand=posted, now=caller.now)
        why = in_words(found.reasons, posted, language=language())
        trial.rollback()
    chosen = find_commodity(typed("commodity"))
    assert chosen is not None
    return show(
        "demand_preview.html",
        found=found,
        why=why,
        began=body["deliver_from"] if _is_past(body["deliver_from"], caller) else None,
        until=body["deliver_until"],
        stated=[(name, value) for name, value in request.form.items() if name != "csrf_token"],
        chosen=chosen,
        base=_base(chosen.market_code),
        quantity=Decimal(number("quantity") or 0),
    )


@pages.page("POST", "/demands", access=BUYERS, again=demand_form, makes=True)
def post(caller: Caller) -> Response:
    """Post it."""
    body = _stated()
    _check_likely(body)
    made = market.post_demand(caller=caller, body=body)
    return go(f"/demands/{made.id}?new=1")


@pages.page("POST", "/demands/<uuid:demand_id>/cancellation", access=BUYERS, again=demand)
def cancel(caller: Caller, demand_id: UUID) -> Response:
    """Want no more of it."""
    market.cancel_demand(caller=caller, demand_id=demand_id)
    return go(f"/demands/{demand_id}")


def _is_past(instant: datetime, caller: Caller) -> bool:
    """Whether the day of an instant is over."""
    return clock.local_date(instant) < clock.local_date(caller.now)


def _check_likely(body: dict[str, Any]) -> None:
    """Ask once about a limit far from what the market's sellers got; refuse none at all."""
    if not body["bid_price"]:
        raise invalid("/bid_price", "Giá phải lớn hơn 0.", "The price has to be above 0.")
    base = _base(get_commodity(body["accepts"][0]["commodity"]).market_code)
    check_likely(base, body["bid_price"], field="bid_price")


def _stated() -> dict[str, Any]:
    """The form as the API takes a demand."""
    chosen = find_commodity(typed("commodity"))
    if chosen is None:
        raise invalid("/commodity", "Hãy chọn nông sản.", "Choose what you look for.")
    accepts = [
        {
            "commodity": chosen.code,
            "min_grade": typed("min_grade") or None,
            "quality_limits": _limits(chosen),
        }
    ]
    accepts += [{"commodity": one.code} for one in _siblings(chosen) if ticked(f"also-{one.code}")]
    return loaded(
        DemandIn,
        {
            "accepts": accepts,
            "quantity": number("quantity"),
            "bid_price": number("bid_price"),
            "min_delivery": number("min_delivery", needed=False),
            "max_suppliers": whole("max_suppliers", needed=False),
            "deliver_from": typed("deliver_from"),
            "deliver_until": typed("deliver_until"),
            "site_id": typed("site"),
            "processing_line": typed("processing_line"),
            "firm": not ticked("ask_first"),
        },
    )


def _limits(commodity: Commodity) -> dict[str, dict[str, str]]:
    """Lowest and highest of each measured quality, where one was entered."""
    limits: dict[str, dict[str, str]] = {}
    for one in commodity.qualities:
        if one.type != QualityType.NUMBER:
            continue
        for side in ("min", "max"):
            value = number(f"{side}-{one.code}", needed=False)
            if value is not None:
                limits.setdefault(one.code, {})[side] = value
    return limits


def _base(market_code: str) -> Commodity:
    """The commodity in whose unit a market's quantities and prices are stated."""
    found = find_commodity(get_market(market_code).base_commodity_code)
    assert found is not None
    return found


def _siblings(chosen: Commodity) -> list[Commodity]:
    """What else is traded in the same market."""
    statement = commodities(market=chosen.market_code).where(Commodity.code != chosen.code)
    return list(db.session.scalars(statement.order_by(Commodity.sort_key)))


def everything() -> list[tuple[Commodity, str]]:
    """Every commodity with its picture, by category and name."""
    statement = commodities().order_by(Commodity.category, Commodity.sort_key)
    return [(one, picture(one.category)) for one in db.session.scalars(statement)]


def _lines(chosen: Commodity) -> list[Any]:
    """Processing lines that accept the commodity."""
    lines = db.session.scalars(processing_lines()).all()
    return [one for one in lines if chosen.code in {good.code for good in one.commodities}]


def _goods(found: Any) -> dict[str, Commodity]:
    return commodities_by_code({one.commodity_code for each in found for one in each.accepts})
