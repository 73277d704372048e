"""Many receivers at once, some of whom hang: nobody waits for them, nothing is lost or doubled."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.core import clock, outbox
from app.core.db import db
from app.core.transaction import transaction
from app.webhooks.models import WebhookDelivery
from app.webhooks.operations import fan_out
from app.webhooks.sending import ANSWER_SECONDS
from tests.concurrency.threads import at_once
from tests.factories import Account, Trade
from tests.receiving import Sink, let_through, receiver, send_webhooks
from workers.webhooks import HANDS

EVENTS = 100
BAD_MANNERS = ("500", "301", "410", "cut", "endless")


@pytest.fixture
def sink(committing: Flask) -> Iterator[Sink]:
    with receiver() as sink, let_through(committing, sink):
        yield sink


def listening(account: Account, sink: Sink, *paths: str) -> list[str]:
    """A webhook at each of the paths; their ids."""
    return [
        account.made("/webhooks", {"url": sink.origin + path, "topics": ["lot.spoiled"]})["id"]
        for path in paths
    ]


def happened(app: Flask, account: Account, count: int) -> list[str]:
    """So many events, handed to the webhooks as the relay does; their ids."""
    with app.app_context(), transaction():
        said = outbox.Message([UUID(account.organisation_id)], {"lot_id": "1", "commodity": "x"})
        outbox.add_all("lot.spoiled", [said] * count, now=clock.now())
        spoiled = outbox.OutboxMessage.topic == "lot.spoiled"
        messages = db.session.scalars(select(outbox.OutboxMessage).where(spoiled)).all()
        for message in messages:
            fan_out(messages=[message], now=clock.now())
        return sorted(str(one.id) for one in messages)


def statuses(app: Flask, webhook_id: str) -> Counter[str]:
    with app.app_context(), transaction():
        mine = WebhookDelivery.webhook_id == UUID(webhook_id)
        return Counter(db.session.scalars(select(WebhookDelivery.status).where(mine)))


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_two_workers_send_everything_once(committing: Flask, sink: Sink) -> None:
    farm = Trade(committing).farm()
    listening(farm, sink, "/ok/1", "/ok/2")
    ids = happened(committing, farm, EVENTS)
    at_once([partial(send_webhooks, committing)] * 2)
    assert sorted(sink.ids("/ok/1")) == sorted(sink.ids("/ok/2")) == ids
    assert len(ids) == EVENTS


@pytest.mark.slow
def test_receivers_that_behave_badly_cost_the_others_nothing(committing: Flask, sink: Sink) -> None:
    """Experiment E18: every event reaches whoever takes it, each as often as it had to be tried."""
    farm, sink.failures = Trade(committing).farm(), 30
    good, flaky, *bad = listening(
        farm, sink, "/ok", "/flaky", *(f"/{manner}" for manner in BAD_MANNERS)
    )
    ids = happened(committing, farm, EVENTS)
    for _ in range(60):
        send_webhooks(committing)
        if statuses(committing, flaky)["sent"] == EVENTS:
            break
        with committing.app_context(), transaction():
            db.session.execute(update(WebhookDelivery).values(due_at=clock.now()))
    assert sorted(sink.ids("/ok")) == ids
    assert statuses(committing, good) == {"sent": EVENTS}
    assert sorted(set(sink.ids("/flaky"))) == ids
    assert len(sink.ids("/flaky")) == EVENTS + 30
    assert sink.at("/ok/followed") == []
    for webhook_id, manner in zip(bad, BAD_MANNERS, strict=True):
        gone = manner == "410"
        assert statuses(committing, webhook_id)["dead" if gone else "queued"] == EVENTS, manner
        assert len(sink.at(f"/{manner}")) >= 1


@pytest.mark.slow
def test_whoever_hangs_holds_nobody_up(committing: Flask, sink: Sink) -> None:
    farm = Trade(committing).farm()
    hanging = listening(farm, sink, *(f"/hang/{number}" for number in range(3)))
    (good,) = listening(farm, sink, "/ok")
    happened(committing, farm, 3 * HANDS)
    ended = threading.Event()

    def work() -> None:
        send_webhooks(committing)
        ended.set()

    threading.Thread(target=work, daemon=True).start()
    wait_until(lambda: statuses(committing, good)["sent"] == 3 * HANDS)
    wait_until(ended.is_set)
    assert 3 <= sink.hanging <= HANDS
    assert all(statuses(committing, one)["sent"] == 0 for one in hanging)
    wait_until(lambda: noted(committing) >= sink.hanging, seconds=3 * ANSWER_SECONDS)
    send_webhooks(committing)
    for one in hanging:
        assert statuses(committing, one) == {"queued": 3 * HANDS}


def noted(app: Flask) -> int:
    """How many tries are known to have come to nothing."""
    with app.app_context(), transaction():
        tries: Any = db.session.scalars(
            select(WebhookDelivery.attempts).where(WebhookDelivery.last_error.is_not(None))
        )
        return sum(tries)


@pytest.mark.slow
def test_whoever_answers_a_byte_a_second_has_not_answered(committing: Flask, sink: Sink) -> None:
    farm = Trade(committing).farm()
    (drip,) = listening(farm, sink, "/drip")
    happened(committing, farm, 1)
    send_webhooks(committing)
    wait_until(lambda: noted(committing) == 1, seconds=3 * ANSWER_SECONDS)
    assert statuses(committing, drip) == {"queued": 1}
