"""Organisations, people, and what binds them."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.core.db import Base, Identified


class Kind(StrEnum):
    FARM = "farm"
    FARMER_GROUP = "farmer_group"
    COOPERATIVE = "cooperative"
    PROCESSOR = "processor"
    AUTHORITY = "authority"
    OPERATOR = "operator"


REGISTRABLE = (Kind.FARM, Kind.FARMER_GROUP, Kind.COOPERATIVE, Kind.PROCESSOR)


class RoleName(StrEnum):
    OWNER = "owner"
    MANAGER = "manager"
    MEMBER = "member"
    VIEWER = "viewer"


class Locale(StrEnum):
    VI = "vi"
    EN = "en"


class Capacity(StrEnum):
    """In which capacity a party acts: for itself, or represented by its cooperative."""

    OWN_ACCOUNT = "own_account"
    AGENT = "agent"


class GrantKind(StrEnum):
    CONSENT = "consent"
    MANDATE = "mandate"


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """A CHECK that ``column`` holds one of an enumeration's words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Organisation(Identified, Base):
    __tablename__ = "organisation"
    __table_args__ = (one_of("kind", Kind),)

    name: Mapped[str]
    kind: Mapped[str]
    tax_id: Mapped[str | None]
    smallholder: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[datetime]


class Person(Identified, Base):
    """Somebody who signs in by phone or e-mail. Without a password only the console lets in."""

    __tablename__ = "person"
    __table_args__ = (
        one_of("locale", Locale),
        CheckConstraint("phone IS NOT NULL OR email IS NOT NULL", name="reachable"),
        Index("uq_person_email", func.lower(text("email")), unique=True),
    )

    name: Mapped[str]
    phone: Mapped[str | None] = mapped_column(unique=True)
    email: Mapped[str | None]
    password_hash: Mapped[str | None]
    locale: Mapped[str]
    created_at: Mapped[datetime]


class Role(Identified, Base):
    """What a person may do in an organisation, until it is ended."""

    __tablename__ = "role"
    __table_args__ = (
        one_of("name", RoleName),
        Index(
            "uq_role_current",
            "organisation_id",
            "person_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str]
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship(lazy="raise_on_sql")
    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class AccessToken(Identified, Base):
    """An opaque token, of which only a digest is kept; a program's has a name, a browser's none."""

    __tablename__ = "access_token"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


MOST_CODE_TRIES = 5


class SignInCode(Identified, Base):
    """A one-time code that was sent to ``login``; derived from its id and kept nowhere."""

    __tablename__ = "sign_in_code"
    __table_args__ = (
        CheckConstraint(f"tries BETWEEN 0 AND {MOST_CODE_TRIES}", name="tries_within"),
        CheckConstraint("expires_at > created_at", name="lives"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    login: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    used_at: Mapped[datetime | None]


class Invitation(Identified, Base):
    """An offer of a role to somebody named by e-mail or phone."""

    __tablename__ = "invitation"
    __table_args__ = (
        one_of("role", RoleName),
        CheckConstraint("num_nonnulls(phone, email) = 1", name="addressee"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    invited_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    role: Mapped[str]
    locale: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship(lazy="raise_on_sql")


class Membership(Identified, Base):
    """A farm's membership in a cooperative; consent and mandate are given on their own."""

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("organisation_id <> cooperative_id", name="not_itself"),
        CheckConstraint("ended_on IS NULL OR ended_on >= started_on", name="dates"),
        Index(
            "uq_membership_current",
            "organisation_id",
            "cooperative_id",
            unique=True,
            postgresql_where=text("ended_on IS NULL"),
        ),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    cooperative_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    started_on: Mapped[date]
    ended_on: Mapped[date | None]

    organisation: Mapped[Organisation] = relationship(
        foreign_keys=[organisation_id], lazy="raise_on_sql"
    )
    cooperative: Mapped[Organisation] = relationship(
        foreign_keys=[cooperative_id], lazy="raise_on_sql"
    )
    grants: Mapped[list["MembershipGrant"]] = relationship(
        lazy="raise_on_sql", order_by="MembershipGrant.given_at"
    )

    def current_grant(self, kind: GrantKind) -> "MembershipGrant | None":
        """The consent or mandate in force; ``grants`` must be loaded."""
        for grant in self.grants:
            if grant.kind == kind and grant.withdrawn_at is None:
                return grant
        return None

    @property
    def consent_given_at(self) -> datetime | None:
        grant = self.current_grant(GrantKind.CONSENT)
        return grant.given_at if grant else None

    @property
    def mandate_given_at(self) -> datetime | None:
        grant = self.current_grant(GrantKind.MANDATE)
        return grant.given_at if grant else None


class MembershipGrant(Identified, Base):
    """One consent to share figures or one mandate to act, with its dates and who gave it."""

    __tablename__ = "membership_grant"
    __table_args__ = (
        one_of("kind", GrantKind),
        UniqueConstraint("membership_id", "kind", "given_at"),
        Index(
            "uq_membership_grant_current",
            "membership_id",
            "kind",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    membership_id: Mapped[UUID] = mapped_column(ForeignKey("membership.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str]
    given_at: Mapped[datetime]
    given_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class Represented:
    """Mixin for what a party owns or wants, and in which capacity it acts.

    ``organisation_id`` is the party itself; ``agent_id`` the cooperative that acts on its behalf.
    """

    capacity: Mapped[str]

    @declared_attr
    def organisation_id(cls) -> Mapped[UUID]:
        return mapped_column(ForeignKey("organisation.id"), index=True)

    @declared_attr
    def agent_id(cls) -> Mapped[UUID | None]:
        return mapped_column(ForeignKey("organisation.id"), index=True)

    @property
    def on_behalf_of(self) -> UUID | None:
        """Whom the agent represents; None for one who acts on its own account."""
        return self.organisation_id if self.agent_id else None

    @property
    def parties(self) -> list[UUID]:
        """The party and its agent, if it has one."""
        return [one for one in (self.organisation_id, self.agent_id) if one]


@dataclass(frozen=True)
class Party:
    """In whose name something is done, in which capacity, and by which agent if by one."""

    organisation_id: UUID
    capacity: Capacity
    agent_id: UUID | None
