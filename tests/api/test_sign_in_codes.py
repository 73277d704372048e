"""One-time codes: sent to their owner alone, good once, and not to be guessed."""

from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from app.accounts.models import MOST_CODE_TRIES, AccessToken, SignInCode
from app.accounts.sign_in_codes import DIGITS, LIFE, MOST_A_DAY, sign_in_code
from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from app.notifications.codes import with_code
from app.notifications.models import Dispatch
from tests.factories import Account, Trade


def phone_of(account: Account) -> str:
    return str(account.read("/me")["person"]["phone"])


def codes(trade: Trade) -> list[str]:
    """Every code there is, oldest first."""
    with trade.app.app_context():
        ids = db.session.scalars(select(SignInCode.id).order_by(SignInCode.id)).all()
        return [sign_in_code(one, secret=trade.app.config["SECRET_KEY"]) for one in ids]


def sent_code(trade: Trade, login: str) -> str:
    trade.visitor.made("/sign-in-codes", {"login": login})
    return codes(trade)[-1]


def answer_to(trade: Trade, login: str, code: str) -> tuple[int, Any]:
    answer = trade.visitor.post("/tokens", {"login": login, "code": code})
    return answer.status_code, answer.json.get("code")


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**DIGITS:0{DIGITS}d}"


FAILED = (401, "sign_in_code_wrong")


def test_a_code_lets_its_owner_in_once_whatever_spaces_are_typed(trade: Trade) -> None:
    farm = trade.farm()
    login = phone_of(farm)
    code = sent_code(trade, login)
    typed = f" {code[:3]} {code[3:]}\u00a0"
    made = trade.visitor.made("/tokens", {"login": f"0{login[3:]}", "code": typed})
    assert Account(trade.app, made["token"]).read("/me") == farm.read("/me")
    assert answer_to(trade, login, code) == FAILED


def test_the_message_bears_the_code_and_the_database_does_not(trade: Trade, app: Flask) -> None:
    farm = trade.farm()
    code = sent_code(trade, phone_of(farm))
    trade.relay()
    with app.app_context():
        dispatch = db.session.scalars(
            select(Dispatch).where(Dispatch.topic == "sign_in.code_sent")
        ).one()
        assert (dispatch.channel, dispatch.address) == ("sms", phone_of(farm))
        assert code not in dispatch.body
        assert code in with_code(dispatch, app.config["SETTINGS"])


def test_somebody_unknown_is_answered_like_somebody_known(trade: Trade) -> None:
    login = phone_of(trade.farm())
    known = trade.visitor.post("/sign-in-codes", {"login": login})
    unknown = trade.visitor.post("/sign-in-codes", {"login": "0999888777"})
    assert known.status_code == unknown.status_code == 202
    assert known.json.keys() == unknown.json.keys() == {"expires_at"}
    assert len(codes(trade)) == 1
    refused = trade.visitor.post("/tokens", {"login": login, "code": wrong(codes(trade)[0])})
    stranger = trade.visitor.post("/tokens", {"login": "0999888777", "code": "123456"})
    assert refused.json["detail"] == stranger.json["detail"]
    assert refused.json["code"] == stranger.json["code"] == "sign_in_code_wrong"


def test_what_is_no_number_and_no_address_is_named(trade: Trade) -> None:
    answer = trade.visitor.post("/sign-in-codes", {"login": "nobody"})
    assert (answer.status_code, answer.json["code"]) == (422, "login_unfit")


def test_five_wrong_tries_end_a_code(trade: Trade) -> None:
    login = phone_of(trade.farm())
    code = sent_code(trade, login)
    for _ in range(MOST_CODE_TRIES):
        assert answer_to(trade, login, wrong(code)) == FAILED
    assert answer_to(trade, login, code) == FAILED
    other = sent_code(trade, login)
    assert answer_to(trade, login, other)[0] == 201


def test_codes_fail_with_passwords_towards_the_same_pause(trade: Trade) -> None:
    login = phone_of(trade.farm())
    for _ in range(5):
        body = {"login": login, "password": "sai-mat-khau"}
        assert trade.visitor.post("/tokens", body).status_code == 401
    for _ in range(5):
        assert answer_to(trade, login, "000000")[0] == 401
    assert answer_to(trade, login, sent_code(trade, login)) == (429, "too_many_sign_ins")


def test_a_late_code_serves_beside_a_newer_one_for_its_own_quarter_of_an_hour(
    trade: Trade,
) -> None:
    login = phone_of(trade.farm())
    first, second = sent_code(trade, login), sent_code(trade, login)
    assert first != second
    assert answer_to(trade, login, first)[0] == 201
    assert answer_to(trade, login, second) == FAILED, "one sign-in spends them all"
    third = sent_code(trade, login)
    with trade.app.app_context(), transaction():
        past = clock.now() - LIFE - timedelta(seconds=1)
        db.session.execute(update(SignInCode).values(created_at=past, expires_at=past + LIFE))
    assert answer_to(trade, login, third) == FAILED


def test_guessing_for_a_day_stays_under_one_in_ten_thousand(trade: Trade) -> None:
    login = phone_of(trade.farm())
    for _ in range(MOST_A_DAY + 3):
        assert trade.visitor.post("/sign-in-codes", {"login": login}).status_code == 202
    assert len(codes(trade)) == MOST_A_DAY
    # Codes of the quarter of an hour before may still be tried: twice as many at the very most.
    assert 2 * MOST_A_DAY * MOST_CODE_TRIES / 10**DIGITS < 1e-4


def test_a_sign_in_shows_a_password_or_a_code_and_not_both(trade: Trade) -> None:
    login = phone_of(trade.farm())
    for body in ({"login": login}, {"login": login, "password": "x", "code": "1"}):
        answer = trade.visitor.post("/tokens", body)
        assert [one["pointer"] for one in answer.json["errors"]] == ["/password"]
    with trade.app.app_context():
        assert db.session.scalars(select(AccessToken.name)).all() == [None]
