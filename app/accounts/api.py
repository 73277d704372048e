"""Registrations, tokens, me, invitations, memberships."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import Select, select

from app.accounts import membership_operations, operations, queries, schemas, sign_in_codes
from app.accounts.access import (
    JOINERS,
    NEWCOMERS,
    PUBLIC,
    READERS,
    SIGNED_IN,
    TRADE_MANAGERS,
    Caller,
)
from app.accounts.models import AccessToken, GrantKind, Invitation, Membership, RoleName
from app.accounts.throttle import sign_in_attempt
from app.core.db import db
from app.core.errors import Forbidden, NotFound
from app.core.http import Blueprint
from app.core.idempotency import Idempotency
from app.core.paging import By, Page, PageQuery, page, page_schema

blueprint = Blueprint("accounts", __name__, description="Organisations, people, sign-in")


@blueprint.operation(
    "POST",
    "/registrations",
    access=NEWCOMERS,
    body=schemas.RegistrationIn,
    answer=schemas.RegistrationOut,
    idempotency=Idempotency.EXEMPT,
)
def register(caller: Caller, body: dict[str, Any]) -> dict[str, UUID]:
    """Open an organisation with its first person.

    Mở một tổ chức với người đầu tiên.
    """
    organisation, person = operations.register(**body, now=caller.now)
    return {"organisation_id": organisation.id, "person_id": person.id}


@blueprint.operation(
    "POST",
    "/sign-in-codes",
    access=NEWCOMERS,
    body=schemas.SignInCodeIn,
    answer=schemas.SignInCodeOut,
    status=202,
    idempotency=Idempotency.EXEMPT,
)
def send_code(caller: Caller, body: dict[str, str]) -> dict[str, Any]:
    """Send a one-time code to sign in with, if somebody has this number or address.

    Gửi mã đăng nhập một lần, nếu có người dùng số hay địa chỉ này.
    """
    return {"expires_at": sign_in_codes.send_code(login=body["login"], now=caller.now)}


@blueprint.operation(
    "POST",
    "/tokens",
    access=NEWCOMERS,
    body=schemas.TokenIn,
    answer=schemas.TokenOut,
    idempotency=Idempotency.EXEMPT,
)
def sign_in(caller: Caller, body: dict[str, str]) -> dict[str, Any]:
    """Sign in by password or one-time code; the token is shown this once.

    Đăng nhập bằng mật khẩu hoặc mã một lần; mã truy cập chỉ hiện một lần này.
    """
    token, row = let_in(body, now=caller.now)
    return {"token": token, "expires_at": row.expires_at}


def let_in(body: dict[str, str], *, now: datetime) -> tuple[str, AccessToken]:
    """A token for whoever shows a password or a code, unless the login has failed too often."""
    with sign_in_attempt(body["login"]):
        if "code" in body:
            secret = current_app.config["SECRET_KEY"]
            return sign_in_codes.sign_in(**body, secret=secret, now=now)
        return operations.sign_in(**body, now=now)


@blueprint.operation(
    "GET", "/tokens", access=SIGNED_IN, query=PageQuery, answer=page_schema(schemas.TokenRow)
)
def list_tokens(caller: Caller, query: dict[str, Any]) -> Page:
    """My tokens, newest first; never their text.

    Các mã truy cập của tôi, mới nhất trước; không hiện nội dung mã.
    """
    mine = select(AccessToken).where(AccessToken.person_id == caller.signed_in.id)
    return page(mine, order=[By(AccessToken.id, descending=True)], query=query)


@blueprint.operation("GET", "/tokens/<uuid:token_id>", access=SIGNED_IN, answer=schemas.TokenRow)
def get_token(caller: Caller, token_id: UUID) -> AccessToken:
    """One of my tokens; never its text.

    Một mã truy cập của tôi; không hiện nội dung mã.
    """
    token = db.session.get(AccessToken, token_id)
    if token is None or token.person_id != caller.signed_in.id:
        raise NotFound
    return token


@blueprint.operation("DELETE", "/tokens/current", access=SIGNED_IN)
def sign_out(caller: Caller) -> None:
    """Sign out: the token used for this call ends.

    Đăng xuất: mã dùng cho lần gọi này hết hiệu lực.
    """
    if caller.token_id is not None:
        operations.revoke_token(person=caller.signed_in, token_id=caller.token_id, now=caller.now)


@blueprint.operation("DELETE", "/tokens/<uuid:token_id>", access=SIGNED_IN)
def revoke_token(caller: Caller, token_id: UUID) -> None:
    """End one of my tokens.

    Thu hồi một mã truy cập của tôi.
    """
    operations.revoke_token(person=caller.signed_in, token_id=token_id, now=caller.now)


@blueprint.operation("GET", "/me", access=SIGNED_IN, answer=schemas.MeOut)
def me(caller: Caller) -> dict[str, Any]:
    """Who I am and where I have which role.

    Tôi là ai, giữ vai trò gì ở đâu.
    """
    return {"person": caller.signed_in, "organisations": queries.roles_of(caller.signed_in.id)}


@blueprint.operation(
    "POST",
    "/invitations",
    access=TRADE_MANAGERS,
    body=schemas.InvitationIn,
    answer=schemas.InvitationOut,
)
def invite(caller: Caller, body: dict[str, Any]) -> Invitation:
    """Invite somebody into my organisation.

    Mời một người vào tổ chức của tôi.
    """
    return operations.invite(
        organisation_id=caller.acting.id,
        by=caller.signed_in,
        as_owner=caller.role == RoleName.OWNER,
        now=caller.now,
        **body,
    )


@blueprint.operation(
    "GET",
    "/invitations",
    access=TRADE_MANAGERS,
    query=PageQuery,
    answer=page_schema(schemas.InvitationOut),
)
def list_invitations(caller: Caller, query: dict[str, Any]) -> Page:
    """Invitations into my organisation, newest first.

    Lời mời vào tổ chức của tôi, mới nhất trước.
    """
    seen = queries.invitations_of(caller.acting.id, everything=caller.sees_all)
    return page(seen, order=[By(Invitation.id, descending=True)], query=query)


@blueprint.operation(
    "GET", "/invitations/<uuid:invitation_id>", access=TRADE_MANAGERS, answer=schemas.InvitationOut
)
def get_invitation(caller: Caller, invitation_id: UUID) -> Invitation:
    """One invitation into my organisation.

    Một lời mời vào tổ chức của tôi.
    """
    seen = queries.invitations_of(caller.acting.id, everything=caller.sees_all)
    return _invitation(seen, invitation_id)


@blueprint.operation("DELETE", "/invitations/<uuid:invitation_id>", access=TRADE_MANAGERS)
def withdraw_invitation(caller: Caller, invitation_id: UUID) -> None:
    """Take back an invitation that has not been accepted; its code is worth nothing any more.

    Rút lại lời mời chưa được nhận; mã của lời mời hết hiệu lực.
    """
    own = queries.invitations_of(caller.acting.id, everything=False)
    locked = _invitation(own.with_for_update(of=Invitation), invitation_id)
    operations.withdraw_invitation(invitation=locked, now=caller.now)


def _invitation(seen: Select[Invitation], invitation_id: UUID) -> Invitation:
    found = db.session.scalar(seen.where(Invitation.id == invitation_id))
    if found is None:
        raise NotFound
    return found


@blueprint.operation(
    "POST",
    "/invitations/<uuid:invitation_id>/acceptance",
    access=PUBLIC,
    body=schemas.AcceptanceIn,
    answer=schemas.AcceptanceOut,
    idempotency=Idempotency.EXEMPT,
)
def accept_invitation(caller: Caller, invitation_id: UUID, body: dict[str, Any]) -> Any:
    """Take up a role, signed in or as a new person.

    Nhận vai trò, khi đã đăng nhập hoặc với tư cách người mới.
    """
    return operations.accept_invitation(
        invitation_id=invitation_id,
        code=body["code"],
        secret=current_app.config["SECRET_KEY"],
        person=caller.person,
        name=body.get("name"),
        password=body.get("password"),
        now=caller.now,
    )


@blueprint.operation(
    "POST", "/memberships", access=JOINERS, body=schemas.MembershipIn, answer=schemas.MembershipOut
)
def join(caller: Caller, body: dict[str, UUID]) -> Membership:
    """Join a cooperative.

    Vào một hợp tác xã.
    """
    return membership_operations.join(organisation_id=caller.acting.id, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/memberships",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.MembershipOut),
)
def list_memberships(caller: Caller, query: dict[str, Any]) -> Page:
    """Memberships my organisation takes part in, newest first.

    Các tư cách thành viên mà tổ chức của tôi tham gia, mới nhất trước.
    """
    seen = queries.memberships_seen_by(caller.acting.id, everything=caller.sees_all)
    return page(seen, order=[By(Membership.id, descending=True)], query=query)


@blueprint.operation(
    "GET", "/memberships/<uuid:membership_id>", access=READERS, answer=schemas.MembershipOut
)
def get_membership(caller: Caller, membership_id: UUID) -> Membership:
    """One membership.

    Một tư cách thành viên.
    """
    return _membership(caller, membership_id)


@blueprint.operation("DELETE", "/memberships/<uuid:membership_id>", access=TRADE_MANAGERS)
def leave(caller: Caller, membership_id: UUID) -> None:
    """End a membership, from either side.

    Chấm dứt tư cách thành viên, từ phía nào cũng được.
    """
    membership = _membership(caller, membership_id)
    membership_operations.leave(membership=membership, by=caller.signed_in, now=caller.now)


def _grants(kind: GrantKind) -> None:
    """The two calls that give and withdraw one kind of grant."""

    def give(caller: Caller, membership_id: UUID) -> Membership:
        membership = own_membership(caller, membership_id)
        return membership_operations.grant(
            membership=membership, kind=kind, by=caller.signed_in, now=caller.now
        )

    def take_back(caller: Caller, membership_id: UUID) -> None:
        membership = own_membership(caller, membership_id)
        membership_operations.withdraw(
            membership=membership, kind=kind, by=caller.signed_in, now=caller.now
        )

    give.__name__, take_back.__name__ = f"give_{kind}", f"withdraw_{kind}"
    named = {"consent": "sự đồng ý chia sẻ số liệu", "mandate": "ủy quyền làm thay"}[kind]
    give.__doc__ = f"Give the cooperative my {kind}.\n\nTrao cho hợp tác xã {named}."
    take_back.__doc__ = f"Withdraw my {kind}, at once.\n\nRút lại {named}, có hiệu lực ngay."
    rule = f"/memberships/<uuid:membership_id>/{kind}"
    blueprint.operation("POST", rule, access=JOINERS, answer=schemas.MembershipOut)(give)
    blueprint.operation("DELETE", rule, access=JOINERS)(take_back)


_grants(GrantKind.CONSENT)
_grants(GrantKind.MANDATE)


def _membership(caller: Caller, membership_id: UUID) -> Membership:
    seen = queries.memberships_seen_by(caller.acting.id, everything=caller.sees_all)
    found = db.session.scalar(
        seen.where(Membership.id == membership_id).with_for_update(of=Membership)
    )
    if found is None:
        raise NotFound
    return found


def own_membership(caller: Caller, membership_id: UUID) -> Membership:
    """My own organisation's membership, locked; the cooperative's side gives no consent."""
    membership = _membership(caller, membership_id)
    if membership.organisation_id != caller.acting.id:
        raise Forbidden
    return membership
