"""The rows of a snapshot: which fields they have, and what is refused before they are used."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.clearing.engine import BookRefused, Tariff
from app.clearing.engine.book import MAX_PRICE, MAX_QUANTITY, NONE, check_tariff
from app.clearing.reading import Quality, Row, shown

SNAPSHOT = frozenset({"market", "closed_at", "offers", "demands", "factors", "haulage", "policy"})
POLICY = frozenset({"smallholder_bonus"})
OFFER_NEEDS = frozenset({"offer_id", "quantity", "ask_price", "latitude", "longitude", "seller_id"})
OFFER = OFFER_NEEDS | {"smallholder", "listed_at", "min_quantity", "gates"}
OFFER_GATES = frozenset(
    {
        "commodity",
        "grade_rank",
        "qualities",
        "certificates",
        "available_from",
        "expires_at",
        "buyers",
        "stays_inside",
        "stays_outside",
    }
)
DEMAND_NEEDS = frozenset(
    {"demand_id", "quantity", "bid_price", "latitude", "longitude", "buyer_id"}
)
DEMAND = DEMAND_NEEDS | {"posted_at", "min_delivery", "max_suppliers", "gates"}
DEMAND_GATES = frozenset({"accepts", "deliver_from", "deliver_until", "inside"})
ACCEPTS = frozenset({"commodity", "worst_grade_rank", "quality_limits", "certificates"})
LIMIT = frozenset({"min", "max"})
HAULAGE = frozenset({"base", "rate_per_km", "road_factor", "speed_kmh", "unit_weight_kg"})


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The checked rows of a snapshot by identifier, each side sorted by it."""

    offers: dict[str, Row]
    demands: dict[str, Row]
    tariff: Tariff
    smallholder_bonus: int
    """Hundredths of a VND per unit."""


def checked_rows(snapshot: object) -> Rows:
    """The rows of a snapshot; raises BookRefused naming row and field."""
    if not isinstance(snapshot, Mapping):
        raise BookRefused("wrong_type", row="snapshot", field="-", detail="must be an object")
    whole = Row("snapshot", snapshot)
    whole.knows_only(SNAPSHOT, required=frozenset({"offers", "demands", "haulage"}))
    whole.read_if_given(market=whole.text, closed_at=whole.instant)
    _refuse_factors(Row("factors", whole.mapping("factors")))
    return Rows(
        tariff=_tariff(Row("haulage", whole.mapping("haulage"))),
        smallholder_bonus=_bonus(Row("policy", whole.mapping("policy"))),
        offers=_by_id(Row("", snapshot).rows("offers"), "offer_id", OFFER, OFFER_NEEDS),
        demands=_by_id(Row("", snapshot).rows("demands"), "demand_id", DEMAND, DEMAND_NEEDS),
    )


def _refuse_factors(row: Row) -> None:
    """Factors tell how a commodity was converted; the book is already in the base commodity."""
    for code in row.fields:
        if row.decimal(code) <= 0:
            row.refuse("out_of_range", shown(code), "must be more than 0")


def _tariff(row: Row) -> Tariff:
    row.knows_only(HAULAGE, required=HAULAGE)
    tariff = Tariff(**{name: row.decimal(name) for name in HAULAGE})
    check_tariff(tariff)
    return tariff


def _bonus(row: Row) -> int:
    row.knows_only(POLICY, required=frozenset())
    return price_of(row, "smallholder_bonus") if row.given("smallholder_bonus") else 0


def _by_id(
    rows: list[Row], key: str, known: frozenset[str], needed: frozenset[str]
) -> dict[str, Row]:
    by_id: dict[str, Row] = {}
    for row in rows:
        row.knows_only(known, required=needed)
        identifier = row.text(key)
        named = Row(f"{row.name} {shown(identifier)}", row.fields)
        if identifier in by_id:
            named.refuse("duplicate_id", key, "stands twice in the book")
        by_id[identifier] = named
    return dict(sorted(by_id.items()))


def gates_of(row: Row, known: frozenset[str]) -> Row:
    """What a row says about its gates; empty when it says nothing."""
    gates = row.inner("gates")
    gates.knows_only(known, required=frozenset())
    return gates


def accepted_by(gates: Row) -> list[Row]:
    """What a demand accepts; one row without limits when it does not say."""
    rows = gates.rows("accepts")
    if gates.given("accepts") and not rows:
        gates.refuse("empty", "accepts", "must accept something, or be left out")
    rows = rows or [Row(gates.name, {})]
    for row in rows:
        row.knows_only(ACCEPTS, required=frozenset())
    return rows


def limits_of(row: Row) -> dict[str, dict[str, Quality]]:
    """The given ends of each quality limit of an accepted row."""
    limits = {}
    for code in row.mapping("quality_limits"):
        ends = Row(f"{row.name}.quality_limits", row.mapping("quality_limits")).inner(code)
        ends.knows_only(LIMIT, required=frozenset())
        limits[code] = {
            end: ends.quality(end, ends.fields[end]) for end in LIMIT if ends.given(end)
        }
    return limits


def price_of(row: Row, field: str) -> int:
    """A price in hundredths of a VND."""
    return row.scaled(field, places=2, most=MAX_PRICE)


def grade_of(row: Row, field: str) -> int:
    """The rank of a grade; NONE where none is stated. What has no rank stands there by its name."""
    grade = row.fields.get(field)
    if isinstance(grade, str):
        row.refuse("unknown_grade", field, f"{shown(grade)} is no grade of its commodity")
    return row.whole(field, least=0, absent=NONE)


def minimum_of(row: Row, field: str) -> int:
    """The least quantity of a trade in thousandths of a unit; 0 where any will do."""
    return row.scaled(field, places=3, most=MAX_QUANTITY) if row.given(field) else 0


def quantity_of(row: Row) -> int:
    """A positive quantity in thousandths of a unit."""
    quantity = row.scaled("quantity", places=3, most=MAX_QUANTITY)
    if quantity == 0:
        row.refuse("quantity_not_positive", "quantity", "must be more than 0")
    return quantity
