"""Notifications to people, and their dispatch by channels."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Locale, one_of
from app.core.db import Base, Identified


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"


class DispatchStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    DEAD = "dead"


class Notification(Identified, Base):
    """What one person is told as a member of one organisation, in their language."""

    __tablename__ = "notification"
    __table_args__ = (
        one_of("locale", Locale),
        UniqueConstraint("message_id", "person_id", "organisation_id"),
        Index("ix_notification_reader", "person_id", "id"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    message_id: Mapped[UUID] = mapped_column(ForeignKey("outbox_message.id"))
    topic: Mapped[str]
    locale: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    dispatches: Mapped[list["Dispatch"]] = relationship(lazy="raise_on_sql")

    @property
    def email(self) -> str | None:
        """Where its e-mail stands, or None if none was meant."""
        return next((one.status for one in self.dispatches), None)


class Dispatch(Identified, Base):
    """One message on its way to one address.

    Where ``invitation_id`` is set, ``{code}`` in the body stands for that invitation's code, which
    is put in when the message is sent and kept nowhere. With ``entry_id`` it is likewise that
    entry's code numbered ``code_number``. Nothing sends by SMS yet: those wait.
    """

    __tablename__ = "dispatch"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("status", DispatchStatus),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("(entry_id IS NULL) = (code_number IS NULL)", name="entry_with_code"),
        CheckConstraint("(status = 'sent') = (sent_at IS NOT NULL)", name="sent_when"),
        Index("ix_dispatch_due", "due_at", postgresql_where=text("status = 'queued'")),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    notification_id: Mapped[UUID | None] = mapped_column(ForeignKey("notification.id"), index=True)
    invitation_id: Mapped[UUID | None] = mapped_column(ForeignKey("invitation.id"))
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("assisted_entry.id"))
    code_number: Mapped[int | None]
    channel: Mapped[str]
    address: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    status: Mapped[str]
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
