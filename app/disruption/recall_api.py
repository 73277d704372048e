"""Recalls: a lot and all that was pooled from it, frozen and released."""

from typing import Any
from uuid import UUID

from sqlalchemy import true

from app.accounts.access import READERS, RECALLERS, Caller
from app.core.http import Blueprint
from app.core.paging import By, Page, PageQuery, page, page_schema
from app.disruption import queries, recall_operations, schemas
from app.disruption.models import OFFICES, Recall
from app.lots.models import Lot
from app.lots.queries import get_lot

blueprint = Blueprint("recalls", __name__, description="Recalls")


@blueprint.operation(
    "POST",
    "/lots/<uuid:lot_id>/recall",
    access=RECALLERS,
    body=schemas.RecallIn,
    answer=schemas.RecallOut,
)
def recall_lot(caller: Caller, lot_id: UUID, body: dict[str, Any]) -> Recall:
    """Freeze a lot of mine, or as an office any lot, with all that was pooled from it.

    Phong tỏa một lô và mọi lô gom từ nó để thu hồi.
    """
    lot = get_lot(lot_id, seen=true() if _office(caller) else caller.sees(Lot), lock=True)
    if not _office(caller):
        caller.check_may_act(lot)
    recall = recall_operations.recall_lot(lot=lot, by=caller.acting, now=caller.now, **body)
    return _as_seen(caller, recall.id)


@blueprint.operation(
    "GET",
    "/recalls",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.RecallOut),
)
def list_recalls(caller: Caller, query: dict[str, Any]) -> Page:
    """Recalls of mine, of my lots, and of what I have ordered, newest first.

    Các đợt thu hồi của tôi, của lô của tôi và của hàng tôi đã đặt, mới nhất trước.
    """
    statement = queries.recalls(_seen(caller), known=_known(caller))
    return page(statement, order=[By(Recall.id, descending=True)], query=query)


@blueprint.operation("GET", "/recalls/<uuid:recall_id>", access=READERS, answer=schemas.RecallOut)
def get_recall(caller: Caller, recall_id: UUID) -> Recall:
    """One recall, and the lots it freezes that I own, pooled, ordered or got.

    Một đợt thu hồi và các lô bị phong tỏa mà tôi có, đã gom, đã đặt hoặc đã nhận.
    """
    return _as_seen(caller, recall_id)


@blueprint.operation(
    "POST",
    "/recalls/<uuid:recall_id>/release",
    access=RECALLERS,
    answer=schemas.RecallOut,
    status=200,
)
def release_recall(caller: Caller, recall_id: UUID) -> Recall:
    """Let go of what a recall of mine froze.

    Gỡ phong tỏa một đợt thu hồi của tôi.
    """
    own = Recall.organisation_id == caller.acting.id
    seen = true() if caller.sees_all else own
    recall = queries.get_recall(recall_id, seen=seen, lock=True)
    recall_operations.release_recall(recall=recall, now=caller.now)
    return _as_seen(caller, recall.id)


def _as_seen(caller: Caller, recall_id: UUID) -> Recall:
    return queries.get_recall(recall_id, seen=_seen(caller), known=_known(caller))


def _seen(caller: Caller) -> Any:
    return queries.recalls_seen_by(caller.acting.id, known=_known(caller))


def _known(caller: Caller) -> Any:
    everything = caller.sees_all or caller.acting.kind in OFFICES
    return queries.recalled_lots_known_to(caller.acting.id, everything=everything)


def _office(caller: Caller) -> bool:
    return caller.acting.kind in OFFICES
