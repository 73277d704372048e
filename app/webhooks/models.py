"""Webhooks and what was sent to them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import one_of
from app.core.db import Base, Identified


class WebhookStatus(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"


class DeliveryStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    DEAD = "dead"


class Webhook(Identified, Base):
    """An address of an organisation and the topics that are sent there.

    Its secret is derived from ``secret_number`` (see `signing.py`) and stored nowhere.
    ``failing_since`` is when the first of an unbroken row of failures happened.
    """

    __tablename__ = "webhook"
    __table_args__ = (
        one_of("status", WebhookStatus),
        CheckConstraint("cardinality(topics) > 0", name="topics"),
        CheckConstraint("secret_number >= 1", name="secret_number"),
        CheckConstraint("(status = 'disabled') = (disabled_at IS NOT NULL)", name="disabled_when"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    url: Mapped[str]
    topics: Mapped[list[str]]
    status: Mapped[str]
    secret_number: Mapped[int] = mapped_column(default=1, server_default="1")
    rotated_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_because: Mapped[str | None]
    created_at: Mapped[datetime]


class WebhookDelivery(Identified, Base):
    """One event on its way to one webhook; a ping has no message behind it."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        one_of("status", DeliveryStatus),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("(status = 'sent') = (sent_at IS NOT NULL)", name="sent_when"),
        UniqueConstraint("webhook_id", "message_id"),
        Index(
            "ix_webhook_delivery_due",
            "webhook_id",
            "due_at",
            "id",
            postgresql_where=text("status = 'queued'"),
        ),
        Index("ix_webhook_delivery_log", "webhook_id", "id"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("outbox_message.id"))
    event_id: Mapped[UUID]
    topic: Mapped[str]
    body: Mapped[str]
    status: Mapped[str]
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]

    webhook: Mapped[Webhook] = relationship(lazy="raise_on_sql")
