"""Reading notifications, their log, wishes and searches."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, true
from sqlalchemy.orm import selectinload

from app.accounts.models import Person
from app.accounts.queries import consenting_members, mandating_members
from app.core.db import db
from app.core.errors import NotFound
from app.core.outbox import OutboxMessage
from app.notifications.models import (
    Dispatch,
    Notification,
    NotificationPreference,
    QuietHours,
    SavedSearch,
)
from app.notifications.planning import CHANNELS, Wishes, when_wanted
from app.notifications.topics import TOPICS


def notifications_of(person_id: UUID) -> Select[Notification]:
    """What a person has been told in the application."""
    return (
        select(Notification)
        .where(Notification.person_id == person_id, Notification.in_app)
        .options(selectinload(Notification.dispatches))
    )


def get_notification(notification_id: UUID, *, person_id: UUID) -> Notification:
    """One of a person's notifications.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = db.session.scalar(notifications_of(person_id).where(Notification.id == notification_id))
    if found is None:
        raise NotFound
    return found


def dispatches_seen_by(organisation_id: UUID, *, everything: bool) -> ColumnElement[bool]:
    """One's own messages, and those of members who share their figures or gave a mandate."""
    if everything:
        return true()
    return or_(
        Dispatch.organisation_id == organisation_id,
        Dispatch.organisation_id.in_(consenting_members(organisation_id)),
        Dispatch.organisation_id.in_(mandating_members(organisation_id)),
    )


def get_dispatch(
    dispatch_id: UUID, *, seen: ColumnElement[bool] | None = None, lock: bool = False
) -> Dispatch:
    """A message on its way.

    Raises:
        NotFound: there is none, or it is not for the reader.
    """
    found: Dispatch | None = db.session.scalar(
        _one(Dispatch, dispatch_id, true() if seen is None else seen, lock)
    )
    if found is None:
        raise NotFound
    return found


def get_dead_message(message_id: UUID, *, lock: bool = False) -> OutboxMessage:
    """A message of the outbox that was set aside.

    Raises:
        NotFound: there is none, or it was not set aside.
    """
    dead = OutboxMessage.dead_at.is_not(None)
    found: OutboxMessage | None = db.session.scalar(_one(OutboxMessage, message_id, dead, lock))
    if found is None:
        raise NotFound
    return found


def get_search(search_id: UUID, *, person_id: UUID) -> SavedSearch:
    """One of a person's saved searches.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    own = SavedSearch.person_id == person_id
    found: SavedSearch | None = db.session.scalar(_one(SavedSearch, search_id, own, lock=False))
    if found is None:
        raise NotFound
    return found


def preferences_of(person: Person) -> dict[str, Any]:
    """What a person has said, and what comes of it for each topic and channel."""
    said = db.session.scalars(
        select(NotificationPreference)
        .where(NotificationPreference.person_id == person.id)
        .order_by(NotificationPreference.topic, NotificationPreference.channel)
    ).all()
    hours = db.session.get(QuietHours, person.id)
    return {
        "quiet_from": _clock(hours.starts) if hours else None,
        "quiet_until": _clock(hours.ends) if hours else None,
        "preferences": said,
        "effective": _effective(said, has_email=bool(person.email)),
    }


def _effective(said: Sequence[NotificationPreference], *, has_email: bool) -> list[dict[str, str]]:
    wishes = Wishes({(one.topic, one.channel): one.wanted for one in said})
    return [
        {"topic": name}
        | {
            channel: when_wanted(name, topic, channel, wishes, has_email=has_email)
            for channel in CHANNELS
        }
        for name, topic in TOPICS.items()
        if topic.sentences
    ]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _one(model: Any, row_id: UUID, seen: ColumnElement[bool], lock: bool) -> Select[Any]:
    statement = select(model).where(model.id == row_id, seen)
    return statement.with_for_update() if lock else statement
