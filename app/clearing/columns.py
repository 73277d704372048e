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
    limits_of,
    price_of,
    quantity_of,
)

_SCHEMES_PER_WORD = 62


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
            if words[bit // _SCHEMES_PER_WORD] >> bit % _SCHEMES_PER_WORD & 1
        ]


def read_snapshot(snapshot: object) -> FrozenBook:
    """Read a snapshot, rows sorted by identifier; raises BookRefused naming row and field."""
    rows = checked_rows(snapshot)
    return _Columns(offers=rows.offers, demands=rows.demands).frozen(rows.tariff)


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
        self.limits = [limits_of(row) for row in self.accepts]
        self.attributes = sorted({code for limits in self.limits for code in limits})
        self.values = [self._values_of(attribute) for attribute in self.attributes]

    def frozen(self, tariff: Tariff) -> FrozenBook:
        offers = self._offer_columns()
        book = Book(offers=offers, demands=self._demand_columns(), tariff=tariff)
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
            grade=_ints([row.rank("grade_rank", absent=NONE) for row in gates]),
            quality=self._qualities(),
            certificates=self._masks(gates),
            available_from=_ints(
                [row.earliest("available_from", absent=-FOREVER) for row in gates]
            ),
            expires_at=_ints([row.latest("expires_at", absent=FOREVER) for row in gates]),
            private_list=_ints([self._private_list(row) for row in gates]),
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
            accepts=Accepts(
                demand=_ints(self.accepting),
                commodity=_ints([self._commodity(row) for row in self.accepts]),
                worst_grade=_ints(
                    [row.rank("worst_grade_rank", absent=NONE) for row in self.accepts]
                ),
                low=self._bounds("min"),
                high=self._bounds("max"),
                certificates=self._masks(self.accepts),
            ),
        )

    def _commodity(self, row: Row) -> int:
        return self.commodities.of(row.text("commodity")) if row.given("commodity") else NONE

    def _private_list(self, row: Row) -> int:
        return self.lists.of(frozenset(row.texts("buyers"))) if row.given("buyers") else NONE

    def _masks(self, rows: list[Row]) -> Ints:
        """(rows, W) bit masks of the schemes a row names, among those anybody requires."""
        bits = {scheme: bit for bit, scheme in enumerate(self.schemes)}
        words = -(-len(self.schemes) // _SCHEMES_PER_WORD)
        masks = np.zeros((len(rows), words), dtype=np.int64)
        for index, row in enumerate(rows):
            for bit in {bits[name] for name in row.texts("certificates") if name in bits}:
                masks[index, bit // _SCHEMES_PER_WORD] |= 1 << bit % _SCHEMES_PER_WORD
        return masks

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


def _positions(rows: Sequence[Row]) -> Ints:
    latitudes = np.array([row.degrees("latitude", most=90) for row in rows], dtype=np.float64)
    longitudes = np.array([row.degrees("longitude", most=180) for row in rows], dtype=np.float64)
    return ecef(latitudes, longitudes)


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64)
