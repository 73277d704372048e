"""Plots, their yields, and what may be listed under a growing-area code."""

from typing import Any

import pytest

from app.core import clock
from tests.factories import (
    NOW,
    Account,
    Trade,
    a_lot,
    a_membership,
    a_plot,
    an_offer,
    day,
    plot_body,
)

CODE = "VN-LDOR-0001"
# A plot is declared with a yield of the first day of the season.
IN_SEASON = f"{clock.local_date(NOW).year}-12-31"
SQUARE = [[107.8, 11.5], [107.81, 11.5], [107.81, 11.51], [107.8, 11.51], [107.8, 11.5]]
BOW = [[107.8, 11.5], [107.81, 11.51], [107.81, 11.5], [107.8, 11.51], [107.8, 11.5]]
HOLE = [SQUARE, SQUARE]


def listed(farm: Account) -> dict[str, str]:
    """The one counter of the farm's one code."""
    (counter,) = farm.read("/growing-area-seasons")["items"]
    return {name: counter[name] for name in ("capacity", "listed", "left")}


def under_code(farm: Account, quantity: str, plot: dict[str, Any]) -> dict[str, Any]:
    return a_lot(farm, plot_id=plot["id"], quantity=quantity)


def test_a_plot_keeps_its_outline_and_says_where_its_yield_comes_from(trade: Trade) -> None:
    farm = trade.farm()
    outline = {"type": "Polygon", "coordinates": [SQUARE]}
    plot = a_plot(farm, geometry=outline, yield_source="harvest of 2025")
    assert farm.read(f"/plots/{plot['id']}")["geometry"] == outline
    (declared,) = plot["yields"]
    assert (declared["per_hectare"], declared["source"]) == ("2000.000", "harvest of 2025")


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon", "coordinates": [BOW]},
        {"type": "Polygon", "coordinates": HOLE},
        {"type": "Polygon", "coordinates": [SQUARE[:-1]]},
        {"type": "Polygon", "coordinates": [[[11.5, 107.8]] * 4]},
        {"type": "Polygon", "coordinates": "a field"},
        {"type": "Point", "coordinates": [True, 11.5]},
        {"type": "LineString", "coordinates": SQUARE},
        {"type": "Point", "coordinates": [107.8, 11.5], "crs": "VN-2000"},
    ],
)
def test_an_outline_that_is_none_is_refused(trade: Trade, geometry: dict[str, Any]) -> None:
    farm = trade.farm()
    answer = farm.post("/plots", plot_body(farm, geometry=geometry))
    assert answer.status_code == 422
    (pointed,) = [one["pointer"] for one in (answer.json or {})["errors"]]
    assert pointed.startswith("/geometry")
    assert farm.read("/plots")["items"] == []


def test_no_more_is_listed_under_a_code_than_its_plots_bear(trade: Trade) -> None:
    farm = trade.farm()
    plot = a_plot(farm, growing_area_code=CODE)
    lot = under_code(farm, "1500", plot)
    an_offer(farm, lot, quantity="900")
    refused = farm.post(
        "/offers",
        {
            "lot_id": lot["id"],
            "quantity": "100.001",
            "ask_price": "1",
            "open_until": day(9),
            "firm": True,
        },
    )
    assert (refused.status_code, (refused.json or {})["code"]) == (409, "area_capacity_exceeded")
    assert "Only 100 kg" in (refused.json or {})["detail"]
    an_offer(farm, lot, quantity="100")
    assert listed(farm) == {"capacity": "1000.000", "listed": "1000.000", "left": "0.000"}
    assert farm.read(f"/lots/{lot['id']}")["reserved"] == "1000.000"


def test_what_is_withdrawn_may_be_listed_again(trade: Trade) -> None:
    farm = trade.farm()
    lot = under_code(farm, "1000", a_plot(farm, growing_area_code=CODE))
    offer = an_offer(farm, lot, quantity="1000")
    farm.made(f"/offers/{offer['id']}/withdrawal")
    assert listed(farm)["listed"] == "0.000"
    an_offer(farm, lot, quantity="1000")
    assert listed(farm)["left"] == "0.000"


def test_another_plot_and_a_better_yield_raise_what_may_be_listed(trade: Trade) -> None:
    farm = trade.farm()
    plot = a_plot(farm, growing_area_code=CODE)
    an_offer(farm, under_code(farm, "1000", plot), quantity="1000")
    a_plot(farm, growing_area_code=CODE, area_ha="0.25")
    assert listed(farm)["capacity"] == "1500.000"
    better = {"per_hectare": "2400", "valid_from": IN_SEASON, "source": "agronomist"}
    farm.made(f"/plots/{plot['id']}/yields", better)
    assert listed(farm)["capacity"] == "1700.000"
    again = farm.post(f"/plots/{plot['id']}/yields", better)
    assert (again.status_code, (again.json or {})["code"]) == (409, "yield_known")


def test_a_yield_below_what_is_listed_is_refused(trade: Trade) -> None:
    farm = trade.farm()
    plot = a_plot(farm, growing_area_code=CODE)
    an_offer(farm, under_code(farm, "1000", plot), quantity="900")
    worse = {"per_hectare": "1000", "valid_from": IN_SEASON, "source": "drought"}
    answer = farm.post(f"/plots/{plot['id']}/yields", worse)
    assert (answer.status_code, (answer.json or {})["code"]) == (409, "yield_below_listed")
    assert len(farm.read(f"/plots/{plot['id']}")["yields"]) == 1


def test_a_code_cannot_be_borrowed_but_is_shared_in_a_cooperative(trade: Trade) -> None:
    cooperative, member, stranger = trade.cooperative(), trade.farm(), trade.farm()
    a_plot(cooperative, growing_area_code=CODE)
    refused = stranger.post("/plots", plot_body(stranger, growing_area_code=CODE))
    assert (refused.status_code, (refused.json or {})["code"]) == (
        409,
        "growing_area_code_of_another",
    )
    a_membership(member, cooperative)
    plot = a_plot(member, growing_area_code=CODE)
    an_offer(member, under_code(member, "1500", plot), quantity="1500")
    assert listed(cooperative)["listed"] == "1500.000"


def test_a_lot_comes_from_a_plot_of_its_own_party_that_grows_it(trade: Trade) -> None:
    farm, other = trade.farm(), trade.farm()
    body = {"site_id": farm.site_id, "commodity": "ginger-fresh"}
    ginger = farm.made("/plots", plot_body(farm) | body)
    lot = {"commodity": "green-coffee-robusta", "site_id": farm.site_id, "quantity": "1"}
    coffee = lot | {"harvested_at": day(-1), "grade": "1", "qualities": {"moisture": "12.0"}}
    wrong = farm.post("/lots", coffee | {"plot_id": ginger["id"]})
    assert (wrong.status_code, (wrong.json or {})["errors"][0]["pointer"]) == (422, "/plot_id")
    foreign = farm.post("/lots", coffee | {"plot_id": a_plot(other)["id"]})
    assert (foreign.status_code, (foreign.json or {})["errors"][0]["pointer"]) == (404, "/plot_id")


def test_dried_goods_count_as_the_fresh_ones_they_were_made_of(trade: Trade) -> None:
    farm = trade.farm()
    plot = a_plot(farm, commodity="chrysanthemum-fresh", growing_area_code=CODE)
    dried = {"commodity": "chrysanthemum-dried", "grade": None, "qualities": {"moisture": "12.0"}}
    lot = a_lot(farm, plot_id=plot["id"], **dried)
    offer = an_offer(farm, lot, quantity="50")
    assert float(listed(farm)["listed"]) > 100
    farm.made(f"/offers/{offer['id']}/withdrawal")
    assert listed(farm)["listed"] == "0.000"
