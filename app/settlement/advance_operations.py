"""Advances to sellers, and the rules of a cooperative's commission."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, or_, select

from app.accounts.models import Membership, Organisation
from app.catalogue.models import Commodity
from app.contracts.models import IN_FORCE, Contract, ContractNotActive
from app.core import clock, outbox
from app.core.db import db
from app.core.errors import Problem, invalid, missing
from app.orders.models import Order
from app.settlement.ledger import Origin, post
from app.settlement.models import (
    Advance,
    AdvanceKind,
    AdvanceNotWaiting,
    AdvanceStatus,
    CommissionRule,
    Event,
    Source,
)
from app.settlement.postings import advance_lines
from app.settlement.queries import get_advance


class MoreThanAgreed(Problem):
    status, code = 409, "more_than_agreed"
    vi = "Theo hợp đồng chỉ còn {left} đồng được hẹn ứng theo cách này."
    en = "Only {left} VND of what the contract agrees to advance in this way is left."


class CommissionRuleKnown(Problem):
    status, code = 409, "commission_rule_known"
    vi = "Đã có quy định hoa hồng từ ngày này."
    en = "There is a rule from this day already."


def record_advance(
    *,
    giver_id: UUID,
    receiver_id: UUID,
    kind: AdvanceKind,
    amount: int,
    note: str | None,
    recorded_by_id: UUID,
    now: datetime,
    contract_id: UUID | None = None,
) -> Advance:
    """Note money or inputs given on credit; it counts once the receiver has confirmed it.

    Args:
        contract_id: the contract between the two in which it was agreed.

    Raises:
        NotFound: the receiver has neither sold nor by contract promised anything to the giver, nor
        is it a member of it; or there is no such contract between the two. ContractNotActive: that
        one is not in force. MoreThanAgreed: it agrees on less of this kind, with what was given.
    """
    if receiver_id == giver_id or not _dealt_with(giver_id, receiver_id):
        raise missing("/receiver_id")
    if contract_id is not None:
        _check_agreed(contract_id, giver_id, receiver_id, kind, amount)
    advance = Advance(
        organisation_id=giver_id,
        receiver_id=receiver_id,
        contract_id=contract_id,
        kind=kind,
        status=AdvanceStatus.RECORDED,
        amount=amount,
        note=note,
        recorded_by_id=recorded_by_id,
        recorded_at=now,
    )
    db.session.add(advance)
    db.session.flush()
    outbox.add("advance.recorded", concerns=_concerned(advance), payload=_facts(advance), now=now)
    return get_advance(advance.id, seen=Advance.id == advance.id)


def confirm_advance(*, advance: Advance, now: datetime) -> Advance:
    """The receiver has had it, and owes it from now on.

    Args:
        advance: locked.

    Raises:
        AdvanceNotWaiting: it was confirmed before.
    """
    if advance.status != AdvanceStatus.RECORDED:
        raise AdvanceNotWaiting
    advance.status = AdvanceStatus.CONFIRMED
    advance.confirmed_at = now
    db.session.flush()
    post(
        advance_lines(advance),
        origin=Origin(Source.ADVANCE, advance.id),
        event=Event.ADVANCE_GIVEN,
        occurred_at=now,
        now=now,
    )
    outbox.add("advance.confirmed", concerns=_concerned(advance), payload=_facts(advance), now=now)
    return advance


def set_commission(
    *,
    cooperative: Organisation,
    commodity: str | None,
    percent: Decimal | None,
    per_unit: Decimal | None,
    valid_from: date,
    now: datetime,
) -> CommissionRule:
    """State what the cooperative keeps from a day on, of one commodity or of all.

    It holds for nothing that has been accepted before it is stated.

    Raises:
        Invalid: the day is over in Viet Nam, or there is no such commodity. CommissionRuleKnown:
        that day has a rule.
    """
    if valid_from < clock.local_date(now):
        raise invalid("/valid_from", "Ngày này đã qua.", "That day is over.")
    if commodity is not None and db.session.get(Commodity, commodity) is None:
        raise invalid("/commodity", "Không có mặt hàng này.", "There is no such commodity.")
    # Rules stated at the same moment wait for one another, so that the second one finds the first.
    db.session.scalars(
        select(Organisation.id)
        .where(Organisation.id == cooperative.id)
        .with_for_update(key_share=True)
    ).one()
    known = db.session.scalar(
        select(CommissionRule.id).where(
            CommissionRule.organisation_id == cooperative.id,
            CommissionRule.commodity_code.is_not_distinct_from(commodity),
            CommissionRule.valid_from == valid_from,
        )
    )
    if known is not None:
        raise CommissionRuleKnown
    rule = CommissionRule(
        organisation_id=cooperative.id,
        commodity_code=commodity,
        percent=percent,
        per_unit=per_unit,
        valid_from=valid_from,
        created_at=now,
    )
    db.session.add(rule)
    db.session.flush()
    return rule


def _check_agreed(
    contract_id: UUID, giver_id: UUID, receiver_id: UUID, kind: AdvanceKind, amount: int
) -> None:
    """The contract is locked, so that no two advances count on the same promise."""
    contract = db.session.scalar(
        select(Contract)
        .where(
            Contract.id == contract_id,
            Contract.organisation_id == giver_id,
            Contract.seller_id == receiver_id,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if contract is None:
        raise missing("/contract_id")
    if contract.status not in IN_FORCE:
        raise ContractNotActive
    given = db.session.scalar(
        select(func.coalesce(func.sum(Advance.amount), 0)).where(
            Advance.contract_id == contract_id, Advance.kind == kind
        )
    )
    left = sum(one["amount"] for one in contract.advances if one["kind"] == kind) - int(given or 0)
    if amount > left:
        raise MoreThanAgreed(left=Decimal(left))


def _dealt_with(giver_id: UUID, receiver_id: UUID) -> bool:
    sold = select(Order.id).where(
        Order.seller_id == receiver_id,
        or_(Order.organisation_id == giver_id, Order.seller_agent_id == giver_id),
    )
    joined = select(Membership.id).where(
        Membership.organisation_id == receiver_id,
        Membership.cooperative_id == giver_id,
        Membership.ended_on.is_(None),
    )
    promised = select(Contract.id).where(
        Contract.seller_id == receiver_id,
        or_(Contract.organisation_id == giver_id, Contract.seller_agent_id == giver_id),
        Contract.status.in_(IN_FORCE),
    )
    known = or_(sold.exists(), joined.exists(), promised.exists())
    return bool(db.session.scalar(select(known)))


def _concerned(advance: Advance) -> list[UUID]:
    return [advance.organisation_id, advance.receiver_id]


def _facts(advance: Advance) -> dict[str, object]:
    return {
        "advance_id": str(advance.id),
        "buyer_id": str(advance.organisation_id),
        "seller_id": str(advance.receiver_id),
        "amount": advance.amount,
        "kind": advance.kind,
        "note": advance.note,
    }
