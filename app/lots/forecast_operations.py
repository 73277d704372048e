"""Saying what will be harvested in a week, and how well that was said before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

from sqlalchemy import DateTime, cast, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from app.accounts.models import Party
from app.accounts.queries import consenting_members
from app.catalogue.queries import find_commodity
from app.core import clock, outbox
from app.core.db import db
from app.core.errors import invalid
from app.lots.models import Forecast, Lot, LotStatus, Trend

WEEK = timedelta(days=7)
HALF_YEAR = timedelta(weeks=26)
FURTHEST = timedelta(weeks=104)
PERCENT_STEP = Decimal("0.1")


@dataclass(frozen=True)
class Accuracy:
    """One past week: what was last forecast before it began, and what was harvested.

    ``error_percent`` is (harvested − forecast) ÷ forecast in percent, None after a forecast of
    nothing.
    """

    organisation_id: UUID
    commodity_code: str
    week: date
    forecast: Decimal
    harvested: Decimal

    @property
    def error_percent(self) -> Decimal | None:
        if not self.forecast:
            return None
        error = (self.harvested - self.forecast) / self.forecast * 100
        return error.quantize(PERCENT_STEP, ROUND_HALF_EVEN)


def forecast_harvest(
    *,
    party: Party,
    commodity: str,
    week: date,
    quantity: Decimal,
    low: Decimal | None,
    high: Decimal | None,
    trend: Trend,
    now: datetime,
) -> Forecast:
    """Say what a farm expects to harvest in a week; a later word for the same week replaces it.

    Args:
        week: the Monday it begins on. low, high: the range around ``quantity``.

    Raises:
        Invalid: an unknown commodity, a week that is over or too far away, a range that leaves
            the quantity out, or a trend of zero with a quantity.
    """
    if find_commodity(commodity) is None:
        raise invalid("/commodity", "Không có mặt hàng này.", "There is no such commodity.")
    today = clock.local_date(now)
    if not today - WEEK < week <= today + FURTHEST:
        raise invalid(
            "/week", "Tuần đã qua hoặc quá xa.", "That week is over, or too far in the future."
        )
    if low is not None and low > quantity:
        raise invalid("/low", "Không được quá lượng dự báo.", "Must not exceed the quantity.")
    if high is not None and high < quantity:
        raise invalid("/high", "Không được dưới lượng dự báo.", "Must not be below the quantity.")
    if (trend == Trend.ZERO) != (quantity == 0):
        raise invalid("/trend", "Chỉ dùng zero khi lượng bằng 0.", "Zero means a quantity of 0.")
    forecast = Forecast(
        organisation_id=party.organisation_id,
        capacity=party.capacity,
        agent_id=party.agent_id,
        commodity_code=commodity,
        week=week,
        quantity=quantity,
        low=quantity if low is None else low,
        high=quantity if high is None else high,
        trend=trend,
        made_at=now,
    )
    db.session.add(forecast)
    outbox.add(
        "forecast.made",
        concerns=[one for one in (party.organisation_id, party.agent_id) if one],
        payload={
            "commodity": commodity,
            "quantity": f"{quantity:.3f}",
            "week": week.isoformat(),
            "trend": str(trend),
        },
        now=now,
    )
    db.session.flush()
    return forecast


def accuracy(
    *, organisation_id: UUID, since: date | None, until: date | None, now: datetime
) -> list[Accuracy]:
    """How an organisation's forecasts, and its consenting members', compare with harvests.

    Only weeks that are over count, of the last half year unless told otherwise.

    Harvests are counted by the day in Viet Nam on which they were brought in.
    """
    organisations = [organisation_id, *db.session.scalars(consenting_members(organisation_id))]
    this_week = clock.monday(clock.local_date(now))
    last = min(until or this_week, this_week - timedelta(days=1))
    since = since or last - HALF_YEAR
    said = db.session.scalars(
        select(Forecast)
        .ext(distinct_on(Forecast.organisation_id, Forecast.commodity_code, Forecast.week))
        .where(
            Forecast.organisation_id.in_(organisations),
            Forecast.week.between(since, last),
            Forecast.made_at < func.timezone(clock.LOCAL.key, cast(Forecast.week, DateTime)),
        )
        .order_by(
            Forecast.organisation_id,
            Forecast.commodity_code,
            Forecast.week,
            Forecast.made_at.desc(),
            Forecast.id.desc(),
        )
    ).all()
    brought_in = _harvests(organisations, since, last + WEEK)
    return [
        Accuracy(
            organisation_id=one.organisation_id,
            commodity_code=one.commodity_code,
            week=one.week,
            forecast=one.quantity,
            harvested=brought_in.get(
                (one.organisation_id, one.commodity_code, one.week), Decimal(0)
            ),
        )
        for one in said
    ]


def _harvests(
    organisations: Sequence[UUID], since: date, until: date
) -> dict[tuple[UUID, str, date], Decimal]:
    day = func.timezone(clock.LOCAL.key, Lot.harvested_at)
    week = func.date_trunc("week", day).label("harvest_week")
    rows = db.session.execute(
        select(Lot.organisation_id, Lot.commodity_code, week, func.sum(Lot.quantity))
        .where(
            Lot.organisation_id.in_(organisations),
            Lot.status != LotStatus.FORECAST,
            Lot.harvested_at >= clock.start_of_day(since),
            Lot.harvested_at < clock.start_of_day(until),
        )
        .group_by(Lot.organisation_id, Lot.commodity_code, text("harvest_week"))
    )
    return {(one, commodity, monday.date()): total for one, commodity, monday, total in rows}
