"""Other systems hear what happened: signed, tried for three days, never sent into our own house."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from app.events.queries import PUBLISHED
from app.webhooks.delivery_operations import (
    JITTER,
    LONG_FAILURE,
    WAITS,
    forget_old_deliveries,
    wait_after,
)
from app.webhooks.models import Webhook, WebhookDelivery
from app.webhooks.signing import signed_headers
from tests.factories import Account, Trade, a_lot, an_offer, an_order
from tests.receiving import Sink, let_through, receiver, send_webhooks

# https://github.com/standard-webhooks/standard-webhooks, the vector of its libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE, STAMP = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
BODY = '{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
PATIENCE_SECONDS = 300


@pytest.fixture
def sink(rolled_back: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """A receiver that may be as slow as the machine is; nothing is left to other threads."""
    monkeypatch.setattr("workers.webhooks.PATIENCE_SECONDS", PATIENCE_SECONDS)
    for limit in ("CONNECT_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(f"app.webhooks.sending.{limit}", PATIENCE_SECONDS)
    with receiver() as sink, let_through(rolled_back, sink):
        yield sink


def a_webhook(
    account: Account, sink: Sink, path: str = "/ok", topics: tuple[str, ...] = ("offer.listed",)
) -> dict[str, Any]:
    return account.made("/webhooks", {"url": sink.origin + path, "topics": list(topics)})


def sent(trade: Trade) -> None:
    """Everything that is due has been relayed and tried once."""
    trade.relay()
    send_webhooks(trade.app)


def log(account: Account, hook: dict[str, Any]) -> list[dict[str, Any]]:
    return list(account.read(f"/webhooks/{hook['id']}/deliveries?limit=100")["items"])


def due_now(trade: Trade) -> None:
    """As if the time until the next try were over."""
    with trade.app.app_context(), transaction():
        db.session.execute(update(WebhookDelivery).values(due_at=clock.now()))


def test_a_signature_is_that_of_the_published_vector() -> None:
    assert Verifier(SECRET).sign(MESSAGE, datetime.fromtimestamp(STAMP, UTC), BODY) == SIGNATURE
    event_id, now = UUID(int=7), datetime.fromtimestamp(STAMP, UTC)
    headers = signed_headers(event_id, BODY, secrets=[SECRET], now=now)
    assert headers == {
        "webhook-id": str(event_id),
        "webhook-timestamp": str(STAMP),
        "webhook-signature": Verifier(SECRET).sign(str(event_id), now, BODY),
    }


def test_an_event_arrives_signed_and_says_what_happened(trade: Trade, sink: Sink) -> None:
    farm = trade.farm()
    hook = a_webhook(farm, sink)
    offer = an_offer(farm)
    sent(trade)
    (got,) = sink.at("/ok")
    said = Verifier(hook["secret"]).verify(got.body, got.headers)
    assert (said["type"], said["data"]["offer_id"]) == ("offer.listed", offer["id"])
    assert got.headers["webhook-id"] == said["id"]
    assert got.headers["content-type"] == "application/json"
    (entry,) = log(farm, hook)
    assert (entry["status"], entry["attempts"], entry["last_status"]) == ("sent", 1, 204)
    assert json.loads(entry["body"]) == said
    with pytest.raises(WebhookVerificationError):
        Verifier(hook["secret"]).verify(got.body + b" ", got.headers)


def test_only_topics_asked_for_and_only_ones_own_affairs_arrive(trade: Trade, sink: Sink) -> None:
    farm, other = trade.farm(), trade.farm()
    a_webhook(farm, sink, "/ok/mine", ("order.placed",))
    a_webhook(other, sink, "/ok/other", PUBLISHED)
    an_order(trade.processor(), an_offer(farm))
    sent(trade)
    assert [json.loads(one.body)["type"] for one in sink.at("/ok/mine")] == ["order.placed"]
    farms = {json.loads(one.body)["type"] for one in sink.at("/ok/other")}
    assert farms <= {"organisation.registered"}


def test_a_message_goes_to_each_webhook_once_however_often_it_is_relayed(
    trade: Trade, sink: Sink, in_app: Callable[[Callable[[], Any]], Any]
) -> None:
    farm = trade.farm()
    for path in ("/ok/1", "/ok/2"):
        a_webhook(farm, sink, path)
    an_offer(farm)
    sent(trade)
    in_app(lambda: _relay_again())
    sent(trade)
    assert len(sink.ids("/ok/1")) == len(sink.ids("/ok/2")) == 1
    assert sink.ids("/ok/1") == sink.ids("/ok/2")


def _relay_again() -> None:
    from app.core.outbox import OutboxMessage

    with transaction():
        db.session.execute(update(OutboxMessage).values(delivered_at=None, lease_until=None))


def test_a_secret_is_shown_once_and_an_old_one_signs_for_a_day_more(
    trade: Trade, sink: Sink
) -> None:
    farm = trade.farm()
    hook = a_webhook(farm, sink)
    shown = [farm.read("/webhooks")["items"][0], farm.read(f"/webhooks/{hook['id']}")]
    assert all("secret" not in one and hook["secret"] not in str(one) for one in shown)
    renewed = farm.made(f"/webhooks/{hook['id']}/secret")["secret"]
    assert renewed != hook["secret"]
    for expected in ([renewed, hook["secret"]], [renewed]):
        an_offer(farm)
        sent(trade)
        got = sink.at("/ok")[-1]
        assert len(got.headers["webhook-signature"].split(" ")) == len(expected)
        for secret in expected:
            assert Verifier(secret).verify(got.body, got.headers)["type"] == "offer.listed"
        with trade.app.app_context(), transaction():
            db.session.execute(update(Webhook).values(rotated_at=clock.now() - timedelta(days=1)))
    with pytest.raises(WebhookVerificationError):
        Verifier(hook["secret"]).verify(got.body, got.headers)


@pytest.mark.parametrize(
    "path, told",
    [
        ("/500", "answered 500"),
        ("/301", "answered 301"),
        ("/404", "answered 404"),
        ("/cut", "ConnectionError"),
        ("/endless", "ValueError"),
    ],
)
def test_what_is_not_taken_is_tried_again_later(
    trade: Trade, sink: Sink, path: str, told: str
) -> None:
    farm = trade.farm()
    hook = a_webhook(farm, sink, path)
    an_offer(farm)
    sent(trade)
    (entry,) = log(farm, hook)
    assert (entry["status"], entry["attempts"], entry["last_error"]) == ("queued", 1, told)
    assert entry["due_at"] > entry["created_at"]
    assert farm.read(f"/webhooks/{hook['id']}")["failing_since"]
    assert sink.at("/ok/followed") == []


def test_ten_gigabytes_are_not_read(trade: Trade, sink: Sink) -> None:
    farm = trade.farm()
    hook = a_webhook(farm, sink, "/huge")
    an_offer(farm)
    sent(trade)
    assert [one["status"] for one in log(farm, hook)] == ["sent"]


def test_every_try_bears_the_same_id_and_a_new_time(trade: Trade, sink: Sink) -> None:
    farm, sink.failures = trade.farm(), 2
    hook = a_webhook(farm, sink, "/flaky")
    an_offer(farm)
    for _ in range(4):
        sent(trade)
        due_now(trade)
    assert len(sink.ids("/flaky")) == 3
    assert len(set(sink.ids("/flaky"))) == 1
    (entry,) = log(farm, hook)
    assert (entry["status"], entry["attempts"], entry["last_error"]) == ("sent", 3, None)
    assert farm.read(f"/webhooks/{hook['id']}")["failing_since"] is None


def test_tries_are_spread_over_about_three_days() -> None:
    assert timedelta(days=2.9) < sum(WAITS, timedelta()) < timedelta(days=3.2)
    waits = [wait_after(attempt) for attempt in range(1, len(WAITS) + 1) for _ in range(50)]
    for number, wait in enumerate(waits):
        meant = WAITS[number // 50]
        assert meant * (1 - JITTER) <= wait <= meant * (1 + JITTER)
    assert len(set(waits)) > 400


def test_gone_is_taken_at_its_word_and_the_owner_is_told(trade: Trade, sink: Sink) -> None:
    farm = trade.farm()
    hook = a_webhook(farm, sink, "/410")
    an_offer(farm)
    sent(trade)
    shown = farm.read(f"/webhooks/{hook['id']}")
    assert (shown["status"], shown["disabled_because"]) == ("disabled", "answered 410 Gone")
    assert [one["status"] for one in log(farm, hook)] == ["dead"]
    an_offer(farm)
    sent(trade)
    assert len(sink.at("/410")) == 1
    titles = [one["topic"] for one in farm.read("/notifications")["items"]]
    assert titles.count("webhook.disabled") == 1
    refused = farm.post(f"/webhooks/{hook['id']}/test")
    assert (refused.status_code, refused.json["code"]) == (409, "webhook_disabled")


def test_a_webhook_at_which_nothing_arrived_for_three_days_is_disabled(
    trade: Trade, sink: Sink
) -> None:
    farm = trade.farm()
    hook = a_webhook(farm, sink, "/500")
    an_offer(farm)
    sent(trade)
    with trade.app.app_context(), transaction():
        long_ago = clock.now() - LONG_FAILURE
        db.session.execute(update(Webhook).values(failing_since=long_ago))
        db.session.execute(update(WebhookDelivery).values(attempts=len(WAITS), due_at=clock.now()))
    an_offer(farm)
    sent(trade)
    send_webhooks(trade.app)
    shown = farm.read(f"/webhooks/{hook['id']}")
    assert (shown["status"], shown["disabled_because"]) == (
        "disabled",
        "nothing arrived for three days",
    )
    assert {one["status"] for one in log(farm, hook)} == {"dead"}


def test_a_dead_delivery_is_sent_again_once_the_receiver_is_mended(
    trade: Trade, sink: Sink
) -> None:
    farm = trade.farm()
    hook = a_webhook(farm, sink, "/410")
    an_offer(farm)
    sent(trade)
    (entry,) = log(farm, hook)
    path = f"/webhook-deliveries/{entry['id']}"
    refused = farm.post(f"{path}/resending")
    assert (refused.status_code, refused.json["code"]) == (409, "webhook_disabled")
    with trade.app.app_context(), transaction():
        db.session.execute(update(Webhook).values(url=f"{sink.origin}/ok/mended"))
    assert farm.made(f"/webhooks/{hook['id']}/activation")["status"] == "active"
    assert farm.made(f"{path}/resending")["status"] == "queued"
    again = farm.post(f"{path}/resending")
    assert (again.status_code, again.json["code"]) == (409, "delivery_under_way")
    sent(trade)
    assert farm.read(path)["status"] == "sent"
    assert sink.ids("/ok/mended") == [entry["event_id"]]
    farm.made(f"{path}/resending")
    sent(trade)
    assert sink.ids("/ok/mended") == [entry["event_id"]] * 2


def test_a_ping_tries_a_webhook_out(trade: Trade, sink: Sink) -> None:
    farm = trade.farm()
    hook = a_webhook(farm, sink)
    pinged = farm.made(f"/webhooks/{hook['id']}/test")
    sent(trade)
    (got,) = sink.at("/ok")
    assert Verifier(hook["secret"]).verify(got.body, got.headers)["type"] == "webhook.ping"
    assert farm.read(f"/webhook-deliveries/{pinged['id']}")["status"] == "sent"


def test_an_organisation_has_at_most_twenty_webhooks(trade: Trade, sink: Sink) -> None:
    farm = trade.farm()
    hooks = [a_webhook(farm, sink) for _ in range(20)]
    body = {"url": "https://example.com", "topics": ["offer.listed"]}
    refused = farm.post("/webhooks", body)
    assert (refused.status_code, refused.json["code"]) == (409, "too_many_webhooks")
    assert farm.request("DELETE", f"/webhooks/{hooks[0]['id']}").status_code == 204
    assert farm.get(f"/webhooks/{hooks[0]['id']}").status_code == 404
    farm.made("/webhooks", body)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com",
        "https://user:secret@example.com",
        "https://example.com/#part",
        "https://127.0.0.1/hook",
        "https://[::ffff:169.254.169.254]/",
        "https://10.0.0.1",
        "https://127.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://0251.0376.0251.0376/",
        "https://127.0.0.1./",
        "https://[::ffff:127.0.0.1]/",
        "https://exa mple.com",
        "https://example.com:99999",
        "https://",
        "http://127.0.0.1:1/",
    ],
)
def test_a_url_that_can_be_no_receiver_is_refused_at_once(trade: Trade, url: str) -> None:
    refused = trade.farm().post("/webhooks", {"url": url, "topics": ["offer.listed"]})
    assert (refused.status_code, refused.json["code"]) == (422, "invalid"), url
    assert [one["pointer"] for one in refused.json["errors"]] == ["/url"]


def test_codes_and_the_houses_own_affairs_are_no_topics(trade: Trade) -> None:
    for topic in ("invitation.sent", "entry.code_sent", "round.voided", "webhook.ping", "x"):
        body = {"url": "https://example.com", "topics": [topic]}
        assert trade.farm().post("/webhooks", body).status_code == 422, topic


def test_only_who_manages_an_organisation_sees_its_webhooks(trade: Trade, sink: Sink) -> None:
    farm = trade.farm()
    hook = a_webhook(farm, sink)
    viewer, stranger = trade.colleague(farm), trade.farm()
    assert viewer.get(f"/webhooks/{hook['id']}").status_code == 403
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/secret"),
        ("POST", "/test"),
        ("GET", "/deliveries"),
    ):
        refused = stranger.request(method, f"/webhooks/{hook['id']}{path}")
        assert (refused.status_code, refused.json["code"]) == (404, "not_found"), path


def test_the_log_forgets_what_ended_a_month_ago(trade: Trade, sink: Sink) -> None:
    farm = trade.farm()
    hook = a_webhook(farm, sink)
    an_offer(farm, a_lot(farm))
    sent(trade)
    assert len(log(farm, hook)) == 1
    with trade.app.app_context(), transaction():
        forget_old_deliveries(now=clock.now() + timedelta(days=29))
        assert db.session.scalar(select(func.count(WebhookDelivery.id))) == 1
        forget_old_deliveries(now=clock.now() + timedelta(days=31))
    assert log(farm, hook) == []
