"""The pairs that would both do better with each other than at the prices they got.

Where prices support an optimum there are none. Minimum lots and maximum suppliers can leave some:
they are paradoxically rejected, as in power markets with block bids, and every one is told.
"""

from dataclasses import replace

import numpy as np

from app.clearing.engine.all_pairs import AllPairs
from app.clearing.engine.allowed import allowed
from app.clearing.engine.book import Book, Ints
from app.clearing.engine.pairs import gains_of
from app.clearing.engine.pricing import Prices
from app.clearing.engine.starting_prices import pick_offers

NOBODY = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
"""No pair at all."""


def envious_pairs(book: Book, pairs: AllPairs, u: Ints, v: Ints) -> tuple[Ints, Ints]:
    """Offers (r,) and demands (r,) of all allowed pairs with c > u + v, ascending.

    One pass over all pairs finds whose they are; theirs alone are then written down.
    """
    rows = np.flatnonzero(pairs.best(Prices.of(u, v), few=1, beyond=0).missed_u)
    offers, demands = [NOBODY[0]], [NOBODY[1]]
    for row in rows:
        one = replace(book, offers=pick_offers(book.offers, np.array([row])))
        envied = np.flatnonzero((gains_of(one) > u[row] + v) & allowed(one))
        offers.append(np.full(len(envied), row))
        demands.append(envied)
    return np.concatenate(offers), np.concatenate(demands)
