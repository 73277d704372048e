"""Registering, signing in, inviting, belonging to a cooperative."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.accounts.models import Invitation, Membership, Person
from app.accounts.operations import invitation_code
from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from tests.factories import (
    PASSWORD,
    Account,
    Trade,
    a_membership,
    an_order,
    lot_body,
    offer_body,
)


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def registration(login: str, phone: str = "0987654321", **person: Any) -> dict[str, Any]:
    return {
        "organisation": {"name": "Trại Nấm", "kind": "farm"},
        "person": {"name": "Lan", "phone": phone, "email": login, "password": PASSWORD} | person,
    }


def test_somebody_who_has_registered_is_the_owner(trade: Trade) -> None:
    farm = trade.farm(smallholder=True)
    me = farm.read("/me")
    assert me["person"]["email"] == farm.login
    assert me["person"]["phone"].startswith("+8490")
    assert me["person"]["locale"] == "vi"
    (role,) = me["organisations"]
    assert (role["id"], role["kind"], role["role"]) == (farm.organisation_id, "farm", "owner")
    assert role["smallholder"] is True
    assert "password" not in str(me)


def test_a_phone_number_signs_in_however_it_is_written(trade: Trade) -> None:
    trade.visitor.made("/registrations", registration("lan@example.com"))
    for login in ("0987654321", "+84987654321", " 098 765 43 21 ", "LAN@example.com"):
        token = trade.visitor.made("/tokens", {"login": login, "password": PASSWORD})["token"]
        assert Account(trade.app, token).read("/me")["person"]["phone"] == "+84987654321"


@pytest.mark.parametrize("taken", [{"phone": "+84 98 765 43 21"}, {"email": "LAN@example.com"}])
def test_a_login_belongs_to_one_person(trade: Trade, taken: dict[str, str]) -> None:
    trade.visitor.made("/registrations", registration("lan@example.com"))
    other = registration("hoa@example.com", "0912000111")
    other["person"] |= taken
    assert code_of(trade.visitor.post("/registrations", other)) == (409, "login_taken")
    other["person"] |= {"phone": "0912000111", "email": "hoa@example.com"}
    assert trade.visitor.post("/registrations", other).status_code == 201


LINES = ("one line", "một dòng")
CONTROL = ("control characters", "ký tự điều khiển")
TURNING = ("direction of writing", "đổi chiều viết")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        *((f"Vườn{mark}Lan", LINES) for mark in ("\n", "\r\n", "\r", "\x85", "\u2028", "\u2029")),
        *((f"Vườn{mark}Lan", CONTROL) for mark in "\t\x07\x1b\x7f\x9f"),
        *((f"Vườn{mark}Lan", TURNING) for mark in "\u202a\u202d\u202e\u2066\u2067\u2069"),
        ("\u202eVườn Lan", TURNING),
    ],
)
def test_a_name_holds_nothing_that_changes_how_it_is_read(
    trade: Trade, name: str, told: tuple[str, str]
) -> None:
    body = registration("lan@example.com")
    body["organisation"]["name"] = name
    for language, words in zip(("en", "vi"), told, strict=True):
        answer = trade.visitor.post("/registrations", body, Accept_Language=language)
        (error,) = answer.json["errors"]
        assert (answer.status_code, error["pointer"]) == (422, "/organisation/name")
        assert words in str(error)


def test_a_name_is_trimmed_and_may_join_its_letters(trade: Trade) -> None:
    body = registration("lan@example.com")
    body["organisation"]["name"] = "\n Vườn\u200d Lan \r\n"
    trade.visitor.made("/registrations", body)
    token = trade.visitor.made("/tokens", {"login": "lan@example.com", "password": PASSWORD})
    (role,) = Account(trade.app, token["token"]).read("/me")["organisations"]
    assert role["name"] == "Vườn\u200d Lan"


@pytest.mark.parametrize("kind", ["operator", "authority", "anything"])
def test_an_office_cannot_be_registered(trade: Trade, kind: str) -> None:
    body = registration("lan@example.com")
    body["organisation"]["kind"] = kind
    answer = trade.visitor.post("/registrations", body)
    assert [one["pointer"] for one in answer.json["errors"]] == ["/organisation/kind"]


@pytest.mark.parametrize(
    ("tax_id", "status"),
    [("0100109106", 201), ("0100109106-001", 201), ("079123456789", 201), ("0100109107", 422)],
)
def test_a_tax_code_has_its_check_digit(trade: Trade, tax_id: str, status: int) -> None:
    body = registration("lan@example.com")
    body["organisation"]["tax_id"] = tax_id
    assert trade.visitor.post("/registrations", body).status_code == status


def test_a_password_is_taken_as_typed(trade: Trade, rolled_back: Flask) -> None:
    typed = "  mật khẩu có dấu cách  "
    trade.visitor.made("/registrations", registration("lan@example.com", password=typed))
    body = {"login": "lan@example.com", "password": typed}
    assert trade.visitor.post("/tokens", body).status_code == 201
    wrong = trade.visitor.post("/tokens", body | {"password": typed.strip()})
    assert code_of(wrong) == (401, "sign_in_failed")
    with rolled_back.app_context():
        kept = db.session.scalars(select(Person.password_hash)).all()
    assert kept
    assert all(one is None or one.startswith("$argon2id$") for one in kept)


def test_a_wrong_login_is_told_like_a_wrong_password(trade: Trade) -> None:
    farm = trade.farm()
    attempts = [
        {"login": farm.login, "password": "sai-mat-khau"},
        {"login": f"no-{farm.login}", "password": PASSWORD},
        {"login": "neither phone nor mail", "password": PASSWORD},
    ]
    answers = [trade.visitor.post("/tokens", body) for body in attempts]
    assert {code_of(one) for one in answers} == {(401, "sign_in_failed")}
    assert len({one.json["detail"] for one in answers}) == 1


def test_ten_failures_close_a_login_for_a_while(trade: Trade) -> None:
    unique = clock.now().strftime("%H%M%S%f")
    login = f"khoa{unique}@example.com"
    trade.visitor.made("/registrations", registration(login))
    body = {"login": login, "password": "sai-mat-khau"}
    for _ in range(10):
        assert code_of(trade.visitor.post("/tokens", body)) == (401, "sign_in_failed")
    right = {"login": login, "password": PASSWORD}
    for attempt in (body, right, right | {"login": f" {login.upper()} "}):
        answer = trade.visitor.post("/tokens", attempt)
        assert code_of(answer) == (429, "too_many_sign_ins")
        assert 0 < int(answer.headers["Retry-After"]) <= 900
    other = trade.farm()
    assert other.get("/me").status_code == 200, "others sign in as ever"


def test_writing_a_phone_number_differently_gives_no_more_tries(trade: Trade) -> None:
    number = f"0912{clock.now().microsecond:06d}"
    ways = (number, f"+84{number[1:]}", f"{number[:4]} {number[4:]}", f"{number[:3]}-{number[3:]}")
    for attempt in range(10):
        body = {"login": ways[attempt % len(ways)], "password": "sai-mat-khau"}
        assert code_of(trade.visitor.post("/tokens", body)) == (401, "sign_in_failed")
    for way in ways:
        answer = trade.visitor.post("/tokens", {"login": way, "password": "sai-mat-khau"})
        assert code_of(answer) == (429, "too_many_sign_ins"), way


def test_a_person_sees_and_ends_their_own_tokens(trade: Trade) -> None:
    farm = trade.farm()
    body = {"login": farm.login, "password": PASSWORD}
    made = trade.visitor.made("/tokens", body)
    second = Account(trade.app, made["token"])
    newest, oldest = farm.read("/tokens")["items"]
    assert newest["expires_at"] == made["expires_at"]
    assert set(newest) == {"id", "created_at", "expires_at", "revoked_at"}
    assert farm.request("DELETE", f"/tokens/{newest['id']}").status_code == 204
    assert second.get("/me").status_code == 401
    assert farm.read("/tokens")["items"][0]["revoked_at"] is not None
    assert farm.request("DELETE", f"/tokens/{newest['id']}").status_code == 404
    assert trade.farm().request("DELETE", f"/tokens/{oldest['id']}").status_code == 404
    assert farm.request("DELETE", "/tokens/current").status_code == 204
    assert farm.get("/me").status_code == 401


def invited(host: Account, **changes: Any) -> dict[str, Any]:
    body = {"name": "Khách", "email": "khach@example.com", "role": "manager", "locale": "en"}
    return host.made("/invitations", body | changes)


def test_somebody_new_takes_up_an_invitation(trade: Trade) -> None:
    host = trade.processor()
    invitation = invited(host)
    assert (invitation["status"], invitation["role"]) == ("pending", "manager")
    assert "code" not in invitation
    trade.accept(invitation["id"], password=PASSWORD, name="Khách Quen")
    body = {"login": "khach@example.com", "password": PASSWORD}
    guest = Account(trade.app, trade.visitor.made("/tokens", body)["token"])
    me = guest.read("/me")
    assert (me["person"]["name"], me["person"]["locale"]) == ("Khách Quen", "en")
    roles = [(one["id"], one["role"]) for one in me["organisations"]]
    assert roles == [(host.organisation_id, "manager")]
    assert host.read(f"/invitations/{invitation['id']}")["status"] == "accepted"
    assert host.read("/invitations")["items"][0]["id"] == invitation["id"]


def test_somebody_known_takes_up_an_invitation_signed_in(trade: Trade) -> None:
    host, guest = trade.processor(), trade.farm()
    invitation = invited(host, email=guest.login, role="viewer")
    path = f"/invitations/{invitation['id']}/acceptance"
    code = invitation_code(UUID(invitation["id"]), secret=trade.app.config["SECRET_KEY"])
    unsigned = trade.visitor.post(path, {"code": code, "password": PASSWORD})
    assert code_of(unsigned) == (409, "login_taken")
    accepted = guest.made(path, {"code": code.lower()})
    assert (accepted["organisation_id"], accepted["role"]) == (host.organisation_id, "viewer")
    roles = {one["id"]: one["role"] for one in guest.read("/me")["organisations"]}
    assert roles == {guest.organisation_id: "owner", host.organisation_id: "viewer"}
    assert code_of(guest.post(path, {"code": code})) == (409, "invitation_closed")


def test_a_wrong_code_opens_nothing(trade: Trade) -> None:
    invitation = invited(trade.processor())
    other = invited(trade.processor(), email="khac@example.com")
    stolen = invitation_code(UUID(other["id"]), secret=trade.app.config["SECRET_KEY"])
    path = f"/invitations/{invitation['id']}/acceptance"
    for code in (stolen, "A" * 24, "x", "é"):
        answer = trade.visitor.post(path, {"code": code, "password": PASSWORD})
        assert code_of(answer) == (404, "not_found")
    missing = "/invitations/00000000-0000-7000-8000-000000000000/acceptance"
    answer = trade.visitor.post(missing, {"code": stolen, "password": PASSWORD})
    assert code_of(answer) == (404, "not_found")


def test_somebody_new_needs_a_password(trade: Trade) -> None:
    invitation = invited(trade.processor())
    code = invitation_code(UUID(invitation["id"]), secret=trade.app.config["SECRET_KEY"])
    answer = trade.visitor.post(f"/invitations/{invitation['id']}/acceptance", {"code": code})
    assert code_of(answer) == (422, "invalid")
    assert [one["pointer"] for one in answer.json["errors"]] == ["/password"]
    trade.accept(invitation["id"], password=PASSWORD)


def test_an_invitation_lasts_two_weeks(trade: Trade, rolled_back: Flask) -> None:
    invitation = invited(trade.processor())
    with rolled_back.app_context(), transaction():
        past = clock.now() - timedelta(seconds=1)
        db.session.execute(update(Invitation).values(expires_at=past))
    code = invitation_code(UUID(invitation["id"]), secret=trade.app.config["SECRET_KEY"])
    path = f"/invitations/{invitation['id']}/acceptance"
    answer = trade.visitor.post(path, {"code": code, "password": PASSWORD})
    assert code_of(answer) == (409, "invitation_closed")


def test_an_invitation_is_withdrawn_until_it_is_accepted(trade: Trade) -> None:
    host = trade.processor()
    invitation = invited(host)
    path = f"/invitations/{invitation['id']}"
    for _ in range(2):
        assert host.request("DELETE", path).status_code == 204
    ended = host.read(path)
    assert ended["expires_at"] < invitation["expires_at"]
    assert ended["status"] == "expired"
    code = invitation_code(UUID(invitation["id"]), secret=trade.app.config["SECRET_KEY"])
    answer = trade.visitor.post(f"{path}/acceptance", {"code": code, "password": PASSWORD})
    assert code_of(answer) == (409, "invitation_closed")
    taken = invited(host, email="khac@example.com")
    trade.accept(taken["id"], password=PASSWORD)
    path = f"/invitations/{taken['id']}"
    assert code_of(host.request("DELETE", path)) == (409, "invitation_closed")
    assert code_of(trade.operator.request("DELETE", path)) == (403, "forbidden")


def test_nobody_invites_themselves(trade: Trade) -> None:
    host = trade.farm()
    me = host.read("/me")["person"]
    own = ({"email": str(host.login).upper()}, {"phone": f"0{me['phone'].removeprefix('+84')}"})
    for address in own:
        answer = host.post("/invitations", {"name": "Tôi", **address})
        assert code_of(answer) == (422, "own_address")
    assert host.read("/invitations")["items"] == []


def test_a_second_invitation_to_an_address_takes_the_place_of_the_first(trade: Trade) -> None:
    host, other = trade.processor(), trade.processor()
    foreign, first, second = invited(other), invited(host), invited(host)
    listed = {one["id"]: one["status"] for one in host.read("/invitations")["items"]}
    assert listed == {first["id"]: "expired", second["id"]: "pending"}
    assert other.read(f"/invitations/{foreign['id']}")["status"] == "pending"
    body = {name: second[name] for name in ("name", "email", "role")}
    trade.accept(second["id"], password=PASSWORD)
    assert code_of(host.post("/invitations", body)) == (409, "role_held")
    assert host.made("/invitations", body | {"role": "member"})["status"] == "pending"
    assert host.read(f"/invitations/{second['id']}")["status"] == "accepted"


def test_an_invitation_goes_to_a_phone_or_an_address(trade: Trade) -> None:
    host = trade.farm()
    body = {"name": "Bạn", "phone": "0911222333", "email": "ban@example.com"}
    for wrong in (body, {"name": "Bạn"}):
        answer = host.post("/invitations", wrong)
        assert [one["pointer"] for one in answer.json["errors"]] == ["/phone"]
    by_phone = host.made("/invitations", {"name": "Bạn", "phone": "0911222333"})
    assert (by_phone["phone"], by_phone["role"]) == ("+84911222333", "member")


def test_a_member_invites_nobody_and_a_manager_does(trade: Trade) -> None:
    farm = trade.farm()
    body = {"name": "Bạn", "email": "ban@example.com"}
    assert code_of(trade.colleague(farm, "member").post("/invitations", body)) == (403, "forbidden")
    assert trade.colleague(farm, "manager").post("/invitations", body).status_code == 201


def test_a_farm_joins_a_cooperative_once(trade: Trade) -> None:
    farm, cooperative = trade.farm(), trade.cooperative()
    membership = a_membership(farm, cooperative)
    assert membership["cooperative_id"] == cooperative.organisation_id
    assert membership["organisation_id"] == farm.organisation_id
    assert membership["cooperative_name"].startswith("cooperative")
    assert (membership["consent_given_at"], membership["mandate_given_at"]) == (None, None)
    assert membership["started_on"] == str(clock.local_date(clock.now()))
    body = {"cooperative_id": cooperative.organisation_id}
    assert code_of(farm.post("/memberships", body)) == (409, "already_member")
    for other in (trade.processor(), trade.farm()):
        answer = farm.post("/memberships", {"cooperative_id": other.organisation_id})
        assert code_of(answer) == (404, "not_found")
    for side in (farm, cooperative):
        assert side.read("/memberships")["items"] == [membership]


def test_who_has_left_may_come_back(trade: Trade) -> None:
    farm, cooperative = trade.farm(), trade.cooperative()
    first = a_membership(farm, cooperative, "consent", "mandate")
    assert farm.request("DELETE", f"/memberships/{first['id']}").status_code == 204
    again = a_membership(farm, cooperative)
    assert again["id"] != first["id"]
    assert again["mandate_given_at"] is None
    assert [one["id"] for one in farm.read("/memberships")["items"]] == [again["id"], first["id"]]


def test_consent_and_mandate_are_given_and_withdrawn_on_their_own(
    trade: Trade, rolled_back: Flask
) -> None:
    farm, cooperative = trade.farm(), trade.cooperative()
    membership = a_membership(farm, cooperative, "consent")
    path = f"/memberships/{membership['id']}"
    given = membership["consent_given_at"]
    assert (given is not None, membership["mandate_given_at"]) == (True, None)
    assert farm.made(f"{path}/consent")["consent_given_at"] == given, "once given it stands"
    farm.made(f"{path}/mandate")
    assert farm.request("DELETE", f"{path}/consent").status_code == 204
    assert farm.request("DELETE", f"{path}/consent").status_code == 204
    now = cooperative.read(path)
    assert (now["consent_given_at"], now["mandate_given_at"] is not None) == (None, True)
    assert farm.made(f"{path}/consent")["consent_given_at"] > given
    with rolled_back.app_context():
        kept = db.session.scalars(select(Membership.id)).all()
    assert [str(one) for one in kept] == [membership["id"]]


def test_only_the_farm_gives_consent(trade: Trade) -> None:
    farm, cooperative = trade.farm(), trade.cooperative()
    path = f"/memberships/{a_membership(farm, cooperative)['id']}"
    for grant in ("consent", "mandate"):
        for method in ("POST", "DELETE"):
            answer = cooperative.request(method, f"{path}/{grant}")
            assert code_of(answer) == (403, "forbidden")
    member = trade.colleague(farm, "member")
    assert code_of(member.post(f"{path}/mandate")) == (403, "forbidden")


def test_an_office_is_given_by_the_console_alone(trade: Trade) -> None:
    invited = {"name": "Bạn", "email": "friend-of-the-office@example.com", "role": "owner"}
    for office in (trade.operator, trade.authority):
        answer = office.post("/invitations", invited)
        assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


def test_only_an_owner_makes_an_owner(trade: Trade) -> None:
    farm = trade.farm()
    manager = trade.colleague(farm, "manager")
    invited = {"name": "Bạn", "email": "new-owner@example.com", "role": "owner"}
    answer = manager.post("/invitations", invited)
    assert (answer.status_code, answer.json["code"]) == (403, "owners_only")
    assert farm.made("/invitations", invited)["role"] == "owner"


def test_an_owner_who_takes_up_a_lesser_role_stays_an_owner(trade: Trade) -> None:
    farm = trade.farm()
    lesser = {"name": "Bạn", "email": farm.login, "role": "viewer"}
    other = trade.colleague(farm, "owner")
    trade.accept(other.made("/invitations", lesser)["id"], farm)
    assert farm.read("/me")["organisations"][0]["role"] == "owner"


def test_a_cooperative_no_longer_watches_a_farm_that_has_left(trade: Trade) -> None:
    farm, cooperative = trade.farm(), trade.cooperative()
    membership = a_membership(farm, cooperative, "mandate")
    behalf = {"on_behalf_of": farm.organisation_id}
    lot = cooperative.made("/lots", lot_body(farm, **behalf))
    offer = cooperative.made("/offers", offer_body(lot["id"], **behalf))
    order = an_order(trade.processor(), offer)
    paths = [f"/lots/{lot['id']}", f"/orders/{order['id']}"]
    assert [cooperative.get(path).status_code for path in paths] == [200, 200]
    assert farm.request("DELETE", f"/memberships/{membership['id']}").status_code == 204
    assert [cooperative.get(path).status_code for path in paths] == [404, 404]
