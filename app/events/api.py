"""The feed of what happened, and what each kind of event holds."""

from typing import Any

from app.accounts.access import PUBLIC, READERS, Caller
from app.core.errors import NotFound
from app.core.http import Blueprint
from app.core.paging import Page, cursor_at, page, page_schema
from app.events import queries, schemas
from app.notifications.topics import TOPICS

blueprint = Blueprint("events", __name__, description="What happened, for other systems")


@blueprint.operation(
    "GET",
    "/events",
    access=READERS,
    query=schemas.EventQuery,
    answer=page_schema(schemas.EventOut),
)
def list_events(caller: Caller, query: dict[str, Any]) -> Page:
    """What happened that concerns my organisation, oldest first; nothing is ever left out.

    Keep the `cursor` of the last event you have dealt with and ask again with it.

    Mọi việc liên quan đến tổ chức của tôi, cũ nhất trước; không bỏ sót việc nào.
    """
    reader_id = caller.acting.id
    concerned = queries.events(reader_id, topics=query.get("topics", queries.PUBLISHED))
    part = page(concerned, order=queries.ORDER, query=query)
    items = [
        {**queries.event(one, reader_id=reader_id), "cursor": cursor_at(one, queries.ORDER)}
        for one in part.items
    ]
    return Page(items, part.next_cursor)


@blueprint.operation("GET", "/topics/<string:code>", access=PUBLIC, answer=schemas.TopicOut)
def get_topic(caller: Caller, code: str) -> dict[str, Any]:
    """What the data of one type of event holds.

    Một loại sự kiện mang những thông tin gì.
    """
    if code not in queries.PUBLISHED:
        raise NotFound
    return {
        "code": code,
        "schema": queries.data_schema(code),
        "example": TOPICS[code].example,
    }
