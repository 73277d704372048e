"""Every pair of a book, a block of offers at a time: who may trade, at what haulage and gain."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal, localcontext

import numpy as np
from numpy.typing import NDArray

from app.clearing.verifier.reading import ANY, Ints, Snapshot, Table, metres, naming

PAIRS_AT_ONCE = 1 << 20
NEAR = 1e-6
"""How near to a step of rounding a figure in floating point is worked out again in decimals."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Offers ``first`` and following, against all demands."""

    first: int
    allowed: Table
    haulage: Ints
    """Hundredths of a VND per unit."""
    gain: Ints
    """Limit − ask − haulage, hundredths of a VND per unit."""


class Pairs:
    """What all blocks of a book share."""

    def __init__(self, book: Snapshot) -> None:
        self.book = book
        self.pickup, self.site = metres(book.offers), metres(book.demands)
        crossed = {
            str(name)
            for row in book.offers
            for end in ("stays_inside", "stays_outside")
            for name in (row.get("gates") or {}).get(end) or []
        }
        names = sorted(crossed)
        self.kept_in = naming(book.offers, "stays_inside", names)
        self.kept_out = naming(book.offers, "stays_outside", names)
        self.inside = naming(book.demands, "inside", names)
        self.sellers = np.array([str(row["seller_id"]) for row in book.offers])
        self.buyers = np.array([str(row["buyer_id"]) for row in book.demands])

    def blocks(self) -> Iterator[Block]:
        """All pairs; memory of a few tables of `PAIRS_AT_ONCE`."""
        height = max(1, PAIRS_AT_ONCE // max(1, len(self.book.goods.of_demand)))
        for first in range(0, len(self.book.offers), height):
            yield self._block(slice(first, first + height))

    def _block(self, rows: slice) -> Block:
        apart = self._squared_metres(rows)
        haulage = 100 * self._haulage(apart)
        allowed = self._goods_fit(rows) & self._in_time(rows, apart) & self._lots_fit(rows)
        allowed &= self.sellers[rows, None] != self.buyers
        allowed &= _none_of(self.kept_in[rows], ~self.inside)
        allowed &= _none_of(self.kept_out[rows], self.inside)
        for index, row in enumerate(self.book.offers[rows]):
            listed = (row.get("gates") or {}).get("buyers")
            if listed is not None:
                allowed[index] &= np.isin(self.buyers, [str(one) for one in listed])
        gain = self.book.bid - self.book.ask[rows, None] - haulage
        return Block(first=rows.start, allowed=allowed, haulage=haulage, gain=gain)

    def _goods_fit(self, rows: slice) -> Table:
        """One of the rows that a demand accepts is met as a whole."""
        goods = self.book.goods
        offered = {name: column[rows, None] for name, column in goods.offered.items()}
        accepted = goods.accepted
        fits = _none_of(goods.lacking[rows], goods.required)
        fits &= (
            (offered["commodity"] == accepted["commodity"])
            | (offered["commodity"] == ANY)
            | (accepted["commodity"] == ANY)
        )
        worst, grade = accepted["grade"], offered["grade"]
        fits &= (worst == ANY) | ((grade != ANY) & (grade <= worst))
        for code in goods.qualities:
            stated, low, high = offered[code], accepted[f"min {code}"], accepted[f"max {code}"]
            fits &= (low == ANY) | ((stated != ANY) & (stated >= low))
            fits &= (high == ANY) | ((stated != ANY) & (stated <= high))
        if len(goods.of_demand) == len(self.book.demands):
            return fits
        starts = np.flatnonzero(np.diff(goods.of_demand, prepend=-1))
        return np.logical_or.reduceat(fits, starts, axis=1)

    def _lots_fit(self, rows: slice) -> Table:
        """What both sides ask for at the least is no more than either has."""
        book = self.book
        least = np.maximum(book.least_sold[rows, None], book.least_bought)
        fits: Table = least <= np.minimum(book.supply[rows, None], book.wanted)
        return fits

    def _in_time(self, rows: slice, apart: Ints) -> Table:
        """An arrival late enough to travel is early enough for buyer and shelf life."""
        book = self.book
        arrives = book.leaves[rows, None] + self._travel_seconds(apart)
        earliest = np.maximum(arrives, book.opens)
        fits: Table = earliest <= np.minimum(book.spoils[rows, None], book.shuts)
        return fits

    def _squared_metres(self, rows: slice) -> Ints:
        apart = self.pickup[rows, None, :] - self.site[None, :, :]
        squared: Ints = np.einsum("ijk,ijk->ij", apart, apart)
        return squared

    def _haulage(self, squared: Ints) -> Ints:
        """Whole VND per unit: unit_weight_kg × (base + rate_per_km × km), half to even."""
        tariff = self.book.haulage
        weight = tariff["unit_weight_kg"]
        per_metre = weight * tariff["rate_per_km"] * tariff["road_factor"] / 1000
        return _rounded(squared, weight * tariff["base"], per_metre, ROUND_HALF_EVEN)

    def _travel_seconds(self, squared: Ints) -> Ints:
        """Whole seconds, rounded up: km ÷ speed_kmh."""
        tariff = self.book.haulage
        with localcontext(prec=60):
            per_metre = tariff["road_factor"] * Decimal("3.6") / tariff["speed_kmh"]
        return _rounded(squared, Decimal(0), per_metre, ROUND_CEILING)


def _rounded(squared: Ints, fixed: Decimal, per_metre: Decimal, rounding: str) -> Ints:
    """fixed + per_metre × √squared in whole numbers; in sixty digits where it is a close thing."""
    if not per_metre:
        return np.full(squared.shape, int(fixed.to_integral_value(rounding)), dtype=np.int64)
    estimate = float(fixed) + float(per_metre) * np.sqrt(squared.astype(np.float64))
    half = 0.5 if rounding == ROUND_HALF_EVEN else 0.0
    found = np.rint(estimate) if half else np.ceil(estimate)
    close = np.abs(estimate - half - np.rint(estimate - half)) < NEAR
    distances, places = np.unique(squared[close], return_inverse=True)
    found[close] = _exactly(distances, fixed, per_metre, rounding)[places]
    return found.astype(np.int64)


def _exactly(squared: Ints, fixed: Decimal, per_metre: Decimal, rounding: str) -> Ints:
    with localcontext(prec=60):
        exact = [
            int((fixed + per_metre * Decimal(one).sqrt()).to_integral_value(rounding))
            for one in squared.tolist()
        ]
    return np.array(exact, dtype=np.int64)


def _none_of(mine: Table, theirs: Table) -> Table:
    """(rows, others) nothing is named by both."""
    shared: NDArray[np.float32] = mine.astype(np.float32) @ theirs.astype(np.float32).T
    nothing: Table = shared == 0
    return nothing
