"""What anybody may read: today's prices, privacy, help; and the choice of a language."""

from flask import request
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased
from werkzeug.wrappers import Response

from app.accounts import session
from app.accounts.access import NEWCOMERS, PUBLIC, SIGNED_IN, Caller
from app.accounts.queries import roles_of
from app.catalogue.models import Commodity, Market
from app.clearing.models import MarketPrice
from app.core.db import db
from app.core.errors import LANGUAGES, NotFound
from app.web import language
from app.web.forms import typed
from app.web.pages import Pages, go, here_or, show

pages = Pages("front")


@pages.page("GET", "/", access=PUBLIC)
def front(caller: Caller) -> Response:
    """Today's price of every market that has cleared."""
    return show("front.html", prices=_latest_prices())


@pages.page("GET", "/privacy", access=PUBLIC)
def privacy(caller: Caller) -> Response:
    """What is kept about whom, and who sees it."""
    return show("privacy.html")


@pages.page("GET", "/help", access=PUBLIC)
def guidance(caller: Caller) -> Response:
    """How to begin, and whom to ask."""
    return show("help.html")


@pages.page("POST", "/language", access=NEWCOMERS)
def choose_language(caller: Caller) -> Response:
    """Read on in another language, in this browser."""
    answer = go(here_or("/", typed("next")))
    if typed("language") in LANGUAGES:
        answer.set_cookie(language.COOKIE, typed("language"), max_age=365 * 86_400, samesite="Lax")
    return answer


@pages.page("GET", "/organisations", access=SIGNED_IN)
def organisations(caller: Caller) -> Response:
    """The organisations I may act in, to choose one."""
    return show(
        "organisations.html",
        roles=roles_of(caller.signed_in.id),
        onward=here_or("/home", request.args.get("next")),
    )


@pages.page("POST", "/organisations", access=SIGNED_IN)
def act_in(caller: Caller) -> Response:
    """Act in one of them from now on."""
    mine = {str(role.organisation_id) for role in roles_of(caller.signed_in.id)}
    if typed("organisation") not in mine:
        raise NotFound
    answer = go(here_or("/home", typed("next")))
    session.act_in(answer, typed("organisation"))
    return answer


def _latest_prices() -> list[tuple[Market, MarketPrice, str]]:
    """Markets by name, with the prices of their last round and the unit they are for."""
    newest = (
        select(MarketPrice)
        .ext(distinct_on(MarketPrice.market_code))
        .order_by(MarketPrice.market_code, MarketPrice.cleared_at.desc())
        .subquery()
    )
    latest, base = aliased(MarketPrice, newest), aliased(Commodity)
    rows = db.session.execute(
        select(Market, latest, base.unit)
        .join(latest, latest.market_code == Market.code)
        .join(base, (base.market_code == Market.code) & base.is_base)
        .order_by(Market.sort_key)
    )
    return [(market, price, unit) for market, price, unit in rows]
