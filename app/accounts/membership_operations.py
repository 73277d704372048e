"""Joining and leaving a cooperative, and what a member grants it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import GrantKind, Kind, Membership, MembershipGrant, Person
from app.accounts.queries import get_organisation
from app.core import clock, outbox
from app.core.db import db
from app.core.errors import NotFound, Problem, missing


class AlreadyMember(Problem):
    status, code = 409, "already_member"
    vi = "Đã là thành viên của hợp tác xã này."
    en = "Already a member of this cooperative."


class MembershipEnded(Problem):
    status, code = 409, "membership_ended"
    vi = "Tư cách thành viên đã chấm dứt."
    en = "This membership has ended."


def join(*, organisation_id: UUID, cooperative_id: UUID, now: datetime) -> Membership:
    """Become a member of a cooperative; consent and mandate are given separately.

    Raises:
        NotFound: there is no such cooperative. AlreadyMember: the membership is current.
    """
    try:
        cooperative = get_organisation(cooperative_id, kind=Kind.COOPERATIVE)
    except NotFound:
        raise missing("/cooperative_id") from None
    current = select(Membership.id).where(
        Membership.organisation_id == organisation_id,
        Membership.cooperative_id == cooperative_id,
        Membership.ended_on.is_(None),
    )
    if db.session.scalar(current) is not None:
        raise AlreadyMember
    member = get_organisation(organisation_id)
    membership = Membership(
        organisation=member,
        cooperative=cooperative,
        started_on=clock.local_date(now),
        grants=[],
    )
    db.session.add(membership)
    db.session.flush()
    outbox.add(
        "membership.started",
        concerns=[organisation_id, cooperative_id],
        payload={"member": member.name, "cooperative": cooperative.name},
        now=now,
    )
    return membership


def leave(*, membership: Membership, by: Person, now: datetime) -> None:
    """End a membership with all it granted.

    Raises:
        MembershipEnded: it has ended before.
    """
    _check_current(membership)
    membership.ended_on = clock.local_date(now)
    for kind in GrantKind:
        withdraw(membership=membership, kind=kind, by=by, now=now)


def grant(*, membership: Membership, kind: GrantKind, by: Person, now: datetime) -> Membership:
    """Give consent or a mandate; giving it twice changes nothing.

    Raises:
        MembershipEnded: the membership is no longer current.
    """
    _check_current(membership)
    if membership.current_grant(kind) is None:
        membership.grants.append(
            MembershipGrant(
                organisation_id=membership.organisation_id,
                kind=kind,
                given_at=now,
                given_by_id=by.id,
            )
        )
        db.session.flush()
    return membership


def withdraw(*, membership: Membership, kind: GrantKind, by: Person, now: datetime) -> None:
    """Withdraw consent or a mandate, at once; nothing happens where none is in force."""
    current = membership.current_grant(kind)
    if current is not None:
        current.withdrawn_at = now
        current.withdrawn_by_id = by.id
        db.session.flush()


def _check_current(membership: Membership) -> None:
    if membership.ended_on is not None:
        raise MembershipEnded
