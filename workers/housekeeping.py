"""What ends by the clock: offers, demands, orders, matches, claims, pools, saved answers."""

from collections.abc import Callable
from functools import partial

from app.clearing.matching import expire_matches
from app.contracts.breach_operations import close_contracts, find_breaches, record_breaches
from app.contracts.hold_operations import hold_promised
from app.contracts.signature_operations import begin_contracts
from app.core import clock
from app.core.idempotency import forget_old_answers as forget
from app.core.queue import celery
from app.core.transaction import retried, transaction
from app.deliveries.claim_operations import time_out_claims
from app.market.demand_operations import expire_demands
from app.market.offer_operations import expire_offers
from app.orders.operations import expire_orders
from app.pools.operations import end_pools
from app.webhooks.delivery_operations import forget_old_deliveries


@celery.task(name="workers.housekeeping.expire")
def expire() -> None:
    """End what is over, in batches, until nothing is left."""
    over = (
        expire_matches,
        expire_orders,
        expire_offers,
        expire_demands,
        time_out_claims,
        begin_contracts,
        end_pools,
    )
    for end in over:
        while retried(partial(_ended, end)):
            pass


@celery.task(name="workers.housekeeping.keep_contracts")
def keep_contracts() -> None:
    """Hold what contracts promise, find and record breaches, end the seasons that are over."""
    for keep in (hold_promised, find_breaches, record_breaches, close_contracts):
        retried(partial(_ended, keep))


@celery.task(name="workers.housekeeping.forget_old_answers")
def forget_old_answers() -> None:
    """Forget answers saved for idempotency keys, and what was sent to webhooks long ago."""
    with transaction():
        forget(now=clock.now())
    with transaction():
        forget_old_deliveries(now=clock.now())


def _ended(end: Callable[..., int]) -> int:
    with transaction():
        return end(now=clock.now())
