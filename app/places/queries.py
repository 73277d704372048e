"""Reads of places."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true
from sqlalchemy.orm import selectinload

from app.accounts.models import Party
from app.core.db import db
from app.core.errors import NotFound, missing
from app.core.vietnamese import compact, fold, is_accented, sort_key
from app.places.models import AdministrativeUnit, Level, Plot, Restriction, Site

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


def current_province(code: str) -> AdministrativeUnit | None:
    """The province that has this code today, or None."""
    return db.session.scalar(
        select(UNIT).where(UNIT.level == Level.PROVINCE, UNIT.code == code, UNIT.valid_to.is_(None))
    )


def provinces_of(wards: Iterable[str]) -> dict[str, str]:
    """The province around each of today's wards, by code."""
    found = db.session.execute(
        select(UNIT.code, UNIT.province_code).where(
            UNIT.level == Level.WARD, UNIT.code.in_(set(wards)), UNIT.valid_to.is_(None)
        )
    )
    return {row.code: row.province_code for row in found}


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


def usable_plot(plot_id: UUID, *, party: Party, pointer: str) -> Plot:
    """A plot of the party's own, named at ``pointer``.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    plot = db.session.get(Plot, plot_id)
    if plot is None or plot.organisation_id != party.organisation_id:
        raise missing(pointer)
    return plot


def plots(condition: ColumnElement[bool]) -> Select[Plot]:
    """Plots with their yields."""
    return select(Plot).where(condition).options(selectinload(Plot.yields))


def get_plot(plot_id: UUID, *, seen: ColumnElement[bool], lock: bool = False) -> Plot:
    """A plot among those the caller may see, locked for a change if asked.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    statement = plots(seen).where(Plot.id == plot_id).execution_options(populate_existing=True)
    plot = db.session.scalar(statement.with_for_update(of=Plot) if lock else statement)
    if plot is None:
        raise NotFound
    return plot


def plots_under(code: str, commodity: str) -> Sequence[Plot]:
    """The plots that grow a commodity under a growing-area code."""
    under = and_(Plot.growing_area_code == code, Plot.commodity_code == commodity)
    return db.session.scalars(plots(under).execution_options(populate_existing=True)).all()


def in_force(now: datetime) -> ColumnElement[bool]:
    """Restrictions that hold at an instant."""
    return and_(
        Restriction.ended_at.is_(None),
        Restriction.starts_at <= now,
        or_(Restriction.ends_at.is_(None), Restriction.ends_at > now),
    )


def restrictions_at(now: datetime) -> Sequence[Restriction]:
    """The restrictions that hold at an instant, oldest first."""
    return db.session.scalars(
        select(Restriction).where(in_force(now)).order_by(Restriction.id)
    ).all()


def restrictions_between(start: datetime, end: datetime) -> Sequence[Restriction]:
    """The restrictions that held at any time from ``start`` to before ``end``, oldest first."""
    over = func.least(Restriction.ends_at, Restriction.ended_at)
    return db.session.scalars(
        select(Restriction)
        .where(Restriction.starts_at < end, or_(over.is_(None), over > start))
        .order_by(Restriction.id)
    ).all()


def get_restriction(
    restriction_id: UUID, *, made_by: UUID | None = None, lock: bool = False
) -> Restriction:
    """A restriction, of one authority and locked for a change if asked.

    Raises:
        NotFound: there is none, or another authority made it.
    """
    statement = select(Restriction).where(Restriction.id == restriction_id)
    if made_by is not None:
        statement = statement.where(Restriction.organisation_id == made_by)
    restriction = db.session.scalar(statement.with_for_update() if lock else statement)
    if restriction is None:
        raise NotFound
    return restriction
