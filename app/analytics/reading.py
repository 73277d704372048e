"""Whose figures a reader asks for, of which days, and sums of roll-ups for that.

Consent is looked up when figures are read, so that withdrawing it takes effect at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from functools import cache, cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Row,
    Table,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.sql.selectable import Select

from app.accounts.models import Kind, Organisation
from app.accounts.queries import consenting_members
from app.analytics.models import GroupCell
from app.catalogue.models import Commodity
from app.core import clock
from app.core.db import db
from app.core.errors import Forbidden
from app.core.money import PRICE_STEP, to_dong

WEEK = timedelta(days=7)
TRUNCATED = {"day": "day", "week": "week", "month": "month", "season": "year"}


class View(StrEnum):
    """One's own figures and those of consenting members, or the market's in groups."""

    OWN = "own"
    MARKET = "market"


@dataclass(frozen=True)
class Period:
    """Days, both included, and whether they are told apart by day, week, month or season.

    A season is a calendar year, as for growing-area codes.
    """

    since: date
    until: date
    granularity: str | None = None

    def tiles(self) -> list[tuple[str, date, date]]:
        """Grains and their first and last days, which together are the period and overlap nowhere.

        Weeks are told from weeks, everything coarser from months; what is left over at the ends
        comes from days.
        """
        end = self.until + timedelta(days=1)
        if self.granularity == "day":
            return [("day", self.since, end)]
        if self.granularity == "week":
            grain, first, last = "week", clock.monday(self.since + 6 * DAY), clock.monday(end)
        else:
            grain, first, last = "month", month_from(self.since), end.replace(day=1)
        if first >= last:
            return [("day", self.since, end)]
        tiles = [("day", self.since, first), (grain, first, last), ("day", last, end)]
        return [one for one in tiles if one[1] < one[2]]

    def bucket(self, day: Any) -> ColumnElement[date | None]:
        """The first day of the part of the period to which ``day`` belongs."""
        if self.granularity is None:
            return cast(literal(None), Date)
        unit = literal(TRUNCATED[self.granularity], literal_execute=True)
        return cast(func.date_trunc(unit, day), Date)

    def a_season_before(self) -> "Period":
        """The same days of last season; days and weeks stay on their weekdays."""
        return Period(self.before(self.since), self.before(self.until), self.granularity)

    def before(self, day: date) -> date:
        """The day of last season that answers to a day."""
        if self.granularity in ("day", "week"):
            return day - 52 * WEEK
        return day.replace(year=day.year - 1, day=min(day.day, 28 if day.month == 2 else 31))

    def whole_weeks(self) -> ColumnElement[bool]:
        """The weeks of the market view that lie within the period entirely."""
        return and_(GroupCell.week >= self.since, GroupCell.week <= self.until - 6 * DAY)


DAY = timedelta(days=1)


@dataclass(frozen=True)
class Question:
    """Who asks for which figures."""

    reader: Organisation
    view: View
    period: Period
    commodity: str | None = None

    @cached_property
    def known(self) -> Sequence[UUID]:
        """The reader itself and the members that share their figures with it now."""
        if self.reader.kind != Kind.COOPERATIVE:
            return [self.reader.id]
        return [self.reader.id, *db.session.scalars(consenting_members(self.reader.id))]

    @cached_property
    def _among(self) -> BindParameter[Any]:
        """Whom the reader knows, as literals: psycopg reads a statement of many parameters anew."""
        known: Any = self.known
        return bindparam("known", known, Uuid(), expanding=True, literal_execute=True)

    def over(self, period: Period) -> "Question":
        """The same about another period; whom the reader knows is not looked up again."""
        return self._but(period=period)

    def about(self, commodity: str) -> "Question":
        """The same about one commodity."""
        return self._but(commodity=commodity)

    def _but(self, **changes: Any) -> "Question":
        other = replace(self, **changes)
        vars(other)["known"] = self.known
        return other

    def sellers(self, organisation: Any, agent: Any) -> ColumnElement[bool]:
        """Rows of those whose figures the reader knows, or sold by the reader as an agent."""
        return or_(*self._arms(organisation, agent))

    def apart(self, organisation: Any, agent: Any) -> list[ColumnElement[bool]]:
        """Conditions of which each row of ``sellers`` meets exactly one, each by its index."""
        own, *sold = self._arms(organisation, agent)
        return [own, *(and_(one, organisation.not_in(self._among)) for one in sold)]

    def _arms(self, organisation: Any, agent: Any) -> list[ColumnElement[bool]]:
        own: ColumnElement[bool] = organisation.in_(self._among)
        return [own, agent == self.reader.id] if self.reader.kind == Kind.COOPERATIVE else [own]

    @cached_property
    def _rows(self) -> dict[Table, ColumnElement[bool]]:
        return {}

    def rows(self, cell: Table) -> ColumnElement[bool]:
        """The rows of a roll-up that the reader may see of the period, each arm by an index."""
        if cell not in self._rows:
            self._rows[cell] = self._rows_of(cell)
        return self._rows[cell]

    def _rows_of(self, cell: Table) -> ColumnElement[bool]:
        c = cell.c
        tiles = self.period.tiles()
        within = [
            and_(arm, c.grain == grain, c.period >= first, c.period < last)
            for arm in self._arms(c.organisation_id, c.agent_id)
            for grain, first, last in tiles
        ]
        return and_(or_(*within), self.named(c))

    def named(self, columns: Any) -> ColumnElement[bool]:
        """Rows of the commodity asked for."""
        code: ColumnElement[str] = columns.commodity_code
        return code == self.commodity if self.commodity else literal(value=True)

    def of_market(self, market: Any) -> ColumnElement[bool]:
        """Rows of the market of the commodity asked for."""
        if self.commodity is None:
            return literal(value=True)
        own = select(Commodity.market_code).where(Commodity.code == self.commodity)
        same: ColumnElement[bool] = market == own.scalar_subquery()
        return same


def view_of(reader: Organisation, asked: str | None) -> View:
    """The view a reader gets: an office sees groups only, others choose and see their own first.

    Raises:
        Forbidden: an office has asked for figures of its own.
    """
    if reader.kind in (Kind.AUTHORITY, Kind.OPERATOR):
        if asked == View.OWN:
            raise Forbidden
        return View.MARKET
    return View(asked or View.OWN)


def summed(
    cell: Table, question: Question, by: Sequence[Any], measures: Sequence[str]
) -> Sequence[Row[Any]]:
    """Sums of measures of the reader's rows, by some dimensions."""
    sums = _sums(cell, tuple(measures))
    return db.session.execute(_by(select(*by, *sums).where(question.rows(cell)), by)).all()


@cache
def _sums(cell: Table, measures: tuple[str, ...]) -> Sequence[ColumnElement[Any]]:
    return [func.coalesce(func.sum(cell.c[name]), 0).label(name) for name in measures]


def grouped_sums(question: Question, by: Sequence[Any]) -> Sequence[Row[Any]]:
    """Sums of the market's groups in the whole weeks of the period."""
    sums = (
        func.sum(getattr(GroupCell, name)).label(name)
        for name in (
            "despatched_quantity",
            "weighed_quantity",
            "accepted_quantity",
            "refused_quantity",
            "goods_amount",
            "carried_quantity",
            "carried_amount",
            "haulage_amount",
        )
    )
    rows = select(*by, *sums).where(question.period.whole_weeks(), question.named(GroupCell))
    return db.session.execute(_by(rows, by)).all()


def _by(statement: Select[Any], by: Sequence[Any]) -> Select[Any]:
    plain = [one.element if hasattr(one, "element") else one for one in by]
    return statement.group_by(*plain) if plain else statement


def price_of(amount: Decimal | int, quantity: Decimal) -> Decimal | None:
    """VND per unit, half to even, or None where there is no quantity."""
    if not quantity:
        return None
    return (Decimal(amount) / quantity).quantize(PRICE_STEP, ROUND_HALF_EVEN)


def share_of(part: Decimal | int, whole: Decimal | int) -> float | None:
    """A share with four decimals, or None of nothing."""
    return round(float(Decimal(part) / Decimal(whole)), 4) if whole else None


def dong(value: Decimal | int) -> int:
    """An amount in whole dong."""
    return to_dong(Decimal(value))


def names_of(organisations: set[UUID]) -> dict[UUID, str]:
    """Names by id."""
    rows = select(Organisation.id, Organisation.name).where(Organisation.id.in_(organisations))
    return {one.id: one.name for one in db.session.execute(rows)}


def month_from(day: date) -> date:
    """The first month that begins on a day or after it."""
    return day if day.day == 1 else (day.replace(day=1) + timedelta(days=32)).replace(day=1)
