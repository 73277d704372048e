"""A cleared round as it stands in the database, held against its own snapshot and certificate."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.catalogue.queries import get_market
from app.clearing.book import factors_of, price_in_own_unit
from app.clearing.models import MarketPrice, Match, MatchStatus, Round, RoundStatus
from app.clearing.verifier.proof import Verdict, verify
from app.core.db import db
from app.core.errors import NotFound
from app.market.models import Demand, Offer
from app.orders.models import Order


def verify_round(round_id: UUID) -> Verdict:
    """Prove a round again, and that offers, demands, matches, orders and prices agree with it.

    Raises:
        NotFound: there is no such round.
    """
    cleared = db.session.get(Round, round_id)
    if cleared is None:
        raise NotFound
    if cleared.status != RoundStatus.CLEARED or not cleared.snapshot or not cleared.certificate:
        verdict = Verdict()
        verdict.unless(False, "not_cleared", cleared.status)
        return verdict
    matches = db.session.scalars(
        select(Match)
        .where(Match.round_id == round_id)
        .options(joinedload(Match.offer), joinedload(Match.demand))
        .order_by(Match.offer_id, Match.demand_id)
    ).all()
    verdict = verify(cleared.snapshot, _answer(cleared, matches))
    _check_owners(cleared.snapshot, verdict)
    _check_parties(matches, verdict)
    _check_orders(cleared, matches, verdict)
    _check_market_price(cleared, matches, verdict)
    return verdict


def _answer(cleared: Round, matches: Sequence[Match]) -> dict[str, Any]:
    """What was told of the round, in the form in which the engine answered."""
    told = (
        *("offers", "demands", "matches", "welfare", "upper_bound", "optimality_gap"),
        *("cleared_quantity", "snapshot_hash", "solution_hash"),
    )
    rows = [
        {
            "offer_id": str(match.offer_id),
            "demand_id": str(match.demand_id),
            "quantity": f"{match.quantity:.3f}",
            "seller_price": f"{match.seller_price:.2f}",
            "buyer_price": f"{match.buyer_price:.2f}",
            "transport_cost": f"{match.transport_cost:.2f}",
        }
        for match in matches
    ]
    figures = {name: getattr(cleared, name) for name in told} | {"market": cleared.market_code}
    return {"round": figures, "matches": rows, "certificate": cleared.certificate}


def _check_owners(snapshot: dict[str, Any], verdict: Verdict) -> None:
    """Every offer and demand is of the market and belongs to whom the snapshot says."""
    for model, rows, key, owner in (
        (Offer, snapshot["offers"], "offer_id", "seller_id"),
        (Demand, snapshot["demands"], "demand_id", "buyer_id"),
    ):
        found = db.session.execute(
            select(model.id, model.organisation_id).where(
                model.id.in_([UUID(row[key]) for row in rows]),
                model.market_code == snapshot["market"],
            )
        )
        owners = {str(row.id): str(row.organisation_id) for row in found}
        for row in rows:
            verdict.unless(owners.get(row[key]) == row[owner], "owner_differs", row[key])


def _check_parties(matches: Sequence[Match], verdict: Verdict) -> None:
    for match in matches:
        offer, demand = match.offer, match.demand
        mine = (match.organisation_id, match.seller_agent_id, match.buyer_id, match.buyer_agent_id)
        theirs = (offer.organisation_id, offer.agent_id, demand.organisation_id, demand.agent_id)
        verdict.unless(mine == theirs, "match_of_others", match.id)


def _check_orders(cleared: Round, matches: Sequence[Match], verdict: Verdict) -> None:
    """Every accepted match has an order of its parties, quantity and price; no other has one."""
    found = db.session.scalars(
        select(Order)
        .where(Order.id.in_([match.order_id for match in matches if match.order_id]))
        .options(selectinload(Order.lines))
    )
    orders = {order.id: order for order in found}
    at = cleared.closed_at or cleared.opened_at
    factors = factors_of(get_market(cleared.market_code), now=at)
    for match in matches:
        accepted = match.status == MatchStatus.ACCEPTED
        verdict.unless(accepted == (match.order_id is not None), "order_missing", match.id)
        if match.order_id is None:
            continue
        order, factor = orders[match.order_id], factors[match.offer.commodity_code]
        price = price_in_own_unit(match.seller_price, factor)
        agreed = [
            (match.organisation_id, match.buyer_id, match.demand_id, match.quantity),
            *[(match.offer_id, match.offer_quantity, price)],
        ]
        written = [
            (order.seller_id, order.organisation_id, order.demand_id, order.demand_quantity),
            *[(line.offer_id, line.quantity, line.unit_price) for line in order.lines],
        ]
        verdict.unless(written == agreed, "order_differs", order.id)


def _check_market_price(cleared: Round, matches: Sequence[Match], verdict: Verdict) -> None:
    """What was published of the prices is what was traded at."""
    told = db.session.get(MarketPrice, cleared.id)
    verdict.unless((told is not None) == bool(matches), "market_price_missing", cleared.id)
    if told is None or not matches:
        return
    quantity = sum((match.quantity for match in matches), Decimal(0))
    verdict.unless(told.quantity == quantity, "market_price_differs", "quantity")
    for side in ("seller", "buyer"):
        prices = [getattr(match, f"{side}_price") for match in matches]
        value = sum(
            (price * match.quantity for price, match in zip(prices, matches, strict=True)),
            Decimal(0),
        )
        average = (value / quantity).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        for which, price in (("low", min(prices)), ("average", average), ("high", max(prices))):
            name = f"{side}_{which}"
            verdict.unless(getattr(told, name) == price, "market_price_differs", name)
