"""Claims: filed by the buyer, answered by the seller, decided by the cooperative or an operator."""

from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID

from app.accounts.models import Organisation
from app.accounts.queries import cooperatives_of, operators
from app.catalogue.queries import get_commodity
from app.core import outbox
from app.core.db import db
from app.core.errors import Problem, invalid
from app.core.money import to_dong
from app.deliveries.facts import delivery_facts
from app.deliveries.models import (
    Claim,
    ClaimStatus,
    ClaimUnderWay,
    Delivery,
    DeliveryStatus,
    Slip,
)
from app.deliveries.queries import claims_of, claims_until, due_claims, find_due_claim
from app.orders.models import Order

TIME_TO_ANSWER = timedelta(hours=48)
TIME_TO_ESCALATE = timedelta(hours=48)
ENOUGH_DIGITS = 60


class DeliveryNotAccepted(Problem):
    status, code = 409, "delivery_not_accepted"
    vi = "Chỉ khiếu nại được chuyến hàng đã nhận."
    en = "Only a delivery that was accepted can be claimed about."


class ClaimTooLate(Problem):
    status, code = 409, "claim_too_late"
    vi = "Đã quá {hours} giờ kể từ khi kiểm, không khiếu nại được nữa."
    en = "More than {hours} hours have passed since inspection; it is too late to claim."


class ClaimedTooMuch(Problem):
    status, code = 409, "claimed_too_much"
    vi = "Tiền hàng của chuyến này chỉ còn {left} đồng có thể khiếu nại."
    en = "Only {left} VND of this delivery's amount can still be claimed."


class ClaimNotOpen(Problem):
    status, code = 409, "claim_not_open"
    vi = "Khiếu nại không còn chờ trả lời."
    en = "This claim is not waiting for an answer."


class ClaimNotRefused(Problem):
    status, code = 409, "claim_not_refused"
    vi = "Chỉ chuyển lên trên được khiếu nại vừa bị từ chối, khi chưa quá hạn."
    en = "Only a claim refused lately, within its deadline, can be escalated."


class ClaimNotEscalated(Problem):
    status, code = 409, "claim_not_escalated"
    vi = "Khiếu nại không chờ phân xử."
    en = "This claim is not waiting for a decision."


class ClaimOver(Problem):
    status, code = 409, "claim_over"
    vi = "Khiếu nại đã kết thúc."
    en = "This claim is over."


def file_claim(
    *,
    delivery: Delivery,
    share: Decimal | None,
    quantity: Decimal | None,
    reason: str,
    photo: str | None,
    now: datetime,
) -> Claim:
    """Complain about an accepted delivery; the credit asked for is set aside until it is settled.

    Args:
        delivery: locked with its order.
        share: of the payable amount, above 0 and at most 1; or ``quantity``, of what was accepted.
        photo: where a picture can be found; it is not fetched.

    Raises:
        DeliveryNotAccepted, ClaimTooLate, ClaimUnderWay, ClaimedTooMuch: its state, the clock or
        earlier claims forbid it. Invalid: share and quantity, or what they come to.
    """
    if delivery.status not in (DeliveryStatus.ACCEPTED, DeliveryStatus.PARTLY_ACCEPTED):
        raise DeliveryNotAccepted
    if now >= claims_until(delivery):
        raise ClaimTooLate(hours=get_commodity(delivery.line.commodity_code).claim_hours)
    slip = delivery.slip
    assert slip is not None
    credit = _asked_for(slip, share, quantity)
    earlier = claims_of(delivery.id)
    for claim in earlier:
        if claim.ended_at is None and not lapse_if_late(claim=claim, now=now):
            raise ClaimUnderWay
    left = slip.payable_amount - sum(claim.credit or 0 for claim in earlier)
    if credit > left:
        raise ClaimedTooMuch(left=Decimal(left))
    claim = Claim(
        delivery=delivery,
        organisation_id=delivery.organisation_id,
        seller_id=delivery.seller_id,
        status=ClaimStatus.OPEN,
        share=share,
        quantity=quantity,
        reason=reason,
        photo=photo,
        provisional_credit=credit,
        answer_by=now + TIME_TO_ANSWER,
        filed_at=now,
    )
    db.session.add(claim)
    db.session.flush()
    _tell("claim.filed", claim, now=now)
    return claim


def answer_claim(
    *, claim: Claim, result: ClaimStatus, credit: int | None, text: str | None, now: datetime
) -> Claim:
    """The seller grants it, grants a part, or refuses, which the buyer may escalate.

    Args:
        claim: locked.
        credit: whole VND, needed and allowed only where a part is granted.

    Raises:
        ClaimNotOpen: it was answered, withdrawn, or the time to answer is over.
        Invalid: the credit does not fit the result.
    """
    if claim.status != ClaimStatus.OPEN or claim.answer_by <= now:
        raise ClaimNotOpen
    partly = result == ClaimStatus.PARTLY_GRANTED
    if partly != (credit is not None) or not 0 < (credit or 1) < claim.provisional_credit + (
        not partly
    ):
        raise invalid(
            "/credit",
            "Chỉ khi chấp nhận một phần: trên 0 và dưới số tiền khiếu nại.",
            "Only for a part: above 0 and below what was claimed.",
        )
    claim.answer = text
    claim.answered_at = now
    if result == ClaimStatus.REFUSED:
        claim.status, claim.credit = ClaimStatus.REFUSED, 0
        claim.escalate_by = now + TIME_TO_ESCALATE
        db.session.flush()
    else:
        _end(claim, result, claim.provisional_credit if credit is None else credit, now=now)
    _tell("claim.answered", claim, now=now)
    return claim


def escalate_claim(*, claim: Claim, now: datetime) -> Claim:
    """The buyer asks the seller's cooperative, or an operator where it has none, to decide.

    A cooperative that is itself the buyer, or buys for it, does not decide.

    Args:
        claim: locked.

    Raises:
        ClaimOver: it has ended. ClaimNotRefused: it was not refused, or that was too long ago.
    """
    if claim.ended_at is not None:
        raise ClaimOver
    deadline = claim.escalate_by
    if claim.status != ClaimStatus.REFUSED or deadline is None or deadline <= now:
        raise ClaimNotRefused
    claim.status, claim.credit, claim.escalate_by = ClaimStatus.ESCALATED, None, None
    claim.arbiter_id = _arbiter(claim.delivery.order)
    db.session.flush()
    _tell("claim.escalated", claim, now=now)
    return claim


def decide_claim(*, claim: Claim, by: Organisation, credit: int, text: str, now: datetime) -> Claim:
    """The arbiter's word, which is the last.

    Args:
        claim: locked, and the arbiter's to decide.
        credit: whole VND, 0 to refuse.

    Raises:
        ClaimNotEscalated: nobody asked for a decision, or it has been taken.
        Invalid: the credit is above what was claimed.
    """
    if claim.status != ClaimStatus.ESCALATED:
        raise ClaimNotEscalated
    if credit > claim.provisional_credit:
        raise invalid("/credit", "Không quá số tiền khiếu nại.", "Not more than what was claimed.")
    claim.answer = text
    claim.decided_by_id = by.id
    status = ClaimStatus.PARTLY_GRANTED if credit else ClaimStatus.REFUSED
    _end(
        claim,
        ClaimStatus.GRANTED if credit == claim.provisional_credit else status,
        credit,
        now=now,
    )
    _tell("claim.decided", claim, now=now)
    return claim


def withdraw_claim(*, claim: Claim, now: datetime) -> Claim:
    """The buyer lets it go.

    Args:
        claim: locked.

    Raises:
        ClaimOver: it is over already.
    """
    if claim.ended_at is not None:
        raise ClaimOver
    _end(claim, ClaimStatus.WITHDRAWN, 0, now=now)
    _tell("claim.withdrawn", claim, now=now)
    return claim


def time_out_claims(*, now: datetime, most: int = 200) -> int:
    """Grant what nobody answered in time, and end refusals nobody escalated; how many."""
    ended = 0
    for claim_id in due_claims(now=now, most=most):
        claim = find_due_claim(claim_id, now=now)
        if claim is None or lapse_if_late(claim=claim, now=now):
            ended += claim is not None
            continue
        claim.answered_at = now
        _end(claim, ClaimStatus.GRANTED, claim.provisional_credit, now=now)
        _tell("claim.answered", claim, now=now, timed_out=True)
        ended += 1
    return ended


def lapse_if_late(*, claim: Claim, now: datetime) -> bool:
    """End a refusal whose time to be escalated is over; whether it was one.

    Args:
        claim: locked.
    """
    deadline = claim.escalate_by
    if claim.status != ClaimStatus.REFUSED or deadline is None or deadline > now:
        return False
    _end(claim, ClaimStatus.REFUSED, 0, now=now)
    _tell("claim.lapsed", claim, now=now)
    return True


def _end(claim: Claim, status: ClaimStatus, credit: int, *, now: datetime) -> None:
    claim.status, claim.credit, claim.ended_at = status, credit, now
    db.session.flush()


def _asked_for(slip: Slip, share: Decimal | None, quantity: Decimal | None) -> int:
    """Whole VND, half to even: the payable amount × share, or × quantity ÷ what was accepted."""
    if (share is None) == (quantity is None):
        raise invalid("/share", "Cần tỷ lệ hoặc lượng.", "Give either a share or a quantity.")
    if quantity is not None and quantity > slip.accepted_quantity:
        raise invalid("/quantity", "Nhiều hơn lượng đã nhận.", "More than was accepted.")
    part = share if quantity is None else quantity
    whole = Decimal(1) if quantity is None else slip.accepted_quantity
    with localcontext(prec=ENOUGH_DIGITS):
        credit = to_dong(slip.payable_amount * (part or Decimal(0)) / whole)
    if not credit:
        field = "/share" if quantity is None else "/quantity"
        raise invalid(field, "Chưa đến một đồng.", "This comes to less than one dong.")
    return credit


def _arbiter(order: Order) -> UUID | None:
    """The seller's agent, else the cooperative it joined first; None for an operator."""
    buying = {order.organisation_id, order.agent_id}
    candidates = [order.seller_agent_id, *cooperatives_of(order.seller_id)]
    return next((one for one in candidates if one is not None and one not in buying), None)


def _tell(topic: str, claim: Claim, *, now: datetime, **more: Any) -> None:
    delivery = claim.delivery
    slip = delivery.slip
    assert slip is not None
    concerned = [*delivery.order.parties, *([claim.arbiter_id] if claim.arbiter_id else [])]
    if claim.status == ClaimStatus.ESCALATED and claim.arbiter_id is None:
        concerned += operators()
    outbox.add(
        topic,
        concerns=concerned,
        payload=delivery_facts(
            delivery,
            slip.accepted_quantity,
            claim_id=str(claim.id),
            status=claim.status,
            share=None if claim.share is None else f"{claim.share:f}",
            claimed_quantity=None if claim.quantity is None else f"{claim.quantity:.3f}",
            reason=claim.reason,
            provisional_credit=claim.provisional_credit,
            credit=claim.credit,
            answer=claim.answer,
            answer_by=claim.answer_by.isoformat(),
            escalate_by=claim.escalate_by.isoformat() if claim.escalate_by else None,
            arbiter_id=str(claim.arbiter_id) if claim.arbiter_id else None,
            **more,
        ),
        now=now,
    )
