"""Notifications."""

from typing import Any
from uuid import UUID

from app.accounts.access import SIGNED_IN, Caller
from app.core.http import Blueprint
from app.core.paging import By, Page, page, page_schema
from app.notifications import operations, queries, schemas
from app.notifications.models import Notification

blueprint = Blueprint("notifications", __name__, description="What people are told")


@blueprint.operation(
    "GET",
    "/notifications",
    access=SIGNED_IN,
    query=schemas.NotificationQuery,
    answer=page_schema(schemas.NotificationOut),
)
def list_notifications(caller: Caller, query: dict[str, Any]) -> Page:
    """My notifications, newest first.

    Các thông báo của tôi, mới nhất trước.
    """
    mine = queries.notifications_of(caller.signed_in.id)
    if query["unread"]:
        mine = mine.where(Notification.read_at.is_(None))
    return page(mine, order=[By(Notification.id, descending=True)], query=query)


@blueprint.operation(
    "GET",
    "/notifications/<uuid:notification_id>",
    access=SIGNED_IN,
    answer=schemas.NotificationOut,
)
def get_notification(caller: Caller, notification_id: UUID) -> Notification:
    """One of my notifications.

    Một thông báo của tôi.
    """
    return queries.get_notification(notification_id, person_id=caller.signed_in.id)


@blueprint.operation(
    "POST",
    "/notifications/<uuid:notification_id>/reading",
    access=SIGNED_IN,
    answer=schemas.NotificationOut,
    status=200,
)
def read_notification(caller: Caller, notification_id: UUID) -> Notification:
    """I have read it.

    Tôi đã đọc.
    """
    found = queries.get_notification(notification_id, person_id=caller.signed_in.id)
    return operations.mark_read(notification=found, now=caller.now)
