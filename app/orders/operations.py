"""Placing, confirming, cancelling orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Party
from app.catalogue.queries import get_market
from app.core import outbox
from app.core.db import db
from app.core.errors import Problem, invalid, missing
from app.core.money import HIGHEST_AMOUNT, line_amount, to_dong
from app.lots.models import Lot
from app.market.demand_operations import give_back_to_demand
from app.market.models import Offer, Visibility
from app.market.offer_operations import LotExpired, give_back_to_offer
from app.market.queries import demand_for_update, offers, offers_for_update
from app.orders.haulage import haulage_per_unit
from app.orders.models import (
    Carrier,
    Order,
    OrderLine,
    OrderNotCancellable,
    OrderNotPlaced,
    OrderStatus,
    Origin,
)
from app.orders.queries import get_order
from app.places.models import Site
from app.places.queries import usable_site

TIME_TO_CONFIRM = timedelta(hours=24)


class OfferChanged(Problem):
    status, code = 409, "offer_changed"
    vi = "Người bán vừa thay đổi tin chào bán, xin xem lại."
    en = "The seller has changed this offer; please look again."


class SeveralSellers(Problem):
    status, code = 422, "several_sellers"
    vi = "Một đơn hàng chỉ mua của một người bán."
    en = "One order has one seller."


class OwnOffer(Problem):
    status, code = 422, "own_offer"
    vi = "Không thể mua hàng của chính mình."
    en = "Nobody buys from themselves."


@dataclass(frozen=True)
class Terms:
    """One line of an order about to be opened: how much of which offer at which price."""

    offer: Offer
    quantity: Decimal
    unit_price: Decimal
    grade: str | None


def place_order(
    *,
    party: Party,
    lines: Sequence[Mapping[str, Any]],
    site_id: UUID,
    carrier: Carrier,
    now: datetime,
) -> Order:
    """Buy from open offers of one seller, at their prices.

    All lines of one offer are checked against it together; offers are locked in ascending id.

    Raises:
        NotFound: an offer is not there or not for this buyer, or the site is not the buyer's.
        OfferNotOpen, LotExpired, NotEnoughLeft, InRound, OfferChanged: the offer's state forbids
            it. SeveralSellers, OwnOffer: the lines do not make one order. Invalid: the total is
            beyond what can be counted.
    """
    site = usable_site(site_id, party=party, pointer="/site_id")
    _check_known(lines, party, now)
    wanted: dict[UUID, Decimal] = {}
    for line in lines:
        wanted[line["offer_id"]] = wanted.get(line["offer_id"], Decimal(0)) + line["quantity"]
    locked = offers_for_update(set(wanted))
    for line in lines:
        stated = line.get("offer_version")
        if stated is not None and stated != locked[line["offer_id"]].version:
            raise OfferChanged
    for offer_id, quantity in sorted(wanted.items()):
        locked[offer_id].take(quantity, now=now)
    db.session.flush()
    terms = [
        Terms(
            offer=(offer := locked[line["offer_id"]]),
            quantity=line["quantity"],
            unit_price=offer.ask_price,
            grade=offer.lot.grade,
        )
        for line in lines
    ]
    haulage = 0 if carrier == Carrier.BUYER else _tariff(terms, site)
    if (
        sum(line_amount(line.quantity, line.unit_price) for line in terms) + haulage
        > HIGHEST_AMOUNT
    ):
        raise invalid("/lines", "Tổng tiền quá lớn.", "The total is too high.")
    firm = all(offer.firm for offer in locked.values())
    return open_order(
        buyer=party,
        terms=terms,
        site=site,
        carrier=carrier,
        haulage_amount=haulage,
        origin=Origin.DIRECT,
        confirmed=firm,
        now=now,
    )


def open_order(
    *,
    buyer: Party,
    terms: Sequence[Terms],
    site: Site,
    carrier: Carrier,
    haulage_amount: int,
    origin: Origin,
    confirmed: bool,
    fills: tuple[UUID, Decimal] | None = None,
    now: datetime,
) -> Order:
    """Write an order whose quantities have been taken from their offers.

    Args:
        haulage_amount: whole VND owed to the carrier.
        confirmed: whether it is binding at once; otherwise the seller has a day to confirm.
        fills: the demand it answers, and how much of it in the market's base commodity.
    """
    seller = terms[0].offer
    order = Order(
        organisation_id=buyer.organisation_id,
        capacity=buyer.capacity,
        agent_id=buyer.agent_id,
        seller_id=seller.organisation_id,
        seller_capacity=seller.capacity,
        seller_agent_id=seller.agent_id,
        site_id=site.id,
        demand_id=fills[0] if fills else None,
        demand_quantity=fills[1] if fills else None,
        origin=origin,
        carrier=carrier,
        status=OrderStatus.CONFIRMED if confirmed else OrderStatus.PLACED,
        goods_amount=sum(line_amount(line.quantity, line.unit_price) for line in terms),
        haulage_amount=haulage_amount,
        confirm_by=None if confirmed else now + TIME_TO_CONFIRM,
        placed_at=now,
        confirmed_at=now if confirmed else None,
        lines=[
            OrderLine(
                organisation_id=buyer.organisation_id,
                seller_id=seller.organisation_id,
                offer_id=line.offer.id,
                lot_id=line.offer.lot_id,
                commodity_code=line.offer.commodity_code,
                grade=line.grade,
                quantity=line.quantity,
                unit_price=line.unit_price,
                amount=line_amount(line.quantity, line.unit_price),
            )
            for line in terms
        ],
    )
    db.session.add(order)
    db.session.flush()
    _tell("order.placed", order, now=now)
    if confirmed:
        _tell("order.confirmed", order, now=now)
    return get_order(order.id, seen=Order.id == order.id)


def confirm_order(*, order: Order, now: datetime) -> Order:
    """The seller accepts an order that was waiting.

    Args:
        order: locked.

    Raises:
        OrderNotPlaced: it is not waiting, or the time to confirm is over.
    """
    if order.status != OrderStatus.PLACED or (order.confirm_by and order.confirm_by <= now):
        raise OrderNotPlaced
    order.status = OrderStatus.CONFIRMED
    order.confirmed_at = now
    db.session.flush()
    _tell("order.confirmed", order, now=now)
    return order


def cancel_order(*, order: Order, now: datetime) -> Order:
    """End an order that is not under way yet; its quantities go back.

    Args:
        order: locked.

    Raises:
        OrderNotCancellable: it is under way or over.
    """
    if order.status not in (OrderStatus.PLACED, OrderStatus.CONFIRMED):
        raise OrderNotCancellable
    _end(order, OrderStatus.CANCELLED, now=now)
    _tell("order.cancelled", order, now=now)
    return order


def expire_orders(*, now: datetime, most: int = 200) -> int:
    """End orders that were not confirmed in time; how many."""
    late = db.session.scalars(
        select(Order)
        .where(Order.status == OrderStatus.PLACED, Order.confirm_by <= now)
        .order_by(Order.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for one in late:
        order = get_order(one.id, seen=Order.id == one.id)
        _end(order, OrderStatus.EXPIRED, now=now)
        _tell("order.expired", order, now=now)
    return len(late)


def _end(order: Order, status: OrderStatus, *, now: datetime) -> None:
    """Give everything back, offers in ascending id, then the demand, with the one transition."""
    order.status = status
    order.ended_at = now
    back: dict[UUID, Decimal] = {}
    for line in order.lines:
        back[line.offer_id] = back.get(line.offer_id, Decimal(0)) + line.quantity
    locked = offers_for_update(set(back))
    for offer_id, quantity in sorted(back.items()):
        give_back_to_offer(offer=locked[offer_id], quantity=quantity)
    if order.demand_id is not None:
        demand = demand_for_update(order.demand_id)
        give_back_to_demand(demand=demand, quantity=order.demand_quantity or Decimal(0))
    db.session.flush()


def _check_known(lines: Sequence[Mapping[str, Any]], party: Party, now: datetime) -> None:
    """Load the offers with their lots, and refuse what can be refused without a lock."""
    ids = {line["offer_id"] for line in lines}
    known = {offer.id: offer for offer in db.session.scalars(offers(Offer.id.in_(ids)))}
    for index, line in enumerate(lines):
        offer = known.get(line["offer_id"])
        if offer is None or not _meant_for(offer, party):
            raise missing(f"/lines/{index}/offer_id")
        offer.check_open(now=now)
        if offer.lot.expires_at <= now:
            raise LotExpired
    sellers = {offer.organisation_id for offer in known.values()}
    if party.organisation_id in sellers:
        raise OwnOffer
    if len(sellers) > 1 or len({offer.agent_id for offer in known.values()}) > 1:
        raise SeveralSellers


def _meant_for(offer: Offer, party: Party) -> bool:
    if offer.listed_at is None:
        return False
    return offer.visibility == Visibility.PUBLIC or party.organisation_id in offer.visible_to


def _tariff(terms: Sequence[Terms], site: Site) -> int:
    """The market's haulage for all lines, each rounded to whole VND."""
    total = 0
    for line in terms:
        lot: Lot = line.offer.lot
        per_unit = haulage_per_unit(
            market=get_market(line.offer.market_code),
            unit_weight_kg=lot.commodity.unit_weight_kg,
            pickup=lot.site,
            drop=site,
        )
        total += to_dong(line.quantity * per_unit)
    return total


def _tell(topic: str, order: Order, *, now: datetime) -> None:
    first = order.lines[0]
    outbox.add(
        topic,
        concerns=order.parties,
        payload={
            "order_id": str(order.id),
            **_sides(order),
            "commodity": first.commodity_code,
            "quantity": f"{first.quantity:.3f}",
            "unit_price": f"{first.unit_price:.2f}",
            "goods_amount": order.goods_amount,
            "total_amount": order.total_amount,
            "lines": len(order.lines),
            "confirm_by": order.confirm_by.isoformat() if order.confirm_by else None,
        },
        now=now,
    )


def _sides(order: Order) -> dict[str, str | None]:
    sides = {
        "seller_id": order.seller_id,
        "seller_agent_id": order.seller_agent_id,
        "buyer_id": order.organisation_id,
        "buyer_agent_id": order.agent_id,
    }
    return {name: str(one) if one else None for name, one in sides.items()}


def settle_order(*, order: Order, now: datetime) -> Order:
    """Everything that was received has been paid."""
    order.status = OrderStatus.SETTLED
    order.ended_at = now
    db.session.flush()
    return order
