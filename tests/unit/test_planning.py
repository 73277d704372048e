"""When somebody hears of something, and by which channels."""

from datetime import datetime, timedelta

import pytest

from app.accounts.models import Person
from app.core import clock
from app.notifications.models import Channel
from app.notifications.planning import MOST_A_DAY, Wishes, next_digest, plan, rest
from app.notifications.sentence import Topic

USUAL = Topic("order_id")
QUIET = Topic("order_id", email=False)
URGENT = Topic("order_id", urgent=True)


def at(text: str) -> datetime:
    """A time of day in Viet Nam on a day of its own."""
    return datetime.fromisoformat(f"2026-10-05T{text}:00+07:00")


NOON = at("12:00")


def somebody(email: str | None = "a@example.com", phone: str | None = "+84901") -> Person:
    return Person(email=email, phone=phone)


def channels(topic: Topic, person: Person, wishes: Wishes | None = None) -> set[str]:
    return set(plan("order.placed", topic, person, wishes or Wishes(), now=NOON).at_once)


def test_who_says_nothing_is_told_by_mail_and_of_what_is_urgent_by_sms_as_well() -> None:
    assert channels(USUAL, somebody()) == {"email"}
    assert channels(QUIET, somebody()) == set()
    assert channels(URGENT, somebody()) == {"email", "sms"}


def test_who_has_no_mail_is_told_by_sms_and_who_has_neither_in_the_application() -> None:
    assert channels(USUAL, somebody(email=None)) == {"sms"}
    assert channels(USUAL, somebody(email=None, phone=None)) == set()
    assert plan("order.placed", USUAL, somebody(None, None), Wishes(), now=NOON).in_app


def test_what_was_said_of_a_topic_counts_before_what_was_said_of_every_other() -> None:
    wishes = Wishes(
        {
            ("*", "email"): "never",
            ("*", "zalo"): "at_once",
            ("order.placed", "email"): "daily",
            ("order.placed", "in_app"): "never",
        }
    )
    planned = plan("order.placed", USUAL, somebody(), wishes, now=NOON)
    assert set(planned.at_once) == {"zalo"}
    assert planned.digest_by == ["email"]
    assert not planned.in_app
    other = plan("order.settled", USUAL, somebody(), wishes, now=NOON)
    assert (set(other.at_once), other.digest_by, other.in_app) == ({"zalo"}, [], True)


@pytest.mark.parametrize(
    "now, until",
    [
        ("20:59", "20:59"),
        ("21:00", "06:00"),
        ("23:59", "06:00"),
        ("00:00", "06:00"),
        ("05:59", "06:00"),
        ("06:00", "06:00"),
        ("12:00", "12:00"),
    ],
)
def test_text_messages_wait_for_the_end_of_the_night(now: str, until: str) -> None:
    due = rest(Channel.SMS, None, now=at(now))
    assert due.astimezone(clock.LOCAL).strftime("%H:%M") == until
    assert timedelta(0) <= due - at(now) <= timedelta(hours=9)
    assert rest(Channel.EMAIL, None, now=at(now)) == at(now)


@pytest.mark.parametrize(
    "now, until", [("12:59", "12:59"), ("13:00", "14:30"), ("14:29", "14:30"), ("14:30", "14:30")]
)
def test_hours_of_ones_own_hold_every_channel(now: str, until: str) -> None:
    own = (13 * 60, 14 * 60 + 30)
    for channel in Channel:
        assert rest(channel, own, now=at(now)) == at(until)
    assert rest(Channel.SMS, own, now=at("23:00")) == at("23:00")


def test_what_is_urgent_breaks_the_quiet_and_the_cap() -> None:
    night = at("23:00")
    wishes = Wishes(quiet=(22 * 60, 7 * 60), sent={"+84901": 99, "a@example.com": 999})
    planned = plan("recall.started", URGENT, somebody(), wishes, now=night)
    assert planned.at_once == {
        Channel.EMAIL: ("a@example.com", night),
        Channel.SMS: ("+84901", night),
    }
    waiting = plan("order.placed", USUAL, somebody(), wishes, now=night)
    assert (dict(waiting.at_once), waiting.digest_by) == ({}, ["email"])


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_what_is_more_than_an_address_gets_in_a_day_waits_for_the_summary(channel: str) -> None:
    person = somebody(email=None) if channel == "sms" else somebody()
    wishes, most = Wishes(), MOST_A_DAY[Channel(channel)]
    plans = [plan("order.placed", USUAL, person, wishes, now=NOON) for _ in range(most + 3)]
    assert sum(channel in one.at_once for one in plans) == most
    assert [one.digest_by for one in plans[-3:]] == [[channel]] * 3


@pytest.mark.parametrize("now, days", [("17:59", 0), ("18:00", 1), ("23:00", 1)])
def test_the_summary_is_due_at_six_in_the_evening(now: str, days: int) -> None:
    assert next_digest(at(now)) == at("18:00") + timedelta(days=days)
