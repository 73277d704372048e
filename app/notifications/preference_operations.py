"""What people want to hear, when, and by which channel."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Person
from app.core.db import db
from app.core.errors import invalid
from app.notifications.models import NotificationPreference, QuietHours, Wanted
from app.notifications.planning import DIGEST, EVERY_OTHER, IN_APP
from app.notifications.topics import TOPICS


def change_preferences(
    *,
    person: Person,
    preferences: Sequence[Mapping[str, str]] = (),
    **quiet: str | None,
) -> None:
    """Change what is named and leave the rest.

    Args:
        person: locked.
        quiet: ``quiet_from`` and ``quiet_until``, both or neither, ``HH:MM`` in Viet Nam; both
            None means as for everybody.

    Raises:
        Invalid: there is no such topic, or a summary of what is only shown in the application.
    """
    for index, one in enumerate(preferences):
        if one["topic"] not in (EVERY_OTHER, DIGEST) and one["topic"] not in TOPICS:
            raise invalid(
                f"/preferences/{index}/topic", "Không có việc này.", "There is no such topic."
            )
        if one["channel"] == IN_APP and one["wanted"] == Wanted.DAILY:
            raise invalid(
                f"/preferences/{index}/wanted",
                "Trong ứng dụng không có bản tóm tắt trong ngày.",
                "There is no daily summary in the application.",
            )
        prefer(person_id=person.id, **one)
    if quiet:
        _rest(person, quiet["quiet_from"], quiet["quiet_until"])
    db.session.flush()


def prefer(*, person_id: UUID, topic: str, channel: str, wanted: str) -> None:
    """Note one wish, in place of an earlier one."""
    row: dict[str, Any] = {"person_id": person_id, "topic": topic, "channel": channel}
    db.session.execute(
        insert(NotificationPreference)
        .values(**row, wanted=wanted)
        .on_conflict_do_update(index_elements=list(row), set_={"wanted": wanted})
    )


def _rest(person: Person, starts: str | None, ends: str | None) -> None:
    before = db.session.get(QuietHours, person.id)
    if starts is None or ends is None:
        if before is not None:
            db.session.delete(before)
        return
    if starts == ends:
        raise invalid("/quiet_until", "Phải khác giờ bắt đầu.", "Must differ from the start.")
    minutes = {"starts": _minutes(starts), "ends": _minutes(ends)}
    db.session.merge(QuietHours(person_id=person.id, **minutes))


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
