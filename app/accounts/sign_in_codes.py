"""Signing in by a one-time code that is sent to a telephone or a mailbox.

A code lives for a quarter of an hour of its own, so that one that comes late still serves, and is
compared with at most :data:`MOST_CODE_TRIES` wrong guesses. With at most :data:`MOST_A_DAY` codes
within any 24 hours, fewer than 100 guesses a day meet one of a million codes: odds under 1e-4.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from app.accounts.identity import login_name
from app.accounts.models import MOST_CODE_TRIES, AccessToken, Person, SignInCode
from app.accounts.operations import LoginUnfit, SignInFailed, issue_token
from app.accounts.queries import find_person, roles_of
from app.core import outbox
from app.core.db import db

DIGITS = 6
MOST_A_DAY = 8
LIFE = timedelta(minutes=15)
DAY = timedelta(days=1)


class SignInCodeWrong(SignInFailed):
    code = "sign_in_code_wrong"
    vi = "Mã không đúng hoặc đã hết hạn. Xem lại tin mới nhất, hoặc gửi mã khác."
    en = "The code is wrong or has run out. Look at the latest message, or send another code."
    leaves_trace = True


def send_code(*, login: str, now: datetime) -> datetime:
    """Send a code to whoever signs in with this; for anybody else, and for one who has had too
    many today, nothing happens and the answer is the same.

    Returns:
        until when such a code serves.

    Raises:
        LoginUnfit: the login is neither a mobile number nor an e-mail address.
    """
    stored = login_name(login)
    if stored is None:
        raise LoginUnfit(login=login)
    person = find_person(stored)
    if person is not None:
        _send(person, stored, now=now)
    return now + LIFE


def sign_in(*, login: str, code: str, secret: str, now: datetime) -> tuple[str, AccessToken]:
    """A new token for whoever has a code; it is spent, and so are the person's other codes.

    Raises:
        SignInCodeWrong: wrong, spent, too old, tried too often, or an unknown login; told alike.
    """
    stored = login_name(login)
    person = find_person(stored) if stored else None
    if person is None:
        raise SignInCodeWrong
    rows = db.session.scalars(
        select(SignInCode)
        .where(
            SignInCode.person_id == person.id,
            SignInCode.used_at.is_(None),
            SignInCode.expires_at > now,
            SignInCode.tries < MOST_CODE_TRIES,
        )
        .order_by(SignInCode.id)
        .with_for_update()
    ).all()
    told = "".join(code.split()).encode()
    right = [
        hmac.compare_digest(told, sign_in_code(one.id, secret=secret).encode()) for one in rows
    ]
    for one in rows:
        if any(right):
            one.used_at = now
        else:
            one.tries += 1
    db.session.flush()
    if not any(right):
        raise SignInCodeWrong
    return issue_token(person=person, now=now)


def sign_in_code(code_id: UUID, *, secret: str) -> str:
    """The digits of a code; derived, so that they are stored nowhere."""
    digest = hmac.digest(secret.encode(), f"sign-in:{code_id}".encode(), hashlib.sha256)
    return f"{int.from_bytes(digest[:8]) % 10**DIGITS:0{DIGITS}d}"


def _send(person: Person, login: str, *, now: datetime) -> None:
    db.session.get_one(Person, person.id, with_for_update=True)
    had = db.session.scalar(
        select(func.count())
        .select_from(SignInCode)
        .where(SignInCode.person_id == person.id, SignInCode.created_at > now - DAY)
    )
    roles = roles_of(person.id)
    if not roles or (had or 0) >= MOST_A_DAY:
        return
    row = SignInCode(person_id=person.id, login=login, created_at=now, expires_at=now + LIFE)
    db.session.add(row)
    db.session.flush()
    outbox.add(
        "sign_in.code_sent",
        concerns=[roles[0].organisation_id],
        payload={"code_id": str(row.id)},
        now=now,
    )
