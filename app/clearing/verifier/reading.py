"""The verifier's own reading of a snapshot: whole numbers, and tables of yes and no.

Quantities are thousandths of a unit, prices hundredths of a VND, instants seconds since 1970 UTC.
n offers, m demands, k rows of what demands accept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Table = NDArray[np.bool_]
RADIUS_M = 6_371_008.8
LONG_AGO, FAR_OFF = -(2**40), 2**40
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ANY = -1
Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A frozen book. Rows are in the order in which they stand."""

    offers: Sequence[Json]
    demands: Sequence[Json]
    offer_ids: Sequence[str]
    demand_ids: Sequence[str]
    haulage: Mapping[str, Decimal]
    supply: Ints
    wanted: Ints
    ask: Ints
    bid: Ints
    least_sold: Ints
    """(n,) the least an offer may sell at a time, 0 for anything."""
    least_bought: Ints
    """(m,) the least a demand may be brought at a time, 0 for anything."""
    most_sellers: Ints
    """(m,) or ANY."""
    bonus: Decimal
    goods: "Goods"
    leaves: Ints
    spoils: Ints
    opens: Ints
    shuts: Ints

    @property
    def has_lots(self) -> bool:
        """Whether anything stands in the way of prices at which no pair could do better."""
        some = (self.least_sold > 1).any() or (self.least_bought > 1).any()
        return bool(some or (self.most_sellers != ANY).any() or self.bonus)


@dataclass(frozen=True, kw_only=True)
class Goods:
    """What is offered (n rows) and what is accepted (k rows), in numbers that compare alike."""

    of_demand: Ints
    """(k,) which demand accepts it, ascending."""
    offered: dict[str, Ints]
    """By ``commodity``, ``grade`` and each quality; ANY where it is not stated."""
    accepted: dict[str, Ints]
    """By ``commodity``, ``grade``, and each quality's ``min …`` and ``max …``."""
    qualities: Sequence[str]
    lacking: Table
    """(n, S) the certificates that an offer has not, of those that anybody requires."""
    required: Table
    """(k, S)"""


def read(snapshot: Json) -> Snapshot:
    """Read a snapshot; KeyError, ValueError or ArithmeticError where it cannot be read."""
    offers, demands = list(snapshot["offers"]), list(snapshot["demands"])
    sold, bought = [_gates(row) for row in offers], [_gates(row) for row in demands]
    most = [row.get("max_suppliers") for row in demands]
    return Snapshot(
        offers=offers,
        demands=demands,
        offer_ids=[str(row["offer_id"]) for row in offers],
        demand_ids=[str(row["demand_id"]) for row in demands],
        haulage={name: _decimal(figure) for name, figure in snapshot["haulage"].items()},
        supply=ints(_whole(row["quantity"], 1000) for row in offers),
        wanted=ints(_whole(row["quantity"], 1000) for row in demands),
        ask=ints(_whole(row["ask_price"], 100) for row in offers),
        bid=ints(_whole(row["bid_price"], 100) for row in demands),
        least_sold=ints(_whole(row.get("min_quantity") or 0, 1000) for row in offers),
        least_bought=ints(_whole(row.get("min_delivery") or 0, 1000) for row in demands),
        most_sellers=ints(ANY if one is None else int(one) for one in most),
        bonus=_decimal((snapshot.get("policy") or {}).get("smallholder_bonus") or 0),
        goods=_goods(sold, bought),
        leaves=_instants(sold, "available_from", up=1, absent=LONG_AGO),
        spoils=_instants(sold, "expires_at", up=0, absent=FAR_OFF),
        opens=_instants(bought, "deliver_from", up=1, absent=LONG_AGO),
        shuts=_instants(bought, "deliver_until", up=0, absent=FAR_OFF),
    )


def ints(values: Any) -> Ints:
    """A column."""
    return np.array(list(values), dtype=np.int64)


def metres(rows: Sequence[Json]) -> Ints:
    """(rows, 3) positions as whole metres from the middle of the Earth."""
    latitude, longitude = (
        np.radians([float(row[name]) for row in rows]) for name in ("latitude", "longitude")
    )
    around = np.cos(latitude)
    unit = (around * np.cos(longitude), around * np.sin(longitude), np.sin(latitude))
    return np.rint(RADIUS_M * np.array(unit)).astype(np.int64).T


def naming(rows: Sequence[Json], field: str, names: Sequence[str]) -> Table:
    """(rows, names) whether a row lists a name among its gates."""
    listed = [set(_gates(row).get(field) or []) for row in rows]
    table = [[name in one for name in names] for one in listed]
    return np.array(table, dtype=np.bool_).reshape(len(rows), len(names))


def _goods(sold: Sequence[Json], bought: Sequence[Json]) -> Goods:
    accepted = [(demand, one) for demand, row in enumerate(bought)
                for one in row.get("accepts") or [{}]]  # fmt: skip
    rows = [one for _, one in accepted]
    limits = [one.get("quality_limits") or {} for one in rows]
    stated = [row.get("qualities") or {} for row in sold]
    qualities = sorted({code for one in limits for code in one})
    offered, wanted = _words(sold, rows, "commodity")
    columns = {"commodity": offered, "grade": ints(_rank(row, "grade_rank") for row in sold)}
    asked = {"commodity": wanted, "grade": ints(_rank(row, "worst_grade_rank") for row in rows)}
    for code in qualities:
        lows = [(one.get(code) or {}).get("min") for one in limits]
        highs = [(one.get(code) or {}).get("max") for one in limits]
        ranks = _ranked([one.get(code) for one in stated], lows, highs)
        columns[code], asked[f"min {code}"], asked[f"max {code}"] = ranks
    schemes = sorted({name for one in rows for name in one.get("certificates") or []})
    return Goods(
        of_demand=ints(demand for demand, _ in accepted),
        offered=columns,
        accepted=asked,
        qualities=qualities,
        lacking=~_listed(sold, "certificates", schemes),
        required=_listed(rows, "certificates", schemes),
    )


def _listed(rows: Sequence[Json], field: str, names: Sequence[str]) -> Table:
    return naming([{"gates": row} for row in rows], field, names)


def _words(sold: Sequence[Json], rows: Sequence[Json], field: str) -> tuple[Ints, Ints]:
    words = sorted({str(row[field]) for row in [*sold, *rows] if row.get(field) is not None})
    number = {word: index for index, word in enumerate(words)}

    def numbered(some: Sequence[Json]) -> Ints:
        given = (row.get(field) for row in some)
        return ints(ANY if one is None else number[str(one)] for one in given)

    return numbered(sold), numbered(rows)


def _rank(row: Json, field: str) -> int:
    return ANY if row.get(field) is None else int(row[field])


def _ranked(*columns: Sequence[Any]) -> list[Ints]:
    """Columns of values of one kind as their places among all of them."""
    values = [[None if one is None else _value(one) for one in column] for column in columns]
    order = sorted({one for column in values for one in column if one is not None})
    place = {one: rank for rank, one in enumerate(order)}
    return [ints(ANY if one is None else place[one] for one in column) for column in values]


def _value(value: Any) -> Any:
    if isinstance(value, str) and value[4:5] == value[7:8] == "-" and len(value) == 10:
        return date.fromisoformat(value).toordinal()
    return int(value) if isinstance(value, bool) else _decimal(value)


def _instants(rows: Sequence[Json], field: str, *, up: int, absent: int) -> Ints:
    """Whole seconds, rounded up or down."""

    def seconds(text: str) -> int:
        whole, part = divmod(datetime.fromisoformat(text) - EPOCH, timedelta(seconds=1))
        return whole + up if part else whole

    given = (row.get(field) for row in rows)
    return ints(absent if one is None else seconds(one) for one in given)


def _gates(row: Json) -> Json:
    return row.get("gates") or {}


def _whole(value: Any, scale: int) -> int:
    figure = _decimal(value) * scale
    if figure != int(figure) or not 0 <= figure < 10**13:
        raise ValueError(f"{value}: negative, too fine or too large")
    return int(figure)


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))
