"""When somebody hears of something, and by which channels: rules only, no database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from app.accounts.models import Person
from app.core import clock
from app.notifications.models import Channel, Wanted
from app.notifications.sentence import Topic

IN_APP = "in_app"
CHANNELS = (IN_APP, *Channel)
EVERY_OTHER = "*"
DIGEST = "digest.sent"
"""What the log calls a daily summary; who wants none says so of this."""
DIGEST_HOUR = 18
MINUTES_A_DAY = 24 * 60
# Text messages ring; unless somebody says otherwise they wait from nine at night to six.
NIGHT = (21 * 60, 6 * 60)
RINGING = {Channel.SMS, Channel.ZALO}
MOST_A_DAY = {Channel.EMAIL: 300, Channel.SMS: 12, Channel.ZALO: 12}
"""How many messages an address gets in a day before the rest waits for the daily summary."""


@dataclass
class Wishes:
    """What a person has said: by (topic, channel) when, and their own quiet hours if any."""

    wanted: Mapping[tuple[str, str], str] = field(default_factory=dict)
    quiet: tuple[int, int] | None = None
    sent: dict[str, int] = field(default_factory=dict)
    """How many messages each of their addresses has had within a day."""


@dataclass(frozen=True)
class Plan:
    """Where one notification goes: to which addresses and when, and what waits for a digest."""

    in_app: bool
    at_once: Mapping[Channel, tuple[str, datetime]]
    digest_by: list[str]


def plan(name: str, topic: Topic, person: Person, wishes: Wishes, *, now: datetime) -> Plan:
    """Decide for one person; counts what goes out in ``wishes.sent``."""
    at_once: dict[Channel, tuple[str, datetime]] = {}
    digest_by: list[str] = []
    for channel in Channel:
        address = person.email if channel == Channel.EMAIL else person.phone
        wanted = when_wanted(name, topic, channel, wishes, has_email=bool(person.email))
        if address is None or wanted == Wanted.NEVER:
            continue
        full = wishes.sent.get(address, 0) >= MOST_A_DAY[channel] and not topic.urgent
        if wanted == Wanted.DAILY or full:
            digest_by.append(channel)
            continue
        wishes.sent[address] = wishes.sent.get(address, 0) + 1
        due = now if topic.urgent else rest(channel, wishes.quiet, now=now)
        at_once[channel] = (address, due)
    seen = when_wanted(name, topic, IN_APP, wishes, has_email=True) != Wanted.NEVER
    return Plan(seen, at_once, digest_by)


def when_wanted(
    name: str, topic: Topic, channel: str, wishes: Wishes, *, has_email: bool
) -> Wanted:
    """What the person said of the topic, else of every other one, else what is usual.

    Usual is: in the application; by mail what the topic sends by mail, or by SMS to who has no
    mail; by SMS also what is urgent.
    """
    for about in (name, EVERY_OTHER):
        if (about, channel) in wishes.wanted:
            return Wanted(wishes.wanted[about, channel])
    usual = {
        IN_APP: True,
        Channel.EMAIL: topic.email,
        Channel.SMS: topic.urgent or (topic.email and not has_email),
        Channel.ZALO: False,
    }
    return Wanted.AT_ONCE if usual[channel] else Wanted.NEVER


def rest(channel: str, quiet: tuple[int, int] | None, *, now: datetime) -> datetime:
    """``now``, or the end of the quiet hours it falls into.

    Somebody's own hours hold every channel; the usual night only those that ring.
    """
    hours = quiet or (NIGHT if channel in RINGING else None)
    if hours is None:
        return now
    local = now.astimezone(clock.LOCAL)
    minute = local.hour * 60 + local.minute
    starts, ends = hours
    if (minute - starts) % MINUTES_A_DAY >= (ends - starts) % MINUTES_A_DAY:
        return now
    end = datetime.combine(local.date(), time(ends // 60, ends % 60), clock.LOCAL)
    if end <= local:
        end += timedelta(days=1)
    return end.astimezone(now.tzinfo)


def next_digest(now: datetime) -> datetime:
    """When the next daily summary is due: at six in the evening, in Viet Nam."""
    local = now.astimezone(clock.LOCAL)
    due = datetime.combine(local.date(), time(DIGEST_HOUR), clock.LOCAL)
    if due <= local:
        due += timedelta(days=1)
    return due.astimezone(now.tzinfo)
