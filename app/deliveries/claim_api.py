"""Claims: filed, answered, escalated, decided, withdrawn."""

from typing import Any
from uuid import UUID

from app.accounts.access import ARBITERS, BUYERS, READERS, SELLERS, Caller
from app.core.http import Blueprint
from app.core.idempotency import Idempotency
from app.core.paging import By, Page, page, page_schema
from app.deliveries import claim_operations as operations
from app.deliveries import claim_schemas as schemas
from app.deliveries import queries
from app.deliveries.models import Claim
from app.orders.queries import buying, selling

blueprint = Blueprint("claims", __name__, description="Claims")


@blueprint.operation(
    "POST",
    "/deliveries/<uuid:delivery_id>/claims",
    access=BUYERS,
    body=schemas.ClaimIn,
    answer=schemas.ClaimOut,
    idempotency=Idempotency.REQUIRED,
)
def file_claim(caller: Caller, delivery_id: UUID, body: dict[str, Any]) -> Claim:
    """Complain about a delivery, as its buyer.

    Khiếu nại một chuyến hàng, với tư cách người mua.
    """
    delivery = queries.get_delivery(delivery_id, seen=buying(caller.acting.id), lock=True)
    caller.check_may_act(delivery.order.buying)
    return operations.file_claim(delivery=delivery, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/claims",
    access=READERS,
    query=schemas.ClaimQuery,
    answer=page_schema(schemas.ClaimOut),
)
def list_claims(caller: Caller, query: dict[str, Any]) -> Page:
    """Claims I take part in or am asked to decide, newest first.

    Các khiếu nại tôi tham gia hoặc được nhờ phân xử, mới nhất trước.
    """
    statement = queries.claims(queries.claims_seen_by(caller.acting))
    if "status" in query:
        statement = statement.where(Claim.status == query["status"])
    if "delivery_id" in query:
        statement = statement.where(Claim.delivery_id == query["delivery_id"])
    return page(statement, order=[By(Claim.id, descending=True)], query=query)


@blueprint.operation("GET", "/claims/<uuid:claim_id>", access=READERS, answer=schemas.ClaimOut)
def get_claim(caller: Caller, claim_id: UUID) -> Claim:
    """One claim.

    Một khiếu nại.
    """
    return queries.get_claim(claim_id, seen=queries.claims_seen_by(caller.acting))


@blueprint.operation(
    "POST",
    "/claims/<uuid:claim_id>/answer",
    access=SELLERS,
    body=schemas.AnswerIn,
    answer=schemas.ClaimOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def answer_claim(caller: Caller, claim_id: UUID, body: dict[str, Any]) -> Claim:
    """Grant a claim, a part of it, or refuse it, as the seller.

    Chấp nhận, chấp nhận một phần hoặc từ chối khiếu nại, với tư cách người bán.
    """
    claim = queries.get_claim(claim_id, seen=selling(caller.acting.id), lock=True)
    caller.check_may_act(claim.delivery.order.selling)
    return operations.answer_claim(claim=claim, now=caller.now, **body)


@blueprint.operation(
    "POST",
    "/claims/<uuid:claim_id>/escalation",
    access=BUYERS,
    answer=schemas.ClaimOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def escalate_claim(caller: Caller, claim_id: UUID) -> Claim:
    """Ask the seller's cooperative, or an operator, to decide about a refused claim.

    Nhờ hợp tác xã của người bán, hoặc bên vận hành, phân xử khiếu nại bị từ chối.
    """
    return operations.escalate_claim(claim=_own_claim(caller, claim_id), now=caller.now)


@blueprint.operation(
    "POST",
    "/claims/<uuid:claim_id>/decision",
    access=ARBITERS,
    body=schemas.DecisionIn,
    answer=schemas.ClaimOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def decide_claim(caller: Caller, claim_id: UUID, body: dict[str, Any]) -> Claim:
    """Decide about an escalated claim.

    Phân xử một khiếu nại đã chuyển lên.
    """
    claim = queries.get_claim(claim_id, seen=queries.to_decide(caller.acting), lock=True)
    return operations.decide_claim(claim=claim, by=caller.acting, now=caller.now, **body)


@blueprint.operation(
    "POST",
    "/claims/<uuid:claim_id>/withdrawal",
    access=BUYERS,
    answer=schemas.ClaimOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def withdraw_claim(caller: Caller, claim_id: UUID) -> Claim:
    """Let a claim go, as the buyer.

    Rút khiếu nại, với tư cách người mua.
    """
    return operations.withdraw_claim(claim=_own_claim(caller, claim_id), now=caller.now)


def _own_claim(caller: Caller, claim_id: UUID) -> Claim:
    claim = queries.get_claim(claim_id, seen=buying(caller.acting.id), lock=True)
    caller.check_may_act(claim.delivery.order.buying)
    return claim
