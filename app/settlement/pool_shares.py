"""What a cooperative owes its members for a delivery out of a pool, to the last dong.

Each contribution counts for its part of what was accepted, valued by the rules of the very order
with the quality measured of it at the gathering place. The proceeds are shared out by these values,
so that the shares sum to them exactly; see `core/shares.py` for the rounding.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.core import clock, outbox
from app.core.db import db
from app.core.money import line_amount
from app.core.shares import quantity_shared_out, shared_out
from app.deliveries.models import Delivery, Despatch, Slip
from app.orders.models import Order
from app.orders.quality_rules import Part, apply_rules
from app.pools.models import Pool
from app.pools.queries import confirmed, pool_of_lot
from app.settlement.deductions import commission_on, net_advances, opened_share, rule_in_force
from app.settlement.ledger import Origin, post, posted_about, reverse
from app.settlement.models import Event, Purpose, Settlement, Source
from app.settlement.postings import pool_lines


@dataclass(frozen=True)
class Brought:
    """What a member brought: how much stayed in the lot, and as what it was measured."""

    member_id: UUID
    quantity: Decimal
    grade: str | None
    qualities: Mapping[str, Any]


@dataclass(frozen=True)
class Share:
    """A member's part of a delivery: accepted units, and whole VND of the proceeds."""

    member_id: UUID
    accepted: Decimal
    amount: int


def shares_of(
    brought: Sequence[Brought],
    *,
    accepted: Decimal,
    proceeds: int,
    unit_price: Decimal,
    rules: Sequence[Mapping[str, Any]],
) -> list[Share]:
    """The shares of a delivery, one for each member, in the order in which they first appear."""
    quantities = quantity_shared_out(accepted, [one.quantity for one in brought])
    values = [
        _value(one, quantity, unit_price, rules)
        for one, quantity in zip(brought, quantities, strict=True)
    ]
    units: dict[UUID, Decimal] = defaultdict(Decimal)
    amounts: dict[UUID, int] = defaultdict(int)
    if not any(values):
        values = [int(quantity * 1000) for quantity in quantities]
    for one, quantity, amount in zip(
        brought, quantities, shared_out(proceeds, values), strict=True
    ):
        units[one.member_id] += quantity
        amounts[one.member_id] += amount
    return [Share(member, units[member], amount) for member, amount in amounts.items()]


def share_pool(
    *, goods: Settlement, order: Order, delivery: Delivery, slip: Slip, now: datetime
) -> None:
    """Post what the members are owed of a final goods settlement; after a correction, anew.

    The cooperative keeps its commission by the rule of the acceptance, which no correction moves;
    an advance it gave a member is netted the first time. What it brought itself it owes to nobody.
    """
    pool = _pool_of(delivery)
    if pool is None or pool.organisation_id != order.seller_id:
        return
    line = delivery.line
    shares = [
        one
        for one in shares_of(
            [
                Brought(one.organisation_id, one.stayed, one.grade, one.qualities)
                for one in confirmed(pool.id)
            ],
            accepted=slip.accepted_quantity,
            proceeds=max(0, goods.amount - goods.held - goods.credited),
            unit_price=line.unit_price,
            rules=line.quality_schedule["rules"] if line.quality_schedule else [],
        )
        if one.member_id != pool.organisation_id
    ]
    known = _known(goods)
    for one in shares:
        if one.member_id in known:
            known[one.member_id].quantity = one.accepted
    if known and {one.member_id: one.amount for one in shares} == {
        member: one.amount for member, one in known.items()
    }:
        return
    accepted_at = delivery.ended_at or now
    commissions = _commissions(pool, shares, accepted_at=accepted_at)
    _post(goods, pool, shares, commissions, now=now)
    for share in shares:
        first = share.member_id not in known
        owed = opened_share(
            goods, Purpose.POOL_SHARE, share.member_id, payer=pool.organisation_id, now=now
        )
        owed.amount, owed.commission = share.amount, commissions[share.member_id]
        owed.quantity, owed.accepted_on = share.accepted, clock.local_date(accepted_at)
        db.session.flush()
        if first:
            net_advances(goods=owed, givers=[pool.organisation_id], now=now)
        _tell(pool, owed, share, now=now)


def _value(
    one: Brought, quantity: Decimal, unit_price: Decimal, rules: Sequence[Mapping[str, Any]]
) -> int:
    """What a contribution's accepted part is worth by itself, whole VND."""
    part = Part(position=1, quantity=quantity, qualities=one.qualities, grade=one.grade)
    moved = apply_rules(rules, parts=[part], unit_price=unit_price, surface_water=None)
    return max(0, line_amount(quantity, unit_price) + sum(line.amount for line in moved))


def _pool_of(delivery: Delivery) -> Pool | None:
    """The pool of the lot that was really sent."""
    sent = db.session.scalar(
        select(Despatch.lot_id)
        .where(Despatch.delivery_id == delivery.id)
        .order_by(Despatch.number.desc())
        .limit(1)
    )
    return pool_of_lot(sent or delivery.line.lot_id)


def _known(goods: Settlement) -> dict[UUID, Settlement]:
    """The members' settlements of an earlier posting."""
    rows = db.session.scalars(
        select(Settlement).where(
            Settlement.delivery_id == goods.delivery_id, Settlement.purpose == Purpose.POOL_SHARE
        )
    )
    return {one.payee_id: one for one in rows}


def _commissions(pool: Pool, shares: Sequence[Share], *, accepted_at: datetime) -> dict[UUID, int]:
    rule = rule_in_force(
        pool.organisation_id, commodity=pool.commodity_code, accepted_at=accepted_at
    )
    return {
        one.member_id: commission_on(rule, amount=one.amount, quantity=one.accepted) if rule else 0
        for one in shares
    }


def _post(
    goods: Settlement,
    pool: Pool,
    shares: Sequence[Share],
    commissions: Mapping[UUID, int],
    *,
    now: datetime,
) -> None:
    """One transaction for all members; an earlier one is taken back first."""
    books = posted_about(goods.delivery_id)
    number = 1 + max((one[2] for one in books if one[:2] == (Source.POOL, goods.id)), default=0)
    if number > 1:
        reverse(
            books[Source.POOL, goods.id, number - 1],
            origin=Origin(Source.POOL, goods.id, number),
            event=Event.POOL_SHARE_REVERSED,
            occurred_at=now,
            now=now,
        )
        number += 1
    post(
        [
            line
            for one in shares
            for line in pool_lines(
                pool.organisation_id,
                one.member_id,
                amount=one.amount,
                commission=commissions[one.member_id],
            )
        ],
        origin=Origin(Source.POOL, goods.id, number),
        event=Event.POOL_SHARED,
        occurred_at=now,
        delivery_id=goods.delivery_id,
        now=now,
    )


def _tell(pool: Pool, owed: Settlement, share: Share, *, now: datetime) -> None:
    payload = {
        "pool_id": str(pool.id),
        "settlement_id": str(owed.id),
        "seller_id": str(share.member_id),
        "buyer_id": str(pool.organisation_id),
        "commodity": pool.commodity_code,
        "accepted_quantity": f"{share.accepted:.3f}",
        "amount": abs(owed.outstanding),
    }
    if owed.outstanding < 0:
        outbox.add("pool.overpaid", concerns=[share.member_id], payload=payload, now=now)
    else:
        outbox.add("pool.shared", concerns=[share.member_id], payload=payload, now=now)
