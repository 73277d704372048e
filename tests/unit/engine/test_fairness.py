"""What every participant may rely on, whatever the book."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clearing.engine import Result, clear
from app.clearing.engine.allowed import allowed
from app.clearing.engine.pairs import gains_of
from app.clearing.snapshot import book_of, clear_snapshot

from .books import SHAPES, book, demand, offer, random_book

prices = st.integers(0, 12).map(lambda price: str(50 * price)) | st.integers(0, 10**9).map(
    lambda price: f"{price / 100:.2f}"
)
amounts = st.integers(1, 5).map(str) | st.integers(1, 60_000_000).map(
    lambda amount: f"{amount / 1000:.3f}"
)
degrees = st.sampled_from([0.0, 0.1, 0.25])
rows = st.tuples(amounts, prices, degrees, st.integers(0, 4))


@st.composite
def books(draw: st.DrawFn) -> dict[str, Any]:
    """Small books in which ties, exhausted sides and own trades are likely."""
    offers = [
        offer(f"o{n}", quantity, price, latitude=11 + north, seller_id=f"house {house}")
        for n, (quantity, price, north, house) in enumerate(draw(st.lists(rows, max_size=7)))
    ]
    demands = [
        demand(f"d{n}", quantity, price, latitude=11 + north, buyer_id=f"house {house}")
        for n, (quantity, price, north, house) in enumerate(draw(st.lists(rows, max_size=7)))
    ]
    return book(offers, demands, base="10", rate_per_km="2.5")


def check(snapshot: dict[str, Any]) -> Result:
    """Clear a book and hold the result to everything that was promised."""
    engine_book = book_of(snapshot)
    result = clear(engine_book)
    offers, demands = engine_book.offers, engine_book.demands
    assert result.certificate.welfare == result.certificate.upper_bound
    assert (result.quantity > 0).all()
    for ends, limit in ((result.offer, offers.quantity), (result.demand, demands.quantity)):
        traded = np.zeros_like(limit)
        np.add.at(traded, ends, result.quantity)
        assert (traded <= limit).all()
    assert (result.seller_price >= offers.ask).all()
    assert (result.buyer_price <= demands.bid).all()
    paid = result.buyer_price[result.demand] - result.seller_price[result.offer]
    assert np.array_equal(paid, result.haulage)
    assert (result.haulage >= 0).all()
    spread = result.buyer_price[None, :] - result.seller_price[:, None]
    haulage = demands.bid[None, :] - offers.ask[:, None] - gains_of(engine_book)
    permitted = allowed(engine_book)
    assert (spread <= haulage)[permitted].all()
    assert permitted[result.offer, result.demand].all()
    return result


@settings(max_examples=150)
@given(books())
def test_nobody_loses_nobody_envies_and_the_money_adds_up(snapshot: dict[str, Any]) -> None:
    check(snapshot)


@pytest.mark.parametrize("shape", SHAPES)
def test_books_of_every_shape_are_fair(shape: str) -> None:
    check(random_book(shape, 7))


@settings(max_examples=50)
@given(books(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(snapshot: dict[str, Any], dice: Any) -> None:
    mixed = json.loads(json.dumps(snapshot))
    dice.shuffle(mixed["offers"])
    dice.shuffle(mixed["demands"])
    assert clear_snapshot(mixed) == clear_snapshot(snapshot)


@pytest.mark.parametrize("shape", SHAPES)
def test_two_runs_have_the_same_hashes(shape: str) -> None:
    snapshot = random_book(shape, 3)
    again = random_book(shape, 3)
    again["offers"].reverse()
    again["demands"].reverse()
    assert clear_snapshot(snapshot) == clear_snapshot(again)


@settings(max_examples=60)
@given(books(), rows)
def test_another_buyer_never_lowers_welfare(
    snapshot: dict[str, Any], row: tuple[str, str, float, int]
) -> None:
    quantity, price, north, house = row
    newcomer = demand("new", quantity, price, latitude=11 + north, buyer_id=f"house {house}")
    more = snapshot | {"demands": [*snapshot["demands"], newcomer]}
    before, after = (clear(book_of(one)).certificate.welfare for one in (snapshot, more))
    assert after >= before


def test_the_sum_of_money_is_zero_to_the_last_hundredth() -> None:
    snapshot = random_book("grams to sixty tonnes", 1)
    result = check(snapshot)
    assert len(result.quantity)
    quantity = result.quantity.tolist()
    received = zip(quantity, result.seller_price[result.offer].tolist(), strict=True)
    carried = zip(quantity, result.haulage.tolist(), strict=True)
    paid = zip(quantity, result.buyer_price[result.demand].tolist(), strict=True)
    total = [sum(a * b for a, b in side) for side in (received, carried, paid)]
    assert total[0] + total[1] == total[2]
