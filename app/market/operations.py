"""Listing offers, posting demands, taking either back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Organisation, Party
from app.catalogue.models import Commodity
from app.catalogue.queries import (
    certificate_schemes,
    commodities_by_code,
    find_processing_line,
)
from app.core import outbox
from app.core.db import db
from app.core.errors import Invalid, Problem, invalid, missing
from app.core.fields import instant_text
from app.core.money import HIGHEST_PRICE, PRICE_STEP
from app.core.quantity import units_per
from app.lots.models import Lot, LotNotAvailable
from app.lots.queries import lot_for_update
from app.market.limits import check_limits
from app.market.models import (
    Accepted,
    Demand,
    DemandNotOpen,
    DemandStatus,
    Offer,
    OfferNotOpen,
    OfferStatus,
    Visibility,
)
from app.places.queries import usable_site


class MinimumLotNotSupported(Problem):
    status, code = 422, "minimum_lot_not_supported"
    vi = "Chưa hỗ trợ lượng tối thiểu mỗi lần bán hoặc giao; hãy bỏ trống."
    en = "A minimum lot or delivery cannot be honoured yet; please leave it out."


class MaximumSuppliersNotSupported(Problem):
    status, code = 422, "maximum_suppliers_not_supported"
    vi = "Chưa hỗ trợ giới hạn số nhà cung cấp; hãy bỏ trống."
    en = "A maximum of suppliers cannot be honoured yet; please leave it out."


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
    open_until: datetime | None,
    firm: bool,
    visibility: Visibility,
    visible_to: Sequence[UUID],
    draft: bool,
    now: datetime,
) -> Offer:
    """Offer a part of a lot; unless it is a draft, that part is reserved at once.

    Args:
        lot: locked, of the party's own.
        ask_price: VND at the farm gate per ``price_per``, or per unit of the commodity.

    Raises:
        NotEnoughInLot, LotNotAvailable, LotExpired: the lot cannot bear it.
        Invalid: the time, the price's unit or the visibility does not fit.
    """
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
        open_until=open_until or lot.expires_at,
        firm=firm,
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
    lot_for_update(offer.lot_id).reserve(offer.quantity)
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
        OfferNotOpen: it is not on the market. InRound: a part of it is held.
    """
    if offer.status not in (OfferStatus.DRAFT, OfferStatus.OPEN, OfferStatus.COMMITTED):
        raise OfferNotOpen
    offer.check_not_held()
    _end_offer(offer, OfferStatus.WITHDRAWN)
    outbox.add(
        "offer.withdrawn",
        concerns=offer.parties,
        payload={"offer_id": str(offer.id), "commodity": offer.commodity_code},
        now=now,
    )
    return offer


def give_back_to_offer(*, offer: Offer, quantity: Decimal) -> None:
    """Return what an order took. An offer that has ended passes it on to its lot.

    Args:
        offer: locked.
    """
    offer.taken -= quantity
    if offer.status in (OfferStatus.OPEN, OfferStatus.COMMITTED):
        offer.settle_status()
    else:
        lot_for_update(offer.lot_id).release(quantity)
    db.session.flush()


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


def post_demand(
    *,
    party: Party,
    accepts: Sequence[Mapping[str, Any]],
    quantity: Decimal,
    bid_price: Decimal,
    deliver_from: datetime,
    deliver_until: datetime,
    site_id: UUID,
    processing_line: str | None,
    shortage_rule: str,
    firm: bool,
    draft: bool,
    now: datetime,
) -> Demand:
    """Ask for a quantity delivered within a window.

    Raises:
        Invalid: unknown words, commodities of several markets or not taken by the line, or a
            window that is over or upside down. NotFound: the site is not the party's own.
    """
    if deliver_until < deliver_from:
        raise invalid(
            "/deliver_until", "Phải sau deliver_from.", "Must not be before deliver_from."
        )
    if deliver_until <= now:
        raise invalid("/deliver_until", "Thời hạn đã qua.", "That instant has passed.")
    market_code, rows = _accepted(accepts)
    _check_line(processing_line, [row["commodity_code"] for row in rows])
    demand = Demand(
        organisation_id=party.organisation_id,
        capacity=party.capacity,
        agent_id=party.agent_id,
        market_code=market_code,
        quantity=quantity,
        bid_price=bid_price,
        deliver_from=deliver_from,
        deliver_until=deliver_until,
        site=usable_site(site_id, party=party, pointer="/site_id"),
        processing_line=processing_line,
        shortage_rule=shortage_rule,
        firm=firm,
        status=DemandStatus.DRAFT,
        created_at=now,
        accepts=[Accepted(organisation_id=party.organisation_id, **row) for row in rows],
    )
    db.session.add(demand)
    db.session.flush()
    if not draft:
        publish_demand(demand=demand, now=now)
    db.session.refresh(demand, ["taken", "round_held", "match_held"])
    return demand


def publish_demand(*, demand: Demand, now: datetime) -> Demand:
    """Open a draft.

    Raises:
        DemandNotOpen: it is no draft, or its window is over.
    """
    if demand.status != DemandStatus.DRAFT or demand.deliver_until <= now:
        raise DemandNotOpen
    demand.status = DemandStatus.OPEN
    demand.posted_at = now
    outbox.add(
        "demand.posted",
        concerns=demand.parties,
        payload={
            "demand_id": str(demand.id),
            "market": demand.market_code,
            "deliver_until": instant_text(demand.deliver_until),
        },
        now=now,
    )
    db.session.flush()
    return demand


def cancel_demand(*, demand: Demand, now: datetime) -> Demand:
    """Want no more than has been ordered.

    Raises:
        DemandNotOpen: it has ended. InRound: a part of it is held.
    """
    if demand.status not in (DemandStatus.DRAFT, DemandStatus.OPEN, DemandStatus.FILLED):
        raise DemandNotOpen
    demand.check_not_held()
    demand.status = DemandStatus.CANCELLED
    outbox.add(
        "demand.cancelled",
        concerns=demand.parties,
        payload={"demand_id": str(demand.id), "market": demand.market_code},
        now=now,
    )
    db.session.flush()
    return demand


def give_back_to_demand(*, demand: Demand, quantity: Decimal) -> None:
    """Return what an order filled; a demand that is still current opens again.

    Args:
        demand: locked.
    """
    demand.taken -= quantity
    demand.settle_status()
    db.session.flush()


def expire_demands(*, now: datetime, most: int = 500) -> int:
    """End demands whose window is over and that nothing holds; how many."""
    due = db.session.scalars(
        select(Demand)
        .where(
            Demand.status.in_((DemandStatus.OPEN, DemandStatus.FILLED)),
            Demand.deliver_until <= now,
            Demand.round_id.is_(None),
            Demand.match_held == 0,
        )
        .order_by(Demand.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for demand in due:
        demand.status = DemandStatus.EXPIRED
    db.session.flush()
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
    if unit_price > HIGHEST_PRICE:
        raise invalid("/ask_price", "Giá quá cao.", "The price is too high.")
    return unit_price


def _end_offer(offer: Offer, status: OfferStatus) -> None:
    if offer.status != OfferStatus.DRAFT and offer.remaining:
        lot_for_update(offer.lot_id).release(offer.remaining)
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


def _accepted(accepts: Sequence[Mapping[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The market and the rows of what a demand accepts, each checked against the catalogue."""
    known = commodities_by_code(one["commodity"] for one in accepts)
    schemes = {scheme.code for scheme in db.session.scalars(certificate_schemes())}
    errors: list[Mapping[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for index, one in enumerate(accepts):
        try:
            rows.append(check_limits(one, known.get(one["commodity"]), schemes, index))
        except Invalid as fault:
            errors.extend(fault.errors)
    if errors:
        raise Invalid(errors=errors)
    if len({row["commodity_code"] for row in rows}) < len(rows):
        raise invalid("/accepts", "Mặt hàng bị lặp lại.", "A commodity is named twice.")
    markets = {known[row["commodity_code"]].market_code for row in rows}
    if len(markets) > 1:
        raise invalid("/accepts", "Phải thuộc cùng một thị trường.", "All must be of one market.")
    return markets.pop(), rows


def _check_line(code: str | None, commodities: Sequence[str]) -> None:
    if code is None:
        return
    line = find_processing_line(code)
    if line is None:
        raise invalid("/processing_line", "Không có dây chuyền này.", "Unknown processing line.")
    taken = {commodity.code for commodity in line.commodities}
    for index, commodity in enumerate(commodities):
        if commodity not in taken:
            raise invalid(
                f"/accepts/{index}/commodity",
                "Dây chuyền không nhận mặt hàng này.",
                "The processing line does not take this commodity.",
            )
