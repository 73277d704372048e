"""Tables of the catalogue. They are public and keyed by words people can read."""

from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import (
    CheckConstraint,
    Column,
    Enum,
    ForeignKey,
    Index,
    Numeric,
    Table,
    Text,
    select,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from app.core.db import Base, UnitPrice


class Unit(StrEnum):
    """What a commodity is counted in."""

    KG = "kg"
    STEM = "stem"
    HEAD = "head"


class Form(StrEnum):
    """The state a produce is traded in; another form is another commodity."""

    FRESH = "fresh"
    DRIED = "dried"
    LIVE = "live"


class Category(StrEnum):
    TEA = "tea"
    COFFEE = "coffee"
    HERB = "herb"
    FLOWER = "flower"
    MUSHROOM = "mushroom"
    DAIRY = "dairy"
    SILK = "silk"
    DYE = "dye"
    CUT_FLOWER = "cut_flower"
    LIVESTOCK = "livestock"


class QualityType(StrEnum):
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"


class Direction(StrEnum):
    """Which end of a measured quality is the better one."""

    HIGHER = "higher"
    LOWER = "lower"
    NONE = "none"


class RoundEvery(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"


def _words(choices: type[StrEnum], name: str) -> Enum:
    """A text column that holds one of a few words, with a CHECK that says so."""
    return Enum(
        choices,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda words: [str(word) for word in words],
    )


class Bilingual:
    """Mixin: a name in both languages."""

    name_vi: Mapped[str]
    name_en: Mapped[str]

    @property
    def name(self) -> dict[str, str]:
        """The name by language."""
        return {"vi": self.name_vi, "en": self.name_en}


class Listed(Bilingual):
    """Mixin: a readable key, a name, and the name's place in Vietnamese order."""

    code: Mapped[str] = mapped_column(primary_key=True)
    sort_key: Mapped[str] = mapped_column(Text(collation="C"))


class Commodity(Listed, Base):
    """One produce in one form, traded in exactly one market.

    ``unit_weight_kg`` is the weight hauled per unit; a buyer may claim for ``claim_hours`` after
    inspection; ``search_key`` holds the folded names and
    aliases, each word between spaces.
    """

    __tablename__ = "commodity"
    __table_args__ = (
        CheckConstraint("unit_weight_kg > 0", name="unit_weight_positive"),
        CheckConstraint("unit <> 'kg' OR unit_weight_kg = 1", name="kg_weighs_one"),
        CheckConstraint("shelf_life_hours > 0", name="shelf_life_positive"),
        CheckConstraint("claim_hours > 0", name="claim_hours_positive"),
        Index("uq_commodity_base", "market_code", unique=True, postgresql_where=text("is_base")),
    )

    market_code: Mapped[str] = mapped_column(ForeignKey("market.code"), index=True)
    is_base: Mapped[bool]
    category: Mapped[Category] = mapped_column(_words(Category, "category"))
    form: Mapped[Form] = mapped_column(_words(Form, "form"))
    unit: Mapped[Unit] = mapped_column(_words(Unit, "unit"))
    unit_weight_kg: Mapped[Decimal] = mapped_column(Numeric(10, 3))
    shelf_life_hours: Mapped[int]
    claim_hours: Mapped[int] = mapped_column(default=48, server_default="48")
    cold_chain: Mapped[bool]
    search_key: Mapped[str]

    market: Mapped["Market"] = relationship(lazy="raise_on_sql", back_populates="commodities")
    qualities: Mapped[list["QualityAttribute"]] = relationship(
        lazy="raise_on_sql", order_by="QualityAttribute.position"
    )
    grades: Mapped[list["Grade"]] = relationship(lazy="raise_on_sql", order_by="Grade.rank")


class Haulage(NamedTuple):
    """A tariff: VND per kg, VND per kg and km, km of road per km straight, and km per hour."""

    base: Decimal
    rate_per_km: Decimal
    road_factor: Decimal
    speed_kmh: Decimal


class Market(Listed, Base):
    """Commodities that can stand in for one another, cleared as one.

    Haulage costs ``haulage_base + haulage_rate_per_km × km`` VND per kg, where km is
    ``road_factor`` × the straight distance. Rounds fall on ``round_time`` in Viet Nam, each day or
    each ``round_weekday`` (Monday is 0). When trades are chosen, a unit from a smallholder counts
    for ``smallholder_bonus`` VND more; one is who says so and whose plots are
    ``smallholder_hectares`` together at most.
    """

    __tablename__ = "market"
    __table_args__ = (
        CheckConstraint("haulage_base >= 0", name="haulage_base_not_negative"),
        CheckConstraint("haulage_rate_per_km >= 0", name="haulage_rate_not_negative"),
        CheckConstraint("road_factor >= 1", name="road_factor_at_least_one"),
        CheckConstraint("speed_kmh > 0", name="speed_positive"),
        CheckConstraint("smallholder_bonus >= 0", name="smallholder_bonus_not_negative"),
        CheckConstraint("smallholder_hectares >= 0", name="smallholder_hectares_not_negative"),
        CheckConstraint("round_weekday BETWEEN 0 AND 6", name="round_weekday_exists"),
        CheckConstraint(
            "(round_every = 'weekly') = (round_weekday IS NOT NULL)", name="weekly_has_weekday"
        ),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    haulage_base: Mapped[Decimal] = mapped_column(Numeric(11, 2))
    haulage_rate_per_km: Mapped[Decimal] = mapped_column(Numeric(11, 2))
    road_factor: Mapped[Decimal] = mapped_column(Numeric(4, 2))
    speed_kmh: Mapped[Decimal] = mapped_column(Numeric(5, 1))
    smallholder_bonus: Mapped[Decimal] = mapped_column(
        Numeric(12, 2), default=Decimal(0), server_default="0"
    )
    smallholder_hectares: Mapped[Decimal] = mapped_column(
        Numeric(6, 2), default=Decimal(2), server_default="2"
    )
    round_every: Mapped[RoundEvery] = mapped_column(_words(RoundEvery, "round_every"))
    round_time: Mapped[time]
    round_weekday: Mapped[int | None]
    next_round_at: Mapped[datetime] = mapped_column(index=True)

    base_commodity_code: Mapped[str] = column_property(
        select(Commodity.code)
        .where(Commodity.market_code == code, Commodity.is_base)
        .scalar_subquery()
    )
    commodities: Mapped[list[Commodity]] = relationship(
        lazy="raise_on_sql", order_by=Commodity.sort_key, back_populates="market"
    )

    @property
    def haulage(self) -> Haulage:
        """The tariff in force."""
        return Haulage(
            self.haulage_base, self.haulage_rate_per_km, self.road_factor, self.speed_kmh
        )


class CommodityConversion(Base):
    """How many units of its market's base commodity one unit of a commodity makes, by date."""

    __tablename__ = "commodity_conversion"
    __table_args__ = (
        CheckConstraint("factor > 0", name="factor_positive"),
        CheckConstraint("valid_until >= valid_from", name="ends_after_start"),
    )

    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_until: Mapped[date | None]
    factor: Mapped[Decimal] = mapped_column(Numeric(12, 6))


class QualityAttribute(Bilingual, Base):
    """A measured or attested quality; ``minimum`` and ``maximum`` bound what may be entered."""

    __tablename__ = "quality_attribute"
    __table_args__ = (
        CheckConstraint("minimum <= maximum", name="bounds_in_order"),
        CheckConstraint("decimals BETWEEN 0 AND 3", name="decimals_in_range"),
        CheckConstraint("(type = 'number') = (decimals IS NOT NULL)", name="number_has_decimals"),
        CheckConstraint(
            "type = 'number' OR (unit IS NULL AND minimum IS NULL AND maximum IS NULL)",
            name="only_numbers_are_measured",
        ),
    )

    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    type: Mapped[QualityType] = mapped_column(_words(QualityType, "type"))
    unit: Mapped[str | None]
    minimum: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    maximum: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    decimals: Mapped[int | None]
    direction: Mapped[Direction] = mapped_column(_words(Direction, "direction"))
    required: Mapped[bool]
    method: Mapped[str | None]


class Grade(Bilingual, Base):
    """A trade class of a commodity; rank 1 is the best."""

    __tablename__ = "grade"
    __table_args__ = (
        CheckConstraint("rank >= 1", name="rank_from_one"),
        Index("uq_grade_rank", "commodity_code", "rank", unique=True),
    )

    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    rank: Mapped[int]


class CertificateScheme(Listed, Base):
    """A standard that a farm or processor can be certified under, and who keeps it."""

    __tablename__ = "certificate_scheme"

    issuer: Mapped[str]


processing_line_commodity = Table(
    "processing_line_commodity",
    Base.metadata,
    Column("processing_line_code", ForeignKey("processing_line.code"), primary_key=True),
    Column("commodity_code", ForeignKey("commodity.code"), primary_key=True, index=True),
)


class ProcessingLine(Listed, Base):
    """A kind of processing, the chain it belongs to, and the commodities it accepts."""

    __tablename__ = "processing_line"

    chain: Mapped[str]
    commodities: Mapped[list[Commodity]] = relationship(
        secondary=processing_line_commodity, lazy="raise_on_sql", order_by=Commodity.sort_key
    )


class ReferenceSeries(Listed, Base):
    """A price that somebody outside publishes, VND per unit of a commodity, and who that is."""

    __tablename__ = "reference_series"

    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"))
    source: Mapped[str]


class ReferencePrice(Base):
    """What a series said of a day, and since when that was known; a revision is a further row."""

    __tablename__ = "reference_price"
    __table_args__ = (CheckConstraint("price >= 0", name="price_not_negative"),)

    series_code: Mapped[str] = mapped_column(ForeignKey("reference_series.code"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    known_at: Mapped[datetime] = mapped_column(primary_key=True)
    price: Mapped[UnitPrice]
