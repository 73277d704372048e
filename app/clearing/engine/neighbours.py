"""The rows of both sides of a book, cut into blocks of neighbours.

A k-d tree over positions gives leaves of rows that are near one another; within a leaf they are
sorted by goods and price. Blocks of such an order have small boxes and like prices, so whole
blocks of pairs can be passed over.
"""

from typing import NamedTuple

import numpy as np

from app.clearing.engine.book import Bools, Demands, Floats, Ints, Offers
from app.clearing.engine.needs import has_bits, needs_bits

BLOCK = 32
_LEAF = 128
"""The most rows of a leaf of the k-d tree; within it rows are sorted by goods and price."""


class OfferRows(NamedTuple):
    """The offers in the order of their blocks; columns as in :class:`book.Offers`."""

    row: Ints
    ask: Ints
    quantity: Ints
    min_quantity: Ints
    position: Floats
    seller: Ints
    commodity: Ints
    grade: Ints
    quality: Ints
    certificates: Ints
    available_from: Ints
    expires_at: Ints
    private_list: Ints
    stays_inside: Ints
    stays_outside: Ints
    box: Floats
    """(blocks, 6) least and greatest coordinates."""
    has: Ints
    """(n,) bits of what the goods are and hold."""
    block_has: Ints
    """(blocks,) bits that any offer of the block has."""


class DemandRows(NamedTuple):
    """The demands in the order of their blocks; columns as in :class:`book.Demands`."""

    row: Ints
    bid: Ints
    quantity: Ints
    min_delivery: Ints
    position: Floats
    buyer: Ints
    deliver_from: Ints
    deliver_until: Ints
    on_list: Bools
    inside: Ints
    first: Ints
    """(m + 1,) where the accepted rows of each demand begin."""
    commodity: Ints
    worst_grade: Ints
    low: Ints
    high: Ints
    certificates: Ints
    box: Floats
    needs: Ints
    """(m,) bits without which no accepted row of the demand fits."""
    block_needs: Ints
    """(blocks,) bits that every demand of the block needs."""


def offer_rows(offers: Offers) -> OfferRows:
    """The offers in blocks; O(n log n)."""
    has = has_bits(offers)
    order = _neighbours(offers.position, offers.commodity, offers.ask)
    position = offers.position[order].astype(np.float64)
    return OfferRows(
        row=order,
        ask=offers.ask[order],
        quantity=offers.quantity[order],
        min_quantity=offers.min_quantity[order],
        position=position,
        seller=offers.seller[order],
        commodity=offers.commodity[order],
        grade=offers.grade[order],
        quality=offers.quality[order],
        certificates=offers.certificates[order],
        available_from=offers.available_from[order],
        expires_at=offers.expires_at[order],
        private_list=offers.private_list[order],
        stays_inside=offers.stays_inside[order],
        stays_outside=offers.stays_outside[order],
        box=_boxes(position),
        has=has[order],
        block_has=_by_block(np.bitwise_or, has[order]),
    )


def demand_rows(demands: Demands) -> DemandRows:
    """The demands in blocks; O(m log m)."""
    accepts, needs = demands.accepts, needs_bits(demands)
    first_of = np.searchsorted(accepts.demand, np.arange(len(demands) + 1))
    kind = accepts.commodity[first_of[:-1]] if len(demands) else accepts.commodity[:0]
    order = _neighbours(demands.position, kind, -demands.bid)
    counts = np.diff(first_of)[order]
    first = np.concatenate(([0], np.cumsum(counts)))
    rows = np.repeat(first_of[:-1][order] - first[:-1], counts) + np.arange(first[-1])
    position = demands.position[order].astype(np.float64)
    return DemandRows(
        row=order,
        bid=demands.bid[order],
        quantity=demands.quantity[order],
        min_delivery=demands.min_delivery[order],
        position=position,
        buyer=demands.buyer[order],
        deliver_from=demands.deliver_from[order],
        deliver_until=demands.deliver_until[order],
        on_list=demands.on_list[order],
        inside=demands.inside[order],
        first=first,
        commodity=accepts.commodity[rows],
        worst_grade=accepts.worst_grade[rows],
        low=accepts.low[rows],
        high=accepts.high[rows],
        certificates=accepts.certificates[rows],
        box=_boxes(position),
        needs=needs[order],
        block_needs=_by_block(np.bitwise_and, needs[order]),
    )


def _neighbours(position: Ints, kind: Ints, price: Ints) -> Ints:
    """Rows in an order in which neighbours are near, of one kind and of like price."""
    leaves, waiting = [np.zeros(0, dtype=np.int64)], [np.arange(len(position))]
    while waiting:
        rows = waiting.pop()
        spread = np.ptp(position[rows], axis=0) if len(rows) else np.zeros(3)
        if len(rows) <= _LEAF or not spread.any():
            leaves.append(rows[np.lexsort((price[rows], kind[rows]))])
            continue
        along = position[rows, int(spread.argmax())]
        rows = rows[np.argsort(along, kind="stable")]
        half = -(-len(rows) // (2 * BLOCK)) * BLOCK
        waiting += [rows[half:], rows[:half]]
    return np.concatenate(leaves)


def _by_block(reduce: np.ufunc, column: np.ndarray) -> np.ndarray:
    starts = np.arange(0, len(column), BLOCK)
    return reduce.reduceat(column, starts, axis=0) if len(starts) else column


def _boxes(position: Floats) -> Floats:
    return np.hstack((_by_block(np.minimum, position), _by_block(np.maximum, position)))
