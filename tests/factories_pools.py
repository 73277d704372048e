"""Pools to test with."""

from typing import Any

from tests.factories import COMMODITY, Account, a_lot, day


def pool_body(cooperative: Account, **changes: Any) -> dict[str, Any]:
    """5 tonnes of coffee in two days, gathered at the cooperative's."""
    body = {
        "commodity": COMMODITY,
        "site_id": cooperative.site_id,
        "full_load": "5000",
        "until": day(2),
    }
    return body | changes


def a_pool(cooperative: Account, **changes: Any) -> dict[str, Any]:
    return cooperative.made("/pools", pool_body(cooperative, **changes))


def brought(
    by: Account, pool: dict[str, Any], lot: dict[str, Any], quantity: str, **measured: Any
) -> dict[str, Any]:
    """A part of a lot brought into a pool."""
    body = {"lot_id": lot["id"], "quantity": quantity} | measured
    return by.made(f"/pools/{pool['id']}/contributions", body)


def filled(
    cooperative: Account, pool: dict[str, Any], *members: Account, each: str = "1000"
) -> dict[str, Any]:
    """A pool closed with a lot of each member in it; the pool as it is then."""
    for member in members:
        brought(member, pool, a_lot(member, quantity=each), each)
    return cooperative.made(f"/pools/{pool['id']}/closing")
