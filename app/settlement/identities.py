"""Personal numbers of sellers without a tax code: kept by them, shown to few, readings noted."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.dialects.postgresql import insert

from app.core.db import db
from app.core.errors import NotFound
from app.settlement.purchase_list import WHOLE_FOR, masked
from app.settlement.statement_models import SellerIdentity


@dataclass(frozen=True)
class ShownIdentity:
    """A personal number as its reader may see it."""

    id: UUID
    organisation_id: UUID
    number: str
    recorded_at: datetime


def state_identity(
    *, organisation_id: UUID, number: str, recorded_by_id: UUID, now: datetime
) -> ShownIdentity:
    """Keep a seller's personal number, in the place of an earlier one; answered masked."""
    stated = {
        "number": number,
        "recorded_by_id": recorded_by_id,
        "recorded_at": now,
    }
    kept = db.session.scalars(
        insert(SellerIdentity)
        .values(organisation_id=organisation_id, **stated)
        .on_conflict_do_update(index_elements=["organisation_id"], set_=stated)
        .returning(SellerIdentity)
        .execution_options(populate_existing=True)
    ).one()
    return as_shown(kept, reader_id=None, role=None)


def identities(seen: ColumnElement[bool]) -> Select[SellerIdentity]:
    """Personal numbers among those the caller may see at all."""
    return select(SellerIdentity).where(seen)


def get_identity(identity_id: UUID, *, seen: ColumnElement[bool]) -> SellerIdentity:
    """One of them.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = db.session.scalar(identities(seen).where(SellerIdentity.id == identity_id))
    if found is None:
        raise NotFound
    return found


def as_shown(
    identity: SellerIdentity, *, reader_id: UUID | None, role: str | None
) -> ShownIdentity:
    """Whole for an owner or manager of the very organisation, otherwise its last digits."""
    own = reader_id == identity.organisation_id and role in WHOLE_FOR
    return ShownIdentity(
        id=identity.id,
        organisation_id=identity.organisation_id,
        number=identity.number if own else masked(identity.number),
        recorded_at=identity.recorded_at,
    )
