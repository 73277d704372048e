"""The daily summary: one message instead of many."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.accounts.models import Person
from app.core.db import db
from app.core.ids import uuid7
from app.notifications.models import (
    Channel,
    DispatchStatus,
    Notification,
    NotificationPreference,
    QuietHours,
    Wanted,
)
from app.notifications.operations import queue_all
from app.notifications.planning import DIGEST, rest
from app.notifications.sentence import Sentence

MOST_LINES = 40
SUMMARY = Sentence(
    "Tóm tắt trong ngày: {count} tin",
    "{lines}{more}",
    "Summary of the day: {count} messages",
    "{lines}{more}",
)
MORE = {"vi": "\n… và {rest} tin nữa trong ứng dụng.", "en": "\n… and {rest} more in the app."}


def send_digest(*, now: datetime) -> bool:
    """Queue the summary of one person for whom it is due; whether there was one."""
    due = select(Notification).where(Notification.digest_at <= now)
    first = db.session.scalar(
        due.order_by(Notification.digest_at, Notification.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if first is None:
        return False
    waiting = db.session.scalars(
        due.where(Notification.person_id == first.person_id)
        .order_by(Notification.id)
        .with_for_update()
    ).all()
    person = db.session.get_one(Person, first.person_id)
    hours = db.session.get(QuietHours, person.id)
    quiet = (hours.starts, hours.ends) if hours else None
    rows = []
    for channel in Channel:
        address = person.email if channel == Channel.EMAIL else person.phone
        told = [one for one in waiting if channel in one.digest_by]
        refused = db.session.get(NotificationPreference, (person.id, DIGEST, channel))
        if told and address and not (refused and refused.wanted == Wanted.NEVER):
            due_at = rest(channel, quiet, now=now)
            rows.append(_summary(told, person, channel, address, due_at, now))
    for one in waiting:
        one.digest_by, one.digest_at = [], None
    db.session.flush()
    queue_all(rows)
    return True


def _summary(
    told: list[Notification],
    person: Person,
    channel: Channel,
    address: str,
    due_at: datetime,
    now: datetime,
) -> dict[str, Any]:
    rest_of = len(told) - MOST_LINES
    facts = {
        "count": str(len(told)),
        "lines": "\n".join(f"• {one.title}" for one in told[:MOST_LINES]),
        "more": MORE[person.locale].format(rest=rest_of) if rest_of > 0 else "",
    }
    return {
        "id": uuid7(),
        "organisation_id": told[0].organisation_id,
        "person_id": person.id,
        "topic": DIGEST,
        "channel": channel,
        "address": address,
        "locale": person.locale,
        "subject": SUMMARY.title(person.locale).format_map(facts),
        "body": SUMMARY.body(person.locale).format_map(facts),
        "status": DispatchStatus.QUEUED,
        "created_at": now,
        "due_at": due_at,
    }
