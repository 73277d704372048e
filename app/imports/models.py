"""Files that were sent to be imported, and what became of each of their rows."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import one_of
from app.core.db import Base, Identified


class ImportStatus(StrEnum):
    """``refused`` is a file that cannot be read at all."""

    QUEUED = "queued"
    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    APPLIED = "applied"
    REFUSED = "refused"


class Mode(StrEnum):
    ALL_OR_NOTHING = "all_or_nothing"
    GOOD_ROWS = "good_rows"


class RowStatus(StrEnum):
    WAITING = "waiting"
    GOOD = "good"
    BAD = "bad"
    APPLIED = "applied"


class Import(Identified, Base):
    """One file of one kind; the same content is one import, however often it is sent.

    ``file`` is kept until it has been read into rows. ``handled`` counts the rows of the present
    step. Whoever works on it holds its row's lock, so a worker that is killed lets go of it.
    """

    __tablename__ = "import"
    __table_args__ = (
        one_of("status", ImportStatus),
        one_of("mode", Mode),
        CheckConstraint("handled BETWEEN 0 AND total", name="handled"),
        CheckConstraint("bad BETWEEN 0 AND total", name="bad"),
        CheckConstraint("(status = 'queued') = (file IS NOT NULL)", name="file_until_read"),
        CheckConstraint("(status = 'refused') = (refusal IS NOT NULL)", name="refused_why"),
        CheckConstraint(
            "(status IN ('applying', 'applied')) <= (mode IS NOT NULL)", name="applied_how"
        ),
        UniqueConstraint("organisation_id", "kind", "digest"),
        Index(
            "ix_import_open",
            "id",
            postgresql_where=text("status IN ('queued', 'checking', 'applying')"),
        ),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    digest: Mapped[str]
    media_type: Mapped[str]
    decimal: Mapped[str | None]
    file: Mapped[bytes | None]
    status: Mapped[str]
    mode: Mapped[str | None]
    refusal: Mapped[dict[str, Any] | None]
    total: Mapped[int] = mapped_column(default=0, server_default="0")
    handled: Mapped[int] = mapped_column(default=0, server_default="0")
    bad: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]

    @property
    def percent(self) -> int:
        """How far the present step is."""
        if self.status in (ImportStatus.CHECKED, ImportStatus.APPLIED, ImportStatus.REFUSED):
            return 100
        return 100 * self.handled // self.total if self.total else 0

    @property
    def good(self) -> int:
        """Rows with nothing wrong, as far as they have been looked at."""
        looked_at = self.handled if self.status == ImportStatus.CHECKING else self.total
        return max(0, looked_at - self.bad)


class ImportRow(Identified, Base):
    """One row: the body it stands for, and what is wrong with it."""

    __tablename__ = "import_row"
    __table_args__ = (
        one_of("status", RowStatus),
        CheckConstraint("number > 1", name="number"),
        UniqueConstraint("import_id", "number"),
        Index("ix_import_row_status", "import_id", "status", "number"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    import_id: Mapped[UUID] = mapped_column(ForeignKey("import.id"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    status: Mapped[str]
    errors: Mapped[list[dict[str, Any]]]
    thing_id: Mapped[UUID | None]
