"""What time it is, asked at the edges only; everything below is given ``now``."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def local_date(instant: datetime) -> date:
    """The calendar day of an instant in Viet Nam."""
    return instant.astimezone(LOCAL).date()


def monday(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def on_the_wall(instant: datetime) -> str:
    """An instant as the clock on the wall in Viet Nam shows it: 17:05, 23/11/2026."""
    return f"{instant.astimezone(LOCAL):%H:%M, %d/%m/%Y}"


def start_of_day(day: date) -> datetime:
    """The first instant of a Vietnamese calendar day, in UTC."""
    return datetime.combine(day, time.min, LOCAL).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """The last instant (to the second) of a Vietnamese calendar day, in UTC."""
    return start_of_day(day + timedelta(days=1)) - timedelta(seconds=1)
