"""Home: what to do next, before anything else."""

from typing import Any

from sqlalchemy import BindParameter, bindparam, func, select, union_all
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from app.accounts.access import READERS, Caller
from app.accounts.models import Kind
from app.accounts.queries import current_members
from app.catalogue.queries import commodities_by_code
from app.clearing.models import Match, MatchStatus
from app.clearing.queries import concerning as matches_of
from app.core.db import db
from app.deliveries import queries as deliveries
from app.deliveries.models import UNDER_WAY, Claim, ClaimStatus, Delivery
from app.market.models import Demand, DemandStatus, Offer, OfferStatus
from app.market.queries import demands, offers
from app.orders import queries as orders
from app.orders.models import Order, OrderStatus
from app.web.money import totals
from app.web.orders import goods_of, names_of
from app.web.pages import Pages, show

pages = Pages("home")
FEW = 5


@pages.page("GET", "/home", access=READERS)
def home(caller: Caller) -> Response:
    """The first screen of whoever is signed in."""
    own = caller.acting.id
    selling = caller.acting.kind in (Kind.FARM, Kind.FARMER_GROUP, Kind.COOPERATIVE)
    buying = caller.acting.kind in (Kind.PROCESSOR, Kind.COOPERATIVE)
    due = _orders(orders.selling(own), (OrderStatus.PLACED, OrderStatus.CONFIRMED))
    coming = _coming(caller) if buying else []
    on_sale = _on_sale(caller) if selling else []
    proposals = _proposals(caller)
    looking = _looking(caller) if buying else []
    known = [*due, *(load.order for load in coming)]
    return show(
        "home.html",
        selling=selling,
        buying=buying,
        due=due if selling else [],
        coming=coming,
        on_sale=on_sale,
        looking=looking,
        proposals=proposals,
        claims=_claims(caller),
        names=names_of(known),
        goods=goods_of(known)
        | commodities_by_code({one.commodity_code for one in on_sale})
        | commodities_by_code({one.accepts[0].commodity_code for one in looking})
        | commodities_by_code({one.offer.commodity_code for one in proposals}),
        totals=totals(own) if selling or buying else None,
    )


def _orders(side: Any, statuses: tuple[OrderStatus, ...]) -> list[Order]:
    statement = orders.orders(side).where(Order.status.in_(statuses))
    return list(db.session.scalars(statement.order_by(Order.id).limit(FEW)))


def _coming(caller: Caller) -> list[Delivery]:
    """Loads on their way or waiting to be weighed, inspected or accepted."""
    # As literals, because a plan made for any statuses would not use the index of these.
    literally: BindParameter[Any] = bindparam(
        "under_way", UNDER_WAY, expanding=True, literal_execute=True
    )
    under_way = Delivery.status.in_(literally)
    statement = deliveries.deliveries(deliveries.seen_by(caller.acting)).where(under_way)
    return list(db.session.scalars(statement.order_by(Delivery.id).limit(FEW)))


def _on_sale(caller: Caller) -> list[Offer]:
    """The newest offers of one's own and those listed for members, each kind by its index."""
    own, still_open = caller.acting.id, Offer.status == OfferStatus.OPEN
    kinds = [select(Offer.id).where(Offer.organisation_id == own, still_open)]
    if caller.acting.kind == Kind.COOPERATIVE:
        for_members = (Offer.organisation_id.in_(current_members(own)), Offer.agent_id == own)
        kinds.append(select(Offer.id).where(*for_members, still_open))
    mine = union_all(*kinds).subquery()
    newest = select(mine.c.id).order_by(mine.c.id.desc()).limit(FEW)
    return list(db.session.scalars(offers(Offer.id.in_(newest)).order_by(Offer.id.desc())))


def _looking(caller: Caller) -> list[Demand]:
    statement = demands(caller.sees(Demand)).where(Demand.status == DemandStatus.OPEN)
    return list(db.session.scalars(statement.order_by(Demand.id.desc()).limit(FEW)))


def _proposals(caller: Caller) -> list[Match]:
    """Matches that wait for an answer of mine."""
    own = caller.acting.id
    statement = (
        select(Match)
        .where(matches_of(own, everything=False), Match.status == MatchStatus.PROPOSED)
        .options(joinedload(Match.offer))
        .order_by(Match.expires_at)
        .limit(FEW)
    )
    mine = db.session.scalars(statement).all()
    return [
        one
        for one in mine
        if (own in (one.organisation_id, one.seller_agent_id) and not one.seller_accepted_at)
        or (own in (one.buyer_id, one.buyer_agent_id) and not one.buyer_accepted_at)
    ]


def _claims(caller: Caller) -> int:
    """How many claims wait for somebody's word."""
    waiting = (ClaimStatus.OPEN, ClaimStatus.ESCALATED)
    found = deliveries.claims(deliveries.claims_seen_by(caller.acting)).where(
        Claim.status.in_(waiting)
    )
    return db.session.scalar(select(func.count()).select_from(found.subquery())) or 0
