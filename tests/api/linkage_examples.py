"""Examples of the calls about pools, disruption, recalls and assisted entry."""

from typing import Any
from uuid import UUID

from app.collecting.operations import entry_code
from tests.api.example import AGENT, BUYERS, FARM, SELLERS, SIGNED_IN, Example, Ids, example
from tests.factories import Account, day, lot_body
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


def _entry(caller: Account, ids: Ids) -> dict[str, Any]:
    return lot_body(
        caller,
        plot_id=None,
        unit="kg",
        ready_at=day(-1),
        certificates=[],
        on_behalf_of=ids["farm_organisation"],
        method="paper",
        paper_reference="Sổ 12, trang 3",
    )


def _code(caller: Account, ids: Ids) -> dict[str, Any]:
    secret = caller.app.config["SECRET_KEY"]
    return {"code": entry_code(UUID(ids["entry"]), 1, secret=secret)}


OTHER_SIDE = "other_processor operator operator_viewer"
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
    "GET /disruptions": example(SIGNED_IN),
    "GET /disruptions/<commitment_id>": example(
        f"{OTHER_SIDE} farmer_group farmer_group_viewer", among=SIGNED_IN, subject="disruption"
    ),
    "GET /rematches": example(SIGNED_IN),
    "GET /rematches/<rematch_id>": example(
        f"{OTHER_SIDE} other_farm", among=SIGNED_IN, subject="rematch"
    ),
    "POST /rematches/<rematch_id>/acceptance": example(
        "other_processor", among=BUYERS, subject="rematch"
    ),
    "POST /rematches/<rematch_id>/refusal": example(
        "other_processor", among=BUYERS, subject="rematch"
    ),
    "GET /surplus": example(SIGNED_IN),
    "POST /lots/<lot_id>/recall": example(
        "farm authority operator",
        among=SELLERS,
        subject="lot",
        body=lambda _, __: {"reason": "Dư lượng thuốc"},
    ),
    "POST /assisted-entries": example(
        "cooperative", among="other_cooperative", subject="farm_organisation", body=_entry
    ),
    "GET /assisted-entries": example(SIGNED_IN),
    "GET /assisted-entries/<entry_id>": example(POOLED, among=SIGNED_IN, subject="entry"),
    "POST /assisted-entries/<entry_id>/code": example(
        "cooperative", among="other_cooperative", subject="entry"
    ),
    "POST /assisted-entries/<entry_id>/confirmation": example(
        "cooperative", among="other_cooperative", subject="entry", body=_code
    ),
    "GET /recalls": example(SIGNED_IN),
    "GET /recalls/<recall_id>": example(
        f"{FARM} authority authority_viewer", among=SIGNED_IN, subject="recall"
    ),
    "POST /recalls/<recall_id>/release": example(
        "farm operator", among=f"{SELLERS} authority", subject="recall"
    ),
}
