"""Wishes: what I want to hear of, by which channel, and when I want to be left alone."""

from collections import defaultdict
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from app.accounts.access import SIGNED_IN, Caller
from app.accounts.models import Person
from app.core.db import db
from app.notifications import api as notifications
from app.notifications.planning import CHANNELS, DIGEST, EVERY_OTHER, IN_APP
from app.notifications.preference_operations import change_preferences
from app.notifications.schemas import PreferencesIn
from app.notifications.topics import TOPICS
from app.web.forms import loaded, typed
from app.web.language import language, t
from app.web.pages import Pages, go, show

pages = Pages("wishes")


@pages.page("GET", "/me/notifications", access=SIGNED_IN)
def wishes(caller: Caller) -> Response:
    """How I hear of one topic, or of every topic not set on its own; and my quiet hours."""
    found = notifications.get_preferences(caller=caller)
    topics = _topics()
    topic = request.values.get("topic", EVERY_OTHER)
    topic = topic if topic in topics else EVERY_OTHER
    said = {(one.topic, one.channel): one.wanted for one in found["preferences"]}
    effective: dict[str, str] = next(
        (one for one in found["effective"] if one["topic"] == topic), {}
    )
    return show(
        "wishes.html",
        found=found,
        topics=topics,
        topic=topic,
        channels=[
            (channel, name, said.get((topic, channel)) or effective.get(channel, ""))
            for channel, name in _channels()
        ],
        own=sorted({one.topic for one in found["preferences"] if one.topic in topics}),
    )


@pages.page("POST", "/me/notifications", access=SIGNED_IN, again=wishes)
def wish(caller: Caller) -> Response:
    """What I said of one topic."""
    preferences = [
        {"topic": typed("topic"), "channel": channel, "wanted": typed(channel)}
        for channel in CHANNELS
        if typed(channel)
    ]
    return _changed(caller, loaded(PreferencesIn, {"preferences": preferences}))


@pages.page("POST", "/me/notifications/quiet", access=SIGNED_IN, again=wishes)
def rest(caller: Caller) -> Response:
    """My quiet hours; left empty, as for everybody."""
    hours = {name: typed(name) for name in ("quiet_from", "quiet_until")}
    body = loaded(PreferencesIn, hours)
    if not any(hours.values()):
        body |= dict.fromkeys(hours)
    return _changed(caller, body)


def _changed(caller: Caller, body: dict[str, Any]) -> Response:
    person = db.session.get_one(Person, caller.signed_in.id, with_for_update=True)
    change_preferences(person=person, **body)
    return go("/me/notifications?saved=1")


def _channels() -> list[tuple[str, str]]:
    names = {
        IN_APP: t("Trên Blao", "On Blao"),
        "email": t("Thư điện tử", "E-mail"),
        "sms": t("Tin nhắn", "Text message"),
        "zalo": t("Tin Zalo", "Zalo message"),
    }
    return [(channel, names[channel]) for channel in CHANNELS]


def _topics() -> dict[str, str]:
    """The topics that people are told of, named by the titles of their messages."""
    blank: dict[str, str] = defaultdict(lambda: "…")
    spoken = language()
    named = {
        name: next(iter(topic.sentences.values())).title(spoken).format_map(blank)
        for name, topic in TOPICS.items()
        if topic.sentences
    }
    return {
        EVERY_OTHER: t("Mọi việc không đặt riêng", "Everything not set on its own"),
        DIGEST: t("Bản tóm tắt trong ngày", "The daily summary"),
    } | dict(sorted(named.items(), key=lambda pair: pair[1]))
