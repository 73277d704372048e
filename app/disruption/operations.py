"""Finding what a restriction touches, setting it aside, and bringing back what is still wanted.

What cannot move goes back to where it came from: the goods to their offer, which stands on the
surplus board meanwhile, the wish to its demand. So both can be served otherwise, and what comes
back later is only what nobody has taken or served in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.clearing.matching import supersede_match
from app.clearing.models import Match, MatchStatus
from app.clearing.queries import get_match
from app.contracts.call_off_operations import release_holds
from app.contracts.models import Contract, ContractHold
from app.contracts.pricing import FOLLOWS_MARKET, unit_price
from app.contracts.queries import market_says
from app.core.db import db
from app.deliveries.operations import cancel_delivery
from app.deliveries.queries import despatched, outstanding, planned
from app.disruption.models import Commitment, CommitmentKind, CommitmentStatus
from app.disruption.queries import touched_holds, touched_lines, touched_matches
from app.disruption.rematch_operations import propose_rematches
from app.disruption.telling import tell
from app.lots.models import Lot
from app.lots.queries import lot_for_update
from app.market.models import Offer, Visibility
from app.market.offer_operations import give_back_to_offer, list_offer
from app.market.queries import offers_for_update
from app.orders.models import LIVE, Order, OrderLine, Origin
from app.orders.operations import fall_short
from app.orders.queries import orders
from app.places.models import Restriction
from app.places.queries import restrictions_at


@dataclass(frozen=True)
class Stuck:
    """What of an order line cannot leave now, in the commodity's unit."""

    order: Order
    line: OrderLine
    quantity: Decimal


def meet_restrictions(*, now: datetime) -> int:
    """Find every commitment that a restriction in force touches, once; how many were new.

    Orders not despatched, call-offs among them, give up what is outstanding; proposed matches are
    superseded; what was held for contracts is let go. Buyers of orders are proposed other sources,
    and everybody touched is told.

    Orders are locked in ascending id, then offers, lots and demands.
    """
    found: list[Commitment] = []
    for restriction in restrictions_at(now):
        stuck = _stuck(restriction)
        suspended = _suspend(restriction, stuck, now=now)
        propose_rematches(commitments=suspended, now=now)
        found += suspended
        found += _supersede(restriction, now=now)
        found += _let_go(restriction, now=now)
    for commitment in found:
        tell("disruption.found", commitment, now=now)
    return len(found)


def _stuck(restriction: Restriction) -> list[Stuck]:
    """What has not left of the orders touched; planned deliveries still count as such."""
    lines = touched_lines(restriction)
    gone = despatched([line.id for line in lines])
    waiting = {
        line.id for line in lines if line.quantity - line.short > gone.get(line.id, Decimal(0))
    }
    held = db.session.scalars(
        orders(Order.id.in_({line.order_id for line in lines if line.id in waiting}))
        .order_by(Order.id)
        .with_for_update(of=Order)
        .execution_options(populate_existing=True)
    ).all()
    return [
        Stuck(order, line, line.quantity - line.short - gone.get(line.id, Decimal(0)))
        for order in held
        for line in order.lines
        if order.status in LIVE and line.id in waiting
    ]


def _suspend(
    restriction: Restriction, stuck: Sequence[Stuck], *, now: datetime
) -> list[Commitment]:
    """Call off what is planned, and give back goods and wishes."""
    for one in stuck:
        for delivery in planned(one.line.id):
            cancel_delivery(delivery=delivery, now=now)
    stuck = [
        Stuck(one.order, one.line, left) for one in stuck if (left := outstanding(one.line)) > 0
    ]
    offers = offers_for_update({one.line.offer_id for one in stuck})
    for one in sorted(stuck, key=lambda one: one.line.offer_id):
        offer = offers[one.line.offer_id]
        give_back_to_offer(offer=offer, quantity=one.quantity)
        if one.order.origin == Origin.CONTRACT and offer.visibility == Visibility.PRIVATE:
            _show(offer)
    for one in sorted(stuck, key=lambda one: (str(one.order.demand_id), one.line.id)):
        fall_short(order=one.order, line=one.line, quantity=one.quantity)
    rows = [_order_commitment(restriction, one, now=now) for one in stuck]
    db.session.add_all(rows)
    db.session.flush()
    return rows


def _show(offer: Offer) -> None:
    """Let everybody see what was called off for one buyer; an order of it needs a confirmation."""
    offer.visibility, offer.visible_to, offer.firm = Visibility.PUBLIC, [], False
    offer.version += 1
    db.session.flush()


def _order_commitment(restriction: Restriction, one: Stuck, *, now: datetime) -> Commitment:
    order, line = one.order, one.line
    return Commitment(
        restriction=restriction,
        kind=CommitmentKind.ORDER,
        line=line,
        organisation_id=order.seller_id,
        seller_agent_id=order.seller_agent_id,
        buyer_id=order.organisation_id,
        buyer_agent_id=order.agent_id,
        offer_id=line.offer_id,
        lot_id=line.lot_id,
        site_id=order.site_id,
        commodity_code=line.commodity_code,
        quantity=one.quantity,
        replaced=Decimal(0),
        restored=Decimal(0),
        status=CommitmentStatus.WAITING,
        found_at=now,
    )


def _supersede(restriction: Restriction, *, now: datetime) -> list[Commitment]:
    """Proposed matches give way; offer and demand stay in the book for the next round."""
    rows = []
    for match_id in touched_matches(restriction):
        match = get_match(match_id, seen=Match.id == match_id, lock=True)
        if match.status != MatchStatus.PROPOSED:
            continue
        supersede_match(match=match)
        rows.append(
            Commitment(
                restriction=restriction,
                kind=CommitmentKind.MATCH,
                match_id=match.id,
                organisation_id=match.organisation_id,
                seller_agent_id=match.seller_agent_id,
                buyer_id=match.buyer_id,
                buyer_agent_id=match.buyer_agent_id,
                offer_id=match.offer_id,
                lot_id=match.offer.lot_id,
                site_id=match.demand.site_id,
                commodity_code=match.offer.commodity_code,
                quantity=match.offer_quantity,
                status=CommitmentStatus.WAITING,
                found_at=now,
            )
        )
    db.session.add_all(rows)
    db.session.flush()
    return rows


def _let_go(restriction: Restriction, *, now: datetime) -> list[Commitment]:
    """What was held for contracts is free, and offered at the contract's price."""
    holds = touched_holds(restriction)
    release_holds(holds=holds, now=now)
    rows = []
    for hold in holds:
        contract = db.session.get_one(Contract, hold.contract_id)
        lot = lot_for_update(hold.lot_id)
        offer = _offered(contract, hold, lot, now=now)
        rows.append(
            Commitment(
                restriction=restriction,
                kind=CommitmentKind.HOLD,
                hold_id=hold.id,
                organisation_id=contract.seller_id,
                seller_agent_id=contract.seller_agent_id,
                buyer_id=contract.organisation_id,
                buyer_agent_id=contract.agent_id,
                offer_id=offer.id if offer else None,
                lot_id=lot.id,
                site_id=contract.site_id,
                commodity_code=lot.commodity_code,
                quantity=hold.quantity,
                status=CommitmentStatus.WAITING,
                found_at=now,
            )
        )
    db.session.add_all(rows)
    db.session.flush()
    return rows


def _offered(contract: Contract, hold: ContractHold, lot: Lot, *, now: datetime) -> Offer | None:
    """An offer that needs the seller's confirmation; None where no price or no life is left."""
    market = None
    if contract.price["form"] in FOLLOWS_MARKET:
        market = market_says(contract.commodity_code, contract.price["market"], as_of=now)
        if market is None:
            return None
    if not lot.can_be_sold(now=now):
        return None
    return list_offer(
        party=contract.selling,
        lot=lot,
        quantity=hold.quantity,
        ask_price=unit_price(contract.price, market.price if market else None),
        price_per=None,
        open_until=None,
        firm=False,
        payment_days=contract.payment_days,
        visibility=Visibility.PUBLIC,
        visible_to=[],
        draft=False,
        now=now,
    )
