"""Exact improvement of a feasible flow: cancel cycles that gain, until there is none.

A flow is optimal if and only if its residual graph has no improving cycle (Klein 1967). The graph
has a node per offer and per demand and one ground node: what is unsold flows from the ground to
its offer, what is bought flows from its demand to the ground. Integers throughout, so the answer
is exact whatever the flow came from; from an optimal flow it costs one Bellman-Ford search.
"""

from dataclasses import dataclass

import numpy as np

from app.clearing.engine.book import MAX_QUANTITY, NONE, Ints
from app.clearing.engine.pairs import Pairs


@dataclass(frozen=True, kw_only=True)
class Residual:
    """The ways in which a flow can still change; r edges of positive capacity."""

    tail: Ints
    head: Ints
    length: Ints
    """(r,) minus the gain of one thousandth more along the edge."""
    capacity: Ints
    pair: Ints
    """(r,) the pair whose flow the edge changes, or NONE at the ground."""
    sign: Ints
    """(r,) +1 where the edge adds flow to its pair, −1 where it takes it back."""


def cancel_improving_cycles(supply: Ints, demand: Ints, pairs: Pairs, flow: Ints) -> Ints:
    """An optimal flow (e,), reached from a feasible one."""
    while True:
        residual = residual_of(supply, demand, pairs, flow)
        cycle = improving_cycle(residual, nodes=len(supply) + len(demand) + 1)
        if not len(cycle):
            return flow
        flow = flow.copy()
        amount = residual.capacity[cycle].min()
        changed = cycle[residual.pair[cycle] != NONE]
        flow[residual.pair[changed]] += amount * residual.sign[changed]


def residual_of(supply: Ints, demand: Ints, pairs: Pairs, flow: Ints) -> Residual:
    """The residual graph: offers are nodes 0…n−1, demands n…n+m−1, the ground is n+m."""
    sold, bought = np.zeros_like(supply), np.zeros_like(demand)
    np.add.at(sold, pairs.offer, flow)
    np.add.at(bought, pairs.demand, flow)
    offers = np.arange(len(supply))
    demands = len(supply) + np.arange(len(demand))
    ground_of_offers = np.full(len(supply), len(supply) + len(demand))
    ground_of_demands = np.full(len(demand), len(supply) + len(demand))
    here, there = pairs.offer, pairs.demand + len(supply)
    every = np.arange(len(pairs))
    unlimited = np.full(len(pairs), MAX_QUANTITY)
    groups = [
        (here, there, -pairs.gain, unlimited, every, 1),
        (there, here, pairs.gain, flow, every, -1),
        (ground_of_offers, offers, 0 * supply, supply - sold, 0 * supply + NONE, 1),
        (offers, ground_of_offers, 0 * supply, sold, 0 * supply + NONE, -1),
        (demands, ground_of_demands, 0 * demand, demand - bought, 0 * demand + NONE, 1),
        (ground_of_demands, demands, 0 * demand, bought, 0 * demand + NONE, -1),
    ]
    columns = [np.concatenate(column) for column in list(zip(*groups, strict=True))[:5]]
    sign = np.concatenate([np.full(len(group[0]), group[5]) for group in groups])
    tail, head, length, capacity, pair, sign = (
        column[columns[3] > 0] for column in (*columns, sign)
    )
    return Residual(tail=tail, head=head, length=length, capacity=capacity, pair=pair, sign=sign)


def improving_cycle(residual: Residual, *, nodes: int) -> Ints:
    """Edges of one cycle of negative length, or none; Bellman-Ford from everywhere at once.

    At most one pass per node of O(r); a cycle among the predecessors is looked for after 1, 2, 4,
    8 … passes, so that an improving cycle is usually found long before the last.
    """
    order = np.argsort(residual.head, kind="stable")
    heads, starts = np.unique(residual.head[order], return_index=True)
    distance = np.zeros(nodes, dtype=np.int64)
    edge_into = np.full(nodes, NONE, dtype=np.int64)
    look_after = 1
    passes = 0
    while True:
        reached = (distance[residual.tail] + residual.length)[order]
        best = np.minimum.reduceat(reached, starts)
        shorter = best < distance[heads]
        if not shorter.any():
            return np.zeros(0, dtype=np.int64)
        _remember(edge_into, order, reached, best, heads, starts, shorter)
        distance[heads[shorter]] = best[shorter]
        passes += 1
        if passes == look_after:
            look_after *= 2
            cycle = _cycle_among(edge_into, residual.tail)
            if len(cycle):
                return cycle


def _remember(
    edge_into: Ints,
    order: Ints,
    reached: Ints,
    best: Ints,
    heads: Ints,
    starts: Ints,
    shorter: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> None:
    """Note, for every node that came nearer, the first edge that brought it nearest."""
    sizes = np.diff(np.append(starts, len(order)))
    attained = np.flatnonzero(reached == np.repeat(best, sizes))
    first = attained[np.searchsorted(attained, starts)]
    edge_into[heads[shorter]] = order[first[shorter]]


def _cycle_among(edge_into: Ints, tail: Ints) -> Ints:
    """A cycle of predecessor edges, or none. Every such cycle has a negative length."""
    mark = np.zeros(len(edge_into), dtype=np.int64)
    for start in range(len(edge_into)):
        node = start
        while mark[node] == 0 and edge_into[node] != NONE:
            mark[node] = start + 1
            node = int(tail[edge_into[node]])
        if mark[node] == start + 1 and edge_into[node] != NONE:
            return _walk(node, edge_into, tail)
    return np.zeros(0, dtype=np.int64)


def _walk(last: int, edge_into: Ints, tail: Ints) -> Ints:
    """The edges of the predecessor cycle through a node."""
    edges = [int(edge_into[last])]
    while int(tail[edges[-1]]) != last:
        edges.append(int(edge_into[tail[edges[-1]]]))
    return np.array(edges, dtype=np.int64)
