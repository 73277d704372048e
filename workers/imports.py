"""Reading, checking and applying files; a worker that is killed is followed by another."""

from uuid import UUID

from app.core import clock
from app.core.queue import celery
from app.core.transaction import retried, transaction
from app.imports import operations, queries
from app.imports.trying import RowRefused


@celery.task(name="workers.imports.look_for_imports")
def look_for_imports() -> None:
    """Take up every import that nobody works on."""
    with transaction():
        waiting = queries.unfinished_imports()
    for import_id in waiting:
        operations.nudge_import(import_id)


@celery.task(name="workers.imports.work_on_import")
def work_on_import(*, import_id: str) -> None:
    """Work on an import, piece by piece, until it is done or somebody else does."""
    try:
        while retried(lambda: _work(UUID(import_id))):
            pass
    except RowRefused as refused:
        with transaction():
            operations.stop_at(import_id=UUID(import_id), refused=refused)


def _work(import_id: UUID) -> bool:
    with transaction():
        return operations.work_on(import_id=import_id, now=clock.now())
