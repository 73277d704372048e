"""Rounds: what a market's clearing came to, how well it is proved, and my part in it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts.access import PUBLIC, Caller
from app.catalogue.models import Commodity, Market
from app.catalogue.queries import commodities_by_code
from app.clearing import api as clearing
from app.clearing.models import MarketPrice, Match, Round
from app.clearing.schemas import RoundQuery
from app.core.db import db
from app.core.paging import PageQuery
from app.web.forms import asked_for, loaded
from app.web.pages import Pages, show

pages = Pages("rounds")


@pages.page("GET", "/rounds", access=PUBLIC)
def all_rounds(caller: Caller) -> Response:
    """Rounds of every market, newest first."""
    asked = asked_for("cursor", "market")
    found = clearing.list_rounds(caller=caller, query=loaded(RoundQuery, asked))
    return show("rounds.html", found=found, bases=_bases(found.items))


@pages.page("GET", "/rounds/<uuid:round_id>", access=PUBLIC)
def one_round(caller: Caller, round_id: UUID) -> Response:
    """One round: to anybody what it came to, to those who took part their matches."""
    found = clearing.get_round(caller=caller, round_id=round_id)
    return show(
        "round.html",
        round=found,
        base=_bases([found])[found.market_code],
        price=db.session.get(MarketPrice, round_id),
        matches=_own_matches(caller, round_id),
    )


def _own_matches(caller: Caller, round_id: UUID) -> list[Match]:
    if caller.organisation is None or caller.sees_all:
        return []
    few = loaded(PageQuery, {"limit": "50"})
    return list(clearing.list_matches(caller=caller, round_id=round_id, query=few).items)


def _bases(rounds: Sequence[Round]) -> dict[str, Commodity]:
    """The commodity in whose unit each market's round is stated, by market."""
    rows = db.session.execute(
        select(Market.code, Market.base_commodity_code).where(
            Market.code.in_({one.market_code for one in rounds})
        )
    ).all()
    goods = commodities_by_code(row.base_commodity_code for row in rows)
    return {row.code: goods[row.base_commodity_code] for row in rows}
