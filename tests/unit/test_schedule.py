"""A market's next round is the first of its schedule after an instant, whatever the hour."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalogue.models import RoundEvery
from app.catalogue.schedule import Schedule, next_round
from app.core.clock import LOCAL

MONDAY = datetime(2026, 11, 23, tzinfo=LOCAL)
BEFORE_DAWN = Schedule(RoundEvery.DAILY, time(3))
WEDNESDAYS = Schedule(RoundEvery.WEEKLY, time(5), weekday=2)

INSTANTS = st.datetimes(
    datetime.fromisoformat("2024-01-01"),
    datetime.fromisoformat("2040-01-01"),
    timezones=st.just(UTC),
)
SCHEDULES = st.one_of(
    st.builds(Schedule, st.just(RoundEvery.DAILY), st.times()),
    st.builds(Schedule, st.just(RoundEvery.WEEKLY), st.times(), st.integers(0, 6)),
)


@pytest.mark.parametrize(
    ("hour", "expected"),
    [(0, MONDAY + timedelta(hours=3)), (3, MONDAY + timedelta(days=1, hours=3))],
)
def test_a_daily_round_that_has_begun_is_over(hour: int, expected: datetime) -> None:
    assert next_round(BEFORE_DAWN, after=MONDAY + timedelta(hours=hour)) == expected


@pytest.mark.parametrize(
    ("days", "hour", "expected_days"), [(0, 0, 2), (2, 4, 2), (2, 5, 9), (6, 23, 9)]
)
def test_a_weekly_round_waits_for_its_day(days: int, hour: int, expected_days: int) -> None:
    after = MONDAY + timedelta(days=days, hours=hour)
    assert next_round(WEDNESDAYS, after=after) == MONDAY + timedelta(days=expected_days, hours=5)


def test_the_day_is_that_of_viet_nam() -> None:
    late_in_utc = datetime(2026, 11, 23, 21, tzinfo=UTC)
    assert next_round(BEFORE_DAWN, after=late_in_utc) == datetime(2026, 11, 24, 20, tzinfo=UTC)


@given(SCHEDULES, INSTANTS)
def test_the_next_round_is_ahead_on_schedule_and_none_lies_between(
    schedule: Schedule, after: datetime
) -> None:
    due = next_round(schedule, after=after)
    step = timedelta(days=1 if schedule.every is RoundEvery.DAILY else 7)
    local = due.astimezone(LOCAL)
    assert after < due <= after + step
    assert local.time() == schedule.time
    assert schedule.weekday in {None, local.weekday()}
    assert due.utcoffset() == timedelta(0)
