"""Deliveries to test with: from an order to any state."""

from datetime import date
from typing import Any

from tests.factories import Account, a_lot, an_offer, an_order

TEA = "tea-shoots-fresh"
PRICE = "8000.00"
A_WEEK_OF_TEA = {
    "week": date(2026, 3, 2), "commodity_code": TEA, "province_code": "68", "parties": 6,
    "deliveries": 9, "despatched_quantity": 101, "weighed_quantity": 100, "accepted_quantity": 90,
    "refused_quantity": 10, "goods_amount": 900_000, "carried_quantity": 90,
    "carried_amount": 900_000, "haulage_amount": 90_000,
}  # fmt: skip
"""A week of the market's, as a row of `GroupCell`: 101 kg left, 100 arrived, 90 were accepted."""


def tea_order(
    farm: Account, buyer: Account, quantity: str = "1000", **offer: Any
) -> dict[str, Any]:
    """Fresh tea at 8,000 VND per kg, ordered and confirmed."""
    lot = a_lot(
        farm,
        commodity=TEA,
        quantity=quantity,
        grade=None,
        qualities={},
        status="forecast",
        harvested_at=None,
        ready_at="2099-01-01T00:00:00Z",
    )
    listed = an_offer(farm, lot, quantity=quantity, **{"ask_price": PRICE, **offer})
    return an_order(buyer, listed, quantity)


def scheduled(by: Account, order: dict[str, Any], **body: Any) -> dict[str, Any]:
    return by.made(f"/orders/{order['id']}/deliveries", body)


def despatched(farm: Account, delivery: dict[str, Any], **body: Any) -> dict[str, Any]:
    """All that was planned, unless told otherwise."""
    sent = {"quantity": delivery["scheduled_quantity"]} | body
    return farm.made(f"/deliveries/{delivery['id']}/despatch", sent)


def weighed(buyer: Account, delivery: dict[str, Any], net: str, **body: Any) -> dict[str, Any]:
    """One ticket without a tare, unless told otherwise."""
    ticket = {"tickets": [{"gross": net, "tare": "0"}]}
    return buyer.made(f"/deliveries/{delivery['id']}/weighing", ticket | body)


def accepted_part(net: str, **part: Any) -> dict[str, Any]:
    return {"net": net, "result": "accepted"} | part


def inspected(
    by: Account, delivery: dict[str, Any], *parts: dict[str, Any], **body: Any
) -> dict[str, Any]:
    return by.made(f"/deliveries/{delivery['id']}/inspection", {"parts": list(parts)} | body)


def accepted(buyer: Account, delivery: dict[str, Any]) -> dict[str, Any]:
    return buyer.made(f"/deliveries/{delivery['id']}/acceptance")


def a_delivery(
    farm: Account, buyer: Account, order: dict[str, Any], until: str = "accepted", **body: Any
) -> dict[str, Any]:
    """All that is outstanding of an order's line, unless told otherwise, brought to a state."""
    return brought(farm, buyer, scheduled(farm, order, **body), until)


def brought(farm: Account, buyer: Account, delivery: dict[str, Any], until: str) -> dict[str, Any]:
    """A planned delivery brought to a state: what was planned is sent, weighed and accepted."""
    quantity = delivery["scheduled_quantity"]
    steps = {
        "scheduled": lambda: delivery,
        "despatched": lambda: despatched(farm, delivery),
        "weighed": lambda: weighed(buyer, delivery, quantity),
        "inspected": lambda: inspected(buyer, delivery, accepted_part(quantity)),
        "accepted": lambda: accepted(buyer, delivery),
    }
    for state, step in steps.items():
        made = step()
        if state == until:
            return made
    raise AssertionError(until)


def a_claim(
    farm: Account, buyer: Account, delivery: dict[str, Any], until: str = "open", **body: Any
) -> dict[str, Any]:
    """A claim of a tenth, open, refused or escalated."""
    asked = {"share": "0.1", "reason": "Lẫn đá"} | body
    claim = buyer.made(f"/deliveries/{delivery['id']}/claims", asked)
    if until in ("refused", "escalated"):
        claim = farm.made(f"/claims/{claim['id']}/answer", {"result": "refused"})
    if until == "escalated":
        claim = buyer.made(f"/claims/{claim['id']}/escalation")
    return claim
