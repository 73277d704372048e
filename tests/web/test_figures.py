"""What a figure says of its rows, and what of a page of figures can be asked for."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask

from app.catalogue.models import Commodity
from app.web import drawing
from app.web.analytics import PARTS, TABLES
from app.web.chain_figures import carried, five
from app.web.figures import about, coming, even, paid
from app.web.loss_figures import disrupted, lost
from app.web.volume_figures import volumes
from tests.api.world import World
from tests.web.reader import reader

TEA = Commodity(code="tea", name_vi="Chè búp", name_en="Tea shoots", unit="kg")
COCOONS = Commodity(code="cocoons", name_vi="Kén tươi", name_en="Cocoons", unit="kg")
GOODS = {"tea": TEA, "cocoons": COCOONS}
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


def week(at: int, forecast: str, promised: str, **more: Any) -> dict[str, Any]:
    return {
        "commodity": "tea",
        "week": MONDAY + timedelta(weeks=at),
        "forecast_quantity": Decimal(forecast),
        "promised_quantity": Decimal(promised),
        "open_demand_quantity": None,
        "gap_quantity": Decimal(forecast) - Decimal(promised),
        "likely_low_quantity": None,
        "likely_high_quantity": None,
        "past_weeks": None,
        "past_weeks_within": None,
    } | more


def came(code: str, *weeks: int) -> list[dict[str, Any]]:
    return [
        {
            "commodity": code,
            "period": MONDAY + timedelta(weeks=at),
            "unit": "kg",
            "accepted_quantity": Decimal(accepted),
            "refused_quantity": Decimal(0),
            "accepted_amount": accepted * 10,
        }
        for at, accepted in enumerate(weeks)
    ]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u2060", "")


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
        ((), "Chè búp chưa có giá để nêu"),
        ((8000, 8000), "Chè búp: giá nay 8.000 đ/kg"),
        ((8000, 7000, 8000, 9000), "Chè búp tăng giá 2 tuần liền, nay 9.000 đ/kg"),
        ((9000, 8000), "Chè búp giảm giá so với tuần trước, nay 8.000 đ/kg"),
    ],
)
def test_a_price_is_told_by_its_course(read: None, weeks: tuple[int, ...], title: str) -> None:
    assert plain(paid(prices(*weeks), TEA).title) == title


def test_a_band_spans_what_was_paid_in_a_week(read: None) -> None:
    low, high = prices(8000)[0], prices(9000)[0]
    drawn = paid([low, high, *prices(0, 8200)[1:]], TEA).drawing
    assert isinstance(drawn, drawing.Plot)
    assert drawn.ticks == [(100.0, "8.000"), (80.0, "8.200"), (60.0, "8.400"), (40.0, "8.600"),
                           (20.0, "8.800"), (0.0, "9.000")]  # fmt: skip
    assert drawn.names == [(25.0, "02/11"), (75.0, "09/11")]
    assert drawn.dots == [(25.0, 50.0), (75.0, 80.0)]
    assert drawn.band == "25.0,0.0 75.0,80.0 75.0,80.0 25.0,100.0"
    assert drawn.notes == [(80.0, "8.200", False)]


def test_the_worst_week_is_named_and_enough_is_said_to_be_enough(read: None) -> None:
    short = coming([week(0, "100", "50"), week(1, "100", "350")], TEA)
    assert plain(short.title) == "Tuần 09/11 thiếu 250 kg"
    assert "ước chừng" in short.note
    assert coming([week(0, "100", "50")], TEA).title == "Dự báo đủ cho mọi tuần tới"
    nothing = coming([week(0, "0", "0")], TEA)
    assert (nothing.title, nothing.rows, nothing.drawing) == (
        "Chè búp chưa có dự báo để nêu",
        [],
        None,
    )


def test_a_forecast_has_a_whisker_where_those_before_came_true(read: None) -> None:
    known = {
        "likely_low_quantity": Decimal(60),
        "likely_high_quantity": Decimal(120),
        "past_weeks": 10,
        "past_weeks_within": 8,
    }
    told = coming([week(0, "100", "200", **known), week(1, "100", "200")], TEA)
    assert isinstance(told.drawing, drawing.Plot)
    assert told.drawing.whiskers == [(7.25, 40.0, 70.0)]
    assert [one[3:] for one in told.drawing.columns] == [
        (50.0, "filled"),
        (100.0, "outlined"),
        (50.0, "filled"),
        (100.0, "outlined"),
    ]
    assert "8 trong 10 tuần" in told.note
    assert [plain(row[2]) for row in told.rows] == ["60–120 kg", "–"]


@pytest.mark.parametrize(
    ("tea", "cocoons", "title"),
    [
        ((10, 20), (10, 5), "Chỉ Kén tươi giảm so với tuần trước"),
        ((20, 10), (5, 10), "Chỉ Chè búp giảm so với tuần trước"),
        ((20, 10), (10, 5), "0 mặt hàng tăng, 2 giảm so với tuần trước"),
        ((20, 20), (5, 5), "Lượng nhận như tuần trước"),
        ((20,), (10,), "Chè búp mang về nhiều tiền nhất: 200 đ"),
        ((), (), "Chưa có hàng nhận để nêu"),
    ],
)
def test_volumes_are_small_charts_each_from_zero_and_say_what_changed(
    read: None, tea: tuple[int, ...], cocoons: tuple[int, ...], title: str
) -> None:
    weeks = [MONDAY + timedelta(weeks=at) for at in range(max(1, len(tea)))]
    rows = [*came("tea", *tea), *came("cocoons", *cocoons)]
    told = volumes(rows, GOODS, weeks, over=weeks[-1] + timedelta(days=6))
    assert plain(told.title) == title
    if not tea:
        assert told.drawing is None
        return
    assert isinstance(told.drawing, drawing.Multiples)
    for one in told.drawing.cells:
        assert max(height for *_, height, _ in one.columns) == 100
        assert all(top + height == 100 for _, top, _, height, _ in one.columns)


def test_a_week_that_goes_on_is_outlined_and_not_compared(read: None) -> None:
    weeks = [MONDAY + timedelta(weeks=at) for at in range(3)]
    told = volumes(came("tea", 10, 20, 3), GOODS, weeks, over=weeks[-1])
    assert told.title == "Chè búp tăng so với tuần trước"
    assert isinstance(told.drawing, drawing.Multiples)
    (tea,) = told.drawing.cells
    assert [kind for *_, kind in tea.columns] == ["filled", "filled", "outlined"]
    assert plain(tea.latest) == "20 kg"


def sold(*member_prices: int) -> list[dict[str, Any]]:
    return [
        {
            "commodity": "tea",
            "member": f"Hộ {at}",
            "price": Decimal(price),
            "accepted_quantity": Decimal(10),
        }
        for at, price in enumerate(member_prices)
    ]


def test_sellers_are_dots_by_price_with_the_median_ruled(read: None) -> None:
    told = even(sold(80, 98, 100, 104), TEA)
    assert plain(told.title) == "2 trong 4 bên bán được giá lệch giá giữa dưới 3%"
    assert [row[3] for row in told.rows] == ["−19,2%", "−1%", "+1%", "+5,1%"]
    assert isinstance(told.drawing, drawing.Plot)
    heights = [y for _, y in told.drawing.dots]
    assert heights == sorted(heights, reverse=True)
    assert told.drawing.notes == [(drawing.scale([80, 104], from_zero=False).at(99), "99", True)]
    assert even(sold(100, 104), TEA).drawing is None


def chain(**quantities: int) -> dict[str, Any]:
    named = {f"{name}_quantity": Decimal(quantity) for name, quantity in quantities.items()}
    return {"commodity": "tea", "unit": "kg"} | named


def test_the_five_quantities_stand_one_under_another(read: None) -> None:
    row = chain(offered=200, ordered=150, despatched=100, delivered=98, accepted=90)
    told = five([row], TEA, GOODS)
    assert told.title == "Từ xuất đi đến được nhận mất 10%"
    assert isinstance(told.drawing, drawing.Ranked)
    assert [bar[2] for bar in told.drawing.bars] == [100.0, 75.0, 50.0, 49.0, 45.0]
    assert [plain(one) for one in told.rows[0]] == [
        "Chè búp", "200 kg", "150 kg", "100 kg", "98 kg", "90 kg"]  # fmt: skip
    nothing = chain(offered=200, ordered=150, despatched=0, delivered=0, accepted=0)
    assert "chưa có chuyến nào giao xong" in five([nothing], TEA, GOODS).title
    for accepted, title in ((100, "Xuất bao nhiêu được nhận bấy nhiêu"),
                            (102, "Được nhận nhiều hơn xuất đi 2 kg")):  # fmt: skip
        whole = chain(offered=200, ordered=150, despatched=100, delivered=102, accepted=accepted)
        assert plain(five([whole], TEA, GOODS).title) == title


def test_flows_name_the_largest_and_tell_the_rest_together(read: None) -> None:
    mills = [("processor", f"Nhà máy {at}") for at in range(9)]
    rows = [flow(("way", "direct"), mill, 100 - at) for at, mill in enumerate(mills)]
    told = carried(rows)
    assert told.title == "5 nơi nhận 57% giá trị hàng"
    drawn = told.drawing
    assert isinstance(drawn, drawing.Flow)
    assert [bar[0] for bar in drawn.ends.bars] == [*(f"Nhà máy {at}" for at in range(5)), "khác"]
    assert len(drawn.nodes) == 7
    assert len(drawn.ribbons) == 6
    for x in {node[0] for node in drawn.nodes}:
        column = sorted((top, top + height) for left, top, height, *_ in drawn.nodes if left == x)
        assert column[0][0] >= 0
        assert column[-1][1] <= 100.01
        assert all(below[0] - above[1] >= 8.4 for above, below in pairwise(column))


@pytest.mark.parametrize("values", [[0], [5, 5], [0, 0.001], [-3, 12], [980_000, 1_020_000]])
def test_an_axis_holds_its_values_between_a_few_round_figures(
    read: None, values: list[float]
) -> None:
    for from_zero in (True, False):
        axis = drawing.scale(values, from_zero=from_zero)
        assert all(0 <= axis.at(one) <= 100 for one in values)
        assert 2 <= len(axis.ticks()) <= 6
        assert axis.ticks()[0][0] == 100
        assert axis.ticks()[-1][0] == 0
        assert not from_zero or axis.low <= 0


@pytest.mark.parametrize("month", ["0001-01", "9999-12", "2026-13", "x", "2026-11-01"])
def test_a_month_that_is_none_or_not_yet_is_refused(world: World, month: str) -> None:
    for page in (*PARTS, *(f"/analytics/{name}.csv" for name in TABLES)):
        answer = reader(world, "cooperative").get(f"{page}?month={month}")
        assert answer.status_code == 422
        assert "2020-01" in answer.get_data(as_text=True)


def test_of_a_commodity_that_is_none_the_page_tells_the_largest(world: World) -> None:
    for page in (*PARTS, *(f"/analytics/{name}.csv" for name in TABLES)):
        answer = reader(world, "cooperative").get(f"{page}?commodity=none")
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


def a_loss(cause: str, quantity: int, amount: int | None) -> dict[str, Any]:
    quantities = {"quantity": Decimal(quantity), "amount": amount}
    return {"commodity": "tea", "unit": "kg", "cause": cause, **quantities}


def test_losses_are_ranked_by_worth_and_those_of_groups_by_quantity(read: None) -> None:
    own = [a_loss("shrunk", 30, 1000), a_loss("rejected", 10, 4000)]
    told = lost(own, TEA, GOODS, market=False)
    assert plain(told.title) == "Mất nhiều nhất vì không nhận khi kiểm: 4.000 đ"
    groups = [a_loss("shrunk", 30, None), a_loss("rejected", 10, None)]
    told = lost(groups, TEA, GOODS, market=True)
    assert plain(told.title) == "Chè búp mất nhiều nhất vì hụt trên đường: 30 kg"
    assert [[plain(cell) for cell in row] for row in told.rows] == [
        ["Chè búp", "hụt trên đường", "30 kg", "–"],
        ["Chè búp", "không nhận khi kiểm", "10 kg", "–"],
    ]
    assert "Không mất" not in lost([], TEA, GOODS, market=True).title, "untold is not nothing"


@pytest.mark.parametrize("market", [True, False])
def test_what_was_weighed_above_the_despatched_is_no_loss(read: None, *, market: bool) -> None:
    gained = a_loss("shrunk", -2, None if market else -143_864)
    told = lost([gained], TEA, GOODS, market=market)
    assert "cân được nhiều hơn xuất đi" in told.title
    assert told.drawing is None
    amount = "–" if market else "143.864 đ"
    assert [plain(cell) for cell in told.rows[0]] == ["Chè búp", "dôi khi cân", "2 kg", amount]
    rejected = a_loss("rejected", 10, None if market else 4000)
    told = lost([gained, rejected], TEA, GOODS, market=market)
    assert isinstance(told.drawing, drawing.Ranked)
    assert [bar[0] for bar in told.drawing.bars] == ["không nhận khi kiểm"]
    assert "mất nhiều nhất vì không nhận khi kiểm" in told.title.lower()


def test_a_disruption_tells_what_was_kept(read: None) -> None:
    stages = {"touched": 100, "rematched": 30, "restored": 20, "lost": 50}
    row = {f"{name}_quantity": Decimal(amount) for name, amount in stages.items()}
    met = {"commodity": "tea", "unit": "kg", "touched": 6, "kept_share": 0.5, **row}
    told = disrupted([met], TEA, GOODS, market=True)
    assert plain(told.title) == "Chè búp: giữ được 50% của 100 kg bị ảnh hưởng"
    assert isinstance(told.drawing, drawing.Ranked)
    assert [bar[2] for bar in told.drawing.bars] == [100.0, 30.0, 20.0, 50.0]
    assert disrupted([], TEA, GOODS, market=False).title == "Không gặp hạn chế đi lại"
    assert "đủ nhóm" in disrupted([], TEA, GOODS, market=True).title


@pytest.mark.parametrize(
    ("weight", "told"),
    [("24.5", "24,5 kg"), ("24.567", "24,6 kg"), ("24", "24 kg"), ("1249.9", "1,2 tấn")],
)
def test_a_quantity_beside_a_mark_has_one_decimal(read: None, weight: str, told: str) -> None:
    assert about(Decimal(weight), "kg").replace("\u00a0", " ") == told
