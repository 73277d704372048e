"""Looking at restrictions: those that have begun, those that are over."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from app.core import clock
from app.core.queue import celery
from app.core.transaction import retried, transaction
from app.disruption.operations import meet_restrictions
from app.disruption.rematch_operations import expire_rematches
from app.disruption.resume_operations import movable, resume

T = TypeVar("T")


@celery.task(name="workers.disruption.look")
def look() -> None:
    """Set aside what cannot move, end what was not answered, bring back what can move again."""
    _once(meet_restrictions)
    _once(expire_rematches)
    for commitment_id in _once(movable):
        _once(partial(resume, commitment_id=commitment_id))


def _once(work: Callable[..., T]) -> T:
    def run() -> T:
        with transaction():
            return work(now=clock.now())

    return retried(run)
