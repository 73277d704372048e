"""What comes off a seller's goods amount when it is final: commission, then advances.

The commission is rounded once, half to even to whole dong; what that leaves stays with the seller.
Advances are netted in whole dong, so that nothing is left to round.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import or_, select

from app.core import clock
from app.core.db import db
from app.core.money import line_amount, to_dong
from app.deliveries.models import Delivery, Slip
from app.orders.models import Order
from app.settlement.ledger import Line, Origin, post, posted_about, reverse
from app.settlement.models import (
    Advance,
    AdvanceStatus,
    CommissionRule,
    Event,
    Purpose,
    Settlement,
    SettlementStatus,
    Source,
)
from app.settlement.postings import commission_lines, netting_lines


def commission_on(rule: CommissionRule, *, amount: int, quantity: Decimal) -> int:
    """What a rule makes of a goods amount and the accepted quantity; never more than the amount."""
    if rule.percent is not None:
        return min(amount, to_dong(amount * rule.percent / 100))
    assert rule.per_unit is not None
    return min(amount, line_amount(quantity, rule.per_unit))


def rule_in_force(
    cooperative: UUID, *, commodity: str, accepted_at: datetime
) -> CommissionRule | None:
    """The rule for goods accepted at an instant: the commodity's own before the general one.

    Of several the newest. Only what had been stated by then counts, so that the rule by which
    something was first computed is also that of all its corrections.
    """
    return db.session.scalar(
        select(CommissionRule)
        .where(
            CommissionRule.organisation_id == cooperative,
            CommissionRule.valid_from <= clock.local_date(accepted_at),
            CommissionRule.created_at <= accepted_at,
            or_(
                CommissionRule.commodity_code == commodity,
                CommissionRule.commodity_code.is_(None),
            ),
        )
        .order_by(CommissionRule.commodity_code.is_(None), CommissionRule.valid_from.desc())
        .limit(1)
    )


def charge_commission(
    *, goods: Settlement, order: Order, delivery: Delivery, slip: Slip, now: datetime
) -> None:
    """Post the commission of a final goods settlement; after a correction, what it is now.

    The rule is that of the acceptance, which no correction moves. A cooperative that buys from the
    member it represents takes none.
    """
    cooperative = order.seller_agent_id
    if cooperative is None or cooperative == order.organisation_id:
        return
    rule = rule_in_force(
        cooperative,
        commodity=delivery.line.commodity_code,
        accepted_at=delivery.ended_at or slip.recorded_at,
    )
    base = max(0, goods.amount - goods.held - goods.credited)
    due = commission_on(rule, amount=base, quantity=slip.accepted_quantity) if rule else 0
    if due == goods.commission:
        return
    books = posted_about(goods.delivery_id)
    number = 1 + max(
        (one[2] for one in books if one[:2] == (Source.COMMISSION, goods.id)), default=0
    )
    if goods.commission:
        reverse(
            books[Source.COMMISSION, goods.id, number - 1],
            origin=Origin(Source.COMMISSION, goods.id, number),
            event=Event.COMMISSION_REVERSED,
            occurred_at=slip.recorded_at,
            now=now,
        )
        number += 1
    post(
        commission_lines(order, cooperative=cooperative, amount=due),
        origin=Origin(Source.COMMISSION, goods.id, number),
        event=Event.COMMISSION_DUE,
        occurred_at=now,
        delivery_id=goods.delivery_id,
        now=now,
    )
    goods.commission = due
    buyer = goods.organisation_id
    opened_share(goods, Purpose.COMMISSION, cooperative, payer=buyer, now=now).amount = due
    db.session.flush()


def net_advances(*, goods: Settlement, givers: Sequence[UUID], now: datetime) -> None:
    """Set confirmed advances of the givers off, oldest first."""
    waiting = db.session.scalars(
        select(Advance)
        .where(
            Advance.receiver_id == goods.payee_id,
            Advance.organisation_id.in_(givers),
            Advance.status == AdvanceStatus.CONFIRMED,
            Advance.netted < Advance.amount,
        )
        .order_by(Advance.confirmed_at, Advance.id)
        .with_for_update()
    ).all()
    lines: list[Line] = []
    for advance in waiting:
        amount = min(advance.remaining, goods.outstanding)
        if amount <= 0:
            break
        advance.netted += amount
        goods.netted += amount
        lines += netting_lines(goods, advance, amount=amount)
        if advance.organisation_id != goods.organisation_id:
            giver = advance.organisation_id
            share = opened_share(
                goods, Purpose.ADVANCE, giver, payer=goods.organisation_id, now=now
            )
            share.amount += amount
    if lines:
        post(
            lines,
            origin=Origin(Source.NETTING, goods.id),
            event=Event.ADVANCE_NETTED,
            occurred_at=now,
            delivery_id=goods.delivery_id,
            now=now,
        )
    db.session.flush()


def opened_share(
    goods: Settlement, purpose: Purpose, payee: UUID, *, payer: UUID, now: datetime
) -> Settlement:
    """What of goods is owed to somebody else than the seller; final from the start."""
    found = db.session.scalar(
        select(Settlement).where(
            Settlement.delivery_id == goods.delivery_id,
            Settlement.purpose == purpose,
            Settlement.payee_id == payee,
        )
    )
    if found is None:
        found = Settlement(
            organisation_id=payer,
            payee_id=payee,
            delivery_id=goods.delivery_id,
            order_id=goods.order_id,
            purpose=purpose,
            status=SettlementStatus.FINAL,
            amount=0,
            held=0,
            credited=0,
            netted=0,
            commission=0,
            paid=0,
            due_on=goods.due_on,
            claims_until=goods.claims_until,
            created_at=now,
            final_at=now,
        )
        db.session.add(found)
        db.session.flush()
    return found
