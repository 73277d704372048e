"""Messages leave by their channels, however badly the other side behaves."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.accounts.operations import invitation_code
from app.collecting.operations import entry_code
from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from app.notifications.channels import gateway as over_http
from app.notifications.channels import mail
from app.notifications.models import ChannelPause, Dispatch, Notification
from app.notifications.operations import queue_all
from app.notifications.planning import MOST_A_DAY
from tests.factories import NOW, Account, Trade, a_membership, an_offer, an_order, lot_body
from tests.gateway import Gateway, Mailbox, a_gateway, a_mailbox, settings
from workers import notifications


@pytest.fixture(autouse=True)
def nothing_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits and leases end when a test says so, and a slow machine answers in time."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    for channel in (over_http, mail):
        monkeypatch.setattr(channel, "TIMEOUT", 300.0)


@pytest.fixture
def gateway(rolled_back: Flask) -> Iterator[Gateway]:
    with a_gateway() as gateway, settings(rolled_back, sms_url=gateway.url, sms_token="t"):
        yield gateway


@pytest.fixture
def mailbox(rolled_back: Flask) -> Iterator[Mailbox]:
    with a_mailbox() as mailbox, settings(rolled_back, smtp_url=mailbox.url):
        yield mailbox


@pytest.fixture
def coded(trade: Trade) -> tuple[Account, Account, str]:
    """A farm, its cooperative, and an entry whose code waits to be sent."""
    farm, cooperative = trade.farm(), trade.cooperative()
    a_membership(farm, cooperative, "consent", "mandate")
    body = lot_body(cooperative, on_behalf_of=farm.organisation_id, method="sms", quantity="25")
    entry = cooperative.made("/assisted-entries", body)["id"]
    trade.relay()
    return farm, cooperative, entry


def run(trade: Trade, task: Any = notifications.send_sms) -> None:
    with trade.app.app_context():
        task.run()


def later(trade: Trade) -> None:
    """As if every wait were over."""
    with trade.app.app_context(), transaction():
        db.session.execute(update(Dispatch).values(due_at=clock.now()))
        db.session.execute(update(ChannelPause).values(paused_until=clock.now()))


def log_of(reader: Account, query: str = "channel=sms") -> list[dict[str, Any]]:
    return list(reader.read(f"/dispatches?limit=100&{query}")["items"])


def standing(reader: Account, query: str = "channel=sms") -> list[tuple[str, int]]:
    return [(one["status"], one["attempts"]) for one in log_of(reader, query)]


def tries(reader: Account) -> int:
    return sum(attempts for _, attempts in standing(reader))


def test_a_code_is_made_when_it_is_sent_and_stands_nowhere_else(
    trade: Trade, gateway: Gateway, coded: tuple[Account, Account, str]
) -> None:
    farm, cooperative, entry = coded
    run(trade)
    code = entry_code(UUID(entry), 1, secret=trade.app.config["SECRET_KEY"])
    (text,) = gateway.texts()
    assert f"mã {code} " in text
    with trade.app.app_context():
        (row,) = db.session.scalars(select(Dispatch).where(Dispatch.channel == "sms"))
        assert code not in str({c.name: getattr(row, c.name) for c in row.__table__.columns})
    assert standing(farm) == standing(cooperative) == [("sent", 1)]
    run(trade)
    assert len(gateway.asked) == 1


def test_a_code_that_is_of_no_use_any_more_is_not_sent(
    trade: Trade, gateway: Gateway, coded: tuple[Account, Account, str]
) -> None:
    farm, cooperative, _ = coded
    with trade.app.app_context(), transaction():
        db.session.execute(update(Dispatch).values(expires_at=clock.now()))
    run(trade)
    assert gateway.asked == []
    (late,) = log_of(farm)
    assert (late["status"], late["last_error"]) == ("dead", "too late")
    answer = cooperative.post(f"/dispatches/{late['id']}/resending")
    assert (answer.status_code, answer.json["code"]) == (409, "code_out_of_date")


def test_the_gateway_tells_late_and_twice_what_became_of_a_message(
    trade: Trade, gateway: Gateway, coded: tuple[Account, Account, str]
) -> None:
    farm, *_ = coded
    run(trade)
    (sent,) = gateway.asked
    path = f"/dispatches/{sent['id']}/receipts"
    assert sent["receipts"]["url"].endswith(f"/api/v1{path}")
    told = {"signature": sent["receipts"]["signature"], "status": "undelivered", "reason": "off"}
    assert trade.visitor.post(path, told | {"signature": "0" * 40}).status_code == 404
    assert standing(farm) == [("sent", 1)]
    for _ in range(2):
        assert trade.visitor.post(path, told).status_code == 204
        assert standing(farm) == [("failed", 1)]
    for _ in range(2):
        assert trade.visitor.post(path, told | {"status": "delivered"}).status_code == 204
    assert trade.visitor.post(path, told).status_code == 204
    (row,) = log_of(farm)
    assert (row["status"], row["delivered_at"] is not None) == ("delivered", True)


def test_a_receipt_that_comes_before_the_answer_keeps_the_message_from_going_twice(
    trade: Trade, gateway: Gateway, coded: tuple[Account, Account, str]
) -> None:
    farm, *_ = coded
    gateway.told.append("rubbish")
    run(trade)
    (sent,) = gateway.asked
    told = {"signature": sent["receipts"]["signature"], "status": "delivered"}
    assert trade.visitor.post(f"/dispatches/{sent['id']}/receipts", told).status_code == 204
    later(trade)
    run(trade)
    assert (standing(farm), len(gateway.asked)) == ([("delivered", 1)], 1)


def test_a_gateway_that_errs_and_talks_rubbish_gets_the_message_again(
    trade: Trade, gateway: Gateway, coded: tuple[Account, Account, str]
) -> None:
    farm, *_ = coded
    gateway.told.extend([500, "rubbish", 429, 302])
    for attempts in range(1, 5):
        run(trade)
        assert standing(farm) == [("queued", attempts)]
        run(trade)
        assert len(gateway.asked) == attempts, "it waits before it tries again"
        later(trade)
    run(trade)
    assert standing(farm) == [("sent", 5)]
    assert len({one["id"] for one in gateway.asked}) == 1
    assert list(gateway.taken.values()) == [1]


def test_what_is_refused_for_good_is_dead_until_somebody_sends_it_again(
    trade: Trade, gateway: Gateway, coded: tuple[Account, Account, str]
) -> None:
    farm, cooperative, _ = coded
    stranger = trade.cooperative()
    gateway.told.append(400)
    run(trade)
    later(trade)
    run(trade)
    assert len(gateway.asked) == 1
    (dead,) = log_of(farm, "status=dead")
    path = f"/dispatches/{dead['id']}"
    assert "400" in dead["last_error"]
    assert stranger.get(path).status_code == stranger.post(f"{path}/resending").status_code == 404
    assert cooperative.made(f"{path}/resending")["status"] == "queued"
    again = cooperative.post(f"{path}/resending")
    assert (again.status_code, again.json["code"]) == (409, "dispatch_not_dead")
    run(trade)
    assert standing(farm) == [("sent", 1)]


def test_what_fails_too_often_is_dead(
    trade: Trade, gateway: Gateway, coded: tuple[Account, Account, str]
) -> None:
    farm, *_ = coded
    gateway.told.extend([500] * 20)
    for _ in range(12):
        run(trade)
        later(trade)
    assert standing(farm) == [("dead", 8)]
    assert len(gateway.asked) == 8


def test_without_a_gateway_a_message_says_that_it_was_not_sent(
    trade: Trade, coded: tuple[Account, Account, str]
) -> None:
    farm, *_ = coded
    run(trade)
    assert standing(farm) == [("no_gateway", 0)]
    run(trade, notifications.send_zalo)


def texted(trade: Trade, farm: Account, count: int) -> None:
    """So many text messages wait."""
    with trade.app.app_context(), transaction():
        row = db.session.scalars(select(Dispatch).where(Dispatch.channel == "sms")).one()
        shared = ("organisation_id", "topic", "locale", "subject", "created_at", "due_at")
        queue_all(
            [
                {name: getattr(row, name) for name in shared}
                | {"channel": "sms", "address": "+84900", "body": f"{n}", "status": "queued"}
                for n in range(count)
            ]
        )


def test_a_gateway_that_hangs_is_left_alone_and_mail_goes_on(
    trade: Trade,
    gateway: Gateway,
    mailbox: Mailbox,
    coded: tuple[Account, Account, str],
) -> None:
    farm, *_ = coded
    texted(trade, farm, 30)
    gateway.told.extend(["hang"] * 40)
    with pytest.MonkeyPatch.context() as impatient:
        impatient.setattr(over_http, "TIMEOUT", 0.2)
        run(trade)
        first = tries(farm)
        assert 1 <= first <= notifications.SENDERS
        run(trade)
        assert tries(farm) == first, "it is paused"
        run(trade, notifications.send_mail)
        assert len(mailbox.mails) >= 2
        later(trade)
        run(trade)
        assert tries(farm) == first + 1, "one message finds out whether it is back"
    gateway.told.clear()
    later(trade)
    run(trade)
    later(trade)
    run(trade)
    assert {status for status, _ in standing(farm)} == {"sent"}
    assert len(gateway.taken) == 31
    assert set(gateway.taken.values()) == {1}


def test_a_mail_is_text_and_html_and_can_be_ended_with_one_click(
    trade: Trade, mailbox: Mailbox
) -> None:
    farm, buyer = trade.farm(name="Vườn <b>Đẹp</b>"), trade.processor()
    an_order(buyer, an_offer(farm))
    trade.relay()
    run(trade, notifications.send_mail)
    mine = [one for one in mailbox.mails if one["To"] == buyer.login]
    (mail,) = [one for one in mine if str(one["Subject"]).startswith("Đã đặt 10 kg")]
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "Vườn <b>Đẹp</b>" in text
    assert "Vườn &lt;b&gt;Đẹp&lt;/b&gt;" in html
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["List-Unsubscribe"].strip().strip("<>")
    assert link in text
    path = link[link.index("/unsubscribe") :]
    client = trade.app.test_client()
    page = client.get(path)
    assert (page.status_code, "Ngừng gửi" in page.get_data(as_text=True)) == (200, True)
    assert 'class="brand"' in page.get_data(as_text=True), "it looks like every other page"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    client.set_cookie("blao_language", "en")
    assert '<html lang="en">' in client.get(path).get_data(as_text=True)
    client.delete_cookie("blao_language")
    assert client.get(path[:-1]).status_code == client.post(path[:-1]).status_code == 404
    topic = path.split("/")[3]
    wishes = buyer.read("/notification-preferences")
    assert wishes["preferences"] == []
    done = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert "không nhận thư" in done.get_data(as_text=True)
    wishes = buyer.read("/notification-preferences")
    assert wishes["preferences"] == [{"topic": topic, "channel": "email", "wanted": "never"}]
    before = len(log_of(buyer, f"topic={topic}"))
    an_order(buyer, an_offer(farm))
    trade.relay()
    assert len(log_of(buyer, f"topic={topic}")) == before
    assert len(log_of(farm, f"topic={topic}")) == 2


def test_an_invitation_leads_to_the_page_where_it_is_taken_up(
    trade: Trade, mailbox: Mailbox
) -> None:
    host = trade.processor()
    guest = {"name": "Khách", "email": "khach@example.com", "role": "member", "locale": "en"}
    invitation = host.made("/invitations", guest)["id"]
    trade.relay()
    with settings(trade.app, public_url="https://blao.example/", smtp_url=mailbox.url):
        run(trade, notifications.send_mail)
    (mail,) = [one for one in mailbox.mails if one["To"] == "khach@example.com"]
    text = mail.get_body(("plain",)).get_content()
    code = invitation_code(UUID(invitation), secret=trade.app.config["SECRET_KEY"])
    assert f"https://blao.example/invitations/{invitation}" in text.split()
    assert code in text
    assert f"Invitation: {invitation}" in text
    page = trade.app.test_client().get(f"/invitations/{invitation}").get_data(as_text=True)
    assert 'name="code"' in page


def test_an_address_that_is_refused_stops_no_other(trade: Trade, mailbox: Mailbox) -> None:
    farm, buyer = trade.farm(), trade.processor()
    mailbox.refused.add(str(farm.login))
    an_order(buyer, an_offer(farm))
    trade.relay()
    run(trade, notifications.send_mail)
    assert {one["status"] for one in log_of(farm, "channel=email")} == {"dead"}
    assert {one["status"] for one in log_of(buyer, "channel=email")} == {"sent"}


def end_the_day(trade: Trade) -> None:
    """As if it were six in the evening."""
    with trade.app.app_context(), transaction():
        waiting = Notification.digest_at.is_not(None)
        db.session.execute(update(Notification).where(waiting).values(digest_at=clock.now()))


def test_a_day_s_messages_come_as_one_summary(trade: Trade, mailbox: Mailbox) -> None:
    farm, buyer = trade.farm(), trade.processor()
    etag = buyer.get("/notification-preferences").headers["ETag"]
    daily = {"preferences": [{"topic": "*", "channel": "email", "wanted": "daily"}]}
    answer = buyer.request("PATCH", "/notification-preferences", daily, If_Match=etag)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    for _ in range(3):
        an_order(buyer, an_offer(farm))
    trade.relay()
    assert log_of(buyer, "channel=email") == []
    run(trade, notifications.send_digests)
    assert log_of(buyer, "channel=email") == [], "it is not six in the evening yet"
    end_the_day(trade)
    for _ in range(2):
        run(trade, notifications.send_digests)
    run(trade, notifications.send_mail)
    (mail,) = [one for one in mailbox.mails if one["To"] == buyer.login]
    lines = mail.get_body(("plain",)).get_content().split("\n")
    titles = [one["title"] for one in buyer.read("/notifications?limit=100")["items"]]
    assert len(titles) >= 7
    assert mail["Subject"] == f"Tóm tắt trong ngày: {len(titles)} tin"
    assert sorted(line[2:].strip() for line in lines if line.startswith("•")) == sorted(titles)
    link = mail["List-Unsubscribe"].strip().strip("<>")
    assert trade.app.test_client().post(link[link.index("/unsubscribe") :]).status_code == 200
    an_order(buyer, an_offer(farm))
    trade.relay()
    end_the_day(trade)
    run(trade, notifications.send_digests)
    run(trade, notifications.send_mail)
    assert len([one for one in mailbox.mails if one["To"] == buyer.login]) == 1


def test_a_number_gets_no_more_than_so_many_codes_and_texts_a_day(
    trade: Trade, gateway: Gateway
) -> None:
    person = {"name": "Bác Ba", "phone": "0977000222", "password": "mot-mat-khau-dai"}
    kind = {"name": "Vườn", "kind": "farm"}
    body = {"organisation": kind, "person": person | {"locale": "vi"}}
    made = trade.visitor.made("/registrations", body)
    login = {"login": person["phone"], "password": person["password"]}
    farm = Account(trade.app, trade.visitor.made("/tokens", login)["token"])
    farm.organisation_id = made["organisation_id"]
    farm.site_id = farm.made(
        "/sites", {"name": "Rẫy", "ward_code": "24829", "latitude": 11.5, "longitude": 107.8}
    )["id"]
    buyer, most = trade.processor(), MOST_A_DAY["sms"]
    for _ in range(most):
        an_order(buyer, an_offer(farm))
    trade.relay()
    later(trade)
    run(trade)
    assert len(gateway.asked) == most == len(log_of(farm))
    with trade.app.app_context():
        owner = Notification.organisation_id == UUID(str(farm.organisation_id))
        waiting = select(Notification).where(owner, Notification.digest_at.is_not(None))
        assert len(db.session.scalars(waiting).all()) == 1 + 2 * most - most


def test_zalo_takes_a_template_and_says_who_has_no_account(trade: Trade) -> None:
    buyer, farm = trade.processor(), trade.farm()
    etag = buyer.get("/notification-preferences").headers["ETag"]
    wish = {"topic": "order.placed", "channel": "zalo", "wanted": "at_once"}
    quiet = {"quiet_from": "03:00", "quiet_until": "03:01"}
    body = {"preferences": [wish], **quiet}
    buyer.request("PATCH", "/notification-preferences", body, If_Match=etag)
    for _ in range(2):
        an_order(buyer, an_offer(farm))
    trade.relay()
    named = {"zalo_token": "z", "zalo_template_vi": "111", "zalo_template_en": "222"}
    with a_gateway() as zalo, settings(trade.app, zalo_url=zalo.url, **named):
        zalo.told.extend(["error"])
        later(trade)
        run(trade, notifications.send_zalo)
        assert {one["template_id"] for one in zalo.asked} == {"111"}
        assert zalo.asked[0]["template_data"]["title"].startswith("Đã đặt 10 kg")
    found = sorted(one["status"] for one in log_of(buyer, "channel=zalo"))
    assert found == ["dead", "sent"]
