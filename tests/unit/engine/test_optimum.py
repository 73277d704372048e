"""The welfare of a clearing against independent solvers, on books of every shape."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from app.clearing.engine import clear
from app.clearing.snapshot import book_of

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


def test_welfare_equals_that_of_a_network_flow_exactly() -> None:
    books = {(shape, seed): random_book(shape, seed) for shape in SHAPES for seed in range(5)}
    problems = [
        {
            "supply": quantities(snapshot["offers"]),
            "demand": quantities(snapshot["demands"]),
            "pairs": plain_pairs(snapshot),
        }
        for snapshot in books.values()
    ]
    expected = dict(zip(books, greatest_gains(problems), strict=True))
    proofs = {name: clear(book_of(snapshot)).certificate for name, snapshot in books.items()}
    assert {name: proof.welfare for name, proof in proofs.items()} == expected
    assert {name: proof.upper_bound for name, proof in proofs.items()} == expected


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
