"""Payouts: recorded by the payer, confirmed by the payee, or bounced."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import or_, select

from app.accounts.models import Party
from app.core import outbox
from app.core.db import db
from app.core.errors import Problem, missing
from app.settlement.ledger import Origin, post, posted, reverse
from app.settlement.models import (
    Event,
    Payout,
    PayoutNotWaiting,
    PayoutOver,
    PayoutShare,
    PayoutStatus,
    Purpose,
    Settlement,
    SettlementStatus,
    Source,
)
from app.settlement.postings import payout_lines
from app.settlement.queries import get_payout


class MoreThanOwed(Problem):
    status, code = 409, "more_than_owed"
    vi = "Số tiền lớn hơn khoản còn phải trả: chỉ còn {owed} đồng."
    en = "That is more than is owed: {owed} VND."


class NothingOwed(Problem):
    status, code = 409, "nothing_owed"
    vi = "Không còn khoản nào phải trả cho bên này."
    en = "Nothing is owed to this party."


def record_payout(
    *,
    party: Party,
    payee_id: UUID,
    settlement_ids: Sequence[UUID],
    amount: int | None,
    reference: str | None,
    recorded_by_id: UUID,
    now: datetime,
) -> Payout:
    """Note a payment made outside, for what is final and owed.

    It goes to what is due first; where the payee was paid too much before, that is taken off first.

    Args:
        settlement_ids: what is paid for; empty for whatever is owed to the payee.
        amount: whole VND; None for all that is owed.

    Raises:
        NotFound: nothing was ever owed to the payee, or a settlement is not one of theirs.
        NothingOwed, MoreThanOwed: less is outstanding.
    """
    owed = _outstanding(party.organisation_id, payee_id, settlement_ids)
    total = sum(one.outstanding for one in owed)
    if total <= 0:
        raise NothingOwed
    if amount is not None and amount > total:
        raise MoreThanOwed(owed=Decimal(total))
    shares = _shared_out(owed, total if amount is None else amount)
    payout = Payout(
        organisation_id=party.organisation_id,
        capacity=party.capacity,
        agent_id=party.agent_id,
        payee_id=payee_id,
        status=PayoutStatus.RECORDED,
        amount=sum(share for _, share in shares),
        reference=reference,
        recorded_by_id=recorded_by_id,
        recorded_at=now,
        shares=[
            PayoutShare(
                organisation_id=party.organisation_id,
                settlement_id=settlement.id,
                position=position,
                amount=share,
            )
            for position, (settlement, share) in enumerate(shares)
        ],
    )
    db.session.add(payout)
    for settlement, share in shares:
        settlement.paid += share
    db.session.flush()
    post(
        payout_lines(
            payout.organisation_id,
            payee_id,
            [(Purpose(settlement.purpose), share) for settlement, share in shares],
        ),
        origin=Origin(Source.PAYOUT, payout.id),
        event=Event.PAYOUT_RECORDED,
        occurred_at=now,
        now=now,
    )
    outbox.add("payout.recorded", concerns=_concerned(payout), payload=_facts(payout), now=now)
    return get_payout(payout.id, seen=Payout.id == payout.id)


def confirm_payout(*, payout: Payout, now: datetime) -> Payout:
    """The payee has the money.

    Args:
        payout: locked.

    Raises:
        PayoutNotWaiting: it was confirmed before, or has bounced.
    """
    if payout.status != PayoutStatus.RECORDED:
        raise PayoutNotWaiting
    payout.status = PayoutStatus.CONFIRMED
    payout.confirmed_at = now
    db.session.flush()
    outbox.add("payout.confirmed", concerns=_concerned(payout), payload=_facts(payout), now=now)
    return payout


def bounce_payout(*, payout: Payout, by_payer: bool, reason: str, now: datetime) -> Payout:
    """The money has come back, or never arrived: what it paid for is owed again.

    The payer may say so at any time; the payee only before confirming.

    Args:
        payout: locked.

    Raises:
        PayoutOver: it has bounced before, or the payee confirmed it.
    """
    allowed = (
        (PayoutStatus.RECORDED, PayoutStatus.CONFIRMED) if by_payer else (PayoutStatus.RECORDED,)
    )
    if payout.status not in allowed:
        raise PayoutOver
    payout.status = PayoutStatus.BOUNCED
    payout.bounced_at, payout.bounce_reason = now, reason
    locked = {
        one.id: one
        for one in db.session.scalars(
            select(Settlement)
            .where(Settlement.id.in_([share.settlement_id for share in payout.shares]))
            .order_by(Settlement.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    for share in payout.shares:
        locked[share.settlement_id].paid -= share.amount
    db.session.flush()
    reverse(
        posted(Origin(Source.PAYOUT, payout.id)),
        origin=Origin(Source.PAYOUT, payout.id, 2),
        event=Event.PAYOUT_BOUNCED,
        occurred_at=now,
        now=now,
    )
    outbox.add("payout.bounced", concerns=_concerned(payout), payload=_facts(payout), now=now)
    return payout


def _outstanding(
    payer_id: UUID, payee_id: UUID, settlement_ids: Sequence[UUID]
) -> Sequence[Settlement]:
    """The final settlements to pay, locked, and those paid too much, in the order of paying."""
    between = (Settlement.organisation_id == payer_id, Settlement.payee_id == payee_id)
    if not db.session.scalar(select(select(Settlement.id).where(*between).exists())):
        raise missing("/payee_id")
    named = select(Settlement.id).where(*between, Settlement.id.in_(settlement_ids))
    known = set(db.session.scalars(named)) if settlement_ids else set()
    for index, one in enumerate(settlement_ids):
        if one not in known:
            raise missing(f"/settlement_ids/{index}")
    chosen = Settlement.id.in_(settlement_ids) if settlement_ids else Settlement.outstanding > 0
    locked = db.session.scalars(
        select(Settlement)
        .where(
            *between,
            Settlement.status == SettlementStatus.FINAL,
            or_(chosen, Settlement.outstanding < 0),
        )
        .order_by(Settlement.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return sorted(
        (one for one in locked if one.outstanding),
        key=lambda one: (one.outstanding > 0, one.due_on, one.id),
    )


def _shared_out(owed: Sequence[Settlement], amount: int) -> list[tuple[Settlement, int]]:
    """How an amount falls on what is owed: overpaid ones in whole, then the oldest first."""
    left, shares = amount, []
    for settlement in owed:
        share = min(settlement.outstanding, left)
        if share:
            shares.append((settlement, share))
            left -= share
    return shares


def _concerned(payout: Payout) -> list[UUID]:
    return [one for one in (payout.organisation_id, payout.agent_id, payout.payee_id) if one]


def _facts(payout: Payout) -> dict[str, object]:
    return {
        "payout_id": str(payout.id),
        "buyer_id": str(payout.organisation_id),
        "seller_id": str(payout.payee_id),
        "amount": payout.amount,
        "reference": payout.reference,
        "reason": payout.bounce_reason,
    }
