"""OR-Tools as an oracle in a process of its own: problems in, greatest gains out, as JSON.

Both OR-Tools and highspy bring a libhighs.so.1, and whichever is loaded second finds the symbols
of the first. They therefore never meet in one process.
"""

import json
import subprocess
import sys
from typing import Any

Problem = dict[str, Any]
"""supply [n], demand [m] and pairs [[offer, demand, gain]], all whole numbers."""


def greatest_gains(problems: list[Problem]) -> list[int]:
    """The optimal welfare of each problem."""
    answer = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps(problems),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[int] = json.loads(answer.stdout)
    return found


def solve(problem: Problem) -> int:
    """One problem by cost scaling; an arc without gain carries what is not worth trading."""
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    supply, demand, pairs = problem["supply"], problem["demand"], problem["pairs"]
    source, sink = len(supply) + len(demand), len(supply) + len(demand) + 1
    enough = min(sum(supply), sum(demand))
    network = SimpleMinCostFlow()
    add = network.add_arc_with_capacity_and_unit_cost
    for row, quantity in enumerate(supply):
        add(source, row, min(quantity, enough), 0)
    for column, quantity in enumerate(demand):
        add(len(supply) + column, sink, min(quantity, enough), 0)
    arcs = [
        add(row, len(supply) + column, min(supply[row], demand[column]), -gain)
        for row, column, gain in pairs
    ]
    add(source, sink, enough, 0)
    network.set_node_supply(source, enough)
    network.set_node_supply(sink, -enough)
    if network.solve() != network.OPTIMAL:
        raise ArithmeticError("the oracle found no optimum")
    return sum(gain * network.flow(arc) for arc, (_, _, gain) in zip(arcs, pairs, strict=True))


if __name__ == "__main__":
    json.dump([solve(problem) for problem in json.load(sys.stdin)], sys.stdout)
