"""From outbox messages to what each person reads, and to what waits for each channel.

Many messages are told at once: the relay's work is a few statements however many there are.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Invitation, Organisation, Person, Role, SignInCode
from app.accounts.queries import find_person, people_of
from app.catalogue.models import Commodity
from app.collecting.models import Entry
from app.core import outbox, queue
from app.core.after_commit import after_commit
from app.core.db import db
from app.core.ids import uuid7
from app.core.outbox import OutboxMessage
from app.notifications.codes import queue_code
from app.notifications.facts import facts_for, side_of
from app.notifications.models import (
    Channel,
    Dispatch,
    DispatchStatus,
    Notification,
    NotificationPreference,
    QuietHours,
)
from app.notifications.planning import Wishes, next_digest, plan
from app.notifications.sentence import one_line
from app.notifications.topics import ENTRY_CODE, INVITATION, SIGN_IN_CODE, TOPICS

CONSUMER = "notifications"
DAY = timedelta(days=1)
TASKS = {
    Channel.EMAIL: "workers.notifications.send_mail",
    Channel.SMS: "workers.notifications.send_sms",
    Channel.ZALO: "workers.notifications.send_zalo",
}
ROLES = {
    "vi": {"owner": "chủ", "manager": "quản lý", "member": "thành viên", "viewer": "người xem"},
    "en": {"owner": "owner", "manager": "manager", "member": "member", "viewer": "viewer"},
}


def notify(*, messages: Sequence[OutboxMessage], now: datetime) -> int:
    """Write what messages mean for each person they concern; once, however often asked.

    Returns:
        how many notifications were written.

    Raises:
        KeyError: nobody has said what a topic means.
    """
    for message in messages:
        TOPICS[message.topic]
    fresh = outbox.first_times(CONSUMER, [one.id for one in messages], now=now)
    messages = [one for one in messages if one.id in fresh]
    for message in messages:
        if message.topic == "invitation.sent":
            _mail_invitation(UUID(message.payload["invitation_id"]), now=now)
        if message.topic == "sign_in.code_sent":
            _send_sign_in_code(message, now=now)
        if message.topic == "entry.code_sent":
            _text_code(UUID(message.payload["entry_id"]), message.payload["code_number"], now=now)
    told = [one for one in messages if TOPICS[one.topic].sentences]
    return _tell_all(told, now=now) if told else 0


def mark_read(*, notification: Notification, now: datetime) -> Notification:
    """The person has read it; the first time counts."""
    notification.read_at = notification.read_at or now
    db.session.flush()
    return notification


def queue_all(rows: Sequence[Mapping[str, Any]]) -> None:
    """Queue dispatches, and tell the workers of their channels."""
    if rows:
        db.session.execute(insert(Dispatch), rows)
        for channel in {row["channel"] for row in rows}:
            after_commit(nudges[channel])


nudges = {channel: partial(queue.nudge, task) for channel, task in TASKS.items()}


def _tell_all(messages: Sequence[OutboxMessage], *, now: datetime) -> int:
    roles = defaultdict(list)
    everybody = people_of({one for message in messages for one in message.concerns})
    for role in everybody:
        roles[role.organisation_id].append(role)
    named = _named(messages)
    wishes = _wishes_of({role.person_id: role.person for role in everybody}.values(), now=now)
    notifications: list[dict[str, Any]] = []
    dispatches: list[dict[str, Any]] = []
    for message in messages:
        topic, texts = TOPICS[message.topic], _Texts(message)
        for role in (role for one in message.concerns for role in roles[one]):
            person: Person = role.person
            text = texts.of(role)
            if text is None or message.payload.get("person_id", str(person.id)) != str(person.id):
                continue
            planned = plan(message.topic, topic, person, wishes[person.id], now=now)
            notification = {
                "id": uuid7(),
                "organisation_id": role.organisation_id,
                "person_id": person.id,
                "message_id": message.id,
                "topic": message.topic,
                "locale": person.locale,
                "title": text[0],
                "body": text[1],
                "in_app": planned.in_app,
                "digest_by": planned.digest_by,
                "digest_at": next_digest(now) if planned.digest_by else None,
                "created_at": now,
            }
            notifications.append(notification)
            dispatches += [
                _dispatch_row(notification, channel, address, due_at=due, now=now)
                for channel, (address, due) in planned.at_once.items()
            ]
    if notifications:
        db.session.execute(insert(Notification), notifications)
    queue_all(dispatches)
    del named
    return len(notifications)


def _wishes_of(people: Collection[Person], *, now: datetime) -> dict[UUID, Wishes]:
    """What each of these people has said, and how much they have been sent within a day."""
    ids = {one.id for one in people}
    wanted: dict[UUID, dict[tuple[str, str], str]] = defaultdict(dict)
    for said in db.session.scalars(
        select(NotificationPreference).where(NotificationPreference.person_id.in_(ids))
    ):
        wanted[said.person_id][said.topic, said.channel] = said.wanted
    quiet = {
        row.person_id: (row.starts, row.ends)
        for row in db.session.scalars(select(QuietHours).where(QuietHours.person_id.in_(ids)))
    }
    addresses = {address for one in people for address in (one.email, one.phone) if address}
    counted = db.session.execute(
        select(Dispatch.address, func.count())
        .where(Dispatch.address.in_(addresses), Dispatch.created_at > now - DAY)
        .group_by(Dispatch.address)
    )
    sent: dict[str, int] = {row[0]: row[1] for row in counted}
    return {one.id: Wishes(wanted[one.id], quiet.get(one.id), sent) for one in people}


def _dispatch_row(
    notification: Mapping[str, Any],
    channel: Channel,
    address: str,
    *,
    due_at: datetime,
    now: datetime,
) -> dict[str, Any]:
    """A notification on its way by one channel."""
    return {
        "id": uuid7(),
        "organisation_id": notification["organisation_id"],
        "person_id": notification["person_id"],
        "notification_id": notification["id"],
        "topic": notification["topic"],
        "channel": channel,
        "address": address,
        "locale": notification["locale"],
        "subject": notification["title"],
        "body": notification["body"],
        "status": DispatchStatus.QUEUED,
        "created_at": now,
        "due_at": due_at,
    }


class _Texts:
    """Title and body of a message, written once for each side and language."""

    def __init__(self, message: OutboxMessage) -> None:
        self.message = message
        self._written: dict[tuple[str, str], tuple[str, str] | None] = {}

    def of(self, role: Role) -> tuple[str, str] | None:
        """What the role's person reads; None if their side is told nothing."""
        side = side_of(self.message.payload, role.organisation_id)
        key = (side, role.person.locale)
        if key not in self._written:
            sentence = TOPICS[self.message.topic].sentence(side)
            if sentence is None:
                self._written[key] = None
            else:
                facts = facts_for(self.message.payload, key[1])
                self._written[key] = (
                    one_line(sentence.title(key[1]).format_map(facts)),
                    sentence.body(key[1]).format_map(facts),
                )
        return self._written[key]


def _named(messages: Sequence[OutboxMessage]) -> list[Any]:
    """Whatever the messages name, read at once; `facts_for` finds it while this is held."""
    organisations = {
        UUID(one.payload[name])
        for one in messages
        for name in ("seller_id", "buyer_id", "cooperative_id", "member_id")
        if one.payload.get(name)
    }
    commodities = {one.payload["commodity"] for one in messages if one.payload.get("commodity")}
    return [
        *db.session.scalars(select(Organisation).where(Organisation.id.in_(organisations))),
        *db.session.scalars(select(Commodity).where(Commodity.code.in_(commodities))),
    ]


def _mail_invitation(invitation_id: UUID, *, now: datetime) -> None:
    invitation = db.session.get_one(
        Invitation, invitation_id, options=[joinedload(Invitation.organisation)]
    )
    if invitation.email is None and invitation.phone is None:
        return
    channel = Channel.EMAIL if invitation.email else Channel.SMS
    queue_code(
        kind="invitation",
        subject_id=invitation.id,
        number=1,
        channel=channel,
        address=str(invitation.email or invitation.phone),
        locale=invitation.locale,
        sentence=INVITATION,
        facts={
            "name": invitation.name,
            "organisation": invitation.organisation.name,
            "role": ROLES[invitation.locale][invitation.role],
            "invitation_id": str(invitation.id),
        },
        topic="invitation.sent",
        expires_at=invitation.expires_at,
        organisation_id=invitation.organisation_id,
        now=now,
    )
    after_commit(nudges[channel])


def _send_sign_in_code(message: OutboxMessage, *, now: datetime) -> None:
    row = db.session.get_one(SignInCode, UUID(message.payload["code_id"]))
    person = db.session.get_one(Person, row.person_id)
    channel = Channel.EMAIL if "@" in row.login else Channel.SMS
    queue_code(
        kind="sign_in",
        subject_id=row.id,
        number=1,
        channel=channel,
        address=row.login,
        locale=person.locale,
        sentence=SIGN_IN_CODE,
        facts={},
        topic="sign_in.code_sent",
        expires_at=row.expires_at,
        organisation_id=message.concerns[0],
        person_id=person.id,
        now=now,
    )
    after_commit(nudges[channel])


def _text_code(entry_id: UUID, number: int, *, now: datetime) -> None:
    """A short message to the farmer, in which the code is put in when it is sent."""
    entry = db.session.get_one(Entry, entry_id)
    if entry.phone is None:
        return
    person = find_person(entry.phone)
    locale = person.locale if person else "vi"
    facts = facts_for(
        {
            "commodity": entry.content["commodity"],
            "cooperative_id": str(entry.agent_id),
            "quantity": entry.content["quantity"],
        },
        locale,
    )
    if entry.content.get("unit"):
        facts["unit"] = entry.content["unit"]
    queue_code(
        kind="entry",
        subject_id=entry.id,
        number=number,
        channel=Channel.SMS,
        address=entry.phone,
        locale=locale,
        sentence=ENTRY_CODE,
        facts=facts,
        topic="entry.code_sent",
        expires_at=entry.code_until if number == entry.codes else now,
        organisation_id=entry.organisation_id,
        person_id=person.id if person else None,
        now=now,
    )
    after_commit(nudges[Channel.SMS])
