"""Places where I hand over or receive, added by naming the ward."""

from collections.abc import Iterable
from datetime import date

from flask import request
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts.access import READERS, TRADERS, Caller
from app.core import clock
from app.core.db import db
from app.core.errors import invalid
from app.core.paging import PageQuery
from app.places import api as places
from app.places.models import AdministrativeUnit, Level, Site
from app.places.queries import search_units, unit_rank
from app.places.schemas import SiteIn
from app.web.forms import asked_for, loaded, typed
from app.web.pages import Pages, go, show

pages = Pages("sites")
MOST_WARDS = 8


@pages.page("GET", "/sites", access=READERS)
def my_sites(caller: Caller) -> Response:
    """My places, newest first, and a form for another."""
    asked = asked_for("cursor")
    found = places.list_sites(caller=caller, query=loaded(PageQuery, asked))
    today = clock.local_date(caller.now)
    return show(
        "sites.html",
        found=found,
        wards=ward_names(one.ward_code for one in found.items),
        choices=wards_called(request.values.get("ward", ""), today),
    )


@pages.page("POST", "/sites", access=TRADERS, again=my_sites, makes=True)
def add(caller: Caller) -> Response:
    """A place in a ward."""
    add_in_ward(caller, name=typed("name"))
    return go("/sites?new=1")


def add_in_ward(caller: Caller, *, name: str) -> Site:
    """A place in the middle of the ward that the form names.

    Raises:
        Invalid: no ward is called so, or several are.
    """
    if not typed("ward"):
        raise invalid("/ward", "Hãy gõ tên xã, phường.", "Type the name of the ward.")
    wards = wards_called(typed("ward"), clock.local_date(caller.now))
    wards = [one for one in wards if one.code == typed("ward")] or wards
    if len(wards) != 1:
        raise invalid(
            "/ward",
            "Hãy chọn xã, phường trong danh sách." if wards else "Không tìm thấy xã, phường này.",
            "Choose the ward from the list." if wards else "There is no such ward.",
        )
    where = {
        "ward_code": wards[0].code,
        "latitude": wards[0].latitude,
        "longitude": wards[0].longitude,
    }
    body = loaded(SiteIn, {"name": name, **where})
    made: Site = places.add_site(caller=caller, body=body)
    return made


def wards_called(words: str, today: date) -> list[AdministrativeUnit]:
    """Today's wards of that name or code, the likeliest first."""
    if not words.strip():
        return []
    statement = search_units(words, on=today, level=Level.WARD)
    ordered = statement.order_by(unit_rank(words), AdministrativeUnit.sort_key)
    return list(db.session.scalars(ordered.limit(MOST_WARDS)))


def ward_names(codes: Iterable[str]) -> dict[str, str]:
    """The names of today's wards, by code."""
    rows = db.session.execute(
        select(AdministrativeUnit.code, AdministrativeUnit.name).where(
            AdministrativeUnit.level == Level.WARD,
            AdministrativeUnit.code.in_(set(codes)),
            AdministrativeUnit.valid_to.is_(None),
        )
    )
    return {row.code: row.name for row in rows}
