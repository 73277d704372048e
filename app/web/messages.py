"""Messages: what I have been told."""

from uuid import UUID

from sqlalchemy import update
from werkzeug.wrappers import Response

from app.accounts.access import SIGNED_IN, Caller
from app.core.db import db
from app.notifications import api as notifications
from app.notifications.models import Notification
from app.notifications.schemas import NotificationQuery
from app.web.forms import asked_for, loaded
from app.web.pages import Pages, go, show

pages = Pages("messages")


@pages.page("GET", "/messages", access=SIGNED_IN)
def messages(caller: Caller) -> Response:
    """My messages, newest first."""
    asked = asked_for("cursor", "unread")
    found = notifications.list_notifications(caller=caller, query=loaded(NotificationQuery, asked))
    return show("messages.html", found=found)


@pages.page("POST", "/messages/<uuid:notification_id>/reading", access=SIGNED_IN)
def read(caller: Caller, notification_id: UUID) -> Response:
    """I have read it."""
    notifications.read_notification(caller=caller, notification_id=notification_id)
    return go("/messages")


@pages.page("POST", "/messages/reading", access=SIGNED_IN)
def read_all(caller: Caller) -> Response:
    """I have read them all."""
    db.session.execute(
        update(Notification)
        .where(Notification.person_id == caller.signed_in.id, Notification.read_at.is_(None))
        .values(read_at=caller.now)
    )
    return go("/messages")
