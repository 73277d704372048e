"""The catalogue as anybody reads it."""

from decimal import Decimal
from typing import Any

import pytest

from app.catalogue.models import Category
from app.core.vietnamese import sort_key
from tests.api.paging import pages
from tests.factories import Trade

NAMED = {"code", "name"}
FIELDS = {
    "/commodities": NAMED
    | {
        "market",
        "category",
        "form",
        "unit",
        "unit_weight_kg",
        "shelf_life_hours",
        "claim_hours",
        "cold_chain",
        "qualities",
        "grades",
    },
    "/markets": NAMED | {"commodities", "base_commodity", "haulage", "next_round_at"},
    "/processing-lines": NAMED | {"chain", "accepts"},
    "/certificate-schemes": NAMED | {"issuer"},
}
QUALITY = NAMED | {
    "type",
    "unit",
    "minimum",
    "maximum",
    "decimals",
    "direction",
    "required",
    "method",
}


def everything(trade: Trade, path: str) -> list[dict[str, Any]]:
    return [one for page in pages(trade.visitor, path, limit=100) for one in page]


@pytest.mark.parametrize("path", FIELDS)
def test_a_catalogue_says_what_it_promises(trade: Trade, path: str) -> None:
    found = everything(trade, path)
    assert len(found) >= 9
    for one in found:
        assert set(one) == FIELDS[path]
        assert set(one["name"]) == {"vi", "en"}
        assert all(one["name"].values())
    first = found[0]
    answer = trade.visitor.get(f"{path}/{first['code']}")
    assert answer.json == first
    assert answer.headers["ETag"]


@pytest.mark.parametrize("path", FIELDS)
def test_names_stand_in_vietnamese_order(trade: Trade, path: str) -> None:
    names = [one["name"]["vi"] for one in everything(trade, path)]
    assert names == sorted(names, key=sort_key)


@pytest.mark.parametrize("path", FIELDS)
def test_pages_hold_everything_once(trade: Trade, path: str) -> None:
    whole = [one["code"] for one in everything(trade, path)]
    few = [one["code"] for page in pages(trade.visitor, path, limit=7) for one in page]
    assert few == whole
    assert len(set(whole)) == len(whole)


@pytest.mark.parametrize("path", FIELDS)
def test_what_the_catalogue_does_not_hold_is_missing(trade: Trade, path: str) -> None:
    for code in ("no-such", "%00", "%ff", "a%2Fb", "'--", "x" * 3000):
        answer = trade.visitor.get(f"{path}/{code}")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found"), code


def test_qualities_and_grades_are_described(trade: Trade) -> None:
    types = set()
    for commodity in everything(trade, "/commodities"):
        assert commodity["unit"] in ("kg", "stem", "head")
        assert Decimal(commodity["unit_weight_kg"]) > 0
        assert commodity["shelf_life_hours"] > 0
        assert commodity["claim_hours"] >= 12
        assert commodity["category"] in set(Category)
        for quality in commodity["qualities"]:
            assert set(quality) == QUALITY
            types.add(quality["type"])
            for bound in ("minimum", "maximum"):
                assert quality[bound] is None or isinstance(quality[bound], str)
            if quality["type"] == "number":
                assert isinstance(quality["decimals"], int)
        ranks = [grade["rank"] for grade in commodity["grades"]]
        assert ranks == list(range(1, len(ranks) + 1))
        assert all(set(grade) == NAMED | {"rank"} for grade in commodity["grades"])
    assert types == {"number", "boolean", "date"}


def test_every_market_trades_its_base_at_a_tariff(trade: Trade) -> None:
    of_commodity = {one["code"]: one["market"] for one in everything(trade, "/commodities")}
    markets = everything(trade, "/markets")
    for market in markets:
        assert market["base_commodity"] in market["commodities"]
        assert {of_commodity[code] for code in market["commodities"]} == {market["code"]}
        haulage = market["haulage"]
        assert set(haulage) == {"base", "rate_per_km", "road_factor", "speed_kmh"}
        assert all(isinstance(figure, str) and Decimal(figure) > 0 for figure in haulage.values())
    assert sum(len(market["commodities"]) for market in markets) == len(of_commodity)


def test_lines_of_tea_coffee_and_silk_accept_what_exists(trade: Trade) -> None:
    known = {one["code"] for one in everything(trade, "/commodities")}
    lines = everything(trade, "/processing-lines")
    assert {one["chain"] for one in lines} >= {"tea", "coffee", "silk"}
    for line in lines:
        assert line["accepts"]
        assert set(line["accepts"]) <= known


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("q=bup+che", {"tea-shoots-fresh"}),
        ("q=CA+PHE+NHAN+robusta", {"green-coffee-robusta"}),
        ("market=ginger", {"ginger-dried", "ginger-fresh"}),
        ("market=ginger&q=tuoi", {"ginger-fresh"}),
        ("market=ginger&category=coffee", set()),
        ("q=%25", set()),
    ],
)
def test_commodities_are_found_by_name_market_and_category(
    trade: Trade, query: str, codes: set[str]
) -> None:
    found = {one["code"] for one in trade.visitor.read(f"/commodities?{query}")["items"]}
    assert found >= codes if codes else found == codes
    assert len(found) <= max(1, len(codes)) + 1
