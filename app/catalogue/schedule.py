"""When a market clears: the instants its round schedule falls on."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from app.catalogue.models import RoundEvery
from app.core import clock

DAYS_IN_WEEK = 7


@dataclass(frozen=True)
class Schedule:
    """Every day, or every ``weekday`` (Monday is 0), at a local ``time`` in Viet Nam."""

    every: RoundEvery
    time: time
    weekday: int | None = None


def next_round(schedule: Schedule, *, after: datetime) -> datetime:
    """The first instant of a schedule later than ``after``, in UTC."""
    local = after.astimezone(clock.LOCAL)
    days = 0 if schedule.weekday is None else (schedule.weekday - local.weekday()) % DAYS_IN_WEEK
    step = 1 if schedule.every is RoundEvery.DAILY else DAYS_IN_WEEK
    first = datetime.combine(local.date() + timedelta(days=days), schedule.time, clock.LOCAL)
    due = first if first > local else first + timedelta(days=step)
    return due.astimezone(after.tzinfo)
