"""Roughly right duals to begin with: a third of the market is solved, then everybody asks it.

The rows of a third are taken evenly from the order in which the book is cut into blocks, so that
it looks like the whole. Extending its duals to all rows is the c-transform of optimal transport:
u_i = max(0, max_j (c_ij − v_j)) over the third's demands, and likewise for v.
"""

from dataclasses import replace

import numpy as np

from app.clearing.engine.all_pairs import AllPairs
from app.clearing.engine.book import Accepts, Book, Demands, Ints, Offers
from app.clearing.engine.column_generation import ANY, optimum
from app.clearing.engine.pricing import Prices

_SMALL = 1 << 17
"""Up to so many pairs nothing is gained by a smaller market first."""
_EVERY = 3
_ROUGHLY = 1e-3
_REACH = 50


def starting_prices(book: Book, pricing: AllPairs) -> Prices:
    """Duals of all rows of a book; O(n·m) pairs at worst over all levels."""
    n, m = len(book.offers), len(book.demands)
    nothing = Prices.of(np.zeros(n, dtype=np.int64), np.zeros(m, dtype=np.int64))
    if n * m <= _SMALL:
        return nothing
    offers = pick_offers(book.offers, np.sort(pricing.offers_in_order[::_EVERY]))
    demands = pick_demands(book.demands, np.sort(pricing.demands_in_order[::_EVERY]))
    third = replace(book, offers=offers, demands=demands)
    pairs = AllPairs.of(third)
    found = optimum(
        offers.quantity,
        demands.quantity,
        pairs,
        start=starting_prices(third, pairs),
        reach=reach_of(third),
        bonus=np.zeros(len(offers) + len(demands), dtype=np.int64),
        tolerance=_ROUGHLY,
    ).prices
    u = pairs.with_offers_of(pricing).least_u(found.v)
    v = pricing.with_offers_of(pairs).least_v(found.u)
    return Prices.of(u, v)


def reach_of(book: Book) -> int:
    """How far below the prices a pair may be to begin with: a fiftieth of the middle bid."""
    return -int(np.median(book.demands.bid)) // _REACH - 1 if len(book.demands) else ANY


def pick_offers(offers: Offers, rows: Ints) -> Offers:
    """Some offers, in ascending order of rows."""
    return replace(offers, **{name: column[rows] for name, column in vars(offers).items()})


def pick_demands(demands: Demands, rows: Ints) -> Demands:
    """Some demands, in ascending order of rows, with what they accept."""
    accepts = demands.accepts
    kept = np.flatnonzero(np.isin(accepts.demand, rows))
    columns = {name: column[kept] for name, column in vars(accepts).items()}
    columns["demand"] = np.searchsorted(rows, columns["demand"])
    own = {name: column[rows] for name, column in vars(demands).items() if name != "accepts"}
    return replace(demands, **own, accepts=Accepts(**columns))
