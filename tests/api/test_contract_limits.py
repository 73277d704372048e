"""What a contract lets nobody do: sign a season that is over, advance or miss more than agreed."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.contracts.models import Contract
from app.core.db import db
from app.core.transaction import transaction
from tests.factories import Account, Trade, an_offer, an_order, day, monday
from tests.factories_contracts import a_contract, a_draft, called, contract_body

AGREED = [
    {"due_on": monday(1), "amount": 2_000_000, "kind": "inputs"},
    {"due_on": monday(2), "amount": 1_000_000, "kind": "inputs"},
]


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def pointers(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return [one["pointer"] for one in answer.json["errors"]]


def revised(caller: Account, draft: dict[str, Any], **changes: Any) -> Any:
    """The terms of a draft sent again by the farm, some of them changed."""
    terms = contract_body(caller, "", **changes)
    del terms["side"], terms["counterparty_id"]
    return caller.request("PATCH", f"/contracts/{draft['id']}", terms, If_Match="*")


def test_a_season_that_is_over_is_not_signed(trade: Trade, buyer: Account, farm: Account) -> None:
    draft = a_draft(buyer, farm, starts_on=monday(-4), weeks=[])
    buyer.made(f"/contracts/{draft['id']}/signature", {"version": 1})
    over = {"starts_on": monday(-4), "ends_on": day(-1)[:10], "weeks": []}
    assert pointers(revised(farm, draft, **over)) == ["/ends_on"]
    with trade.app.app_context(), transaction():
        ends_on = date.fromisoformat(day(-1)[:10])
        db.session.execute(
            update(Contract).where(Contract.id == draft["id"]).values(ends_on=ends_on)
        )
    late = farm.post(f"/contracts/{draft['id']}/signature", {"version": 1, "site_id": farm.site_id})
    assert refused(late) == (409, "season_over")
    assert buyer.read(f"/contracts/{draft['id']}")["status"] == "draft"


def test_a_revision_that_changes_nothing_keeps_the_version_and_its_signature(
    trade: Trade, buyer: Account, farm: Account
) -> None:
    draft = a_draft(buyer, farm, advances=AGREED)
    path = f"/contracts/{draft['id']}"
    buyer.made(f"{path}/signature", {"version": 1})
    same = revised(farm, draft, advances=AGREED[::-1])
    assert same.status_code == 200, same.get_data(as_text=True)
    assert [one["number"] for one in same.json["versions"]] == [1]
    trade.relay()
    topics = {one["topic"] for one in buyer.read("/notifications")["items"]}
    assert "contract.drafted" in topics
    assert "contract.revised" not in topics
    assert farm.made(f"{path}/signature", {"version": 1})["status"] == "active"


@pytest.mark.parametrize(
    ("caller", "action", "body"),
    [
        ("buyer", "call-offs", {"quantity": "1"}),
        ("buyer", "releases", {}),
        ("farm", "shortfalls", {"expected": "1", "reason": "Sương muối"}),
    ],
)
def test_a_week_begins_on_a_monday(
    buyer: Account, farm: Account, caller: str, action: str, body: dict[str, Any]
) -> None:
    contract = a_contract(buyer, farm)
    tuesday = str(date.fromisoformat(monday(1)) + timedelta(days=1))
    account = {"buyer": buyer, "farm": farm}[caller]
    path = f"/contracts/{contract['id']}/{action}"
    answer = account.post(path, body | {"week": tuesday}, Accept_Language="vi")
    assert pointers(answer) == ["/week"]
    assert answer.json["errors"][0]["detail"] == "Phải là ngày thứ Hai."


def test_a_shortfall_says_less_than_was_awaited(buyer: Account, farm: Account) -> None:
    contract = a_contract(buyer, farm)
    path = f"/contracts/{contract['id']}/shortfalls"

    def told(expected: str, **more: Any) -> Any:
        body = {"week": monday(1), "expected": expected, "reason": "Sương muối"}
        return farm.post(path, body | more)

    for expected in ("999999", "100"):
        answer = told(expected)
        assert pointers(answer) == ["/expected"]
        assert "100 kg is awaited" in answer.json["errors"][0]["detail"]
    assert told("60").status_code == 201
    assert pointers(told("60")) == ["/expected"]
    assert told("60", force_majeure=True).status_code == 201, "which it was not before"
    assert pointers(told("60", force_majeure=True)) == ["/expected"]
    assert told("0").status_code == 201
    assert pointers(told("0")) == ["/expected"]
    assert len(farm.read(path)["items"]) == 3


def test_of_what_was_called_beyond_the_promise_a_shortfall_can_be_told(
    buyer: Account, farm: Account
) -> None:
    contract = a_contract(buyer, farm, quantity_form="minimum")
    called(buyer, contract, 0, "150")
    body = {"week": monday(0), "expected": "120", "reason": "Sương muối"}
    farm.made(f"/contracts/{contract['id']}/shortfalls", body)


def advanced(giver: Account, farm: Account, contract: dict[str, Any], **changes: Any) -> Any:
    body = {
        "receiver_id": farm.organisation_id,
        "contract_id": contract["id"],
        "kind": "inputs",
        "amount": 2_000_000,
    }
    return giver.post("/advances", body | changes)


def test_no_more_is_advanced_than_the_contract_agrees(buyer: Account, farm: Account) -> None:
    contract = a_contract(buyer, farm, advances=AGREED)
    assert advanced(buyer, farm, contract).json["contract_id"] == contract["id"]
    again = advanced(buyer, farm, contract)
    assert refused(again) == (409, "more_than_agreed")
    assert "1,000,000 VND" in again.json["detail"]
    in_money = advanced(buyer, farm, contract, kind="money", amount=1)
    assert refused(in_money) == (409, "more_than_agreed")
    assert advanced(buyer, farm, contract, amount=1_000_000).status_code == 201
    assert refused(advanced(buyer, farm, contract, amount=1)) == (409, "more_than_agreed")


def test_an_advance_sent_twice_is_recorded_once(buyer: Account, farm: Account) -> None:
    contract = a_contract(buyer, farm, advances=AGREED)
    body = {"receiver_id": farm.organisation_id, "kind": "inputs", "amount": 1_000_000}
    body["contract_id"] = contract["id"]
    first, second = (buyer.post("/advances", body, key="ung-mot-lan") for _ in range(2))
    assert first.json["id"] == second.json["id"]
    assert len(buyer.read("/advances")["items"]) == 1


def test_an_advance_needs_a_contract_of_the_two_in_force(
    trade: Trade, buyer: Account, farm: Account
) -> None:
    offer = an_offer(farm, quantity="30")
    other = trade.processor()
    for one in (buyer, other):
        an_order(one, offer, "10")
    draft = a_draft(buyer, farm, advances=AGREED)
    assert refused(advanced(buyer, farm, draft)) == (409, "contract_not_active")
    contract = a_contract(buyer, farm, advances=AGREED)
    strange = advanced(other, farm, contract)
    assert strange.status_code == 404
    assert [one["pointer"] for one in strange.json["errors"]] == ["/contract_id"]
    for one in (buyer, farm):
        one.made(f"/contracts/{contract['id']}/termination", {"reason": "Bán đất"})
    assert refused(advanced(buyer, farm, contract)) == (409, "contract_not_active")


def test_a_contract_that_has_ended_is_no_reason_for_an_advance(
    buyer: Account, farm: Account
) -> None:
    contract = a_contract(buyer, farm)
    body = {"receiver_id": farm.organisation_id, "kind": "money", "amount": 1}
    assert buyer.post("/advances", body).status_code == 201
    for one in (buyer, farm):
        one.made(f"/contracts/{contract['id']}/termination", {"reason": "Bán đất"})
    assert buyer.post("/advances", body).status_code == 404
