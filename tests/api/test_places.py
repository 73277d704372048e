"""Administrative units and sites over HTTP."""

from typing import Any

import pytest

from app.core.vietnamese import sort_key
from tests.api.paging import pages
from tests.factories import B_LAO, Account, Trade

UNIT = {
    "id",
    "code",
    "level",
    "name",
    "short_name",
    "province_code",
    "province_name",
    "district_name",
    "valid_from",
    "valid_to",
    "latitude",
    "longitude",
}


def units(reader: Account, query: str) -> list[dict[str, Any]]:
    return list(reader.read(f"/administrative-units?{query}")["items"])


@pytest.mark.parametrize(
    ("q", "code"),
    [
        ("b lao", "24829"),
        ("B'LAO", "24829"),
        ("phuong 1 bao loc", "24823"),
        ("phường 3 bảo lộc", "24841"),
        ("da huoai", "25099"),
        ("bao lam 5", "25057"),
        ("di linh", "25000"),
    ],
)
def test_the_unit_meant_comes_first(trade: Trade, q: str, code: str) -> None:
    first = units(trade.visitor, f"q={q.replace(' ', '+')}")[0]
    assert (first["code"], first["province_code"], first["valid_to"]) == (code, "68", None)
    assert set(first) == UNIT


def test_a_unit_knows_what_it_was_made_of(trade: Trade) -> None:
    ward = units(trade.visitor, "q=phuong+1+bao+loc")[0]
    whole = trade.visitor.read(f"/administrative-units/{ward['id']}")
    assert set(whole) == UNIT | {"predecessors", "successors"}
    assert whole["valid_from"] == "2025-07-01"
    assert len(whole["predecessors"]) > 1
    assert whole["successors"] == []
    for former in whole["predecessors"]:
        assert former["valid_to"] == "2025-06-30"
        later = trade.visitor.read(f"/administrative-units/{former['id']}")["successors"]
        assert ward["id"] in [one["id"] for one in later]


def test_a_day_chooses_among_old_and_new_units(trade: Trade) -> None:
    before = units(trade.visitor, "q=bao+loc&on=2025-06-30")
    after = units(trade.visitor, "q=bao+loc&on=2025-07-01")
    assert before
    assert after
    assert all(one["valid_from"] <= "2025-06-30" <= (one["valid_to"] or "9999") for one in before)
    assert all(one["valid_from"] <= "2025-07-01" <= (one["valid_to"] or "9999") for one in after)
    assert "24823" in {one["code"] for one in after}


def test_the_wards_of_a_province_stand_in_vietnamese_order(trade: Trade) -> None:
    query = "/administrative-units?province_code=68&level=ward&on=2026-01-01"
    wards = [one for page in pages(trade.visitor, query, limit=50) for one in page]
    assert len(wards) == 124
    assert {one["level"] for one in wards} == {"ward"}
    names = [one["name"] for one in wards]
    assert names == sorted(names, key=sort_key)
    assert len({one["code"] for one in wards}) == 124


def test_a_name_nobody_bears_finds_nothing(trade: Trade) -> None:
    for q in ("khongcodau", "%25", "_", "'", "%5C"):
        assert units(trade.visitor, f"q={q}") == []


def test_a_site_lies_in_a_ward_of_today(trade: Trade) -> None:
    farm = trade.farm()
    site = farm.made("/sites", {"name": " Vườn trên ", **B_LAO})
    assert set(site) == {
        "id",
        "organisation_id",
        "name",
        "ward_code",
        "latitude",
        "longitude",
        "created_at",
    }
    assert (site["name"], site["organisation_id"]) == ("Vườn trên", farm.organisation_id)
    assert (site["latitude"], site["longitude"]) == (B_LAO["latitude"], B_LAO["longitude"])
    assert farm.read(f"/sites/{site['id']}") == site
    assert farm.read("/sites")["items"][0] == site
    for code in ("68", "00000", "24826x"):
        answer = farm.post("/sites", {"name": "Vườn", **B_LAO, "ward_code": code})
        assert [one["pointer"] for one in answer.json["errors"]] == ["/ward_code"]


def test_the_edges_of_the_world_are_in_it(trade: Trade) -> None:
    farm = trade.farm()
    for latitude, longitude in ((90, 180), (-90, -180), (0, 0), (11, 107.84021)):
        body = {"name": "Nơi", **B_LAO, "latitude": latitude, "longitude": longitude}
        site = farm.made("/sites", body)
        assert (site["latitude"], site["longitude"]) == (latitude, longitude)
