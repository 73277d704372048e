"""Looking at restrictions: those that have begun, those that are over."""

from collections.abc import Callable
from functools import partial

from app.core import clock
from app.core.queue import celery
from app.core.transaction import retried, transaction
from app.disruption.operations import meet_restrictions
from app.disruption.rematch_operations import expire_rematches
from app.disruption.resume_operations import resume


@celery.task(name="workers.disruption.look")
def look() -> None:
    """Set aside what cannot move, end what was not answered, bring back what can move again."""
    for work in (meet_restrictions, expire_rematches, resume):
        retried(partial(_once, work))


def _once(work: Callable[..., int]) -> int:
    with transaction():
        return work(now=clock.now())
