"""The welfare of a clearing against independent solvers, on books of every shape."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from app.clearing.engine import clear
from app.clearing.snapshot import book_of, clear_snapshot
from app.clearing.verifier import verify

from .books import SHAPES, plain_gain, plainly_allowed, random_book
from .network_flow import greatest_gains


def plain_pairs(snapshot: dict[str, Any]) -> list[tuple[int, int, int]]:
    """Allowed pairs with a gain, worked out without the engine."""
    tariff = snapshot["haulage"]
    return [
        (row, column, gain)
        for row, seller in enumerate(snapshot["offers"])
        for column, buyer in enumerate(snapshot["demands"])
        if plainly_allowed(seller, buyer, tariff)
        and (gain := plain_gain(seller, buyer, tariff)) > 0
    ]


def quantities(rows: list[dict[str, Any]]) -> list[int]:
    return [int(1000 * Decimal(row["quantity"])) for row in rows]


def test_fifty_books_reach_the_welfare_of_a_network_flow_exactly() -> None:
    hold_against_network_flows(range(5))


@pytest.mark.slow
def test_five_hundred_books_reach_the_welfare_of_a_network_flow_exactly() -> None:
    hold_against_network_flows(range(5, 51))


def hold_against_network_flows(seeds: range) -> None:
    """Clear books of every shape; welfare, proof, prices and gates as others work them out."""
    books = {(shape, seed): random_book(shape, seed) for shape in SHAPES for seed in seeds}
    problems = [
        {
            "supply": quantities(snapshot["offers"]),
            "demand": quantities(snapshot["demands"]),
            "pairs": plain_pairs(snapshot),
        }
        for snapshot in books.values()
    ]
    expected = dict(zip(books, greatest_gains(problems), strict=True))
    assert len(books) >= 50
    for name, snapshot in books.items():
        answer = clear_snapshot(snapshot)
        proof = answer["certificate"]
        for figure in ("welfare", "upper_bound"):
            assert 100_000 * Fraction(proof[figure]) == expected[name], (name, figure)
        # Nobody at a loss, money adding up, no envious pair: whatever the verifier finds.
        assert verify(snapshot, answer).faults == [], name


@pytest.mark.parametrize("shape", ["thin", "thick", "one giant demand", "ten million", "gates"])
def test_welfare_equals_that_of_a_linear_programme(shape: str) -> None:
    snapshot = random_book(shape, 99)
    pairs = plain_pairs(snapshot)
    rows, columns, gains = (np.array(part) for part in zip(*pairs, strict=True))
    supply, wanted = quantities(snapshot["offers"]), quantities(snapshot["demands"])
    each = np.arange(len(pairs))
    matrix = csr_matrix(
        (
            np.ones(2 * len(pairs)),
            (np.concatenate([rows, columns + len(supply)]), np.concatenate([each, each])),
        ),
        shape=(len(supply) + len(wanted), len(pairs)),
    )
    limits = np.array(supply + wanted) / 1000
    answer = linprog(-gains / 100, A_ub=matrix, b_ub=limits, method="highs")
    welfare = clear(book_of(snapshot)).certificate.welfare / 100_000
    assert welfare == pytest.approx(-answer.fun, rel=1e-9)


def test_the_random_shapes_do_trade() -> None:
    """The comparisons above would prove little on books without trade."""
    silent = {"no sellers", "no buyers", "nobody allowed"}
    for shape in SHAPES:
        trades = len(clear(book_of(random_book(shape, 0))).quantity)
        assert (trades == 0) == (shape in silent), shape
