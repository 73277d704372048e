"""A lot of at least so much or none, from at most so many: kept by all, and what it costs told."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from app.clearing.engine import clear
from app.clearing.snapshot import book_of, clear_snapshot
from app.clearing.verifier import verify

from .books import book, demand, offer, random_book


def with_lots(seed: int, shape: str = "thick") -> dict[str, Any]:
    """A random book in which a third of the rows ask for minima and some for few suppliers."""
    snapshot = random_book(shape, seed)
    dice = np.random.default_rng(seed)
    for row in snapshot["offers"]:
        if dice.random() < 0.4:
            row["min_quantity"] = f"{float(row['quantity']) * dice.uniform(0.2, 1):.3f}"
    for row in snapshot["demands"]:
        if dice.random() < 0.4:
            row["min_delivery"] = f"{float(row['quantity']) * dice.uniform(0.05, 0.4):.3f}"
        if dice.random() < 0.3:
            row["max_suppliers"] = int(dice.integers(1, 4))
    return snapshot


@pytest.mark.parametrize("seed", range(4))
def test_every_minimum_is_kept_and_nobody_loses(seed: int) -> None:
    snapshot = with_lots(seed)
    answer = clear_snapshot(snapshot)
    verdict = verify(snapshot, answer)
    assert verdict.faults == []
    assert answer["matches"]
    assert answer["round"]["welfare"] <= answer["round"]["upper_bound"]
    free = clear_snapshot(random_book("thick", seed))
    assert answer["round"]["upper_bound"] <= free["round"]["welfare"]


def test_the_pairs_left_out_are_told() -> None:
    """The near buyer wants 3 of 10, the farm sells 5 at the least: they would, but may not."""
    snapshot = book(
        [offer("o", "10", "1000", min_quantity="5")],
        [demand("near", "8", "1500"), demand("small", "4", "1900")],
    )
    answer = clear_snapshot(snapshot)
    assert [(one["demand_id"], one["quantity"]) for one in answer["matches"]] == [("near", "8.000")]
    assert answer["round"]["welfare"] == 8 * 500
    assert verify(snapshot, answer).faults == []


def test_a_paradoxically_rejected_pair_is_named() -> None:
    """Both lots of six want the same ten; one has to go without although it would pay more."""
    snapshot = book(
        [offer("o", "10", "1000")],
        [
            demand("first", "6", "1500", min_delivery="6"),
            demand("second", "6", "1490", min_delivery="6"),
        ],
    )
    answer = clear_snapshot(snapshot)
    assert [one["demand_id"] for one in answer["matches"]] == ["first"]
    assert answer["certificate"]["rejected"] == [["o", "second"]]
    assert answer["round"]["optimality_gap"] > 0
    assert verify(snapshot, answer).faults == []


def test_no_more_sellers_than_wanted() -> None:
    farms = [offer(f"o{n}", "4", "1000") for n in range(5)]
    snapshot = book(farms, [demand("d", "20", "1500", max_suppliers=2)])
    answer = clear_snapshot(snapshot)
    assert len({one["offer_id"] for one in answer["matches"]}) == 2
    assert answer["round"]["cleared_quantity"] == "8.000"


def test_two_lots_of_one_seller_are_one_supplier() -> None:
    farms = [offer(f"o{n}", "4", "1000", seller_id=f"farm {n // 2}") for n in range(4)]
    snapshot = book(farms, [demand("d", "20", "1500", max_suppliers=1)])
    assert clear_snapshot(snapshot)["round"]["cleared_quantity"] == "8.000"


def test_a_lot_larger_than_the_other_side_is_not_allowed_at_all() -> None:
    snapshot = book([offer("o", "10", min_quantity="5")], [demand("d", "4", "1500")])
    answer = clear_snapshot(snapshot)
    assert answer["matches"] == []
    assert answer["round"]["upper_bound"] == 0


@pytest.mark.parametrize("seed", range(12))
def test_small_books_come_near_the_true_optimum(seed: int) -> None:
    """Never above what a mixed-integer programme over all pairs proves; nobody trades at a loss."""
    dice = np.random.default_rng(seed)
    offers = [
        offer(f"o{n}", str(dice.integers(5, 20)), str(dice.integers(900, 1200)), min_quantity="5")
        for n in range(4)
    ]
    demands = [
        demand(f"d{n}", str(dice.integers(5, 20)), str(dice.integers(1000, 1400)), min_delivery="4")
        for n in range(4)
    ]
    snapshot = book(offers, demands)
    ours = clear_snapshot(snapshot)["round"]["welfare"]
    best = _true_optimum(offers, demands, least=5)
    assert ours <= best + 1e-6
    assert ours >= 0.75 * best


def _true_optimum(offers: list[Any], demands: list[Any], *, least: float) -> float:
    pairs = list(product(range(len(offers)), range(len(demands))))
    gain = np.array(
        [float(demands[j]["bid_price"]) - float(offers[i]["ask_price"]) for i, j in pairs]
    )
    most = np.array(
        [min(float(offers[i]["quantity"]), float(demands[j]["quantity"])) for i, j in pairs]
    )
    count = len(pairs)
    rows, limits = [], []
    for side, ends in ((offers, 0), (demands, 1)):
        for index, row in enumerate(side):
            rows.append([float(pair[ends] == index) for pair in pairs] + [0.0] * count)
            limits.append(float(row["quantity"]))
    eye = np.eye(count)
    matrix = np.vstack((rows, np.hstack((eye, -np.diag(most))), np.hstack((-eye, least * eye))))
    bounds = np.concatenate((limits, np.zeros(2 * count)))
    answer = milp(
        np.concatenate((-gain, np.zeros(count))),
        constraints=LinearConstraint(matrix, -np.inf, bounds),
        integrality=np.concatenate((np.zeros(count), np.ones(count))),
        bounds=Bounds(0, np.concatenate((most, np.ones(count)))),
    )
    return float(-answer.fun)


def test_two_runs_choose_alike() -> None:
    snapshot = with_lots(3, "thin")
    turned = snapshot | {side: snapshot[side][::-1] for side in ("offers", "demands")}
    assert clear_snapshot(turned) == clear_snapshot(snapshot)


def test_minima_that_bind_nobody_cost_nothing() -> None:
    snapshot = random_book("thick", 2)
    free = clear(book_of(snapshot))
    for row in snapshot["offers"]:
        row["min_quantity"] = "0.001"
    bound = clear(book_of(snapshot))
    assert bound.certificate.gap == 0
    assert bound.quantity.tolist() == free.quantity.tolist()
