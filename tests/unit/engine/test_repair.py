"""A flow from anywhere is brought to the optimum in whole numbers; nothing less is proved."""

import numpy as np
import pytest

from app.clearing.engine.certificate import certify
from app.clearing.engine.dual import extreme_duals, midpoint
from app.clearing.engine.pairs import Pairs, gainful_pairs
from app.clearing.engine.repair import cancel_improving_cycles
from app.clearing.engine.transport import optimal_flow
from app.clearing.snapshot import book_of

from .books import random_book


@pytest.mark.parametrize("shape", ["thin", "thick", "all ties", "grams to sixty tonnes"])
def test_nothing_is_improved_until_it_is_optimal(shape: str) -> None:
    book = book_of(random_book(shape, 5))
    pairs = gainful_pairs(book)
    supply, demand = book.offers.quantity, book.demands.quantity
    nothing = np.zeros(len(pairs), dtype=np.int64)
    found = cancel_improving_cycles(supply, demand, pairs, nothing)
    solved = optimal_flow(supply, demand, pairs)
    assert int(found @ pairs.gain) == int(solved @ pairs.gain) > 0


def test_a_wrong_exchange_is_turned_round() -> None:
    pairs = Pairs(
        offer=np.array([0, 0, 1, 1]),
        demand=np.array([0, 1, 0, 1]),
        gain=np.array([5, 9, 8, 5]),
    )
    one_each = np.array([7, 7])
    wrong = np.array([7, 0, 0, 7])
    right = cancel_improving_cycles(one_each, one_each, pairs, wrong)
    assert right.tolist() == [0, 7, 7, 0]


def test_a_flow_short_of_the_optimum_shows_its_gap() -> None:
    pairs = Pairs(offer=np.array([0]), demand=np.array([0]), gain=np.array([500]))
    ten = np.array([10])
    proof = certify(ten, ten, pairs, np.array([4]), np.array([0]))
    assert (proof.welfare, proof.upper_bound) == (2000, 5000)
    assert proof.gap > 0


def test_prices_are_the_same_from_two_different_optima() -> None:
    pairs = Pairs(
        offer=np.array([0, 0, 1, 1]), demand=np.array([0, 1, 0, 1]), gain=np.array([4, 4, 4, 4])
    )
    two = np.array([2, 2])
    straight = extreme_duals(two, two, pairs, np.array([2, 0, 0, 2]))
    crossed = extreme_duals(two, two, pairs, np.array([0, 2, 2, 0]))
    for one, other in zip(midpoint(straight), midpoint(crossed), strict=True):
        assert one.tolist() == other.tolist() == [2, 2]


def test_prices_of_a_flow_that_is_not_optimal_are_refused() -> None:
    pairs = Pairs(
        offer=np.array([0, 0, 1, 1]), demand=np.array([0, 1, 0, 1]), gain=np.array([5, 9, 8, 5])
    )
    seven = np.array([7, 7])
    with pytest.raises(ArithmeticError):
        extreme_duals(seven, seven, pairs, np.array([7, 0, 0, 7]))
