"""The nearest miss of a row that no gate-keeper lets trade: which gates, and what they would need.

Of all the partners it might have had, those count that fail the fewest gates; among them the most
common combination of failed gates is told.
"""

from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from app.clearing.columns import FrozenBook
from app.clearing.engine.allowed import (
    GATES_OF_GOODS,
    GATES_OF_PAIRS,
    private_list_fits,
    window_shortfall,
)
from app.clearing.engine.book import NONE, Book, Bools, Ints
from app.clearing.sentences import Value, text_of

_GATES = (*GATES_OF_GOODS, *GATES_OF_PAIRS)


@dataclass(frozen=True, kw_only=True)
class Miss:
    """One failed gate, with the figure that would pass it where there is one."""

    code: str
    figure: str | None = None
    figures: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Near:
    """The candidates that come nearest: rows of offers and of accepted goods, side by side."""

    book: Book
    offer: Ints
    accepted: Ints

    @property
    def demand(self) -> Ints:
        """The demand of each candidate."""
        return self.book.demands.accepts.demand[self.accepted]


def nearest_misses(frozen: FrozenBook, *, side: str, row: int) -> list[Miss]:
    """The gates that keep one offer or demand from trading; none if it had no counterpart."""
    one = slice(row, row + 1)
    book = frozen.book.only(offers=one) if side == "offer" else frozen.book.only(demands=one)
    failures = _failures(book)
    considered = np.ones(failures.shape[1:], dtype=np.bool_)
    if side == "demand" and failures.size:
        considered &= private_list_fits(book)[:, book.demands.accepts.demand]
    strangers = considered & ~failures[_GATES.index("own")]
    considered = strangers if strangers.any() else considered
    if not considered.any():
        return []
    codes = np.tensordot(1 << np.arange(len(_GATES)), failures, axes=1)
    counts = np.where(considered, failures.sum(axis=0), len(_GATES) + 1)
    nearest = considered & (counts == counts.min())
    kinds, sizes = np.unique(codes[nearest], return_counts=True)
    kind = int(kinds[np.argmax(sizes)])
    offers, accepted = np.nonzero(nearest & (codes == kind))
    near = Near(book=book, offer=offers, accepted=accepted)
    return [_miss(gate, frozen, near, side) for bit, gate in enumerate(_GATES) if kind >> bit & 1]


def _failures(book: Book) -> Bools:
    """(gates, n, k) true where a gate fails an offer and an accepted row."""
    rows = book.demands.accepts.demand
    goods = [~gate(book) for gate in GATES_OF_GOODS.values()]
    pairs = [~gate(book)[:, rows] for gate in GATES_OF_PAIRS.values()]
    return np.array(goods + pairs)


def _miss(gate: str, frozen: FrozenBook, near: Near, side: str) -> Miss:
    code = f"gate_{gate}"
    if gate == "grade" and side == "offer":
        needed = str(near.book.demands.accepts.worst_grade[near.accepted].max())
        return Miss(code=code, figure=needed, figures={"needed": needed})
    if gate == "quality":
        return _quality_miss(code, frozen, near, side)
    if gate == "certificate":
        schemes = _missing_schemes(frozen, near)
        return Miss(code=code, figure=schemes, figures={"needed": schemes})
    if gate == "minimum_lot":
        return _lot_miss(code, near, side)
    if gate == "window":
        short = int(window_shortfall(near.book)[near.offer, near.demand].min())
        hours = str(-(-short // 3600))
        return Miss(code=code, figure=hours, figures={"hours": hours})
    return Miss(code=code)


def _lot_miss(code: str, near: Near, side: str) -> Miss:
    """The reader's own lot is more than others have or want, or theirs than the reader does."""
    offers, demands = near.book.offers, near.book.demands
    mine = (offers.min_quantity[near.offer], offers.quantity[near.offer])
    theirs = (demands.min_delivery[near.demand], demands.quantity[near.demand])
    (own, quantity), (asked, _) = (mine, theirs) if side == "offer" else (theirs, mine)
    if (asked > quantity).any():
        figure = quantity_of(int(asked[asked > quantity].min()))
        return Miss(code=code, figure=f"{figure:f}", figures={"needed": figure})
    figure = quantity_of(int(own[0]))
    return Miss(code=f"{code}_own", figure=f"{figure:f}", figures={"quantity": figure})


def _quality_miss(code: str, frozen: FrozenBook, near: Near, side: str) -> Miss:
    """The quality that fails most candidates, and for an offer its easiest failing limit."""
    stated = near.book.offers.quality[near.offer]
    low = near.book.demands.accepts.low[near.accepted]
    high = near.book.demands.accepts.high[near.accepted]
    under = (low != NONE) & (stated < low)
    over = (high != NONE) & ((stated == NONE) | (stated > high))
    worst = int((under | over).sum(axis=0).argmax())
    quality = frozen.attributes[worst]
    if side == "demand":
        return Miss(code=code, figures={"quality": quality})
    if under[:, worst].any():
        rank = low[under[:, worst], worst].min()
    else:
        rank = high[over[:, worst], worst].max()
    needed = frozen.values[worst][int(rank)]
    figures: dict[str, Value] = {"quality": quality, "needed": needed[1]}
    return Miss(code=code, figure=text_of(needed[1]), figures=figures)


def quantity_of(thousandths: int) -> Decimal:
    """A quantity in units."""
    return Decimal(thousandths).scaleb(-3)


def _missing_schemes(frozen: FrozenBook, near: Near) -> str:
    """The certificates that the candidate with the fewest missing lacks."""
    required = near.book.demands.accepts.certificates[near.accepted]
    missing = required & ~near.book.offers.certificates[near.offer]
    names = [frozen.schemes_in(mask) for mask in np.unique(missing, axis=0)]
    fewest = min(len(schemes) for schemes in names)
    return min(", ".join(schemes) for schemes in names if len(schemes) == fewest)
