"""Who may call a route, and in whose name.

Every route names one of these; the one that names none does not exist.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from flask import request
from sqlalchemy import ColumnElement, or_

from app.accounts import session
from app.accounts.models import (
    Capacity,
    Kind,
    Organisation,
    Party,
    Person,
    Represented,
    Role,
    RoleName,
)
from app.accounts.queries import (
    find_token,
    has_mandate,
    is_member,
    mandating_members,
    roles_of,
    visible_to,
)
from app.core.db import db
from app.core.errors import Forbidden, NotFound, Problem, missing

View = TypeVar("View", bound=Callable[..., Any])


class TokenMissing(Problem):
    status, code = 401, "token_missing"
    vi = "Cần đăng nhập: gửi mã truy cập trong Authorization: Bearer."
    en = "Please sign in: send a token in Authorization: Bearer."

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class TokenInvalid(TokenMissing):
    code = "token_invalid"
    vi = "Mã truy cập không đúng, đã hết hạn hoặc đã bị thu hồi."
    en = "The token is wrong, expired or revoked."


class OrganisationNeeded(Problem):
    status, code = 400, "organisation_needed"
    vi = "Bạn thuộc nhiều tổ chức: hãy chọn một trong X-Organisation-Id."
    en = "You act in several organisations: name one in X-Organisation-Id."


class OrganisationNotFound(NotFound):
    code = "organisation_not_found"
    vi = "Bạn không có vai trò trong tổ chức này."
    en = "You have no role in this organisation."


class MandateMissing(Problem):
    status, code = 403, "mandate_missing"
    vi = "Thành viên này chưa ủy quyền cho hợp tác xã làm thay."
    en = "This member has given the cooperative no mandate to act."


@dataclass(frozen=True)
class Caller:
    """Who is asking, in which organisation, and when. A visitor has neither."""

    now: datetime
    person: Person | None = None
    organisation: Organisation | None = None
    role: str | None = None
    token_id: UUID | None = None

    @property
    def organisation_id(self) -> UUID | None:
        return self.organisation.id if self.organisation else None

    @property
    def account_id(self) -> UUID:
        """Whose idempotency keys these are."""
        if self.organisation is not None:
            return self.organisation.id
        return self.signed_in.id

    @property
    def acting(self) -> Organisation:
        """The organisation, on a route that admits nobody without one."""
        if self.organisation is None:
            raise OrganisationNeeded
        return self.organisation

    @property
    def signed_in(self) -> Person:
        """The person, on a route that admits no visitor."""
        if self.person is None:
            raise TokenMissing
        return self.person

    @property
    def sees_all(self) -> bool:
        """Whether the caller is the operator."""
        return self.organisation is not None and self.organisation.kind == Kind.OPERATOR

    def sees(self, model: type[Represented]) -> ColumnElement[bool]:
        """The rows of ``model`` the caller may see."""
        acts = self.organisation is not None and self.organisation.kind == Kind.COOPERATIVE
        return visible_to(model, self.organisation_id, everything=self.sees_all, agent=acts)

    def owns(self, column: Any) -> ColumnElement[bool]:
        """Rows whose ``column`` names the caller's organisation or a member it may act for."""
        return or_(*self.owning(column))

    def owning(self, *columns: Any) -> list[ColumnElement[bool]]:
        """Conditions that together say ``owns`` of any column, each to be met by an index."""
        own = self.acting
        ways = [column == own.id for column in columns]
        if own.kind == Kind.COOPERATIVE:
            ways += [column.in_(mandating_members(own.id)) for column in columns]
        return ways

    def party(self, on_behalf_of: UUID | None) -> Party:
        """In whose name the caller acts.

        Raises:
            NotFound: not a member of the caller's cooperative. MandateMissing: no mandate.
        """
        own = self.acting
        if on_behalf_of is None or on_behalf_of == own.id:
            return Party(own.id, Capacity.OWN_ACCOUNT, None)
        if own.kind != Kind.COOPERATIVE or not is_member(
            cooperative_id=own.id, member_id=on_behalf_of
        ):
            raise missing("/on_behalf_of")
        if not has_mandate(cooperative_id=own.id, member_id=on_behalf_of):
            raise MandateMissing
        return Party(on_behalf_of, Capacity.AGENT, own.id)

    def acts_for(self, row: Represented | Party) -> bool:
        """Whether what is done to ``row`` is done as its party or as the agent it names."""
        return self.acting.id in (row.organisation_id, row.agent_id)

    def check_may_act(self, row: Represented | Party) -> None:
        """Let only the party itself, or its agent while mandated, change what is its own.

        Raises:
            NotFound: it is somebody else's. MandateMissing: the mandate has been withdrawn.
        """
        own = self.acting
        if row.organisation_id == own.id:
            return
        if row.agent_id != own.id:
            raise NotFound
        if not has_mandate(cooperative_id=own.id, member_id=row.organisation_id):
            raise MandateMissing


class Public:
    """Anybody; somebody who sends a token is still recognised."""

    public = True

    def admit(self, *, now: datetime) -> Caller:
        if "Authorization" in request.headers:
            return _recognise(now, choose=False)
        # A browser whose session is over is a visitor, not a mistake.
        kept = session.cookie_token()
        if not kept or find_token(kept, now=now) is None:
            return Caller(now=now)
        return _recognise(now, choose=False)


class Newcomer:
    """Anybody, as somebody not known yet: a token that has run out does no harm."""

    public = True

    def admit(self, *, now: datetime) -> Caller:
        return Caller(now=now)


class SignedIn:
    """Anybody with a token, whatever organisation they act in."""

    public = False

    def admit(self, *, now: datetime) -> Caller:
        return _recognise(now, choose=False)


class Acting:
    """Somebody who acts in an organisation of one of ``kinds`` with one of ``roles``."""

    public = False

    def __init__(self, kinds: Collection[Kind], roles: Collection[RoleName]) -> None:
        self.kinds, self.roles = kinds, roles

    def admits(self, caller: Caller) -> bool:
        """Whether somebody known already is one of them."""
        kind = caller.organisation.kind if caller.organisation else None
        return kind in self.kinds and caller.role in self.roles

    def admit(self, *, now: datetime) -> Caller:
        caller = _recognise(now, choose=True)
        if not self.admits(caller):
            raise Forbidden
        return caller


def _recognise(now: datetime, *, choose: bool) -> Caller:
    found = find_token(_stated_token(), now=now)
    if found is None:
        raise TokenInvalid
    person = db.session.get_one(Person, found.person_id)
    role = _role_named(roles_of(person.id), choose=choose)
    return Caller(
        now=now,
        person=person,
        organisation=role.organisation if role else None,
        role=role.name if role else None,
        token_id=found.id,
    )


def _stated_token() -> str:
    """The token in the header, or else in the browser's cookie, whose changes need more proof."""
    if "Authorization" in request.headers:
        scheme, _, token = request.headers["Authorization"].partition(" ")
        if not token:
            raise TokenMissing
        return token.strip() if scheme.lower() == "bearer" else ""
    kept = session.cookie_token()
    if not kept:
        raise TokenMissing
    if request.method not in session.SAFE:
        session.check_csrf()
    return kept


def _role_named(roles: Collection[Role], *, choose: bool) -> Role | None:
    named = request.headers.get("X-Organisation-Id")
    if named is None and "Authorization" not in request.headers:
        named = request.cookies.get(session.ORGANISATION)
    if named is not None:
        for role in roles:
            if str(role.organisation_id) == named.lower():
                return role
        raise OrganisationNotFound
    if len(roles) == 1:
        return next(iter(roles))
    if not choose:
        return None
    raise OrganisationNeeded if roles else Forbidden


def open_to_all(view: View) -> View:
    """Say of a plain route, which needs no account, that anybody may call it."""
    view.access = PUBLIC  # type: ignore[attr-defined]
    return view


_ANY = tuple(Kind)
_WRITING = (RoleName.OWNER, RoleName.MANAGER, RoleName.MEMBER)
_MANAGING = (RoleName.OWNER, RoleName.MANAGER)
_SELLING = (Kind.FARM, Kind.FARMER_GROUP, Kind.COOPERATIVE)
_BUYING = (Kind.PROCESSOR, Kind.COOPERATIVE)
_TRADING = (*_SELLING, Kind.PROCESSOR)

PUBLIC = Public()
NEWCOMERS = Newcomer()
SIGNED_IN = SignedIn()
READERS = Acting(_ANY, tuple(RoleName))
TRADERS = Acting(_TRADING, _WRITING)
SELLERS = Acting(_SELLING, _WRITING)
BUYERS = Acting(_BUYING, _WRITING)
MANAGERS = Acting(_ANY, _MANAGING)
JOINERS = Acting((Kind.FARM, Kind.FARMER_GROUP), _MANAGING)
TRADERS_AND_OPERATORS = Acting((*_TRADING, Kind.OPERATOR), _WRITING)
TRADE_MANAGERS = Acting(_TRADING, _MANAGING)
BUYER_READERS = Acting(_BUYING, tuple(RoleName))
COOPERATIVE_MANAGERS = Acting((Kind.COOPERATIVE,), _MANAGING)
COOPERATIVE_READERS = Acting((Kind.COOPERATIVE,), tuple(RoleName))
FIGURE_OWNERS = Acting(_SELLING, tuple(RoleName))
ANALYSTS = Acting((*_SELLING, Kind.AUTHORITY, Kind.OPERATOR), tuple(RoleName))
OPERATORS = Acting((Kind.OPERATOR,), _WRITING)
VERIFIERS = Acting((Kind.OPERATOR, Kind.AUTHORITY), _WRITING)
AUTHORITIES = Acting((Kind.AUTHORITY,), _WRITING)
INSPECTORS = Acting((*_BUYING, Kind.OPERATOR, Kind.AUTHORITY), _WRITING)
ARBITERS = Acting((Kind.COOPERATIVE, Kind.OPERATOR), _WRITING)
SCHEDULERS = Acting((*_BUYING, Kind.OPERATOR), _WRITING)
RECALLERS = Acting((*_SELLING, Kind.OPERATOR, Kind.AUTHORITY), _WRITING)
COLLECTORS = Acting((Kind.COOPERATIVE,), _WRITING)
