"""Tables of places."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Double,
    Enum,
    ForeignKey,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import one_of
from app.core.db import Base, Identified, Quantity


class Level(StrEnum):
    """Tiers of the administration; districts ended on 30 June 2025."""

    PROVINCE = "province"
    DISTRICT = "district"
    WARD = "ward"


class AdministrativeUnit(Identified, Base):
    """A province, former district, or ward (commune, special zone) while it was valid.

    Codes were given again to other areas in 2025, so a code names a unit only together with a
    day; ``valid_to`` is the last day, or None while the unit exists. The point is the middle of
    the area, WGS84 degrees. ``name_key`` and ``short_key`` are compact, ``search_key`` holds the
    folded words of the name and of the places around it, each between spaces.
    """

    __tablename__ = "administrative_unit"
    __table_args__ = (
        CheckConstraint("valid_to >= valid_from", name="ends_after_start"),
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_exists"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_exists"),
        Index("uq_administrative_unit_code", "level", "code", "valid_from", unique=True),
        Index(
            "uq_administrative_unit_current",
            "level",
            "code",
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
        ),
    )

    code: Mapped[str]
    level: Mapped[Level] = mapped_column(
        Enum(
            Level,
            name="level",
            native_enum=False,
            create_constraint=True,
            length=20,
            values_callable=lambda levels: [str(level) for level in levels],
        )
    )
    name: Mapped[str]
    short_name: Mapped[str]
    province_code: Mapped[str] = mapped_column(index=True)
    province_name: Mapped[str]
    district_name: Mapped[str | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    latitude: Mapped[float] = mapped_column(Double())
    longitude: Mapped[float] = mapped_column(Double())
    name_key: Mapped[str]
    short_key: Mapped[str]
    search_key: Mapped[str]
    sort_key: Mapped[str] = mapped_column(Text(collation="C"))

    predecessors: Mapped[list["AdministrativeUnit"]] = relationship(
        secondary="administrative_unit_predecessor",
        primaryjoin="AdministrativeUnit.id == AdministrativeUnitPredecessor.unit_id",
        secondaryjoin="AdministrativeUnit.id == AdministrativeUnitPredecessor.predecessor_id",
        order_by="AdministrativeUnit.sort_key",
        back_populates="successors",
        lazy="raise_on_sql",
    )
    successors: Mapped[list["AdministrativeUnit"]] = relationship(
        secondary="administrative_unit_predecessor",
        primaryjoin="AdministrativeUnit.id == AdministrativeUnitPredecessor.predecessor_id",
        secondaryjoin="AdministrativeUnit.id == AdministrativeUnitPredecessor.unit_id",
        order_by="AdministrativeUnit.sort_key",
        back_populates="predecessors",
        lazy="raise_on_sql",
    )


class AdministrativeUnitPredecessor(Base):
    """A former unit whose area went, wholly or in part, to a later one."""

    __tablename__ = "administrative_unit_predecessor"

    unit_id: Mapped[UUID] = mapped_column(ForeignKey("administrative_unit.id"), primary_key=True)
    predecessor_id: Mapped[UUID] = mapped_column(
        ForeignKey("administrative_unit.id"), primary_key=True, index=True
    )


class Site(Identified, Base):
    """A pick-up or delivery point of an organisation, in the ward it declares.

    ``x``, ``y``, ``z`` are earth-centred metres of the position *rounded to about 1 km*, which is
    all that searches by distance may use; the exact position stays with its owner.
    """

    __tablename__ = "site"
    __table_args__ = (
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_exists"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_exists"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str]
    ward_code: Mapped[str]
    latitude: Mapped[float] = mapped_column(Double())
    longitude: Mapped[float] = mapped_column(Double())
    x: Mapped[int]
    y: Mapped[int]
    z: Mapped[int]
    created_at: Mapped[datetime]


class Plot(Identified, Base):
    """A field on which one commodity grows. ``geometry`` is GeoJSON, longitude before latitude.

    ``growing_area_code`` is the code its area was registered under, if any.
    """

    __tablename__ = "plot"
    __table_args__ = (CheckConstraint("area_ha > 0", name="area_positive"),)

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"))
    area_ha: Mapped[Decimal] = mapped_column(Numeric(10, 4))
    geometry: Mapped[dict[str, Any] | None]
    growing_area_code: Mapped[str | None] = mapped_column(index=True)
    created_at: Mapped[datetime]

    yields: Mapped[list["PlotYield"]] = relationship(
        lazy="raise_on_sql", order_by="PlotYield.valid_from"
    )


class PlotYield(Identified, Base):
    """What a plot is expected to bear in a season, units per hectare, from a day on, says whom."""

    __tablename__ = "plot_yield"
    __table_args__ = (
        CheckConstraint("per_hectare > 0", name="per_hectare_positive"),
        UniqueConstraint("plot_id", "valid_from"),
    )

    plot_id: Mapped[UUID] = mapped_column(ForeignKey("plot.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    per_hectare: Mapped[Quantity]
    valid_from: Mapped[date]
    source: Mapped[str]
    declared_at: Mapped[datetime]


class GrowingArea(Base):
    """A growing-area code and who holds it; its members may declare plots under it."""

    __tablename__ = "growing_area"

    code: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    declared_at: Mapped[datetime]


class GrowingAreaSeason(Base):
    """How much of a commodity may be listed under a code in a season, and how much is.

    A season is a calendar year in Viet Nam. ``capacity`` is the sum of area × expected yield of
    the code's plots.
    """

    __tablename__ = "growing_area_season"
    __table_args__ = (
        CheckConstraint("listed BETWEEN 0 AND capacity", name="listed_within"),
        CheckConstraint("season BETWEEN 1900 AND 2200", name="season_exists"),
    )

    code: Mapped[str] = mapped_column(ForeignKey("growing_area.code"), primary_key=True)
    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"), primary_key=True)
    season: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    capacity: Mapped[Decimal] = mapped_column(Numeric(18, 3))
    listed: Mapped[Decimal] = mapped_column(Numeric(18, 3))

    @property
    def left(self) -> Decimal:
        """What may still be listed."""
        return self.capacity - self.listed


class RestrictionKind(StrEnum):
    """What may still cross the border of the area: nothing, what leaves it, what enters it."""

    CLOSED = "closed"
    EXIT_ONLY = "exit_only"
    ENTRY_ONLY = "entry_only"


class Restriction(Identified, Base):
    """An authority's limit on movement across the border of a ward or province, for a time.

    Without ``commodity_code`` it holds for all produce, without ``ends_at`` until it is lifted at
    ``ended_at``. ``organisation_id`` is the authority.
    """

    __tablename__ = "restriction"
    __table_args__ = (
        one_of("kind", RestrictionKind),
        CheckConstraint("(ward_code IS NULL) <> (province_code IS NULL)", name="one_area"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_restriction_ends_at", "ends_at"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    ward_code: Mapped[str | None]
    province_code: Mapped[str | None]
    commodity_code: Mapped[str | None] = mapped_column(ForeignKey("commodity.code"))
    kind: Mapped[str]
    reason: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    def bars(self, *, leaving: bool, entering: bool) -> bool:
        """Whether a load may not move; ``leaving`` and ``entering`` say how it crosses the border.

        What moves inside the area, or outside it, crosses nothing.
        """
        kind = RestrictionKind(self.kind)
        return (leaving and kind is not RestrictionKind.EXIT_ONLY) or (
            entering and kind is not RestrictionKind.ENTRY_ONLY
        )
