"""Other solvers on one market's pairs, each in a process of its own: `solvers.py NAME FILE`.

The file is a numpy archive of supply, demand, offer, buyer, gain. Printed is one JSON object with
cpu_s (building the problem and solving it) and welfare in hundred-thousandths of a VND, or null
where the solver is not installed.
"""

import importlib.util
import json
import sys
import time
from typing import Any

import numpy as np


def by_ortools(supply: Any, demand: Any, offer: Any, buyer: Any, gain: Any) -> int:
    """Cost scaling (SimpleMinCostFlow); one arc carries what is not worth trading."""
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    n, m = len(supply), len(demand)
    source, sink = n + m, n + m + 1
    enough = int(min(supply.sum(), demand.sum()))
    network = SimpleMinCostFlow()
    add = network.add_arcs_with_capacity_and_unit_cost
    offers, demands = np.arange(n), n + np.arange(m)
    add(np.full(n, source), offers, supply, np.zeros(n, dtype=np.int64))
    add(demands, np.full(m, sink), demand, np.zeros(m, dtype=np.int64))
    arcs = add(offer, n + buyer, np.minimum(supply[offer], demand[buyer]), -gain)
    network.add_arc_with_capacity_and_unit_cost(source, sink, enough, 0)
    network.set_node_supply(source, enough)
    network.set_node_supply(sink, -enough)
    if network.solve() != network.OPTIMAL:
        raise ArithmeticError("no optimum found")
    return _welfare(gain, network.flows(arcs))


def by_highs(supply: Any, demand: Any, offer: Any, buyer: Any, gain: Any) -> int:
    """HiGHS' dual simplex method on all pairs."""
    import highspy

    count, rows = len(gain), len(supply) + len(demand)
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = count, rows
    programme.sense_ = highspy.ObjSense.kMaximize
    programme.col_cost_ = gain.astype(np.float64)
    programme.col_lower_ = np.zeros(count)
    programme.col_upper_ = np.full(count, highspy.kHighsInf)
    programme.row_lower_ = np.full(rows, -highspy.kHighsInf)
    programme.row_upper_ = np.concatenate((supply, demand)).astype(np.float64)
    programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    programme.a_matrix_.start_ = np.arange(0, 2 * count + 1, 2)
    programme.a_matrix_.index_ = np.column_stack((offer, buyer + len(supply))).ravel()
    programme.a_matrix_.value_ = np.ones(2 * count)
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(programme)
    solver.run()
    return _welfare(gain, np.rint(solver.getSolution().col_value).astype(np.int64))


def _welfare(gain: Any, flow: Any) -> int:
    return sum(a * b for a, b in zip(gain.tolist(), flow.tolist(), strict=True) if b)


SOLVERS = {"ortools": by_ortools, "highs": by_highs}
PACKAGES = {"ortools": "ortools", "highs": "highspy"}


def main(name: str, file: str) -> None:
    """Solve and print."""
    answer = None
    if importlib.util.find_spec(PACKAGES[name]) is not None:
        with np.load(file) as problem:
            columns = [problem[part] for part in ("supply", "demand", "offer", "buyer", "gain")]
        start = time.process_time()
        welfare = SOLVERS[name](*columns)
        answer = {"cpu_s": time.process_time() - start, "welfare": welfare}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
