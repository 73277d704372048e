"""What people want to hear, who sees what became of a message, and how every topic reads."""

from typing import Any

import pytest
from sqlalchemy import select

from app.core import clock, outbox
from app.core.db import db
from app.core.outbox import OutboxMessage
from app.core.transaction import transaction
from app.notifications.topics import TOPICS
from tests.factories import Account, Trade, a_membership, an_offer

PREFERENCES = "/notification-preferences"


def wish(topic: str, channel: str, wanted: str) -> dict[str, str]:
    return {"topic": topic, "channel": channel, "wanted": wanted}


def changed(person: Account, **body: Any) -> Any:
    etag = person.get(PREFERENCES).headers["ETag"]
    return person.request("PATCH", PREFERENCES, body, If_Match=etag)


def effective(person: Account) -> dict[str, dict[str, str]]:
    return {one.pop("topic"): one for one in person.read(PREFERENCES)["effective"]}


def test_what_is_wanted_is_shown_for_every_topic_and_channel(trade: Trade) -> None:
    farm = trade.farm()
    usual = effective(farm)
    assert set(usual) == {name for name, topic in TOPICS.items() if topic.sentences}
    assert usual["order.placed"] == {
        "in_app": "at_once",
        "email": "at_once",
        "sms": "never",
        "zalo": "never",
    }
    assert usual["recall.started"]["sms"] == "at_once"
    wishes = [wish("*", "email", "never"), wish("order.placed", "email", "daily")]
    assert changed(farm, preferences=wishes).status_code == 200
    assert effective(farm)["order.placed"]["email"] == "daily"
    assert effective(farm)["order.settled"]["email"] == "never"
    again = changed(farm, preferences=[wish("*", "email", "at_once")])
    assert again.json["preferences"] == [
        wish("*", "email", "at_once"),
        wish("order.placed", "email", "daily"),
    ]
    assert effective(trade.farm()) == usual


def test_quiet_hours_are_set_and_taken_back_together(trade: Trade) -> None:
    farm = trade.farm()
    hours = {"quiet_from": "20:30", "quiet_until": "05:00"}
    assert hours.items() <= changed(farm, **hours).json.items()
    assert hours.items() <= changed(farm).json.items()
    none = dict.fromkeys(hours)
    assert none.items() <= changed(farm, **none).json.items()


@pytest.mark.parametrize(
    "body, pointer",
    [
        ({"quiet_from": "20:30"}, "/quiet_until"),
        ({"quiet_from": "20:30", "quiet_until": None}, "/quiet_until"),
        ({"quiet_from": "20:30", "quiet_until": "20:30"}, "/quiet_until"),
        ({"quiet_from": "24:00", "quiet_until": "05:00"}, "/quiet_from"),
        ({"preferences": [wish("no.topic", "email", "never")]}, "/preferences/0/topic"),
        ({"preferences": [wish("*", "in_app", "daily")]}, "/preferences/0/wanted"),
        ({"preferences": [wish("*", "fax", "never")]}, "/preferences/0/channel"),
        ({"preferences": [wish("order.placed", "email", "at_once")]}, "/preferences/1/wanted"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_whole(
    trade: Trade, body: dict[str, Any], pointer: str
) -> None:
    farm = trade.farm()
    good = wish("order.placed", "email", "never")
    body = body | {"preferences": [*body.get("preferences", []), good]}
    answer = changed(farm, **body)
    assert answer.status_code == 422
    assert pointer in [one["pointer"] for one in answer.json["errors"]]
    assert farm.read(PREFERENCES)["preferences"] == []


def test_a_wish_from_an_older_reading_is_refused(trade: Trade) -> None:
    farm = trade.farm()
    etag = farm.get(PREFERENCES).headers["ETag"]
    body = {"preferences": [wish("*", "email", "never")]}
    assert farm.request("PATCH", PREFERENCES, body).status_code == 428
    assert farm.request("PATCH", PREFERENCES, body, If_Match=etag).status_code == 200
    assert farm.request("PATCH", PREFERENCES, body, If_Match=etag).status_code == 412


def test_what_is_not_wanted_in_the_application_is_not_shown_there(trade: Trade) -> None:
    farm = trade.farm()
    trade.relay()
    before = len(farm.read("/notifications")["items"])
    changed(farm, preferences=[wish("offer.listed", "in_app", "never")])
    an_offer(farm)
    trade.relay()
    assert len(farm.read("/notifications")["items"]) == before


def test_the_cooperative_sees_the_log_of_members_who_agreed_and_no_text(trade: Trade) -> None:
    cooperative, stranger = trade.cooperative(), trade.cooperative()
    members = [trade.farm() for _ in range(3)]
    for member, grants in zip(members, ((), ("consent",), ("mandate",)), strict=True):
        a_membership(member, cooperative, *grants)
    trade.relay()

    def seen(reader: Account) -> set[str]:
        return {one["organisation_id"] for one in reader.read("/dispatches?limit=100")["items"]}

    own = str(cooperative.organisation_id)
    assert seen(cooperative) == {own, *(str(one.organisation_id) for one in members[1:])}
    assert seen(stranger) == {str(stranger.organisation_id)}
    assert seen(trade.operator) >= seen(cooperative)
    (row,) = members[1].read("/dispatches?topic=organisation.registered")["items"]
    assert row["address"] == f"{str(members[1].login)[:2]}…@example.com"
    assert "body" not in row
    assert (row["channel"], row["status"]) == ("email", "queued")
    path = f"/dispatches/{row['id']}/resending"
    assert cooperative.post(path).json["code"] == "mandate_missing"
    mandated = members[2].read("/dispatches")["items"][0]["id"]
    assert cooperative.post(f"/dispatches/{mandated}/resending").json["code"] == "dispatch_not_dead"


def test_a_message_that_could_not_be_relayed_is_read_and_sent_again(trade: Trade) -> None:
    operator = trade.operator
    with trade.app.app_context(), transaction():
        outbox.add("no.such.topic", concerns=[], payload={"order_id": "-"}, now=clock.now())
    for _ in range(outbox.MOST_ATTEMPTS):
        trade.relay()
        with trade.app.app_context(), transaction():
            for one in db.session.scalars(select(OutboxMessage)):
                one.due_at = clock.now()
    (dead,) = operator.read("/dead-messages")["items"]
    assert (dead["topic"], dead["attempts"]) == ("no.such.topic", outbox.MOST_ATTEMPTS)
    assert "no.such.topic" in dead["last_error"]
    path = f"/dead-messages/{dead['id']}"
    assert operator.read(path) == dead
    with trade.app.app_context(), transaction():
        db.session.get_one(OutboxMessage, dead["id"]).topic = "lot.spoiled"
    assert operator.made(f"{path}/resending")["attempts"] == 0
    trade.relay()
    assert operator.read("/dead-messages")["items"] == []
    assert operator.post(f"{path}/resending").status_code == 404


def test_every_topic_reads_well_in_both_languages(trade: Trade) -> None:
    topics = trade.operator.read("/notification-topics")["items"]
    assert {one["topic"] for one in topics} == set(TOPICS)
    read = 0
    for one in topics:
        for preview in one["previews"]:
            for text in (preview["title"], preview["body"]):
                shown = (one["topic"], preview["side"], preview["locale"], text)
                assert text.strip() == text != "", shown
                assert "{" not in text, shown
                assert "  " not in text, shown
                assert " ." not in text, shown
                assert " ," not in text, shown
            assert preview["title"] in preview["sms"]
            read += 1
        assert len(one["previews"]) == 2 * len(TOPICS[one["topic"]].sentences)
    assert read > 150
