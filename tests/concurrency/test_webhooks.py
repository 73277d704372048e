"""Many receivers at once, some of whom hang: nobody waits for them, nothing is lost or doubled."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.core import clock, outbox
from app.core.db import db
from app.core.transaction import transaction
from app.webhooks import sending
from app.webhooks.models import WebhookDelivery
from app.webhooks.operations import fan_out
from tests.concurrency.threads import PATIENCE_SECONDS, at_once, wait_until
from tests.factories import Account, Trade
from tests.receiving import Sink, let_through, receiver, send_webhooks
from workers.webhooks import HANDS

EVENTS = 100
BAD_MANNERS = ("500", "301", "410", "cut", "endless")


@pytest.fixture
def sink(committing: Flask) -> Iterator[Sink]:
    with receiver() as sink, let_through(committing, sink):
        yield sink


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receivers may be as slow as the machine is."""
    for limit in ("CONNECT_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(sending, limit, PATIENCE_SECONDS)


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


def all_sent(app: Flask, *webhook_ids: str) -> bool:
    """Whether nothing is left to send to these, once a worker has looked again."""
    send_webhooks(app)
    return all(set(statuses(app, one)) == {"sent"} for one in webhook_ids)


def test_two_workers_send_everything_once(committing: Flask, sink: Sink, patient: None) -> None:
    farm = Trade(committing).farm()
    hooks = listening(farm, sink, "/ok/1", "/ok/2")
    ids = happened(committing, farm, EVENTS)
    at_once([partial(send_webhooks, committing)] * 2)
    wait_until(partial(all_sent, committing, *hooks))
    assert sorted(sink.ids("/ok/1")) == sorted(sink.ids("/ok/2")) == ids
    assert len(ids) == EVENTS


@pytest.mark.slow
def test_receivers_that_behave_badly_cost_the_others_nothing(
    committing: Flask, sink: Sink, patient: None
) -> None:
    """Experiment E18: every event reaches whoever takes it, each as often as it had to be tried."""
    farm, sink.failures = Trade(committing).farm(), 30
    good, flaky, *bad = listening(
        farm, sink, "/ok", "/flaky", *(f"/{manner}" for manner in BAD_MANNERS)
    )
    ids = happened(committing, farm, EVENTS)

    def tried_again() -> bool:
        with committing.app_context(), transaction():
            db.session.execute(update(WebhookDelivery).values(due_at=clock.now()))
        return all_sent(committing, good, flaky)

    wait_until(tried_again)
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
def test_whoever_hangs_holds_nobody_up(committing: Flask, sink: Sink, patient: None) -> None:
    farm = Trade(committing).farm()
    hanging = listening(farm, sink, *(f"/hang/{number}" for number in range(3)))
    (good,) = listening(farm, sink, "/ok")
    happened(committing, farm, 3 * HANDS)
    wait_until(partial(all_sent, committing, good))
    wait_until(lambda: sink.hanging >= len(hanging))
    assert sink.hanging <= HANDS
    assert all(statuses(committing, one) == {"queued": 3 * HANDS} for one in hanging)
    assert noted(committing) == 0
    sink.holds.set()
    wait_until(lambda: noted(committing) == sink.hanging)
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
    wait_until(lambda: noted(committing) == 1)
    assert statuses(committing, drip) == {"queued": 1}
