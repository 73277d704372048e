"""Posting, filling and cancelling demands."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Party
from app.catalogue.queries import (
    certificate_schemes,
    commodities_by_code,
    find_processing_line,
)
from app.core import outbox
from app.core.db import db
from app.core.errors import Invalid, invalid
from app.core.fields import instant_text
from app.market.limits import check_least, check_limits
from app.market.models import Accepted, Demand, DemandNotOpen, DemandStatus
from app.places.queries import usable_site


def post_demand(
    *,
    party: Party,
    accepts: Sequence[Mapping[str, Any]],
    quantity: Decimal,
    bid_price: Decimal,
    min_delivery: Decimal | None = None,
    max_suppliers: int | None = None,
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

    Args:
        min_delivery: the least that one seller may bring.
        max_suppliers: how many sellers a round may fill it from.

    Raises:
        Invalid: unknown words, commodities of several markets or not taken by the line, a minimum
            above the whole, or a window that is over or upside down. NotFound: the site is not
            the party's own.
    """
    check_least("/min_delivery", min_delivery, quantity)
    if deliver_until < deliver_from:
        raise invalid(
            "/deliver_until", "Phải sau ngày bắt đầu nhận.", "Must not be before the first day."
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
        min_delivery=min_delivery,
        max_suppliers=max_suppliers,
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
    demand.check_may_leave()
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
