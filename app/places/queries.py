"""Reads of places."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true
from sqlalchemy.orm import selectinload

from app.accounts.models import Party
from app.core.db import db
from app.core.errors import NotFound, missing
from app.core.vietnamese import compact, fold, is_accented, sort_key
from app.places.models import AdministrativeUnit, Level, Site

UNIT = AdministrativeUnit


def search_units(
    q: str | None = None,
    *,
    on: date | None = None,
    province: str | None = None,
    level: Level | None = None,
) -> Select[AdministrativeUnit]:
    """Administrative units that carry a name, to be ordered by `unit_rank`, name and id.

    Args:
        q: a name, part of it, or a code, however it is typed; context may follow it ("phường 1
            bảo lộc lâm đồng").
        on: only units that existed on this day; otherwise former ones count as well.
        province: the code of the province around them.
    """
    statement = select(UNIT)
    if q is not None:
        statement = statement.where(_named(q))
    if on is not None:
        statement = statement.where(
            UNIT.valid_from <= on, or_(UNIT.valid_to.is_(None), UNIT.valid_to >= on)
        )
    if province is not None:
        statement = statement.where(UNIT.province_code == province)
    if level is not None:
        statement = statement.where(UNIT.level == level)
    return statement


def unit_rank(q: str | None = None) -> ColumnElement[int]:
    """How well a unit answers a query, 0 best.

    A name that is the query comes before one that begins with it, and that before one that has
    all its words, of which the last may be unfinished; then the accents count if any were typed,
    then whether the unit still exists.
    """
    former = case((UNIT.valid_to.is_(None), 0), else_=1)
    if q is None:
        return former
    likeness = case((_exact(q), 0), (_begins(q), 1), else_=2)
    return likeness * 4 + case((_accented_so(q), 0), else_=2) + former


def get_unit(unit_id: UUID) -> AdministrativeUnit:
    """A unit with those whose area it took over and those that took over its own.

    Raises:
        NotFound: there is none.
    """
    unit = db.session.scalar(
        select(UNIT)
        .where(UNIT.id == unit_id)
        .options(selectinload(UNIT.predecessors), selectinload(UNIT.successors))
    )
    if unit is None:
        raise NotFound
    return unit


def current_ward(code: str) -> AdministrativeUnit | None:
    """The ward, commune or special zone that has this code today, or None."""
    return db.session.scalar(
        select(UNIT).where(UNIT.level == Level.WARD, UNIT.code == code, UNIT.valid_to.is_(None))
    )


def _named(q: str) -> ColumnElement[bool]:
    *whole, last = fold(q).split() or [""]
    if not last:
        return false()
    sought = [*(f" {word} " for word in whole), f" {last}"]
    contained = and_(*(UNIT.search_key.contains(word) for word in sought))
    return or_(_exact(q), _begins(q), contained)


def _exact(q: str) -> ColumnElement[bool]:
    return or_(*(column == compact(q) for column in (UNIT.name_key, UNIT.short_key, UNIT.code)))


def _begins(q: str) -> ColumnElement[bool]:
    return or_(*(column.startswith(compact(q)) for column in (UNIT.name_key, UNIT.short_key)))


def _accented_so(q: str) -> ColumnElement[bool]:
    """Whether the syllables of the query stand in the name with the accents that were typed."""
    if not is_accented(q):
        return true()
    typed = sort_key(q).removesuffix("0")
    return func.concat(" ", UNIT.sort_key).contains(f" {typed}")


def usable_site(site_id: UUID, *, party: Party, pointer: str) -> Site:
    """A site of the party's own, or of the agent that acts for it, named at ``pointer``.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    site = db.session.get(Site, site_id)
    if site is None or site.organisation_id not in (party.organisation_id, party.agent_id):
        raise missing(pointer)
    return site


def sites(condition: ColumnElement[bool]) -> Select[Site]:
    """Sites."""
    return select(Site).where(condition)


def get_site(site_id: UUID, *, seen: ColumnElement[bool]) -> Site:
    """A site among those the caller may see.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    site = db.session.scalar(sites(seen).where(Site.id == site_id))
    if site is None:
        raise NotFound
    return site
