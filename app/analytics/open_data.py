"""Monthly market statistics for everybody: the market's groups, month by month, and their DCAT.

A month is made of the weeks that begin in it, so that it holds whole groups only, and is published
when the last of them is over.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, cast, func, select

from app.analytics.groups import FEWEST
from app.analytics.models import GroupCell
from app.analytics.reading import DAY, WEEK, price_of
from app.catalogue.models import Commodity
from app.core import clock
from app.core.db import db

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
FORMS = {"csv": "text/csv", "json": "application/json"}
SUMMED = (
    "weighed_quantity",
    "accepted_quantity",
    "refused_quantity",
    "goods_amount",
    "carried_quantity",
    "carried_amount",
    "haulage_amount",
)
_MONTH = cast(func.date_trunc("month", GroupCell.week), Date)


def published_months(*, today: date) -> list[date]:
    """The months that are over and of which there is something to tell, newest first."""
    months = db.session.scalars(select(_MONTH).distinct().order_by(_MONTH.desc()))
    return [month for month in months if is_over(month, today=today)]


def is_over(month: date, *, today: date) -> bool:
    """Whether the last week that begins in a month is over."""
    return weeks_of(month)[-1] + WEEK <= today


def weeks_of(month: date) -> Sequence[date]:
    """The weeks that begin in a month, by their Mondays."""
    following = (month + timedelta(days=32)).replace(day=1)
    first = clock.monday(month + 6 * DAY)
    return [first + number * WEEK for number in range(5) if first + number * WEEK < following]


def statistics(month: date) -> list[dict[str, Any]]:
    """A month by commodity and province; no province where several had to be put together."""
    sums = (func.sum(getattr(GroupCell, name)).label(name) for name in SUMMED)
    rows = db.session.execute(
        select(Commodity, GroupCell.province_code, *sums)
        .join(Commodity, Commodity.code == GroupCell.commodity_code)
        .where(GroupCell.week.in_(weeks_of(month)))
        .group_by(Commodity.code, GroupCell.province_code)
        .order_by(Commodity.code, GroupCell.province_code)
    )
    return [
        {
            "month": f"{month:%Y-%m}",
            "commodity": row.Commodity.code,
            "commodity_vi": row.Commodity.name_vi,
            "commodity_en": row.Commodity.name_en,
            "province": row.province_code or None,
            "unit": str(row.Commodity.unit),
            "delivered_quantity": row.weighed_quantity,
            "accepted_quantity": row.accepted_quantity,
            "refused_quantity": row.refused_quantity,
            "goods_amount": int(row.goods_amount),
            "average_price": price_of(row.goods_amount, row.accepted_quantity),
            "delivered_price": price_of(
                row.carried_amount + row.haulage_amount, row.carried_quantity
            ),
        }
        for row in rows
    ]


def catalogue(months: Sequence[date], *, address: str) -> dict[str, Any]:
    """The catalogue in DCAT 3 as JSON-LD.

    Args:
        address: of the catalogue itself, without a slash at its end.
    """
    dataset = f"{address}/market-statistics"
    return {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        },
        "@id": address,
        "@type": "dcat:Catalog",
        "dct:title": _told("Dữ liệu mở của Blao", "Open data of Blao"),
        "dct:license": {"@id": LICENCE},
        "dcat:dataset": [
            {
                "@id": dataset,
                "@type": "dcat:Dataset",
                "dct:title": _told(
                    "Thống kê thị trường nông sản theo tháng", "Monthly market statistics"
                ),
                "dct:description": _told(
                    "Lượng giao, lượng nhận và giá bình quân theo mặt hàng và tỉnh. Chỉ công bố"
                    f" nhóm có ít nhất {FEWEST} bên bán, không bên nào quá 85 %.",
                    "Quantities delivered and accepted and average prices by commodity and"
                    f" province. Only groups of at least {FEWEST} sellers, none above 85 %.",
                ),
                "dct:license": {"@id": LICENCE},
                "dct:language": ["vi", "en"],
                "dct:accrualPeriodicity": {
                    "@id": "http://publications.europa.eu/resource/authority/frequency/MONTHLY"
                },
                "dcat:distribution": [
                    _distribution(month, form, dataset) for month in months for form in FORMS
                ],
            }
        ],
    }


def _distribution(month: date, form: str, dataset: str) -> dict[str, Any]:
    address = f"{dataset}/{month:%Y-%m}.{form}"
    last = (month + timedelta(days=32)).replace(day=1) - DAY
    return {
        "@id": address,
        "@type": "dcat:Distribution",
        "dct:title": f"{month:%Y-%m} ({form.upper()})",
        "dct:license": {"@id": LICENCE},
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@type": "xsd:date", "@value": month.isoformat()},
            "dcat:endDate": {"@type": "xsd:date", "@value": last.isoformat()},
        },
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{FORMS[form]}"},
        "dcat:downloadURL": {"@id": address},
    }


def _told(vi: str, en: str) -> list[dict[str, str]]:
    return [{"@language": "vi", "@value": vi}, {"@language": "en", "@value": en}]
