"""Pools: opened by a cooperative, filled by its members."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from app.accounts.access import COOPERATIVE_MANAGERS, READERS, SELLERS, Caller
from app.core.errors import Forbidden
from app.core.http import Blueprint
from app.core.paging import By, Page, PageQuery, page, page_schema
from app.pools import contribution_operations, operations, queries, schemas
from app.pools.models import Contribution, Pool

blueprint = Blueprint("pools", __name__, description="Pools")


@blueprint.operation(
    "POST", "/pools", access=COOPERATIVE_MANAGERS, body=schemas.PoolIn, answer=schemas.PoolOut
)
def open_pool(caller: Caller, body: dict[str, Any]) -> Pool:
    """Open a pool for my members to fill.

    Mở một đợt gom hàng cho các thành viên.
    """
    return operations.open_pool(organisation_id=caller.acting.id, now=caller.now, **body)


@blueprint.operation(
    "GET", "/pools", access=READERS, query=schemas.PoolQuery, answer=page_schema(schemas.PoolOut)
)
def list_pools(caller: Caller, query: dict[str, Any]) -> Page:
    """Pools of mine and of the cooperatives I belong to, newest first.

    Các đợt gom của tôi và của hợp tác xã tôi tham gia, mới nhất trước.
    """
    statement = queries.pools(_seen(caller))
    if "status" in query:
        statement = statement.where(Pool.status == query["status"])
    if "commodity" in query:
        statement = statement.where(Pool.commodity_code == query["commodity"])
    return page(statement, order=[By(Pool.id, descending=True)], query=query)


@blueprint.operation("GET", "/pools/<uuid:pool_id>", access=READERS, answer=schemas.PoolOut)
def get_pool(caller: Caller, pool_id: UUID) -> Pool:
    """One pool, and how close it is to a full load.

    Một đợt gom và còn thiếu bao nhiêu thì đủ chuyến.
    """
    return queries.get_pool(pool_id, seen=_seen(caller))


@blueprint.operation(
    "POST",
    "/pools/<uuid:pool_id>/closing",
    access=COOPERATIVE_MANAGERS,
    answer=schemas.PoolOut,
    status=200,
)
def close_pool(caller: Caller, pool_id: UUID) -> Pool:
    """Close a full pool; it is one lot from now on.

    Chốt đợt gom đã đủ chuyến thành một lô.
    """
    return operations.close_pool(pool=_own(caller, pool_id), now=caller.now)


@blueprint.operation(
    "POST",
    "/pools/<uuid:pool_id>/return",
    access=COOPERATIVE_MANAGERS,
    answer=schemas.PoolOut,
    status=200,
)
def return_pool(caller: Caller, pool_id: UUID) -> Pool:
    """Give back what is pooled and not on offer or sold.

    Trả lại phần chưa chào bán cho các thành viên.
    """
    return operations.return_pool(pool=_own(caller, pool_id), now=caller.now)


@blueprint.operation(
    "POST",
    "/pools/<uuid:pool_id>/contributions",
    access=SELLERS,
    body=schemas.ContributionIn,
    answer=schemas.ContributionOut,
)
def contribute(caller: Caller, pool_id: UUID, body: dict[str, Any]) -> Contribution:
    """Bring a part of a lot of mine, or as the cooperative of a member's.

    Góp một phần lô của tôi; hợp tác xã có thể góp thay thành viên.
    """
    pool = queries.get_pool(pool_id, seen=_takes_part(caller), lock=True)
    lot = queries.lot_to_pool(body.pop("lot_id"), by_id=caller.acting.id)
    return contribution_operations.contribute(
        pool=pool, lot=lot, by_id=caller.acting.id, now=caller.now, **body
    )


@blueprint.operation(
    "GET",
    "/pools/<uuid:pool_id>/contributions",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.ContributionOut),
)
def list_contributions(caller: Caller, pool_id: UUID, query: dict[str, Any]) -> Page:
    """What was brought: everything to the cooperative, to a member its own.

    Các phần góp: hợp tác xã thấy tất cả, thành viên thấy phần của mình.
    """
    pool = queries.get_pool(pool_id, seen=_seen(caller))
    statement = queries.contributions(_seen_contributions(caller)).where(
        Contribution.pool_id == pool.id
    )
    return page(statement, order=[By(Contribution.id, descending=True)], query=query)


@blueprint.operation(
    "GET",
    "/pool-contributions/<uuid:contribution_id>",
    access=READERS,
    answer=schemas.ContributionOut,
)
def get_contribution(caller: Caller, contribution_id: UUID) -> Contribution:
    """One contribution.

    Một phần góp.
    """
    return queries.get_contribution(contribution_id, seen=_seen_contributions(caller))


@blueprint.operation(
    "POST",
    "/pool-contributions/<uuid:contribution_id>/confirmation",
    access=SELLERS,
    answer=schemas.ContributionOut,
    status=200,
)
def confirm_contribution(caller: Caller, contribution_id: UUID) -> Contribution:
    """Agree to what my cooperative proposed of a lot of mine.

    Đồng ý phần góp mà hợp tác xã đề nghị từ lô của tôi.
    """
    contribution, pool = _contribution(caller, contribution_id)
    if contribution.organisation_id != caller.acting.id:
        raise Forbidden
    return contribution_operations.confirm_contribution(
        pool=pool, contribution=contribution, now=caller.now
    )


@blueprint.operation(
    "POST",
    "/pool-contributions/<uuid:contribution_id>/withdrawal",
    access=SELLERS,
    answer=schemas.ContributionOut,
    status=200,
)
def withdraw_contribution(caller: Caller, contribution_id: UUID) -> Contribution:
    """Take a contribution out of a pool that is still open, as the member or the cooperative.

    Rút phần góp khi đợt gom còn mở.
    """
    contribution, pool = _contribution(caller, contribution_id)
    return contribution_operations.withdraw_contribution(
        pool=pool, contribution=contribution, now=caller.now
    )


def _seen(caller: Caller) -> ColumnElement[bool]:
    return queries.seen_by(caller.acting.id, everything=caller.sees_all)


def _takes_part(caller: Caller) -> ColumnElement[bool]:
    return queries.seen_by(caller.acting.id, everything=False)


def _seen_contributions(caller: Caller) -> ColumnElement[bool]:
    return queries.contributions_seen_by(caller.acting.id, everything=caller.sees_all)


def _own(caller: Caller, pool_id: UUID) -> Pool:
    own = Pool.organisation_id == caller.acting.id
    return queries.get_pool(pool_id, seen=own, lock=True)


def _contribution(caller: Caller, contribution_id: UUID) -> tuple[Contribution, Pool]:
    """A contribution the caller takes part in, and its pool, locked."""
    seen = queries.contributions_seen_by(caller.acting.id, everything=False)
    contribution = queries.get_contribution(contribution_id, seen=seen)
    of_it = Pool.id == contribution.pool_id
    return contribution, queries.get_pool(contribution.pool_id, seen=of_it, lock=True)
