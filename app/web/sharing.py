"""Sharing: the cooperatives I belong to, what I let them see and do, and how I take it back."""

from uuid import UUID

from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts import api as accounts
from app.accounts.access import JOINERS, Caller
from app.accounts.membership_operations import grant, withdraw
from app.accounts.models import GrantKind, Kind, Membership, Organisation
from app.accounts.queries import memberships_seen_by
from app.accounts.schemas import MembershipIn
from app.core.db import db
from app.web.forms import loaded, typed
from app.web.pages import Pages, go, show

pages = Pages("sharing")
MOST_NAMED = 200


@pages.page("GET", "/me/sharing", access=JOINERS)
def sharing(caller: Caller) -> Response:
    """My memberships, and the cooperatives I may join."""
    mine = memberships_seen_by(caller.acting.id, everything=False)
    current = db.session.scalars(mine.where(Membership.ended_on.is_(None)).order_by(Membership.id))
    memberships = current.all()
    joined = {one.cooperative_id for one in memberships}
    cooperatives = db.session.scalars(
        select(Organisation)
        .where(Organisation.kind == Kind.COOPERATIVE)
        .order_by(Organisation.name, Organisation.id)
        .limit(MOST_NAMED)
    )
    return show(
        "sharing.html",
        memberships=memberships,
        cooperatives=[(one.id, one.name) for one in cooperatives if one.id not in joined],
    )


@pages.page("POST", "/me/sharing", access=JOINERS, again=sharing)
def join(caller: Caller) -> Response:
    """Join a cooperative; it sees nothing yet."""
    body = loaded(MembershipIn, {"cooperative_id": typed("cooperative_id")})
    accounts.join(caller=caller, body=body)
    return go("/me/sharing")


@pages.page("POST", "/me/sharing/<uuid:membership_id>/leaving", access=JOINERS)
def leave(caller: Caller, membership_id: UUID) -> Response:
    """Leave it, and take back what it was allowed."""
    accounts.leave(caller=caller, membership_id=membership_id)
    return go("/me/sharing")


def _decisions(kind: GrantKind) -> None:
    """The form that gives or withdraws one kind of grant, as the button pressed says."""

    def decide(caller: Caller, membership_id: UUID) -> Response:
        act = withdraw if typed("wanted") == "no" else grant
        act(
            membership=accounts.own_membership(caller, membership_id),
            kind=kind,
            by=caller.signed_in,
            now=caller.now,
        )
        return go("/me/sharing")

    decide.__name__ = f"decide_{kind}"
    pages.page("POST", f"/me/sharing/<uuid:membership_id>/{kind}", access=JOINERS)(decide)


_decisions(GrantKind.CONSENT)
_decisions(GrantKind.MANDATE)
