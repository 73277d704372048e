"""Pooling: members' produce gathered until it fills a vehicle."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from werkzeug.wrappers import Response

from app.accounts.access import COOPERATIVE_MANAGERS, READERS, SELLERS, Caller
from app.accounts.models import Organisation
from app.accounts.queries import consenting_members, mandating_members
from app.catalogue.models import Commodity
from app.catalogue.queries import commodities, commodities_by_code, get_commodity
from app.core.db import db
from app.core.errors import NotFound
from app.core.paging import PageQuery
from app.deliveries.models import Delivery
from app.deliveries.queries import next_load
from app.lots.models import Lot, LotStatus
from app.market import api as market
from app.market.models import Offer
from app.market.schemas import OfferIn
from app.orders.models import Order, OrderLine, OrderStatus
from app.orders.queries import orders
from app.places.models import Site
from app.places.queries import sites
from app.pools import api as pools
from app.pools.models import Contribution, Pool, PoolStatus
from app.pools.schemas import ContributionIn, PoolIn, PoolQuery
from app.web.forms import asked_for, identifier, loaded, number, typed
from app.web.language import NO_BREAK, quantity
from app.web.pages import Pages, go, show
from app.web.produce import check_likely, price_of
from app.web.selling import asked_of_a_lot, declared_lot

pages = Pages("pooling")
MOST_LOTS = 50


@pages.page("GET", "/pooling", access=READERS)
def all_pools(caller: Caller) -> Response:
    """Pools I take part in, newest first."""
    asked = asked_for("cursor")
    found = pools.list_pools(caller=caller, query=loaded(PoolQuery, asked))
    goods = commodities_by_code({one.commodity_code for one in found.items})
    gathers = COOPERATIVE_MANAGERS.admits(caller)
    return show("pooling.html", found=found, goods=goods, gathers=gathers)


@pages.page("GET", "/pooling/new", access=COOPERATIVE_MANAGERS)
def pool_form(caller: Caller) -> Response:
    """What is gathered, where, how much fills a load, until when."""
    own = db.session.scalars(sites(Site.organisation_id == caller.acting.id).order_by(Site.id))
    goods = db.session.scalars(commodities().order_by(Commodity.sort_key))
    return show("pool_form.html", sites=own.all(), goods=goods.all())


@pages.page("POST", "/pooling", access=COOPERATIVE_MANAGERS, again=pool_form, makes=True)
def open_pool(caller: Caller) -> Response:
    """Open it for members to fill."""
    body = {
        "commodity": typed("commodity"),
        "site_id": typed("site_id"),
        "full_load": number("full_load"),
        "unit": typed("unit"),
        "until": f"{typed('until')}T18:00:00+07:00" if typed("until") else None,
    }
    made = pools.open_pool(caller=caller, body=loaded(PoolIn, body))
    return go(f"/pooling/{made.id}")


@pages.page("GET", "/pooling/<uuid:pool_id>", access=READERS)
def pool(caller: Caller, pool_id: UUID) -> Response:
    """How full it is, who brought what, and what I can do now."""
    found = pools.get_pool(caller=caller, pool_id=pool_id)
    parts = pools.list_contributions(
        caller=caller, pool_id=pool_id, query=loaded(PageQuery, {"limit": "100"})
    )
    good = commodities_by_code([found.commodity_code])[found.commodity_code]
    can_bring = found.status == PoolStatus.OPEN and SELLERS.admits(caller)
    mine = found.organisation_id == caller.organisation_id and COOPERATIVE_MANAGERS.admits(caller)
    return show(
        "pool.html",
        pool=found,
        good=good,
        site=db.session.get_one(Site, found.site_id),
        parts=parts,
        lots=_lots(caller, found) if can_bring else [],
        can_bring=can_bring,
        mine=mine,
        price=price_of(good, caller.acting.id, now=caller.now) if mine else None,
        **(_sold(found.lot_id) if mine and found.lot_id else {}),
    )


@pages.page("POST", "/pooling/<uuid:pool_id>/contributions", access=SELLERS, again=pool, makes=True)
def contribute(caller: Caller, pool_id: UUID) -> Response:
    """Bring a part of a lot."""
    body = {
        "lot_id": typed("lot_id"),
        "quantity": number("quantity"),
        "unit": typed("unit"),
    }
    pools.contribute(caller=caller, pool_id=pool_id, body=loaded(ContributionIn, body))
    return go(f"/pooling/{pool_id}")


@pages.page("GET", "/pooling/<uuid:pool_id>/harvest", access=SELLERS)
def harvest_form(caller: Caller, pool_id: UUID) -> Response:
    """What was harvested and is brought whole, without going on sale first."""
    found = pools.get_pool(caller=caller, pool_id=pool_id)
    good = get_commodity(found.commodity_code)
    return show("pool_harvest.html", pool=found, **asked_of_a_lot(caller, good))


@pages.page("POST", "/pooling/<uuid:pool_id>/harvest", access=SELLERS, again=harvest_form)
def bring_harvest(caller: Caller, pool_id: UUID) -> Response:
    """Declare a lot and bring all of it."""
    found = pools.get_pool(caller=caller, pool_id=pool_id)
    lot = declared_lot(caller, get_commodity(found.commodity_code))
    body = {"lot_id": str(lot.id), "quantity": f"{lot.quantity:f}"}
    pools.contribute(caller=caller, pool_id=pool_id, body=loaded(ContributionIn, body))
    return go(f"/pooling/{pool_id}")


@pages.page("POST", "/pooling/<uuid:pool_id>/confirmation", access=SELLERS, again=pool)
def confirm(caller: Caller, pool_id: UUID) -> Response:
    """The member agrees to what the cooperative proposed."""
    pools.confirm_contribution(caller=caller, contribution_id=_contribution(pool_id))
    return go(f"/pooling/{pool_id}")


@pages.page("POST", "/pooling/<uuid:pool_id>/withdrawal", access=SELLERS, again=pool)
def withdraw(caller: Caller, pool_id: UUID) -> Response:
    """Take a part out again."""
    pools.withdraw_contribution(caller=caller, contribution_id=_contribution(pool_id))
    return go(f"/pooling/{pool_id}")


@pages.page("POST", "/pooling/<uuid:pool_id>/closing", access=COOPERATIVE_MANAGERS, again=pool)
def close(caller: Caller, pool_id: UUID) -> Response:
    """A full load becomes one lot."""
    pools.close_pool(caller=caller, pool_id=pool_id)
    return go(f"/pooling/{pool_id}")


@pages.page("POST", "/pooling/<uuid:pool_id>/offer", access=COOPERATIVE_MANAGERS, again=pool)
def offer(caller: Caller, pool_id: UUID) -> Response:
    """Put what is left of the load on sale."""
    found = pools.get_pool(caller=caller, pool_id=pool_id)
    lot = db.session.get(Lot, found.lot_id) if found.lot_id else None
    if lot is None:
        raise found.not_full()
    asked = {"lot_id": str(lot.id), "quantity": f"{lot.left:f}", "ask_price": number("ask_price")}
    body = loaded(OfferIn, asked)
    good = get_commodity(found.commodity_code)
    check_likely(good, body["ask_price"])
    market.list_offer(caller=caller, body=body)
    return go(f"/pooling/{pool_id}")


@pages.page("POST", "/pooling/<uuid:pool_id>/return", access=COOPERATIVE_MANAGERS, again=pool)
def give_back(caller: Caller, pool_id: UUID) -> Response:
    """What is not sold goes back to the members."""
    pools.return_pool(caller=caller, pool_id=pool_id)
    return go(f"/pooling/{pool_id}")


def _sold(lot_id: UUID) -> dict[str, Any]:
    """What of a load is not on sale yet, its offers, its orders, and what of each can leave now."""
    lines = select(OrderLine.order_id).where(OrderLine.lot_id == lot_id)
    placed = db.session.scalars(orders(Order.id.in_(lines)).order_by(Order.id)).all()
    offers = db.session.scalars(select(Offer).where(Offer.lot_id == lot_id).order_by(Offer.id))
    lot = db.session.get_one(Lot, lot_id)
    return {
        "left": lot.left if lot.status == LotStatus.HARVESTED else Decimal(0),
        "offers": offers.all(),
        "orders": placed,
        "leaving": {one.id: _leaving(one, lot_id) for one in placed},
        "sent": db.session.scalars(
            select(Delivery)
            .join(OrderLine, OrderLine.id == Delivery.order_line_id)
            .where(OrderLine.lot_id == lot_id, Delivery.despatched_at.is_not(None))
            .order_by(Delivery.id)
        ).all(),
    }


def _leaving(order: Order, lot_id: UUID) -> list[tuple[OrderLine, Decimal]]:
    """The lines of an order whose next load can leave, each with its quantity."""
    if order.status not in (OrderStatus.CONFIRMED, OrderStatus.IN_DELIVERY):
        return []
    waiting = [(line, next_load(line)) for line in order.lines if line.lot_id == lot_id]
    return [(line, load) for line, load in waiting if load]


def _contribution(pool_id: UUID) -> UUID:
    """The contribution chosen, if it was brought to this pool."""
    chosen = db.session.get(Contribution, identifier("contribution") or UUID(int=0))
    if chosen is None or chosen.pool_id != pool_id:
        raise NotFound
    return chosen.id


def _lots(caller: Caller, found: Pool) -> list[tuple[str, str]]:
    """Lots that can be brought, as choices: mine, and those members let their cooperative see."""
    own, good = caller.acting.id, get_commodity(found.commodity_code)
    oldest = caller.now - timedelta(hours=good.shelf_life_hours)
    rows: Any = db.session.execute(
        select(Lot, Organisation.name)
        .join(Organisation, Organisation.id == Lot.organisation_id)
        .where(
            or_(
                Lot.organisation_id == own,
                Lot.organisation_id.in_(consenting_members(own)),
                Lot.organisation_id.in_(mandating_members(own)),
            ),
            Lot.commodity_code == found.commodity_code,
            Lot.status == LotStatus.HARVESTED,
            Lot.quantity > Lot.reserved,
            Lot.harvested_at > oldest,
            Lot.frozen_at.is_(None),
        )
        .order_by(Lot.id.desc())
        .limit(MOST_LOTS)
    )
    return [
        (str(lot.id), f"{name}{NO_BREAK}· {quantity(lot.left, good.unit)}") for lot, name in rows
    ]
