"""One row, through the schema and the call that the API would use."""

import re
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import marshmallow as ma
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.accounts.access import Caller
from app.core.db import db
from app.core.errors import Problem
from app.core.faults import pointed
from app.core.fields import UUID_PATTERN
from app.core.messages import in_vietnamese
from app.imports.kinds import Kind
from app.imports.rows import Error, error
from app.places.models import Site

ID = re.compile(UUID_PATTERN, re.IGNORECASE)


@dataclass(frozen=True)
class Tried:
    """What came of a row: the thing it made, or what is wrong with it."""

    errors: list[Error] = field(default_factory=list)
    thing_id: UUID | None = None


class RowRefused(Exception):
    """A row of an all-or-nothing import was refused."""

    def __init__(self, row_id: UUID, errors: list[Error]) -> None:
        self.row_id, self.errors = row_id, errors
        super().__init__(row_id)


def tried(
    kind: Kind, caller: Caller | None, content: dict[str, Any], *, savepoint: bool = True
) -> Tried:
    """Do what a row says; where it is refused nothing of it is left.

    Args:
        caller: who sent the file, or None where they may not do this any more.
        savepoint: whether the transaction goes on after a row that is refused.
    """
    if caller is None:
        return Tried([error("", "Không còn quyền làm việc này.", "No longer allowed to do this.")])
    try:
        body = kind.schema().load(_with_site(deepcopy(content), caller))
    except ma.ValidationError as fault:
        return Tried([_told(kind, one) for one in pointed(fault.messages)])
    except Problem as fault:
        return Tried(_reasons(kind, fault))
    try:
        with db.session.begin_nested() if savepoint else nullcontext():
            made = kind.run(caller, body)
            db.session.flush()
            return Tried(thing_id=getattr(made, "id", None))
    except Problem as fault:
        return Tried(_reasons(kind, fault))
    except IntegrityError:
        return Tried([error("", "Dữ liệu này đã có.", "There is such a thing already.")])


def _with_site(content: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """The content with the name of a site replaced by its id."""
    named, holder = content.get("site_id"), content.get("on_behalf_of") or str(caller.acting.id)
    if named is None or ID.fullmatch(named) or not ID.fullmatch(holder):
        return content
    found = db.session.scalars(
        select(Site.id).where(Site.organisation_id == UUID(holder), Site.name == named).limit(2)
    ).all()
    if len(found) != 1:
        raise _no_site(named, several=len(found) > 1)
    return {**content, "site_id": str(found[0])}


def _no_site(name: str, *, several: bool) -> Problem:
    vi = "Có nhiều điểm mang tên này" if several else "Không có điểm nào mang tên này"
    en = "Several sites have this name" if several else "No site has this name"
    return Problem(errors=[{"pointer": "/site_id", "vi": f"{vi}: {name}.", "en": f"{en}: {name}."}])


def _reasons(kind: Kind, fault: Problem) -> list[Error]:
    if fault.errors:
        return [_told(kind, one) for one in fault.errors]
    return [error("", fault.detail("vi"), fault.detail("en"))]


def _told(kind: Kind, fault: Any) -> Error:
    vi = fault.get("vi") or in_vietnamese(fault["en"])
    return error(_column(kind, fault["pointer"]), vi, fault["en"])


def _column(kind: Kind, pointer: str) -> str:
    """The name of the column whose place a pointer names; of none where it names no place."""
    steps = pointer.strip("/").split("/")
    for column in kind.columns:
        pairs = list(zip(column.way, steps, strict=False))
        if all(str(one) in ("*", step) for one, step in pairs) and len(steps) >= len(pairs):
            codes = [step for one, step in pairs if one == "*"]
            return " ".join([column.name, *codes])
    return steps[-1]
