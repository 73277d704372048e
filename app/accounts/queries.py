"""Who is there, and who may act for whom."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.identity import token_digest
from app.accounts.models import (
    AccessToken,
    GrantKind,
    Invitation,
    Kind,
    Membership,
    MembershipGrant,
    Organisation,
    Person,
    Represented,
    Role,
)
from app.core.db import db
from app.core.errors import NotFound


def find_person(login: str) -> Person | None:
    """The person who signs in with this phone number or e-mail address, as stored."""
    column = func.lower(Person.email) if "@" in login else Person.phone
    return db.session.scalar(select(Person).where(column == login))


def find_token(token: str, *, now: datetime) -> AccessToken | None:
    """The token's row while it is in force."""
    return db.session.scalar(
        select(AccessToken).where(
            AccessToken.digest == token_digest(token),
            AccessToken.revoked_at.is_(None),
            AccessToken.expires_at > now,
        )
    )


def roles_of(person_id: UUID) -> Sequence[Role]:
    """A person's current roles with their organisations, oldest first."""
    return db.session.scalars(
        select(Role)
        .where(Role.person_id == person_id, Role.ended_at.is_(None))
        .options(joinedload(Role.organisation))
        .order_by(Role.since, Role.id)
    ).all()


def get_organisation(organisation_id: UUID, *, kind: Kind | None = None) -> Organisation:
    """An organisation.

    Raises:
        NotFound: there is none of that id and kind.
    """
    organisation = db.session.get(Organisation, organisation_id)
    if organisation is None or (kind is not None and organisation.kind != kind):
        raise NotFound
    return organisation


def people_of(organisation_ids: Collection[UUID]) -> Sequence[Role]:
    """The current roles in these organisations, with person and organisation."""
    return db.session.scalars(
        select(Role)
        .where(Role.organisation_id.in_(organisation_ids), Role.ended_at.is_(None))
        .options(joinedload(Role.person), joinedload(Role.organisation))
        .order_by(Role.id)
    ).all()


def memberships_seen_by(organisation_id: UUID, *, everything: bool) -> Select[Membership]:
    """Memberships the organisation takes part in, on either side."""
    involved: ColumnElement[bool] = or_(
        Membership.organisation_id == organisation_id, Membership.cooperative_id == organisation_id
    )
    return (
        select(Membership)
        .where(true() if everything else involved)
        .options(
            selectinload(Membership.grants),
            joinedload(Membership.organisation),
            joinedload(Membership.cooperative),
        )
    )


def invitations_of(organisation_id: UUID, *, everything: bool) -> Select[Invitation]:
    """Invitations into the organisation."""
    return (
        select(Invitation)
        .where(true() if everything else Invitation.organisation_id == organisation_id)
        .options(joinedload(Invitation.organisation))
    )


def has_mandate(*, cooperative_id: UUID, member_id: UUID) -> bool:
    """Whether the cooperative may act for the member now."""
    return bool(
        db.session.scalar(
            select(
                _granted(GrantKind.MANDATE, cooperative_id)
                .where(Membership.organisation_id == member_id)
                .exists()
            )
        )
    )


def is_member(*, cooperative_id: UUID, member_id: UUID) -> bool:
    """Whether the membership is current."""
    return bool(
        db.session.scalar(
            select(
                select(Membership.id)
                .where(
                    Membership.cooperative_id == cooperative_id,
                    Membership.organisation_id == member_id,
                    Membership.ended_on.is_(None),
                )
                .exists()
            )
        )
    )


def consenting_members(cooperative_id: UUID) -> Select[UUID]:
    """Ids of the members that share their figures with the cooperative now."""
    return _granted(GrantKind.CONSENT, cooperative_id)


def mandating_members(cooperative_id: UUID) -> Select[UUID]:
    """Ids of the members the cooperative may act for now."""
    return _granted(GrantKind.MANDATE, cooperative_id)


def current_members(cooperative_id: UUID) -> Select[UUID]:
    """Ids of the cooperative's members now."""
    return select(Membership.organisation_id).where(
        Membership.cooperative_id == cooperative_id, Membership.ended_on.is_(None)
    )


def cooperatives_of(member_id: UUID) -> Sequence[UUID]:
    """Ids of the cooperatives an organisation belongs to now, the first it joined first."""
    return db.session.scalars(
        select(Membership.cooperative_id)
        .where(Membership.organisation_id == member_id, Membership.ended_on.is_(None))
        .order_by(Membership.started_on, Membership.id)
    ).all()


def operators() -> Sequence[UUID]:
    """Ids of the organisations that operate the platform."""
    return db.session.scalars(
        select(Organisation.id).where(Organisation.kind == Kind.OPERATOR)
    ).all()


def visible_to(
    model: type[Represented], organisation_id: UUID | None, *, everything: bool, agent: bool
) -> ColumnElement[bool]:
    """A condition on rows of ``model``: one's own, or made as agent of somebody who is a member.

    Args:
        agent: whether the organisation may be somebody's agent at all; who may not is read by
            one index.
    """
    if everything:
        return true()
    if organisation_id is None:
        return false()
    if not agent:
        return model.organisation_id == organisation_id
    acting = and_(
        model.agent_id == organisation_id,
        model.organisation_id.in_(current_members(organisation_id)),
    )
    return or_(model.organisation_id == organisation_id, acting)


def _granted(kind: GrantKind, cooperative_id: UUID) -> Select[UUID]:
    return (
        select(Membership.organisation_id)
        .join(MembershipGrant, MembershipGrant.membership_id == Membership.id)
        .where(
            Membership.cooperative_id == cooperative_id,
            Membership.ended_on.is_(None),
            MembershipGrant.kind == kind,
            MembershipGrant.withdrawn_at.is_(None),
        )
    )
