"""Books for the engine's tests, and a plain reading of the rules to compare the engine with.

Nothing here uses the engine: gates, positions and haulage are worked out one pair at a time, in
decimals, from the snapshot itself.
"""

import math
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

import numpy as np

HAULAGE = {
    "base": "80",
    "rate_per_km": "3.5",
    "road_factor": "1.3",
    "speed_kmh": "30",
    "unit_weight_kg": "1",
}
FREE = {**HAULAGE, "base": "0", "rate_per_km": "0"}
BAO_LOC = (11.5480, 107.8077)


def offer(name: str, quantity: str = "100", ask: str = "1000", **more: Any) -> dict[str, Any]:
    """An offer in the middle of Bảo Lộc, changed as asked."""
    row = {
        "offer_id": name,
        "quantity": quantity,
        "ask_price": ask,
        "latitude": BAO_LOC[0],
        "longitude": BAO_LOC[1],
        "seller_id": f"seller of {name}",
        "gates": {},
    }
    return row | more


def demand(name: str, quantity: str = "100", bid: str = "1000", **more: Any) -> dict[str, Any]:
    """A demand in the middle of Bảo Lộc, changed as asked."""
    row = {
        "demand_id": name,
        "quantity": quantity,
        "bid_price": bid,
        "latitude": BAO_LOC[0],
        "longitude": BAO_LOC[1],
        "buyer_id": f"buyer of {name}",
        "gates": {},
    }
    return row | more


def book(
    offers: list[dict[str, Any]], demands: list[dict[str, Any]], **haulage: str
) -> dict[str, Any]:
    """A snapshot; haulage is free unless figures are given."""
    tariff = {**FREE, **haulage}
    return {"market": "tea", "offers": offers, "demands": demands, "haulage": tariff}


SHAPES = {
    "thin": (3, 30),
    "thick": (35, 35),
    "no sellers": (0, 12),
    "no buyers": (12, 0),
    "all ties": (20, 20),
    "nobody allowed": (8, 8),
    "one giant demand": (30, 4),
    "grams to sixty tonnes": (25, 25),
    "ten million": (25, 25),
    "one organisation": (10, 10),
    "gates": (25, 25),
}


def random_book(shape: str, seed: int) -> dict[str, Any]:
    """One of the shapes that a market can take, from a seed."""
    dice = np.random.default_rng([seed, sorted(SHAPES).index(shape)])
    sellers, buyers = SHAPES[shape]
    offers = [offer(f"o{n:03}") | _place(dice) for n in range(sellers)]
    demands = [demand(f"d{n:03}") | _place(dice) for n in range(buyers)]
    for row in offers:
        row["quantity"] = _decimal(int(dice.integers(1, 3_000_000)), 3)
        row["ask_price"] = _decimal(int(dice.integers(900_000, 1_200_000)), 2)
    for row in demands:
        row["quantity"] = _decimal(int(dice.integers(1, 5_000_000)), 3)
        row["bid_price"] = _decimal(int(dice.integers(1_000_000, 1_300_000)), 2)
    _shape(shape, offers, demands, dice)
    return book(offers, demands, **HAULAGE)


def _shape(
    shape: str,
    offers: list[dict[str, Any]],
    demands: list[dict[str, Any]],
    dice: np.random.Generator,
) -> None:
    """Give a random book the character of its shape."""
    rows = offers + demands
    if shape == "all ties":
        for row in rows:
            row |= {"latitude": BAO_LOC[0], "longitude": BAO_LOC[1], "quantity": "10"}
            row["ask_price" if row in offers else "bid_price"] = "1000" if row in offers else "2000"
    elif shape == "nobody allowed":
        for row in demands:
            row["gates"] = {"accepts": [{"certificates": ["vietgap"]}]}
    elif shape == "one giant demand":
        demands[0]["quantity"] = "999999999.999"
    elif shape == "grams to sixty tonnes":
        for row in rows:
            row["quantity"] = _decimal(int(10 ** dice.uniform(0, 7.778)), 3)
    elif shape == "ten million":
        for row in offers:
            row["ask_price"] = _decimal(int(dice.integers(0, 10**9)), 2)
            row["quantity"] = _decimal(int(dice.integers(1, 60_000_000)), 3)
        for row in demands:
            row["bid_price"] = _decimal(int(dice.integers(10**8, 10**9 + 1)), 2)
            row["quantity"] = _decimal(int(dice.integers(1, 60_000_000)), 3)
    elif shape == "one organisation":
        for row in offers:
            row["seller_id"] = f"house {dice.integers(3)}"
        for row in demands:
            row["buyer_id"] = f"house {dice.integers(3)}"
    elif shape == "gates":
        for row in offers:
            row["gates"] = random_offer_gates(dice)
        for row in demands:
            row["gates"] = random_demand_gates(dice)


def random_offer_gates(dice: np.random.Generator) -> dict[str, Any]:
    """Gates of an offer, each present more often than not."""
    start = datetime.fromisoformat("2026-03-01T00:00:00+07:00")
    ready = start + timedelta(hours=int(dice.integers(0, 20)))
    gates = {
        "commodity": f"tea-{dice.integers(2)}",
        "grade_rank": int(dice.integers(1, 5)),
        "qualities": {
            "moisture": _decimal(int(dice.integers(90, 150)), 1),
            "residue_passed": bool(dice.integers(2)),
            "tested_on": f"2026-02-{dice.integers(10, 20)}",
        },
        "certificates": [code for code in ("vietgap", "organic") if dice.random() < 0.6],
        "available_from": ready.isoformat(),
        "expires_at": (ready + timedelta(hours=int(dice.integers(4, 40)))).isoformat(),
        "buyers": [f"buyer of d{n:03}" for n in range(0, 25, 2)] if dice.random() < 0.2 else None,
        "stays_inside": ["a"] if dice.random() < 0.2 else [],
        "stays_outside": ["b"] if dice.random() < 0.2 else None,
    }
    return {name: gate for name, gate in gates.items() if dice.random() < 0.9}


def random_demand_gates(dice: np.random.Generator) -> dict[str, Any]:
    """Gates of a demand that accepts one or two kinds."""
    start = datetime.fromisoformat("2026-03-01T00:00:00+07:00")
    begin = start + timedelta(hours=int(dice.integers(0, 24)))
    accepts = [
        {
            "commodity": f"tea-{dice.integers(2)}",
            "worst_grade_rank": int(dice.integers(2, 5)) if dice.random() < 0.6 else None,
            "quality_limits": {
                code: limit
                for code, limit in (
                    ("moisture", {"max": _decimal(int(dice.integers(110, 150)), 1)}),
                    ("residue_passed", {"min": True}),
                    ("tested_on", {"min": f"2026-02-{dice.integers(10, 16)}", "max": None}),
                )
                if dice.random() < 0.4
            },
            "certificates": ["organic"] if dice.random() < 0.3 else [],
        }
        for _ in range(dice.integers(1, 3))
    ]
    return {
        "accepts": accepts,
        "deliver_from": begin.isoformat(),
        "deliver_until": (begin + timedelta(hours=int(dice.integers(2, 30)))).isoformat(),
        "inside": [name for name in "abc" if dice.random() < 0.4],
    }


def _place(dice: np.random.Generator) -> dict[str, float]:
    return {
        "latitude": round(11.4 + 0.4 * dice.random(), 6),
        "longitude": round(107.6 + 0.5 * dice.random(), 6),
    }


def _decimal(figure: int, places: int) -> str:
    return f"{Decimal(figure).scaleb(-places):f}"


def plain_haulage(seller: dict[str, Any], buyer: dict[str, Any], tariff: dict[str, Any]) -> int:
    """Whole VND per unit, by the published formula in fifty digits."""
    with localcontext(prec=50):
        weight, base, rate = (
            Decimal(str(tariff[name])) for name in ("unit_weight_kg", "base", "rate_per_km")
        )
        cost = weight * (base + rate * plain_km(seller, buyer, tariff))
        return int(cost.quantize(Decimal(1), ROUND_HALF_EVEN))


def plain_km(seller: dict[str, Any], buyer: dict[str, Any], tariff: dict[str, Any]) -> Decimal:
    """Road kilometres between two rows."""
    here, there = _metres(seller), _metres(buyer)
    squared = sum((a - b) ** 2 for a, b in zip(here, there, strict=True))
    return Decimal(str(tariff["road_factor"])) * Decimal(squared).sqrt() / 1000


def _metres(row: dict[str, Any]) -> tuple[int, int, int]:
    latitude, longitude = math.radians(row["latitude"]), math.radians(row["longitude"])
    radius = 6_371_008.8
    return (
        round(radius * math.cos(latitude) * math.cos(longitude)),
        round(radius * math.cos(latitude) * math.sin(longitude)),
        round(radius * math.sin(latitude)),
    )


def plain_gain(seller: dict[str, Any], buyer: dict[str, Any], tariff: dict[str, Any]) -> int:
    """The gain of a pair in hundredths of a VND per unit."""
    spread = 100 * (Decimal(buyer["bid_price"]) - Decimal(seller["ask_price"]))
    return int(spread) - 100 * plain_haulage(seller, buyer, tariff)


def plainly_allowed(seller: dict[str, Any], buyer: dict[str, Any], tariff: dict[str, Any]) -> bool:
    """Whether a pair passes every gate, read straight from its two rows."""
    offered, wanted = seller["gates"], buyer["gates"]
    listed = offered.get("buyers")
    return (
        seller["seller_id"] != buyer["buyer_id"]
        and (listed is None or buyer["buyer_id"] in listed)
        and _crosses_no_border(offered, wanted)
        and any(_goods_fit(offered, accepted) for accepted in wanted.get("accepts") or [{}])
        and _arrives_in_time(offered, wanted, plain_km(seller, buyer, tariff), tariff)
    )


def _crosses_no_border(offered: dict[str, Any], wanted: dict[str, Any]) -> bool:
    inside = set(wanted.get("inside") or [])
    kept_in, kept_out = (set(offered.get(f"stays_{end}") or []) for end in ("inside", "outside"))
    return kept_in <= inside and not kept_out & inside


def _goods_fit(offered: dict[str, Any], accepted: dict[str, Any]) -> bool:
    worst = accepted.get("worst_grade_rank")
    kinds = {offered.get("commodity"), accepted.get("commodity")} - {None}
    return (
        len(kinds) < 2
        and (worst is None or offered.get("grade_rank", math.inf) <= worst)
        and set(accepted.get("certificates", [])) <= set(offered.get("certificates", []))
        and all(
            _within(offered.get("qualities", {}).get(code), limit)
            for code, limit in accepted.get("quality_limits", {}).items()
        )
    )


def _within(stated: Any, limit: dict[str, Any]) -> bool:
    low, high = limit.get("min"), limit.get("max")
    if low is None and high is None:
        return True
    if stated is None:
        return False
    value = _comparable(stated)
    return (low is None or value >= _comparable(low)) and (
        high is None or value <= _comparable(high)
    )


def _comparable(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    return date.fromisoformat(value) if value.count("-") == 2 else Decimal(value)


def _arrives_in_time(
    offered: dict[str, Any], wanted: dict[str, Any], km: Decimal, tariff: dict[str, Any]
) -> bool:
    seconds = (km * 3600 / Decimal(str(tariff["speed_kmh"]))).quantize(Decimal(1), ROUND_CEILING)
    times = {
        name: datetime.fromisoformat(gates[name])
        for gates in (offered, wanted)
        for name in ("available_from", "expires_at", "deliver_from", "deliver_until")
        if name in gates
    }
    earliest = []
    if "available_from" in times:
        earliest.append(times["available_from"] + timedelta(seconds=int(seconds)))
    if "deliver_from" in times:
        earliest.append(times["deliver_from"])
    latest = [times[name] for name in ("expires_at", "deliver_until") if name in times]
    return not earliest or not latest or max(earliest) <= min(latest)
