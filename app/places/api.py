"""Administrative units."""

from typing import Any
from uuid import UUID

from app.accounts.access import PUBLIC, Caller
from app.core.http import Blueprint
from app.core.paging import By, Page, page, page_schema
from app.places import queries, schemas
from app.places.models import AdministrativeUnit

blueprint = Blueprint("places", __name__, description="Where things are")


@blueprint.operation(
    "GET",
    "/administrative-units",
    access=PUBLIC,
    query=schemas.UnitQuery,
    answer=page_schema(schemas.UnitOut),
)
def list_administrative_units(caller: Caller, query: dict[str, Any]) -> Page:
    """Provinces, wards and former units, the best answer to the query first."""
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
    """One unit with those it was made of and those it went into."""
    return queries.get_unit(unit_id)
