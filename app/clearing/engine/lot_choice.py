"""Which pairs to trade on under minimum lots, as a mixed-integer programme for HiGHS.

Each pair e has a share x_e of the most it can carry and a switch y_e; each seller of a demand with
a maximum has a switch z. x ≤ y, x ≥ (least / most) y, y ≤ z, Σ z ≤ maximum, and the quantities of
offers and demands hold. Only the most promising pairs take part and only so many nodes are opened:
the answer is an improvement, not an optimum (Huangfu and Hall 2018 for the solver).
"""

from typing import NamedTuple

import highspy
import numpy as np

from app.clearing.engine.book import NONE, Book, Bools, Floats, Ints, Lots
from app.clearing.engine.column_generation import Optimum
from app.clearing.engine.network_simplex import Arcs

_MOST_PAIRS = 1_500
"""The size of the programme."""
_NODES = 20
_SECONDS = 60.0
"""A second limit for machines in trouble; on a sound one the nodes are used up first, so that the
answer does not hang on the clock."""
_OPTIONS = (
    ("output_flag", False),
    ("threads", 1),
    ("random_seed", 0),
    ("mip_rel_gap", 2e-3),
    ("mip_max_nodes", _NODES),
    ("time_limit", _SECONDS),
)
_SOME = 1e-9
"""A share that is more than the solver's rounding."""
_CONTINUOUS, _INTEGER = highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger


class Switches(NamedTuple):
    """The switches z: one for each seller of a demand that limits them."""

    pair: Ints
    """(l,) the pairs that have one."""
    of_pair: Ints
    """(l,) which."""
    demand: Ints
    """(z,) the demand of each switch."""


def chosen_pairs(book: Book, free: Optimum, lots: Lots, begin: Optimum) -> Bools:
    """(e,) the pairs of a free optimum worth trading on; `begin` is an answer that fits."""
    flow = _flow_on(free.arcs, begin)
    places = _promising(free, flow)
    pairs, lots, flow = free.arcs.take(places), lots.take(places), flow[places]
    most = np.minimum(book.offers.quantity[pairs.offer], book.demands.quantity[pairs.demand])
    switches = _switches(pairs, lots)
    solver = highspy.Highs()
    for option, value in _OPTIONS:
        solver.setOptionValue(option, value)
    solver.passModel(_programme(book, pairs, lots, most, switches))
    start = highspy.HighsSolution()
    start.col_value = _start(flow, most, switches)
    solver.setSolution(start)
    solver.run()
    shares = np.array(solver.getSolution().col_value, dtype=np.float64)[: len(places)]
    chosen = np.zeros(len(free.flow), dtype=np.bool_)
    chosen[places[shares > _SOME]] = True
    return chosen


def _flow_on(arcs: Arcs, found: Optimum) -> Ints:
    """(e,) the flow of an answer on some of these pairs."""
    keys, theirs = (one.offer * (1 << 31) + one.demand for one in (arcs, found.arcs))
    order = np.argsort(keys)
    flow = np.zeros(len(keys), dtype=np.int64)
    flow[order[np.searchsorted(keys, theirs, sorter=order)]] = found.flow
    return flow


def _promising(free: Optimum, flow: Ints) -> Ints:
    """The places of the pairs that may be chosen: those in use, then those the prices favour."""
    arcs, prices = free.arcs, free.prices
    better = arcs.gain - prices.u[arcs.offer] - prices.v[arcs.demand]
    in_use = (free.flow > 0) | (flow > 0)
    order = np.lexsort((-better, ~in_use))
    return np.sort(order[: max(_MOST_PAIRS, int(in_use.sum()))])


def _switches(pairs: Arcs, lots: Lots) -> Switches:
    limited = np.flatnonzero(lots.most != NONE)
    who = np.column_stack((pairs.demand[limited], lots.seller[limited]))
    distinct, of_pair = np.unique(who, axis=0, return_inverse=True)
    return Switches(pair=limited, of_pair=of_pair, demand=distinct[:, 0])


def _programme(
    book: Book, pairs: Arcs, lots: Lots, most: Ints, switches: Switches
) -> highspy.HighsLp:
    """Columns x (p), y (p), z; rows as the module says, figures near 1."""
    count = len(most)
    x, z = np.arange(count), 2 * count + np.arange(len(switches.demand))
    y = count + x
    rows = Rows()
    for ends, limit in ((pairs.offer, book.offers.quantity), (pairs.demand, book.demands.quantity)):
        rows.add(ends, -highspy.kHighsInf, 1.0, (x, most / limit[ends]))
    rows.add(x, -highspy.kHighsInf, 0.0, (x, np.ones(count)), (y, -np.ones(count)))
    rows.add(x, 0.0, highspy.kHighsInf, (x, np.ones(count)), (y, -lots.least / most))
    one = np.ones(len(switches.pair))
    rows.add(
        switches.pair, -highspy.kHighsInf, 0.0, (y[switches.pair], one), (z[switches.of_pair], -one)
    )
    sellers = np.zeros(len(book.demands), dtype=np.int64)
    sellers[pairs.demand] = lots.most
    rows.add(switches.demand, -highspy.kHighsInf, 1.0, (z, 1 / sellers[switches.demand]))
    profit = pairs.gain.astype(np.float64) * most
    whole = np.concatenate((x < 0, (lots.least > 1) | (lots.most != NONE), z >= 0))
    programme = highspy.HighsLp()
    programme.num_col_ = len(whole)
    programme.sense_ = highspy.ObjSense.kMaximize
    programme.col_cost_ = np.concatenate((profit / profit.max(), np.zeros(len(y) + len(z))))
    programme.col_lower_ = np.zeros(len(whole))
    programme.col_upper_ = np.ones(len(whole))
    programme.integrality_ = [_INTEGER if one else _CONTINUOUS for one in whole]
    rows.fill(programme)
    return programme


def _start(flow: Ints, most: Ints, switches: Switches) -> Floats:
    """The columns of a fitting answer."""
    on = np.zeros(len(switches.demand))
    np.maximum.at(on, switches.of_pair, (flow[switches.pair] > 0).astype(np.float64))
    return np.concatenate((flow / most, flow > 0, on))


class Rows:
    """The rows of a programme, lower ≤ Σ value · column ≤ upper, gathered entry by entry."""

    def __init__(self) -> None:
        self._entries: list[tuple[Ints, Ints, Floats]] = []
        self._bounds: list[tuple[float, float]] = []

    def add(self, key: Ints, lower: float, upper: float, *parts: tuple[Ints, Floats]) -> None:
        """A row for every distinct key; each part puts a value at a column for every entry."""
        distinct, row = np.unique(key, return_inverse=True)
        row += len(self._bounds)
        self._entries += [(row, column, value) for column, value in parts]
        self._bounds += [(lower, upper)] * len(distinct)

    def fill(self, programme: highspy.HighsLp) -> None:
        """Write the rows into a programme."""
        row, column, value = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        order = np.lexsort((column, row))
        lower, upper = np.array(self._bounds).T
        programme.num_row_ = len(self._bounds)
        programme.row_lower_, programme.row_upper_ = lower, upper
        programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        programme.a_matrix_.start_ = np.searchsorted(row[order], np.arange(len(lower) + 1))
        programme.a_matrix_.index_ = column[order]
        programme.a_matrix_.value_ = value[order]
