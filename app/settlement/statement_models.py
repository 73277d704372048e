"""Statements, and the personal numbers a purchase list needs."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Amount, Base, Identified
from app.core.errors import Problem


class PeriodClosed(Problem):
    status, code = 409, "period_closed"
    vi = "Kỳ này đã chốt; bảng kê công nợ kế tiếp phải bắt đầu từ ngày {next_from}."
    en = "This period is closed; the next statement has to begin on {next_from}."


class Statement(Identified, Base):
    """A closed period of one party; ``document`` holds all of it, so that it reads alike for ever.

    Days are Viet Nam's, both included. Balances are whole VND over all accounts but ``bank``:
    above zero others owe the party.
    """

    __tablename__ = "statement"
    __table_args__ = (
        CheckConstraint("number >= 1", name="number_from_one"),
        CheckConstraint("period_until >= period_from", name="period"),
        UniqueConstraint("organisation_id", "number"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[int]
    period_from: Mapped[date]
    period_until: Mapped[date]
    opening_balance: Mapped[Amount]
    closing_balance: Mapped[Amount]
    issued_at: Mapped[datetime]
    document: Mapped[dict[str, Any]] = mapped_column(deferred=True)


class StatementEntry(Identified, Base):
    """A ledger entry belongs to one statement for good.

    ``brought_forward``: it is older than the party's first statement and only in its opening.
    """

    __tablename__ = "statement_entry"

    statement_id: Mapped[UUID] = mapped_column(ForeignKey("statement.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_entry.id"), unique=True)
    brought_forward: Mapped[bool]


class SellerIdentity(Identified, Base):
    """The personal number of a farm's owner, who has no tax code, for buyers' purchase lists."""

    __tablename__ = "seller_identity"
    __table_args__ = (
        CheckConstraint("number ~ '^[0-9]{9}([0-9]{3})?$'", name="number_has_9_or_12_digits"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), unique=True)
    number: Mapped[str]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]


class IdentityReading(Identified, Base):
    """Somebody has seen a personal number whole; append-only."""

    __tablename__ = "identity_reading"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    subject_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    read_at: Mapped[datetime]
