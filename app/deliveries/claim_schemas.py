"""Claims on the wire."""

from decimal import Decimal
from typing import Any

import marshmallow as ma

from app.core.fields import Choice, DecimalString, Id, Instant, Integer, Quantity, Schema, String
from app.core.money import HIGHEST_AMOUNT
from app.core.paging import PageQuery
from app.deliveries.models import ClaimStatus
from app.deliveries.schemas import Reason

ANSWERS = (ClaimStatus.GRANTED, ClaimStatus.PARTLY_GRANTED, ClaimStatus.REFUSED)


class Share(DecimalString):
    """A part of the whole, above 0 and at most 1."""

    def __init__(self, **options: Any) -> None:
        super().__init__(places=5, above=Decimal(0), highest=Decimal(1), **options)


class ClaimIn(Schema):
    share = Share(load_default=None, allow_none=True)
    quantity = Quantity(load_default=None, allow_none=True)
    reason = Reason(required=True)
    photo = String(load_default=None, allow_none=True, longest=500)


class AnswerIn(Schema):
    result = Choice(ANSWERS, required=True)
    credit = Integer(lowest=1, highest=HIGHEST_AMOUNT, load_default=None, allow_none=True)
    text = Reason(load_default=None, allow_none=True)


class DecisionIn(Schema):
    credit = Integer(lowest=0, highest=HIGHEST_AMOUNT, required=True)
    text = Reason(required=True)


class ClaimOut(Schema):
    id = Id()
    delivery_id = Id()
    order_id = Id(attribute="delivery.order_id")
    status = ma.fields.String()
    buyer_id = Id(attribute="organisation_id")
    seller_id = Id()
    share = Share(allow_none=True)
    quantity = Quantity(allow_none=True)
    reason = ma.fields.String()
    photo = ma.fields.String(allow_none=True)
    provisional_credit = ma.fields.Integer(metadata={"description": "whole VND set aside"})
    credit = ma.fields.Integer(allow_none=True, metadata={"description": "whole VND granted"})
    answer = ma.fields.String(allow_none=True)
    answer_by = Instant()
    escalate_by = Instant(allow_none=True)
    arbiter_id = Id(allow_none=True)
    decided_by_id = Id(allow_none=True)
    filed_at = Instant()
    answered_at = Instant(allow_none=True)
    ended_at = Instant(allow_none=True)


class ClaimQuery(PageQuery):
    status = Choice(ClaimStatus)
    delivery_id = Id()
