"""The network simplex method on the transportation problem, in whole numbers.

max Σ c_ij x_ij with Σ_j x_ij ≤ supply_i, Σ_i x_ij ≤ demand_j, x ≥ 0 is a flow problem without
capacities: offers are nodes 0…n−1, demands n…n+m−1, and one ground node n+m takes what is unsold
and gives what is unfilled. A basis is a spanning tree rooted at the ground (Dantzig 1951). It is
kept strongly feasible (Cunningham 1976): an arc without flow points to the root, so no sequence of
degenerate exchanges can cycle.

Gains are lexicographic. Each node carries a dual (u_i or v_j, hundredths of a VND) and a tie dual;
on a pair of the tree both sums equal the pair's (c_ij, 0), on the ground's arcs the node's own
dual equals (0, −bonus). That is the optimum of Σ c x first and of Σ bonus_i · sold_i +
Σ bonus_j · bought_j among those optima second, without scaling either. Tie duals are bonuses
passed along with alternating sign, hence bounded by the greatest bonus; duals are bounded by
(n + m) · max c.

One exchange costs O(length of the cycle + size of the subtree that moves).
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.clearing.engine.book import NONE, Ints, Whole
from app.clearing.engine.pricing import Prices

_BLOCK_FROM = 64
"""The fewest arcs looked at before the best of them enters."""
_MUCH = np.int64(2**62)


Nodes = NDArray[np.void]
NODE = np.dtype(
    [
        ("parent", np.int32),
        ("depth", np.int32),
        ("child", np.int32),  # The first child, or NONE; further ones follow by `after`,
        ("after", np.int32),
        ("before", np.int32),  # and `before` goes back.
        ("arc", np.int32),  # The pair on the way to the parent, or NONE at the ground.
        ("flow", np.int64),  # Thousandths of a unit on that arc.
    ]
)
"""A node in half a cache line: an exchange walks over nodes and reads all of each."""


class Tree(NamedTuple):
    """A spanning tree of n + m + 1 nodes; every node's arc is the one to its parent.

    All arcs lead from an offer or to a demand, so a node's own kind says where its arc points:
    upward from an offer, downward to a demand.
    """

    nodes: Nodes
    """(n + m + 1,) of NODE."""
    duals: Ints
    """(n + m + 1, 2) the dual and the tie dual of each node."""


class Arcs(NamedTuple):
    """e pairs that may enter the basis, in no particular order."""

    offer: Ints
    demand: Ints
    gain: Ints
    """Hundredths of a VND per unit, positive."""

    def take(self, places: Ints) -> "Arcs":
        """Some of the pairs."""
        return Arcs(*(column[places] for column in self))


def planted(supply: Ints, demand: Ints, bonus: Ints, arcs: Arcs, order: Ints) -> Tree:
    """A first tree: pairs are filled greedily in an order of arcs, the rest hangs on the ground."""
    count = len(supply) + len(demand) + 1
    nodes = np.zeros(count, dtype=NODE)
    for link in ("parent", "child", "after", "before", "arc"):
        nodes[link] = NONE
    tree = Tree(nodes, np.zeros((count, 2), dtype=np.int64))
    _plant(nodes, supply, demand, arcs, order)
    _measure(tree, arcs.gain, bonus)
    return tree


@njit(cache=True)
def _plant(nodes: Nodes, supply: Ints, demand: Ints, arcs: Arcs, order: Ints) -> None:
    n, m = len(supply), len(demand)
    left = np.concatenate((supply, demand))
    open_ = np.ones(n + m, dtype=np.bool_)
    for arc in order:
        i, j = arcs.offer[arc], n + arcs.demand[arc]
        moved = min(left[i], left[j])
        if moved == 0:
            continue
        # Where both run out, the offer stays: its empty arc to the ground points upward.
        child, parent = (i, j) if left[i] < left[j] else (j, i)
        left[i] -= moved
        left[j] -= moved
        open_[child] = False
        _hang(nodes, child, parent, arc, moved)
    for node in range(n + m):
        if open_[node]:
            _hang(nodes, node, n + m, NONE, left[node])


@njit(cache=True)
def _measure(tree: Tree, gain: Ints, bonus: Ints) -> None:
    """Depths and duals of all nodes, from the root down."""
    nodes = tree.nodes
    root = len(nodes) - 1
    node = _next_below(nodes, root, root)
    while node != root:
        parent, arc = nodes[node].parent, nodes[node].arc
        nodes[node].depth = nodes[parent].depth + 1
        if arc == NONE:
            tree.duals[node, 0] = 0
            tree.duals[node, 1] = -bonus[node]
        else:
            tree.duals[node, 0] = gain[arc] - tree.duals[parent, 0]
            tree.duals[node, 1] = -tree.duals[parent, 1]
        node = _next_below(nodes, node, root)


@njit(cache=True)
def optimise(tree: Tree, arcs: Arcs, bonus: Ints, n: int) -> int:
    """Exchange arcs until none of them, nor any arc to the ground, improves; the exchanges made.

    Arcs are looked at in blocks, going round; the best of a block enters (block pricing).
    """
    rows = len(tree.nodes) - 1
    total = rows + len(arcs.gain)
    block = max(_BLOCK_FROM, int(np.sqrt(total)))
    at, idle, exchanges = 0, 0, 0
    while idle < total:
        best, most, most_tie = NONE, np.int64(0), np.int64(0)
        for _ in range(min(block, total)):
            if at < rows:
                better, better_tie = -tree.duals[at, 0], -bonus[at] - tree.duals[at, 1]
            else:
                i, j = arcs.offer[at - rows], n + arcs.demand[at - rows]
                better = arcs.gain[at - rows] - tree.duals[i, 0] - tree.duals[j, 0]
                better_tie = -tree.duals[i, 1] - tree.duals[j, 1]
            if better > most or (better == most and better_tie > most_tie):
                best, most, most_tie = at, better, better_tie
            at += 1
            if at == total:
                at = 0
        if best == NONE:
            idle += block
            continue
        idle = 0
        exchanges += 1
        if best >= rows:
            arc = best - rows
            _exchange(tree, arc, arcs.offer[arc], n + arcs.demand[arc], most, most_tie, n)
        elif best < n:
            _exchange(tree, NONE, best, rows, most, most_tie, n)
        else:
            _exchange(tree, NONE, rows, best, most, most_tie, n)
    return exchanges


@njit(cache=True)
def _exchange(
    tree: Tree, arc: int, tail: int, head: int, better: Whole, better_tie: Whole, n: int
) -> None:
    """Let an arc from tail to head enter, and the arc that blocks it leave."""
    nodes = tree.nodes
    out_above_tail, least_above_tail = NONE, _MUCH
    out_above_head, least_above_head = NONE, _MUCH
    x, y = tail, head
    while x != y:
        if nodes[x].depth >= nodes[y].depth:
            if x < n and nodes[x].flow < least_above_tail:
                out_above_tail, least_above_tail = x, nodes[x].flow
            x = nodes[x].parent
        else:
            if y >= n and nodes[y].flow <= least_above_head:
                out_above_head, least_above_head = y, nodes[y].flow
            y = nodes[y].parent
    apex = x
    moved = min(least_above_tail, least_above_head)
    if moved > 0:
        x, y = tail, head
        while x != apex:
            nodes[x].flow += -moved if x < n else moved
            x = nodes[x].parent
        while y != apex:
            nodes[y].flow += moved if y < n else -moved
            y = nodes[y].parent
    # The last blocking arc on the way from the apex round the cycle leaves (Cunningham's rule).
    if least_above_head <= least_above_tail:
        moving, onto, out = head, tail, out_above_head
    else:
        moving, onto, out = tail, head, out_above_tail
    _regraft(nodes, moving, onto, out, arc, moved)
    _shift(tree, moving, better, better_tie, n)


@njit(cache=True)
def _regraft(nodes: Nodes, moving: int, onto: int, out: int, arc: int, flow: Whole) -> None:
    """Cut the subtree below `out` off and hang it, turned so that `moving` is on top, elsewhere."""
    node = moving
    while True:
        parent, its_arc, its_flow = nodes[node].parent, nodes[node].arc, nodes[node].flow
        _cut(nodes, node)
        _hang(nodes, node, onto, arc, flow)
        if node == out:
            return
        onto, arc, flow = node, its_arc, its_flow
        node = parent


@njit(cache=True)
def _shift(tree: Tree, top: int, better: Whole, better_tie: Whole, n: int) -> None:
    """Raise the duals of the top's side below it and lower the other side's; depths anew."""
    nodes = tree.nodes
    of_offers = top < n
    node = top
    while True:
        nodes[node].depth = nodes[nodes[node].parent].depth + 1
        if (node < n) == of_offers:
            tree.duals[node, 0] += better
            tree.duals[node, 1] += better_tie
        else:
            tree.duals[node, 0] -= better
            tree.duals[node, 1] -= better_tie
        node = _next_below(nodes, node, top)
        if node == top:
            return


@njit(cache=True)
def _next_below(nodes: Nodes, node: int, top: int) -> int:
    """The node after this one in a walk over the subtree of `top`; `top` itself at the end."""
    if nodes[node].child != NONE:
        return int(nodes[node].child)
    while node != top and nodes[node].after == NONE:
        node = nodes[node].parent
    return top if node == top else int(nodes[node].after)


@njit(cache=True)
def _hang(nodes: Nodes, node: int, parent: int, arc: int, flow: Whole) -> None:
    first = nodes[parent].child
    nodes[node].after = first
    nodes[node].before = NONE
    if first != NONE:
        nodes[first].before = node
    nodes[parent].child = node
    nodes[node].parent, nodes[node].arc, nodes[node].flow = parent, arc, flow


@njit(cache=True)
def _cut(nodes: Nodes, node: int) -> None:
    before, after = nodes[node].before, nodes[node].after
    if before == NONE:
        nodes[nodes[node].parent].child = after
    else:
        nodes[before].after = after
    if after != NONE:
        nodes[after].before = before


def flow_of(tree: Tree, arcs: int) -> Ints:
    """(arcs,) the flow on each pair."""
    flow = np.zeros(arcs, dtype=np.int64)
    arc = tree.nodes["arc"]
    on_pairs = arc != NONE
    flow[arc[on_pairs]] = tree.nodes["flow"][on_pairs]
    return flow


def prices_of(tree: Tree, n: int) -> Prices:
    """The duals of offers and demands; n offers."""
    dual, tie = tree.duals.T.copy()
    return Prices(dual[:n], dual[n:-1], tie[:n], tie[n:-1])
