"""Open data: addresses that stay, for anybody."""

import re
from datetime import date

from flask import Response, current_app, jsonify, request

from app.accounts.access import PUBLIC, Caller
from app.analytics import open_data, schemas
from app.analytics.answers import CSV, as_csv, tagged
from app.core import clock
from app.core.errors import NotFound
from app.core.http import Blueprint

blueprint = Blueprint("open_data", __name__, description="Open data")
LD_JSON = "application/ld+json"
NAME = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])\.(csv|json)")


@blueprint.operation("GET", "/open-data", access=PUBLIC, also=(LD_JSON,))
def get_catalogue(caller: Caller) -> Response:
    """What is published, described in DCAT (JSON-LD).

    Những gì được công bố, mô tả theo DCAT (JSON-LD).
    """
    months = open_data.published_months(today=clock.local_date(caller.now))
    found = jsonify(open_data.catalogue(months, address=_address()))
    found.content_type = LD_JSON
    return tagged(found)


@blueprint.operation(
    "GET",
    "/open-data/market-statistics/<string:name>",
    access=PUBLIC,
    answer=schemas.StatisticsOut,
    also=(CSV,),
)
def get_market_statistics(caller: Caller, name: str) -> Response:
    """A month's market statistics, named 2026-10.csv or 2026-10.json; licence CC BY 4.0.

    Thống kê thị trường một tháng, tên dạng 2026-10.csv hoặc 2026-10.json; giấy phép CC BY 4.0.
    """
    month, form = _named(name)
    if not open_data.is_over(month, today=clock.local_date(caller.now)):
        raise NotFound
    rows = open_data.statistics(month)
    if form == "csv":
        found = Response(as_csv(schemas.StatisticOut(), rows), content_type=f"{CSV}; charset=utf-8")
    else:
        told = {
            "month": f"{month:%Y-%m}",
            "weeks": open_data.weeks_of(month),
            "licence": open_data.LICENCE,
            "items": rows,
        }
        found = jsonify(schemas.StatisticsOut().dump(told))
    found.headers["Link"] = f'<{open_data.LICENCE}>; rel="license"'
    return tagged(found)


def _named(name: str) -> tuple[date, str]:
    named = NAME.fullmatch(name)
    if named is None:
        raise NotFound
    return date(int(named[1]), int(named[2]), 1), named[3]


def _address() -> str:
    outside = str(current_app.config["SETTINGS"].public_url) or request.host_url
    return f"{outside.rstrip('/')}/api/v1/open-data"
