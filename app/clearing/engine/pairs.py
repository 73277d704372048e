"""The pairs worth considering: allowed, and with a gain to share.

The gain of a pair is c = bid − ask − haulage, in hundredths of a VND per unit. A pair with c = 0
would change nobody's position, so it never trades; leaving it out changes neither the optimum nor
the prices, since u + v ≥ 0 ≥ c holds for it anyway.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from app.clearing.engine.allowed import allowed
from app.clearing.engine.book import PRICE_SCALE, Book, Ints
from app.clearing.engine.haulage import haulage

_CELLS_PER_BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """e pairs, ascending by offer and then by demand."""

    offer: Ints
    """(e,) row of the offer."""
    demand: Ints
    """(e,) row of the demand."""
    gain: Ints
    """(e,) hundredths of a VND per unit, positive."""

    def __len__(self) -> int:
        return len(self.gain)

    def take(self, which: Ints) -> Self:
        """Some of the pairs."""
        return replace(
            self, offer=self.offer[which], demand=self.demand[which], gain=self.gain[which]
        )


def gainful_pairs(book: Book) -> Pairs:
    """All allowed pairs with a positive gain; O(n·m) time, memory of one block and the answer."""
    offers, demands, gains = [], [], []
    for rows in blocks(book):
        block = book.only(offers=rows)
        gain = gains_of(block)
        offer, demand = np.nonzero((gain > 0) & allowed(block))
        offers.append(offer + rows.start)
        demands.append(demand)
        gains.append(gain[offer, demand])
    nothing = np.zeros(0, dtype=np.int64)
    return Pairs(
        offer=np.concatenate([nothing, *offers]),
        demand=np.concatenate([nothing, *demands]),
        gain=np.concatenate([nothing, *gains]),
    )


def gains_of(book: Book) -> Ints:
    """(n, m) the gain of every pair, allowed or not."""
    gross = book.demands.bid[None, :] - book.offers.ask[:, None]
    return gross - PRICE_SCALE * haulage(book)


def blocks(book: Book) -> Iterator[slice]:
    """Ranges of offers small enough that one block of pairs stays in a few megabytes."""
    width = max(1, len(book.demands.accepts.demand))
    height = max(1, _CELLS_PER_BLOCK // width)
    for start in range(0, len(book.offers), height):
        yield slice(start, min(start + height, len(book.offers)))
