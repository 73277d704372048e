"""Notifications to people, their dispatch by channels, and what people want to hear."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Locale, one_of
from app.core.db import Base, Identified, UnitPrice
from app.core.money import HIGHEST_PRICE


class Channel(StrEnum):
    """How a message leaves the house; `in_app` is the notification itself."""

    EMAIL = "email"
    SMS = "sms"
    ZALO = "zalo"


class Wanted(StrEnum):
    """When a person wants to hear of a topic by a channel."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    NEVER = "never"


class DispatchStatus(StrEnum):
    """`sent`: the channel took it. `failed`: it said later that it could not deliver. `dead`: it
    was refused for good or tried too often. `no_gateway`: nothing here sends by this channel.
    `capped`: too many went to this address today.
    """

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    DEAD = "dead"
    NO_GATEWAY = "no_gateway"
    CAPPED = "capped"


class Notification(Identified, Base):
    """What one person is told as a member of one organisation, in their language.

    ``digest_by`` are the channels whose daily summary, due at ``digest_at``, is to hold it. One
    that is not ``in_app`` is kept for the log only.
    """

    __tablename__ = "notification"
    __table_args__ = (
        one_of("locale", Locale),
        CheckConstraint("(digest_at IS NULL) = (digest_by = '{}')", name="digest_by_and_at"),
        UniqueConstraint("message_id", "person_id", "organisation_id"),
        Index("ix_notification_reader", "person_id", "id"),
        Index(
            "ix_notification_digest", "digest_at", postgresql_where=text("digest_at IS NOT NULL")
        ),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    message_id: Mapped[UUID] = mapped_column(ForeignKey("outbox_message.id"))
    topic: Mapped[str]
    locale: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    in_app: Mapped[bool] = mapped_column(default=True, server_default="true")
    digest_by: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    digest_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    dispatches: Mapped[list["Dispatch"]] = relationship(lazy="raise_on_sql")

    @property
    def email(self) -> str | None:
        """Where its e-mail stands, or None if none was meant."""
        return self._standing(Channel.EMAIL)

    @property
    def sms(self) -> str | None:
        return self._standing(Channel.SMS)

    @property
    def zalo(self) -> str | None:
        return self._standing(Channel.ZALO)

    def _standing(self, channel: Channel) -> str | None:
        return next((one.status for one in self.dispatches if one.channel == channel), None)


class Dispatch(Identified, Base):
    """One message on its way to one address.

    Where ``code_kind`` is set, ``{code}`` in the body stands for the code of that kind made for
    ``code_id`` and ``code_number``, which is put in when the message is sent and kept nowhere.
    After ``expires_at`` it is of no use to anybody.
    """

    __tablename__ = "dispatch"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("status", DispatchStatus),
        one_of("locale", Locale),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("num_nulls(code_kind, code_id, code_number) IN (0, 3)", name="whole_code"),
        CheckConstraint(
            "(status IN ('sent', 'delivered', 'failed')) = (sent_at IS NOT NULL)", name="sent_when"
        ),
        CheckConstraint(
            "(status = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_when"
        ),
        Index("ix_dispatch_due", "channel", "due_at", postgresql_where=text("status = 'queued'")),
        Index("ix_dispatch_address", "address", "created_at"),
        Index("ix_dispatch_log", "organisation_id", "id"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    notification_id: Mapped[UUID | None] = mapped_column(ForeignKey("notification.id"), index=True)
    topic: Mapped[str]
    code_kind: Mapped[str | None]
    code_id: Mapped[UUID | None]
    code_number: Mapped[int | None]
    channel: Mapped[str]
    address: Mapped[str]
    locale: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    provider_id: Mapped[str | None]
    last_error: Mapped[str | None]


class ChannelPause(Base):
    """A channel that did not answer is left alone for a while, so that it holds up no worker."""

    __tablename__ = "channel_pause"
    __table_args__ = (one_of("channel", Channel), CheckConstraint("failures > 0", name="failures"))

    channel: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    paused_until: Mapped[datetime]


class NotificationPreference(Base):
    """When a person wants to hear of a topic by a channel; the topic ``*`` is every other one."""

    __tablename__ = "notification_preference"
    __table_args__ = (
        one_of("wanted", Wanted),
        CheckConstraint("channel IN ('in_app', 'email', 'sms', 'zalo')", name="channel"),
        CheckConstraint("channel <> 'in_app' OR wanted <> 'daily'", name="no_digest_in_app"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    wanted: Mapped[str]


class QuietHours(Base):
    """When a person wants to be left alone, as minutes of the day in Viet Nam."""

    __tablename__ = "quiet_hours"
    __table_args__ = (
        CheckConstraint(
            "starts BETWEEN 0 AND 1439 AND ends BETWEEN 0 AND 1439 AND starts <> ends",
            name="within_a_day",
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    starts: Mapped[int]
    ends: Mapped[int]


class SavedSearch(Identified, Base):
    """What a person waits for: offers, or with ``price_min`` a round that pays so much.

    Each bound left open is stored as the widest there is, so that one range on
    ``ix_saved_search_match`` finds who waits for an offer. ``x``, ``y`` and ``z`` are the place in
    whole ECEF metres, rounded like the position of an offer.
    """

    __tablename__ = "saved_search"
    __table_args__ = (
        CheckConstraint(
            "num_nulls(latitude, longitude, x, y, z, within_km) IN (0, 6)", name="whole_place"
        ),
        CheckConstraint("within_km BETWEEN 1 AND 1000", name="within_km"),
        CheckConstraint("price_max >= 0 AND price_max <> 'NaN'", name="price_max"),
        CheckConstraint("price_min > 0 AND price_min <> 'NaN'", name="price_min"),
        Index(
            "ix_saved_search_match",
            "commodity_code",
            "price_max",
            postgresql_where=text("price_min IS NULL"),
        ),
        Index(
            "ix_saved_search_price",
            "commodity_code",
            "price_min",
            postgresql_where=text("price_min IS NOT NULL"),
        ),
        Index("ix_saved_search_owner", "person_id", "id"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str]
    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"))
    grade: Mapped[str | None]
    worst_rank: Mapped[int | None]
    certificate: Mapped[str | None] = mapped_column(ForeignKey("certificate_scheme.code"))
    price_max: Mapped[UnitPrice]
    price_min: Mapped[UnitPrice | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    within_km: Mapped[int | None]
    x: Mapped[int | None]
    y: Mapped[int | None]
    z: Mapped[int | None]
    created_at: Mapped[datetime]

    @property
    def price_most(self) -> Decimal | None:
        """``price_max`` where it is a bound at all."""
        return None if self.price_max >= HIGHEST_PRICE else self.price_max


class Reminder(Base):
    """A note that something coming up has been told, so that it is told once."""

    __tablename__ = "reminder"

    topic: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]
