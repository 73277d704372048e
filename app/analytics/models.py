"""Tables of figures: what roll-ups keep of the trades, by day, week and month.

Every row of a roll-up is the sum of trades and nothing else, so each can be made again at any time
by the statements of `sources.py`. Quantities are in the commodity's unit, amounts in VND; what is
a product of the two keeps its five decimals, so that sums of sums stay exact.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base

GRAINS = ("day", "week", "month")
_GRAIN = "grain IN ('day', 'week', 'month')"


def _quantity(name: str) -> Column[Decimal]:
    return Column(name, Numeric(20, 3), info=SUM)


def _value(name: str) -> Column[Decimal]:
    return Column(name, Numeric(26, 5), info=SUM)


def _whole(name: str) -> Column[int]:
    return Column(name, BigInteger(), info=SUM)


SUM = {"sum": True}
"""Marks the measures of a roll-up: null where no trade adds to them, which takes no room."""


def _cell(name: str, *columns: Column[Any]) -> Table:
    """A roll-up; ``organisation_id`` is the seller, ``period`` the first day of what it sums.

    It refers to nothing: the trades do, and to check it again for every sum takes long.
    """
    return Table(
        name,
        Base.metadata,
        Column("organisation_id", Uuid(), nullable=False),
        Column("grain", Text(), nullable=False),
        Column("period", Date(), nullable=False),
        Column("commodity_code", Text(), nullable=False),
        Column("agent_id", Uuid()),
        *columns,
        CheckConstraint(_GRAIN, name="grain"),
        Index(f"ix_{name}_seller", "organisation_id", "grain", "period", "commodity_code"),
        Index(f"ix_{name}_period", "grain", "period", "commodity_code"),
        Index(
            f"ix_{name}_agent",
            "agent_id",
            "grain",
            "period",
            postgresql_where=text("agent_id IS NOT NULL"),
        ),
    )


trade_cell = _cell(
    "trade_cell",
    Column("origin", Text()),
    _quantity("offered_quantity"),
    _value("offered_amount"),
    _quantity("ordered_quantity"),
    _whole("ordered_amount"),
    _quantity("cancelled_quantity"),
    _whole("orders"),
    _whole("orders_of_commodity"),
    _whole("order_lines"),
    _whole("listing_seconds"),
    _whole("due_amount"),
    _whole("paid_amount"),
    _whole("late_amount"),
    _whole("payments"),
    _whole("payment_seconds"),
    _quantity("pooled_quantity"),
    _whole("pooled_amount"),
    _whole("claims"),
    _whole("claims_granted"),
    _whole("claims_refused"),
    _whole("claim_credit"),
    _quantity("forecast_quantity"),
    _quantity("harvested_quantity"),
    _whole("disruptions"),
    _quantity("disrupted_quantity"),
    _quantity("replaced_quantity"),
    _quantity("restored_quantity"),
    _quantity("lost_quantity"),
)
"""What was offered, ordered, paid, pooled, claimed, forecast, harvested and disrupted."""

delivery_cell = _cell(
    "delivery_cell",
    Column("ward_code", Text()),
    Column("buyer_id", Uuid()),
    Column("grade", Text()),
    Column("processing_line", Text()),
    Column("origin", Text()),
    _whole("deliveries"),
    _quantity("despatched_quantity"),
    _quantity("weighed_quantity"),
    _quantity("accepted_quantity"),
    _quantity("refused_quantity"),
    _value("refused_amount"),
    _whole("goods_amount"),
    _quantity("carried_quantity"),
    _whole("carried_amount"),
    _whole("haulage_amount"),
)
"""What was brought, from where to whom, and what was paid for it."""

fate_cell = _cell(
    "fate_cell",
    Column("fate", Text(), nullable=False),
    Column("detail", Text(), nullable=False),
    _quantity("quantity"),
    _value("amount"),
)
"""What became of goods: accepted by grade, rejected by reason, shrunk, run out, spoiled."""

CELLS = (trade_cell, delivery_cell, fate_cell)
Index(
    "ix_trade_cell_disrupted",
    trade_cell.c.period,
    postgresql_where=text("grain = 'month' AND disruptions > 0"),
)
Index(
    "ix_trade_cell_foreseen",
    trade_cell.c.organisation_id,
    trade_cell.c.period,
    trade_cell.c.commodity_code,
    postgresql_include=["forecast_quantity", "harvested_quantity"],
    postgresql_where=text("grain = 'week' AND (forecast_quantity > 0 OR harvested_quantity > 0)"),
)
DIMENSIONS = {
    table.name: tuple(one.name for one in table.c if "sum" not in one.info) for table in CELLS
}
MEASURES = {
    table.name: {
        one.name: "bigint" if isinstance(one.type, BigInteger) else "numeric"
        for one in table.c
        if "sum" in one.info
    }
    for table in CELLS
}
"""The measures of each roll-up, and what PostgreSQL adds them as."""

figure_touched = Table(
    "figure_touched",
    Base.metadata,
    Column("id", BigInteger(), Identity(always=True), primary_key=True),
    Column("organisation_id", Uuid(), ForeignKey("organisation.id"), nullable=False),
    Column("day", Date(), nullable=False),
    Column("commodity_code", Text(), nullable=False),
)
"""Days of a seller's commodity in which a trade has changed; written by triggers."""

group_stale = Table(
    "group_stale",
    Base.metadata,
    Column("week", Date(), nullable=False),
    Column("commodity_code", Text(), nullable=False),
    Column("forecast_told", Boolean(), nullable=False, server_default=false()),
    PrimaryKeyConstraint("week", "commodity_code"),
)
"""Weeks of a commodity whose groups are to be formed again.

What is forecast is told at once and marked here; what was delivered, once the week is over.
"""


class ForecastGroup(Base):
    """What all farms together forecast for a week of a commodity, where they make a safe group."""

    __tablename__ = "forecast_group"
    __table_args__ = (CheckConstraint("farms >= 5", name="enough_farms"),)

    week: Mapped[date] = mapped_column(primary_key=True)
    commodity_code: Mapped[str] = mapped_column(primary_key=True)
    farms: Mapped[int]
    quantity: Mapped[Decimal] = mapped_column(Numeric(20, 3))


class GroupCell(Base):
    """One group of the market view: a week of a commodity in a province, or in several.

    ``province_code`` is '' where provinces had to be put together. A week of a commodity is shown
    whole, in groups each of which is safe, or not at all (`groups.py`).
    """

    __tablename__ = "group_cell"
    __table_args__ = (CheckConstraint("parties >= 5", name="enough_parties"),)

    week: Mapped[date] = mapped_column(primary_key=True)
    commodity_code: Mapped[str] = mapped_column(primary_key=True)
    province_code: Mapped[str] = mapped_column(primary_key=True)
    parties: Mapped[int]
    deliveries: Mapped[int]
    despatched_quantity: Mapped[Decimal] = mapped_column(Numeric(20, 3))
    weighed_quantity: Mapped[Decimal] = mapped_column(Numeric(20, 3))
    accepted_quantity: Mapped[Decimal] = mapped_column(Numeric(20, 3))
    refused_quantity: Mapped[Decimal] = mapped_column(Numeric(20, 3))
    goods_amount: Mapped[int] = mapped_column(BigInteger())
    carried_quantity: Mapped[Decimal] = mapped_column(Numeric(20, 3))
    carried_amount: Mapped[int] = mapped_column(BigInteger())
    haulage_amount: Mapped[int] = mapped_column(BigInteger())


class RoundFigures(Base):
    """A cleared round's welfare and what each simple rule reaches on the same book, whole VND."""

    __tablename__ = "round_figures"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("clearing_round.id"), primary_key=True)
    market_code: Mapped[str] = mapped_column(ForeignKey("market.code"), index=True)
    cleared_at: Mapped[datetime]
    welfare: Mapped[Decimal] = mapped_column(Numeric(30, 0))
    rules: Mapped[dict[str, Any]]


class RoundGain(Base):
    """What one party gained in one round beyond its limit, VND; ``organisation_id`` is whose."""

    __tablename__ = "round_gain"
    __table_args__ = (
        CheckConstraint("side IN ('seller', 'buyer')", name="side"),
        CheckConstraint("quantity > 0 AND gain >= 0", name="positive"),
        Index("ix_round_gain_cell", "market_code", "month"),
    )

    round_id: Mapped[UUID] = mapped_column(ForeignKey("clearing_round.id"), primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    market_code: Mapped[str]
    month: Mapped[date]
    smallholder: Mapped[bool]
    quantity: Mapped[Decimal] = mapped_column(Numeric(20, 3))
    gain: Mapped[Decimal] = mapped_column(Numeric(26, 5))


class MonthGain(Base):
    """A month of a market: how many rounds it had, and what may be told of them (`gains.py`).

    ``told`` is null until the month's rounds have been put together.
    """

    __tablename__ = "month_gain"

    month: Mapped[date] = mapped_column(primary_key=True)
    market_code: Mapped[str] = mapped_column(ForeignKey("market.code"), primary_key=True)
    rounds: Mapped[int]
    told: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
