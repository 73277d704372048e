"""My offers: what is on sale, what became of it, and why."""

from uuid import UUID

from flask import request
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from app.accounts.access import PUBLIC, READERS, SELLERS, Caller
from app.catalogue.queries import commodities_by_code, find_market
from app.clearing import api as clearing
from app.clearing.models import Match, MatchStatus
from app.clearing.telling import explanation
from app.core.db import db
from app.market import api as market
from app.market import offer_operations, queries
from app.market.models import Offer
from app.market.schemas import OfferChange, OfferQuery
from app.places.queries import current_ward
from app.web.forms import asked_for, loaded, number
from app.web.language import language
from app.web.lots import photo_of
from app.web.pages import Pages, go, show
from app.web.produce import check_likely

pages = Pages("offers")


@pages.page("GET", "/offers", access=READERS)
def my_offers(caller: Caller) -> Response:
    """What I sell, newest first."""
    asked = asked_for("cursor", "status")
    query = loaded(OfferQuery, {"mine": "true", **asked})
    found = market.list_offers(caller=caller, query=query)
    return show("offers.html", found=found)


@pages.page("GET", "/offers/<uuid:offer_id>", access=PUBLIC)
def offer(caller: Caller, offer_id: UUID) -> Response:
    """One offer: to its owner with what became of it, to a buyer with what it costs there."""
    found = market.get_offer(caller=caller, offer_id=offer_id)
    why = matches = next_round = frees_at = None
    if found.shown_whole and caller.person is not None:
        why = explanation(found, language=language())
        matches = db.session.scalars(
            select(Match).where(Match.offer_id == offer_id).order_by(Match.id.desc()).limit(5)
        ).all()
        next_round = find_market(found.market_code)
    elif found.match_held:
        frees_at = db.session.scalar(
            select(func.min(Match.expires_at)).where(
                Match.offer_id == offer_id, Match.status == MatchStatus.PROPOSED
            )
        )
    return show(
        "offer.html",
        offer=found,
        commodity=commodities_by_code([found.commodity_code])[found.commodity_code],
        ward=current_ward(found.lot.site.ward_code),
        why=why,
        next_round_at=next_round.next_round_at if next_round else None,
        matches=matches or [],
        frees_at=frees_at,
        photo=photo_of(found.lot_id),
        new="new" in request.args,
    )


@pages.page("POST", "/offers/<uuid:offer_id>/price", access=SELLERS, again=offer)
def change_price(caller: Caller, offer_id: UUID) -> Response:
    """Another price."""
    mine = queries.get_offer(offer_id, seen=caller.sees(Offer), lock=True)
    caller.check_may_act(mine)
    body = loaded(OfferChange, {"ask_price": number("ask_price")})
    check_likely(mine.commodity, body["ask_price"])
    offer_operations.change_offer(offer=mine, now=caller.now, **body)
    return go(f"/offers/{offer_id}")


@pages.page("POST", "/offers/<uuid:offer_id>/withdrawal", access=SELLERS, again=offer)
def withdraw(caller: Caller, offer_id: UUID) -> Response:
    """Take it back."""
    market.withdraw_offer(caller=caller, offer_id=offer_id)
    return go(f"/offers/{offer_id}")


@pages.page("POST", "/matches/<uuid:match_id>/acceptance", access=READERS)
def accept(caller: Caller, match_id: UUID) -> Response:
    """Yes to a proposal."""
    match = clearing.accept_match(caller=caller, match_id=match_id)
    return go(f"/orders/{match.order_id}" if match.order_id else "/home")


@pages.page("POST", "/matches/<uuid:match_id>/refusal", access=READERS)
def refuse(caller: Caller, match_id: UUID) -> Response:
    """No to a proposal."""
    clearing.refuse_match(caller=caller, match_id=match_id)
    return go("/home")
