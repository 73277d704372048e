"""Pools and what members contribute to them."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, one_of
from app.catalogue.models import Commodity
from app.catalogue.queries import get_commodity
from app.core.db import Base, Identified, Quantity
from app.core.errors import Problem
from app.core.quantity import with_unit
from app.lots.models import Lot
from app.places.models import Site


class PoolStatus(StrEnum):
    """Gathering, one lot now, all of it delivered, or given back."""

    OPEN = "open"
    CLOSED = "closed"
    SHIPPED = "shipped"
    RETURNED = "returned"


class ContributionStatus(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


class PoolNotOpen(Problem):
    status, code = 409, "pool_not_open"
    vi = "Đợt gom hàng này không còn mở."
    en = "This pool is no longer open."


class PoolNotFull(Problem):
    status, code = 409, "pool_not_full"
    vi = "Mới gom được {pooled}, chưa đủ chuyến {full_load}."
    en = "Only {pooled} of the full load of {full_load} is pooled."


class Pool(Identified, Base):
    """A cooperative gathers members' lots of one commodity until ``until``.

    ``pooled`` is what confirmed contributions come to, ``full_load`` what the pool needs to close.
    A contribution is at least as good as ``min_grade`` and certified under ``certificates``. Once
    closed it is the lot ``lot_id``, which the cooperative sells in its own name.
    """

    __tablename__ = "pool"
    __table_args__ = (
        one_of("status", PoolStatus),
        CheckConstraint("full_load > 0 AND pooled >= 0", name="quantities"),
        CheckConstraint("(lot_id IS NULL) = (closed_at IS NULL)", name="closed_is_a_lot"),
        CheckConstraint("lot_id IS NULL OR status <> 'open'", name="open_is_no_lot"),
        CheckConstraint(
            "status NOT IN ('closed', 'shipped') OR pooled >= full_load", name="closed_is_full"
        ),
        UniqueConstraint("lot_id"),
        Index("ix_pool_open", "until", postgresql_where=text("status = 'open'")),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    min_grade: Mapped[str | None]
    certificates: Mapped[list[str]]
    full_load: Mapped[Quantity]
    pooled: Mapped[Quantity] = mapped_column(default=Decimal(0), server_default="0")
    status: Mapped[str]
    until: Mapped[datetime]
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("lot.id"))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    cooperative: Mapped[Organisation] = relationship(lazy="raise_on_sql")
    commodity: Mapped[Commodity] = relationship(lazy="raise_on_sql")
    site: Mapped[Site] = relationship(lazy="raise_on_sql")

    @property
    def missing(self) -> Decimal:
        """What a full load still lacks."""
        return max(Decimal(0), self.full_load - self.pooled)

    def not_full(self) -> PoolNotFull:
        """The refusal of what only a full load may do."""
        unit = get_commodity(self.commodity_code).unit
        return PoolNotFull(
            pooled=with_unit(self.pooled, unit), full_load=with_unit(self.full_load, unit)
        )

    def check_open(self, *, now: datetime) -> None:
        """Refuse once it has closed or its time is over.

        Raises:
            PoolNotOpen: it has.
        """
        if self.status != PoolStatus.OPEN or self.until <= now:
            raise PoolNotOpen


class Contribution(Identified, Base):
    """A part of a member's lot in a pool, with what was measured of it at the gathering place.

    ``organisation_id`` is the member. One that the cooperative proposes without a mandate waits
    for the member; confirmed, the part is reserved on its lot. ``returned`` went back to it.
    """

    __tablename__ = "pool_contribution"
    __table_args__ = (
        one_of("status", ContributionStatus),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("returned BETWEEN 0 AND quantity", name="returned_within"),
        CheckConstraint("status <> 'confirmed' OR confirmed_at IS NOT NULL", name="confirmed_when"),
        Index(
            "uq_pool_contribution_lot",
            "pool_id",
            "lot_id",
            unique=True,
            postgresql_where=text("status <> 'withdrawn'"),
        ),
    )

    pool_id: Mapped[UUID] = mapped_column(ForeignKey("pool.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), index=True)
    quantity: Mapped[Quantity]
    grade: Mapped[str | None]
    qualities: Mapped[dict[str, Any]]
    status: Mapped[str]
    returned: Mapped[Quantity] = mapped_column(default=Decimal(0), server_default="0")
    proposed_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]

    member: Mapped[Organisation] = relationship(lazy="raise_on_sql")
    lot: Mapped[Lot] = relationship(lazy="raise_on_sql")

    @property
    def stayed(self) -> Decimal:
        """What of it is in the pooled lot."""
        return self.quantity - self.returned
