"""Bringing a cooperative's members in from its books."""

from typing import Any

import marshmallow as ma
from sqlalchemy import select

from app.accounts.access import Caller
from app.accounts.membership_operations import join
from app.accounts.models import Invitation, Kind, Membership, Organisation, RoleName
from app.accounts.operations import LoginTaken, invite
from app.accounts.queries import find_person
from app.accounts.schemas import InvitationIn, TaxId
from app.core.db import db
from app.core.errors import Problem
from app.core.fields import Boolean, Choice, Schema, String


class MemberKnown(Problem):
    status, code = 409, "member_known"
    vi = "Người này đã được mời làm chủ một thành viên của hợp tác xã."
    en = "This person has been invited as the owner of a member already."


class MemberIn(Schema):
    """A farm and the person who will own it, by exactly one of ``phone`` and ``email``."""

    name = String(required=True)
    kind = Choice((Kind.FARM, Kind.FARMER_GROUP), load_default=str(Kind.FARM))
    tax_id = TaxId(load_default=None, allow_none=True)
    smallholder = Boolean(load_default=False)
    owner = ma.fields.Nested(InvitationIn(exclude=("role",)), required=True)


def bring_member(caller: Caller, body: dict[str, Any]) -> Organisation:
    """Open a farm, make it a member, and invite its owner, who alone can give consent or a mandate.

    Raises:
        LoginTaken: the owner signs in already and has to join by themselves. MemberKnown: the
            owner was invited before.
    """
    owner = body.pop("owner")
    login = owner.get("phone") or owner["email"]
    if find_person(login) is not None:
        raise LoginTaken
    invited = (
        select(Invitation.id)
        .join(Membership, Membership.organisation_id == Invitation.organisation_id)
        .where(
            Membership.cooperative_id == caller.acting.id,
            Invitation.role == RoleName.OWNER,
            Invitation.phone == login if "phone" in owner else Invitation.email == login,
        )
    )
    if db.session.scalar(invited) is not None:
        raise MemberKnown
    farm = Organisation(**body, created_at=caller.now)
    db.session.add(farm)
    db.session.flush()
    join(organisation_id=farm.id, cooperative_id=caller.acting.id, now=caller.now)
    invite(
        organisation_id=farm.id,
        by=caller.signed_in,
        as_owner=True,
        role=RoleName.OWNER,
        now=caller.now,
        **owner,
    )
    return farm
