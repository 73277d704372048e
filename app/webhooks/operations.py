"""Naming webhooks, rotating their secrets, disabling them; writing down what goes to them."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Organisation
from app.core import outbox, queue
from app.core.after_commit import after_commit
from app.core.db import db
from app.core.errors import Problem, invalid
from app.core.fields import instant_text
from app.core.ids import uuid7
from app.core.outbox import OutboxMessage
from app.events.queries import PUBLISHED, event
from app.webhooks.guard import AddressRefused, check_url
from app.webhooks.models import DeliveryStatus, Webhook, WebhookDelivery, WebhookStatus

CONSUMER = "webhooks"
MOST_WEBHOOKS = 20
PING = "webhook.ping"


class TooManyWebhooks(Problem):
    status, code = 409, "too_many_webhooks"
    vi = f"Mỗi tổ chức có nhiều nhất {MOST_WEBHOOKS} webhook."
    en = f"An organisation has at most {MOST_WEBHOOKS} webhooks."


class WebhookDisabled(Problem):
    status, code = 409, "webhook_disabled"
    vi = "Webhook này đã ngừng; hãy bật lại trước."
    en = "This webhook is disabled; please enable it first."


class DeliveryUnderWay(Problem):
    status, code = 409, "delivery_under_way"
    vi = "Sự kiện này đang chờ gửi."
    en = "This event is waiting to be sent already."


def add_webhook(
    *, organisation_id: UUID, url: str, topics: Sequence[str], sink: str, now: datetime
) -> Webhook:
    """Send events of these topics to a URL from now on.

    Args:
        sink: the origin let through for tests and benches, see `guard.py`.

    Raises:
        Invalid: no URL that may be one. TooManyWebhooks: the organisation has its share.
    """
    try:
        check_url(url, sink=sink)
    except AddressRefused as fault:
        raise invalid(
            "/url",
            "Phải là địa chỉ https công khai, không kèm tên đăng nhập.",
            f"Must be a public https address ({fault}).",
        ) from None
    db.session.get_one(Organisation, organisation_id, with_for_update={"key_share": True})
    mine = select(func.count()).where(Webhook.organisation_id == organisation_id)
    if (db.session.scalar(mine) or 0) >= MOST_WEBHOOKS:
        raise TooManyWebhooks
    webhook = Webhook(
        organisation_id=organisation_id,
        url=url,
        topics=sorted(set(topics)),
        status=WebhookStatus.ACTIVE,
        secret_number=1,
        created_at=now,
    )
    db.session.add(webhook)
    db.session.flush()
    return webhook


def rotate_secret(*, webhook: Webhook, now: datetime) -> Webhook:
    """Give a webhook a new secret; for a day the one before signs as well."""
    webhook.secret_number += 1
    webhook.rotated_at = now
    db.session.flush()
    return webhook


def enable(*, webhook: Webhook) -> Webhook:
    """Send to a disabled webhook again, whatever happens from now on."""
    webhook.status, webhook.disabled_at, webhook.disabled_because = WebhookStatus.ACTIVE, None, None
    webhook.failing_since = None
    db.session.flush()
    return webhook


def disable(*, webhook: Webhook, because: str, now: datetime) -> None:
    """Send no more to a webhook, tell its owner, and set aside what was still to go there."""
    webhook.status, webhook.disabled_at, webhook.disabled_because = (
        WebhookStatus.DISABLED,
        now,
        because,
    )
    db.session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.webhook_id == webhook.id,
            WebhookDelivery.status == DeliveryStatus.QUEUED,
        )
        .values(status=DeliveryStatus.DEAD, last_error=because, lease_until=None)
    )
    outbox.add(
        "webhook.disabled",
        concerns=[webhook.organisation_id],
        payload={"webhook_id": str(webhook.id), "url": webhook.url, "reason": because},
        now=now,
    )
    db.session.flush()


def delete_webhook(*, webhook: Webhook) -> None:
    """Forget a webhook and its log."""
    db.session.execute(delete(Webhook).where(Webhook.id == webhook.id))


def fan_out(*, messages: Sequence[OutboxMessage], now: datetime) -> int:
    """Write down what goes to whose webhooks because of messages; once, however often asked.

    Returns:
        how many deliveries were written.
    """
    told = [one for one in messages if one.topic in PUBLISHED]
    hooks = _listening(told)
    pairs = [
        (message, hook)
        for message in told
        for hook in hooks
        if hook.organisation_id in message.concerns and message.topic in hook.topics
    ]
    heard = {message.id for message, _ in pairs}
    new = outbox.first_times(CONSUMER, list(heard), now=now) if heard else set()
    rows = [
        {
            "id": uuid7(),
            "organisation_id": hook.organisation_id,
            "webhook_id": hook.id,
            "message_id": message.id,
            "event_id": message.id,
            "topic": message.topic,
            "body": _json(event(message, reader_id=hook.organisation_id)),
            "status": DeliveryStatus.QUEUED,
            "due_at": now,
            "created_at": now,
        }
        for message, hook in pairs
        if message.id in new
    ]
    if rows:
        db.session.execute(insert(WebhookDelivery).on_conflict_do_nothing(), rows)
        after_commit(nudge_webhooks)
    return len(rows)


def _listening(messages: Sequence[OutboxMessage]) -> Sequence[Webhook]:
    """The active webhooks of those whom messages concern, for their topics."""
    concerned = {one for message in messages for one in message.concerns}
    if not concerned:
        return []
    return db.session.scalars(
        select(Webhook)
        .where(
            Webhook.organisation_id.in_(concerned),
            Webhook.status == WebhookStatus.ACTIVE,
            Webhook.topics.overlap(sorted({one.topic for one in messages})),
        )
        .order_by(Webhook.id)
    ).all()


def ping(*, webhook: Webhook, now: datetime) -> WebhookDelivery:
    """Send a webhook an event that says nothing, to try it out.

    Raises:
        WebhookDisabled: nothing is sent there.
    """
    _check_active(webhook)
    event_id = uuid7()
    said = {
        "id": str(event_id),
        "type": PING,
        "timestamp": instant_text(now),
        "data": {"webhook_id": str(webhook.id)},
    }
    delivery = WebhookDelivery(
        organisation_id=webhook.organisation_id,
        webhook_id=webhook.id,
        event_id=event_id,
        topic=PING,
        body=_json(said),
        status=DeliveryStatus.QUEUED,
        due_at=now,
        attempts=0,
        created_at=now,
    )
    db.session.add(delivery)
    db.session.flush()
    after_commit(nudge_webhooks)
    return delivery


def send_again(*, delivery: WebhookDelivery, webhook: Webhook, now: datetime) -> WebhookDelivery:
    """Send an event once more, whether it had arrived or was given up; the tries begin anew.

    Raises:
        DeliveryUnderWay: it waits to be sent. WebhookDisabled: nothing is sent there.
    """
    _check_active(webhook)
    if delivery.status == DeliveryStatus.QUEUED:
        raise DeliveryUnderWay
    delivery.status, delivery.sent_at, delivery.attempts = DeliveryStatus.QUEUED, None, 0
    delivery.due_at, delivery.lease_until = now, None
    db.session.flush()
    after_commit(nudge_webhooks)
    return delivery


def nudge_webhooks() -> None:
    """Tell a worker to send what is queued; if nobody hears it, the sweep looks in seconds."""
    queue.nudge("workers.webhooks.send_webhooks")


def _check_active(webhook: Webhook) -> None:
    if webhook.status != WebhookStatus.ACTIVE:
        raise WebhookDisabled


def _json(said: object) -> str:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))
