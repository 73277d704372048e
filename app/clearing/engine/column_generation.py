"""Column generation: few pairs ever trade, so only promising ones enter the simplex method.

The simplex method solves the problem on some pairs exactly; its duals find the pairs that are
still missed, until there is none (Ford and Fulkerson 1958). Where it starts decides how many are
ever needed: a third of the rows is solved first, its duals are extended to everybody, and the
pairs that look best under them are the beginning.
"""

from typing import NamedTuple

import numpy as np

from app.clearing.engine.book import Ints
from app.clearing.engine.certificate import inner
from app.clearing.engine.network_simplex import Arcs, flow_of, optimise, planted, prices_of
from app.clearing.engine.pricing import Found, Prices, Pricing

FIRST_PARTNERS = 14
"""Pairs of each row to begin with."""
FURTHER_PARTNERS = 5
"""Pairs of each row added at a time."""
ANY = -(2**62)
"""A reduced gain that every pair exceeds."""
LARGEST = 2**62
"""What duals and quantities may reach, so that a sum of two still fits into 64 bits."""


class Optimum(NamedTuple):
    """An optimal basis of all pairs, or one within the tolerance of it."""

    arcs: Arcs
    """Every pair that was ever promising, the first ones first."""
    flow: Ints
    """(e,) thousandths of a unit."""
    prices: Prices
    missed: Found | None
    """What the prices miss of all pairs, or None: the basis is optimal."""


def optimum(
    supply: Ints,
    demand: Ints,
    pricing: Pricing,
    *,
    start: Prices,
    reach: int = ANY,
    bonus: Ints,
    tolerance: float = 0.0,
) -> Optimum:
    """The optimal flow over all pairs, and among the optima the one with the greatest bonus.

    Args:
        supply, demand: (n,), (m,) thousandths of a unit, at least 0.
        start: duals that are roughly right; any will do.
        reach: the least reduced gain under them of a pair to begin with.
        bonus: (n + m,) non-negative, per unit sold or bought.
        tolerance: stop when (bound − welfare) ≤ tolerance · welfare; 0 means exact.
    """
    found = pricing.best(start, few=FIRST_PARTNERS, beyond=reach)
    arcs = Arcs(found.offer, found.demand, found.gain)
    tree = planted(supply, demand, bonus, arcs, np.argsort(-found.better, kind="stable"))
    while True:
        optimise(tree, arcs, bonus, len(supply))
        prices = prices_of(tree, len(supply))
        found = pricing.best(prices, few=FURTHER_PARTNERS, beyond=0)
        flow = flow_of(tree, len(arcs.gain))
        if not len(found.gain) or (
            tolerance and _near(supply, demand, arcs, flow, found, tolerance)
        ):
            return Optimum(arcs, flow, prices, found if len(found.gain) else None)
        arcs = with_further(arcs, found)


def with_further(arcs: Arcs, found: Found) -> Arcs:
    """The arcs, and behind them the pairs found."""
    return Arcs(
        np.concatenate((arcs.offer, found.offer)),
        np.concatenate((arcs.demand, found.demand)),
        np.concatenate((arcs.gain, found.gain)),
    )


def beyond_bounds(supply: Ints, demand: Ints, largest_gain: int) -> str:
    """Which of gains and quantities could overflow 64 bits, or nothing.

    Duals are alternating sums of gains along a path of the tree, so they stay within (n + m + 1)
    times the largest gain.
    """
    if (len(supply) + len(demand) + 1) * largest_gain >= LARGEST:
        return "gain"
    if sum(supply.tolist()) + sum(demand.tolist()) >= LARGEST:
        return "quantity"
    return ""


def _near(
    supply: Ints, demand: Ints, arcs: Arcs, flow: Ints, found: Found, tolerance: float
) -> bool:
    """Whether the bound that the duals give, raised by what they miss, is near enough."""
    welfare = inner(arcs.gain, flow)
    missed = min(inner(supply, found.missed_u), inner(demand, found.missed_v))
    return missed <= tolerance * welfare
