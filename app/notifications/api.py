"""Notifications: what I am told, what I want to hear, and what became of every message."""

from typing import Any
from uuid import UUID

from flask import current_app

from app.accounts.access import (
    ARBITERS,
    NEWCOMERS,
    OPERATORS,
    READERS,
    SIGNED_IN,
    Caller,
    MandateMissing,
)
from app.accounts.models import Person
from app.accounts.queries import has_mandate
from app.core import outbox
from app.core.db import db
from app.core.errors import NotFound
from app.core.http import Blueprint, check_if_match
from app.core.idempotency import Idempotency
from app.core.outbox import OutboxMessage
from app.core.paging import By, Page, PageQuery, page, page_schema
from app.notifications import (
    dispatch_operations,
    operations,
    preference_operations,
    queries,
    saved_search_operations,
    schemas,
)
from app.notifications.links import is_signed
from app.notifications.models import Dispatch, Notification, SavedSearch
from app.notifications.previews import previewed
from app.notifications.topics import TOPICS

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


@blueprint.operation(
    "GET",
    "/notification-preferences",
    access=SIGNED_IN,
    answer=schemas.PreferencesOut,
    tagged=True,
)
def get_preferences(caller: Caller) -> dict[str, Any]:
    """What I want to hear, when and by which channel.

    Tôi muốn được báo những gì, lúc nào, qua kênh nào.
    """
    return queries.preferences_of(caller.signed_in)


@blueprint.operation(
    "PATCH",
    "/notification-preferences",
    access=SIGNED_IN,
    body=schemas.PreferencesIn,
    answer=schemas.PreferencesOut,
)
def change_preferences(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Change what is named; the topic `*` is every topic not named on its own.

    Đổi những mục được nêu; `*` là mọi việc không nêu riêng.
    """
    person = db.session.get_one(Person, caller.signed_in.id, with_for_update=True)
    check_if_match(schemas.PreferencesOut().dump(queries.preferences_of(person)))
    preference_operations.change_preferences(person=person, **body)
    return queries.preferences_of(person)


@blueprint.operation(
    "GET",
    "/dispatches",
    access=READERS,
    query=schemas.DispatchQuery,
    answer=page_schema(schemas.DispatchOut),
)
def list_dispatches(caller: Caller, query: dict[str, Any]) -> Page:
    """Every message of one's organisation, and of members who agreed: sent or not sent.

    Mọi tin của tổ chức, và của thành viên đã đồng ý: đã gửi hay chưa.
    """
    statement = db.select(Dispatch).where(_seen(caller))
    for name in ("status", "channel", "topic"):
        if name in query:
            statement = statement.where(getattr(Dispatch, name) == query[name])
    return page(statement, order=[By(Dispatch.id, descending=True)], query=query)


@blueprint.operation(
    "GET", "/dispatches/<uuid:dispatch_id>", access=READERS, answer=schemas.DispatchOut
)
def get_dispatch(caller: Caller, dispatch_id: UUID) -> Dispatch:
    """One message and where it stands.

    Một tin và tình trạng của nó.
    """
    return queries.get_dispatch(dispatch_id, seen=_seen(caller))


@blueprint.operation(
    "POST",
    "/dispatches/<uuid:dispatch_id>/resending",
    access=ARBITERS,
    answer=schemas.DispatchOut,
    status=200,
)
def resend_dispatch(caller: Caller, dispatch_id: UUID) -> Dispatch:
    """Send a message again that did not arrive; for members, with their mandate.

    Gửi lại một tin chưa đến; cho thành viên thì cần được ủy quyền.
    """
    found = queries.get_dispatch(dispatch_id, seen=_seen(caller), lock=True)
    _check_may_resend(caller, found)
    return dispatch_operations.send_again(dispatch=found, now=caller.now)


@blueprint.operation(
    "POST",
    "/dispatches/<uuid:dispatch_id>/receipts",
    access=NEWCOMERS,
    body=schemas.ReceiptIn,
    status=204,
    idempotency=Idempotency.EXEMPT,
)
def record_receipt(caller: Caller, dispatch_id: UUID, body: dict[str, Any]) -> None:
    """A gateway tells what became of a message, with the signature it was given.

    Cổng gửi tin báo kết quả, kèm chữ ký đã nhận.
    """
    secret = current_app.config["SECRET_KEY"]
    if not is_signed(body["signature"], "receipt", dispatch_id, "", secret=secret):
        raise NotFound
    dispatch_operations.record_receipt(
        dispatch=queries.get_dispatch(dispatch_id, lock=True),
        delivered=body["status"] == "delivered",
        reason=body["reason"],
        now=caller.now,
    )


@blueprint.operation(
    "GET",
    "/dead-messages",
    access=OPERATORS,
    query=PageQuery,
    answer=page_schema(schemas.DeadMessageOut),
)
def list_dead_messages(caller: Caller, query: dict[str, Any]) -> Page:
    """What could not be relayed and was set aside.

    Những việc không báo đi được, đã gác lại.
    """
    dead = db.select(OutboxMessage).where(OutboxMessage.dead_at.is_not(None))
    return page(dead, order=[By(OutboxMessage.id, descending=True)], query=query)


@blueprint.operation(
    "GET",
    "/dead-messages/<uuid:message_id>",
    access=OPERATORS,
    answer=schemas.DeadMessageOut,
)
def get_dead_message(caller: Caller, message_id: UUID) -> OutboxMessage:
    """One of them.

    Một việc đã gác lại.
    """
    return queries.get_dead_message(message_id)


@blueprint.operation(
    "POST",
    "/dead-messages/<uuid:message_id>/resending",
    access=OPERATORS,
    answer=schemas.DeadMessageOut,
    status=200,
)
def resend_dead_message(caller: Caller, message_id: UUID) -> OutboxMessage:
    """Relay it once more.

    Báo lại lần nữa.
    """
    found = queries.get_dead_message(message_id, lock=True)
    return outbox.send_again(message=found, now=caller.now)


@blueprint.operation("GET", "/notification-topics", access=OPERATORS, answer=schemas.TopicsOut)
def list_topics(caller: Caller) -> dict[str, Any]:
    """Every topic with its schema, an example, and how it reads.

    Mọi loại tin: dạng dữ liệu, ví dụ và câu chữ.
    """
    return {"items": [previewed(name, topic) for name, topic in TOPICS.items()]}


@blueprint.operation(
    "GET", "/notification-topics/<code>", access=OPERATORS, answer=schemas.PreviewedTopicOut
)
def get_topic(caller: Caller, code: str) -> dict[str, Any]:
    """One topic, and how it reads on each side in both languages.

    Một loại tin và câu chữ cho từng bên, bằng hai thứ tiếng.
    """
    if code not in TOPICS:
        raise NotFound
    return previewed(code, TOPICS[code])


@blueprint.operation(
    "POST",
    "/saved-searches",
    access=READERS,
    body=schemas.SavedSearchIn,
    answer=schemas.SavedSearchOut,
)
def save_search(caller: Caller, body: dict[str, Any]) -> SavedSearch:
    """Tell me of every new offer that fits, or of a round that pays so much.

    Báo tôi mỗi khi có hàng hợp ý, hoặc khi phiên khớp đạt giá tôi chờ.
    """
    latitude, longitude = body.pop("latitude"), body.pop("longitude")
    return saved_search_operations.save_search(
        person=caller.signed_in,
        organisation=caller.acting,
        near=None if latitude is None else (latitude, longitude),
        **body,
        now=caller.now,
    )


@blueprint.operation(
    "GET",
    "/saved-searches",
    access=SIGNED_IN,
    query=PageQuery,
    answer=page_schema(schemas.SavedSearchOut),
)
def list_searches(caller: Caller, query: dict[str, Any]) -> Page:
    """My saved searches.

    Các tìm kiếm tôi đã lưu.
    """
    mine = db.select(SavedSearch).where(SavedSearch.person_id == caller.signed_in.id)
    return page(mine, order=[By(SavedSearch.id, descending=True)], query=query)


@blueprint.operation(
    "GET",
    "/saved-searches/<uuid:search_id>",
    access=SIGNED_IN,
    answer=schemas.SavedSearchOut,
)
def get_search(caller: Caller, search_id: UUID) -> SavedSearch:
    """One of my saved searches.

    Một tìm kiếm tôi đã lưu.
    """
    return queries.get_search(search_id, person_id=caller.signed_in.id)


@blueprint.operation("DELETE", "/saved-searches/<uuid:search_id>", access=SIGNED_IN)
def forget_search(caller: Caller, search_id: UUID) -> None:
    """Wait no more.

    Thôi không chờ nữa.
    """
    found = queries.get_search(search_id, person_id=caller.signed_in.id)
    saved_search_operations.forget_search(search=found)


def _seen(caller: Caller) -> Any:
    return queries.dispatches_seen_by(caller.acting.id, everything=caller.sees_all)


def _check_may_resend(caller: Caller, dispatch: Dispatch) -> None:
    owner = dispatch.organisation_id
    if caller.sees_all or owner == caller.acting.id:
        return
    if not has_mandate(cooperative_id=caller.acting.id, member_id=owner):
        raise MandateMissing
