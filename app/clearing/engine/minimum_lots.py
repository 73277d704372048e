"""Minimum lots and maximum suppliers: a trade of at least so much or none, from at most so many.

They turn the linear programme into a mixed-integer one. Prices that support a trade exist only for
linear optima, so the answer is always the linear optimum of some of the pairs: pairs that come out
too small are deleted and the rest is solved again, until all fit. A mixed-integer programme over
the most promising pairs then looks for a better choice of pairs within a budget of nodes, and its
choice goes through the same repair. Nobody ever trades at a loss; what is lost against the optimum
without minimum lots is the certificate's gap, and pairs that would have traded are told as
paradoxically rejected.
"""

import numpy as np

from app.clearing.engine.book import NONE, Book, Bools, Floats, Ints, Lots
from app.clearing.engine.certificate import inner
from app.clearing.engine.column_generation import Optimum
from app.clearing.engine.network_simplex import Arcs, flow_of, optimise, planted, prices_of
from app.clearing.engine.ties import bonuses


def has_minimum_lots(book: Book) -> bool:
    """Whether any row asks for a minimum beyond the smallest trade, or for few suppliers."""
    least = max(book.offers.min_quantity.max(initial=0), book.demands.min_delivery.max(initial=0))
    return bool(least > 1 or (book.demands.max_suppliers != NONE).any())


def honour_minimum_lots(book: Book, free: Optimum) -> Optimum:
    """The best choice found among the pairs of an optimum that ignores minimum lots."""
    # HiGHS is loaded where it is needed: OR-Tools brings a library of the same name, and one
    # process cannot hold both.
    from app.clearing.engine.lot_choice import chosen_pairs

    lots = Lots(
        np.maximum(
            book.offers.min_quantity[free.arcs.offer], book.demands.min_delivery[free.arcs.demand]
        ),
        book.offers.seller[free.arcs.offer],
        book.demands.max_suppliers[free.arcs.demand],
    )
    if not len(_unfit(free.arcs, free.flow, lots)):
        return free
    repaired = _repaired(book, free, lots, np.ones(len(free.flow), dtype=np.bool_))
    chosen = chosen_pairs(book, free, lots, repaired)
    improved = _repaired(book, free, lots, chosen)
    return max((repaired, improved), key=lambda found: inner(found.arcs.gain, found.flow))


def _repaired(book: Book, free: Optimum, lots: Lots, kept: Bools) -> Optimum:
    """Solve the kept pairs, delete what does not fit, and again; only deleting, so it ends."""
    supply, demand, bonus = book.offers.quantity, book.demands.quantity, bonuses(book)
    arcs, prices = free.arcs, free.prices
    better = arcs.gain - prices.u[arcs.offer] - prices.v[arcs.demand]
    places = np.flatnonzero(kept)
    while True:
        some = arcs.take(places)
        tree = planted(supply, demand, bonus, some, np.argsort(-better[places], kind="stable"))
        optimise(tree, some, bonus, len(supply))
        flow = flow_of(tree, len(places))
        unfit = _unfit(some, flow, lots.take(places))
        if not len(unfit):
            return Optimum(some, flow, prices_of(tree, len(supply)), missed=None)
        places = np.delete(places, unfit)


def _unfit(arcs: Arcs, flow: Ints, lots: Lots) -> Ints:
    """The pairs to delete next: of each row the one that is shortest of its lot, if any is."""
    share = np.where(flow > 0, flow / np.maximum(lots.least, 1), np.inf)
    short = np.flatnonzero(share < 1)
    out = short[_first_of_each(arcs.offer[short], share[short])]
    out = out[_first_of_each(arcs.demand[out], share[out])]
    return np.union1d(out, _crowding(arcs, flow, lots))


def _first_of_each(row: Ints, share: Floats) -> Ints:
    """The places of the least share of every row."""
    order = np.lexsort((share, row))
    _, first = np.unique(row[order], return_index=True)
    places: Ints = order[first]
    return places


def _crowding(arcs: Arcs, flow: Ints, lots: Lots) -> Ints:
    """The pairs of the smallest seller of each demand that has one too many."""
    limited = np.flatnonzero((flow > 0) & (lots.most != NONE))
    out = [np.zeros(0, dtype=np.int64)]
    for demand in np.unique(arcs.demand[limited]):
        mine = limited[arcs.demand[limited] == demand]
        sellers, of_whom = np.unique(lots.seller[mine], return_inverse=True)
        if len(sellers) > lots.most[mine[0]]:
            sold = np.bincount(of_whom, weights=flow[mine])
            gone = sellers[np.argmin(sold)]
            out.append(np.flatnonzero((arcs.demand == demand) & (lots.seller == gone)))
    return np.concatenate(out)
