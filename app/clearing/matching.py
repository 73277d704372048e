"""From matches on paper to orders: holds are released, quantities taken, orders opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from app.accounts.models import Capacity, Party
from app.catalogue.queries import get_market
from app.clearing.book import factors_of, in_own_unit, price_in_own_unit
from app.clearing.models import Match, MatchNotProposed, MatchStatus, Round, Side
from app.clearing.queries import get_round
from app.core import outbox
from app.core.db import db
from app.core.money import line_amount
from app.core.outbox import OutboxMessage
from app.lots.models import Lot
from app.market.models import Demand, Offer
from app.market.queries import demand_for_update, offers_for_update
from app.orders.models import Carrier, Origin
from app.orders.operations import Agreement, Terms, open_orders

TIME_TO_ANSWER = timedelta(hours=12)
CONSUMER = "matches"


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
        .options(joinedload(Offer.lot).joinedload(Lot.site), joinedload(Offer.commodity))
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
    for model, rows in ((Offer, offers), (Demand, demands)):
        db.session.execute(
            update(model)
            .where(model.round_id == round_id)
            .values(round_held=Decimal(0), round_id=None),
            execution_options={"synchronize_session": False},
        )
        for row in rows:
            set_committed_value(row, "round_held", Decimal(0))
            set_committed_value(row, "round_id", None)
    return HeldBook({one.id: one for one in offers}, {one.id: one for one in demands})


def make_matches(
    settled: Round, found: Sequence[Mapping[str, Any]], book: HeldBook, *, now: datetime
) -> list[Match]:
    """Matches of a round. Two firm sides order at once; others hold until they answer."""
    factors = _factors(settled)
    matches = [
        _matched(settled, row, book, factors, now=now)
        for row in sorted(found, key=lambda one: (one["offer_id"], one["demand_id"]))
    ]
    firm = [match for match in matches if match.offer.firm and match.demand.firm]
    _open_orders(firm, factors, now=now)
    db.session.bulk_save_objects(matches)
    for match in matches:
        if match.status == MatchStatus.PROPOSED:
            _tell("match.proposed", match, now=now)
    return matches


def _matched(
    settled: Round,
    row: Mapping[str, Any],
    book: HeldBook,
    factors: Mapping[str, Decimal],
    *,
    now: datetime,
) -> Match:
    """A match whose quantity its two sides have given or, where one is to answer, hold."""
    offer, demand = book.offers[UUID(row["offer_id"])], book.demands[UUID(row["demand_id"])]
    quantity = Decimal(row["quantity"])
    match = Match(
        round_id=settled.id,
        organisation_id=offer.organisation_id,
        seller_agent_id=offer.agent_id,
        buyer_id=demand.organisation_id,
        buyer_agent_id=demand.agent_id,
        offer_id=offer.id,
        demand_id=demand.id,
        offer=offer,
        demand=demand,
        quantity=quantity,
        offer_quantity=in_own_unit(quantity, factors[offer.commodity_code], most=offer.free),
        seller_price=Decimal(row["seller_price"]),
        buyer_price=Decimal(row["buyer_price"]),
        transport_cost=Decimal(row["transport_cost"]),
        status=MatchStatus.PROPOSED,
        expires_at=min(now + TIME_TO_ANSWER, offer.lot.expires_at, demand.deliver_until),
        seller_accepted_at=now if offer.firm else None,
        buyer_accepted_at=now if demand.firm else None,
    )
    if offer.firm and demand.firm:
        _take(match, at=settled.closed_at or now)
    else:
        offer.match_held += match.offer_quantity
        demand.match_held += match.quantity
    return match


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
        settled = get_round(match.round_id)
        match.offer.match_held -= match.offer_quantity
        match.demand.match_held -= match.quantity
        _take(match, at=settled.closed_at or now)
        _open_orders([match], _factors(settled), now=now)
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


def follow_withdrawal(*, message: OutboxMessage, now: datetime) -> None:
    """An offer or demand has left the market: what was proposed of it is superseded, once."""
    if message.topic == "offer.withdrawn":
        own = Match.offer_id == UUID(message.payload["offer_id"])
    elif message.topic == "demand.cancelled":
        own = Match.demand_id == UUID(message.payload["demand_id"])
    else:
        return
    if not outbox.first_time(CONSUMER, message.id, now=now):
        return
    proposed = db.session.scalars(
        select(Match)
        .where(own, Match.status == MatchStatus.PROPOSED)
        .options(joinedload(Match.offer), joinedload(Match.demand))
        .order_by(Match.id)
        .with_for_update(of=Match)
    ).all()
    offers_for_update({match.offer_id for match in proposed})
    for demand_id in sorted({match.demand_id for match in proposed}):
        demand_for_update(demand_id)
    for match in proposed:
        _let_go(match, MatchStatus.SUPERSEDED)
        _tell("match.superseded", match, now=now)


def _factors(settled: Round) -> dict[str, Decimal]:
    return factors_of(get_market(settled.market_code), now=settled.closed_at or settled.opened_at)


def _take(match: Match, *, at: datetime) -> None:
    """Both sides give what they agreed to when the book closed; both rows are locked."""
    match.demand.check_open(now=at)
    match.offer.take(match.offer_quantity, now=at)
    match.demand.take(match.quantity)


def _open_orders(
    matches: Sequence[Match], factors: Mapping[str, Decimal], *, now: datetime
) -> None:
    """Turn what matches have taken into orders at their prices."""
    agreements = [_agreement(match, factors[match.offer.commodity_code]) for match in matches]
    orders = open_orders(agreements=agreements, now=now) if agreements else []
    for match, order in zip(matches, orders, strict=True):
        match.order_id, match.status = order.id, MatchStatus.ACCEPTED


def _agreement(match: Match, factor: Decimal) -> Agreement:
    offer, demand = match.offer, match.demand
    unit_price = price_in_own_unit(match.seller_price, factor)
    goods = line_amount(match.offer_quantity, unit_price)
    haulage = max(0, line_amount(match.quantity, match.buyer_price) - goods)
    return Agreement(
        buyer=Party(demand.organisation_id, Capacity(demand.capacity), demand.agent_id),
        terms=[Terms(offer, match.offer_quantity, unit_price, offer.lot.grade, haulage)],
        site=demand.site,
        carrier=Carrier.SELLER,
        origin=Origin.ROUND,
        fills=(demand.id, match.quantity),
        confirmed=True,
    )


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
