"""Me: who I am here, my sessions, and going out."""

from uuid import UUID

from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts import api as accounts
from app.accounts.access import SIGNED_IN, Caller
from app.accounts.models import AccessToken
from app.accounts.queries import roles_of
from app.core.db import db
from app.web.pages import Pages, go, show

pages = Pages("me")


@pages.page("GET", "/me", access=SIGNED_IN)
def me(caller: Caller) -> Response:
    """My name, my organisations, and where I am signed in."""
    tokens = db.session.scalars(
        select(AccessToken)
        .where(
            AccessToken.person_id == caller.signed_in.id,
            AccessToken.revoked_at.is_(None),
            AccessToken.expires_at > caller.now,
        )
        .order_by(AccessToken.id.desc())
    ).all()
    return show("me.html", roles=roles_of(caller.signed_in.id), tokens=tokens)


@pages.page("POST", "/me/sessions/<uuid:token_id>/end", access=SIGNED_IN)
def end_session(caller: Caller, token_id: UUID) -> Response:
    """Sign out elsewhere."""
    accounts.revoke_token(caller=caller, token_id=token_id)
    return go("/me")
