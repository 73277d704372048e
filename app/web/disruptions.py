"""When an area closes: restrictions, what they hold up, other sources, goods left over."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts.access import AUTHORITIES, BUYERS, READERS, Caller
from app.accounts.models import Organisation
from app.catalogue.models import Commodity
from app.catalogue.queries import commodities, commodities_by_code
from app.core import clock
from app.core.db import db
from app.core.errors import invalid
from app.core.paging import PageQuery
from app.disruption import api as disruption
from app.disruption.schemas import RematchQuery, SurplusQuery
from app.places import api as places
from app.places.models import AdministrativeUnit, Level, Restriction
from app.places.queries import search_units, unit_rank
from app.places.schemas import RestrictionIn, RestrictionQuery
from app.web.forms import asked_for, loaded, typed
from app.web.pages import Pages, go, show

pages = Pages("disruptions")
MOST_AREAS = 8
MOST = {"limit": "100"}


@pages.page("GET", "/restrictions", access=READERS)
def restrictions(caller: Caller) -> Response:
    """What holds now or is announced, then what is over."""
    asked = asked_for("cursor")
    found = places.list_restrictions(caller=caller, query=loaded(RestrictionQuery, asked))
    return show(
        "restrictions.html",
        found=found,
        now=caller.now,
        areas=_areas_of(found.items),
        goods=commodities_by_code({one.commodity_code or "" for one in found.items}),
        closes=AUTHORITIES.admits(caller),
    )


@pages.page("GET", "/restrictions/new", access=AUTHORITIES)
def restriction_form(caller: Caller) -> Response:
    """Which area, what may still cross its border, why, how long."""
    today = clock.local_date(caller.now)
    words = request.values.get("area", "")
    return show(
        "restriction_form.html",
        areas=_areas(words) if words else [],
        goods=db.session.scalars(commodities().order_by(Commodity.sort_key)).all(),
        today=today,
    )


@pages.page("POST", "/restrictions", access=AUTHORITIES, again=restriction_form)
def restrict(caller: Caller) -> Response:
    """Close the area."""
    area = _area()
    body = {
        f"{area.level}_code": area.code,
        "commodity": typed("commodity"),
        "kind": typed("kind"),
        "reason": typed("other_reason") or typed("reason"),
        "from": typed("from") or caller.now.isoformat(),
        "until": typed("until"),
    }
    if typed("from") == clock.local_date(caller.now).isoformat():
        body["from"] = caller.now.isoformat()
    places.restrict(caller=caller, body=loaded(RestrictionIn, body))
    return go("/restrictions")


@pages.page("POST", "/restrictions/<uuid:restriction_id>/end", access=AUTHORITIES)
def end(caller: Caller, restriction_id: UUID) -> Response:
    """Goods may move again."""
    places.end_restriction(caller=caller, restriction_id=restriction_id)
    return go("/restrictions")


@pages.page("GET", "/surplus", access=READERS)
def surplus(caller: Caller) -> Response:
    """Goods that cannot go where they were promised, to buy like any other."""
    asked = asked_for("cursor")
    found = disruption.list_surplus(caller=caller, query=loaded(SurplusQuery, asked))
    wards = _names({one.lot.site.ward_code for one in found.items})
    return show("surplus.html", found=found, wards=wards)


@pages.page("GET", "/disruptions", access=READERS)
def disruptions(caller: Caller) -> Response:
    """Other sources to answer first, then what is held up."""
    asked = asked_for("cursor")
    held = disruption.list_disruptions(caller=caller, query=loaded(PageQuery, asked))
    sources = disruption.list_rematches(caller=caller, query=loaded(RematchQuery, MOST)).items
    everything: list[Any] = [*held.items, *sources]
    ids = {one for each in everything for one in (each.organisation_id, each.buyer_id)}
    rows = select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))
    return show(
        "disruptions.html",
        held=held,
        sources=sources,
        names={row.id: row.name for row in db.session.execute(rows)},
        goods=commodities_by_code({one.commodity_code for one in everything}),
        buys=BUYERS.admits(caller),
    )


@pages.page("POST", "/rematches/<uuid:rematch_id>/acceptance", access=BUYERS)
def accept(caller: Caller, rematch_id: UUID) -> Response:
    """Take the other source; it is ordered at once."""
    taken = disruption.accept_rematch(caller=caller, rematch_id=rematch_id)
    return go(f"/orders/{taken.order_id}")


@pages.page("POST", "/rematches/<uuid:rematch_id>/refusal", access=BUYERS)
def refuse(caller: Caller, rematch_id: UUID) -> Response:
    """Wait for my own order."""
    disruption.refuse_rematch(caller=caller, rematch_id=rematch_id)
    return go("/disruptions")


def _areas(words: str) -> Sequence[AdministrativeUnit]:
    """Wards and provinces of today that are called so, the likeliest first."""
    if not words.strip():
        return []
    found = search_units(words).where(
        AdministrativeUnit.level.in_((Level.WARD, Level.PROVINCE)),
        AdministrativeUnit.valid_to.is_(None),
    )
    ordered = found.order_by(unit_rank(words), AdministrativeUnit.sort_key).limit(MOST_AREAS)
    return db.session.scalars(ordered).all()


def _area() -> AdministrativeUnit:
    """The one area that a form names, by its code or its words.

    Raises:
        Invalid: there is none, or several to choose from.
    """
    found = _areas(typed("area"))
    found = [one for one in found if one.code == typed("area")] or found
    if len(found) == 1:
        return found[0]
    raise invalid(
        "/area",
        "Hãy chọn một nơi trong danh sách." if found else "Không tìm thấy nơi này.",
        "Choose one place from the list." if found else "There is no such place.",
    )


def _areas_of(found: Iterable[Restriction]) -> dict[str, str]:
    """The names of restricted areas by code."""
    return _names({one.ward_code or one.province_code or "" for one in found})


def _names(codes: set[str]) -> dict[str, str]:
    unit = AdministrativeUnit
    rows = select(unit.code, unit.name).where(unit.code.in_(codes), unit.valid_to.is_(None))
    return {row.code: row.name for row in db.session.execute(rows)}
