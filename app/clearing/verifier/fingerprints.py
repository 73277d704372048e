"""The two hashes of a round, from the description of the canonical form alone.

Keys, rows (by identifier) and lists of texts are sorted, nulls are left out, and every number, or
text where a decimal is meant, is written as its shortest decimal.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

DECIMALS = {
    *("quantity", "ask_price", "bid_price", "min_quantity", "min_delivery", "smallholder_bonus"),
    *("base", "rate_per_km", "road_factor", "speed_kmh", "unit_weight_kg"),
    *("seller_price", "buyer_price", "transport_cost"),
}
OF_A_MATCH = (
    *("offer_id", "demand_id", "quantity"),
    *("seller_price", "buyer_price", "transport_cost"),
)


def hash_of_snapshot(snapshot: Mapping[str, Any]) -> str:
    """SHA-256 of a frozen book, in hexadecimal."""
    offers = sorted(snapshot.get("offers") or [], key=lambda row: str(row["offer_id"]))
    demands = sorted(snapshot.get("demands") or [], key=lambda row: str(row["demand_id"]))
    return _sha256({**snapshot, "offers": offers, "demands": demands})


def hash_of_matches(matches: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 of what was traded at which prices, in hexadecimal."""
    rows = [{name: match[name] for name in OF_A_MATCH} for match in matches]
    return _sha256(sorted(rows, key=lambda row: (str(row["offer_id"]), str(row["demand_id"]))))


def _sha256(value: object) -> str:
    text = json.dumps(_canonical(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: object, field: str = "") -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and field not in DECIMALS:
        return value
    if isinstance(value, Mapping):
        given = {str(name): inner for name, inner in value.items() if inner is not None}
        return {name: _canonical(inner, name) for name, inner in given.items()}
    if isinstance(value, list | tuple):
        items = [_canonical(inner) for inner in value]
        return sorted(items) if all(isinstance(item, str) for item in items) else items  # type: ignore[type-var]
    return _shortest(Decimal(str(value)))


def _shortest(number: Decimal) -> str:
    whole, _, part = f"{number:f}".partition(".")
    part = part.rstrip("0")
    text = f"{whole}.{part}" if part else whole
    return "0" if text == "-0" else text
