"""Examples of the calls about contracts and reference prices."""

from typing import Any

from tests.api.example import (
    BOTH_SIDES,
    BUYERS,
    SELLERS,
    SIGNED_IN,
    TRADERS,
    Example,
    Ids,
    example,
)
from tests.factories import Account, day, monday
from tests.factories_contracts import contract_body


def _terms(caller: Account, ids: Ids) -> dict[str, Any]:
    body = contract_body(
        caller,
        ids["farm_organisation"],
        tolerance_percent="5",
        price={
            "form": "fixed",
            "price": "90000",
            "floor": None,
            "differential": None,
            "cost": None,
            "margin": None,
            "market": None,
        },
        payment_days=15,
        carrier="seller",
        advances=[{"due_on": day(9)[:10], "amount": 1_000_000, "kind": "inputs"}],
        remedies={"non_purchase": "8", "side_selling": "10"},
        notice_days=3,
        force_majeure="Bão, lũ",
    )
    del body["side"], body["counterparty_id"]
    return body


def _contract(caller: Account, ids: Ids) -> dict[str, Any]:
    sides = {"side": "buyer", "counterparty_id": ids["farm_organisation"], "on_behalf_of": None}
    return _terms(caller, ids) | sides


def _signature(caller: Account, _: Ids) -> dict[str, Any]:
    return {"version": 1, "site_id": caller.site_id}


def _series(_: Account, __: Ids) -> dict[str, Any]:
    return {
        "code": "world-bank-robusta",
        "name": {"vi": "Cà phê Robusta thế giới", "en": "World robusta"},
        "commodity": "green-coffee-robusta",
        "source": "World Bank",
    }


THEIRS = f"{SELLERS} other_processor"
SEEN: dict[str, Any] = {"among": SIGNED_IN, "subject": "contract"}
PRICES = {"prices": [{"day": day(-1)[:10], "price": "88000"}]}

CONTRACT_EXAMPLES: dict[str, Example] = {
    "POST /reference-series": example("operator", body=_series),
    "GET /reference-series": example(SIGNED_IN),
    "GET /reference-series/<code>": example(SIGNED_IN, code="a-series"),
    "POST /reference-series/<code>/prices": example(
        "operator", code="a-series", body=lambda _, __: PRICES
    ),
    "GET /reference-series/<code>/prices": example(SIGNED_IN, code="a-series"),
    "POST /contracts": example(BUYERS, body=_contract),
    "GET /contracts": example(SIGNED_IN),
    "GET /contracts/<contract_id>": example(BOTH_SIDES, **SEEN),
    "PATCH /contracts/<contract_id>": example(
        "processor farm",
        among=TRADERS,
        subject="draft_contract",
        body=_terms,
        headers={"If_Match": "*"},
    ),
    "POST /contracts/<contract_id>/signature": example(
        "farm processor", among=TRADERS, subject="draft_contract", body=_signature
    ),
    "POST /contracts/<contract_id>/termination": example(
        "farm processor",
        among=TRADERS,
        subject="contract",
        body=lambda _, __: {"reason": "Bán đất"},
    ),
    "POST /contracts/<contract_id>/call-offs": example(
        "processor",
        among=BUYERS,
        subject="contract",
        body=lambda _, __: {"week": monday(0), "quantity": "20"},
    ),
    "GET /contracts/<contract_id>/call-offs": example(BOTH_SIDES, **SEEN),
    "POST /contracts/<contract_id>/shortfalls": example(
        "farm",
        among=SELLERS,
        subject="contract",
        body=lambda _, __: {
            "week": monday(1),
            "expected": "60",
            "reason": "Sương muối",
            "force_majeure": True,
        },
    ),
    "GET /contracts/<contract_id>/shortfalls": example(BOTH_SIDES, **SEEN),
    "POST /contracts/<contract_id>/releases": example(
        "processor", among=BUYERS, subject="contract", body=lambda _, __: {"week": monday(1)}
    ),
    "GET /contracts/<contract_id>/releases": example(BOTH_SIDES, **SEEN),
    "GET /contracts/<contract_id>/balance": example(BOTH_SIDES, **SEEN),
    "GET /contracts/<contract_id>/breaches": example(BOTH_SIDES, **SEEN),
    "POST /breaches/<breach_id>/answer": example(
        "processor",
        among=THEIRS.removeprefix("farm "),
        subject="breach",
        body=lambda _, __: {"text": "Nhà máy sửa chữa"},
    ),
    "POST /breaches/<breach_id>/excuse": example("farm", among=THEIRS, subject="breach"),
}
