"""The public catalogue: commodities, markets, processing lines, certificate schemes."""

from typing import Any

from sqlalchemy import select

from app.accounts.access import OPERATORS, PUBLIC, READERS, Caller
from app.catalogue import queries, reference_operations, schemas
from app.catalogue.models import (
    CertificateScheme,
    Commodity,
    Market,
    ProcessingLine,
    ReferencePrice,
    ReferenceSeries,
)
from app.core.http import Blueprint
from app.core.paging import By, Page, PageQuery, page, page_schema

blueprint = Blueprint("catalogue", __name__, description="What can be traded")


@blueprint.operation(
    "GET",
    "/commodities",
    access=PUBLIC,
    query=schemas.CommodityQuery,
    answer=page_schema(schemas.CommodityOut),
)
def list_commodities(caller: Caller, query: dict[str, Any]) -> Page:
    """Commodities in Vietnamese order.

    Các mặt hàng theo thứ tự tiếng Việt.
    """
    filters = {name: query.get(name) for name in ("q", "category", "market")}
    return page(queries.commodities(**filters), order=_by_name(Commodity), query=query)


@blueprint.operation(
    "GET", "/commodities/<string:code>", access=PUBLIC, answer=schemas.CommodityOut
)
def get_commodity(caller: Caller, code: str) -> Commodity:
    """One commodity with its qualities and grades.

    Một mặt hàng với chỉ tiêu chất lượng và các loại.
    """
    return queries.get_commodity(code)


@blueprint.operation(
    "GET", "/markets", access=PUBLIC, query=PageQuery, answer=page_schema(schemas.MarketOut)
)
def list_markets(caller: Caller, query: dict[str, Any]) -> Page:
    """Markets in Vietnamese order.

    Các thị trường theo thứ tự tiếng Việt.
    """
    return page(queries.markets_with_commodities(), order=_by_name(Market), query=query)


@blueprint.operation("GET", "/markets/<string:code>", access=PUBLIC, answer=schemas.MarketOut)
def get_market(caller: Caller, code: str) -> Market:
    """One market: its commodities, its haulage tariff, its next round.

    Một thị trường: mặt hàng, biểu giá cước, phiên khớp sắp tới.
    """
    return queries.get_market(code)


@blueprint.operation(
    "GET",
    "/processing-lines",
    access=PUBLIC,
    query=PageQuery,
    answer=page_schema(schemas.ProcessingLineOut),
)
def list_processing_lines(caller: Caller, query: dict[str, Any]) -> Page:
    """Processing lines in Vietnamese order.

    Các dây chuyền chế biến theo thứ tự tiếng Việt.
    """
    return page(queries.processing_lines(), order=_by_name(ProcessingLine), query=query)


@blueprint.operation(
    "GET", "/processing-lines/<string:code>", access=PUBLIC, answer=schemas.ProcessingLineOut
)
def get_processing_line(caller: Caller, code: str) -> ProcessingLine:
    """One processing line and the commodities it accepts.

    Một dây chuyền chế biến và các mặt hàng nó nhận.
    """
    return queries.get_processing_line(code)


@blueprint.operation(
    "GET",
    "/certificate-schemes",
    access=PUBLIC,
    query=PageQuery,
    answer=page_schema(schemas.CertificateSchemeOut),
)
def list_certificate_schemes(caller: Caller, query: dict[str, Any]) -> Page:
    """Certificate schemes in Vietnamese order.

    Các chương trình chứng nhận theo thứ tự tiếng Việt.
    """
    return page(queries.certificate_schemes(), order=_by_name(CertificateScheme), query=query)


@blueprint.operation(
    "GET",
    "/certificate-schemes/<string:code>",
    access=PUBLIC,
    answer=schemas.CertificateSchemeOut,
)
def get_certificate_scheme(caller: Caller, code: str) -> CertificateScheme:
    """One certificate scheme.

    Một chương trình chứng nhận.
    """
    return queries.get_certificate_scheme(code)


@blueprint.operation(
    "POST",
    "/reference-series",
    access=OPERATORS,
    body=schemas.SeriesIn,
    answer=schemas.SeriesOut,
)
def add_reference_series(caller: Caller, body: dict[str, Any]) -> ReferenceSeries:
    """Begin a price series from outside.

    Thêm một chuỗi giá tham chiếu từ bên ngoài.
    """
    return reference_operations.add_series(**body)


@blueprint.operation(
    "GET",
    "/reference-series",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.SeriesOut),
)
def list_reference_series(caller: Caller, query: dict[str, Any]) -> Page:
    """Price series from outside, by name.

    Các chuỗi giá tham chiếu, theo tên.
    """
    return page(select(ReferenceSeries), order=_by_name(ReferenceSeries), query=query)


@blueprint.operation(
    "GET", "/reference-series/<string:code>", access=READERS, answer=schemas.SeriesOut
)
def get_reference_series(caller: Caller, code: str) -> ReferenceSeries:
    """One price series.

    Một chuỗi giá tham chiếu.
    """
    return reference_operations.get_series(code)


@blueprint.operation(
    "POST",
    "/reference-series/<string:code>/prices",
    access=OPERATORS,
    body=schemas.DayPricesIn,
    answer=schemas.SeriesOut,
)
def record_reference_prices(caller: Caller, code: str, body: dict[str, Any]) -> ReferenceSeries:
    """Note what a series says of some days; earlier words stay.

    Ghi giá theo ngày của một chuỗi; giá đã ghi trước được giữ nguyên.
    """
    series = reference_operations.get_series(code)
    return reference_operations.record_prices(series=series, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/reference-series/<string:code>/prices",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.DayPriceOut),
)
def list_reference_prices(caller: Caller, code: str, query: dict[str, Any]) -> Page:
    """What a series said of each day and since when, newest day first.

    Giá theo ngày của một chuỗi và thời điểm biết giá, ngày mới nhất trước.
    """
    series = reference_operations.get_series(code)
    statement = select(ReferencePrice).where(ReferencePrice.series_code == series.code)
    order = [By(ReferencePrice.day, descending=True), By(ReferencePrice.known_at, descending=True)]
    return page(statement, order=order, query=query)


def _by_name(table: Any) -> list[By]:
    return [By(table.sort_key), By(table.code)]
