"""Which pairs may trade: one test per gate, each on its own, so that a refusal can be named.

The gates of goods compare n offers with the k rows of what demands accept; the gates of pairs
compare n offers with m demands. A pair is allowed when one accepted row passes all gates of goods
and the pair passes all gates of pairs. Each test is O(n·k) or O(n·m) on whole arrays; the caller
cuts a large book into blocks of offers.
"""

from collections.abc import Callable

import numpy as np

from app.clearing.engine.book import NONE, Book, Bools, Ints
from app.clearing.engine.haulage import travel_seconds


def commodity_fits(book: Book) -> Bools:
    """(n, k) the offer's commodity is the one accepted, or one of them is not stated."""
    offered = book.offers.commodity[:, None]
    accepted = book.demands.accepts.commodity[None, :]
    fits: Bools = (offered == accepted) | (offered == NONE) | (accepted == NONE)
    return fits


def grade_fits(book: Book) -> Bools:
    """(n, k) the stated grade is no worse than the worst accepted; unstated fails a limit."""
    grade = book.offers.grade[:, None]
    worst = book.demands.accepts.worst_grade[None, :]
    fits: Bools = (worst == NONE) | ((grade != NONE) & (grade <= worst))
    return fits


def quality_fits(book: Book) -> Bools:
    """(n, k) every limited quality is stated and lies within its limits."""
    offers, accepts = book.offers, book.demands.accepts
    fits = np.ones((len(offers), len(accepts.demand)), dtype=np.bool_)
    for attribute in range(offers.quality.shape[1]):
        stated = offers.quality[:, None, attribute]
        low, high = accepts.low[None, :, attribute], accepts.high[None, :, attribute]
        fits &= (low == NONE) | (stated >= low)
        fits &= (high == NONE) | ((stated != NONE) & (stated <= high))
    return fits


def certificates_fit(book: Book) -> Bools:
    """(n, k) every required scheme was held at harvest."""
    held, required = book.offers.certificates, book.demands.accepts.certificates
    fits = np.ones((len(held), len(required)), dtype=np.bool_)
    for word in range(held.shape[1]):
        fits &= (required[None, :, word] & ~held[:, None, word]) == 0
    return fits


def window_fits(book: Book) -> Bools:
    """(n, m) some arrival is late enough to travel and early enough for buyer and shelf life."""
    return window_shortfall(book) <= 0


def window_shortfall(book: Book) -> Ints:
    """(n, m) seconds by which the earliest arrival misses the latest one; positive is a miss."""
    reached = book.offers.available_from[:, None] + travel_seconds(book)
    earliest = np.maximum(reached, book.demands.deliver_from[None, :])
    latest = np.minimum(book.offers.expires_at[:, None], book.demands.deliver_until[None, :])
    shortfall: Ints = earliest - latest
    return shortfall


def private_list_fits(book: Book) -> Bools:
    """(n, m) the offer is open to everyone, or its list names the buyer."""
    lists = book.offers.private_list
    fits = np.ones((len(lists), len(book.demands)), dtype=np.bool_)
    private = lists != NONE
    fits[private] = book.demands.on_list.T[lists[private]]
    return fits


def owners_differ(book: Book) -> Bools:
    """(n, m) seller and buyer are two organisations: nobody trades with itself."""
    fits: Bools = book.offers.seller[:, None] != book.demands.buyer[None, :]
    return fits


def minimum_lots_fit(book: Book) -> Bools:
    """(n, m) neither side's least trade exceeds what either has or wants."""
    offers, demands = book.offers, book.demands
    least = np.maximum(offers.min_quantity[:, None], demands.min_delivery[None, :])
    fits: Bools = least <= np.minimum(offers.quantity[:, None], demands.quantity[None, :])
    return fits


def restrictions_fit(book: Book) -> Bools:
    """(n, m) the way crosses no border that it may not cross."""
    fits = np.ones((len(book.offers), len(book.demands)), dtype=np.bool_)
    for word in range(book.demands.inside.shape[1]):
        inside = book.demands.inside[None, :, word]
        fits &= (book.offers.stays_inside[:, None, word] & ~inside) == 0
        fits &= (book.offers.stays_outside[:, None, word] & inside) == 0
    return fits


GATES_OF_GOODS: dict[str, Callable[[Book], Bools]] = {
    "commodity": commodity_fits,
    "grade": grade_fits,
    "quality": quality_fits,
    "certificate": certificates_fit,
}
GATES_OF_PAIRS: dict[str, Callable[[Book], Bools]] = {
    "window": window_fits,
    "private": private_list_fits,
    "own": owners_differ,
    "restriction": restrictions_fit,
    "minimum_lot": minimum_lots_fit,
}


def allowed(book: Book) -> Bools:
    """(n, m) the pairs that pass every gate."""
    if not len(book.offers) or not len(book.demands):
        return np.zeros((len(book.offers), len(book.demands)), dtype=np.bool_)
    goods = np.ones((len(book.offers), len(book.demands.accepts.demand)), dtype=np.bool_)
    for gate in GATES_OF_GOODS.values():
        goods &= gate(book)
    first_rows = np.searchsorted(book.demands.accepts.demand, np.arange(len(book.demands)))
    pairs: Bools = np.logical_or.reduceat(goods, first_rows, axis=1)
    for gate in GATES_OF_PAIRS.values():
        pairs &= gate(book)
    return pairs
