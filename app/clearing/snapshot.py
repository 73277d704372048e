"""The frozen book as JSON, its fingerprints, and its clearing without any database.

One round and `blao clear FILE` go through the same functions, so a round can be cleared again
elsewhere and compared by its two hashes.

Welfare and bound are exact inside; they are published rounded half-even to a whole VND, and the
gap comes from the exact figures.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from app.clearing.columns import FrozenBook, read_snapshot
from app.clearing.engine import Book, BookRefused, Result, clear
from app.clearing.engine.book import PRICE_SCALE, QUANTITY_SCALE
from app.clearing.engine.certificate import WELFARE_SCALE
from app.clearing.reading import exact_decimal

_DECIMAL_FIELDS = frozenset(
    {
        "quantity",
        "ask_price",
        "bid_price",
        "min_quantity",
        "min_delivery",
        "smallholder_bonus",
        "base",
        "rate_per_km",
        "road_factor",
        "speed_kmh",
        "unit_weight_kg",
        "seller_price",
        "buyer_price",
        "transport_cost",
    }
)
_MATCH_FIELDS = (
    "offer_id",
    "demand_id",
    "quantity",
    "seller_price",
    "buyer_price",
    "transport_cost",
)
_DEEPEST = 12


def canonical(snapshot: Mapping[str, Any]) -> bytes:
    """The one way to write a snapshot: equal books give equal bytes.

    Keys, rows (by identifier) and lists of texts (buyers, certificates) are sorted; nulls are left
    out, for they mean the same as an absent field; every number is the text of its shortest exact
    decimal, so that 5, 5.0 and "5.000" agree wherever a decimal is meant.
    """
    rows = {
        "offers": sorted(snapshot.get("offers") or [], key=lambda row: str(row["offer_id"])),
        "demands": sorted(snapshot.get("demands") or [], key=lambda row: str(row["demand_id"])),
    }
    return _bytes({**snapshot, **rows})


def snapshot_hash(snapshot: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical snapshot, in hexadecimal."""
    return hashlib.sha256(canonical(snapshot)).hexdigest()


def solution_hash(matches: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 of the matches, whatever their order and whatever else is known of them."""
    kept = [{name: match[name] for name in _MATCH_FIELDS} for match in matches]
    kept.sort(key=lambda match: (str(match["offer_id"]), str(match["demand_id"])))
    return hashlib.sha256(_bytes(kept)).hexdigest()


def book_of(snapshot: object) -> Book:
    """The engine's book of a snapshot, rows sorted by identifier.

    Raises BookRefused naming the row and the field at fault.
    """
    return read_snapshot(snapshot).book


def clear_snapshot(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """Clear a snapshot: the round's figures, its matches and its certificate.

    Round and matches have the form of the HTTP interface. The certificate holds the price at which
    every row would trade, whether it did or not, welfare and bound to the last hundred-thousandth
    of a VND, and the pairs of `Result.rejected_offer` and `Result.rejected_demand`. Where other
    prices prove the bound, the offers' are in `bound_offers`. It tells limits, so it is for
    whoever may see the snapshot.
    """
    frozen = read_snapshot(snapshot)
    result = clear(frozen.book)
    matches = _matches(frozen, result)
    proof = result.certificate
    return {
        "round": {
            "status": "cleared",
            "market": snapshot.get("market"),
            "offers": len(frozen.offer_ids),
            "demands": len(frozen.demand_ids),
            "matches": len(matches),
            "welfare": round(Fraction(proof.welfare, WELFARE_SCALE)),
            "upper_bound": round(Fraction(proof.upper_bound, WELFARE_SCALE)),
            "optimality_gap": proof.gap,
            "cleared_quantity": _fixed(sum(result.quantity.tolist()), QUANTITY_SCALE),
            "snapshot_hash": snapshot_hash(snapshot),
            "solution_hash": solution_hash(matches),
        },
        "matches": matches,
        "certificate": _certificate(frozen, result),
    }


def _certificate(frozen: FrozenBook, result: Result) -> dict[str, Any]:
    proof = result.certificate
    rejected = zip(result.rejected_offer.tolist(), result.rejected_demand.tolist(), strict=True)
    bound_prices = frozen.book.offers.ask + proof.u
    bound = {}
    if not np.array_equal(bound_prices, result.seller_price):
        bound["bound_offers"] = _prices(frozen.offer_ids, bound_prices.tolist())
    return bound | {
        "offers": _prices(frozen.offer_ids, result.seller_price.tolist()),
        "demands": _prices(frozen.demand_ids, result.buyer_price.tolist()),
        "welfare": _fixed(proof.welfare, WELFARE_SCALE),
        "upper_bound": _fixed(proof.upper_bound, WELFARE_SCALE),
        "rejected": [
            [frozen.offer_ids[offer], frozen.demand_ids[demand]] for offer, demand in rejected
        ],
    }


def _prices(names: list[str], prices: list[int]) -> dict[str, str]:
    return {name: _fixed(price, PRICE_SCALE) for name, price in zip(names, prices, strict=True)}


def _matches(frozen: FrozenBook, result: Result) -> list[dict[str, str]]:
    seller_prices, buyer_prices = result.seller_price.tolist(), result.buyer_price.tolist()
    trades = zip(
        result.offer.tolist(),
        result.demand.tolist(),
        result.quantity.tolist(),
        result.haulage.tolist(),
        strict=True,
    )
    return [
        {
            "offer_id": frozen.offer_ids[offer],
            "demand_id": frozen.demand_ids[demand],
            "quantity": _fixed(quantity, QUANTITY_SCALE),
            "seller_price": _fixed(seller_prices[offer], PRICE_SCALE),
            "buyer_price": _fixed(buyer_prices[demand], PRICE_SCALE),
            "transport_cost": _fixed(haulage, PRICE_SCALE),
        }
        for offer, demand, quantity, haulage in trades
    ]


def _fixed(figure: int, scale: int) -> str:
    """A non-negative whole number of scale-ths as a decimal with all its places."""
    whole, part = divmod(figure, scale)
    return f"{whole}.{part:0{len(str(scale)) - 1}d}"


def _bytes(value: object) -> bytes:
    plain = _plain(value, field="", depth=0)
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()


def _plain(value: object, *, field: str, depth: int) -> object:
    """The value in the canonical alphabet: objects, lists, texts and booleans."""
    if depth > _DEEPEST:
        raise BookRefused("too_deep", row="snapshot", field=field, detail="is nested too deeply")
    if isinstance(value, str):
        return _shortest(exact_decimal(value)) if field in _DECIMAL_FIELDS else value
    if isinstance(value, Mapping):
        return {
            str(name): _plain(inner, field=str(name), depth=depth + 1)
            for name, inner in value.items()
            if inner is not None
        }
    if isinstance(value, list | tuple):
        items = [_plain(item, field="", depth=depth + 1) for item in value]
        texts = [item for item in items if isinstance(item, str)]
        return sorted(texts) if len(texts) == len(items) else items
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return _shortest(exact_decimal(value))
    raise BookRefused("wrong_type", row="snapshot", field=field, detail="is not a JSON value")


def _shortest(number: Decimal) -> str:
    """The decimal without exponent, trailing zeros or a minus before nought."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
