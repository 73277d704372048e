"""Placing an order on open offers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.accounts.models import Party
from app.catalogue.queries import get_market
from app.core.db import db
from app.core.errors import Problem, invalid, missing
from app.core.money import HIGHEST_AMOUNT, line_amount
from app.core.quantity import with_unit
from app.lots.models import Lot
from app.market.models import Offer, Visibility
from app.market.offer_operations import LotExpired
from app.market.queries import offers, offers_for_update
from app.orders.haulage import haulage_amount
from app.orders.models import Carrier, Order, Origin
from app.orders.operations import Terms, open_order
from app.places.models import Site
from app.places.queries import usable_site
from app.places.restriction_operations import check_may_move


class OfferChanged(Problem):
    status, code = 409, "offer_changed"
    vi = "Người bán vừa thay đổi tin chào bán, xin xem lại."
    en = "The seller has changed this offer; please look again."


class SeveralSellers(Problem):
    status, code = 422, "several_sellers"
    vi = "Một đơn hàng chỉ mua của một người bán."
    en = "One order has one seller."


class BelowMinimumLot(Problem):
    status, code = 422, "below_minimum_lot"
    vi = "Người bán chỉ bán mỗi lần từ {least} trở lên."
    en = "The seller sells no less than {least} at a time."


class OwnOffer(Problem):
    status, code = 422, "own_offer"
    vi = "Không thể mua hàng của chính mình."
    en = "Nobody buys from themselves."


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
        MovementRestricted: the goods may not leave where they are or enter where they would go.
        OfferNotOpen, LotExpired, LotFrozen, NotEnoughLeft, InRound, OfferChanged: the offer's
            state forbids it. SeveralSellers, OwnOffer: the lines do not make one order.
            BelowMinimumLot: too little of an offer. Invalid: the total is beyond what can be
            counted.
    """
    site = usable_site(site_id, party=party, pointer="/site_id")
    _check_known(lines, party, site, now)
    wanted: dict[UUID, Decimal] = {}
    for line in lines:
        wanted[line["offer_id"]] = wanted.get(line["offer_id"], Decimal(0)) + line["quantity"]
    locked = offers_for_update(set(wanted))
    for line in lines:
        stated = line.get("offer_version")
        if stated is not None and stated != locked[line["offer_id"]].version:
            raise OfferChanged
    for offer_id, quantity in sorted(wanted.items()):
        least = locked[offer_id].min_quantity
        if least is not None and quantity < least:
            raise BelowMinimumLot(least=with_unit(least, locked[offer_id].unit))
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
    if carrier != Carrier.BUYER:
        terms = [replace(line, haulage_amount=_tariff(line, site)) for line in terms]
    total = sum(line_amount(one.quantity, one.unit_price) + one.haulage_amount for one in terms)
    if total > HIGHEST_AMOUNT:
        raise invalid("/lines", "Tổng tiền quá lớn.", "The total is too high.")
    firm = all(offer.firm for offer in locked.values())
    return open_order(
        buyer=party,
        terms=terms,
        site=site,
        carrier=carrier,
        origin=Origin.DIRECT,
        confirmed=firm,
        now=now,
    )


def _check_known(
    lines: Sequence[Mapping[str, Any]], party: Party, site: Site, now: datetime
) -> None:
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
        offer.lot.check_not_frozen()
        check_may_move(pickup=offer.lot.site, drop=site, commodity=offer.commodity_code, now=now)
    sellers = {offer.organisation_id for offer in known.values()}
    if party.organisation_id in sellers:
        raise OwnOffer
    if len(sellers) > 1 or len({offer.agent_id for offer in known.values()}) > 1:
        raise SeveralSellers


def _meant_for(offer: Offer, party: Party) -> bool:
    if offer.listed_at is None:
        return False
    return offer.visibility == Visibility.PUBLIC or party.organisation_id in offer.visible_to


def _tariff(line: Terms, site: Site) -> int:
    lot: Lot = line.offer.lot
    return haulage_amount(
        market=get_market(line.offer.market_code), lot=lot, quantity=line.quantity, drop=site
    )
