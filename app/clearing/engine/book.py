"""The book of one market as columns, and the bounds within which it can be cleared.

Units: quantities in thousandths of the market's base unit, prices in hundredths of a VND,
positions in whole ECEF metres, instants in seconds since 1970-01-01 UTC. Every column is int64
(or bool), so equal books are equal bit for bit on every machine.

Row order is part of the book: where several optima exist, the solver's choice may follow it.
Callers therefore sort rows by identifier, which makes the result independent of arrival order.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Whole = int | np.int64
"""One number out of such a column, as compiled code passes it."""

QUANTITY_SCALE = 1_000
PRICE_SCALE = 100
MAX_QUANTITY = 999_999_999_999
"""Largest quantity of a row: 999,999,999.999 units. A million such rows still sum within int64."""
MAX_PRICE = 99_999_999_999
"""Largest price of a row: 999,999,999.99 VND per unit."""
MAX_HAULAGE = 10**12
"""Largest haulage in VND per unit over the greatest distance on Earth that a tariff may give."""
EARTH_RADIUS_M = 6_371_008.8
NONE = -1
"""Marks an absent code, grade or rank; every real one is at least 0."""
FOREVER = 2**40
"""An instant beyond every calendar, in seconds; its negative stands for "always has been"."""


class BookRefused(Exception):
    """A book that cannot be cleared, with a stable code and the row and field at fault."""

    def __init__(self, code: str, *, row: str, field: str, detail: str) -> None:
        super().__init__(f"{code}: {row}, {field}: {detail}")
        self.code = code
        self.row = row
        self.field = field
        self.detail = detail


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """The market's haulage: unit_weight_kg × (base + rate_per_km × km) VND per unit.

    km = road_factor × the straight distance; travel takes km ÷ speed_kmh hours.
    """

    base: Decimal
    rate_per_km: Decimal
    road_factor: Decimal
    speed_kmh: Decimal
    unit_weight_kg: Decimal


@dataclass(frozen=True, kw_only=True)
class Offers:
    """n offers. A: quality attributes; W and R: words of 62 certificate schemes or restrictions."""

    quantity: Ints
    """(n,) thousandths of a unit."""
    ask: Ints
    """(n,) least price at the farm gate, hundredths of a VND per unit."""
    position: Ints
    """(n, 3) ECEF metres."""
    seller: Ints
    """(n,) code of the organisation that sells; buyers share the same codes."""
    commodity: Ints
    """(n,) code, or NONE."""
    grade: Ints
    """(n,) rank, smaller is better, or NONE."""
    quality: Ints
    """(n, A) rank of the stated value among all values of the book, or NONE."""
    certificates: Ints
    """(n, W) bit mask of the schemes valid at harvest."""
    available_from: Ints
    """(n,) earliest departure."""
    expires_at: Ints
    """(n,) latest arrival that the goods survive."""
    private_list: Ints
    """(n,) index of the list of buyers who may see the offer, or NONE for everyone."""
    smallholder: Bools
    """(n,) whether the seller is one; smallholders come first among equals."""
    listed_at: Ints
    """(n,) when the offer was listed, 0 where that is not known."""
    min_quantity: Ints
    """(n,) least quantity of a trade in thousandths of a unit; 0 where any will do."""
    stays_inside: Ints
    """(n, R) bit mask of the restrictions whose area the goods may not leave."""
    stays_outside: Ints
    """(n, R) bit mask of the restrictions whose area the goods may not enter."""

    def __len__(self) -> int:
        return len(self.quantity)

    def take(self, rows: slice) -> Self:
        """The offers of some rows, as views."""
        return replace(self, **{name: column[rows] for name, column in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class Accepts:
    """k rows of what demands accept; one demand holds one or more neighbouring rows."""

    demand: Ints
    """(k,) the demand, ascending; every demand has at least one row."""
    commodity: Ints
    """(k,) code, or NONE for any."""
    worst_grade: Ints
    """(k,) worst rank taken, or NONE for any."""
    low: Ints
    """(k, A) lowest rank of a quality taken, or NONE."""
    high: Ints
    """(k, A) highest rank of a quality taken, or NONE."""
    certificates: Ints
    """(k, W) bit mask of the schemes required."""

    def take(self, demands: slice) -> Self:
        """The rows of some neighbouring demands, numbered anew from 0."""
        start = demands.start
        first, last = np.searchsorted(self.demand, [start, demands.stop])
        columns = {name: column[first:last] for name, column in vars(self).items()}
        return replace(self, **(columns | {"demand": columns["demand"] - start}))


@dataclass(frozen=True, kw_only=True)
class Demands:
    """m demands. L: private lists of the book; R: words of 62 restrictions."""

    quantity: Ints
    """(m,) thousandths of a unit."""
    bid: Ints
    """(m,) greatest price delivered, hundredths of a VND per unit."""
    position: Ints
    """(m, 3) ECEF metres."""
    buyer: Ints
    """(m,) code of the organisation that buys."""
    deliver_from: Ints
    """(m,) earliest arrival."""
    deliver_until: Ints
    """(m,) latest arrival."""
    on_list: Bools
    """(m, L) whether the buyer stands on a private list."""
    posted_at: Ints
    """(m,) when the demand was posted, 0 where that is not known."""
    min_delivery: Ints
    """(m,) least quantity of a trade in thousandths of a unit; 0 where any will do."""
    max_suppliers: Ints
    """(m,) most sellers it may be filled by, or NONE for any number."""
    inside: Ints
    """(m, R) bit mask of the restrictions in whose area the goods are wanted."""
    accepts: Accepts

    def __len__(self) -> int:
        return len(self.quantity)

    def take(self, rows: slice) -> Self:
        """The demands of some rows, with what they accept."""
        columns = {name: part[rows] for name, part in vars(self).items() if name != "accepts"}
        return replace(self, **columns, accepts=self.accepts.take(rows))


@dataclass(frozen=True, kw_only=True)
class Book:
    """Everything a clearing needs to know: n offers, m demands and the tariff between them."""

    offers: Offers
    demands: Demands
    tariff: Tariff
    smallholder_bonus: int = 0
    """What a unit sold by a smallholder counts for more when trades are chosen, hundredths of a
    VND; nobody pays it."""

    def only(self, *, offers: slice | None = None, demands: slice | None = None) -> Self:
        """The book of some neighbouring rows; slices have both ends."""
        return replace(
            self,
            offers=self.offers if offers is None else self.offers.take(offers),
            demands=self.demands if demands is None else self.demands.take(demands),
        )


class Lots(NamedTuple):
    """What a choice of pairs has to honour."""

    least: Ints
    """(e,) least quantity of a trade on each pair, thousandths of a unit."""
    seller: Ints
    """(e,) who sells."""
    most: Ints
    """(e,) most sellers of the pair's demand, or NONE."""

    def take(self, places: Ints) -> "Lots":
        """The lots of some pairs."""
        return Lots(*(column[places] for column in self))


def check_book(book: Book) -> None:
    """Refuse, by name, figures beyond the bounds within which int64 cannot overflow."""
    for side, price, least, rows in (
        ("offers", "ask", "min_quantity", book.offers),
        ("demands", "bid", "min_delivery", book.demands),
    ):
        _check_column(side, "quantity", rows.quantity, low=1, high=MAX_QUANTITY)
        _check_column(side, price, getattr(rows, price), low=0, high=MAX_PRICE)
        _check_column(side, least, getattr(rows, least), low=0, high=MAX_QUANTITY)
        edge = int(EARTH_RADIUS_M) + 1
        _check_column(side, "position", rows.position, low=-edge, high=edge)
    most = book.demands.max_suppliers
    _check_column("demands", "max_suppliers", most[most != NONE], low=1, high=MAX_QUANTITY)
    if not 0 <= book.smallholder_bonus <= MAX_PRICE:
        raise BookRefused(
            "absurd_magnitude",
            row="policy",
            field="smallholder_bonus",
            detail=f"must lie between 0 and {MAX_PRICE}",
        )
    check_tariff(book.tariff)


def _check_column(side: str, field: str, column: Ints, *, low: int, high: int) -> None:
    if column.dtype != np.int64:
        raise BookRefused("wrong_type", row=side, field=field, detail="int64 is needed")
    beyond = np.argwhere((column < low) | (column > high))
    if len(beyond):
        row = int(beyond[0][0])
        code = "negative" if column[tuple(beyond[0])] < 0 <= low else "absurd_magnitude"
        raise BookRefused(
            code, row=f"{side}[{row}]", field=field, detail=f"must lie between {low} and {high}"
        )


def check_tariff(tariff: Tariff) -> None:
    """Refuse a tariff that is not finite, negative, motionless or beyond every price."""
    for field, figure in vars(tariff).items():
        if not figure.is_finite():
            raise BookRefused("not_finite", row="haulage", field=field, detail="must be finite")
        if figure < 0:
            raise BookRefused("negative", row="haulage", field=field, detail="must not be negative")
        if figure > MAX_HAULAGE:
            raise BookRefused("absurd_magnitude", row="haulage", field=field, detail="too large")
    if tariff.speed_kmh < Decimal("0.001"):
        raise BookRefused("absurd_magnitude", row="haulage", field="speed_kmh", detail="too slow")
    farthest_km = tariff.road_factor * 12_743
    if tariff.unit_weight_kg * (tariff.base + tariff.rate_per_km * farthest_km) > MAX_HAULAGE:
        raise BookRefused(
            "absurd_magnitude", row="haulage", field="rate_per_km", detail="haulage too large"
        )
