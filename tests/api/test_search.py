"""Searching the open offers: every filter, every order, page by page."""

from typing import Any

import pytest

from app.places.position import about, ecef, kilometres
from tests.api.paging import pages
from tests.factories import COMMODITY, Account, Trade, a_certificate, a_lot, an_offer, an_order, day

DA_LAT = (11.9404, 108.4583)
HA_NOI = (21.0285, 105.8542)
PUBLIC_FIELDS = {
    "id",
    "commodity",
    "market",
    "status",
    "version",
    "unit",
    "grade",
    "qualities",
    "certificates",
    "quantity",
    "remaining",
    "held",
    "min_quantity",
    "ask_price",
    "firm",
    "payment_days",
    "visibility",
    "ready_at",
    "expires_at",
    "open_until",
    "ward_code",
    "latitude",
    "longitude",
    "distance_km",
    "listed_at",
}


def ids(reader: Account, query: str) -> list[str]:
    return [one["id"] for one in reader.read(f"/offers?{query}&limit=100")["items"]]


@pytest.fixture
def book(trade: Trade) -> dict[str, Any]:
    """Three offers: two of coffee near and far, one of ginger that is ready next week."""
    near, far = trade.farm(), trade.farm()
    site = {"name": "Đà Lạt", "ward_code": "24829"}
    far.site_id = far.made("/sites", {**site, "latitude": DA_LAT[0], "longitude": DA_LAT[1]})["id"]
    certificate = a_certificate(far)
    trade.authority.made(f"/certificates/{certificate['id']}/verification")
    claimed = a_certificate(near)
    ginger = a_lot(
        near,
        commodity="ginger-dried",
        qualities={},
        grade=None,
        status="forecast",
        harvested_at=None,
        ready_at=day(7),
    )
    return {
        "near": an_offer(near, a_lot(near, certificates=[claimed["id"]])),
        "far": an_offer(
            far,
            a_lot(far, grade="2", certificates=[certificate["id"]]),
            ask_price="90000.00",
        ),
        "ginger": an_offer(near, ginger, ask_price="95000.00", open_until=day(40)),
        "farm": near,
    }


FILTERS = [
    (f"commodity={COMMODITY}", "near far"),
    ("commodity=ginger-dried", "ginger"),
    ("commodity=no-such", ""),
    ("category=coffee", "near far"),
    ("category=herb", "ginger"),
    ("grade=1", "near"),
    ("grade=2", "far"),
    ("certificate=vietgap", "far"),
    ("certificate=no-such", ""),
    ("price_max=95000", "far ginger"),
    ("price_max=94999.99", "far"),
    (f"available_on={day(0)[:10]}", "near far"),
    (f"available_on={day(9)[:10]}", "near far ginger"),
    (f"available_on={day(1000)[:10]}", ""),
    ("near=11.53,107.84&within_km=20", "near ginger"),
    ("near=11.94,108.45&within_km=20", "far"),
    ("near=11.53,107.84&within_km=500", "near far ginger"),
    ("near=21.02,105.85&within_km=1", ""),
    ("near=-33.9,-71.5&within_km=20000", "near far ginger"),
    ("q=ca+phe", "near far"),
    ("q=C%C3%80+PH%C3%8A+robusta", "near far"),
    ("q=gung", "ginger"),
    ("q=%25", "near far ginger"),
    ("q=gung&category=coffee", ""),
    ("status=open", "near far ginger"),
    ("status=draft", ""),
    ("grade=1&price_max=100000&category=coffee", "near"),
]


def test_every_filter_finds_what_it_names(trade: Trade, book: dict[str, Any]) -> None:
    for query, found in FILTERS:
        expected = {book[name]["id"] for name in found.split()}
        assert set(ids(trade.visitor, query)) == expected, query


def test_offers_come_in_the_order_asked_for(trade: Trade, book: dict[str, Any]) -> None:
    names = {book[name]["id"]: name for name in ("near", "far", "ginger")}

    def order(query: str) -> list[str]:
        return [names[one] for one in ids(trade.visitor, query)]

    assert order("") == order("sort=newest") == ["ginger", "far", "near"]
    assert order("sort=price") == ["far", "ginger", "near"]
    assert order("sort=distance&near=11.94,108.45") == ["far", "ginger", "near"]
    assert order("sort=distance&near=11.53,107.84") == ["ginger", "near", "far"]
    assert order("sort=distance&near=21.02,105.85")[0] in ("near", "ginger", "far")


def test_the_public_sees_no_names_and_no_exact_position(trade: Trade, book: dict[str, Any]) -> None:
    offer = book["near"]
    readers = (trade.visitor, trade.processor(), trade.cooperative())
    seen = [reader.read(f"/offers/{offer['id']}") for reader in readers]
    seen += [one for reader in readers for one in reader.read("/offers")["items"]]
    for one in seen:
        assert set(one) == PUBLIC_FIELDS
        for name in ("latitude", "longitude"):
            assert one[name] == about(one[name])
    own = book["farm"].read(f"/offers/{offer['id']}")
    assert set(own) > PUBLIC_FIELDS
    assert own["organisation_id"] == book["farm"].organisation_id
    assert trade.operator.read(f"/offers/{offer['id']}") == own


def test_distances_are_those_between_rounded_positions(trade: Trade, book: dict[str, Any]) -> None:
    for place in (DA_LAT, HA_NOI, (11.5301, 107.8402)):
        query = f"near={place[0]},{place[1]}&sort=distance"
        for one in trade.visitor.read(f"/offers?{query}")["items"]:
            here, there = ecef(*map(about, place)), ecef(one["latitude"], one["longitude"])
            assert one["distance_km"] == f"{kilometres(here, there):.3f}"
    moved = trade.visitor.read("/offers?near=11.5349,107.8351&commodity=ginger-dried")["items"]
    exact = trade.visitor.read("/offers?near=11.53,107.84&commodity=ginger-dried")["items"]
    assert moved[0]["distance_km"] == exact[0]["distance_km"] == "0.000"
    assert trade.visitor.read("/offers")["items"][0]["distance_km"] is None


ORDERS = ["", "sort=price", "sort=distance&near=11.5,107.8", "category=coffee"]


def test_pages_stay_put_while_offers_come_and_go(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm, quantity="1000")
    prices = ["5.00", "3.00", "3.00", "9.00", "3.00", "1.00", "7.00"]
    offers = [an_offer(farm, lot, quantity="1", ask_price=price) for price in prices]
    for query in ORDERS:
        whole = ids(trade.visitor, query)
        assert {one["id"] for one in offers} <= set(whole)
        seen: list[str] = []
        left = ""
        for number, page in enumerate(pages(trade.visitor, f"/offers?{query}", limit=2)):
            assert 1 <= len(page) <= 2
            seen += [one["id"] for one in page]
            if number == 1:
                for price in ("0.50", "3.00", "99.00"):
                    an_offer(farm, lot, quantity="1", ask_price=price)
                left = next(one for one in reversed(whole) if one not in seen)
                farm.made(f"/offers/{left}/withdrawal")
                offers = [one for one in offers if one["id"] != left]
        assert len(seen) == len(set(seen))
        assert [one for one in seen if one in whole] == [one for one in whole if one != left]


def test_mine_shows_every_state_and_nobody_else_s(trade: Trade, book: dict[str, Any]) -> None:
    farm = book["farm"]
    draft = an_offer(farm, draft=True)
    gone = an_offer(farm)
    farm.made(f"/offers/{gone['id']}/withdrawal")
    mine = {draft["id"], gone["id"], book["near"]["id"], book["ginger"]["id"]}
    assert set(ids(farm, "mine=true")) == mine
    assert ids(farm, "mine=true&status=withdrawn") == [gone["id"]]
    assert ids(farm, "mine=true&status=draft") == [draft["id"]]
    assert trade.visitor.get("/offers?mine=true").status_code == 401
    assert {draft["id"], gone["id"]}.isdisjoint(ids(farm, ""))


def test_a_sold_out_offer_is_not_on_the_market(trade: Trade, book: dict[str, Any]) -> None:
    an_order(trade.processor(), book["near"], "50")
    assert book["near"]["id"] not in ids(trade.visitor, "")
    assert trade.visitor.get(f"/offers/{book['near']['id']}").status_code == 404
    assert book["farm"].read(f"/offers/{book['near']['id']}")["status"] == "committed"
