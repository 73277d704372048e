"""What a restriction touches, what is proposed instead, the surplus board, recalls."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, true, union
from sqlalchemy.orm import aliased, joinedload, selectinload

from app.accounts.queries import current_members
from app.clearing.models import Match, MatchStatus
from app.contracts.balance import GIVEN_UP
from app.contracts.models import Contract, ContractHold
from app.core.db import db
from app.core.errors import NotFound
from app.deliveries.models import Delivery, Despatch
from app.disruption.models import (
    Commitment,
    CommitmentStatus,
    Recall,
    RecalledLot,
    Rematch,
    TwoSides,
)
from app.lots.models import Lot, LotSource
from app.market.models import Demand, Offer
from app.market.queries import open_offers
from app.orders.models import LIVE, Order, OrderLine
from app.places.models import AdministrativeUnit, Level, Restriction, RestrictionKind, Site

PICKUP, DROP = aliased(Site), aliased(Site)


def touched_lines(restriction: Restriction) -> Sequence[OrderLine]:
    """Lines of live orders that would cross a restricted border, none found before."""
    known = select(Commitment.id).where(
        Commitment.order_line_id == OrderLine.id, Commitment.ended_at.is_(None)
    )
    return db.session.scalars(
        select(OrderLine)
        .join(Order, Order.id == OrderLine.order_id)
        .join(Lot, Lot.id == OrderLine.lot_id)
        .join(PICKUP, PICKUP.id == Lot.site_id)
        .join(DROP, DROP.id == Order.site_id)
        .where(
            Order.status.in_(LIVE),
            OrderLine.short < OrderLine.quantity,
            _barred(restriction, OrderLine.commodity_code),
            ~known.exists(),
        )
        .order_by(OrderLine.order_id, OrderLine.id)
    ).all()


def touched_matches(restriction: Restriction) -> Sequence[UUID]:
    """Ids of proposed matches that would cross a restricted border."""
    return db.session.scalars(
        select(Match.id)
        .join(Offer, Offer.id == Match.offer_id)
        .join(Lot, Lot.id == Offer.lot_id)
        .join(Demand, Demand.id == Match.demand_id)
        .join(PICKUP, PICKUP.id == Lot.site_id)
        .join(DROP, DROP.id == Demand.site_id)
        .where(Match.status == MatchStatus.PROPOSED, _barred(restriction, Offer.commodity_code))
        .order_by(Match.id)
    ).all()


def touched_holds(restriction: Restriction) -> Sequence[ContractHold]:
    """What is held for contracts and would cross a restricted border, locked by lot."""
    return db.session.scalars(
        select(ContractHold)
        .join(Contract, Contract.id == ContractHold.contract_id)
        .join(Lot, Lot.id == ContractHold.lot_id)
        .join(PICKUP, PICKUP.id == Lot.site_id)
        .join(DROP, DROP.id == Contract.site_id)
        .where(ContractHold.ended_at.is_(None), _barred(restriction, Lot.commodity_code))
        .order_by(ContractHold.lot_id)
        .with_for_update(of=ContractHold)
    ).all()


def _barred(restriction: Restriction, commodity: Any) -> ColumnElement[bool]:
    """Whether a load from PICKUP to DROP may not move, as `Restriction.bars` has it."""
    leaving = and_(_inside(restriction, PICKUP), ~_inside(restriction, DROP))
    entering = and_(_inside(restriction, DROP), ~_inside(restriction, PICKUP))
    crossing = {
        RestrictionKind.CLOSED: or_(leaving, entering),
        RestrictionKind.EXIT_ONLY: entering,
        RestrictionKind.ENTRY_ONLY: leaving,
    }[RestrictionKind(restriction.kind)]
    if restriction.commodity_code is None:
        return crossing
    return and_(crossing, commodity == restriction.commodity_code)


def _inside(restriction: Restriction, site: type[Site]) -> ColumnElement[bool]:
    if restriction.ward_code is not None:
        return site.ward_code == restriction.ward_code
    wards = select(AdministrativeUnit.code).where(
        AdministrativeUnit.level == Level.WARD,
        AdministrativeUnit.province_code == restriction.province_code,
        AdministrativeUnit.valid_to.is_(None),
    )
    return site.ward_code.in_(wards)


def concerning(
    model: type[TwoSides], organisation_id: UUID, *, everything: bool
) -> ColumnElement[bool]:
    """Rows in which the organisation takes part, on either side, itself or as agent."""
    if everything:
        return true()
    return or_(
        _side(model.organisation_id, model.seller_agent_id, organisation_id),
        buying(model, organisation_id),
    )


def buying(model: type[TwoSides], organisation_id: UUID) -> ColumnElement[bool]:
    """Rows in which the organisation buys, itself or as agent."""
    return _side(model.buyer_id, model.buyer_agent_id, organisation_id)


def _side(party: Any, agent: Any, organisation_id: UUID) -> ColumnElement[bool]:
    members = current_members(organisation_id)
    return or_(party == organisation_id, and_(agent == organisation_id, party.in_(members)))


def commitments(condition: ColumnElement[bool]) -> Select[Commitment]:
    """Commitments with their order line and restriction."""
    return (
        select(Commitment)
        .where(condition)
        .options(joinedload(Commitment.line), joinedload(Commitment.restriction))
    )


def get_commitment(
    commitment_id: UUID, *, seen: ColumnElement[bool], lock: bool = False
) -> Commitment:
    """A commitment among those the caller may see.

    Raises:
        NotFound: there is none, or it is between others.
    """
    statement = commitments(and_(Commitment.id == commitment_id, seen))
    if lock:
        statement = statement.with_for_update(of=Commitment).execution_options(
            populate_existing=True
        )
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound
    return found


def rematches(condition: ColumnElement[bool]) -> Select[Rematch]:
    """Proposals of other sources."""
    return select(Rematch).where(condition)


def get_rematch(rematch_id: UUID, *, seen: ColumnElement[bool]) -> Rematch:
    """A proposal among those the caller may see.

    Raises:
        NotFound: there is none, or it is between others.
    """
    found = db.session.scalar(rematches(and_(Rematch.id == rematch_id, seen)))
    if found is None:
        raise NotFound
    return found


def surplus(*, now: datetime) -> Select[Offer]:
    """Open offers of goods that a restriction keeps from where they were promised."""
    stuck = select(Commitment.id).where(
        Commitment.offer_id == Offer.id, Commitment.status == CommitmentStatus.WAITING
    )
    return open_offers(reader=None, now=now).where(
        stuck.exists(), Offer.taken + Offer.round_held + Offer.match_held < Offer.quantity
    )


def recalls(seen: ColumnElement[bool], *, known: ColumnElement[bool]) -> Select[Recall]:
    """Recalls with the lots they freeze, of these only those the reader knows of."""
    return (
        select(Recall)
        .where(seen)
        .options(
            selectinload(Recall.frozen.and_(known)),
            joinedload(Recall.lot),
            joinedload(Recall.caller),
        )
        .execution_options(populate_existing=True)
    )


def recalled_lots_known_to(organisation_id: UUID, *, everything: bool) -> ColumnElement[bool]:
    """Lots one owns or acts for, what they were pooled from, and what one has ordered or got."""
    if everything:
        return true()
    own = or_(Lot.organisation_id == organisation_id, Lot.agent_id == organisation_id)
    owned = select(Lot.id).where(own)
    pooled = select(LotSource.source_id).join(Lot, Lot.id == LotSource.lot_id).where(own)
    ordered = (
        select(OrderLine.lot_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.organisation_id == organisation_id, Order.status.not_in(GIVEN_UP))
    )
    sent = select(Despatch.lot_id).where(Despatch.organisation_id == organisation_id)
    return RecalledLot.lot_id.in_(union(owned, pooled, ordered, sent))


def recalls_seen_by(organisation_id: UUID, *, known: ColumnElement[bool]) -> ColumnElement[bool]:
    """One's own recalls, and those that freeze a lot one knows of."""
    return or_(Recall.organisation_id == organisation_id, Recall.frozen.any(known))


def get_recall(
    recall_id: UUID,
    *,
    seen: ColumnElement[bool],
    known: ColumnElement[bool] | None = None,
    lock: bool = False,
) -> Recall:
    """A recall among those the caller may see, with all its lots if not told which are known.

    Raises:
        NotFound: there is none, or it is no affair of theirs.
    """
    shown = true() if known is None else known
    statement = recalls(and_(Recall.id == recall_id, seen), known=shown)
    if lock:
        statement = statement.with_for_update(of=Recall)
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound
    return found


def ordered_of(lots: Collection[UUID]) -> Sequence[tuple[Order, UUID]]:
    """Orders that hold, or were sent, something of these lots, each with the lot."""
    named = select(OrderLine.order_id, OrderLine.lot_id).where(OrderLine.lot_id.in_(lots))
    sent = (
        select(Delivery.order_id, Despatch.lot_id)
        .join(Delivery, Delivery.id == Despatch.delivery_id)
        .where(Despatch.lot_id.in_(lots))
    )
    both = union(named, sent).subquery()
    rows = db.session.execute(
        select(Order, both.c.lot_id)
        .join(both, both.c.order_id == Order.id)
        .where(Order.status.not_in(GIVEN_UP))
        .order_by(Order.id, both.c.lot_id)
    )
    return [(row[0], row[1]) for row in rows]
