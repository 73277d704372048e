"""Registering, signing in, inviting, being appointed."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update

from app.accounts.identity import hash_password, login_name, new_token, password_fits, token_digest
from app.accounts.models import (
    AccessToken,
    Invitation,
    Kind,
    Locale,
    Organisation,
    Person,
    Role,
    RoleName,
)
from app.accounts.queries import find_person, roles_of
from app.core import outbox
from app.core.db import db
from app.core.errors import NotFound, Problem, invalid

TOKEN_LIFE = timedelta(days=30)
INVITATION_LIFE = timedelta(days=14)
OFFICES = {Kind.OPERATOR: "Ban điều hành Blao", Kind.AUTHORITY: "Phòng Nông nghiệp và Môi trường"}


class LoginTaken(Problem):
    status, code = 409, "login_taken"
    vi = "Số điện thoại hoặc địa chỉ thư này đã có người dùng."
    en = "This phone number or e-mail address is already in use."


class SignInFailed(Problem):
    status, code = 401, "sign_in_failed"
    vi = "Tên đăng nhập hoặc mật khẩu không đúng."
    en = "The login or the password is wrong."


class InvitationClosed(Problem):
    status, code = 409, "invitation_closed"
    vi = "Lời mời đã được dùng hoặc đã hết hạn."
    en = "This invitation has been used or has expired."


class OwnersOnly(Problem):
    status, code = 403, "owners_only"
    vi = "Chỉ chủ tổ chức mới mời được chủ khác."
    en = "Only an owner may invite another owner."


class OwnAddress(Problem):
    status, code = 422, "own_address"
    vi = "Đây là số điện thoại hoặc địa chỉ thư của chính bạn."
    en = "This is your own phone number or e-mail address."


class RoleHeld(Problem):
    status, code = 409, "role_held"
    vi = "Người này đã có vai trò đó trong tổ chức."
    en = "This person holds that role in the organisation already."


class LoginUnfit(Problem):
    status, code = 422, "login_unfit"
    vi = "Không phải số di động hay địa chỉ thư điện tử: {login}"
    en = "Neither a mobile number nor an e-mail address: {login}"


def register(
    *, organisation: dict[str, Any], person: dict[str, Any], now: datetime
) -> tuple[Organisation, Person]:
    """Open an organisation with its first person as owner.

    Raises:
        LoginTaken: the phone number or e-mail address belongs to somebody.
    """
    founded = Organisation(**organisation, created_at=now)
    db.session.add(founded)
    owner = enrol(**person, now=now)
    db.session.flush()
    _give_role(founded.id, owner.id, RoleName.OWNER, now=now)
    outbox.add(
        "organisation.registered",
        concerns=[founded.id],
        payload={"organisation": founded.name},
        now=now,
    )
    db.session.flush()
    return founded, owner


def enrol(
    *,
    name: str,
    phone: str | None = None,
    email: str | None = None,
    password: str | None,
    locale: str = Locale.VI,
    now: datetime,
) -> Person:
    """Make a person who can sign in.

    Raises:
        LoginTaken: the phone number or e-mail address belongs to somebody.
    """
    for login in (phone, email):
        if login and find_person(login) is not None:
            raise LoginTaken
    person = Person(
        name=name,
        phone=phone,
        email=email,
        password_hash=hash_password(password) if password else None,
        locale=locale,
        created_at=now,
    )
    db.session.add(person)
    db.session.flush()
    return person


def set_password(*, person: Person, password: str) -> None:
    """Let somebody sign in with this password from now on."""
    person.password_hash = hash_password(password)
    db.session.flush()


def sign_in(*, login: str, password: str, now: datetime) -> tuple[str, AccessToken]:
    """A new token for whoever knows the password.

    Raises:
        SignInFailed: unknown login or wrong password, told alike and at the same cost.
    """
    stored = login_name(login)
    person = find_person(stored) if stored else None
    if not password_fits(person.password_hash if person else None, password) or person is None:
        raise SignInFailed
    return issue_token(person=person, now=now)


def issue_token(
    *, person: Person, now: datetime, name: str | None = None
) -> tuple[str, AccessToken]:
    """A token and its row; the text is not kept. ``name`` says which program it is for."""
    token = new_token()
    row = AccessToken(
        person_id=person.id,
        digest=token_digest(token),
        name=name,
        created_at=now,
        expires_at=now + TOKEN_LIFE,
    )
    db.session.add(row)
    db.session.flush()
    return token, row


def revoke_token(*, person: Person, token_id: UUID, now: datetime) -> None:
    """End one of the person's tokens.

    Raises:
        NotFound: the person has no such token in force.
    """
    revoked = db.session.execute(
        update(AccessToken)
        .where(
            AccessToken.id == token_id,
            AccessToken.person_id == person.id,
            AccessToken.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .returning(AccessToken.id)
    ).first()
    if revoked is None:
        raise NotFound


def invite(
    *, organisation_id: UUID, by: Person, as_owner: bool, now: datetime, **invitation: Any
) -> Invitation:
    """Offer somebody a role; the acceptance code goes to them alone.

    What was offered to the same address before and still waits is withdrawn.

    Args:
        as_owner: whether the person who invites is an owner; only owners make owners.

    Raises:
        OwnersOnly: somebody else offers ownership. OwnAddress: it would go to whoever sends it.
        RoleHeld: there is nothing to offer.
    """
    if {invitation.get("phone"), invitation.get("email")} & {by.phone, by.email} - {None}:
        raise OwnAddress
    if invitation["role"] == RoleName.OWNER and not as_owner:
        raise OwnersOnly
    login = invitation.get("email") or invitation["phone"]
    invited = find_person(login)
    if invited is not None and (organisation_id, invitation["role"]) in {
        (one.organisation_id, one.name) for one in roles_of(invited.id)
    }:
        raise RoleHeld
    db.session.execute(
        update(Invitation)
        .where(
            Invitation.organisation_id == organisation_id,
            or_(Invitation.email == login, Invitation.phone == login),
            Invitation.accepted_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(expires_at=now)
    )
    row = Invitation(
        organisation_id=organisation_id,
        invited_by_id=by.id,
        created_at=now,
        expires_at=now + INVITATION_LIFE,
        **invitation,
    )
    db.session.add(row)
    db.session.flush()
    outbox.add(
        "invitation.sent",
        concerns=[organisation_id],
        payload={"invitation_id": str(row.id)},
        now=now,
    )
    return row


def withdraw_invitation(*, invitation: Invitation, now: datetime) -> None:
    """Let an invitation lapse now; nothing happens where it has lapsed before.

    Args:
        invitation: locked.

    Raises:
        InvitationClosed: it has been accepted.
    """
    if invitation.accepted_at is not None:
        raise InvitationClosed
    invitation.expires_at = min(invitation.expires_at, now)
    db.session.flush()


def invitation_code(invitation_id: UUID, *, secret: str) -> str:
    """The code that proves an invitation was received; derived, so that it is stored nowhere."""
    digest = hmac.digest(secret.encode(), f"invitation:{invitation_id}".encode(), hashlib.sha256)
    return base64.b32encode(digest[:15]).decode()


def accept_invitation(
    *,
    invitation_id: UUID,
    code: str,
    secret: str,
    person: Person | None,
    now: datetime,
    name: str | None,
    password: str | None,
) -> Role:
    """Take up a role, as oneself or as a new person; an owner stays one.

    Raises:
        NotFound: no such invitation, or the code is wrong. InvitationClosed: used or expired.
        LoginTaken: the addressee is already a person and has to sign in to accept.
        Invalid: a new person states no password.
    """
    expected = invitation_code(invitation_id, secret=secret)
    if not hmac.compare_digest(code.upper().encode(), expected.encode()):
        raise NotFound
    invitation = db.session.get(Invitation, invitation_id, with_for_update=True)
    if invitation is None:
        raise NotFound
    if invitation.accepted_at is not None or invitation.expires_at <= now:
        raise InvitationClosed
    if person is None:
        if password is None:
            raise invalid("/password", "Thiếu thông tin bắt buộc.", "Missing for a new person.")
        person = enrol(
            name=name or invitation.name,
            phone=invitation.phone,
            email=invitation.email,
            password=password,
            locale=invitation.locale,
            now=now,
        )
    invitation.accepted_at = now
    for role in roles_of(person.id):
        if role.organisation_id == invitation.organisation_id:
            role.name = role.name if role.name == RoleName.OWNER else invitation.role
            return role
    return _give_role(invitation.organisation_id, person.id, RoleName(invitation.role), now=now)


def appoint(*, login: str, kind: Kind, now: datetime) -> Person:
    """Make somebody operator or authority, and that alone: their other roles end.

    Raises:
        LoginUnfit: the login is neither a mobile number nor an e-mail address.
    """
    stored = login_name(login)
    if stored is None:
        raise LoginUnfit(login=login)
    person = find_person(stored)
    if person is None:
        reach = {"email": stored} if "@" in stored else {"phone": stored}
        person = enrol(name=stored, password=None, **reach, now=now)
    office = db.session.scalar(
        select(Organisation).where(Organisation.kind == kind).order_by(Organisation.id).limit(1)
    )
    if office is None:
        office = Organisation(name=OFFICES[kind], kind=kind, created_at=now)
        db.session.add(office)
        db.session.flush()
    held = False
    for role in roles_of(person.id):
        if role.organisation_id == office.id:
            held = True
        else:
            role.ended_at = now
    if not held:
        _give_role(office.id, person.id, RoleName.OWNER, now=now)
    return person


def _give_role(organisation_id: UUID, person_id: UUID, name: RoleName, *, now: datetime) -> Role:
    role = Role(organisation_id=organisation_id, person_id=person_id, name=name, since=now)
    db.session.add(role)
    db.session.flush()
    return role
