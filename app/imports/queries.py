"""Reading imports and their rows."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from app.accounts.access import Caller
from app.accounts.models import Person
from app.accounts.queries import roles_of
from app.core.db import db
from app.core.errors import NotFound
from app.imports.kinds import KINDS
from app.imports.models import Import, ImportRow, ImportStatus, RowStatus


def get_import(import_id: UUID, *, seen: ColumnElement[bool], lock: bool = False) -> Import:
    """An import.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    statement = select(Import).where(Import.id == import_id, seen)
    found = db.session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound
    return found


def rows_of_import(job: Import) -> Select[ImportRow]:
    """What became of the rows of an import."""
    return select(ImportRow).where(ImportRow.import_id == job.id)


def rows_waiting(job: Import, status: RowStatus, *, most: int) -> Sequence[ImportRow]:
    """The next rows of a status, in the order of the file."""
    return db.session.scalars(
        rows_of_import(job).where(ImportRow.status == status).order_by(ImportRow.number).limit(most)
    ).all()


def unfinished_imports() -> Sequence[UUID]:
    """Imports that somebody has to work on, oldest first."""
    under_way = (ImportStatus.QUEUED, ImportStatus.CHECKING, ImportStatus.APPLYING)
    return db.session.scalars(
        select(Import.id).where(Import.status.in_(under_way)).order_by(Import.id)
    ).all()


def caller_of(job: Import, *, now: datetime) -> Caller | None:
    """Who sent a file, as a caller of today; None where they may not do this any more."""
    access = KINDS[job.kind].access
    for role in roles_of(job.person_id):
        if role.organisation_id == job.organisation_id:
            if role.organisation.kind not in access.kinds or role.name not in access.roles:
                return None
            person = db.session.get_one(Person, job.person_id)
            return Caller(now=now, person=person, organisation=role.organisation, role=role.name)
    return None
