"""The gates of goods, as far as they go, in one word: what goods have, and what demands need.

A pair can only be allowed if every bit that the demand needs is among those the offer has. The
word has 31 bits, for 8 commodities (by their remainder), the 8 best grades and 15 certificate
schemes; what does not fit into it is left to the exact tests, so the word never refuses what they
would allow.
"""

import numpy as np

from app.clearing.engine.book import NONE, Demands, Ints, Offers

_COMMODITIES, _GRADES, _SCHEMES = 8, 8, 15
_ONE = np.int64(1)


def has_bits(offers: Offers) -> Ints:
    """(n,) what each offer has: its commodity, every worst grade it satisfies, its certificates."""
    every = (_ONE << _COMMODITIES) - 1
    has = np.where(offers.commodity == NONE, every, _ONE << (offers.commodity % _COMMODITIES))
    good_enough = (_ONE << _GRADES) - (_ONE << np.clip(offers.grade, 0, _GRADES))
    has |= np.where(offers.grade == NONE, 0, good_enough) << _COMMODITIES
    return has | _scheme_bits(offers.certificates)


def needs_bits(demands: Demands) -> Ints:
    """(m,) what every accepted row of a demand needs."""
    accepts = demands.accepts
    needs = np.where(accepts.commodity == NONE, 0, _ONE << (accepts.commodity % _COMMODITIES))
    named = (accepts.worst_grade != NONE) & (accepts.worst_grade < _GRADES)
    needs |= np.where(named, _ONE << (_COMMODITIES + np.where(named, accepts.worst_grade, 0)), 0)
    needs |= _scheme_bits(accepts.certificates)
    if not len(demands):
        return needs
    first = np.searchsorted(accepts.demand, np.arange(len(demands)))
    return np.bitwise_and.reduceat(needs, first)


def _scheme_bits(certificates: Ints) -> Ints:
    if not certificates.shape[1]:
        return np.zeros(len(certificates), dtype=np.int64)
    schemes = (_ONE << _SCHEMES) - 1
    bits: Ints = (certificates[:, 0] & schemes) << (_COMMODITIES + _GRADES)
    return bits
