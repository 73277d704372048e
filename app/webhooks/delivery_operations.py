"""Claiming what is due to webhooks, and noting what came of it."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, delete, func, lateral, or_, select, true, update
from sqlalchemy.orm import joinedload

from app.core.db import db
from app.webhooks.models import DeliveryStatus, Webhook, WebhookDelivery, WebhookStatus
from app.webhooks.operations import disable
from app.webhooks.sending import Outcome

LEASE = timedelta(seconds=60)
# About three days in all: the waits after the first, second … try.
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        5,
        60,
        300,
        1800,
        2 * 3600,
        5 * 3600,
        10 * 3600,
        14 * 3600,
        18 * 3600,
        23 * 3600,
    )
)
JITTER = 0.2
LONG_FAILURE = timedelta(days=3)
KEPT = timedelta(days=30)
# One receiver's part of the hands of a worker, so that one who is slow leaves some to the others.
SHARE = 8


@dataclass(frozen=True)
class Noted:
    """What came of one delivery."""

    delivery_id: UUID
    webhook_id: UUID
    outcome: Outcome


def claim_deliveries(
    *, now: datetime, most: int, failing: bool = False, busy: Collection[UUID] = ()
) -> Sequence[WebhookDelivery]:
    """Lease what is due to the caller, at most :data:`SHARE` of each webhook, oldest first.

    Args:
        failing: of the webhooks whose last try failed, one delivery each; else of all others.
        busy: webhooks that the caller is still sending to.
    """
    due = _due(now).limit(1 if failing else SHARE).with_for_update(skip_locked=True)
    of_each = lateral(due)
    chosen = (
        select(of_each.c.id)
        .select_from(Webhook)
        .join(of_each, true())
        .where(
            Webhook.status == WebhookStatus.ACTIVE,
            Webhook.failing_since.is_not(None) if failing else Webhook.failing_since.is_(None),
            Webhook.id.not_in(busy),
        )
        .limit(most)
    )
    ids = db.session.scalars(
        update(WebhookDelivery)
        .where(WebhookDelivery.id.in_(db.session.scalars(chosen).all()))
        .values(lease_until=now + LEASE)
        .returning(WebhookDelivery.id)
    ).all()
    return db.session.scalars(
        select(WebhookDelivery)
        .where(WebhookDelivery.id.in_(ids))
        .options(joinedload(WebhookDelivery.webhook))
        .order_by(WebhookDelivery.due_at, WebhookDelivery.id)
    ).all()


def note_outcomes(*, noted: Sequence[Noted], now: datetime) -> None:
    """Note what came of some deliveries, all at once.

    A webhook that answers 410, or at which a delivery was given up after nothing had arrived for
    three days, is disabled.
    """
    _note_arrivals([one for one in noted if one.outcome.taken], now=now)
    failed = [one for one in noted if not one.outcome.taken]
    hooks = _locked({one.webhook_id for one in failed})
    for one in sorted(failed, key=lambda one: one.delivery_id):
        # A webhook may have been deleted meanwhile.
        if hook := hooks.get(one.webhook_id):
            hook.failing_since = hook.failing_since or now
            _note_failure(one, hook, now=now)


def forget_old_deliveries(*, now: datetime) -> None:
    """Delete from the log what ended longer than :data:`KEPT` ago."""
    db.session.execute(
        delete(WebhookDelivery).where(
            WebhookDelivery.created_at < now - KEPT,
            WebhookDelivery.status != DeliveryStatus.QUEUED,
        )
    )


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many tries, a fifth more or less."""
    return WAITS[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)


def _due(now: datetime) -> Select[UUID]:
    return (
        select(WebhookDelivery.id)
        .where(
            WebhookDelivery.webhook_id == Webhook.id,
            WebhookDelivery.status == DeliveryStatus.QUEUED,
            WebhookDelivery.due_at <= now,
            or_(WebhookDelivery.lease_until.is_(None), WebhookDelivery.lease_until < now),
        )
        .order_by(WebhookDelivery.due_at, WebhookDelivery.id)
        .correlate(Webhook)
    )


def _note_arrivals(arrived: Sequence[Noted], *, now: datetime) -> None:
    db.session.execute(
        update(Webhook)
        .where(
            Webhook.id.in_({one.webhook_id for one in arrived}), Webhook.failing_since.is_not(None)
        )
        .values(failing_since=None)
    )
    for status in {one.outcome.status for one in arrived}:
        ids = [one.delivery_id for one in arrived if one.outcome.status == status]
        db.session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.id.in_(ids))
            .values(
                status=DeliveryStatus.SENT,
                sent_at=now,
                lease_until=None,
                attempts=WebhookDelivery.attempts + 1,
                last_status=status,
                last_error=None,
            )
        )


def _locked(webhook_ids: Collection[UUID]) -> Mapping[UUID, Webhook]:
    found = db.session.scalars(
        select(Webhook)
        .where(Webhook.id.in_(webhook_ids))
        .order_by(Webhook.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {one.id: one for one in found}


def _note_failure(one: Noted, hook: Webhook, *, now: datetime) -> None:
    delivery = db.session.scalar(
        select(WebhookDelivery)
        .where(
            WebhookDelivery.id == one.delivery_id, WebhookDelivery.status == DeliveryStatus.QUEUED
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if delivery is None:
        return
    delivery.attempts += 1
    delivery.lease_until = None
    delivery.last_status, delivery.last_error = one.outcome.status, one.outcome.error
    if delivery.attempts > len(WAITS):
        delivery.status = DeliveryStatus.DEAD
    else:
        delivery.due_at = now + wait_after(delivery.attempts)
    db.session.flush()
    given_up = delivery.status == DeliveryStatus.DEAD
    failing_since = hook.failing_since or now
    if hook.status != WebhookStatus.ACTIVE:
        return
    if one.outcome.gone:
        disable(webhook=hook, because="answered 410 Gone", now=now)
    elif given_up and failing_since <= now - LONG_FAILURE:
        disable(webhook=hook, because="nothing arrived for three days", now=now)


def waiting() -> int:
    """How many deliveries are still under way."""
    queued = WebhookDelivery.status == DeliveryStatus.QUEUED
    return db.session.scalar(select(func.count()).where(queued)) or 0
