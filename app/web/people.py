"""People: who works in my organisation, and how others are invited and come in."""

from uuid import UUID

from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts import api as accounts
from app.accounts import session
from app.accounts.access import PUBLIC, TRADE_MANAGERS, Caller
from app.accounts.models import Invitation, Person
from app.accounts.operations import issue_token
from app.accounts.queries import people_of
from app.accounts.schemas import AcceptanceIn, InvitationIn
from app.core.db import db
from app.core.errors import NotFound, invalid
from app.web.forms import loaded, typed
from app.web.language import language
from app.web.pages import Pages, go, show

pages = Pages("people")
MOST_SHOWN = 20


@pages.page("GET", "/me/people", access=TRADE_MANAGERS)
def people(caller: Caller) -> Response:
    """My colleagues, and the invitations that wait."""
    waiting = db.session.scalars(
        select(Invitation)
        .where(
            Invitation.organisation_id == caller.acting.id,
            Invitation.accepted_at.is_(None),
            Invitation.expires_at > caller.now,
        )
        .order_by(Invitation.id.desc())
        .limit(MOST_SHOWN)
    ).all()
    return show("people.html", roles=people_of([caller.acting.id]), waiting=waiting)


@pages.page("POST", "/me/people", access=TRADE_MANAGERS, again=people)
def invite(caller: Caller) -> Response:
    """Invite somebody; a code goes to them alone."""
    address = typed("address")
    where = "email" if "@" in address else "phone"
    body = {"name": typed("name"), "role": typed("role"), where: address, "locale": language()}
    accounts.invite(caller=caller, body=loaded(InvitationIn, body))
    return go("/me/people?sent=1")


@pages.page("POST", "/me/people/<uuid:invitation_id>/withdrawal", access=TRADE_MANAGERS)
def withdraw(caller: Caller, invitation_id: UUID) -> Response:
    """Take an invitation back before it is accepted."""
    accounts.withdraw_invitation(caller=caller, invitation_id=invitation_id)
    return go("/me/people")


@pages.page("GET", "/invitations/<uuid:invitation_id>", access=PUBLIC)
def invitation(caller: Caller, invitation_id: UUID) -> Response:
    """Where an invitation is taken up; it says nothing of whether there is one."""
    return show("invitation.html", invitation_id=invitation_id)


@pages.page("POST", "/invitations/<uuid:invitation_id>", access=PUBLIC, again=invitation)
def accept(caller: Caller, invitation_id: UUID) -> Response:
    """Come in, as myself or as somebody new."""
    body = {"code": "".join(typed("code").split()), "name": typed("name")}
    if caller.person is None:
        body["password"] = typed("password")
    stated = loaded(AcceptanceIn, body)
    try:
        role = accounts.accept_invitation(caller=caller, invitation_id=invitation_id, body=stated)
    except NotFound:
        raise invalid(
            "/code",
            "Mã không đúng, hoặc lời mời đã hết hiệu lực.",
            "This code is not right, or the invitation no longer holds.",
        ) from None
    if caller.person is not None:
        return go("/organisations")
    answer = go("/home")
    token, row = issue_token(person=db.session.get_one(Person, role.person_id), now=caller.now)
    session.begin(answer, token, row)
    return answer
