"""The catalogue's data file is complete and agrees with itself."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from app.catalogue.models import Category, Direction, Form, QualityType, RoundEvery, Unit
from app.catalogue.seed import WEEKDAYS, read_seed
from app.core.vietnamese import fold

SEED = read_seed()
COMMODITIES: dict[str, dict[str, Any]] = {row["code"]: row for row in SEED["commodity"]}
LONG_LASTING_HOURS = 90 * 24

each_commodity = pytest.mark.parametrize("row", COMMODITIES.values(), ids=COMMODITIES)


@pytest.mark.parametrize("kind", ["commodity", "market", "scheme", "line"])
def test_codes_are_unique_and_names_bilingual(kind: str) -> None:
    rows = SEED[kind]
    assert max(Counter(row["code"] for row in rows).values()) == 1
    for row in rows:
        assert set(row["name"]) == {"vi", "en"}
        assert all(row["name"].values()), row["code"]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_two_commodities_share_a_name(language: str) -> None:
    assert max(Counter(row["name"][language] for row in COMMODITIES.values()).values()) == 1


@each_commodity
def test_a_commodity_is_described_in_known_words(row: dict[str, Any]) -> None:
    Category(row["category"]), Form(row["form"]), Unit(row["unit"])
    weight = Decimal(row["unit_weight_kg"])
    assert weight > 0
    assert weight == 1 or row["unit"] != "kg"
    assert row["shelf_life_hours"] > 0
    assert isinstance(row["cold_chain"], bool)


@each_commodity
def test_a_commodity_has_known_qualities_and_few_required(row: dict[str, Any]) -> None:
    assert row["qualities"]
    assert set(row["qualities"]) <= set(SEED["attributes"])
    assert set(row.get("required", ())) <= set(row["qualities"])
    assert len(row.get("required", ())) <= 2


@each_commodity
def test_a_commodity_has_one_to_four_grades(row: dict[str, Any]) -> None:
    grades = SEED["grades"][row["grades"]]
    assert 1 <= len(grades) <= 4
    assert len({grade["code"] for grade in grades}) == len(grades)
    assert all(grade["vi"] and grade["en"] for grade in grades)


@pytest.mark.parametrize("code", SEED["attributes"])
def test_an_attribute_is_a_measure_or_a_statement(code: str) -> None:
    attribute = SEED["attributes"][code]
    assert set(attribute["name"]) == {"vi", "en"}
    Direction(attribute["direction"])
    if QualityType(attribute["type"]) is QualityType.NUMBER:
        least, most = Decimal(attribute["minimum"]), Decimal(attribute["maximum"])
        step = Decimal(1).scaleb(-attribute["decimals"])
        assert attribute["unit"]
        assert least <= most
        assert all(bound == bound.quantize(step) for bound in (least, most))
    else:
        assert not {"unit", "minimum", "maximum", "decimals"} & set(attribute)


def test_every_commodity_is_in_one_market_with_one_base() -> None:
    shared = {market["code"]: market["base"] for market in SEED["market"]}
    assert not set(shared) & set(COMMODITIES)
    for code, row in COMMODITIES.items():
        assert ("market" in row) != ("condition" in row)
        if "market" in row:
            assert (shared[row["market"]] == code) == ("factor" not in row)
            assert Decimal(row.get("factor", "1")) > 0
    for market, base in shared.items():
        assert COMMODITIES[base]["market"] == market


def test_every_market_has_a_tariff_and_a_schedule() -> None:
    used = {row["condition"] for row in [*SEED["market"], *SEED["commodity"]] if "condition" in row}
    assert used == set(SEED["conditions"])
    for condition in SEED["conditions"].values():
        haulage, due = condition["haulage"], condition["round"]
        assert all(Decimal(figure) > 0 for figure in haulage.values())
        assert Decimal(haulage["road_factor"]) >= 1
        every = RoundEvery(due["every"])
        assert due.get("weekday") in (WEEKDAYS if every is RoundEvery.WEEKLY else {None})


def test_at_least_twelve_storable_commodities_stand_alone() -> None:
    alone = [
        row
        for row in COMMODITIES.values()
        if row["unit"] == "kg"
        and row["shelf_life_hours"] >= LONG_LASTING_HOURS
        and "market" not in row
    ]
    assert len(alone) >= 12


def test_lines_accept_known_commodities_and_none_is_left_without_a_buyer() -> None:
    accepted = set()
    for line in SEED["line"]:
        assert len(set(line["accepts"])) == len(line["accepts"]) > 0
        accepted |= set(line["accepts"])
    assert accepted == set(COMMODITIES)
    assert {"tea", "coffee", "silk"} <= {line["chain"] for line in SEED["line"]}


@pytest.mark.parametrize(
    ("produce", "forms"),
    [
        ("tea shoots", {"fresh"}),
        ("jasmine", {"fresh"}),
        ("chrysanthemum", {"fresh", "dried"}),
        ("lotus", {"dried"}),
        ("artichoke flower", {"fresh", "dried"}),
        ("artichoke leaf", {"fresh", "dried"}),
        ("artichoke root", {"fresh", "dried"}),
        ("dong quai", {"dried"}),
        ("dinh lang", {"dried"}),
        ("sa", {"fresh", "dried"}),
        ("gung", {"fresh", "dried"}),
        ("co ngot", {"dried"}),
        ("reishi", {"fresh", "dried"}),
        ("cordyceps", {"fresh", "dried"}),
        ("oyster mushroom", {"fresh"}),
        ("shiitake", {"fresh", "dried"}),
        ("wood ear", {"fresh", "dried"}),
        ("coffee cherry", {"fresh"}),
        ("green coffee", {"dried"}),
        ("raw cow milk", {"fresh"}),
        ("mulberry leaf", {"fresh"}),
        ("cocoons", {"fresh"}),
        ("indigo", {"fresh"}),
        ("foliage", {"fresh"}),
        ("roses", {"fresh"}),
        ("beef cattle", {"live"}),
        ("chickens", {"live"}),
    ],
)
def test_every_produce_of_the_trade_is_there(produce: str, forms: set[str]) -> None:
    found = set()
    for row in COMMODITIES.values():
        spoken = [*row["name"].values(), *row.get("aliases", ())]
        if any(f" {produce}" in f" {fold(name)}" for name in spoken):
            found.add(row["form"])
    assert forms <= found


def test_tea_shoots_are_graded_by_coarse_leaf() -> None:
    grades = SEED["grades"][COMMODITIES["tea-shoots-fresh"]["grades"]]
    for grade, share in zip(grades, ("10%", "20%", "30%", "45%"), strict=True):
        assert share in grade["vi"]
        assert share in grade["en"]


def test_jasmine_is_called_as_the_highlands_call_it_and_found_by_its_other_name() -> None:
    jasmine = next(one for one in SEED["commodity"] if one["code"] == "jasmine-buds-fresh")
    assert jasmine["name"]["vi"] == "Nụ hoa lài tươi"
    assert "hoa nhài" in jasmine["aliases"]
