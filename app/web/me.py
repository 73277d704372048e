"""Me: who I am here, where I am signed in, my programs' tokens, and what is kept about me."""

import json
from uuid import UUID

from sqlalchemy import ColumnElement, select
from werkzeug.wrappers import Response

from app.accounts import api as accounts
from app.accounts.access import SIGNED_IN, Caller
from app.accounts.models import AccessToken, RoleName
from app.accounts.operations import issue_token
from app.accounts.own_data import kept_about
from app.accounts.queries import roles_of
from app.core.db import db
from app.core.errors import invalid
from app.web.forms import typed
from app.web.pages import Pages, go, show

pages = Pages("me")
LONGEST_NAME = 60


@pages.page("GET", "/me", access=SIGNED_IN)
def me(caller: Caller) -> Response:
    """My name, my organisations, and where I am signed in."""
    return show(
        "me.html",
        roles=roles_of(caller.signed_in.id),
        tokens=_tokens(caller, AccessToken.name.is_(None)),
    )


@pages.page("POST", "/me/sessions/<uuid:token_id>/end", access=SIGNED_IN)
def end_session(caller: Caller, token_id: UUID) -> Response:
    """Sign out elsewhere."""
    accounts.revoke_token(caller=caller, token_id=token_id)
    return go("/me")


@pages.page("GET", "/me/tokens", access=SIGNED_IN)
def tokens(caller: Caller) -> Response:
    """The tokens of my programs."""
    return show("tokens.html", tokens=_tokens(caller, AccessToken.name.is_not(None)), made=None)


@pages.page("POST", "/me/tokens", access=SIGNED_IN, again=tokens)
def make_token(caller: Caller) -> Response:
    """A token for a program, shown on this answer and never again."""
    name = typed("name")
    if not 0 < len(name) <= LONGEST_NAME or "\0" in name:
        raise invalid(
            "/name", "Hãy đặt tên, nhiều nhất 60 chữ.", "Give it a name of at most 60 letters."
        )
    made, _ = issue_token(person=caller.signed_in, name=name, now=caller.now)
    return show("tokens.html", tokens=_tokens(caller, AccessToken.name.is_not(None)), made=made)


@pages.page("POST", "/me/tokens/<uuid:token_id>/end", access=SIGNED_IN)
def end_token(caller: Caller, token_id: UUID) -> Response:
    """The program is let in no more."""
    accounts.revoke_token(caller=caller, token_id=token_id)
    return go("/me/tokens")


@pages.page("GET", "/me/data", access=SIGNED_IN)
def data(caller: Caller) -> Response:
    """What I can take along."""
    return show("data.html")


@pages.page("GET", "/me/data.json", access=SIGNED_IN)
def data_file(caller: Caller) -> Response:
    """All that is kept about me, as a file."""
    person = caller.signed_in
    owned = [one.organisation_id for one in roles_of(person.id) if one.name == RoleName.OWNER]
    text = json.dumps(kept_about(person, owned=owned), ensure_ascii=False, indent=1)
    answer = Response(text, content_type="application/json; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="blao.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _tokens(caller: Caller, kind: ColumnElement[bool]) -> list[AccessToken]:
    statement = select(AccessToken).where(
        AccessToken.person_id == caller.signed_in.id,
        AccessToken.revoked_at.is_(None),
        AccessToken.expires_at > caller.now,
        kind,
    )
    return list(db.session.scalars(statement.order_by(AccessToken.id.desc())))
