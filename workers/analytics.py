"""Keeping figures up to date: touched days are counted again, cleared rounds measured once."""

from app.analytics import operations, round_operations
from app.core import clock
from app.core.queue import celery
from app.core.transaction import retried, transaction


@celery.task(name="workers.analytics.count_again")
def count_again() -> None:
    """Count what was touched, until nothing is left."""
    while retried(_count):
        pass


@celery.task(name="workers.analytics.measure_rounds")
def measure_rounds() -> None:
    """Measure the rounds that were cleared since; the rules run with no transaction open."""
    with transaction():
        round_operations.tell_months()
    while True:
        with transaction():
            found = round_operations.round_to_measure()
        if found is None:
            return
        round_id, snapshot = found
        rules = round_operations.rules_on(snapshot)
        with transaction():
            round_operations.record_round(
                round_id=round_id, snapshot=snapshot, rules=rules, now=clock.now()
            )


def _count() -> int:
    with transaction():
        return operations.count_again(now=clock.now())
