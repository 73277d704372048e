"""Administrative units and sites."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, true

from app.accounts.access import PUBLIC, READERS, TRADERS, Caller
from app.core.http import Blueprint
from app.core.paging import By, Page, PageQuery, page, page_schema
from app.places import operations, queries, schemas
from app.places.models import AdministrativeUnit, Site

blueprint = Blueprint("places", __name__, description="Where things are")


@blueprint.operation(
    "GET",
    "/administrative-units",
    access=PUBLIC,
    query=schemas.UnitQuery,
    answer=page_schema(schemas.UnitOut),
)
def list_administrative_units(caller: Caller, query: dict[str, Any]) -> Page:
    """Provinces, wards and former units, the best answer to the query first.

    Tỉnh, xã, phường và các đơn vị cũ; kết quả khớp nhất trước.
    """
    found = queries.search_units(
        query.get("q"),
        on=query.get("on"),
        province=query.get("province_code"),
        level=query.get("level"),
    )
    unit = AdministrativeUnit
    order = [By(queries.unit_rank(query.get("q"))), By(unit.sort_key), By(unit.id)]
    return page(found, order=order, query=query)


@blueprint.operation(
    "GET",
    "/administrative-units/<uuid:unit_id>",
    access=PUBLIC,
    answer=schemas.UnitWithPast,
)
def get_administrative_unit(caller: Caller, unit_id: UUID) -> AdministrativeUnit:
    """One unit with those it was made of and those it went into.

    Một đơn vị với các đơn vị hợp thành nó và các đơn vị kế tục.
    """
    return queries.get_unit(unit_id)


@blueprint.operation("POST", "/sites", access=TRADERS, body=schemas.SiteIn, answer=schemas.SiteOut)
def add_site(caller: Caller, body: dict[str, Any]) -> Site:
    """Declare a pick-up or delivery point.

    Khai báo một điểm giao hoặc nhận hàng.
    """
    party = caller.party(body.pop("on_behalf_of"))
    return operations.add_site(organisation_id=party.organisation_id, now=caller.now, **body)


@blueprint.operation(
    "GET", "/sites", access=READERS, query=PageQuery, answer=page_schema(schemas.SiteOut)
)
def list_sites(caller: Caller, query: dict[str, Any]) -> Page:
    """My sites, newest first.

    Các điểm của tôi, mới nhất trước.
    """
    seen = queries.sites(_own(caller))
    return page(seen, order=[By(Site.id, descending=True)], query=query)


@blueprint.operation("GET", "/sites/<uuid:site_id>", access=READERS, answer=schemas.SiteOut)
def get_site(caller: Caller, site_id: UUID) -> Site:
    """One of my sites.

    Một điểm của tôi.
    """
    return queries.get_site(site_id, seen=_own(caller))


def _own(caller: Caller) -> ColumnElement[bool]:
    return true() if caller.sees_all else caller.owns(Site.organisation_id)
