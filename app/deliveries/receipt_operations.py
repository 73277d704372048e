"""At the buyer's gate: weighing, inspecting, accepting, and correcting what was recorded."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.accounts.models import Person
from app.catalogue.queries import get_commodity
from app.core import outbox
from app.core.db import db
from app.core.errors import Problem, invalid
from app.core.money import HIGHEST_PAYMENT
from app.deliveries.facts import accepted_quantity, delivery_facts, slip_document, slip_facts
from app.deliveries.finishing import receive_if_complete
from app.deliveries.inspecting import checked_parts
from app.deliveries.models import (
    ENDED,
    ClaimUnderWay,
    Delivery,
    DeliveryStatus,
    Inspection,
    InspectionPart,
    Slip,
    Weighing,
)
from app.deliveries.queries import claims_of, claims_until
from app.deliveries.weighing import check_proportion, gross_and_tare


class DeliveryNotDespatched(Problem):
    status, code = 409, "delivery_not_despatched"
    vi = "Chuyến hàng chưa xuất phát hoặc đã hủy, chưa cân được."
    en = "This delivery has not left, or was called off; it cannot be weighed."


class DeliveryNotWeighed(Problem):
    status, code = 409, "delivery_not_weighed"
    vi = "Chuyến hàng chưa cân nên chưa kiểm được."
    en = "This delivery has not been weighed and cannot be inspected."


class DeliveryNotInspected(Problem):
    status, code = 409, "delivery_not_inspected"
    vi = "Chuyến hàng chưa kiểm, hoặc đã nhận xong."
    en = "This delivery has not been inspected, or has been accepted already."


class NoSlipYet(Problem):
    status, code = 409, "no_slip_yet"
    vi = "Chưa kiểm nên chưa có phiếu giao nhận."
    en = "Nothing has been inspected, so there is no slip yet."


class CorrectionReasonMissing(Problem):
    status, code = 409, "correction_reason_missing"
    vi = "Việc này đã ghi rồi; muốn sửa hãy nêu lý do sửa."
    en = "This is on record already; to correct it, say why."


class NothingToCorrect(Problem):
    status, code = 409, "nothing_to_correct"
    vi = "Chưa ghi gì nên không có gì để sửa; hãy bỏ trống lý do sửa."
    en = "Nothing is on record yet; please leave the reason out."


class CreditsExceedPayable(Problem):
    status, code = 409, "credits_exceed_payable"
    vi = "Đã giảm {credited} đồng do khiếu nại, nhiều hơn số phải trả sau khi sửa."
    en = "{credited} VND were credited for claims, more than would be payable."


class CorrectionTooLate(Problem):
    status, code = 409, "correction_too_late"
    vi = (
        "Chỉ sửa giảm được số tiền phải trả đến {until}, khi hết hạn khiếu nại; nay chỉ còn giữ"
        " nguyên hoặc tăng. Chênh lệch thì hai bên tự thỏa thuận với nhau."
    )
    en = (
        "What is payable could be lowered until {until}, when the time for claims was over; now it"
        " can only stay or rise. The two sides settle a difference between themselves."
    )


class NeutralInspectionStands(Problem):
    status, code = 409, "neutral_inspection_stands"
    vi = "Bên trung lập đã kiểm; chỉ bên trung lập sửa được."
    en = "A neutral inspector has judged; only a neutral one can correct it."


def weigh_delivery(
    *,
    delivery: Delivery,
    tickets: Sequence[Mapping[str, Decimal]],
    unit: str | None,
    surface_water: Decimal | None,
    correction_reason: str | None,
    parts: Sequence[Mapping[str, Any]] | None,
    by: Person,
    now: datetime,
) -> Delivery:
    """Record what the scale showed, one ticket for each time something stood on it.

    A correction of what has been inspected brings the parts anew where the net weight is another;
    after acceptance it makes a new slip, which lowers nothing once the time for claims is over.

    Args:
        delivery: locked with its order.
        tickets: ``gross`` and ``tare`` in ``unit``, or in the commodity's own.
        surface_water: per cent of the weight.

    Raises:
        DeliveryNotDespatched: it has not left. CorrectionReasonMissing, NothingToCorrect: what is
        on record and the reason do not go together. Invalid: a tare above its gross, a unit that
        does not convert, nothing on the scale. WeightOutOfProportion: it is more than ten times
        what was despatched. PartsDoNotAddUp: the parts do not make the net. ClaimUnderWay,
        CorrectionTooLate, CreditsExceedPayable: the slip cannot become that any more.
    """
    if delivery.status in (DeliveryStatus.SCHEDULED, DeliveryStatus.CANCELLED):
        raise DeliveryNotDespatched
    _check_reason(delivery.weighing, correction_reason)
    stock_unit = get_commodity(delivery.line.commodity_code).unit
    gross, tare = gross_and_tare(tickets, unit, stock_unit)
    assert delivery.despatch is not None
    check_proportion(gross - tare, delivery.despatch.quantity, stock_unit)
    if parts is not None and delivery.inspection is None:
        raise invalid(
            "/parts", "Chưa kiểm nên chưa có phần để sửa.", "There is no inspection to correct."
        )
    delivery.weighings.append(
        Weighing(
            organisation_id=delivery.organisation_id,
            recorded_by_id=by.id,
            number=len(delivery.weighings) + 1,
            reason=correction_reason,
            recorded_at=now,
            tickets=[_as_typed(ticket, unit or str(stock_unit)) for ticket in tickets],
            gross=gross,
            tare=tare,
            net=gross - tare,
            surface_water=surface_water,
        )
    )
    last = delivery.inspection
    if last is None:
        delivery.status = DeliveryStatus.WEIGHED
        delivery.weighed_at = delivery.weighed_at or now
    elif parts is not None or sum(part.net for part in last.parts) != gross - tare:
        _inspect(
            delivery,
            parts or [],
            inspector=last.inspector,
            neutral=last.neutral,
            reason=correction_reason,
            by=by,
            now=now,
        )
    db.session.flush()
    if delivery.status in ENDED:
        _correct(delivery, str(correction_reason), by=by, now=now)
    else:
        _tell("delivery.weighed", delivery, gross - tare, now=now)
    return delivery


def inspect_delivery(
    *,
    delivery: Delivery,
    parts: Sequence[Mapping[str, Any]],
    inspector: str,
    neutral: bool,
    correction_reason: str | None,
    by: Person,
    now: datetime,
) -> Delivery:
    """Record what was found in the load, part by part.

    Args:
        delivery: locked with its order.
        inspector: who looked.
        neutral: whether they belong to neither side.

    Raises:
        DeliveryNotWeighed: it has not been weighed. CorrectionReasonMissing, NothingToCorrect:
        what is on record and the reason do not go together. NeutralInspectionStands: it was
        judged by somebody neutral. PartsDoNotAddUp, BeyondRejectLimit, Invalid: see
        :func:`checked_parts`. ClaimUnderWay, CorrectionTooLate, CreditsExceedPayable: the slip
        cannot become that any more.
    """
    if delivery.weighing is None:
        raise DeliveryNotWeighed
    last = delivery.inspection
    _check_reason(last, correction_reason)
    if last is not None and last.neutral and not neutral:
        raise NeutralInspectionStands
    _inspect(
        delivery,
        parts,
        inspector=inspector,
        neutral=neutral,
        reason=correction_reason,
        by=by,
        now=now,
    )
    if delivery.status in ENDED:
        _correct(delivery, str(correction_reason), by=by, now=now)
        return delivery
    delivery.status = DeliveryStatus.INSPECTED
    delivery.inspected_at = delivery.inspected_at or now
    db.session.flush()
    _tell("delivery.inspected", delivery, accepted_quantity(delivery.inspections[-1]), now=now)
    return delivery


def accept_delivery(*, delivery: Delivery, by: Person, now: datetime) -> Delivery:
    """Take over what the inspection let through; the slip says what is payable.

    Args:
        delivery: locked with its order.

    Raises:
        DeliveryNotInspected: it has not been inspected, or has ended.
    """
    if delivery.status != DeliveryStatus.INSPECTED:
        raise DeliveryNotInspected
    delivery.ended_at = now
    slip = _write_slip(delivery, reason=None, by=by, now=now)
    outbox.add(
        "delivery.accepted",
        concerns=delivery.order.parties,
        payload=delivery_facts(delivery, slip.accepted_quantity, **slip_facts(delivery)),
        now=now,
    )
    receive_if_complete(order=delivery.order, now=now)
    return delivery


def slip_of(*, delivery: Delivery) -> dict[str, Any]:
    """The slip in force with its document, or what it would say if accepted now.

    Raises:
        NoSlipYet: nothing has been inspected.
    """
    slip = delivery.slip
    if slip is None:
        if delivery.inspection is None:
            raise NoSlipYet
        return {"id": None, "number": None, "preview": True, **slip_document(delivery)}
    return {
        "id": slip.id,
        "number": slip.number,
        "reason": slip.reason,
        "made_at": slip.recorded_at,
        "preview": False,
        **slip.document,
    }


def _inspect(
    delivery: Delivery,
    parts: Sequence[Mapping[str, Any]],
    *,
    inspector: str,
    neutral: bool,
    reason: str | None,
    by: Person,
    now: datetime,
) -> None:
    weighing = delivery.weighing
    assert weighing is not None
    rows = checked_parts(
        parts,
        net=weighing.net,
        commodity=get_commodity(delivery.line.commodity_code),
        schedule=delivery.line.quality_schedule,
    )
    delivery.inspections.append(
        Inspection(
            organisation_id=delivery.organisation_id,
            recorded_by_id=by.id,
            number=len(delivery.inspections) + 1,
            reason=reason,
            recorded_at=now,
            inspector=inspector,
            neutral=neutral,
            parts=[
                InspectionPart(organisation_id=delivery.organisation_id, position=position, **row)
                for position, row in enumerate(rows, 1)
            ],
        )
    )
    db.session.flush()


def _correct(delivery: Delivery, reason: str, *, by: Person, now: datetime) -> None:
    """A new slip for what was accepted before.

    Raises:
        ClaimUnderWay: what a claim is about stays as it is. CorrectionTooLate: less would be
        payable, though the time for claims is over. CreditsExceedPayable: more has been granted
        than would be payable.
    """
    earlier = claims_of(delivery.id)
    if any(claim.ended_at is None for claim in earlier):
        raise ClaimUnderWay
    before = delivery.slips[-1]
    slip = _write_slip(delivery, reason=reason, by=by, now=now)
    lower = (
        slip.payable_amount < before.payable_amount or slip.haulage_amount < before.haulage_amount
    )
    if lower and now >= (until := claims_until(delivery)):
        raise CorrectionTooLate(until=until)
    credited = sum(claim.credit or 0 for claim in earlier)
    if credited > slip.payable_amount:
        raise CreditsExceedPayable(credited=Decimal(credited))
    outbox.add(
        "delivery.corrected",
        concerns=delivery.order.parties,
        payload=delivery_facts(delivery, slip.accepted_quantity, **slip_facts(delivery)),
        now=now,
    )


def _write_slip(delivery: Delivery, *, reason: str | None, by: Person, now: datetime) -> Slip:
    document = slip_document(delivery)
    amounts = (document["base"]["amount"], document["payable_amount"], document["haulage_amount"])
    if max(amounts) > HIGHEST_PAYMENT:
        raise invalid("/parts", "Tổng tiền quá lớn.", "The total is too high.")
    inspection = delivery.inspections[-1]
    accepted = accepted_quantity(inspection)
    delivery.status = verdict(accepted, of=sum((part.net for part in inspection.parts), Decimal(0)))
    slip = Slip(
        organisation_id=delivery.organisation_id,
        recorded_by_id=by.id,
        number=len(delivery.slips) + 1,
        reason=reason,
        recorded_at=now,
        document=document,
        accepted_quantity=accepted,
        base_amount=document["base"]["amount"],
        payable_amount=document["payable_amount"],
        haulage_amount=document["haulage_amount"],
    )
    delivery.slips.append(slip)
    db.session.flush()
    return slip


def verdict(accepted: Decimal, *, of: Decimal) -> DeliveryStatus:
    """How a delivery ends of which so much was accepted."""
    if not accepted:
        return DeliveryStatus.REJECTED
    return DeliveryStatus.ACCEPTED if accepted == of else DeliveryStatus.PARTLY_ACCEPTED


def _check_reason(last: object | None, reason: str | None) -> None:
    if last is not None and reason is None:
        raise CorrectionReasonMissing(
            errors=[
                {
                    "pointer": "/correction_reason",
                    "vi": "Hãy nêu lý do sửa.",
                    "en": "Say why it is corrected.",
                }
            ]
        )
    if last is None and reason is not None:
        raise NothingToCorrect


def _as_typed(ticket: Mapping[str, Decimal], unit: str) -> dict[str, str]:
    return {"gross": f"{ticket['gross']:f}", "tare": f"{ticket['tare']:f}", "unit": unit}


def _tell(topic: str, delivery: Delivery, quantity: Decimal, *, now: datetime) -> None:
    outbox.add(
        topic,
        concerns=delivery.order.parties,
        payload=delivery_facts(delivery, quantity, status=delivery.status),
        now=now,
    )
