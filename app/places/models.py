"""Tables of places."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Double, Enum, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

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
    folded words of the name and of the places around it, each after a space.
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
            postgresql_where="valid_to IS NULL",
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


class AdministrativeUnitPredecessor(Base):
    """A former unit whose area went, wholly or in part, to a later one."""

    __tablename__ = "administrative_unit_predecessor"

    unit_id: Mapped[UUID] = mapped_column(ForeignKey("administrative_unit.id"), primary_key=True)
    predecessor_id: Mapped[UUID] = mapped_column(
        ForeignKey("administrative_unit.id"), primary_key=True, index=True
    )
