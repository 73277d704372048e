"""Clearing in three steps; each may be killed and begun again."""

from typing import Any
from uuid import UUID

from app.clearing import operations, queries
from app.clearing.engine import BookRefused
from app.clearing.explanations import explain
from app.clearing.snapshot import clear_snapshot
from app.core import clock
from app.core.queue import celery
from app.core.transaction import retried, transaction


@celery.task(name="workers.clearing.look_for_rounds")
def look_for_rounds() -> None:
    """Open what is due, and take up every round that nobody works on."""
    with transaction():
        operations.open_due_rounds(now=clock.now())
    with transaction():
        waiting = queries.unfinished_rounds()
    for round_id in waiting:
        operations.nudge_round(round_id)


@celery.task(name="workers.clearing.clear_round")
def clear_round(*, round_id: str) -> None:
    """Freeze the book, clear it with no transaction open, settle it."""
    snapshot = retried(lambda: _close(UUID(round_id)))
    if snapshot is None:
        return
    try:
        answer = clear_snapshot(snapshot)
    except BookRefused as fault:
        told = {name: getattr(fault, name) for name in ("code", "row", "field", "detail")}
        with transaction():
            operations.reopen_round(
                round_id=UUID(round_id), snapshot=snapshot, fault=told, now=clock.now()
            )
        return
    outcomes = explain(snapshot, answer["matches"], answer["certificate"])
    retried(lambda: _settle(UUID(round_id), answer, outcomes))


def _close(round_id: UUID) -> dict[str, Any] | None:
    with transaction():
        return operations.close_round(round_id=round_id, now=clock.now())


def _settle(round_id: UUID, answer: dict[str, Any], outcomes: dict[str, Any]) -> None:
    with transaction():
        operations.settle_round(
            round_id=round_id, answer=answer, outcomes=outcomes, now=clock.now()
        )
