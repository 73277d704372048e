"""From the rows of a snapshot to the columns of the engine.

Names become codes: organisations, commodities, certificate schemes and private lists are numbered,
and the values of each quality are replaced by their rank among all values in the book, which keeps
every comparison exact whether they are decimals, dates or yes and no.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.clearing.engine import Accepts, Book, Demands, Offers, Tariff
from app.clearing.engine.book import FOREVER, NONE, Ints, check_book
from app.clearing.engine.haulage import ecef
from app.clearing.reading import Quality, Row, shown
from app.clearing.rows import (
    DEMAND_GATES,
    OFFER_GATES,
    accepted_by,
    checked_rows,
    gates_of,
    grade_of,
    limits_of,
    minimum_of,
    price_of,
    quantity_of,
)

_BITS_PER_WORD = 62


@dataclass
class Codes:
    """Numbers for names, given in the order in which the names are first met."""

    numbers: dict[Any, int] = field(default_factory=dict)

    def of(self, name: Any) -> int:
        """The number of a name."""
        return self.numbers.setdefault(name, len(self.numbers))

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, kw_only=True)
class FrozenBook:
    """A snapshot read: the engine's book, and what its rows and codes stand for."""

    book: Book
    offer_ids: list[str]
    demand_ids: list[str]
    attributes: list[str]
    """(A,) the limited qualities."""
    values: list[list[Quality]]
    """(A, …) each quality's values by rank."""
    schemes: list[str]
    """The required certificate schemes by bit."""

    def schemes_in(self, mask: Ints) -> list[str]:
        """The schemes of one bit mask (W,)."""
        words = mask.tolist()
        return [
            scheme
            for bit, scheme in enumerate(self.schemes)
            if words[bit // _BITS_PER_WORD] >> bit % _BITS_PER_WORD & 1
        ]


def read_snapshot(snapshot: object) -> FrozenBook:
    """Read a snapshot, rows sorted by identifier; raises BookRefused naming row and field."""
    rows = checked_rows(snapshot)
    columns = _Columns(offers=rows.offers, demands=rows.demands)
    return columns.frozen(rows.tariff, smallholder_bonus=rows.smallholder_bonus)


class _Columns:
    """The codes shared by both sides of one book while its columns are made."""

    def __init__(self, *, offers: dict[str, Row], demands: dict[str, Row]) -> None:
        self.offers, self.demands = offers, demands
        self.organisations, self.commodities, self.lists = Codes(), Codes(), Codes()
        self.offer_gates = [gates_of(row, OFFER_GATES) for row in offers.values()]
        self.demand_gates = [gates_of(row, DEMAND_GATES) for row in demands.values()]
        accepted = [accepted_by(gates) for gates in self.demand_gates]
        self.accepts = [row for rows in accepted for row in rows]
        self.accepting = [demand for demand, rows in enumerate(accepted) for _ in rows]
        needed = {scheme for row in self.accepts for scheme in row.texts("certificates")}
        self.schemes = sorted(needed)
        crossed = {
            name
            for row in self.offer_gates
            for field in ("stays_inside", "stays_outside")
            for name in row.texts(field)
        }
        self.restrictions = sorted(crossed)
        self.limits = [limits_of(row) for row in self.accepts]
        self.attributes = sorted({code for limits in self.limits for code in limits})
        self.values = [self._values_of(attribute) for attribute in self.attributes]

    def frozen(self, tariff: Tariff, *, smallholder_bonus: int) -> FrozenBook:
        offers = self._offer_columns()
        book = Book(
            offers=offers,
            demands=self._demand_columns(),
            tariff=tariff,
            smallholder_bonus=smallholder_bonus,
        )
        check_book(book)
        return FrozenBook(
            book=book,
            offer_ids=list(self.offers),
            demand_ids=list(self.demands),
            attributes=self.attributes,
            values=self.values,
            schemes=self.schemes,
        )

    def _offer_columns(self) -> Offers:
        rows, gates = list(self.offers.values()), self.offer_gates
        return Offers(
            quantity=_ints([quantity_of(row) for row in rows]),
            ask=_ints([price_of(row, "ask_price") for row in rows]),
            position=_positions(rows),
            seller=_ints([self.organisations.of(row.text("seller_id")) for row in rows]),
            commodity=_ints([self._commodity(row) for row in gates]),
            grade=_ints([grade_of(row, "grade_rank") for row in gates]),
            quality=self._qualities(),
            certificates=_masks(gates, "certificates", self.schemes),
            available_from=_ints(
                [row.earliest("available_from", absent=-FOREVER) for row in gates]
            ),
            expires_at=_ints([row.latest("expires_at", absent=FOREVER) for row in gates]),
            private_list=_ints([self._private_list(row) for row in gates]),
            smallholder=np.array(
                [row.given("smallholder") and row.boolean("smallholder") for row in rows],
                dtype=np.bool_,
            ),
            listed_at=_ints([row.latest("listed_at", absent=0) for row in rows]),
            min_quantity=_ints([minimum_of(row, "min_quantity") for row in rows]),
            stays_inside=_masks(gates, "stays_inside", self.restrictions),
            stays_outside=_masks(gates, "stays_outside", self.restrictions),
        )

    def _demand_columns(self) -> Demands:
        rows, gates = list(self.demands.values()), self.demand_gates
        buyers = [row.text("buyer_id") for row in rows]
        on_list = [[buyer in names for names in self.lists.numbers] for buyer in buyers]
        return Demands(
            quantity=_ints([quantity_of(row) for row in rows]),
            bid=_ints([price_of(row, "bid_price") for row in rows]),
            position=_positions(rows),
            buyer=_ints([self.organisations.of(buyer) for buyer in buyers]),
            deliver_from=_ints([row.earliest("deliver_from", absent=-FOREVER) for row in gates]),
            deliver_until=_ints([row.latest("deliver_until", absent=FOREVER) for row in gates]),
            on_list=np.array(on_list, dtype=np.bool_).reshape(len(rows), len(self.lists)),
            posted_at=_ints([row.latest("posted_at", absent=0) for row in rows]),
            min_delivery=_ints([minimum_of(row, "min_delivery") for row in rows]),
            max_suppliers=_ints([row.whole("max_suppliers", least=1, absent=NONE) for row in rows]),
            inside=_masks(gates, "inside", self.restrictions),
            accepts=Accepts(
                demand=_ints(self.accepting),
                commodity=_ints([self._commodity(row) for row in self.accepts]),
                worst_grade=_ints([grade_of(row, "worst_grade_rank") for row in self.accepts]),
                low=self._bounds("min"),
                high=self._bounds("max"),
                certificates=_masks(self.accepts, "certificates", self.schemes),
            ),
        )

    def _commodity(self, row: Row) -> int:
        return self.commodities.of(row.text("commodity")) if row.given("commodity") else NONE

    def _private_list(self, row: Row) -> int:
        return self.lists.of(frozenset(row.texts("buyers"))) if row.given("buyers") else NONE

    def _values_of(self, attribute: str) -> list[Quality]:
        """All values that a quality takes in the book, ascending; one kind only."""
        found: dict[Quality, Row] = {}
        for limits, row in zip(self.limits, self.accepts, strict=True):
            for bound in limits.get(attribute, {}).values():
                found.setdefault(bound, row)
        for row in self.offer_gates:
            stated = row.mapping("qualities").get(attribute)
            if stated is not None:
                found.setdefault(row.quality(shown(attribute), stated), row)
        kinds = {kind for kind, _ in found}
        if len(kinds) > 1:
            row = list(found.values())[-1]
            row.refuse("mixed_quality_kinds", shown(attribute), "is compared across kinds")
        return sorted(found)

    def _qualities(self) -> Ints:
        """(n, A) the rank of every stated value; all stated values are read, limited or not."""
        ranks = [{value: rank for rank, value in enumerate(values)} for values in self.values]
        stated = np.full((len(self.offers), len(ranks)), NONE, dtype=np.int64)
        for index, row in enumerate(self.offer_gates):
            values = {
                code: row.quality(shown(code), value)
                for code, value in row.mapping("qualities").items()
                if value is not None
            }
            for column, attribute in enumerate(self.attributes):
                if attribute in values:
                    stated[index, column] = ranks[column][values[attribute]]
        return stated

    def _bounds(self, end: str) -> Ints:
        """(k, A) the rank of every limit at one end."""
        ranks = [{value: rank for rank, value in enumerate(values)} for values in self.values]
        bounds = np.full((len(self.accepts), len(ranks)), NONE, dtype=np.int64)
        for index, limits in enumerate(self.limits):
            for column, attribute in enumerate(self.attributes):
                bound = limits.get(attribute, {}).get(end)
                if bound is not None:
                    bounds[index, column] = ranks[column][bound]
        return bounds


def _masks(rows: list[Row], field: str, names: list[str]) -> Ints:
    """(rows, words) bit masks of those of the names that a row lists in a field."""
    bits = {name: bit for bit, name in enumerate(names)}
    masks = np.zeros((len(rows), -(-len(names) // _BITS_PER_WORD)), dtype=np.int64)
    for index, row in enumerate(rows):
        for bit in {bits[name] for name in row.texts(field) if name in bits}:
            masks[index, bit // _BITS_PER_WORD] |= 1 << bit % _BITS_PER_WORD
    return masks


def _positions(rows: Sequence[Row]) -> Ints:
    latitudes = np.array([row.degrees("latitude", most=90) for row in rows], dtype=np.float64)
    longitudes = np.array([row.degrees("longitude", most=180) for row in rows], dtype=np.float64)
    return ecef(latitudes, longitudes)


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64)
