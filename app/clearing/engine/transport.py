"""The transportation problem: max Σ c x with Σ_j x_ij ≤ supply_i, Σ_i x_ij ≤ demand_j, x ≥ 0.

Few pairs ever trade, so columns are generated (Ford and Fulkerson 1958): a linear programme holds
the promising pairs only, and its row prices find the pairs it still misses, until there is none.
HiGHS solves it in floating point (Huangfu and Hall 2018), each time from the last basis, which
stays feasible as pairs are added; hence the primal simplex method.

The matrix is totally unimodular, so integer data give an integer vertex. What floating point could
still spoil is put right in integers, and there being no improving cycle proves the optimum.
"""

import highspy
import numpy as np

from app.clearing.engine.book import Bools, Floats, Ints
from app.clearing.engine.pairs import Pairs
from app.clearing.engine.repair import cancel_improving_cycles

_COLUMNS_PER_ROW = 4
_PRIMAL_SIMPLEX = 4
"""The value of HiGHS' option simplex_strategy for which it offers no name in Python."""
_OPTIONS = (
    ("output_flag", False),
    ("parallel", "off"),
    ("presolve", "off"),
    ("solver", "simplex"),
    ("simplex_strategy", _PRIMAL_SIMPLEX),
)


def optimal_flow(supply: Ints, demand: Ints, pairs: Pairs) -> Ints:
    """The quantity (e,) on each pair in one exact optimum; supply (n,), demand (m,)."""
    programme = Programme(supply, demand)
    held = np.zeros(0, dtype=np.int64)
    missed = pairs.gain.astype(np.float64)
    while (missed > 0).any():
        new = _most_promising(pairs, missed)
        held = np.concatenate((held, new))
        u, v = programme.solve_with(pairs.take(new))
        missed = np.rint(pairs.gain - u[pairs.offer] - v[pairs.demand])
        missed[held] = 0
    flow = np.zeros(len(pairs), dtype=np.int64)
    flow[held] = np.rint(programme.flow())
    return cancel_improving_cycles(supply, demand, pairs, _fitted(supply, demand, pairs, flow))


def _most_promising(pairs: Pairs, missed: Floats) -> Ints:
    """The few pairs of each offer and each demand that miss the largest gain; O(e log e).

    Among equals each row begins with the partner of its own number and goes round from there;
    otherwise, in a book of ties, all would begin with the same few.
    """
    promising: Bools = np.zeros(len(pairs), dtype=np.bool_)
    missing = np.flatnonzero(missed > 0)
    offers, demands = pairs.offer[missing], pairs.demand[missing]
    for ends, partners in ((offers, demands), (demands, offers)):
        turned = (partners - ends) % (1 + partners.max())
        order = np.lexsort((turned, -missed[missing], ends))
        starts = np.searchsorted(ends[order], ends[order])
        promising[missing[order[np.arange(len(order)) - starts < _COLUMNS_PER_ROW]]] = True
    return np.flatnonzero(promising)


class Programme:
    """A linear programme in HiGHS that grows by pairs; one thread, so repeatable."""

    def __init__(self, supply: Ints, demand: Ints) -> None:
        self._offers = len(supply)
        self._solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in _OPTIONS:
            self._solver.setOptionValue(option, value)
        self._solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
        limits = np.concatenate((supply, demand)).astype(np.float64)
        unbounded = np.full(len(limits), -highspy.kHighsInf)
        no_entries = np.zeros(0, dtype=np.int32)
        starts = np.zeros(len(limits), dtype=np.int32)
        self._solver.addRows(
            len(limits), unbounded, limits, 0, starts, no_entries, np.zeros(0, dtype=np.float64)
        )

    def solve_with(self, pairs: Pairs) -> tuple[Floats, Floats]:
        """Add pairs and solve again; the prices u (n,) and v (m,) of the rows."""
        count = len(pairs)
        ends = np.column_stack((pairs.offer, pairs.demand + self._offers))
        self._solver.addCols(
            count,
            pairs.gain.astype(np.float64),
            np.zeros(count),
            np.full(count, highspy.kHighsInf),
            2 * count,
            np.arange(0, 2 * count, 2, dtype=np.int32),
            ends.ravel().astype(np.int32),
            np.ones(2 * count),
        )
        self._solver.run()
        prices = np.array(self._solver.getSolution().row_dual, dtype=np.float64)
        return prices[: self._offers], prices[self._offers :]

    def flow(self) -> Floats:
        """The quantity on each pair, in the order in which they were added."""
        return np.array(self._solver.getSolution().col_value, dtype=np.float64)


def _fitted(supply: Ints, demand: Ints, pairs: Pairs, flow: Ints) -> Ints:
    """The flow, cut back in order wherever rounding has left it beyond a row's quantity."""
    flow = np.maximum(flow, 0)
    for ends, limit in ((pairs.offer, supply), (pairs.demand, demand)):
        for row in np.flatnonzero(totals(ends, flow, len(limit)) > limit):
            mine = np.flatnonzero(ends == row)
            room = limit[row] - (np.cumsum(flow[mine]) - flow[mine])
            flow[mine] = np.clip(flow[mine], 0, np.maximum(room, 0))
    return flow


def totals(ends: Ints, flow: Ints, count: int) -> Ints:
    """(count,) the flow summed by row, exactly."""
    total = np.zeros(count, dtype=np.int64)
    np.add.at(total, ends, flow)
    return total
