"""What people are told in the application, in their language and once."""

from typing import Any

from flask import Flask
from sqlalchemy import select, text

from app.core.db import db
from app.core.outbox import OutboxMessage, undelivered
from app.core.transaction import transaction
from app.notifications.models import Dispatch
from tests.api.paging import pages
from tests.factories import (
    PASSWORD,
    Account,
    Trade,
    a_certificate,
    a_membership,
    an_offer,
    an_order,
)


def told(reader: Account, query: str = "") -> list[dict[str, Any]]:
    return list(reader.read(f"/notifications?limit=100{query}")["items"])


def test_both_sides_of_an_order_are_told_their_side(trade: Trade) -> None:
    farm, buyer, stranger = trade.farm(), trade.processor(), trade.processor()
    an_order(buyer, an_offer(farm))
    trade.relay()
    topics = [one["topic"] for one in told(farm)]
    assert topics.count("order.placed") == topics.count("order.confirmed") == 1
    (to_seller,) = [one for one in told(farm) if one["topic"] == "order.placed"]
    (to_buyer,) = [one for one in told(buyer) if one["topic"] == "order.placed"]
    name = buyer.read("/me")["organisations"][0]["name"]
    assert to_seller["title"] == "Đơn hàng mới: 10 kg Cà phê nhân Robusta"
    assert to_seller["body"].startswith(
        f"{name} đặt 10 kg Cà phê nhân Robusta, giá 100.000 đồng/kg"
    )
    assert to_buyer["title"] == "Đã đặt 10 kg Cà phê nhân Robusta"
    assert "tổng 1.000.000 đồng" in to_buyer["body"]
    assert "order.placed" not in [one["topic"] for one in told(stranger)]
    assert set(to_seller) == {
        "id",
        "organisation_id",
        "topic",
        "title",
        "body",
        "email",
        "sms",
        "zalo",
        "created_at",
        "read_at",
    }
    assert (to_seller["email"], to_seller["read_at"]) == ("queued", None)
    assert to_seller["organisation_id"] == farm.organisation_id


def test_each_person_is_told_in_their_own_language(trade: Trade) -> None:
    farm = trade.farm()
    body = {"name": "Guest", "email": "guest@example.com", "role": "viewer", "locale": "en"}
    trade.accept(farm.made("/invitations", body)["id"], password=PASSWORD)
    token = trade.visitor.made("/tokens", {"login": body["email"], "password": PASSWORD})["token"]
    guest = Account(trade.app, token)
    an_order(trade.processor(), an_offer(farm, firm=False))
    trade.relay()
    for reader, language in ((farm, "Hãy xác nhận trước"), (guest, "Please confirm before")):
        (placed,) = [one for one in told(reader) if one["topic"] == "order.placed"]
        assert language in placed["body"]


def test_no_place_in_a_sentence_is_left_open(trade: Trade, rolled_back: Flask) -> None:
    farm, buyer, cooperative = trade.farm(), trade.processor(), trade.cooperative()
    a_membership(farm, cooperative)
    certificate = a_certificate(farm)
    trade.authority.made(f"/certificates/{certificate['id']}/verification")
    for firm in (True, False):
        order = an_order(buyer, an_offer(farm, firm=firm))
        buyer.made(f"/orders/{order['id']}/cancellation")
    trade.relay()
    everything = [one for reader in (farm, buyer, cooperative) for one in told(reader)]
    assert len({one["topic"] for one in everything}) >= 6
    for one in everything:
        text = one["title"] + one["body"]
        assert "{" not in text
        assert "  " not in text, text
        assert " ." not in text, text
        assert one["title"].strip() == one["title"] != ""


def test_relaying_again_tells_nobody_twice(trade: Trade, rolled_back: Flask) -> None:
    farm, buyer = trade.farm(), trade.processor()
    an_order(buyer, an_offer(farm))
    trade.relay()
    first = told(farm) + told(buyer)
    with rolled_back.app_context():
        assert undelivered() == 0
        for message in db.session.scalars(select(OutboxMessage)):
            message.delivered_at = None
        db.session.commit()
    trade.relay()
    assert told(farm) + told(buyer) == first
    with rolled_back.app_context():
        assert undelivered() == 0


def test_reading_counts_from_the_first_time(trade: Trade) -> None:
    farm = trade.farm()
    an_offer(farm)
    trade.relay()
    unread = told(farm, "&unread=true")
    assert len(unread) == 2
    path = f"/notifications/{unread[0]['id']}"
    read = farm.made(f"{path}/reading")
    assert read["read_at"] is not None
    assert farm.made(f"{path}/reading") == farm.read(path) == read
    assert [one["id"] for one in told(farm, "&unread=true")] == [unread[1]["id"]]
    assert len(told(farm, "&unread=false")) == len(told(farm)) == 2


def test_a_notification_is_its_reader_s_alone(trade: Trade) -> None:
    farm = trade.farm()
    trade.relay()
    (mine,) = told(farm)
    colleague = trade.colleague(farm, "manager")
    assert told(colleague) == []
    for reader in (colleague, trade.operator):
        for answer in (
            reader.get(f"/notifications/{mine['id']}"),
            reader.post(f"/notifications/{mine['id']}/reading"),
        ):
            assert answer.status_code == 404


def test_notifications_come_newest_first_page_by_page(trade: Trade) -> None:
    farm = trade.farm()
    for _ in range(4):
        an_offer(farm)
    trade.relay()
    whole = [one["id"] for one in told(farm)]
    assert whole == sorted(whole, reverse=True)
    assert len(whole) == 5
    assert [one["id"] for page in pages(farm, "/notifications") for one in page] == whole


def test_an_invitation_is_mailed_without_its_code_being_kept(
    trade: Trade, rolled_back: Flask
) -> None:
    farm = trade.farm()
    body = {"name": "Khách", "email": "khach@example.com", "locale": "en"}
    farm.made("/invitations", body)
    # Names were not always refused for their line breaks.
    with rolled_back.app_context(), transaction():
        db.session.execute(text("UPDATE organisation SET name = E'Vườn\\nBcc: all@example.com'"))
    trade.relay()
    with rolled_back.app_context():
        mail = db.session.scalars(
            select(Dispatch).where(Dispatch.address == "khach@example.com")
        ).one()
        assert "{code}" in mail.body
        assert mail.code_kind == "invitation"
        assert "\n" not in mail.subject
        assert "Bcc: all@example.com" in mail.subject, "one line of words"
        assert mail.subject.endswith("invites you to Blao")


def test_who_has_no_address_gets_no_mail_but_is_told(trade: Trade) -> None:
    body = {
        "organisation": {"name": "Vườn", "kind": "farm"},
        "person": {"name": "Bác Ba", "phone": "0977000111", "password": PASSWORD, "locale": "vi"},
    }
    trade.visitor.made("/registrations", body)
    token = trade.visitor.made("/tokens", {"login": "0977000111", "password": PASSWORD})["token"]
    trade.relay()
    (welcome,) = told(Account(trade.app, token))
    assert (welcome["topic"], welcome["email"]) == ("organisation.registered", None)
