"""Tables of places."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Double, Enum, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, Identified


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
