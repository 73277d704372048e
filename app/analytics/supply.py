"""What is coming against what is promised and wanted, week by week."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, cast, func, select

from app.accounts.models import Kind
from app.accounts.queries import consenting_members
from app.analytics.groups import is_group
from app.analytics.members import promises
from app.analytics.models import ForecastGroup, trade_cell
from app.analytics.reading import WEEK, Period, Question, View, share_of, summed
from app.analytics.summary import units_of
from app.catalogue.models import Commodity
from app.contracts.models import Contract, ContractWeek
from app.core import clock
from app.core.db import db
from app.core.quantity import round_down
from app.market.models import Demand, DemandStatus
from app.places.models import GrowingAreaSeason, Plot

SAID = ("forecast_quantity", "harvested_quantity")
PAST, FEWEST, LEFT_OUT = 26 * WEEK, 5, 10
Key = tuple[date, str]


@dataclass(frozen=True)
class Kept:
    """How past forecasts of a commodity held: the least and the most of them that was harvested.

    Of ``weeks`` weeks a tenth at each end is left out; ``within`` of them lie between the two.
    """

    low: Decimal
    high: Decimal
    weeks: int
    within: int


def supply(question: Question, *, today: date) -> list[dict[str, Any]]:
    """Weeks of commodities: forecast, harvested, promised, openly wanted, and the gap.

    The gap is what is forecast less what is promised and wanted; below zero there is too little.
    Open demand is told where enough buyers want it, in the market's base commodity. From this week
    on the reader's own forecasts come with the range in which past ones came true.
    """
    weeks, this = _whole_weeks(question), clock.monday(today)
    held: dict[str, Kept] = {}
    if question.view is View.MARKET:
        said, promised = _market(weeks), {}
    else:
        said, held = _own(weeks, this)
        promised = promises(weeks, ContractWeek.week, Contract.commodity_code)
    wanted = open_demand(weeks.period)
    coming = {key for key, quantities in said.items() if any(quantities)}
    concerned = {code for _, code in coming | promised.keys()}
    keys = coming | promised.keys() | {key for key in wanted if key[1] in concerned}
    units = units_of({code for _, code in keys})
    return [
        {
            **_row(
                key, units[key[1]], said.get(key), promised.get(key, Decimal(0)), wanted.get(key)
            ),
            **_range(said.get(key), held.get(key[1]) if key[0] >= this else None),
        }
        for key in sorted(keys)
    ]


def awaited(question: Question) -> set[str]:
    """Commodities that are forecast or promised for weeks of the period."""
    weeks = _whole_weeks(question)
    if question.view is View.MARKET:
        return {code for _, code in _market(weeks)}
    sums = summed(trade_cell, weeks, [trade_cell.c.commodity_code], SAID)
    promised = promises(weeks, ContractWeek.week, Contract.commodity_code)
    return {code for code, *said in map(tuple, sums) if any(said)} | {code for _, code in promised}


def _own(weeks: Question, this: date) -> tuple[dict[Key, tuple[Decimal, Decimal]], dict[str, Kept]]:
    """Forecast and harvested by week and commodity; how forecasts of past weeks held."""
    asked, c = weeks.period, trade_cell.c
    first = min(asked.since, this - PAST) if asked.until >= this else asked.since
    whole = weeks.over(Period(first, asked.until, "week"))
    by = [whole.period.bucket(c.period).label("week"), c.commodity_code]
    said: dict[Key, tuple[Decimal, Decimal]] = {}
    shares: dict[str, list[Decimal]] = defaultdict(list)
    for week, code, forecast, harvested in map(tuple, summed(trade_cell, whole, by, SAID)):
        if asked.since <= week <= asked.until:
            said[week, code] = (forecast, harvested)
        if forecast and this - PAST <= week < this:
            shares[code].append(harvested / forecast)
    enough = {code: ones for code, ones in shares.items() if len(ones) >= FEWEST}
    return said, {code: kept_range(ones) for code, ones in enough.items()}


def kept_range(shares: list[Decimal]) -> Kept:
    """The range of shares of a forecast that were harvested, a tenth left out at each end."""
    out = len(shares) // LEFT_OUT
    inner = sorted(shares)[out : len(shares) - out]
    low, high = inner[0], inner[-1]
    return Kept(low, high, len(shares), sum(low <= one <= high for one in shares))


def _range(said: tuple[Decimal, Decimal] | None, held: Kept | None) -> dict[str, Any]:
    forecast = said[0] if said else Decimal(0)
    if held is None or not forecast:
        names = ("likely_low_quantity", "likely_high_quantity", "past_weeks", "past_weeks_within")
        return dict.fromkeys(names)
    return {
        "likely_low_quantity": round_down(forecast * held.low),
        "likely_high_quantity": round_down(forecast * held.high),
        "past_weeks": held.weeks,
        "past_weeks_within": held.within,
    }


def _market(weeks: Question) -> dict[Key, tuple[Decimal, Decimal]]:
    """Forecasts of all farms where they make a safe group, each week of a commodity by itself."""
    told = ForecastGroup
    rows = db.session.execute(
        select(told.week, told.commodity_code, told.quantity).where(
            told.week.between(weeks.period.since, weeks.period.until), weeks.named(told)
        )
    )
    return {(week, code): (quantity, Decimal(0)) for week, code, quantity in rows}


def _row(
    key: Key,
    unit: str,
    said: tuple[Decimal, Decimal] | None,
    promised: Decimal,
    wanted: Decimal | None,
) -> dict[str, Any]:
    forecast, harvested = said or (Decimal(0), Decimal(0))
    return {
        "week": key[0],
        "commodity": key[1],
        "unit": unit,
        "forecast_quantity": forecast,
        "harvested_quantity": harvested,
        "came_true": share_of(harvested, forecast),
        "promised_quantity": promised,
        "open_demand_quantity": wanted,
        "gap_quantity": forecast - promised - (wanted or Decimal(0)),
    }


def open_demand(period: Period) -> dict[Key, Decimal]:
    """What buyers still want for weeks of the period, where it can be told: see `is_group`."""
    day = cast(func.timezone(clock.LOCAL.key, Demand.deliver_from), Date)
    week = cast(func.date_trunc("week", day), Date)
    rows = db.session.execute(
        select(
            week, Commodity.code, Demand.organisation_id, func.sum(Demand.quantity - Demand.taken)
        )
        .join(Commodity, (Commodity.market_code == Demand.market_code) & Commodity.is_base)
        .where(
            Demand.status == DemandStatus.OPEN,
            Demand.deliver_from >= clock.start_of_day(period.since),
            Demand.deliver_from <= clock.end_of_day(period.until),
        )
        .group_by(week, Commodity.code, Demand.organisation_id)
    )
    wanted: dict[Key, dict[UUID, Decimal]] = defaultdict(dict)
    for first, code, buyer, quantity in rows:
        wanted[first, code][buyer] = quantity
    return {
        key: sum(buyers.values(), Decimal(0)) for key, buyers in wanted.items() if is_group(buyers)
    }


def area_capacity(question: Question) -> list[dict[str, Any]]:
    """What may still be listed this season under growing-area codes of the reader and members."""
    own = question.reader.id
    area = GrowingAreaSeason
    codes = select(Plot.growing_area_code).where(Plot.organisation_id == own)
    if question.reader.kind == Kind.COOPERATIVE:
        shared = Plot.organisation_id.in_(consenting_members(own))
        codes = select(Plot.growing_area_code).where((Plot.organisation_id == own) | shared)
    seen = (area.organisation_id == own) | area.code.in_(
        codes.where(Plot.growing_area_code.is_not(None))
    )
    rows = db.session.scalars(
        select(area)
        .where(
            seen,
            question.named(area),
            area.season.between(question.period.since.year, question.period.until.year),
        )
        .order_by(area.code, area.commodity_code, area.season)
    )
    return [
        {
            "code": one.code,
            "commodity": one.commodity_code,
            "season": one.season,
            "capacity": one.capacity,
            "listed": one.listed,
            "left": one.left,
        }
        for one in rows
    ]


def _whole_weeks(question: Question) -> Question:
    """The same question of every week the period touches, whole."""
    since, until = clock.monday(question.period.since), clock.monday(question.period.until)
    last = date.fromordinal(until.toordinal() + 6)
    return question.over(Period(since, last, "week"))
