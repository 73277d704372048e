"""Examples of the calls about pools, disruption, recalls and assisted entry."""

from typing import Any

from tests.api.example import AGENT, FARM, SELLERS, SIGNED_IN, Example, Ids, example
from tests.factories import Account
from tests.factories_pools import pool_body


def _pool(caller: Account, _: Ids) -> dict[str, Any]:
    return pool_body(caller, unit="kg", min_grade="1", certificates=["vietgap"])


def _contribution(_: Account, ids: Ids) -> dict[str, Any]:
    return {
        "lot_id": ids["spare_lot"],
        "quantity": "1.5",
        "unit": "yến",
        "grade": "2",
        "qualities": {"moisture": "11.5"},
    }


COOPERATIVES = "cooperative other_cooperative"
POOLED = f"{FARM} {AGENT}"
CONTRIBUTED: dict[str, Any] = {"among": SIGNED_IN, "subject": "contribution"}

LINKAGE_EXAMPLES: dict[str, Example] = {
    "POST /pools": example(COOPERATIVES, body=_pool),
    "GET /pools": example(SIGNED_IN),
    "GET /pools/<pool_id>": example(POOLED, among=SIGNED_IN, subject="pool"),
    "POST /pools/<pool_id>/closing": example(
        "cooperative", among="other_cooperative", subject="full_pool"
    ),
    "POST /pools/<pool_id>/return": example(
        "cooperative", among="other_cooperative", subject="pool"
    ),
    "POST /pools/<pool_id>/contributions": example(
        "farm cooperative", among=SELLERS, subject="pool", body=_contribution
    ),
    "GET /pools/<pool_id>/contributions": example(POOLED, among=SIGNED_IN, subject="pool"),
    "GET /pool-contributions/<contribution_id>": example(POOLED, **CONTRIBUTED),
    "POST /pool-contributions/<contribution_id>/confirmation": example(
        "farm", among=SELLERS.replace(" cooperative", ""), subject="contribution"
    ),
    "POST /pool-contributions/<contribution_id>/withdrawal": example(
        "farm cooperative", among=SELLERS, subject="contribution"
    ),
}
