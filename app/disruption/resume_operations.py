"""Bringing back what is still wanted once goods may move again."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, true

from app.core.db import db
from app.core.money import to_dong
from app.core.quantity import round_down
from app.deliveries.finishing import receive_if_complete
from app.deliveries.models import Delivery, DeliveryStatus
from app.disruption.models import Commitment, CommitmentKind, CommitmentStatus
from app.disruption.queries import commitments, get_commitment
from app.disruption.rematch_operations import overtake_rematches
from app.disruption.telling import tell
from app.lots.models import Lot
from app.market.models import Demand, DemandStatus, Offer, OfferStatus, Visibility
from app.market.offer_operations import take_again, withdraw_offer
from app.market.queries import demand_for_update, offers_for_update
from app.orders.models import LIVE, Carrier, Order, OrderLine, OrderStatus, Origin
from app.orders.operations import Terms, cancel_order, filled, open_order
from app.orders.queries import get_order
from app.places.models import Site
from app.places.queries import get_site, provinces_of, restrictions_at
from app.places.restriction_operations import barring


def movable(*, now: datetime) -> Sequence[UUID]:
    """Ids of commitments that wait and that no restriction holds back now, oldest order first."""
    waiting = db.session.execute(
        commitments(Commitment.status == CommitmentStatus.WAITING)
        .join(Lot, Lot.id == Commitment.lot_id)
        .outerjoin(OrderLine, OrderLine.id == Commitment.order_line_id)
        .with_only_columns(
            Commitment.id, Commitment.commodity_code, Lot.site_id, Commitment.site_id
        )
        .order_by(OrderLine.order_id, Commitment.id)
        .options()
    ).all()
    places = {site for row in waiting for site in (row[2], row[3])}
    sites = {one.id: one for one in db.session.scalars(select(Site).where(Site.id.in_(places)))}
    provinces = provinces_of(site.ward_code for site in sites.values())
    held = restrictions_at(now)
    return [
        found
        for found, commodity, pickup, drop in waiting
        if barring(
            held,
            pickup=sites[pickup],
            drop=sites[drop],
            commodity=commodity,
            provinces=provinces,
        )
        is None
    ]


def resume(*, commitment_id: UUID, now: datetime) -> bool:
    """End what waited and may move again: what is still wanted comes back.

    An order gets back as much as its buyer has not had otherwise and its seller has not sold
    otherwise. The order is locked first, then the rest as ever.

    Returns:
        False where it has ended before, or a round holds its goods just now; look again later.
    """
    order = _order_of(commitment_id)
    commitment = get_commitment(commitment_id, seen=Commitment.id == commitment_id, lock=True)
    if commitment.status != CommitmentStatus.WAITING:
        return False
    overtake_rematches(commitment=commitment)
    offers = offers_for_update({commitment.offer_id} if commitment.offer_id else set())
    offer = offers.get(commitment.offer_id) if commitment.offer_id else None
    if offer is not None and offer.round_id is not None:
        return False
    if order is not None and offer is not None:
        demand = demand_for_update(order.demand_id) if order.demand_id else None
        if demand is not None and demand.round_id is not None:
            return False
        line = next(one for one in order.lines if one.id == commitment.order_line_id)
        commitment.restored = _bring_back(order, line, offer, demand, commitment, now=now)
        _hide(order, offer)
        _finish(order, now=now)
    elif commitment.kind == CommitmentKind.HOLD and offer is not None:
        _take_down(offer, now=now)
    commitment.status = _outcome(commitment)
    commitment.ended_at = now
    db.session.flush()
    tell(
        "disruption.ended",
        commitment,
        now=now,
        restored=f"{commitment.restored:.3f}",
        replaced=f"{commitment.replaced:.3f}",
    )
    return True


def _order_of(commitment_id: UUID) -> Order | None:
    order_id = db.session.scalar(
        select(OrderLine.order_id)
        .join(Commitment, Commitment.order_line_id == OrderLine.id)
        .where(Commitment.id == commitment_id)
    )
    if order_id is None:
        return None
    return get_order(order_id, seen=Order.id == order_id, lock=True)


def _bring_back(
    order: Order,
    line: OrderLine,
    offer: Offer,
    demand: Demand | None,
    commitment: Commitment,
    *,
    now: datetime,
) -> Decimal:
    """Take the goods and the wish again, as far as both are there; how much."""
    wanted = _still_wanted(order, demand, commitment.wanting)
    if not wanted:
        return Decimal(0)
    taken = take_again(offer=offer, most=wanted, now=now)
    if not taken:
        return Decimal(0)
    if order.status not in LIVE:
        _order_anew(order, line, offer, demand, taken, now=now)
        return taken
    before = filled(order, line.short)
    line.short -= taken
    if demand is not None:
        demand.take(filled(order, line.short) - before)
    db.session.flush()
    return taken


def _still_wanted(order: Order, demand: Demand | None, wanting: Decimal) -> Decimal:
    """Nothing of an order given up or a demand that has ended; else what neither has had."""
    if order.status in (OrderStatus.CANCELLED, OrderStatus.EXPIRED):
        return Decimal(0)
    if demand is None:
        return wanting
    if demand.status not in (DemandStatus.OPEN, DemandStatus.FILLED):
        return Decimal(0)
    (line,) = order.lines
    whole = order.demand_quantity or Decimal(0)
    return min(wanting, round_down(demand.free * line.quantity / whole))


def _order_anew(
    order: Order,
    line: OrderLine,
    offer: Offer,
    demand: Demand | None,
    quantity: Decimal,
    *,
    now: datetime,
) -> None:
    """The rest of an order that was received meanwhile, on the same terms."""
    fills = None
    if demand is not None and order.demand_quantity is not None:
        part = round_down(order.demand_quantity * quantity / line.quantity)
        demand.take(part)
        fills = (demand.id, part)
    haulage = to_dong(line.haulage_amount * quantity / line.quantity)
    open_order(
        buyer=order.buying,
        terms=[Terms(offer, quantity, line.unit_price, line.grade, haulage, line.quality_schedule)],
        site=get_site(order.site_id, seen=true()),
        carrier=Carrier(order.carrier),
        origin=Origin(order.origin),
        fills=fills,
        confirmed=True,
        now=now,
    )


def _hide(order: Order, offer: Offer) -> None:
    """What was called off for one buyer is that buyer's again."""
    if order.origin == Origin.CONTRACT and offer.visibility == Visibility.PUBLIC:
        offer.visibility, offer.visible_to = Visibility.PRIVATE, [order.organisation_id]
        offer.version += 1


def _finish(order: Order, *, now: datetime) -> None:
    """An order of which nothing is left to come is over."""
    if any(line.short < line.quantity for line in order.lines):
        receive_if_complete(order=order, now=now)
        return
    sent = select(Delivery.id).where(
        Delivery.order_id == order.id, Delivery.status != DeliveryStatus.CANCELLED
    )
    live = order.status in (OrderStatus.PLACED, OrderStatus.CONFIRMED)
    if live and db.session.scalar(sent.limit(1)) is None:
        cancel_order(order=order, now=now)


def _take_down(offer: Offer, *, now: datetime) -> None:
    """What nobody bought of what a contract had held is free to be held again."""
    if offer.status == OfferStatus.OPEN and not offer.held:
        withdraw_offer(offer=offer, now=now)


def _outcome(commitment: Commitment) -> CommitmentStatus:
    if commitment.restored:
        return CommitmentStatus.RESTORED
    return CommitmentStatus.REPLACED if commitment.replaced else CommitmentStatus.RELEASED
