"""Forecasts: what will be harvested in the next weeks, in two taps."""

from datetime import timedelta

from flask import request
from werkzeug.wrappers import Response

from app.accounts.access import SELLERS, Caller
from app.catalogue.queries import commodities_by_code, find_commodity
from app.core import clock
from app.core.errors import invalid
from app.lots import api as lots
from app.lots.models import Trend
from app.lots.schemas import ForecastIn, ForecastQuery
from app.web.forms import asked_for, loaded, number, typed
from app.web.pages import Pages, go, show
from app.web.produce import likely, picture

pages = Pages("forecasts")
WEEKS = 4


@pages.page("GET", "/forecasts", access=SELLERS)
def forecasts(caller: Caller) -> Response:
    """What I have said so far, newest first."""
    asked = asked_for("cursor")
    found = lots.list_forecasts(caller=caller, query=loaded(ForecastQuery, asked))
    goods = commodities_by_code({one.commodity_code for one in found.items})
    return show("forecasts.html", found=found, goods=goods)


@pages.page("GET", "/forecasts/new", access=SELLERS)
def forecast_form(caller: Caller) -> Response:
    """Produce, then a quantity for each of the next weeks."""
    tiles = likely(caller.acting.id)
    code = request.values.get("commodity") or (tiles[0].code if tiles else "")
    today = clock.local_date(caller.now)
    monday = clock.monday(today)
    return show(
        "forecast.html",
        tiles=[(one, picture(one.category)) for one in tiles],
        chosen=find_commodity(code) if code else None,
        weeks=[monday + timedelta(weeks=ahead) for ahead in range(1, WEEKS + 1)],
    )


@pages.page("POST", "/forecasts/new", access=SELLERS, again=forecast_form)
def forecast(caller: Caller) -> Response:
    """Say it for every week that has a figure; at least one has to have one."""
    weeks = sorted(one for one in request.form if one.startswith("week-"))
    told = [one for one in weeks if typed(one)]
    if not told:
        raise invalid(
            f"/{next(iter(weeks), 'week')}",
            "Chưa ghi gì: hãy ghi lượng cho ít nhất một tuần.",
            "Nothing was entered: enter a quantity for at least one week.",
        )
    before = None
    for name in told:
        quantity = number(name)
        trend = _trend(before, float(quantity or 0))
        before = float(quantity or 0)
        body = {
            "commodity": typed("commodity"),
            "week": name.removeprefix("week-"),
            "quantity": quantity,
            "trend": str(trend),
        }
        lots.forecast_harvest(caller=caller, body=loaded(ForecastIn, body))
    return go("/forecasts")


def _trend(before: float | None, now: float) -> Trend:
    if not now:
        return Trend.ZERO
    if before is None or now == before:
        return Trend.EVEN
    return Trend.UP if now > before else Trend.DOWN
