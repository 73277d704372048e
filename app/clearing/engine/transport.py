"""The engine on a plain transportation problem: costs in, the cheapest shipment out.

For problems from elsewhere, such as those of the OR-Library, and minimum-cost flows of DIMACS after
the arc-to-supplier transform: each arc becomes a supplier of its capacity, its two ends become
customers.
"""

from typing import NamedTuple

import numpy as np

from app.clearing.engine.book import Bools, Ints
from app.clearing.engine.column_generation import LARGEST, beyond_bounds, optimum
from app.clearing.engine.pricing import Found, Prices

Edges = tuple[Ints, Ints, Ints]


class Shipment(NamedTuple):
    """The cheapest way to ship the most that can be shipped."""

    supplier: Ints
    """(k,) ascending."""
    customer: Ints
    """(k,) ascending within a supplier."""
    quantity: Ints
    """(k,) positive."""
    cost: int
    """Σ cost · quantity."""
    shipped: int
    """Σ quantity; less than both totals only where pairs are forbidden."""


def solve_transport(
    supply: Ints, demand: Ints, costs: Ints | Edges, allowed: Bools | None = None
) -> Shipment:
    """Ship as much as possible from n suppliers to m customers at the least total cost, exactly.

    Args:
        supply, demand: (n,), (m,) whole quantities, at least 0; their totals may differ.
        costs: (n, m) whole cost per unit, of either sign; or the edges that exist, as three arrays
            (e,): supplier, customer, cost, each pair at most once.
        allowed: (n, m) which pairs of a matrix exist; all if absent.

    Raises:
        ValueError: shapes that do not go together, negative quantities, a pair twice, or figures
            so large that a 64-bit sum could overflow.
    """
    supply, demand = _quantities(supply, "supply"), _quantities(demand, "demand")
    offers, buyers = np.flatnonzero(supply), np.flatnonzero(demand)
    tails, heads, cost = _edges(len(supply), len(demand), costs, allowed)
    alive = (supply[tails] > 0) & (demand[heads] > 0)
    tails, heads, cost = tails[alive], heads[alive], cost[alive]
    nothing = np.zeros(0, dtype=np.int64)
    if not len(tails):
        return Shipment(nothing, nothing, nothing, 0, 0)
    tails, heads = np.searchsorted(offers, tails), np.searchsorted(buyers, heads)
    gain = _gains(cost, min(len(offers), len(buyers)))
    if beyond_bounds(supply, demand, int(gain.max())):
        raise ValueError("costs and quantities are too large for 64 bits")
    found = optimum(
        supply[offers],
        demand[buyers],
        EdgePairs(tails, heads, gain),
        start=Prices.of(0 * offers, 0 * buyers),
        bonus=np.zeros(len(offers) + len(buyers), dtype=np.int64),
    )
    used = np.flatnonzero(found.flow)
    used = used[np.lexsort((found.arcs.demand[used], found.arcs.offer[used]))]
    arcs, flow = found.arcs.take(used), found.flow[used]
    total = _exact_cost(int(cost[0]) + int(gain[0]), arcs.gain, flow)
    return Shipment(offers[arcs.offer], buyers[arcs.demand], flow, total, sum(flow.tolist()))


class EdgePairs:
    """Pairs that are all written down; a :class:`pricing.Pricing`. Each pass is O(e log e)."""

    def __init__(self, offer: Ints, demand: Ints, gain: Ints) -> None:
        self._offer, self._demand, self._gain = offer, demand, gain

    def best(self, prices: Prices, *, few: int, beyond: int) -> Found:
        """The best few pairs of every row; among equals each row begins with its own number."""
        offer, demand, gain = self._offer, self._demand, self._gain
        better = gain - prices.u[offer] - prices.v[demand]
        tie = -prices.tie_u[offer] - prices.tie_v[demand]
        candidates = np.flatnonzero((better > beyond) | ((better == beyond) & (tie > 0)))
        kept = np.zeros(len(gain), dtype=np.bool_)
        for ends, partners in ((offer, demand), (demand, offer)):
            mine, theirs = ends[candidates], partners[candidates]
            turned = (theirs - mine) % (1 + partners.max(initial=0))
            order = np.lexsort((turned, -tie[candidates], -better[candidates], mine))
            starts = np.searchsorted(mine[order], mine[order])
            kept[candidates[order[np.arange(len(order)) - starts < few]]] = True
        missed_u, missed_v = np.zeros_like(prices.u), np.zeros_like(prices.v)
        np.maximum.at(missed_u, offer, better)
        np.maximum.at(missed_v, demand, better)
        return Found(
            offer=offer[kept],
            demand=demand[kept],
            gain=gain[kept],
            better=better[kept],
            missed_u=missed_u,
            missed_v=missed_v,
        )


def _quantities(column: Ints, name: str) -> Ints:
    whole = _whole(column, name, dimensions=1)
    if (whole < 0).any():
        raise ValueError(f"{name} must not be negative")
    return whole


def _whole(figures: Ints, name: str, *, dimensions: int) -> Ints:
    """Figures as int64; what is no whole number or does not fit is refused."""
    figures = np.asarray(figures)
    if figures.ndim != dimensions:
        raise ValueError(f"{name} must have {dimensions} dimension(s)")
    if figures.size and not np.issubdtype(figures.dtype, np.integer):
        raise ValueError(f"{name} must be whole numbers")
    if figures.size and int(figures.max()) >= LARGEST:
        raise ValueError(f"{name} is too large for 64 bits")
    if figures.size and int(figures.min()) <= -LARGEST:
        raise ValueError(f"{name} is too large for 64 bits, below zero")
    return figures.astype(np.int64)


def _edges(n: int, m: int, costs: Ints | Edges, allowed: Bools | None) -> Edges:
    if not isinstance(costs, tuple):
        return _edges_of_matrix(n, m, costs, allowed)
    if allowed is not None:
        raise ValueError("allowed goes with a matrix; leave forbidden edges out")
    if len(costs) != 3:
        raise ValueError("edges must be three columns: supplier, customer, cost")
    tails, heads, cost = (
        _whole(column, name, dimensions=1)
        for column, name in zip(costs, ("supplier", "customer", "cost"), strict=True)
    )
    if not len(tails) == len(heads) == len(cost):
        raise ValueError("edges must be three columns of one length")
    if len(tails) and not (tails.min() >= 0 and tails.max() < n):
        raise ValueError("an edge names a supplier that is not there")
    if len(heads) and not (heads.min() >= 0 and heads.max() < m):
        raise ValueError("an edge names a customer that is not there")
    if len(np.unique(tails * m + heads)) < len(tails):
        raise ValueError("a pair stands twice")
    return tails, heads, cost


def _edges_of_matrix(n: int, m: int, costs: Ints, allowed: Bools | None) -> Edges:
    matrix = _whole(costs, "costs", dimensions=2)
    exists = np.ones((n, m), dtype=np.bool_) if allowed is None else np.asarray(allowed)
    if matrix.shape != (n, m) or exists.shape != (n, m):
        raise ValueError(f"costs and allowed must have the shape ({n}, {m})")
    if exists.dtype != np.bool_:
        raise ValueError("allowed must be true or false")
    tails, heads = np.nonzero(exists)
    return tails, heads, matrix[tails, heads]


def _gains(cost: Ints, rows: int) -> Ints:
    """Gains that make shipping one unit more worth any detour: a path changes ≤ 2 · rows costs."""
    least, greatest = int(cost.min()), int(cost.max())
    worth = 2 * rows * (greatest - least + 1)
    if worth >= 2**62:
        raise ValueError("costs are too large for 64 bits")
    gains: Ints = worth - (cost - least)
    return gains


def _exact_cost(both: int, used: Ints, flow: Ints) -> int:
    """Σ cost · flow, where cost + gain is `both` on every edge."""
    parts = zip(used.tolist(), flow.tolist(), strict=True)
    return sum((both - gain) * part for gain, part in parts)
