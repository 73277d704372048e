"""What is owed and paid, on the wire. Amounts are whole VND."""

from decimal import Decimal
from typing import Any

import marshmallow as ma
from marshmallow import validate
from marshmallow.exceptions import ValidationError

from app.core import clock
from app.core.fields import (
    Choice,
    Day,
    DecimalString,
    Id,
    Instant,
    Integer,
    Names,
    Quantity,
    Schema,
    String,
    Text,
    UnitPrice,
)
from app.core.money import HIGHEST_PAYMENT
from app.core.paging import PageQuery
from app.settlement.models import (
    Account,
    AdvanceKind,
    AdvanceStatus,
    PayoutStatus,
    Purpose,
    Settlement,
    SettlementStatus,
)

MOST_SETTLEMENTS = 100


def is_overdue(settlement: Settlement) -> bool:
    """Whether it is final, unpaid, and its day has passed in Viet Nam."""
    return (
        settlement.status == SettlementStatus.FINAL
        and settlement.outstanding > 0
        and settlement.due_on < clock.local_date(clock.now())
    )


class SettlementOut(Schema):
    id = Id()
    payer_id = Id(attribute="organisation_id")
    payer_name = ma.fields.String(attribute="payer.name")
    payee_id = Id()
    payee_name = ma.fields.String(attribute="payee.name")
    order_id = Id()
    delivery_id = Id()
    purpose = ma.fields.String()
    status = ma.fields.String()
    amount = ma.fields.Integer()
    held = ma.fields.Integer(metadata={"description": "set aside for claims under way"})
    credited = ma.fields.Integer(metadata={"description": "granted to the payer by claims"})
    netted = ma.fields.Integer(metadata={"description": "set off against advances"})
    commission = ma.fields.Integer()
    paid = ma.fields.Integer()
    outstanding = ma.fields.Integer()
    due_on = Day()
    overdue = ma.fields.Function(is_overdue, metadata={"type": "boolean"})
    claims_until = Instant()
    created_at = Instant()
    final_at = Instant(allow_none=True)


class SettlementQuery(PageQuery):
    status = Choice(SettlementStatus)
    purpose = Choice(Purpose)
    order_id = Id()
    delivery_id = Id()
    overdue = ma.fields.Boolean()


class EntryOut(Schema):
    id = Id()
    transaction_id = Id()
    organisation_id = Id()
    organisation_name = ma.fields.String(attribute="organisation.name")
    account = ma.fields.String()
    amount = ma.fields.Integer(metadata={"description": "a debit is above zero"})
    counterparty_id = Id(allow_none=True)
    counterparty_name = ma.fields.String(attribute="counterparty.name", allow_none=True)
    kind = ma.fields.String(attribute="transaction.kind")
    source_kind = ma.fields.String(attribute="transaction.source_kind")
    source_id = Id(attribute="transaction.source_id")
    delivery_id = Id(attribute="transaction.delivery_id", allow_none=True)
    reverses_id = Id(attribute="transaction.reverses_id", allow_none=True)
    occurred_at = Instant(attribute="transaction.occurred_at")
    posted_at = Instant(attribute="transaction.posted_at")


class EntryQuery(PageQuery):
    account = Choice(Account)
    delivery_id = Id()


class BalanceOut(Schema):
    organisation_id = Id()
    account = ma.fields.String()
    amount = ma.fields.Integer()


class PayoutIn(Schema):
    """For certain settlements, or for an amount of whatever is due first, or both."""

    payee_id = Id(required=True)
    settlement_ids = ma.fields.List(
        Id(), load_default=list, validate=validate.Length(max=MOST_SETTLEMENTS)
    )
    amount = Integer(lowest=1, highest=HIGHEST_PAYMENT, load_default=None, allow_none=True)
    reference = String(load_default=None, allow_none=True)
    on_behalf_of = Id(load_default=None, allow_none=True)

    @ma.validates_schema
    def says_how_much(self, data: dict[str, Any], **kwargs: Any) -> None:
        if not data["settlement_ids"] and data["amount"] is None:
            raise ValidationError("Give an amount or settlements.", "amount")


class PayoutShareOut(Schema):
    settlement_id = Id()
    purpose = ma.fields.String(attribute="settlement.purpose")
    delivery_id = Id(attribute="settlement.delivery_id")
    amount = ma.fields.Integer()


class PayoutOut(Schema):
    id = Id()
    payer_id = Id(attribute="organisation_id")
    payer_name = ma.fields.String(attribute="payer.name")
    payee_id = Id()
    payee_name = ma.fields.String(attribute="payee.name")
    status = ma.fields.String()
    amount = ma.fields.Integer()
    reference = ma.fields.String(allow_none=True)
    shares = ma.fields.List(ma.fields.Nested(PayoutShareOut))
    recorded_at = Instant()
    confirmed_at = Instant(allow_none=True)
    bounced_at = Instant(allow_none=True)
    bounce_reason = ma.fields.String(allow_none=True)


class PayoutQuery(PageQuery):
    status = Choice(PayoutStatus)


class BounceIn(Schema):
    reason = Text(required=True)


class AdvanceIn(Schema):
    receiver_id = Id(required=True)
    kind = Choice(AdvanceKind, required=True)
    amount = Integer(lowest=1, highest=HIGHEST_PAYMENT, required=True)
    note = Text(load_default=None, allow_none=True)
    contract_id = Id(
        load_default=None,
        allow_none=True,
        metadata={"description": "the contract in which it was agreed"},
    )


class AdvanceOut(Schema):
    id = Id()
    giver_id = Id(attribute="organisation_id")
    giver_name = ma.fields.String(attribute="giver.name")
    receiver_id = Id()
    receiver_name = ma.fields.String(attribute="receiver.name")
    contract_id = Id(allow_none=True)
    kind = ma.fields.String()
    status = ma.fields.String()
    amount = ma.fields.Integer()
    netted = ma.fields.Integer()
    remaining = ma.fields.Integer()
    note = ma.fields.String(allow_none=True)
    recorded_at = Instant()
    confirmed_at = Instant(allow_none=True)


class AdvanceQuery(PageQuery):
    status = Choice(AdvanceStatus)


class CommissionIn(Schema):
    """Exactly one of ``percent`` and ``per_unit``."""

    commodity = String(load_default=None, allow_none=True)
    percent = DecimalString(places=3, highest=Decimal(100), load_default=None, allow_none=True)
    per_unit = UnitPrice(load_default=None, allow_none=True)
    valid_from = Day(required=True)

    @ma.validates_schema
    def one_measure(self, data: dict[str, Any], **kwargs: Any) -> None:
        if (data["percent"] is None) == (data["per_unit"] is None):
            raise ValidationError("Give either percent or per_unit.", "percent")


class CommissionOut(Schema):
    id = Id()
    cooperative_id = Id(attribute="organisation_id")
    commodity = ma.fields.String(attribute="commodity_code", allow_none=True)
    percent = DecimalString(places=3, highest=Decimal(100), allow_none=True)
    per_unit = UnitPrice(allow_none=True)
    valid_from = Day()
    created_at = Instant()


class StatementIn(Schema):
    period_from = Day(required=True)
    period_until = Day(required=True)
    on_behalf_of = Id(load_default=None, allow_none=True)


class StatementRow(Schema):
    id = Id()
    organisation_id = Id()
    number = ma.fields.Integer()
    period_from = Day()
    period_until = Day()
    opening_balance = ma.fields.Integer()
    closing_balance = ma.fields.Integer()
    issued_at = Instant()


class ClosedPeriod(Schema):
    period_from = ma.fields.String()
    period_until = ma.fields.String()


class StatementLine(Schema):
    entry_id = ma.fields.String()
    transaction_id = ma.fields.String()
    occurred_on = ma.fields.String()
    kind = ma.fields.String()
    account = ma.fields.String()
    amount = ma.fields.Integer()
    counterparty_id = ma.fields.String(allow_none=True)
    counterparty_name = ma.fields.String(allow_none=True)
    order_id = ma.fields.String(allow_none=True)
    delivery_id = ma.fields.String(allow_none=True)
    delivery_number = ma.fields.Integer(allow_none=True)
    commodity = ma.fields.Nested(Names, allow_none=True)
    corrects = ma.fields.Nested(
        ClosedPeriod,
        allow_none=True,
        metadata={"description": "the closed period this line corrects or belongs to"},
    )


class StatementOut(StatementRow):
    opening = ma.fields.Dict(attribute="document.opening", values=ma.fields.Integer())
    closing = ma.fields.Dict(attribute="document.closing", values=ma.fields.Integer())
    lines = ma.fields.List(ma.fields.Nested(StatementLine), attribute="document.lines")


class PurchaseQuery(PageQuery):
    since = Day(data_key="from")
    until = Day()

    @ma.post_load
    def whole_period(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Fill in what is not stated: the present month so far."""
        until = data.setdefault("until", clock.local_date(clock.now()))
        data.setdefault("since", until.replace(day=1))
        return data


class PurchaseOut(Schema):
    settlement_id = Id(attribute="id")
    bought_on = Day()
    seller_id = Id()
    seller_name = ma.fields.String()
    address = ma.fields.String()
    seller_number = ma.fields.String(
        allow_none=True, metadata={"description": "tax or personal number; masked by role"}
    )
    commodity = ma.fields.String()
    goods = ma.fields.Nested(Names)
    unit = ma.fields.String()
    quantity = Quantity()
    unit_price = UnitPrice()
    amount = ma.fields.Integer()


class PersonalNumber(String):
    """A citizen's number: 12 digits, or 9 on an older card."""

    def __init__(self, **options: Any) -> None:
        digits = validate.Regexp(r"[0-9]{9}([0-9]{3})?\Z", error="Must be 9 or 12 digits.")
        super().__init__(validate=digits, longest=12, **options)


class IdentityIn(Schema):
    number = PersonalNumber(required=True)


class IdentityOut(Schema):
    id = Id()
    organisation_id = Id()
    number = ma.fields.String(metadata={"description": "masked but for its owner's managers"})
    recorded_at = Instant()
