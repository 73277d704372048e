"""What is coming up is told once."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from app.core import clock
from app.core.db import db
from app.core.outbox import OutboxMessage
from app.core.transaction import transaction
from app.notifications import reminder_operations
from tests.factories import (
    COMMODITY,
    NOW,
    Account,
    Trade,
    a_certificate,
    a_demand,
    an_offer,
    day,
    forecast_body,
    monday,
)
from workers.notifications import remind


def told(reader: Account, topic: str) -> int:
    found = reader.read("/notifications?limit=100")["items"]
    return sum(one["topic"] == topic for one in found)


def reminded(trade: Trade, what: str, *, now: datetime) -> int:
    """How many things were found at that time; what is told of them is due at once."""
    with trade.app.app_context(), transaction():
        found = int(getattr(reminder_operations, what)(now=now))
        db.session.flush()
        db.session.execute(update(OutboxMessage).values(due_at=clock.now()))
        return found


def test_who_has_not_answered_a_match_is_told_before_it_runs_out(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    an_offer(farm, firm=False)
    a_demand(buyer, firm=False)
    trade.clear(COMMODITY)
    round_id = trade.operator.read("/rounds")["items"][0]["id"]
    match = farm.read(f"/rounds/{round_id}/matches")["items"][0]
    farm.made(f"/matches/{match['id']}/acceptance")
    ends = datetime.fromisoformat(farm.read(f"/matches/{match['id']}")["expires_at"])
    assert reminded(trade, "tell_expiring_matches", now=ends - timedelta(hours=3)) == 0
    soon = ends - timedelta(hours=1)
    assert reminded(trade, "tell_expiring_matches", now=soon) == 1
    assert reminded(trade, "tell_expiring_matches", now=soon) == 0
    trade.relay()
    assert (told(farm, "match.expiring"), told(buyer, "match.expiring")) == (0, 1)


@pytest.mark.parametrize("left, times", [(31, 0), (30, 1), (0, 1), (-1, 0)])
def test_a_certificate_is_told_thirty_days_before_it_runs_out(
    trade: Trade, left: int, times: int
) -> None:
    farm = trade.farm()
    today = clock.local_date(NOW)
    until = str(today + timedelta(days=left))
    certificate = a_certificate(farm, valid_from=day(-400)[:10], valid_until=until)
    a_certificate(farm, valid_from=day(-400)[:10], valid_until=until)
    trade.authority.made(f"/certificates/{certificate['id']}/verification")
    for _ in range(2):
        reminded(trade, "tell_expiring_certificates", now=clock.start_of_day(today))
    trade.relay()
    assert told(farm, "certificate.expiring") == times


@pytest.mark.parametrize(
    "weekday, following, times", [(2, False, 0), (3, False, 1), (6, False, 1), (3, True, 0)]
)
def test_a_forecast_is_asked_for_from_thursday_on_where_there_was_one(
    trade: Trade, weekday: int, following: bool, times: int
) -> None:
    farm, silent = trade.farm(), trade.farm()
    farm.made("/forecasts", forecast_body(week=monday(0)))
    if following:
        farm.made("/forecasts", forecast_body(week=monday(1)))
    then = clock.start_of_day(datetime.fromisoformat(monday(0)).date() + timedelta(days=weekday))
    for _ in range(2):
        reminded(trade, "tell_due_forecasts", now=then + timedelta(hours=9))
    trade.relay()
    assert (told(farm, "forecast.due"), told(silent, "forecast.due")) == (times, 0)


def test_the_task_runs_through_everything(trade: Trade) -> None:
    farm = trade.farm()
    certificate = a_certificate(farm, valid_until=str(clock.local_date(NOW) + timedelta(days=9)))
    trade.authority.made(f"/certificates/{certificate['id']}/verification")
    for _ in range(2):
        with trade.app.app_context():
            remind.run()
    trade.relay()
    assert told(farm, "certificate.expiring") == 1
