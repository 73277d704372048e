"""What a restriction keeps from happening, other sources, the surplus board."""

from typing import Any
from uuid import UUID

from app.accounts.access import BUYERS, READERS, Caller
from app.accounts.models import Capacity, Party
from app.catalogue.models import Commodity
from app.core.http import Blueprint
from app.core.idempotency import Idempotency
from app.core.paging import By, Page, page, page_schema
from app.disruption import queries, rematch_operations, schemas
from app.disruption.models import Commitment, Rematch
from app.market.models import Offer

blueprint = Blueprint("disruption", __name__, description="Going on when an area closes")


@blueprint.operation(
    "GET",
    "/disruptions",
    access=READERS,
    query=schemas.CommitmentQuery,
    answer=page_schema(schemas.CommitmentOut),
)
def list_disruptions(caller: Caller, query: dict[str, Any]) -> Page:
    """Commitments of mine that a restriction holds up or held up, newest first.

    Các cam kết của tôi đang hoặc đã bị hạn chế vận chuyển cản trở, mới nhất trước.
    """
    seen = queries.concerning(Commitment, caller.acting.id, everything=caller.sees_all)
    statement = queries.commitments(seen)
    if "status" in query:
        statement = statement.where(Commitment.status == query["status"])
    return page(statement, order=[By(Commitment.id, descending=True)], query=query)


@blueprint.operation(
    "GET",
    "/disruptions/<uuid:commitment_id>",
    access=READERS,
    answer=schemas.CommitmentOut,
)
def get_disruption(caller: Caller, commitment_id: UUID) -> Commitment:
    """One commitment that a restriction holds up or held up.

    Một cam kết bị cản trở.
    """
    seen = queries.concerning(Commitment, caller.acting.id, everything=caller.sees_all)
    return queries.get_commitment(commitment_id, seen=seen)


@blueprint.operation(
    "GET",
    "/rematches",
    access=READERS,
    query=schemas.RematchQuery,
    answer=page_schema(schemas.RematchOut),
)
def list_rematches(caller: Caller, query: dict[str, Any]) -> Page:
    """Other sources proposed to me, and my offers proposed to others, newest first.

    Các nguồn hàng thay thế được đề nghị cho tôi hoặc từ tin của tôi, mới nhất trước.
    """
    statement = queries.rematches(
        queries.concerning(Rematch, caller.acting.id, everything=caller.sees_all)
    )
    if "status" in query:
        statement = statement.where(Rematch.status == query["status"])
    return page(statement, order=[By(Rematch.id, descending=True)], query=query)


@blueprint.operation(
    "GET", "/rematches/<uuid:rematch_id>", access=READERS, answer=schemas.RematchOut
)
def get_rematch(caller: Caller, rematch_id: UUID) -> Rematch:
    """One proposal of another source.

    Một đề nghị nguồn hàng thay thế.
    """
    seen = queries.concerning(Rematch, caller.acting.id, everything=caller.sees_all)
    return queries.get_rematch(rematch_id, seen=seen)


@blueprint.operation(
    "POST",
    "/rematches/<uuid:rematch_id>/acceptance",
    access=BUYERS,
    answer=schemas.RematchOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def accept_rematch(caller: Caller, rematch_id: UUID) -> Rematch:
    """Take the other source, as the buyer; it is ordered at once.

    Nhận nguồn hàng thay thế; đơn hàng được lập ngay.
    """
    rematch = _own_rematch(caller, rematch_id)
    return rematch_operations.accept_rematch(rematch=rematch, now=caller.now)


@blueprint.operation(
    "POST",
    "/rematches/<uuid:rematch_id>/refusal",
    access=BUYERS,
    answer=schemas.RematchOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def refuse_rematch(caller: Caller, rematch_id: UUID) -> Rematch:
    """Wait for my own order instead, as the buyer.

    Chờ đơn cũ, không nhận nguồn thay thế.
    """
    rematch = _own_rematch(caller, rematch_id)
    return rematch_operations.refuse_rematch(rematch=rematch, now=caller.now)


@blueprint.operation(
    "GET",
    "/surplus",
    access=READERS,
    query=schemas.SurplusQuery,
    answer=page_schema(schemas.SurplusOut),
)
def list_surplus(caller: Caller, query: dict[str, Any]) -> Page:
    """Goods that a restriction keeps from where they were promised; what keeps longest first.

    Hàng bị kẹt vì hạn chế vận chuyển, thứ để được lâu đứng trước; đặt mua như tin chào bán khác.
    """
    statement = queries.surplus(now=caller.now)
    if "commodity" in query:
        statement = statement.where(Offer.commodity_code == query["commodity"])
    order = [By(Commodity.shelf_life_hours, descending=True), By(Offer.id)]
    return page(statement, order=order, query=query)


def _own_rematch(caller: Caller, rematch_id: UUID) -> Rematch:
    """A proposal to the caller, or to a member it acts for."""
    seen = queries.buying(Rematch, caller.acting.id)
    rematch = queries.get_rematch(rematch_id, seen=seen)
    capacity = Capacity.AGENT if rematch.buyer_agent_id else Capacity.OWN_ACCOUNT
    caller.check_may_act(Party(rematch.buyer_id, capacity, rematch.buyer_agent_id))
    return rematch
