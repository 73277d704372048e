"""A bad row is refused by name before anything is cleared."""

import dataclasses
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from app.clearing.engine import BookRefused, clear
from app.clearing.snapshot import book_of, canonical, clear_snapshot, snapshot_hash

from .books import book, demand, offer

ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("missing_field", "quantity", {"quantity": None}),
    ("unknown_field", "'colour'", {"colour": "green"}),
    ("wrong_type", "quantity", {"quantity": True}),
    ("wrong_type", "quantity", {"quantity": ["1"]}),
    ("not_a_number", "quantity", {"quantity": "NaN"}),
    ("not_a_number", "quantity", {"quantity": "1e3"}),
    ("not_a_number", "quantity", {"quantity": "٣"}),
    ("not_finite", "quantity", {"quantity": math.nan}),
    ("not_finite", "ask_price", {"ask_price": math.inf}),
    ("not_finite", "ask_price", {"ask_price": Decimal("sNaN")}),
    ("negative", "quantity", {"quantity": "-1"}),
    ("negative", "ask_price", {"ask_price": -0.01}),
    ("quantity_not_positive", "quantity", {"quantity": "0.000"}),
    ("too_many_decimals", "quantity", {"quantity": "0.0001"}),
    ("too_many_decimals", "quantity", {"quantity": "1." + 39 * "0" + "1"}),
    ("absurd_magnitude", "quantity", {"quantity": "1000000000"}),
    ("absurd_magnitude", "quantity", {"quantity": 10**5000}),
    ("absurd_magnitude", "ask_price", {"ask_price": 1e300}),
    ("absurd_magnitude", "ask_price", {"ask_price": Decimal("1e999999")}),
    ("not_finite", "latitude", {"latitude": math.nan}),
    ("wrong_type", "latitude", {"latitude": "11.5"}),
    ("out_of_range", "latitude", {"latitude": 90.1}),
    ("out_of_range", "longitude", {"longitude": -181}),
    ("wrong_type", "seller_id", {"seller_id": ""}),
    ("wrong_type", "seller_id", {"seller_id": "a\nb"}),
    ("wrong_type", "seller_id", {"seller_id": "\ud800"}),
    ("wrong_type", "smallholder", {"smallholder": "yes"}),
    ("naive_instant", "listed_at", {"listed_at": "2026-03-01T12:00:00"}),
    ("bad_instant", "listed_at", {"listed_at": "yesterday"}),
    ("negative", "min_quantity", {"min_quantity": "-5"}),
    ("wrong_type", "gates", {"gates": "open"}),
    ("unknown_field", "'graderank'", {"gates": {"graderank": 1}}),
    ("unknown_grade", "grade_rank", {"gates": {"grade_rank": "first"}}),
    ("wrong_type", "grade_rank", {"gates": {"grade_rank": -1}}),
    ("not_a_number", "'water'", {"gates": {"qualities": {"water": "wet"}}}),
    ("bad_date", "'on'", {"gates": {"qualities": {"on": "2026-02-30"}}}),
    ("wrong_type", "certificates", {"gates": {"certificates": "vietgap"}}),
    ("wrong_type", "buyers", {"gates": {"buyers": [1.5]}}),
    ("naive_instant", "expires_at", {"gates": {"expires_at": "2026-03-01"}}),
]


@pytest.mark.parametrize(("code", "field", "fault"), ROWS)
def test_a_bad_offer_is_named(code: str, field: str, fault: dict[str, Any]) -> None:
    wanted = demand("d", gates={"accepts": [{"quality_limits": {"unmeasured": {"max": "1"}}}]})
    with pytest.raises(BookRefused) as refusal:
        clear_snapshot(book([offer("fine"), offer("bad", **fault)], [wanted]))
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert "offers[1]" in refusal.value.row
    assert "\n" not in str(refusal.value)


DEMANDS: list[tuple[str, str, dict[str, Any]]] = [
    ("too_many_decimals", "min_delivery", {"min_delivery": "0.0005"}),
    ("wrong_type", "max_suppliers", {"max_suppliers": 0}),
    ("wrong_type", "inside", {"gates": {"inside": "everywhere"}}),
    ("wrong_type", "accepts", {"gates": {"accepts": {}}}),
    ("unknown_field", "'grade'", {"gates": {"accepts": [{"grade": 1}]}}),
    ("unknown_field", "'most'", {"gates": {"accepts": [{"quality_limits": {"w": {"most": 1}}}]}}),
    ("mixed_quality_kinds", "'w'", {"gates": {"accepts": [
        {"quality_limits": {"w": {"max": "1", "min": "2026-01-01"}}}]}}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "field", "fault"), DEMANDS)
def test_a_bad_demand_is_named(code: str, field: str, fault: dict[str, Any]) -> None:
    with pytest.raises(BookRefused) as refusal:
        clear_snapshot(book([offer("o")], [demand("d", **fault)]))
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert "demands[0]" in refusal.value.row


@pytest.mark.parametrize(
    ("code", "field", "figure"),
    [
        ("missing_field", "base", None),
        ("not_finite", "base", math.nan),
        ("negative", "rate_per_km", "-1"),
        ("absurd_magnitude", "unit_weight_kg", "1000000000000000"),
        ("absurd_magnitude", "rate_per_km", "100000000000"),
        ("absurd_magnitude", "speed_kmh", "0"),
    ],
)
def test_a_bad_tariff_is_named(code: str, field: str, figure: Any) -> None:
    with pytest.raises(BookRefused) as refusal:
        book_of(book([], [], **{field: figure}))
    assert (refusal.value.code, refusal.value.row, refusal.value.field) == (code, "haulage", field)


@pytest.mark.parametrize("nonsense", [None, [], "book", {}, {"offers": 1, "demands": []}])
def test_what_is_no_snapshot_is_refused(nonsense: Any) -> None:
    with pytest.raises(BookRefused):
        book_of(nonsense)


def test_an_identifier_stands_once_only() -> None:
    with pytest.raises(BookRefused, match="duplicate_id"):
        book_of(book([offer("o"), offer("o")], []))


def test_a_bad_policy_is_named() -> None:
    for policy, code in (
        ({"smallholder_bonus": "-1"}, "negative"),
        ({"smallholder_bonus": "1000000000"}, "absurd_magnitude"),
        ({"bonus": "1"}, "unknown_field"),
    ):
        with pytest.raises(BookRefused, match=code) as refusal:
            book_of(book([], []) | {"policy": policy})
        assert refusal.value.row == "policy"


def test_what_lots_and_ties_turn_on_is_read_in_whole_units() -> None:
    sold = offer("o", min_quantity="2.5", smallholder=True, listed_at="1970-01-02T07:00:00.9+07:00")
    bought = demand("d", min_delivery="1", max_suppliers=3, posted_at="1970-01-01T00:01:00Z")
    read = book_of(book([sold, offer("p")], [bought, demand("e")]) | {
        "policy": {"smallholder_bonus": "150.5"}
    })  # fmt: skip
    assert read.smallholder_bonus == 15050
    assert read.offers.smallholder.tolist() == [True, False]
    assert read.offers.listed_at.tolist() == [86400, 0]
    assert read.offers.min_quantity.tolist() == [2500, 0]
    assert read.demands.posted_at.tolist() == [60, 0]
    assert read.demands.min_delivery.tolist() == [1000, 0]
    assert read.demands.max_suppliers.tolist() == [3, -1]


def test_a_minimum_that_every_trade_meets_is_no_minimum() -> None:
    small = book([offer("o", min_quantity="0.001")], [demand("d", min_delivery=None)])
    assert len(book_of(small).offers) == 1


def test_columns_out_of_bounds_are_refused_by_the_engine_itself() -> None:
    sound = book_of(book([offer("o")], [demand("d")]))
    bad = dataclasses.replace(sound.offers, quantity=np.array([-5], dtype=np.int64))
    with pytest.raises(BookRefused, match=r"negative: offers\[0\], quantity"):
        clear(dataclasses.replace(sound, offers=bad))
    floats: Any = np.array([1.5])
    bad = dataclasses.replace(sound.offers, ask=floats)
    with pytest.raises(BookRefused, match="wrong_type"):
        clear(dataclasses.replace(sound, offers=bad))


def test_equal_books_have_one_hash_however_they_are_written() -> None:
    one = book([offer("o", "5", "7", latitude=11)], [demand("d")])
    other = book([offer("o", "5.000", "7.0", latitude=11.0, min_quantity=None)], [demand("d")])
    assert snapshot_hash(one) == snapshot_hash(other)
    changed = book([offer("o", "5", "7.01", latitude=11)], [demand("d")])
    assert snapshot_hash(one) != snapshot_hash(changed)


def test_a_bottomless_snapshot_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(BookRefused, match="too_deep"):
        canonical({"offers": [], "demands": [], "market": deep})


def test_a_demand_that_accepts_nothing_is_refused() -> None:
    """Left out, anything will do; an empty list is nobody's wish."""
    with pytest.raises(BookRefused, match="empty"):
        book_of(book([], [demand("d", gates={"accepts": []})]))
    assert len(book_of(book([], [demand("d", gates={})])).demands) == 1
