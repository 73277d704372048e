"""Offers and demands."""

from typing import Any
from uuid import UUID

from sqlalchemy import or_

from app.accounts.access import BUYERS, PUBLIC, READERS, SELLERS, Caller
from app.core.errors import NotFound, missing
from app.core.http import Blueprint, check_if_match
from app.core.paging import By, Page, page, page_schema
from app.lots.models import Lot
from app.lots.queries import get_lot
from app.market import demand_operations, offer_operations, queries, schemas
from app.market.models import Demand, Offer

blueprint = Blueprint("market", __name__, description="The open book")


@blueprint.operation(
    "POST", "/offers", access=SELLERS, body=schemas.OfferIn, answer=schemas.OfferOut
)
def list_offer(caller: Caller, body: dict[str, Any]) -> Offer:
    """Offer a part of a lot.

    Chào bán một phần của lô.
    """
    party = caller.party(body.pop("on_behalf_of"))
    own = Lot.organisation_id == party.organisation_id
    try:
        lot = get_lot(body.pop("lot_id"), seen=own, lock=True)
    except NotFound:
        raise missing("/lot_id") from None
    return _whole(offer_operations.list_offer(party=party, lot=lot, now=caller.now, **body))


@blueprint.operation(
    "GET",
    "/offers",
    access=PUBLIC,
    query=schemas.OfferQuery,
    answer=page_schema(schemas.OfferOut),
)
def list_offers(caller: Caller, query: dict[str, Any]) -> Page:
    """Search the open offers, or my own in any state with mine=true.

    Tìm các tin chào bán đang mở, hoặc mọi tin của tôi với mine=true.
    """
    if query["mine"] and caller.signed_in and caller.acting:
        statement = queries.offers(caller.sees(Offer))
    else:
        statement = queries.open_offers(reader=caller.organisation_id, now=caller.now)
    if "status" in query:
        statement = statement.where(Offer.status == query["status"])
    statement = queries.search_offers(statement, query)
    found = page(statement, order=queries.offer_order(query), query=query)
    return Page([_shown(row, caller) for row in found.items], found.next_cursor)


@blueprint.operation("GET", "/offers/<uuid:offer_id>", access=PUBLIC, answer=schemas.OfferOut)
def get_offer(caller: Caller, offer_id: UUID) -> Offer:
    """One offer: my own whole, another's as the public sees it while it is open.

    Một tin chào bán: của tôi thì đầy đủ, của người khác thì như công chúng thấy khi còn mở.
    """
    open_now = queries.open_offers(reader=caller.organisation_id, now=caller.now).whereclause
    assert open_now is not None
    return _shown(queries.get_offer(offer_id, seen=or_(caller.sees(Offer), open_now)), caller)


@blueprint.operation(
    "PATCH",
    "/offers/<uuid:offer_id>",
    access=SELLERS,
    body=schemas.OfferChange,
    answer=schemas.OfferOut,
)
def change_offer(caller: Caller, offer_id: UUID, body: dict[str, Any]) -> Offer:
    """Change the price or the time of an offer.

    Đổi giá hoặc thời hạn của tin chào bán.
    """
    offer = _own_offer(caller, offer_id)
    check_if_match(schemas.OfferOut().dump(offer))
    return _whole(offer_operations.change_offer(offer=offer, now=caller.now, **body))


@blueprint.operation(
    "POST",
    "/offers/<uuid:offer_id>/publication",
    access=SELLERS,
    answer=schemas.OfferOut,
    status=200,
)
def publish_offer(caller: Caller, offer_id: UUID) -> Offer:
    """Open a draft.

    Mở một tin nháp.
    """
    return offer_operations.publish_offer(offer=_own_offer(caller, offer_id), now=caller.now)


@blueprint.operation(
    "POST",
    "/offers/<uuid:offer_id>/withdrawal",
    access=SELLERS,
    answer=schemas.OfferOut,
    status=200,
)
def withdraw_offer(caller: Caller, offer_id: UUID) -> Offer:
    """Take an offer off the market.

    Rút tin chào bán khỏi chợ.
    """
    return offer_operations.withdraw_offer(offer=_own_offer(caller, offer_id), now=caller.now)


@blueprint.operation(
    "POST", "/demands", access=BUYERS, body=schemas.DemandIn, answer=schemas.DemandOut
)
def post_demand(caller: Caller, body: dict[str, Any]) -> Demand:
    """Post a demand.

    Đăng một nhu cầu mua.
    """
    party = caller.party(body.pop("on_behalf_of"))
    return demand_operations.post_demand(party=party, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/demands",
    access=READERS,
    query=schemas.DemandQuery,
    answer=page_schema(schemas.DemandOut),
)
def list_demands(caller: Caller, query: dict[str, Any]) -> Page:
    """My demands, newest first.

    Các nhu cầu của tôi, mới nhất trước.
    """
    statement = queries.demands(caller.sees(Demand))
    if "commodity" in query:
        statement = statement.where(queries.accepts_commodity(query["commodity"]))
    if "status" in query:
        statement = statement.where(Demand.status == query["status"])
    return page(statement, order=[By(Demand.id, descending=True)], query=query)


@blueprint.operation("GET", "/demands/<uuid:demand_id>", access=READERS, answer=schemas.DemandOut)
def get_demand(caller: Caller, demand_id: UUID) -> Demand:
    """One demand.

    Một nhu cầu mua.
    """
    return queries.get_demand(demand_id, seen=caller.sees(Demand))


@blueprint.operation(
    "POST",
    "/demands/<uuid:demand_id>/publication",
    access=BUYERS,
    answer=schemas.DemandOut,
    status=200,
)
def publish_demand(caller: Caller, demand_id: UUID) -> Demand:
    """Open a draft.

    Mở một nhu cầu nháp.
    """
    return demand_operations.publish_demand(demand=_own_demand(caller, demand_id), now=caller.now)


@blueprint.operation(
    "POST",
    "/demands/<uuid:demand_id>/cancellation",
    access=BUYERS,
    answer=schemas.DemandOut,
    status=200,
)
def cancel_demand(caller: Caller, demand_id: UUID) -> Demand:
    """Want no more than has been ordered.

    Không mua thêm ngoài phần đã đặt.
    """
    return demand_operations.cancel_demand(demand=_own_demand(caller, demand_id), now=caller.now)


def _own_offer(caller: Caller, offer_id: UUID) -> Offer:
    offer = queries.get_offer(offer_id, seen=caller.sees(Offer), lock=True)
    caller.check_may_act(offer)
    return _whole(offer)


def _whole(offer: Offer) -> Offer:
    offer.shown_whole = True
    return offer


def _shown(found: Any, caller: Caller) -> Offer:
    """An offer, alone or with its distance, as this caller may see it."""
    offer: Offer
    offer, distance_km = found if isinstance(found, tuple) else (found, None)
    own = caller.organisation_id in {offer.organisation_id, offer.agent_id} - {None}
    offer.shown_whole = own or caller.sees_all
    offer.distance_km = distance_km
    return offer


def _own_demand(caller: Caller, demand_id: UUID) -> Demand:
    demand = queries.get_demand(demand_id, seen=caller.sees(Demand), lock=True)
    caller.check_may_act(demand)
    return demand
