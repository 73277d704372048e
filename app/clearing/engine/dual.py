"""The lowest and highest prices that support an optimum, exactly.

Given an optimal flow x, the dual solutions are the (u, v) ≥ 0 with u_i + v_j ≥ c_ij on every
pair, equality where x_ij > 0, and 0 where quantity is left over. They form a lattice: one solution
is best for all sellers at once and one for all buyers at once (Shapley and Shubik 1971). Each is a
shortest-path solution of difference constraints, found by Bellman and Ford's method; it does not
depend on which optimal flow was given, so neither do the prices.
"""

from dataclasses import dataclass

import numpy as np

from app.clearing.engine.book import Bools, Ints
from app.clearing.engine.pairs import Pairs

_UNREACHED = np.int64(2**62)


@dataclass(frozen=True, kw_only=True)
class Duals:
    """What a unit more of each row would add to the welfare, hundredths of a VND per unit.

    (u_high, v_low) is the solution best for sellers, (u_low, v_high) the one best for buyers.
    """

    u_low: Ints
    u_high: Ints
    v_low: Ints
    v_high: Ints


def extreme_duals(supply: Ints, demand: Ints, pairs: Pairs, flow: Ints) -> Duals:
    """Both extreme dual solutions of an optimal flow (e,); supply (n,), demand (m,)."""
    sold, bought = np.zeros_like(supply), np.zeros_like(demand)
    np.add.at(sold, pairs.offer, flow)
    np.add.at(bought, pairs.demand, flow)
    left_over, unfilled = sold < supply, bought < demand
    traded = flow > 0
    u_high, v_low = _best_for(
        pairs.offer, pairs.demand, pairs.gain, traded, slack=left_over, others=len(demand)
    )
    v_high, u_low = _best_for(
        pairs.demand, pairs.offer, pairs.gain, traded, slack=unfilled, others=len(supply)
    )
    return Duals(u_low=u_low, u_high=u_high, v_low=v_low, v_high=v_high)


def midpoint(duals: Duals) -> tuple[Ints, Ints]:
    """The middle of the two extremes, u rounded down and v up to a hundredth of a VND.

    Gains are whole hundredths, so on a trade both middles are whole or both are halves, and on
    any other pair rounding can lose no more than the half by which u + v exceeds c: feasibility,
    equality on trades and the value of the solution all survive.
    """
    return (duals.u_low + duals.u_high) // 2, (duals.v_low + duals.v_high + 1) // 2


def _best_for(
    mine: Ints, theirs: Ints, gain: Ints, traded: Bools, *, slack: Bools, others: int
) -> tuple[Ints, Ints]:
    """The highest duals of one side and the lowest of the other.

    mine ≤ c − theirs on trades bounds a side from above, theirs ≥ c − mine on all pairs pushes
    the other side up; both are repeated until nothing moves, at most one pass per row, O(e) each.
    """
    ours, yours, shared = mine[traded], theirs[traded], gain[traded]
    high = np.where(slack, np.int64(0), _UNREACHED)
    low = np.zeros(others, dtype=np.int64)
    for _ in range(len(slack) + others + 1):
        before = low.copy()
        np.minimum.at(high, ours, shared - low[yours])
        np.maximum.at(low, theirs, gain - high[mine])
        if np.array_equal(before, low):
            return high, low
    raise ArithmeticError("the flow is not optimal: no prices support it")
