"""Reading rounds, matches, outcomes and prices."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import defer, joinedload

from app.clearing.models import MarketPrice, Match, Outcome, Round
from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.market.models import Demand, Offer

FEWEST, LARGEST_SHARE = 5, Decimal("0.85")
"""Parties on a side, and how much of it one may hold, where their gain is told."""


def rounds() -> Select[Round]:
    """Rounds without their snapshots and certificates."""
    return select(Round).options(
        defer(Round.snapshot, raiseload=True), defer(Round.certificate, raiseload=True)
    )


def get_round(round_id: UUID) -> Round:
    """A round without its snapshot.

    Raises:
        NotFound: there is none.
    """
    found = db.session.scalar(rounds().where(Round.id == round_id))
    if found is None:
        raise NotFound
    return found


def telling_gains(rounds: Collection[Round]) -> set[UUID]:
    """Those of the rounds whose gain tells nothing of anybody: five or more sold and five or more
    bought, nobody more than 85 %, or nothing was matched at all."""
    ids = [one.id for one in rounds if one.matches]
    nothing = {one.id for one in rounds if one.matches == 0}
    both = _grouped(Match.organisation_id, ids).intersect(_grouped(Match.buyer_id, ids))
    return nothing | set(db.session.scalars(both))


def _grouped(party: Any, round_ids: Collection[UUID]) -> Select[UUID]:
    """The rounds whose matches have enough parties on a side, none of them too large."""
    held = (
        select(Match.round_id, func.sum(Match.quantity).label("quantity"))
        .where(Match.round_id.in_(round_ids))
        .group_by(Match.round_id, party)
        .subquery()
    )
    return (
        select(held.c.round_id)
        .group_by(held.c.round_id)
        .having(
            func.count() >= FEWEST,
            func.max(held.c.quantity) <= LARGEST_SHARE * func.sum(held.c.quantity),
        )
    )


def get_snapshot(round_id: UUID) -> dict[str, Any]:
    """A round's frozen book.

    Raises:
        NotFound: there is no such round, or it has not closed yet.
    """
    statement = select(Round.snapshot).where(Round.id == round_id)
    snapshot: dict[str, Any] | None = db.session.scalar(statement)
    if snapshot is None:
        raise NotFound
    return snapshot


def concerning(organisation_id: UUID, *, everything: bool) -> ColumnElement[bool]:
    """Matches in which the organisation takes part, on either side, itself or as agent."""
    if everything:
        return true()
    return or_(selling(organisation_id), buying(organisation_id))


def selling(organisation_id: UUID) -> ColumnElement[bool]:
    """Matches in which the organisation sells, itself or as agent."""
    return or_(Match.organisation_id == organisation_id, Match.seller_agent_id == organisation_id)


def buying(organisation_id: UUID) -> ColumnElement[bool]:
    """Matches in which the organisation buys, itself or as agent."""
    return or_(Match.buyer_id == organisation_id, Match.buyer_agent_id == organisation_id)


def matches_of(round_id: UUID, *, seen: ColumnElement[bool]) -> Select[Match]:
    """The matches of a round that the caller may see."""
    return select(Match).where(Match.round_id == round_id, seen)


def get_match(match_id: UUID, *, seen: ColumnElement[bool], lock: bool = False) -> Match:
    """A match among those the caller may see, with its offer and demand.

    Raises:
        NotFound: there is none, or it is between others.
    """
    statement = (
        select(Match)
        .where(Match.id == match_id, seen)
        .options(joinedload(Match.offer).joinedload(Offer.lot), joinedload(Match.demand))
    )
    if lock:
        statement = statement.with_for_update(of=Match).execution_options(populate_existing=True)
    match = db.session.scalar(statement)
    if match is None:
        raise NotFound
    return match


def latest_outcome(
    *, offer_id: UUID | None = None, demand_id: UUID | None = None
) -> Outcome | None:
    """What became of an offer or demand in the last round it was in."""
    own = Outcome.offer_id == offer_id if offer_id else Outcome.demand_id == demand_id
    return db.session.scalar(select(Outcome).where(own).order_by(Outcome.id.desc()).limit(1))


def prices_of(
    market_code: str, *, since: date | None = None, until: date | None = None
) -> Select[MarketPrice]:
    """A market's clearing prices, from one day in Viet Nam to another, both of them counting."""
    statement = select(MarketPrice).where(MarketPrice.market_code == market_code)
    if since is not None:
        statement = statement.where(MarketPrice.cleared_at >= clock.start_of_day(since))
    if until is not None:
        statement = statement.where(
            MarketPrice.cleared_at < clock.start_of_day(until + timedelta(days=1))
        )
    return statement


def unfinished_rounds() -> Sequence[UUID]:
    """Rounds that are open or closed, the largest book first."""
    under_way = db.session.execute(
        select(Round.id, Round.market_code).where(Round.status.in_(("open", "closed")))
    ).all()
    sizes = book_sizes()
    return [row.id for row in sorted(under_way, key=lambda row: (-sizes[row.market_code], row.id))]


def book_sizes() -> Counter[str]:
    """How many offers and demands are open in each market."""
    sizes: Counter[str] = Counter()
    for model in (Offer, Demand):
        counted = (
            select(model.market_code, func.count().label("rows"))
            .where(model.status == "open")
            .group_by(model.market_code)
        )
        for row in db.session.execute(counted):
            sizes[row.market_code] += row.rows
    return sizes
