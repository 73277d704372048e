"""Lots and certificates."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Capacity, Represented, one_of
from app.catalogue.models import Commodity
from app.core.db import Base, Identified, Quantity
from app.core.errors import Problem
from app.core.quantity import with_unit
from app.places.models import Plot, Site


class LotStatus(StrEnum):
    FORECAST = "forecast"
    HARVESTED = "harvested"
    EXHAUSTED = "exhausted"
    SPOILED = "spoiled"


class CertificateStatus(StrEnum):
    CLAIMED = "claimed"
    VERIFIED = "verified"


class LotNotAvailable(Problem):
    status, code = 409, "lot_not_available"
    vi = "Lô hàng không còn chào bán được."
    en = "This lot can no longer be offered."


class NotEnoughInLot(Problem):
    status, code = 409, "not_enough_left"
    vi = "Lô chỉ còn {left} chưa chào bán."
    en = "Only {left} of this lot is not offered yet."


class LotFrozen(Problem):
    status, code = 409, "lot_frozen"
    vi = "Lô hàng đang bị phong tỏa để thu hồi."
    en = "This lot is frozen by a recall."


class LotInUse(Problem):
    status, code = 409, "lot_in_use"
    vi = "Một phần của lô đang được chào bán hoặc đã bán."
    en = "A part of this lot is on offer or sold."


lot_certificate = Table(
    "lot_certificate",
    Base.metadata,
    Column("lot_id", ForeignKey("lot.id"), primary_key=True),
    Column("certificate_id", ForeignKey("certificate.id"), primary_key=True, index=True),
    Column("organisation_id", ForeignKey("organisation.id"), nullable=False),
)


class Certificate(Identified, Base):
    """A certificate its holder declares; it counts once somebody has verified it."""

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint("valid_until >= valid_from", name="dates"),
        CheckConstraint("(verified_at IS NULL) = (verified_by_id IS NULL)", name="verified"),
        Index("uq_certificate_number", "organisation_id", "scheme_code", "number", unique=True),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    scheme_code: Mapped[str] = mapped_column(ForeignKey("certificate_scheme.code"))
    number: Mapped[str]
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("site.id"))
    plot_id: Mapped[UUID | None] = mapped_column(ForeignKey("plot.id"))
    commodities: Mapped[list[str]]
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    verified_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))

    @property
    def status(self) -> CertificateStatus:
        return CertificateStatus.VERIFIED if self.verified_at else CertificateStatus.CLAIMED

    def covers(self, commodity: str, on: date) -> bool:
        """Whether it counts for this commodity harvested on that day."""
        return (
            self.verified_at is not None
            and commodity in self.commodities
            and self.valid_from <= on <= self.valid_until
        )


class Lot(Represented, Identified, Base):
    """A quantity of one commodity in one place, forecast or harvested.

    ``reserved`` is what offers have taken of it; no more can be listed than is left. A lot from a
    plot counts in the ``season`` in which it was declared to be harvested.
    ``quantity_as_typed`` keeps the figure and the unit in which its quantity was entered. Nothing
    of a lot leaves while it is frozen by a recall.
    """

    __tablename__ = "lot"
    __table_args__ = (
        one_of("status", LotStatus),
        one_of("capacity", Capacity),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("reserved BETWEEN 0 AND quantity", name="reserved_within"),
        CheckConstraint(
            "status <> 'forecast' OR harvested_at IS NULL", name="forecast_not_harvested"
        ),
        CheckConstraint(
            "status <> 'harvested' OR harvested_at IS NOT NULL", name="harvested_when_it_is"
        ),
        CheckConstraint("(capacity = 'agent') = (agent_id IS NOT NULL)", name="agent_named"),
        CheckConstraint("(plot_id IS NULL) = (season IS NULL)", name="plot_with_season"),
        Index("ix_lot_harvested", "organisation_id", "harvested_at"),
        Index("ix_lot_by_day", "harvested_at", postgresql_using="brin"),
    )

    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"), index=True)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), index=True)
    plot_id: Mapped[UUID | None] = mapped_column(ForeignKey("plot.id"), index=True)
    season: Mapped[int | None]
    status: Mapped[str]
    quantity: Mapped[Quantity]
    quantity_as_typed: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    reserved: Mapped[Quantity] = mapped_column(default=Decimal(0), server_default="0")
    grade: Mapped[str | None]
    qualities: Mapped[dict[str, Any]]
    harvested_at: Mapped[datetime | None]
    ready_at: Mapped[datetime]
    frozen_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    commodity: Mapped[Commodity] = relationship(lazy="raise_on_sql")
    site: Mapped[Site] = relationship(lazy="raise_on_sql")
    plot: Mapped[Plot | None] = relationship(lazy="raise_on_sql")
    certificates: Mapped[list[Certificate]] = relationship(
        secondary=lot_certificate, lazy="raise_on_sql", order_by=Certificate.id, viewonly=True
    )

    @property
    def left(self) -> Decimal:
        """What is not on offer or sold yet."""
        return self.quantity - self.reserved

    @property
    def expires_at(self) -> datetime:
        """When its shelf life ends, counted from the (expected) harvest."""
        life = timedelta(hours=self.commodity.shelf_life_hours)
        return (self.harvested_at or self.ready_at) + life

    def reserve(self, quantity: Decimal) -> None:
        """Set a quantity aside for an offer; the row must be locked.

        Raises:
            LotNotAvailable: the lot is spoiled or exhausted. LotFrozen: it is recalled.
            NotEnoughInLot: less is left.
        """
        self.check_not_frozen()
        if self.status not in (LotStatus.FORECAST, LotStatus.HARVESTED):
            raise LotNotAvailable
        if quantity > self.left:
            raise NotEnoughInLot(left=with_unit(self.left, self.commodity.unit))
        self.reserved += quantity

    def can_be_sold(self, *, now: datetime) -> bool:
        """Whether it is still good, and no recall freezes it."""
        return self.frozen_at is None and self.expires_at > now

    def check_not_frozen(self) -> None:
        """Refuse while a recall freezes the lot.

        Raises:
            LotFrozen: it does.
        """
        if self.frozen_at is not None:
            raise LotFrozen

    def release(self, quantity: Decimal) -> None:
        """Take back what an offer did not sell; the row must be locked."""
        self.reserved -= quantity

    def harvest(self, *, at: datetime, quantity: Decimal | None) -> None:
        """A forecast has become stock.

        Raises:
            LotNotAvailable: it is not a forecast. LotInUse: less was harvested than is promised.
        """
        if self.status != LotStatus.FORECAST:
            raise LotNotAvailable
        if quantity is not None:
            if quantity < self.reserved:
                raise LotInUse
            self.quantity = quantity
        self.status = LotStatus.HARVESTED
        self.harvested_at = self.ready_at = at

    def spoil(self) -> None:
        """The lot can no longer be sold.

        Raises:
            LotNotAvailable: it already cannot. LotInUse: a part is on offer or sold.
        """
        if self.status not in (LotStatus.FORECAST, LotStatus.HARVESTED):
            raise LotNotAvailable
        if self.reserved:
            raise LotInUse
        self.status = LotStatus.SPOILED


LARGEST_PHOTO, LONGEST_SIDE = 300 * 1024, 1280


class LotPhoto(Identified, Base):
    """What a lot looks like: a small JPEG without anything but the picture."""

    __tablename__ = "lot_photo"
    __table_args__ = (
        CheckConstraint(f"octet_length(jpeg) BETWEEN 1 AND {LARGEST_PHOTO}", name="small"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), unique=True)
    jpeg: Mapped[bytes]
    created_at: Mapped[datetime]


class LotSource(Base):
    """What of a lot came from which other one: its genealogy, one step back.

    ``organisation_id`` is whose the source was; ``quantity`` is in the commodity's unit.
    """

    __tablename__ = "lot_source"
    __table_args__ = (
        CheckConstraint("lot_id <> source_id", name="not_itself"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    source_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), primary_key=True, index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    quantity: Mapped[Quantity]


class Trend(StrEnum):
    """How a forecast week compares with the one before; zero means nothing will come."""

    UP = "up"
    EVEN = "even"
    DOWN = "down"
    ZERO = "zero"


class Forecast(Represented, Identified, Base):
    """What a party expects to harvest in the week that begins on ``week``, a Monday.

    Rows are never changed; of several for one week the latest is the word that holds.
    """

    __tablename__ = "forecast"
    __table_args__ = (
        one_of("capacity", Capacity),
        one_of("trend", Trend),
        CheckConstraint("low >= 0 AND low <= quantity AND quantity <= high", name="range"),
        CheckConstraint("(trend = 'zero') = (quantity = 0)", name="zero_is_nothing"),
        CheckConstraint("extract(isodow FROM week) = 1", name="week_begins_on_monday"),
        CheckConstraint("(capacity = 'agent') = (agent_id IS NOT NULL)", name="agent_named"),
        Index("ix_forecast_by_day", "week", postgresql_using="brin"),
        Index("ix_forecast_week", "organisation_id", "commodity_code", "week", "made_at"),
    )

    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"))
    week: Mapped[date]
    quantity: Mapped[Quantity]
    low: Mapped[Quantity]
    high: Mapped[Quantity]
    trend: Mapped[str]
    made_at: Mapped[datetime]
