"""Plain transportation problems: matrices, edge lists, and networks turned into them."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import linprog

from app.clearing.engine import solve_transport


def cheapest(
    supply: np.ndarray, demand: np.ndarray, costs: np.ndarray, allowed: np.ndarray
) -> tuple[int, int]:
    """The most that can be shipped and its least cost, by two linear programmes."""
    n, m = costs.shape
    rows = np.zeros((n + m, n * m))
    for i in range(n):
        for j in range(m):
            rows[i, i * m + j] = rows[n + j, i * m + j] = 1
    limits = np.concatenate((supply, demand))
    bounds = [(0, None if ok else 0) for ok in allowed.ravel()]
    most = -linprog(-np.ones(n * m), A_ub=rows, b_ub=limits, bounds=bounds).fun
    least = linprog(
        costs.ravel(),
        A_ub=np.vstack((rows, -np.ones(n * m))),
        b_ub=np.concatenate((limits, [-most])),
        bounds=bounds,
    ).fun
    return round(most), round(least)


@pytest.mark.parametrize("seed", range(60))
def test_a_matrix_is_shipped_at_the_least_cost(seed: int) -> None:
    dice = np.random.default_rng(seed)
    n, m = dice.integers(1, 9, 2)
    supply, demand = dice.integers(0, 9, n), dice.integers(0, 9, m)
    costs, allowed = dice.integers(-5, 50, (n, m)), dice.random((n, m)) < 0.7
    found = solve_transport(supply, demand, costs, allowed)
    assert (found.shipped, found.cost) == cheapest(supply, demand, costs, allowed)
    sent = np.zeros((n, m), dtype=np.int64)
    sent[found.supplier, found.customer] = found.quantity
    assert (sent.sum(axis=1) <= supply).all()
    assert (sent.sum(axis=0) <= demand).all()
    assert not sent[~allowed].any()
    assert found.cost == (sent * costs).sum()


def test_an_edge_list_is_the_same_problem() -> None:
    dice = np.random.default_rng(7)
    supply, demand = dice.integers(1, 99, 30), dice.integers(1, 99, 20)
    costs = dice.integers(0, 1000, (30, 20))
    allowed = dice.random((30, 20)) < 0.3
    tails, heads = np.nonzero(allowed)
    turned = np.arange(len(tails))[::-1]
    edges = (tails[turned], heads[turned], costs[tails, heads][turned])
    by_matrix = solve_transport(supply, demand, costs, allowed)
    by_edges = solve_transport(supply, demand, edges)
    assert (by_edges.cost, by_edges.shipped) == (by_matrix.cost, by_matrix.shipped)
    assert by_matrix.shipped > 0


@pytest.mark.parametrize("seed", range(10))
def test_a_minimum_cost_flow_becomes_a_transport(seed: int) -> None:
    """Arc to supplier: each arc supplies its capacity to its tail (unused) or its head (used)."""
    dice = np.random.default_rng(seed)
    nodes, arcs = 8, 30
    tails = dice.integers(0, nodes, arcs)
    heads = (tails + dice.integers(1, nodes, arcs)) % nodes
    capacity, cost = dice.integers(1, 20, arcs), dice.integers(0, 100, arcs)
    # A flow that surely exists gives the balances.
    some = np.array([dice.integers(0, most + 1) for most in capacity])
    balance = np.zeros(nodes, dtype=np.int64)
    np.add.at(balance, tails, some)
    np.subtract.at(balance, heads, some)
    customers = -balance
    np.add.at(customers, tails, capacity)
    every = np.arange(arcs)
    edges = (
        np.concatenate((every, every)),
        np.concatenate((tails, heads)),
        np.concatenate((np.zeros(arcs, dtype=np.int64), cost)),
    )
    found = solve_transport(capacity, customers, edges)
    incidence = np.zeros((nodes, arcs))
    incidence[tails, every] += 1
    incidence[heads, every] -= 1
    bounds = [(0, most) for most in capacity]
    best = linprog(cost, A_eq=incidence, b_eq=balance, bounds=bounds)
    assert found.shipped == capacity.sum()
    assert found.cost == round(best.fun)


def test_a_larger_problem_agrees_with_itself_turned_round() -> None:
    dice = np.random.default_rng(3)
    supply, demand = dice.integers(1, 1000, 200), dice.integers(1, 1000, 150)
    costs = dice.integers(0, 10_000, (200, 150))
    one, other = solve_transport(supply, demand, costs), solve_transport(demand, supply, costs.T)
    assert (one.cost, one.shipped) == (other.cost, other.shipped)
    assert one.shipped == min(supply.sum(), demand.sum())


def test_nothing_to_ship_costs_nothing() -> None:
    nobody, three = np.zeros(0, dtype=np.int64), np.array([1, 2, 3])
    for supply, demand in ((nobody, three), (three, nobody), (three, 0 * three)):
        found = solve_transport(supply, demand, np.ones((len(supply), len(demand)), dtype=np.int64))
        assert (found.cost, found.shipped, len(found.quantity)) == (0, 0, 0)


TWO = np.array([1, 1])


@pytest.mark.parametrize(
    ("supply", "demand", "costs", "said"),
    [
        (np.array([-1, 1]), TWO, np.ones((2, 2), dtype=int), "must not be negative"),
        (np.array([0.5, 1]), TWO, np.ones((2, 2), dtype=int), "whole numbers"),
        (TWO, TWO, np.ones((2, 3), dtype=int), "shape"),
        (TWO, TWO, np.ones((2, 2)), "whole numbers"),
        (TWO, TWO, (TWO, TWO, TWO[:1]), "one length"),
        (TWO, TWO, (TWO, TWO, TWO), "twice"),
        (TWO, TWO, (np.array([2]), TWO[:1], TWO[:1]), "supplier"),
        (TWO, TWO, (TWO[:1], np.array([-1]), TWO[:1]), "customer"),
        (TWO, TWO, np.array([[0, 2**61], [0, 0]]), "too large"),
        (np.array([2**62, 1]), TWO, np.ones((2, 2), dtype=int), "too large"),
        (np.array([2**63 + 5, 1], dtype=np.uint64), TWO, np.ones((2, 2), dtype=int), "too large"),
        (TWO[:1], TWO[:1], np.array([[2**63 - 1]]), "too large"),
        (TWO[:1], TWO[:1], np.array([[-(2**63)]]), "too large"),
        (TWO, TWO, (np.array([0.7]), TWO[:1], TWO[:1]), "whole numbers"),
        (TWO, TWO, (TWO, TWO), "three columns"),
        (TWO, TWO, TWO, "dimension"),
    ],
)
def test_what_makes_no_problem_is_refused(supply, demand, costs, said) -> None:
    with pytest.raises(ValueError, match=said):
        solve_transport(supply, demand, costs)


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        (np.array([[1, 0], [0, 2]]), "true or false"),
        (np.array([[np.nan, 1.0], [1.0, 1.0]]), "true or false"),
        (np.array([True, False]), "shape"),
    ],
)
def test_what_allows_nothing_clearly_is_refused(allowed, said) -> None:
    with pytest.raises(ValueError, match=said):
        solve_transport(TWO, TWO, np.ones((2, 2), dtype=int), allowed)


def test_edges_are_allowed_by_being_there() -> None:
    with pytest.raises(ValueError, match="matrix"):
        solve_transport(TWO, TWO, (TWO[:1], TWO[:1], TWO[:1]), np.ones((2, 2), dtype=bool))


def test_the_greatest_costs_are_exact() -> None:
    high = 2**58
    found = solve_transport(np.array([3]), np.array([3]), np.array([[high]]))
    assert (found.cost, found.shipped) == (3 * high, 3)


def test_the_engine_and_another_solver_live_in_one_process() -> None:
    """Each brings a libhighs of its own; the engine loads its one only for minimum lots."""
    script = (
        "from app.clearing.engine import solve_transport\n"
        "from ortools.graph.python.min_cost_flow import SimpleMinCostFlow\n"
        "import numpy as np\n"
        "one = np.array([1])\n"
        "assert SimpleMinCostFlow().solve() == SimpleMinCostFlow.OPTIMAL\n"
        "assert solve_transport(one, one, np.array([[7]])).cost == 7\n"
        "print('both')"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert told.stdout == "both\n", told.stderr
