"""Other sources for buyers whose goods cannot come: found by the engine, answered by the buyer.

The book is small: the open offers of one market against the orders that are stuck in it. A buyer
bids what the goods would have cost delivered, or what its demand bids; grade and, with a demand,
all that it asks for count as in a round.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select, true

from app.catalogue.models import Commodity, Market
from app.catalogue.queries import get_commodity, get_market
from app.clearing.book import (
    factors_of,
    freeze,
    in_own_unit,
    offers_to_clear,
    price_in_own_unit,
)
from app.clearing.snapshot import clear_snapshot
from app.core import outbox
from app.core.db import db
from app.core.fields import instant_text
from app.core.money import HIGHEST_PRICE, PRICE_STEP, line_amount
from app.core.quantity import round_down
from app.disruption.models import (
    Commitment,
    CommitmentStatus,
    Rematch,
    RematchNotProposed,
    RematchStatus,
    WantedNoMore,
)
from app.disruption.queries import get_commitment, rematches
from app.disruption.telling import side_facts
from app.lots.queries import get_lot
from app.market.models import Demand, Offer
from app.market.queries import demand_for_update, demands, offers_for_update
from app.orders.haulage import haulage_per_unit
from app.orders.models import Carrier, Order, OrderLine, Origin
from app.orders.operations import Terms, open_order
from app.orders.queries import get_order
from app.places.models import Site
from app.places.queries import get_site, provinces_of, restrictions_at
from app.places.restriction_operations import barring, check_may_move

TIME_TO_ANSWER = timedelta(hours=12)
# How long after now goods may arrive where no demand says so.
WINDOW = timedelta(days=14)


def propose_rematches(*, commitments: Sequence[Commitment], now: datetime) -> list[Rematch]:
    """Look for other sources, market by market, and hold what is found until the buyer answers.

    Args:
        commitments: of orders, waiting.
    """
    by_market: dict[str, list[Commitment]] = defaultdict(list)
    for one in commitments:
        by_market[get_commodity(one.commodity_code).market_code].append(one)
    return [
        rematch
        for code, waiting in sorted(by_market.items())
        for rematch in _propose(get_market(code), waiting, now=now)
    ]


def accept_rematch(*, rematch: Rematch, now: datetime) -> Rematch:
    """The buyer takes the other source: it is ordered, and so much of the old order is replaced.

    The stuck order is locked before the proposal, as by whoever brings it back.

    Raises:
        RematchNotProposed: it is not waiting for an answer any more. WantedNoMore: the demand has
        been filled since. MovementRestricted: the goods may not travel now. OfferNotOpen: the
        offer has ended.
    """
    order, line = _order_of(rematch)
    _check_waiting(rematch, now=now)
    commitment = get_commitment(
        rematch.commitment_id, seen=Commitment.id == rematch.commitment_id, lock=True
    )
    if commitment.status != CommitmentStatus.WAITING:
        raise WantedNoMore
    offer = offers_for_update({rematch.offer_id})[rematch.offer_id]
    site = get_site(order.site_id, seen=true())
    check_may_move(pickup=offer.lot.site, drop=site, commodity=offer.commodity_code, now=now)
    offer.match_held -= rematch.offer_quantity
    offer.take(rematch.offer_quantity, now=now)
    fills = _fill(order, rematch.quantity)
    factors = factors_of(get_market(offer.market_code), now=rematch.proposed_at)
    price = price_in_own_unit(rematch.seller_price, factors[offer.commodity_code])
    goods = line_amount(rematch.offer_quantity, price)
    haulage = max(0, line_amount(rematch.quantity, rematch.buyer_price) - goods)
    made = open_order(
        buyer=order.buying,
        terms=[Terms(offer, rematch.offer_quantity, price, offer.lot.grade, haulage)],
        site=site,
        carrier=Carrier.SELLER,
        origin=Origin.ROUND,
        fills=fills,
        confirmed=offer.firm,
        now=now,
    )
    served = round_down(rematch.quantity / factors[line.commodity_code])
    commitment.replaced += min(served, commitment.wanting)
    rematch.order_id, rematch.status = made.id, RematchStatus.ACCEPTED
    db.session.flush()
    _tell("rematch.accepted", rematch, now=now)
    return rematch


def refuse_rematch(*, rematch: Rematch, now: datetime) -> Rematch:
    """The buyer would rather wait; the other source is free again.

    Raises:
        RematchNotProposed: it is not waiting for an answer any more.
    """
    _check_waiting(rematch, now=now)
    _free(rematch, RematchStatus.REFUSED)
    return rematch


def _check_waiting(rematch: Rematch, *, now: datetime) -> None:
    """Lock a proposal; it must still wait for an answer."""
    db.session.refresh(rematch, with_for_update=True)
    if rematch.status != RematchStatus.PROPOSED or rematch.expires_at <= now:
        raise RematchNotProposed


def expire_rematches(*, now: datetime, most: int = 200) -> int:
    """End proposals that nobody answered in time; how many."""
    late = db.session.scalars(
        rematches(Rematch.status == RematchStatus.PROPOSED)
        .where(Rematch.expires_at <= now)
        .order_by(Rematch.offer_id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for rematch in late:
        _free(rematch, RematchStatus.EXPIRED)
    return len(late)


def overtake_rematches(*, commitment: Commitment) -> None:
    """The goods themselves can come again: what was proposed instead is free."""
    open_ones = db.session.scalars(
        rematches(Rematch.commitment_id == commitment.id)
        .where(Rematch.status == RematchStatus.PROPOSED)
        .order_by(Rematch.offer_id)
        .with_for_update()
    ).all()
    for rematch in open_ones:
        _free(rematch, RematchStatus.OVERTAKEN)


def _propose(market: Market, waiting: Sequence[Commitment], *, now: datetime) -> list[Rematch]:
    """One clearing for each group of buyers that the same offers can reach."""
    factors = factors_of(market, now=now)
    made: list[Rematch] = []
    for reached, group in _groups(market, waiting, now=now):
        snapshot = freeze(market, reached, [], now=now)
        rows = [_row(one, market, factors[one.commodity_code], now=now) for one in group]
        snapshot["demands"] = [row for row in rows if row is not None]
        by_id = {str(one.id): one for one in group}
        offers = {str(offer.id): offer for offer in reached}
        for found in clear_snapshot(snapshot)["matches"]:
            offer = offers[found["offer_id"]]
            rematch = _held(found, by_id[found["demand_id"]], offer, factors, now=now)
            made.append(rematch)
            _tell("rematch.proposed", rematch, now=now)
    return made


def _groups(
    market: Market, waiting: Sequence[Commitment], *, now: datetime
) -> list[tuple[list[Offer], list[Commitment]]]:
    """The open offers that can reach the buyers, for each group that the same ones can reach."""
    offers = offers_to_clear(market.code, now=now, lock=True)
    restrictions = restrictions_at(now)
    drops = {one.id: db.session.get_one(Site, one.site_id) for one in waiting}
    wards = [*(o.lot.site.ward_code for o in offers), *(s.ward_code for s in drops.values())]
    provinces = provinces_of(wards)
    groups: dict[tuple[Any, ...], list[Commitment]] = defaultdict(list)
    for one in waiting:
        reaching = tuple(
            offer.id
            for offer in offers
            if barring(
                restrictions,
                pickup=offer.lot.site,
                drop=drops[one.id],
                commodity=offer.commodity_code,
                provinces=provinces,
            )
            is None
        )
        groups[reaching].append(one)
    known = {offer.id: offer for offer in offers}
    return [([known[one] for one in ids], group) for ids, group in groups.items() if ids]


def _row(
    one: Commitment, market: Market, factor: Decimal, *, now: datetime
) -> dict[str, Any] | None:
    """A stuck order as a demand of the engine's book; None where nothing of it can be wanted."""
    line = one.line
    assert line is not None
    quantity = round_down(one.quantity * factor)
    order = db.session.get_one(Order, line.order_id)
    named = {"demand_id": str(one.id), "quantity": f"{quantity:.3f}"}
    if not quantity:
        return None
    if order.demand_id is None:
        return _direct_row(order, line, market, factor, now=now) | named
    demand = db.session.scalars(demands(Demand.id == order.demand_id)).one()
    if demand.deliver_until <= now:
        return None
    (row,) = freeze(market, [], [demand], now=now)["demands"]
    return {**row, **named}


def _direct_row(
    order: Order, line: OrderLine, market: Market, factor: Decimal, *, now: datetime
) -> dict[str, Any]:
    """What a direct order asks for: the same produce, no worse and no dearer at the same gate."""
    drop = db.session.get_one(Site, order.site_id)
    ranks = {grade.code: grade.rank for grade in get_commodity(line.commodity_code).grades}
    accepted: dict[str, Any] = {
        "commodity": line.commodity_code,
        "worst_grade_rank": ranks.get(line.grade or ""),
        "quality_limits": {},
        "certificates": [],
    }
    bid = min(_delivered_price(line, market, drop, factor), HIGHEST_PRICE)
    return {
        "bid_price": f"{bid:.2f}",
        "latitude": drop.latitude,
        "longitude": drop.longitude,
        "buyer_id": str(order.organisation_id),
        "posted_at": instant_text(order.placed_at),
        "min_delivery": None,
        "max_suppliers": None,
        "gates": {
            "accepts": [accepted],
            "deliver_from": instant_text(now),
            "deliver_until": instant_text(now + WINDOW),
        },
    }


def _delivered_price(line: OrderLine, market: Market, drop: Site, factor: Decimal) -> Decimal:
    """What the goods would have cost at the buyer's gate, VND per unit of the base commodity."""
    lot = get_lot(line.lot_id, seen=true())
    commodity: Commodity = lot.commodity
    haulage = haulage_per_unit(
        market=market, unit_weight_kg=commodity.unit_weight_kg, pickup=lot.site, drop=drop
    )
    return ((line.unit_price + haulage) / factor).quantize(PRICE_STEP)


def _held(
    found: dict[str, str],
    commitment: Commitment,
    offer: Offer,
    factors: dict[str, Decimal],
    *,
    now: datetime,
) -> Rematch:
    quantity = Decimal(found["quantity"])
    rematch = Rematch(
        commitment_id=commitment.id,
        organisation_id=offer.organisation_id,
        seller_agent_id=offer.agent_id,
        buyer_id=commitment.buyer_id,
        buyer_agent_id=commitment.buyer_agent_id,
        offer_id=offer.id,
        commodity_code=offer.commodity_code,
        quantity=quantity,
        offer_quantity=in_own_unit(quantity, factors[offer.commodity_code], most=offer.free),
        seller_price=Decimal(found["seller_price"]),
        buyer_price=Decimal(found["buyer_price"]),
        transport_cost=Decimal(found["transport_cost"]),
        status=RematchStatus.PROPOSED,
        proposed_at=now,
        expires_at=now + TIME_TO_ANSWER,
    )
    db.session.add(rematch)
    offer.match_held += rematch.offer_quantity
    db.session.flush()
    return rematch


def _order_of(rematch: Rematch) -> tuple[Order, OrderLine]:
    """The stuck order a proposal is for, locked, and its line."""
    line = db.session.scalars(
        select(OrderLine)
        .join(Commitment, Commitment.order_line_id == OrderLine.id)
        .where(Commitment.id == rematch.commitment_id)
    ).one()
    return get_order(line.order_id, seen=Order.id == line.order_id, lock=True), line


def _fill(order: Order, quantity: Decimal) -> tuple[Any, Decimal] | None:
    """Take the quantity from the demand that the stuck order had filled, if it had one."""
    if order.demand_id is None:
        return None
    demand = demand_for_update(order.demand_id)
    if demand.free < quantity:
        raise WantedNoMore
    demand.take(quantity)
    db.session.flush()
    return demand.id, quantity


def _free(rematch: Rematch, status: RematchStatus) -> None:
    offer = offers_for_update({rematch.offer_id})[rematch.offer_id]
    offer.match_held -= rematch.offer_quantity
    offer.settle_status()
    rematch.status = status
    db.session.flush()


def _tell(topic: str, rematch: Rematch, *, now: datetime) -> None:
    outbox.add(
        topic,
        concerns=rematch.parties,
        payload={
            "rematch_id": str(rematch.id),
            "commitment_id": str(rematch.commitment_id),
            **side_facts(rematch),
            "commodity": rematch.commodity_code,
            "quantity": f"{rematch.offer_quantity:.3f}",
            "buyer_price": f"{rematch.buyer_price:.2f}",
            "expires_at": rematch.expires_at.isoformat(),
        },
        now=now,
    )
