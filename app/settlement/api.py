"""Settlements, the ledger, payouts, advances and commissions."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, not_, or_, select, true

from app.accounts.access import (
    BUYERS,
    COOPERATIVE_MANAGERS,
    READERS,
    TRADERS,
    Caller,
)
from app.accounts.models import Membership
from app.core import clock
from app.core.http import Blueprint
from app.core.idempotency import Idempotency
from app.core.paging import By, Page, PageQuery, page, page_schema
from app.settlement import advance_operations, payout_operations, queries, schemas
from app.settlement.models import (
    Advance,
    Balance,
    CommissionRule,
    LedgerEntry,
    LedgerTransaction,
    Payout,
    Settlement,
)

blueprint = Blueprint("settlement", __name__, description="What is owed and paid")


@blueprint.operation(
    "GET",
    "/settlements",
    access=READERS,
    query=schemas.SettlementQuery,
    answer=page_schema(schemas.SettlementOut),
)
def list_settlements(caller: Caller, query: dict[str, Any]) -> Page:
    """What I owe or am owed for deliveries, newest first.

    Các khoản tôi phải trả hoặc được nhận cho từng chuyến giao, mới nhất trước.
    """
    statement = queries.settlements(true())
    for name in ("status", "purpose", "order_id", "delivery_id"):
        if name in query:
            statement = statement.where(getattr(Settlement, name) == query[name])
    if "overdue" in query:
        overdue = queries.overdue(clock.local_date(caller.now))
        statement = statement.where(overdue if query["overdue"] else not_(overdue))
    return page(
        statement,
        order=[By(Settlement.id, descending=True)],
        query=query,
        ways=[]
        if caller.sees_all
        else caller.owning(Settlement.organisation_id, Settlement.payee_id),
    )


@blueprint.operation(
    "GET", "/settlements/<uuid:settlement_id>", access=READERS, answer=schemas.SettlementOut
)
def get_settlement(caller: Caller, settlement_id: UUID) -> Settlement:
    """One of them.

    Một khoản trong số đó.
    """
    seen = _between(caller, Settlement.organisation_id, Settlement.payee_id)
    return queries.get_settlement(settlement_id, seen=seen)


@blueprint.operation(
    "GET",
    "/ledger/entries",
    access=READERS,
    query=schemas.EntryQuery,
    answer=page_schema(schemas.EntryOut),
)
def list_entries(caller: Caller, query: dict[str, Any]) -> Page:
    """My entries in the ledger, newest first.

    Các bút toán của tôi trong sổ cái, mới nhất trước.
    """
    statement = queries.entries(_between(caller, LedgerEntry.organisation_id))
    if "account" in query:
        statement = statement.where(LedgerEntry.account == query["account"])
    if "delivery_id" in query:
        statement = statement.where(LedgerTransaction.delivery_id == query["delivery_id"])
    return page(statement, order=[By(LedgerEntry.id, descending=True)], query=query)


@blueprint.operation(
    "GET",
    "/ledger/balances",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.BalanceOut),
)
def list_balances(caller: Caller, query: dict[str, Any]) -> Page:
    """The balances of my accounts.

    Số dư các tài khoản của tôi.
    """
    mine = select(Balance).where(_between(caller, Balance.organisation_id))
    return page(mine, order=[By(Balance.organisation_id), By(Balance.account)], query=query)


@blueprint.operation(
    "POST",
    "/payouts",
    access=TRADERS,
    body=schemas.PayoutIn,
    answer=schemas.PayoutOut,
    idempotency=Idempotency.REQUIRED,
)
def record_payout(caller: Caller, body: dict[str, Any]) -> Payout:
    """Record a payment I have made for what I owe.

    Ghi nhận khoản tôi đã trả cho phần còn nợ.
    """
    party = caller.party(body.pop("on_behalf_of"))
    return payout_operations.record_payout(
        party=party, recorded_by_id=caller.signed_in.id, now=caller.now, **body
    )


@blueprint.operation(
    "GET",
    "/payouts",
    access=READERS,
    query=schemas.PayoutQuery,
    answer=page_schema(schemas.PayoutOut),
)
def list_payouts(caller: Caller, query: dict[str, Any]) -> Page:
    """Payments I have made or received, newest first.

    Các khoản thanh toán tôi đã trả hoặc đã nhận, mới nhất trước.
    """
    statement = queries.payouts(_between(caller, Payout.organisation_id, Payout.payee_id))
    if "status" in query:
        statement = statement.where(Payout.status == query["status"])
    return page(statement, order=[By(Payout.id, descending=True)], query=query)


@blueprint.operation("GET", "/payouts/<uuid:payout_id>", access=READERS, answer=schemas.PayoutOut)
def get_payout(caller: Caller, payout_id: UUID) -> Payout:
    """One payment.

    Một khoản thanh toán.
    """
    seen = _between(caller, Payout.organisation_id, Payout.payee_id)
    return queries.get_payout(payout_id, seen=seen)


@blueprint.operation(
    "POST",
    "/payouts/<uuid:payout_id>/confirmation",
    access=TRADERS,
    answer=schemas.PayoutOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def confirm_payout(caller: Caller, payout_id: UUID) -> Payout:
    """The money has arrived, as its receiver.

    Xác nhận đã nhận được tiền.
    """
    seen = _received(caller, Payout.payee_id, Payout.organisation_id)
    payout = queries.get_payout(payout_id, seen=seen, lock=True)
    return payout_operations.confirm_payout(payout=payout, now=caller.now)


@blueprint.operation(
    "POST",
    "/payouts/<uuid:payout_id>/bounce",
    access=TRADERS,
    body=schemas.BounceIn,
    answer=schemas.PayoutOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def bounce_payout(caller: Caller, payout_id: UUID, body: dict[str, str]) -> Payout:
    """The money has come back or never arrived; it is owed again.

    Tiền bị hoàn lại hoặc không tới nơi; khoản nợ trở lại như cũ.
    """
    seen = or_(caller.owns(Payout.organisation_id), caller.owns(Payout.payee_id))
    payout = queries.get_payout(payout_id, seen=seen, lock=True)
    return payout_operations.bounce_payout(
        payout=payout, by_payer=caller.acts_for(payout), reason=body["reason"], now=caller.now
    )


@blueprint.operation(
    "POST",
    "/advances",
    access=BUYERS,
    body=schemas.AdvanceIn,
    answer=schemas.AdvanceOut,
    idempotency=Idempotency.REQUIRED,
)
def record_advance(caller: Caller, body: dict[str, Any]) -> Advance:
    """Record money or inputs I gave a seller on credit.

    Ghi nhận tiền hoặc vật tư tôi đã ứng cho người bán.
    """
    return advance_operations.record_advance(
        giver_id=caller.acting.id, recorded_by_id=caller.signed_in.id, now=caller.now, **body
    )


@blueprint.operation(
    "GET",
    "/advances",
    access=READERS,
    query=schemas.AdvanceQuery,
    answer=page_schema(schemas.AdvanceOut),
)
def list_advances(caller: Caller, query: dict[str, Any]) -> Page:
    """Advances I gave or received, newest first.

    Các khoản ứng tôi đã cho hoặc đã nhận, mới nhất trước.
    """
    statement = queries.advances(_between(caller, Advance.organisation_id, Advance.receiver_id))
    if "status" in query:
        statement = statement.where(Advance.status == query["status"])
    return page(statement, order=[By(Advance.id, descending=True)], query=query)


@blueprint.operation(
    "GET", "/advances/<uuid:advance_id>", access=READERS, answer=schemas.AdvanceOut
)
def get_advance(caller: Caller, advance_id: UUID) -> Advance:
    """One advance.

    Một khoản ứng.
    """
    seen = _between(caller, Advance.organisation_id, Advance.receiver_id)
    return queries.get_advance(advance_id, seen=seen)


@blueprint.operation(
    "POST",
    "/advances/<uuid:advance_id>/confirmation",
    access=TRADERS,
    answer=schemas.AdvanceOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def confirm_advance(caller: Caller, advance_id: UUID) -> Advance:
    """I have had this advance and owe it.

    Tôi đã nhận khoản ứng này và còn nợ.
    """
    seen = _received(caller, Advance.receiver_id, Advance.organisation_id)
    advance = queries.get_advance(advance_id, seen=seen, lock=True)
    return advance_operations.confirm_advance(advance=advance, now=caller.now)


@blueprint.operation(
    "POST",
    "/commissions",
    access=COOPERATIVE_MANAGERS,
    body=schemas.CommissionIn,
    answer=schemas.CommissionOut,
)
def set_commission(caller: Caller, body: dict[str, Any]) -> CommissionRule:
    """State what my cooperative keeps of what it sells for members, from today or a later day on.

    Nothing accepted before is touched.

    Quy định phần hợp tác xã giữ lại khi bán thay thành viên, từ hôm nay hoặc một ngày sau; hàng đã
    nhận trước đó giữ nguyên.
    """
    return advance_operations.set_commission(cooperative=caller.acting, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/commissions",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.CommissionOut),
)
def list_commissions(caller: Caller, query: dict[str, Any]) -> Page:
    """Commission rules of my cooperative, newest first.

    Các quy định hoa hồng của hợp tác xã tôi, mới nhất trước.
    """
    statement = queries.commissions(_my_cooperatives(caller))
    return page(statement, order=[By(CommissionRule.id, descending=True)], query=query)


@blueprint.operation(
    "GET", "/commissions/<uuid:rule_id>", access=READERS, answer=schemas.CommissionOut
)
def get_commission(caller: Caller, rule_id: UUID) -> CommissionRule:
    """One commission rule.

    Một quy định hoa hồng.
    """
    return queries.get_commission(rule_id, seen=_my_cooperatives(caller))


def _received(caller: Caller, receiver: Any, giver: Any) -> ColumnElement[bool]:
    """What one may confirm for the receiver; a mandate is none to confirm what one gave oneself."""
    return and_(caller.owns(receiver), giver != caller.acting.id)


def _between(caller: Caller, *columns: Any) -> ColumnElement[bool]:
    """Rows in which the caller, or a member it has the mandate of, is one of the parties."""
    return true() if caller.sees_all else or_(*caller.owning(*columns))


def _my_cooperatives(caller: Caller) -> ColumnElement[bool]:
    own = caller.acting.id
    joined = select(Membership.cooperative_id).where(
        Membership.organisation_id == own, Membership.ended_on.is_(None)
    )
    if caller.sees_all:
        return true()
    return or_(CommissionRule.organisation_id == own, CommissionRule.organisation_id.in_(joined))
