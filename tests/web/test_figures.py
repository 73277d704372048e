"""What a figure says of its rows, and what of a page of figures can be asked for."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from app.catalogue.models import Commodity
from app.web.figures import carried, coming, paid
from tests.api.world import World
from tests.web.reader import reader

TEA = Commodity(code="tea", name_vi="Chè búp", name_en="Tea shoots", unit="kg")
MONDAY = date(2026, 11, 2)


@pytest.fixture
def read() -> Iterator[None]:
    """Somebody who reads Vietnamese."""
    with Flask(__name__).test_request_context():
        yield


def prices(*weeks: int) -> list[dict[str, Any]]:
    return [
        {
            "commodity": "tea",
            "period": MONDAY + timedelta(weeks=at),
            "price": Decimal(price),
            "amount": price * 10,
            "quantity": Decimal(10),
        }
        for at, price in enumerate(weeks)
    ]


def week(at: int, forecast: str, promised: str) -> dict[str, Any]:
    return {
        "commodity": "tea",
        "week": MONDAY + timedelta(weeks=at),
        "forecast_quantity": Decimal(forecast),
        "promised_quantity": Decimal(promised),
        "open_demand_quantity": None,
        "gap_quantity": Decimal(forecast) - Decimal(promised),
    }


def flow(source: tuple[str, str], target: tuple[str, str], amount: int) -> dict[str, Any]:
    return {
        "source_kind": source[0],
        "source_name": source[1],
        "target_kind": target[0],
        "target_name": target[1],
        "amount": amount,
    }


@pytest.mark.parametrize(
    ("weeks", "title"),
    [
        ((), "Chè búp chưa có giá"),
        ((8000, 8000), "Chè búp: giá nay 8.000 đ/kg"),
        ((8000, 7000, 8000, 9000), "Chè búp tăng giá 2 tuần liền, nay 9.000 đ/kg"),
        ((9000, 8000), "Chè búp giảm giá 1 tuần liền, nay 8.000 đ/kg"),
    ],
)
def test_a_price_is_told_by_its_course(read: None, weeks: tuple[int, ...], title: str) -> None:
    told = paid(prices(*weeks), TEA).title.replace("\u00a0", " ").replace("\u2060", "")
    assert told == title


def test_a_band_spans_what_was_paid_in_a_week(read: None) -> None:
    low, high = prices(8000)[0], prices(9000)[0]
    drawn = paid([low, high, *prices(0, 8200)[1:]], TEA).drawn
    assert drawn == {
        "names": ["02/11", "09/11"],
        "value": [8500.0, 8200.0],
        "low": [8000.0, 8200.0],
        "high": [9000.0, 8200.0],
    }


def test_the_worst_week_is_named_and_enough_is_said_to_be_enough(read: None) -> None:
    short = coming([week(0, "100", "50"), week(1, "100", "350")], TEA)
    assert short.title.replace("\u00a0", " ") == "Tuần 09/11 thiếu 250 kg"
    assert short.drawn is not None
    assert short.drawn["outlined"] == [50.0, 350.0]
    assert coming([week(0, "100", "50")], TEA).title == "Dự báo đủ cho mọi tuần tới"


def test_flows_name_the_largest_and_tell_the_rest_together(read: None) -> None:
    mills = [("processor", f"Nhà máy {at}") for at in range(9)]
    rows = [flow(("way", "direct"), mill, 100 - at) for at, mill in enumerate(mills)]
    drawn = carried(rows, lambda _kind, name: name).drawn
    assert drawn is not None
    assert len(drawn["names"]) == 6
    assert drawn["names"][0] == "khác"
    assert sum(drawn["values"]) == sum(row["amount"] for row in rows)
    assert len({*drawn["nodes"]}) == len(drawn["nodes"]) == 7


@pytest.mark.parametrize("month", ["0001-01", "9999-12", "2026-13", "x", "2026-11-01"])
def test_any_month_that_is_asked_for_is_answered(world: World, month: str) -> None:
    for page in ("/analytics", "/analytics/prices.csv", "/analytics/supply.csv"):
        answer = reader(world, "cooperative").get(f"{page}?month={month}&commodity=none")
        assert answer.status_code == 200


def test_a_list_may_be_as_large_as_the_api_takes_it_and_other_files_are_refused(
    world: World,
) -> None:
    cooperative = reader(world, "cooperative")
    large = b"name,kind\n" + b"Vuon,farm\n" * 200_000

    def sent(file: bytes, name: str) -> Any:
        form = {"kind": "members", "file": (BytesIO(file), name)}
        return cooperative.send("/imports", form, shown="/imports")

    assert sent(large, "members.csv").status_code == 303
    assert sent(b"%PDF", "members.pdf").status_code == 422
    assert sent(b"x" * 5_000_000, "members.csv").status_code == 413
