"""Reading notifications."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from app.core.db import db
from app.core.errors import NotFound
from app.notifications.models import Notification


def notifications_of(person_id: UUID) -> Select[Notification]:
    """What a person has been told."""
    return (
        select(Notification)
        .where(Notification.person_id == person_id)
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
