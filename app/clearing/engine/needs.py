"""The gates of goods, as far as they go, in one word: what goods have, and what demands need.

A pair can only be allowed if every bit that the demand needs is among those the offer has. The
word has room for 16 commodities, 16 worst grades and 30 certificate schemes; what does not fit
into it is left to the exact tests, so the word never refuses what they would allow.
"""

import numpy as np

from app.clearing.engine.book import NONE, Book, Ints

_COMMODITIES, _GRADES, _SCHEMES = 16, 16, 30


def has_and_needs(book: Book) -> tuple[Ints, Ints]:
    """(n,) the bits of each offer, (m,) the bits every accepted row of a demand needs."""
    offers, accepts = book.offers, book.demands.accepts
    one = np.int64(1)
    every = (one << _COMMODITIES) - 1
    has = np.where(offers.commodity == NONE, every, one << (offers.commodity % _COMMODITIES))
    needs = np.where(accepts.commodity == NONE, 0, one << (accepts.commodity % _COMMODITIES))
    worst_grades = np.unique(accepts.worst_grade[accepts.worst_grade != NONE])[:_GRADES]
    for place, worst in enumerate(worst_grades, start=_COMMODITIES):
        good_enough = (offers.grade != NONE) & (offers.grade <= worst)
        has |= good_enough.astype(np.int64) << place
        needs |= (accepts.worst_grade == worst).astype(np.int64) << place
    if offers.certificates.shape[1]:
        schemes = (one << _SCHEMES) - 1
        has |= (offers.certificates[:, 0] & schemes) << (_COMMODITIES + _GRADES)
        needs |= (accepts.certificates[:, 0] & schemes) << (_COMMODITIES + _GRADES)
    if not len(book.demands):
        return has, needs
    first = np.searchsorted(accepts.demand, np.arange(len(book.demands)))
    return has, np.bitwise_and.reduceat(needs, first)
