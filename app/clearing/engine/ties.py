"""Who comes first among equals: the smallholder, then whoever was there earliest.

Every row gets a whole bonus per unit. Along any exchange between two optima only the two ends
change what they trade in all, so a bonus is decided by its greatest difference at two ends: above
twice the sum of the two sides' ranks, the smallholders' outweighs every rank.
"""

import numpy as np

from app.clearing.engine.book import Book, Ints


def bonuses(book: Book) -> Ints:
    """(n + m,) bonus per unit of each offer and each demand, at least 1."""
    offers, demands = book.offers, book.demands
    earliest = np.concatenate((_ranks(offers.listed_at), _ranks(demands.posted_at)))
    smallholder = np.zeros_like(earliest)
    smallholder[: len(offers)] = offers.smallholder
    return earliest + smallholder * (2 * len(earliest) + 1)


def _ranks(since: Ints) -> Ints:
    """(rows,) the row count for the earliest, 1 for the latest; equal instants by row."""
    ranks = np.empty(len(since), dtype=np.int64)
    ranks[np.argsort(since, kind="stable")] = np.arange(len(since), 0, -1)
    return ranks
