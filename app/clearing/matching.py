"""From matches on paper to orders: holds are released, quantities taken, orders opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.accounts.models import Capacity, Party
from app.catalogue.queries import get_market
from app.clearing.book import factors_of, in_own_unit, price_in_own_unit
from app.clearing.models import Match, MatchNotProposed, MatchStatus, Round, Side
from app.core import outbox
from app.core.db import db
from app.core.money import line_amount
from app.market.models import Demand, Offer
from app.market.queries import demand_for_update, offers_for_update
from app.orders.models import Carrier, Order, Origin
from app.orders.operations import Terms, open_order

TIME_TO_ANSWER = timedelta(hours=12)


@dataclass(frozen=True)
class HeldBook:
    """The rows a round held, locked, by id."""

    offers: dict[UUID, Offer]
    demands: dict[UUID, Demand]

    @property
    def rows(self) -> list[Offer | Demand]:
        """Both sides."""
        return [*self.offers.values(), *self.demands.values()]


def release_round_holds(round_id: UUID) -> HeldBook:
    """Lock what a round holds, offers before demands and each in ascending id, and let it go."""
    offers = db.session.scalars(
        select(Offer)
        .where(Offer.round_id == round_id)
        .options(joinedload(Offer.lot), joinedload(Offer.commodity))
        .order_by(Offer.id)
        .with_for_update(of=Offer)
        .execution_options(populate_existing=True)
    ).all()
    demands = db.session.scalars(
        select(Demand)
        .where(Demand.round_id == round_id)
        .options(joinedload(Demand.site))
        .order_by(Demand.id)
        .with_for_update(of=Demand)
        .execution_options(populate_existing=True)
    ).all()
    book = HeldBook({one.id: one for one in offers}, {one.id: one for one in demands})
    for row in book.rows:
        row.round_held, row.round_id = Decimal(0), None
    db.session.flush()
    return book


def make_matches(
    settled: Round, found: Sequence[Mapping[str, Any]], book: HeldBook, *, now: datetime
) -> list[Match]:
    """Matches of a round. Two firm sides order at once; others hold until they answer."""
    assert settled.closed_at is not None
    factors = factors_of(get_market(settled.market_code), now=settled.closed_at)
    matches = []
    for row in sorted(found, key=lambda one: (one["offer_id"], one["demand_id"])):
        offer = book.offers[UUID(row["offer_id"])]
        demand = book.demands[UUID(row["demand_id"])]
        quantity = Decimal(row["quantity"])
        match = Match(
            round_id=settled.id,
            organisation_id=offer.organisation_id,
            seller_agent_id=offer.agent_id,
            buyer_id=demand.organisation_id,
            buyer_agent_id=demand.agent_id,
            offer=offer,
            demand=demand,
            quantity=quantity,
            offer_quantity=in_own_unit(quantity, factors[offer.commodity_code], most=offer.free),
            seller_price=Decimal(row["seller_price"]),
            buyer_price=Decimal(row["buyer_price"]),
            transport_cost=Decimal(row["transport_cost"]),
            status=MatchStatus.PROPOSED,
            expires_at=now + TIME_TO_ANSWER,
            seller_accepted_at=now if offer.firm else None,
            buyer_accepted_at=now if demand.firm else None,
        )
        db.session.add(match)
        db.session.flush()
        offer.match_held += match.offer_quantity
        demand.match_held += match.quantity
        db.session.flush()
        if offer.firm and demand.firm:
            _conclude(match, factors[offer.commodity_code], at=settled.closed_at, now=now)
        else:
            _tell("match.proposed", match, now=now)
        matches.append(match)
    return matches


def accept_match(*, match: Match, side: Side, now: datetime) -> Match:
    """One side agrees; when both have, the order is opened.

    Args:
        match: locked.

    Raises:
        MatchNotProposed: it is not waiting for an answer any more.
    """
    _check_waiting(match, now)
    if side is Side.SELLER:
        match.seller_accepted_at = match.seller_accepted_at or now
    else:
        match.buyer_accepted_at = match.buyer_accepted_at or now
    if match.seller_accepted_at and match.buyer_accepted_at:
        _lock_sides(match)
        settled = db.session.get_one(Round, match.round_id)
        assert settled.closed_at is not None
        factors = factors_of(get_market(settled.market_code), now=settled.closed_at)
        _conclude(match, factors[match.offer.commodity_code], at=settled.closed_at, now=now)
        _tell("match.accepted", match, now=now)
    db.session.flush()
    return match


def refuse_match(*, match: Match, now: datetime) -> Match:
    """One side declines; the quantity goes back to both.

    Args:
        match: locked.

    Raises:
        MatchNotProposed: it is not waiting for an answer any more.
    """
    _check_waiting(match, now)
    _let_go(match, MatchStatus.REFUSED)
    _tell("match.refused", match, now=now)
    return match


def supersede_match(*, match: Match) -> None:
    """Events have overtaken a proposal; the quantity goes back to both, and both stay in the book.

    Args:
        match: locked, with its sides.

    Raises:
        MatchNotProposed: it is not waiting for an answer any more.
    """
    if match.status != MatchStatus.PROPOSED:
        raise MatchNotProposed
    _let_go(match, MatchStatus.SUPERSEDED)


def expire_matches(*, now: datetime, most: int = 200) -> int:
    """End matches that nobody answered in time; how many."""
    late = db.session.scalars(
        select(Match)
        .where(Match.status == MatchStatus.PROPOSED, Match.expires_at <= now)
        .options(joinedload(Match.offer), joinedload(Match.demand))
        .order_by(Match.id)
        .limit(most)
        .with_for_update(of=Match, skip_locked=True)
    ).all()
    for match in late:
        _let_go(match, MatchStatus.EXPIRED)
        _tell("match.expired", match, now=now)
    return len(late)


def _conclude(match: Match, factor: Decimal, *, at: datetime, now: datetime) -> Order:
    """Turn the held quantity into an order at the match's prices; both rows are locked."""
    offer, demand = match.offer, match.demand
    offer.match_held -= match.offer_quantity
    demand.match_held -= match.quantity
    offer.take(match.offer_quantity, now=at)
    demand.take(match.quantity)
    db.session.flush()
    unit_price = price_in_own_unit(match.seller_price, factor)
    goods = line_amount(match.offer_quantity, unit_price)
    haulage = max(0, line_amount(match.quantity, match.buyer_price) - goods)
    order = open_order(
        buyer=Party(demand.organisation_id, Capacity(demand.capacity), demand.agent_id),
        terms=[Terms(offer, match.offer_quantity, unit_price, offer.lot.grade, haulage)],
        site=demand.site,
        carrier=Carrier.SELLER,
        origin=Origin.ROUND,
        fills=(demand.id, match.quantity),
        confirmed=True,
        now=now,
    )
    match.order_id = order.id
    match.status = MatchStatus.ACCEPTED
    db.session.flush()
    return order


def _let_go(match: Match, status: MatchStatus) -> None:
    _lock_sides(match)
    match.status = status
    match.offer.match_held -= match.offer_quantity
    match.demand.match_held -= match.quantity
    match.offer.settle_status()
    match.demand.settle_status()
    db.session.flush()


def _lock_sides(match: Match) -> None:
    """Lock offer, then demand; both objects come up to date."""
    offers_for_update({match.offer_id})
    demand_for_update(match.demand_id)


def _check_waiting(match: Match, now: datetime) -> None:
    if match.status != MatchStatus.PROPOSED or match.expires_at <= now:
        raise MatchNotProposed


def _tell(topic: str, match: Match, *, now: datetime) -> None:
    outbox.add(
        topic,
        concerns=match.parties,
        payload={
            "match_id": str(match.id),
            "seller_id": str(match.organisation_id),
            "seller_agent_id": str(match.seller_agent_id) if match.seller_agent_id else None,
            "buyer_id": str(match.buyer_id),
            "buyer_agent_id": str(match.buyer_agent_id) if match.buyer_agent_id else None,
            "commodity": match.offer.commodity_code,
            "quantity": f"{match.offer_quantity:.3f}",
            "expires_at": match.expires_at.isoformat(),
        },
        now=now,
    )
