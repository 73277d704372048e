"""Administrative units and sites."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, not_, select, true

from app.accounts.access import AUTHORITIES, PUBLIC, READERS, SELLERS, TRADERS, Caller
from app.core.http import Blueprint
from app.core.paging import By, Page, PageQuery, page, page_schema
from app.places import operations, plot_operations, queries, restriction_operations, schemas
from app.places.models import AdministrativeUnit, GrowingAreaSeason, Plot, Restriction, Site

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
    seen = queries.sites(_own(caller, Site.organisation_id))
    return page(seen, order=[By(Site.id, descending=True)], query=query)


@blueprint.operation("GET", "/sites/<uuid:site_id>", access=READERS, answer=schemas.SiteOut)
def get_site(caller: Caller, site_id: UUID) -> Site:
    """One of my sites.

    Một điểm của tôi.
    """
    return queries.get_site(site_id, seen=_own(caller, Site.organisation_id))


@blueprint.operation("POST", "/plots", access=SELLERS, body=schemas.PlotIn, answer=schemas.PlotOut)
def add_plot(caller: Caller, body: dict[str, Any]) -> Plot:
    """Declare a field and what it is expected to bear.

    Khai báo một thửa đất và sản lượng dự kiến.
    """
    party = caller.party(body.pop("on_behalf_of"))
    return plot_operations.add_plot(party=party, now=caller.now, **body)


@blueprint.operation(
    "GET", "/plots", access=READERS, query=PageQuery, answer=page_schema(schemas.PlotOut)
)
def list_plots(caller: Caller, query: dict[str, Any]) -> Page:
    """My plots, newest first.

    Các thửa đất của tôi, mới nhất trước.
    """
    seen = queries.plots(_own(caller, Plot.organisation_id))
    return page(seen, order=[By(Plot.id, descending=True)], query=query)


@blueprint.operation("GET", "/plots/<uuid:plot_id>", access=READERS, answer=schemas.PlotOut)
def get_plot(caller: Caller, plot_id: UUID) -> Plot:
    """One of my plots.

    Một thửa đất của tôi.
    """
    return queries.get_plot(plot_id, seen=_own(caller, Plot.organisation_id))


@blueprint.operation(
    "POST",
    "/plots/<uuid:plot_id>/yields",
    access=SELLERS,
    body=schemas.YieldIn,
    answer=schemas.PlotOut,
)
def add_yield(caller: Caller, plot_id: UUID, body: dict[str, Any]) -> Plot:
    """Declare what a plot bears from a day on.

    Khai báo năng suất của thửa đất từ một ngày.
    """
    plot = queries.get_plot(plot_id, seen=caller.owns(Plot.organisation_id), lock=True)
    return plot_operations.add_yield(plot=plot, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/growing-area-seasons",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.AreaSeasonOut),
)
def list_growing_area_seasons(caller: Caller, query: dict[str, Any]) -> Page:
    """What may be and is listed under my growing-area codes, newest season first.

    Lượng được phép và đã chào bán theo mã số vùng trồng của tôi, vụ mới nhất trước.
    """
    counter = GrowingAreaSeason
    seen = select(counter).where(_own(caller, counter.organisation_id))
    order = [By(counter.season, descending=True), By(counter.code), By(counter.commodity_code)]
    return page(seen, order=order, query=query)


@blueprint.operation(
    "POST",
    "/restrictions",
    access=AUTHORITIES,
    body=schemas.RestrictionIn,
    answer=schemas.RestrictionOut,
)
def restrict(caller: Caller, body: dict[str, Any]) -> Restriction:
    """Close an area to movement, wholly or one way.

    Hạn chế vận chuyển qua ranh giới một vùng, cả hai chiều hoặc một chiều.
    """
    return restriction_operations.restrict(organisation_id=caller.acting.id, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/restrictions",
    access=READERS,
    query=schemas.RestrictionQuery,
    answer=page_schema(schemas.RestrictionOut),
)
def list_restrictions(caller: Caller, query: dict[str, Any]) -> Page:
    """Restrictions, newest first.

    Các hạn chế vận chuyển, mới nhất trước.
    """
    statement = select(Restriction)
    if "in_force" in query:
        now = queries.in_force(caller.now)
        statement = statement.where(now if query["in_force"] == "true" else not_(now))
    return page(statement, order=[By(Restriction.id, descending=True)], query=query)


@blueprint.operation(
    "GET",
    "/restrictions/<uuid:restriction_id>",
    access=READERS,
    answer=schemas.RestrictionOut,
)
def get_restriction(caller: Caller, restriction_id: UUID) -> Restriction:
    """One restriction.

    Một hạn chế vận chuyển.
    """
    return queries.get_restriction(restriction_id)


@blueprint.operation(
    "POST",
    "/restrictions/<uuid:restriction_id>/end",
    access=AUTHORITIES,
    answer=schemas.RestrictionOut,
    status=200,
)
def end_restriction(caller: Caller, restriction_id: UUID) -> Restriction:
    """Lift a restriction before its time.

    Bãi bỏ một hạn chế trước thời hạn.
    """
    restriction = queries.get_restriction(restriction_id, made_by=caller.acting.id, lock=True)
    return restriction_operations.end_restriction(restriction=restriction, now=caller.now)


def _own(caller: Caller, holder: Any) -> ColumnElement[bool]:
    return true() if caller.sees_all else caller.owns(holder)
