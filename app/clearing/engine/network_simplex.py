"""The network simplex method on the transportation problem, in whole numbers.

max Σ c_ij x_ij with Σ_j x_ij ≤ supply_i, Σ_i x_ij ≤ demand_j, x ≥ 0 is a flow problem without
capacities: offers are nodes 0…n−1, demands n…n+m−1, and one ground node n+m takes what is unsold
and gives what is unfilled. A basis is a spanning tree rooted at the ground (Dantzig 1951). It is
kept strongly feasible (Cunningham 1976): an arc without flow points to the root, so no sequence of
degenerate exchanges can cycle.

Every arc leads from a tail to a head: an offer to a demand, an offer to the ground or the ground to
a demand. Each node carries a potential, u_i of an offer, −v_j of a demand and 0 of the ground, and
on an arc of the tree the tail's exceeds the head's by its gain. Gains are lexicographic: (c_ij, 0)
on a pair and (0, −bonus) on the ground's arcs. That is the optimum of Σ c x first and of
Σ bonus_i · sold_i + Σ bonus_j · bought_j among those optima second, without scaling either. Tie
potentials are bonuses passed along unchanged, hence bounded by the greatest bonus; potentials are
bounded by (n + m) · max c.

The nodes form one ring in preorder, so a subtree is a run of it, from its top to its last node. One
exchange costs O(length of the cycle + size of the subtree that moves).
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
Places = NDArray[np.uint32]
"""Numbers of nodes, without a sign: compiled code need not ask whether they count from the end."""
NODE = np.dtype(
    [
        ("parent", np.uint32),  # The ground is its own.
        ("arc", np.int32),  # The pair on the way to the parent, or NONE at the ground.
        ("size", np.int32),  # Nodes of the subtree, its top among them.
        ("last", np.uint32),  # The last of them in preorder.
        ("flow", np.int64),  # Thousandths of a unit on that arc.
    ]
)
"""A node as an exchange reads it on its way round the cycle."""


class Tree(NamedTuple):
    """A spanning tree of n + m + 1 nodes; every node's arc is the one to its parent.

    A node's own kind says where its arc points: upward from an offer, downward to a demand.
    """

    nodes: Nodes
    """(n + m + 1,) of NODE."""
    after: Places
    """(n + m + 1,) the next node in preorder, the ground after the last."""
    before: Places
    """(n + m + 1,) the node before it."""
    potentials: Ints
    """(n + m + 1, 2) the potential and the tie potential of each node."""


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
    alone = np.arange(count, dtype=np.uint32)
    nodes = np.zeros(count, dtype=NODE)
    nodes["parent"], nodes["arc"], nodes["size"], nodes["last"] = count - 1, NONE, 1, alone
    tree = Tree(nodes, alone, alone.copy(), np.zeros((count, 2), dtype=np.int64))
    _plant(tree, supply, demand, arcs, order)
    _measure(tree, arcs.gain, bonus, len(supply))
    return tree


@njit(cache=True)
def _plant(tree: Tree, supply: Ints, demand: Ints, arcs: Arcs, order: Ints) -> None:
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
        _hang(tree, child, parent, arc, moved)
    for node in range(n + m):
        if open_[node]:
            _hang(tree, node, n + m, NONE, left[node])


@njit(cache=True)
def _hang(tree: Tree, top: int, parent: int, arc: int, flow: Whole) -> None:
    """Hang a tree on the top of another."""
    nodes, last = tree.nodes, tree.nodes[top].last
    follower = tree.after[parent]
    tree.after[parent], tree.before[top] = top, parent
    tree.after[last], tree.before[follower] = follower, last
    if nodes[parent].last == parent:
        nodes[parent].last = last
    nodes[parent].size += nodes[top].size
    nodes[top].parent, nodes[top].arc, nodes[top].flow = parent, arc, flow


@njit(cache=True)
def _measure(tree: Tree, gain: Ints, bonus: Ints, n: int) -> None:
    """The potentials of all nodes, from the root down."""
    nodes, potentials = tree.nodes, tree.potentials
    root = len(nodes) - 1
    node = tree.after[root]
    while node != root:
        parent, arc = nodes[node].parent, nodes[node].arc
        upward = 1 if node < n else -1
        on_arc, tie = (0, -bonus[node]) if arc == NONE else (gain[arc], 0)
        potentials[node, 0] = potentials[parent, 0] + upward * on_arc
        potentials[node, 1] = potentials[parent, 1] + upward * tie
        node = tree.after[node]


@njit(cache=True)
def optimise(tree: Tree, arcs: Arcs, bonus: Ints, n: int) -> int:
    """Exchange arcs until none of them, nor any arc to the ground, improves; the exchanges made.

    Arcs are looked at in blocks, going round; the best of a block enters (block pricing).
    """
    root = len(tree.nodes) - 1
    total = root + len(arcs.gain)
    tails, heads = np.full(total, root, dtype=np.uint32), np.full(total, root, dtype=np.uint32)
    gains, ties = np.zeros(total, dtype=np.int64), np.zeros(total, dtype=np.int64)
    tails[:n], heads[n:root], ties[:root] = np.arange(n), np.arange(n, root), -bonus
    tails[root:], heads[root:], gains[root:] = arcs.offer, n + arcs.demand, arcs.gain
    potentials = tree.potentials
    block = max(_BLOCK_FROM, int(np.sqrt(total)))
    at, idle, exchanges = 0, 0, 0
    while idle < total:
        best, most, most_tie = NONE, np.int64(0), np.int64(0)
        left = min(block, total)
        while left > 0:
            stop = min(total, at + left)
            for place in range(at, stop):
                tail, head = tails[place], heads[place]
                better = gains[place] - potentials[tail, 0] + potentials[head, 0]
                if better >= most:
                    better_tie = ties[place] - potentials[tail, 1] + potentials[head, 1]
                    if better > most or better_tie > most_tie:
                        best, most, most_tie = place, better, better_tie
            left -= stop - at
            at = 0 if stop == total else stop
        if best == NONE:
            idle += block
            continue
        idle = 0
        exchanges += 1
        arc = best - root if best >= root else NONE
        _exchange(tree, arc, tails[best], heads[best], most, most_tie, n)
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
        # Whoever heads no more nodes is not above the other.
        if nodes[x].size <= nodes[y].size:
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
        better, better_tie = -better, -better_tie
    else:
        moving, onto, out = tail, head, out_above_tail
    size = nodes[out].size
    _resize(nodes, nodes[out].parent, apex, -size)
    _resize(nodes, onto, apex, size)
    _regraft(tree, moving, onto, out, arc, moved)
    node = moving
    for _ in range(size):
        tree.potentials[node, 0] += better
        tree.potentials[node, 1] += better_tie
        node = tree.after[node]


@njit(cache=True)
def _resize(nodes: Nodes, node: int, apex: int, by: int) -> None:
    while node != apex:
        nodes[node].size += by
        node = nodes[node].parent


@njit(cache=True)
def _regraft(tree: Tree, moving: int, onto: int, out: int, arc: int, flow: Whole) -> None:
    """Cut the subtree below `out` off and hang it, turned so that `moving` is on top, elsewhere.

    On the way up from `moving` to `out` each node, with what hangs on it beside the way, is taken
    out of the ring and put behind those before it. Sizes above `out` and `onto` are left alone.
    """
    nodes, after, before = tree.nodes, tree.after, tree.before
    size, below = nodes[out].size, 0
    node, parent, end, lasts, gap = moving, onto, NONE, NONE, NONE
    while True:
        above, its_arc, its_flow = nodes[node].parent, nodes[node].arc, nodes[node].flow
        its_size, its_last = nodes[node].size, nodes[node].last
        run_end = gap if its_last == lasts else its_last
        gap, lasts = before[node], its_last
        follower = after[run_end]
        after[gap], before[follower] = follower, gap
        if node != moving:
            after[end], before[node] = node, end
        end = run_end
        nodes[node].parent, nodes[node].arc, nodes[node].flow = parent, arc, flow
        nodes[node].size = size - below
        if node == out:
            break
        parent, arc, flow, below, node = node, its_arc, its_flow, its_size, above
    _move_last(nodes, above, lasts, gap)
    follower = after[onto]
    after[onto], before[moving] = moving, onto
    after[end], before[follower] = follower, end
    _move_last(nodes, onto, onto, end)
    node = out
    while node != onto:
        nodes[node].last = end
        node = nodes[node].parent


@njit(cache=True)
def _move_last(nodes: Nodes, node: int, old: int, new: int) -> None:
    """Wherever the subtrees of a node and of those above it end in one node, let another be it."""
    while nodes[node].last == old:
        nodes[node].last = new
        node = nodes[node].parent


def flow_of(tree: Tree, arcs: int) -> Ints:
    """(arcs,) the flow on each pair."""
    flow = np.zeros(arcs, dtype=np.int64)
    arc = tree.nodes["arc"]
    on_pairs = arc != NONE
    flow[arc[on_pairs]] = tree.nodes["flow"][on_pairs]
    return flow


def prices_of(tree: Tree, n: int) -> Prices:
    """The duals of offers and demands; n offers."""
    dual, tie = tree.potentials.T.copy()
    return Prices(dual[:n], -dual[n:-1], tie[:n], -tie[n:-1])
