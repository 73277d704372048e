"""The lowest and highest prices that support an optimum, exactly.

Given an optimal flow x, the dual solutions are the (u, v) ≥ 0 with u_i + v_j ≥ c_ij on every
pair, equality where x_ij > 0, and 0 where quantity is left over. They form a lattice: one solution
is best for all sellers at once and one for all buyers at once (Shapley and Shubik 1971). From any
solution, how far a side can still rise is a shortest path over reduced gains, which are not
negative (Dijkstra 1959); it does not depend on the solution it started from, so neither do the
prices. Pairs are separated lazily: the path runs over some pairs, all others are then priced, and
those that would be violated join in.
"""

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np
from numba import njit

from app.clearing.engine.book import Bools, Ints
from app.clearing.engine.column_generation import FURTHER_PARTNERS, Optimum, with_further
from app.clearing.engine.pricing import Found, Prices, Pricing

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


class Side(NamedTuple):
    """The pairs as one side sees them: its own rows and the others'."""

    mine: Ints
    theirs: Ints
    over: Ints
    """u + v − c of each pair, at least 0."""
    traded: Bools


def extreme_duals(supply: Ints, demand: Ints, found: Optimum, pricing: Pricing | None) -> Duals:
    """Both extreme dual solutions of an optimum; supply (n,), demand (m,).

    Args:
        pricing: all pairs, or None where the optimum's own are all there are.

    An optimum that is not exact has no such prices; its own are given for both.
    """
    u, v = found.prices.u, found.prices.v
    if found.missed is not None:
        return Duals(u_low=u, u_high=u, v_low=v, v_high=v)
    arcs, traded = found.arcs, found.flow > 0
    sold, bought = np.zeros_like(supply), np.zeros_like(demand)
    np.add.at(sold, arcs.offer, found.flow)
    np.add.at(bought, arcs.demand, found.flow)
    while True:
        over = u[arcs.offer] + v[arcs.demand] - arcs.gain
        sellers, buyers = (
            Side(arcs.offer, arcs.demand, over, traded),
            Side(arcs.demand, arcs.offer, over, traded),
        )
        v_fall, u_rise = _shifts(sellers, v, sold < supply)
        u_fall, v_rise = _shifts(buyers, u, bought < demand)
        duals = Duals(u_low=u - u_fall, u_high=u + u_rise, v_low=v - v_fall, v_high=v + v_rise)
        missed = _missed(duals, found.prices, pricing)
        if not missed:
            return duals
        for more in missed:
            arcs = with_further(arcs, more)
            traded = np.concatenate((traded, np.zeros(len(more.gain), dtype=np.bool_)))


def _missed(duals: Duals, known: Prices, pricing: Pricing | None) -> list[Found]:
    """The pairs that an extreme solution of some pairs overlooks.

    The known duals miss none, so a pair can only be missed where a dual fell below them: every
    other row of the side that fell is priced out.
    """
    if pricing is None:
        return []
    v_low = np.where(duals.v_low < known.v, duals.v_low, _UNREACHED)
    u_low = np.where(duals.u_low < known.u, duals.u_low, _UNREACHED)
    both = (Prices.of(duals.u_high, v_low), Prices.of(u_low, duals.v_high))
    found = [pricing.best(prices, few=FURTHER_PARTNERS, beyond=0) for prices in both]
    return [more for more in found if len(more.gain)]


def midpoint(duals: Duals) -> tuple[Ints, Ints]:
    """The middle of the two extremes, u rounded down and v up to a hundredth of a VND.

    Gains are whole hundredths, so on a trade both middles are whole or both are halves, and on
    any other pair rounding can lose no more than the half by which u + v exceeds c: feasibility,
    equality on trades and the value of the solution all survive.
    """
    return (duals.u_low + duals.u_high) // 2, (duals.v_low + duals.v_high + 1) // 2


def _shifts(side: Side, others: Ints, slack: Bools) -> tuple[Ints, Ints]:
    """How far the others' duals can fall (others,), and so one's own rise (rows,).

    A row with quantity left over stays at 0; a trade keeps its two ends in step; any other pair
    lets the other end fall by what it is over, and further by what one's own end has risen.
    """
    forth = np.argsort(side.mine, kind="stable")
    forth_from = np.searchsorted(side.mine[forth], np.arange(len(slack) + 1))
    trades = np.flatnonzero(side.traded)
    back = trades[np.argsort(side.theirs[trades], kind="stable")]
    back_from = np.searchsorted(side.theirs[back], np.arange(len(others) + 1))
    fall, rise = others.copy(), np.where(slack, np.int64(0), _UNREACHED)
    _relax(side, forth, forth_from, back, back_from, fall, rise)
    return fall, rise


@njit(cache=True)
def _relax(
    side: Side, forth: Ints, forth_from: Ints, back: Ints, back_from: Ints, fall: Ints, rise: Ints
) -> None:
    """Dijkstra's method from the rows with quantity left over and from the others' own duals."""
    rows = len(rise)
    heap = [(np.int64(0), np.int64(0))]
    heap.pop()
    for row in range(rows):
        if rise[row] == 0:
            heappush(heap, (np.int64(0), np.int64(row)))
    for begin in range(len(fall)):
        heappush(heap, (fall[begin], np.int64(rows + begin)))
    while heap:
        reached, node = heappop(heap)
        if node < rows:
            if reached > rise[node]:
                continue
            for place in range(forth_from[node], forth_from[node + 1]):
                pair = forth[place]
                other = side.theirs[pair]
                further = reached + side.over[pair]
                if further < fall[other]:
                    fall[other] = further
                    heappush(heap, (further, np.int64(rows + other)))
        else:
            other = node - rows
            if reached > fall[other]:
                continue
            for place in range(back_from[other], back_from[other + 1]):
                row = side.mine[back[place]]
                if reached < rise[row]:
                    rise[row] = reached
                    heappush(heap, (reached, np.int64(row)))
