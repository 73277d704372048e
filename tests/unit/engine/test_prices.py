"""Prices of chains small enough to be worked out by hand."""

import numpy as np

from app.clearing.engine import clear
from app.clearing.snapshot import book_of, clear_snapshot

from .books import book, demand, offer


def test_one_seller_and_one_buyer_of_the_same_amount_share_the_gain() -> None:
    cleared = clear_snapshot(book([offer("o", "10", "1000")], [demand("d", "10", "1501")]))
    assert cleared["matches"] == [
        {
            "offer_id": "o",
            "demand_id": "d",
            "quantity": "10.000",
            "seller_price": "1250.50",
            "buyer_price": "1250.50",
            "transport_cost": "0.00",
        }
    ]
    assert cleared["round"]["welfare"] == 5010


def test_an_odd_hundredth_is_left_to_the_buyer() -> None:
    cleared = clear_snapshot(book([offer("o", "1", "1.00")], [demand("d", "1", "1.01")]))
    assert cleared["matches"][0]["seller_price"] == cleared["matches"][0]["buyer_price"] == "1.00"


def test_the_scarce_side_gets_the_gain() -> None:
    """Ten units for twenty wanted: the buyer in the middle pays what the left-out one would."""
    snapshot = book(
        [offer("o", "10", "1000")], [demand("high", "10", "1600"), demand("low", "10", "1400")]
    )
    cleared = clear_snapshot(snapshot)
    assert [match["demand_id"] for match in cleared["matches"]] == ["high"]
    assert cleared["matches"][0]["buyer_price"] == "1500.00"
    result = clear(book_of(snapshot))
    assert (int(result.duals.u_low[0]), int(result.duals.u_high[0])) == (40_000, 60_000)


def test_a_seller_with_some_left_gets_the_ask() -> None:
    cleared = clear_snapshot(book([offer("o", "30", "1000")], [demand("d", "10", "1600")]))
    assert cleared["matches"][0]["seller_price"] == "1000.00"
    assert cleared["round"]["cleared_quantity"] == "10.000"


def test_haulage_lies_between_the_two_prices() -> None:
    cleared = clear_snapshot(
        book([offer("o", "30", "1000")], [demand("d", "10", "1600")], base="120")
    )
    (match,) = cleared["matches"]
    assert (match["seller_price"], match["transport_cost"], match["buyer_price"]) == (
        "1000.00",
        "120.00",
        "1120.00",
    )


def test_a_chain_of_two_farms_and_two_factories() -> None:
    """The nearer farm costs 100 more; both sell, and the dearer one sets the price."""
    snapshot = book(
        [offer("a", "10", "1000"), offer("b", "20", "1100")],
        [demand("x", "15", "1500"), demand("y", "5", "1300")],
    )
    cleared = clear_snapshot(snapshot)
    assert cleared["round"]["welfare"] == 10 * 500 + 5 * 400 + 5 * 200
    assert {match["seller_price"] for match in cleared["matches"]} == {"1100.00"}
    result = clear(book_of(snapshot))
    assert np.array_equal(result.duals.u_low, result.duals.u_high)


def test_a_pair_without_gain_does_not_trade() -> None:
    cleared = clear_snapshot(book([offer("o", "10", "1000")], [demand("d", "10", "1000")]))
    assert cleared["matches"] == []


def test_prices_do_not_hang_on_which_optimum_the_solver_took() -> None:
    """Two farms alike, room for one: whoever sells, the price is the ask of the other."""
    snapshot = book([offer("a", "10"), offer("b", "10")], [demand("d", "10", "1500")])
    (match,) = clear_snapshot(snapshot)["matches"]
    assert match["seller_price"] == "1000.00"


def test_welfare_beyond_sixty_four_bits_is_exact() -> None:
    offers = [offer(f"o{n}", "999999999.999", "0") for n in range(40)]
    demands = [demand(f"d{n}", "999999999.999", "999999999.99") for n in range(40)]
    proof = clear(book_of(book(offers, demands))).certificate
    assert proof.welfare == proof.upper_bound == 40 * 999_999_999_999 * 99_999_999_999
