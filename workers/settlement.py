"""What becomes final, falls due or is closed by the clock."""

from collections.abc import Callable
from functools import partial

import structlog

from app.core import clock
from app.core.queue import celery
from app.core.transaction import retried, transaction
from app.settlement import operations
from app.settlement.statements import issue_monthly_statements

log = structlog.get_logger()
MOST_FAILURES = 100


@celery.task(name="workers.settlement.finalise")
def finalise() -> None:
    """Make final what can no longer be claimed against, then end the orders this completes.

    What was never heard of, because its message was set aside, is posted first.
    """
    _until_done(operations.post_missed)
    _until_done(operations.finalise_settlements)
    _until_done(operations.settle_orders)


@celery.task(name="workers.settlement.tell_overdue")
def tell_overdue() -> None:
    """Tell both sides what should have been paid."""
    while retried(partial(_some, operations.tell_overdue)):
        pass


@celery.task(name="workers.settlement.close_month")
def close_month() -> None:
    """Issue the statements of last month, each party's in a transaction of its own."""
    _until_done(issue_monthly_statements)


def _until_done(work: Callable[..., int]) -> None:
    """Do one after another; one that fails does not stop the others and is tried again later."""
    failed = 0
    while True:
        try:
            if not retried(partial(_some, work, passing=failed)):
                return
        except Exception as fault:
            log.exception("settlement_failed", error=type(fault).__name__)
            failed += 1
            if failed == MOST_FAILURES:
                raise


def _some(work: Callable[..., int], **options: int) -> int:
    with transaction():
        return work(now=clock.now(), **options)
