"""Sending to webhooks."""

from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from flask import Flask, current_app

from app.core import clock
from app.core.queue import celery
from app.core.transaction import retried, transaction
from app.webhooks import delivery_operations as operations
from app.webhooks.delivery_operations import Noted
from app.webhooks.models import WebhookDelivery
from app.webhooks.sending import Outcome, post
from app.webhooks.signing import secrets_in_force, signed_headers

HANDS = 32
"""How many receivers one process talks to at once; they are waited for, not computed with."""
PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class Sending:
    """One delivery in the hands of a thread."""

    webhook_id: UUID
    future: Future[Noted]


_hands = ThreadPoolExecutor(HANDS, thread_name_prefix="webhook")
_left_alone: set[Sending] = set()


@celery.task(name="workers.webhooks.send_webhooks")
def send_webhooks() -> None:
    """Send what is due until nothing is.

    Deliveries are claimed with a lease, sent by :data:`HANDS` threads with no transaction open, and
    noted in batches: as soon as some have ended, all that have are noted in one transaction and as
    many others are claimed. One receiver gets at most a quarter of the hands, those that failed
    last time half of them together and one each. When for :data:`PATIENCE_SECONDS` nobody has
    answered, the task ends and the threads note by themselves what comes of the rest; so whoever
    hangs holds up neither another receiver nor another task.
    """
    under_way: set[Sending] = set()
    while True:
        under_way |= {_begin(one) for one in _claim(under_way | _left_alone)}
        if not under_way:
            return
        futures = {one.future for one in under_way}
        ended, _ = wait(futures, timeout=PATIENCE_SECONDS, return_when=FIRST_COMPLETED)
        if not ended:
            break
        under_way = {one for one in under_way if one.future not in ended}
        _note([one.result() for one in ended])
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    for one in under_way:
        _left_alone.add(one)
        one.future.add_done_callback(partial(_note_alone, app, one))


def _claim(under_way: Collection[Sending]) -> list[WebhookDelivery]:
    free, busy = HANDS - len(under_way), {one.webhook_id for one in under_way}
    if free <= 0:
        return []
    with transaction():
        found = list(operations.claim_deliveries(now=clock.now(), most=free, busy=busy))
        left = min(free - len(found), free - HANDS // 2)
        if left > 0:
            found += operations.claim_deliveries(
                now=clock.now(), most=left, failing=True, busy=busy
            )
    return found


def _begin(delivery: WebhookDelivery) -> Sending:
    hook, now = delivery.webhook, clock.now()
    key, sink = current_app.config["SECRET_KEY"], current_app.config["SETTINGS"].webhook_sink
    secrets = secrets_in_force(hook.id, hook.secret_number, hook.rotated_at, key=key, now=now)
    headers = signed_headers(delivery.event_id, delivery.body, secrets=secrets, now=now)
    send = partial(post, hook.url, delivery.body.encode(), headers, sink=sink)
    return Sending(hook.id, _hands.submit(_sent, delivery.id, hook.id, send))


def _sent(delivery_id: UUID, webhook_id: UUID, send: partial[Outcome]) -> Noted:
    return Noted(delivery_id, webhook_id, send())


def _note(noted: list[Noted]) -> None:
    def note() -> None:
        with transaction():
            operations.note_outcomes(noted=noted, now=clock.now())

    retried(note)


def _note_alone(app: Flask, sending: Sending, future: Future[Noted]) -> None:
    _left_alone.discard(sending)
    with app.app_context():
        _note([future.result()])
