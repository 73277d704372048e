"""From an outbox message to what each person reads, and to mail on its way."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import joinedload

from app.accounts.models import Invitation, Person, Role
from app.accounts.queries import find_person, people_of
from app.collecting.models import Entry
from app.core import outbox, queue
from app.core.after_commit import after_commit
from app.core.db import db
from app.core.outbox import OutboxMessage
from app.notifications.facts import facts_for, side_of
from app.notifications.models import Channel, Dispatch, DispatchStatus, Notification
from app.notifications.sentence import Sentence
from app.notifications.topics import ENTRY_CODE, INVITATION, TOPICS

CONSUMER = "notifications"
LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 8
ROLES = {
    "vi": {"owner": "chủ", "manager": "quản lý", "member": "thành viên", "viewer": "người xem"},
    "en": {"owner": "owner", "manager": "manager", "member": "member", "viewer": "viewer"},
}


def notify(*, message: OutboxMessage, now: datetime) -> int:
    """Write what a message means for each person it concerns; once, however often asked.

    Returns:
        how many notifications were written.

    Raises:
        KeyError: nobody has said what the topic means.
    """
    topic = TOPICS[message.topic]
    if not outbox.first_time(CONSUMER, message.id, now=now):
        return 0
    if message.topic == "invitation.sent":
        _mail_invitation(UUID(message.payload["invitation_id"]), now=now)
    if message.topic == "entry.code_sent":
        _text_code(UUID(message.payload["entry_id"]), message.payload["code_number"], now=now)
    told = 0
    for role in people_of(message.concerns):
        sentence = topic.sentence(side_of(message.payload, role.organisation_id))
        if sentence is not None:
            _tell(message, role, sentence, email=topic.email, now=now)
            told += 1
    db.session.flush()
    return told


def claim_dispatches(*, now: datetime, most: int) -> Sequence[Dispatch]:
    """Lease mails that are due to the caller, oldest first."""
    due = (
        select(Dispatch.id)
        .where(
            Dispatch.status == DispatchStatus.QUEUED,
            Dispatch.channel == Channel.EMAIL,
            Dispatch.due_at <= now,
            or_(Dispatch.lease_until.is_(None), Dispatch.lease_until < now),
        )
        .order_by(Dispatch.due_at, Dispatch.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return db.session.scalars(
        update(Dispatch)
        .where(Dispatch.id.in_(due.scalar_subquery()))
        .values(lease_until=now + LEASE)
        .returning(Dispatch)
    ).all()


def mark_sent(*, dispatch_id: UUID, now: datetime) -> None:
    """The channel has taken the message."""
    db.session.execute(
        update(Dispatch)
        .where(Dispatch.id == dispatch_id, Dispatch.status == DispatchStatus.QUEUED)
        .values(
            status=DispatchStatus.SENT,
            sent_at=now,
            lease_until=None,
            attempts=Dispatch.attempts + 1,
        )
    )


def mark_not_sent(*, dispatch_id: UUID, reason: str, for_good: bool, now: datetime) -> None:
    """Try again later; set aside as dead what failed too often or can never arrive."""
    dispatch = db.session.get_one(Dispatch, dispatch_id, with_for_update=True)
    dispatch.attempts += 1
    dispatch.last_error = reason[:500]
    dispatch.lease_until = None
    dispatch.due_at = now + outbox.wait_after(dispatch.attempts)
    if for_good or dispatch.attempts >= MOST_ATTEMPTS:
        dispatch.status = DispatchStatus.DEAD


def mark_read(*, notification: Notification, now: datetime) -> Notification:
    """The person has read it; the first time counts."""
    notification.read_at = notification.read_at or now
    db.session.flush()
    return notification


def nudge_mail() -> None:
    """Tell a worker to send what is queued; if nobody hears it, the sweep looks in seconds."""
    queue.nudge("workers.notifications.send_mail")


def _tell(
    message: OutboxMessage, role: Role, sentence: Sentence, *, email: bool, now: datetime
) -> None:
    person: Person = role.person
    facts = facts_for(message.payload, person.locale)
    notification = Notification(
        organisation_id=role.organisation_id,
        person_id=person.id,
        message_id=message.id,
        topic=message.topic,
        locale=person.locale,
        title=_one_line(sentence.title(person.locale).format_map(facts)),
        body=sentence.body(person.locale).format_map(facts),
        created_at=now,
    )
    db.session.add(notification)
    db.session.flush()
    if email and person.email:
        _queue_mail(
            organisation_id=role.organisation_id,
            address=person.email,
            subject=notification.title,
            body=notification.body,
            notification_id=notification.id,
            now=now,
        )


def _mail_invitation(invitation_id: UUID, *, now: datetime) -> None:
    invitation = db.session.get_one(
        Invitation, invitation_id, options=[joinedload(Invitation.organisation)]
    )
    if invitation.email is None:
        return
    facts = {
        "name": invitation.name,
        "organisation": invitation.organisation.name,
        "role": ROLES[invitation.locale][invitation.role],
        "invitation_id": str(invitation.id),
    }
    _queue_mail(
        organisation_id=invitation.organisation_id,
        address=invitation.email,
        subject=_one_line(INVITATION.title(invitation.locale).format_map(facts)),
        body=INVITATION.body(invitation.locale).format_map(facts),
        invitation_id=invitation.id,
        now=now,
    )


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
    db.session.add(
        Dispatch(
            organisation_id=entry.organisation_id,
            entry_id=entry.id,
            code_number=number,
            channel=Channel.SMS,
            address=entry.phone,
            subject=ENTRY_CODE.title(locale),
            body=ENTRY_CODE.body(locale).format_map(facts),
            status=DispatchStatus.QUEUED,
            due_at=now,
        )
    )


def _queue_mail(
    *,
    organisation_id: UUID,
    address: str,
    subject: str,
    body: str,
    now: datetime,
    notification_id: UUID | None = None,
    invitation_id: UUID | None = None,
) -> None:
    db.session.add(
        Dispatch(
            organisation_id=organisation_id,
            notification_id=notification_id,
            invitation_id=invitation_id,
            channel=Channel.EMAIL,
            address=address,
            subject=subject,
            body=body,
            status=DispatchStatus.QUEUED,
            due_at=now,
        )
    )
    after_commit(nudge_mail)


def _one_line(text: str) -> str:
    return " ".join(text.split())
