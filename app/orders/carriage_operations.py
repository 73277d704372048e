"""Who carries an order, changed before anything has left."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import true

from app.accounts.models import Kind
from app.accounts.queries import cooperatives_of, get_organisation
from app.catalogue.queries import get_market
from app.core import outbox
from app.core.db import db
from app.core.errors import NotFound, Problem, invalid, missing
from app.market.models import Offer
from app.market.queries import offers
from app.orders.haulage import haulage_amount
from app.orders.models import Carrier, Order, OrderStatus
from app.orders.operations import sides
from app.places.queries import get_site


class CarriageFixed(Problem):
    status, code = 409, "carriage_fixed"
    vi = "Hàng đã lên đường hoặc đơn đã kết thúc, không đổi bên chở được."
    en = "Goods have left, or the order is over; the carrier can no longer be changed."


def change_carriage(
    *, order: Order, carrier: Carrier, carrier_organisation_id: UUID | None, now: datetime
) -> Order:
    """Let somebody else carry; what that costs is on each line.

    Where nobody was billed for carriage it costs the market's tariff; where the buyer carries it
    costs nothing; otherwise it stays as agreed.

    Args:
        order: locked.
        carrier_organisation_id: a third party, or the cooperative where it is not the seller's
            agent or the one the seller belongs to.

    Raises:
        CarriageFixed: a load has left, or the order is over. NotFound: no such organisation.
        Invalid: the carrier names itself, or the cooperative is not known.
    """
    if order.status not in (OrderStatus.PLACED, OrderStatus.CONFIRMED):
        raise CarriageFixed
    carrier_id = _carrier_id(order, carrier, carrier_organisation_id)
    if carrier == Carrier.BUYER:
        for line in order.lines:
            line.haulage_amount = 0
    elif order.carrier == Carrier.BUYER:
        _bill_by_tariff(order)
    order.carrier, order.carrier_id = carrier, carrier_id
    order.haulage_amount = sum(line.haulage_amount for line in order.lines)
    db.session.flush()
    first = order.lines[0]
    outbox.add(
        "order.carriage_changed",
        concerns=[*order.parties, *([carrier_id] if carrier_id else [])],
        payload={
            "order_id": str(order.id),
            **sides(order),
            "commodity": first.commodity_code,
            "quantity": f"{first.quantity:.3f}",
            "carrier": carrier,
            "carrier_id": str(carrier_id) if carrier_id else None,
            "haulage_amount": order.haulage_amount,
        },
        now=now,
    )
    return order


def _carrier_id(order: Order, carrier: Carrier, named: UUID | None) -> UUID | None:
    if carrier in (Carrier.BUYER, Carrier.SELLER):
        if named is not None:
            raise invalid(
                "/carrier_organisation_id",
                "Người mua hay người bán tự chở thì để trống.",
                "Leave it out where the buyer or the seller carries.",
            )
        return None
    if named is not None:
        try:
            organisation = get_organisation(named)
        except NotFound:
            raise missing("/carrier_organisation_id") from None
        if carrier == Carrier.COOPERATIVE and organisation.kind != Kind.COOPERATIVE:
            raise missing("/carrier_organisation_id")
        return named
    if carrier == Carrier.THIRD_PARTY:
        return None
    known = [order.seller_agent_id, *cooperatives_of(order.seller_id)]
    found = next((one for one in known if one is not None), None)
    if found is None:
        raise invalid(
            "/carrier_organisation_id",
            "Người bán không thuộc hợp tác xã nào, hãy nêu một.",
            "The seller belongs to no cooperative; please name one.",
        )
    return found


def _bill_by_tariff(order: Order) -> None:
    drop = get_site(order.site_id, seen=true())
    ids = {line.offer_id for line in order.lines}
    known = {offer.id: offer for offer in db.session.scalars(offers(Offer.id.in_(ids)))}
    for line in order.lines:
        offer = known[line.offer_id]
        line.haulage_amount = haulage_amount(
            market=get_market(offer.market_code),
            lot=offer.lot,
            quantity=line.quantity,
            drop=drop,
        )
