"""Taking in files, trying their rows, and applying them."""

import hashlib
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import delete, insert, select

from app.accounts.access import Caller
from app.core import queue
from app.core.after_commit import after_commit
from app.core.db import db
from app.core.errors import Problem
from app.core.ids import uuid7
from app.imports.kinds import KINDS
from app.imports.models import Import, ImportRow, ImportStatus, Mode, RowStatus
from app.imports.queries import caller_of, rows_waiting
from app.imports.reading import FileUnfit, read_lines
from app.imports.rows import rows_of
from app.imports.trying import RowRefused, Tried, tried

BATCH = 100
OPEN = (ImportStatus.QUEUED, ImportStatus.CHECKING, ImportStatus.APPLYING)


class NotChecked(Problem):
    status, code = 409, "import_not_checked"
    vi = "Tệp này chưa kiểm tra xong, hoặc đã được nhập."
    en = "This file has not been checked yet, or has been imported already."


class RowsBad(Problem):
    status, code = 409, "import_rows_bad"
    vi = "Có {bad} dòng chưa đạt nên không nhập dòng nào; hãy sửa, hoặc chỉ nhập các dòng đạt."
    en = "No row is imported, for some are bad: {bad}. Mend them, or import the good rows only."


class NothingGood(Problem):
    status, code = 409, "import_nothing_good"
    vi = "Không có dòng nào đạt."
    en = "No row is good."


def take_in(
    *,
    caller: Caller,
    kind: str,
    file: bytes,
    media_type: str,
    decimal: str | None,
    now: datetime,
) -> Import:
    """Keep a file for a worker to read and check; the same content again is the same import.

    What was sent before and is not being or been applied is checked anew, as the world may have
    changed since.
    """
    digest = hashlib.sha256(f"{media_type}\n{decimal}\n".encode() + file).hexdigest()
    known = db.session.scalar(
        select(Import)
        .where(
            Import.organisation_id == caller.acting.id, Import.kind == kind, Import.digest == digest
        )
        .with_for_update()
    )
    if known is None:
        known = Import(
            organisation_id=caller.acting.id,
            person_id=caller.signed_in.id,
            kind=kind,
            digest=digest,
            media_type=media_type,
            decimal=decimal,
            file=file,
            status=ImportStatus.QUEUED,
            created_at=now,
        )
        db.session.add(known)
    elif known.status == ImportStatus.CHECKED:
        _begin_again(known, file)
        known.person_id = caller.signed_in.id
    db.session.flush()
    db.session.refresh(known, ["total", "handled", "bad"])
    after_commit(partial(nudge_import, known.id))
    return known


def apply(*, job: Import, caller: Caller, mode: str) -> Import:
    """Have a worker do what the rows of a checked file say, in the name of the caller.

    Args:
        job: locked.

    Raises:
        NotChecked: it is not checked. RowsBad: all or nothing is asked for and a row is bad.
        NothingGood: there is nothing to do.
    """
    if job.status != ImportStatus.CHECKED:
        raise NotChecked
    if mode == Mode.ALL_OR_NOTHING and job.bad:
        raise RowsBad(bad=job.bad)
    if not job.good:
        raise NothingGood
    job.status, job.mode, job.handled = ImportStatus.APPLYING, mode, 0
    job.person_id = caller.signed_in.id
    db.session.flush()
    after_commit(partial(nudge_import, job.id))
    return job


def work_on(*, import_id: UUID, now: datetime) -> bool:
    """Do the next piece of work on an import; whether more is left.

    The import's row is locked meanwhile, so nobody else works on it; where somebody does, nothing
    is left to the caller. Each piece is one transaction: reading the file, checking or applying a
    hundred rows, or applying all rows where it is all or nothing.

    Raises:
        RowRefused: of an all-or-nothing import a row is refused; see :func:`stop_at`.
    """
    job = db.session.scalar(
        select(Import)
        .where(Import.id == import_id, Import.status.in_(OPEN))
        .with_for_update(skip_locked=True)
    )
    if job is None:
        return False
    if job.status == ImportStatus.QUEUED:
        _read(job)
    elif job.status == ImportStatus.CHECKING:
        _check_some(job, now=now)
    elif job.mode == Mode.ALL_OR_NOTHING:
        _apply_all(job, now=now)
    else:
        _apply_some(job, now=now)
    db.session.flush()
    return job.status in OPEN


def stop_at(*, import_id: UUID, refused: RowRefused) -> None:
    """Note the row at which an all-or-nothing import failed, after all of it was taken back."""
    job = db.session.get_one(Import, import_id, with_for_update=True)
    if job.status != ImportStatus.APPLYING:
        return
    row = db.session.get_one(ImportRow, refused.row_id)
    row.status, row.errors = RowStatus.BAD, refused.errors
    job.status, job.handled = ImportStatus.CHECKED, job.total
    job.bad += 1
    db.session.flush()


def nudge_import(import_id: UUID) -> None:
    """Tell a worker to go on; if nobody hears it, the sweep looks within seconds."""
    queue.nudge("workers.imports.work_on_import", import_id=str(import_id))


def _begin_again(job: Import, file: bytes) -> None:
    db.session.execute(delete(ImportRow).where(ImportRow.import_id == job.id))
    job.status, job.file = ImportStatus.QUEUED, file
    job.total = job.handled = job.bad = 0


def _read(job: Import) -> None:
    """Turn the file into rows, or note why that cannot be."""
    lines = partial(read_lines, job.file or b"", job.media_type)
    try:
        rows = rows_of(KINDS[job.kind], lines(), decimal=job.decimal)
        if not rows:
            raise FileUnfit("empty", "Tệp chỉ có dòng tiêu đề.", "The file has only a heading.")
    except FileUnfit as fault:
        job.status, job.refusal, job.file = ImportStatus.REFUSED, fault.told, None
        return
    listed = [
        {
            "id": uuid7(),
            "organisation_id": job.organisation_id,
            "import_id": job.id,
            "number": row.number,
            "content": row.body,
            "status": RowStatus.BAD if row.errors else RowStatus.WAITING,
            "errors": row.errors,
        }
        for row in rows
    ]
    db.session.execute(insert(ImportRow), listed)
    job.total = len(rows)
    job.bad = job.handled = sum(1 for row in rows if row.errors)
    job.status, job.file = ImportStatus.CHECKING, None


def _check_some(job: Import, *, now: datetime) -> None:
    """Try a hundred rows, one after another, and take all that came of it back."""
    caller, kind = caller_of(job, now=now), KINDS[job.kind]
    rows = rows_waiting(job, RowStatus.WAITING, most=BATCH)
    trial = db.session.begin_nested()
    found = [tried(kind, caller, row.content).errors for row in rows]
    trial.rollback()
    for row, errors in zip(rows, found, strict=True):
        row.errors = errors
        row.status = RowStatus.BAD if errors else RowStatus.GOOD
    job.handled += len(rows)
    job.bad += sum(1 for errors in found if errors)
    if len(rows) < BATCH:
        job.status, job.handled = ImportStatus.CHECKED, job.total


def _apply_all(job: Import, *, now: datetime) -> None:
    caller, kind = caller_of(job, now=now), KINDS[job.kind]
    for row in rows_waiting(job, RowStatus.GOOD, most=job.total):
        _apply_row(row, tried(kind, caller, row.content, savepoint=False))
        if row.errors:
            raise RowRefused(row.id, row.errors)
    _end(job, now=now)


def _apply_some(job: Import, *, now: datetime) -> None:
    caller, kind = caller_of(job, now=now), KINDS[job.kind]
    rows = rows_waiting(job, RowStatus.GOOD, most=BATCH)
    for row in rows:
        _apply_row(row, tried(kind, caller, row.content))
    job.handled = min(job.total, job.handled + len(rows))
    job.bad += sum(1 for row in rows if row.errors)
    if len(rows) < BATCH:
        _end(job, now=now)


def _apply_row(row: ImportRow, outcome: Tried) -> None:
    row.errors, row.thing_id = outcome.errors, outcome.thing_id
    row.status = RowStatus.BAD if outcome.errors else RowStatus.APPLIED


def _end(job: Import, *, now: datetime) -> None:
    job.status, job.handled, job.applied_at = ImportStatus.APPLIED, job.total, now
