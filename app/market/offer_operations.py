"""Listing, changing and withdrawing offers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Organisation, Party
from app.catalogue.models import Commodity
from app.core import outbox
from app.core.db import db
from app.core.errors import invalid, missing
from app.core.money import HIGHEST_PRICE, PRICE_STEP
from app.core.quantity import units_per
from app.lots.models import Lot, LotNotAvailable
from app.lots.operations import put_back, set_aside
from app.lots.queries import lot_for_update
from app.market.limits import check_least
from app.market.models import (
    PAYMENT_DAYS,
    Offer,
    OfferNotOpen,
    OfferStatus,
    Visibility,
)
from app.market.queries import offers_for_update
from app.places.plot_operations import AreaCapacityExceeded


class LotExpired(LotNotAvailable):
    code = "lot_expired"
    vi = "Lô hàng đã hết hạn sử dụng."
    en = "The shelf life of this lot is over."


def list_offer(
    *,
    party: Party,
    lot: Lot,
    quantity: Decimal,
    ask_price: Decimal,
    price_per: Mapping[str, Any] | None,
    min_quantity: Decimal | None = None,
    open_until: datetime | None,
    firm: bool,
    payment_days: int = PAYMENT_DAYS,
    visibility: Visibility,
    visible_to: Sequence[UUID],
    draft: bool,
    now: datetime,
) -> Offer:
    """Offer a part of a lot; unless it is a draft, that part is reserved at once.

    Args:
        lot: locked, of the party's own.
        ask_price: VND at the farm gate per ``price_per``, or per unit of the commodity.
        min_quantity: the least that may be bought at a time.

    Raises:
        NotEnoughInLot, LotNotAvailable, LotExpired: the lot cannot bear it.
        Invalid: the time, the price's unit, the minimum or the visibility does not fit.
    """
    check_least("/min_quantity", min_quantity, quantity)
    if open_until is not None and open_until <= now:
        raise invalid("/open_until", "Thời hạn đã qua.", "That instant has passed.")
    if (visibility == Visibility.PRIVATE) != bool(visible_to):
        raise invalid(
            "/visible_to",
            "Tin riêng cần danh sách người mua; tin công khai thì không.",
            "A private offer names its buyers, a public one does not.",
        )
    _check_organisations(visible_to)
    offer = Offer(
        organisation_id=party.organisation_id,
        capacity=party.capacity,
        agent_id=party.agent_id,
        lot=lot,
        commodity=lot.commodity,
        market_code=lot.commodity.market_code,
        quantity=quantity,
        ask_price=price_per_unit(ask_price, price_per, lot.commodity),
        price_as_typed=_as_typed(ask_price, price_per),
        min_quantity=min_quantity,
        open_until=open_until or lot.expires_at,
        firm=firm,
        payment_days=payment_days,
        visibility=visibility,
        visible_to=sorted(set(visible_to)),
        status=OfferStatus.DRAFT,
        created_at=now,
    )
    db.session.add(offer)
    db.session.flush()
    if not draft:
        publish_offer(offer=offer, now=now)
    db.session.refresh(offer, ["taken", "round_held", "match_held", "version"])
    return offer


def publish_offer(*, offer: Offer, now: datetime) -> Offer:
    """Open a draft.

    Raises:
        OfferNotOpen: it is no draft, or its time is over. NotEnoughInLot, LotNotAvailable,
        LotExpired: the lot cannot bear it any more.
    """
    if offer.status != OfferStatus.DRAFT or offer.open_until <= now:
        raise OfferNotOpen
    if offer.lot.expires_at <= now:
        raise LotExpired
    set_aside(lot=lot_for_update(offer.lot_id), quantity=offer.quantity)
    offer.status = OfferStatus.OPEN
    offer.listed_at = now
    outbox.add(
        "offer.listed",
        concerns=offer.parties,
        payload={
            "offer_id": str(offer.id),
            "commodity": offer.commodity_code,
            "quantity": f"{offer.quantity:.3f}",
            "ask_price": f"{offer.ask_price:.2f}",
        },
        now=now,
    )
    db.session.flush()
    return offer


def change_offer(
    *,
    offer: Offer,
    ask_price: Decimal | None = None,
    price_per: Mapping[str, Any] | None = None,
    open_until: datetime | None = None,
    now: datetime,
) -> Offer:
    """Change price or time; the version counts up, so that nobody orders on stale terms.

    Raises:
        OfferNotOpen: it is neither a draft nor open. InRound: a part of it is held.
        Invalid: the new time has passed.
    """
    if offer.status != OfferStatus.DRAFT:
        offer.check_open(now=now)
    offer.check_not_held()
    if open_until is not None:
        if open_until <= now:
            raise invalid("/open_until", "Thời hạn đã qua.", "That instant has passed.")
        offer.open_until = open_until
    if ask_price is not None:
        offer.ask_price = price_per_unit(ask_price, price_per, offer.commodity)
        offer.price_as_typed = _as_typed(ask_price, price_per)
    offer.version += 1
    db.session.flush()
    return offer


def withdraw_offer(*, offer: Offer, now: datetime) -> Offer:
    """Take an offer off the market; what is not sold goes back to its lot.

    Raises:
        OfferNotOpen: it is not on the market. InRound: a round is on, or it is firm and a match
            holds a part of it.
    """
    if offer.status not in (OfferStatus.DRAFT, OfferStatus.OPEN, OfferStatus.COMMITTED):
        raise OfferNotOpen
    _withdraw(offer, now=now)
    return offer


def withdraw_offers_of_lot(*, lot_id: UUID, now: datetime) -> None:
    """Offer no more of a lot: its open offers are taken off the market, in ascending id.

    Raises:
        InRound: a round or a match holds a part of one.
    """
    known = db.session.scalars(select(Offer.id).where(Offer.lot_id == lot_id)).all()
    for _, offer in sorted(offers_for_update(set(known)).items()):
        offer.check_may_leave()
        if offer.status == OfferStatus.OPEN:
            _withdraw(offer, now=now)


def close_offer(*, offer: Offer) -> None:
    """Everything it sold has been delivered or has ended.

    Args:
        offer: locked, with nothing remaining.
    """
    if offer.status == OfferStatus.COMMITTED:
        offer.status = OfferStatus.CLOSED
        db.session.flush()


def give_back_to_offer(*, offer: Offer, quantity: Decimal) -> None:
    """Return what an order took. An offer that has ended passes it on to its lot.

    Args:
        offer: locked.
    """
    offer.taken -= quantity
    if offer.status in (OfferStatus.OPEN, OfferStatus.COMMITTED):
        offer.settle_status()
    else:
        put_back(lot=lot_for_update(offer.lot_id), quantity=quantity)
    db.session.flush()


def take_again(*, offer: Offer, most: Decimal, now: datetime) -> Decimal:
    """Sell once more what an order gave back, as far as it is still there; how much.

    Args:
        offer: locked; where it has ended, its lot has what it gave back.
    """
    if not offer.lot.can_be_sold(now=now):
        return Decimal(0)
    if offer.status in (OfferStatus.OPEN, OfferStatus.COMMITTED):
        taken = min(most, offer.free)
    else:
        lot = lot_for_update(offer.lot_id)
        taken = min(most, lot.left, offer.remaining)
        try:
            set_aside(lot=lot, quantity=taken)
        except (LotNotAvailable, AreaCapacityExceeded):
            return Decimal(0)
    offer.taken += taken
    offer.settle_status()
    db.session.flush()
    return taken


def expire_offers(*, now: datetime, most: int = 500) -> int:
    """End offers whose time is over and that nothing holds; how many."""
    due = db.session.scalars(
        select(Offer)
        .where(
            Offer.status.in_((OfferStatus.OPEN, OfferStatus.COMMITTED)),
            Offer.open_until <= now,
            Offer.round_id.is_(None),
            Offer.match_held == 0,
        )
        .order_by(Offer.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for offer in due:
        _end_offer(offer, OfferStatus.EXPIRED)
    return len(due)


def price_per_unit(price: Decimal, per: Mapping[str, Any] | None, commodity: Commodity) -> Decimal:
    """A price quoted per another quantity, as VND per unit of the commodity, half to even.

    Raises:
        Invalid: the unit does not convert, or the result is out of range.
    """
    if per is None:
        return price
    units = units_per(per["unit"], commodity.unit)
    if units is None:
        raise invalid(
            "/price_per/unit", "Đơn vị không quy đổi được.", "This unit does not convert."
        )
    quantity: Decimal = per["quantity"]
    unit_price = (price / (quantity * units)).quantize(PRICE_STEP, ROUND_HALF_EVEN)
    if price and not unit_price:
        raise invalid("/ask_price", "Giá quá thấp.", "The price is too low.")
    if unit_price > HIGHEST_PRICE:
        raise invalid("/ask_price", "Giá quá cao.", "The price is too high.")
    return unit_price


def _withdraw(offer: Offer, *, now: datetime) -> None:
    offer.check_may_leave()
    _end_offer(offer, OfferStatus.WITHDRAWN)
    outbox.add(
        "offer.withdrawn",
        concerns=offer.parties,
        payload={"offer_id": str(offer.id), "commodity": offer.commodity_code},
        now=now,
    )


def _end_offer(offer: Offer, status: OfferStatus) -> None:
    if offer.status != OfferStatus.DRAFT and offer.remaining:
        put_back(lot=lot_for_update(offer.lot_id), quantity=offer.remaining)
    offer.status = status
    db.session.flush()


def _as_typed(price: Decimal, per: Mapping[str, Any] | None) -> dict[str, Any]:
    typed = {"ask_price": str(price)}
    if per is not None:
        typed["per"] = f"{per['quantity']} {per['unit']}"
    return typed


def _check_organisations(ids: Sequence[UUID]) -> None:
    known = set(db.session.scalars(select(Organisation.id).where(Organisation.id.in_(ids))))
    for index, one in enumerate(ids):
        if one not in known:
            raise missing(f"/visible_to/{index}")
