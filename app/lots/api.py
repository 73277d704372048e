"""Lots, harvests, certificates."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, true

from app.accounts.access import READERS, SELLERS, TRADERS, VERIFIERS, Caller
from app.accounts.models import Kind
from app.core.http import Blueprint
from app.core.paging import By, Page, PageQuery, page, page_schema
from app.lots import forecast_operations, operations, queries, schemas
from app.lots.models import Certificate, Forecast, Lot

blueprint = Blueprint("lots", __name__, description="Lots and certificates")


@blueprint.operation("POST", "/lots", access=SELLERS, body=schemas.LotIn, answer=schemas.LotOut)
def declare_lot(caller: Caller, body: dict[str, Any]) -> Lot:
    """Declare a lot, harvested or forecast.

    Khai báo một lô, đã thu hoạch hoặc dự báo.
    """
    party = caller.party(body.pop("on_behalf_of"))
    return operations.declare_lot(party=party, now=caller.now, **body)


@blueprint.operation(
    "GET", "/lots", access=READERS, query=schemas.LotQuery, answer=page_schema(schemas.LotOut)
)
def list_lots(caller: Caller, query: dict[str, Any]) -> Page:
    """My lots, and those I act for as an agent, newest first.

    Các lô của tôi và các lô tôi làm thay, mới nhất trước.
    """
    statement = queries.lots(caller.sees(Lot))
    if "commodity" in query:
        statement = statement.where(Lot.commodity_code == query["commodity"])
    if "status" in query:
        statement = statement.where(Lot.status == query["status"])
    return page(statement, order=[By(Lot.id, descending=True)], query=query)


@blueprint.operation("GET", "/lots/<uuid:lot_id>", access=READERS, answer=schemas.LotOut)
def get_lot(caller: Caller, lot_id: UUID) -> Lot:
    """One lot.

    Một lô.
    """
    return queries.get_lot(lot_id, seen=caller.sees(Lot))


@blueprint.operation(
    "POST",
    "/lots/<uuid:lot_id>/harvest",
    access=SELLERS,
    body=schemas.HarvestIn,
    answer=schemas.LotOut,
    status=200,
)
def harvest_lot(caller: Caller, lot_id: UUID, body: dict[str, Any]) -> Lot:
    """A forecast has been harvested.

    Lô dự báo đã được thu hoạch.
    """
    harvested_at = body["harvested_at"] or caller.now
    return operations.harvest_lot(
        lot=_own_lot(caller, lot_id),
        harvested_at=harvested_at,
        quantity=body["quantity"],
        unit=body["unit"],
        grade=body["grade"],
        qualities=body["qualities"],
        now=caller.now,
    )


@blueprint.operation(
    "POST", "/lots/<uuid:lot_id>/spoilage", access=SELLERS, answer=schemas.LotOut, status=200
)
def spoil_lot(caller: Caller, lot_id: UUID) -> Lot:
    """A lot has spoiled.

    Lô đã hỏng.
    """
    return operations.spoil_lot(lot=_own_lot(caller, lot_id), now=caller.now)


@blueprint.operation(
    "POST",
    "/certificates",
    access=TRADERS,
    body=schemas.CertificateIn,
    answer=schemas.CertificateOut,
)
def register_certificate(caller: Caller, body: dict[str, Any]) -> Certificate:
    """Declare a certificate.

    Khai báo một chứng nhận.
    """
    party = caller.party(body.pop("on_behalf_of"))
    return operations.register_certificate(party=party, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/certificates",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.CertificateOut),
)
def list_certificates(caller: Caller, query: dict[str, Any]) -> Page:
    """Certificates I hold or may verify, newest first.

    Các chứng nhận tôi giữ hoặc được xác minh, mới nhất trước.
    """
    seen = select(Certificate).where(_seen_certificates(caller))
    return page(seen, order=[By(Certificate.id, descending=True)], query=query)


@blueprint.operation(
    "GET",
    "/certificates/<uuid:certificate_id>",
    access=READERS,
    answer=schemas.CertificateOut,
)
def get_certificate(caller: Caller, certificate_id: UUID) -> Certificate:
    """One certificate.

    Một chứng nhận.
    """
    return queries.get_certificate(certificate_id, seen=_seen_certificates(caller))


@blueprint.operation(
    "POST",
    "/certificates/<uuid:certificate_id>/verification",
    access=VERIFIERS,
    answer=schemas.CertificateOut,
    status=200,
)
def verify_certificate(caller: Caller, certificate_id: UUID) -> Certificate:
    """Verify a certificate.

    Xác minh một chứng nhận.
    """
    certificate = queries.get_certificate(certificate_id, seen=true(), lock=True)
    return operations.verify_certificate(
        certificate=certificate, by=caller.signed_in, now=caller.now
    )


@blueprint.operation(
    "POST",
    "/forecasts",
    access=SELLERS,
    body=schemas.ForecastIn,
    answer=schemas.ForecastOut,
)
def forecast_harvest(caller: Caller, body: dict[str, Any]) -> Forecast:
    """Say what will be harvested in a week.

    Báo trước lượng sẽ thu hoạch trong một tuần.
    """
    party = caller.party(body.pop("on_behalf_of"))
    return forecast_operations.forecast_harvest(party=party, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/forecasts",
    access=READERS,
    query=schemas.ForecastQuery,
    answer=page_schema(schemas.ForecastOut),
)
def list_forecasts(caller: Caller, query: dict[str, Any]) -> Page:
    """My forecasts and those of members I act for, newest first.

    Dự báo của tôi và của thành viên tôi làm thay, mới nhất trước.
    """
    statement = select(Forecast).where(_seen_forecasts(caller))
    if "commodity" in query:
        statement = statement.where(Forecast.commodity_code == query["commodity"])
    if "week" in query:
        statement = statement.where(Forecast.week == query["week"])
    return page(statement, order=[By(Forecast.id, descending=True)], query=query)


@blueprint.operation(
    "GET", "/forecasts/<uuid:forecast_id>", access=READERS, answer=schemas.ForecastOut
)
def get_forecast(caller: Caller, forecast_id: UUID) -> Forecast:
    """One forecast.

    Một dự báo.
    """
    return queries.get_forecast(forecast_id, seen=_seen_forecasts(caller))


@blueprint.operation(
    "GET",
    "/forecast-accuracy",
    access=READERS,
    query=schemas.AccuracyQuery,
    answer=schemas.AccuracyOut,
)
def forecast_accuracy(caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """How my forecasts, and those of my consenting members, compare with what was harvested.

    Dự báo của tôi và của các thành viên đồng ý chia sẻ so với thu hoạch thực tế.
    """
    weeks = forecast_operations.accuracy(
        organisation_id=caller.acting.id,
        since=query.get("since"),
        until=query.get("until"),
        now=caller.now,
    )
    return {"weeks": weeks}


def _seen_forecasts(caller: Caller) -> ColumnElement[bool]:
    return true() if caller.sees_all else caller.owns(Forecast.organisation_id)


def _own_lot(caller: Caller, lot_id: UUID) -> Lot:
    lot = queries.get_lot(lot_id, seen=caller.sees(Lot), lock=True)
    caller.check_may_act(lot)
    return lot


def _seen_certificates(caller: Caller) -> ColumnElement[bool]:
    if caller.acting.kind in (Kind.OPERATOR, Kind.AUTHORITY):
        return true()
    return caller.owns(Certificate.organisation_id)
