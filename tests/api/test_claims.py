"""Claims: what is asked for, what is granted, and what the clock decides."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from app.deliveries.claim_operations import TIME_TO_ANSWER, TIME_TO_ESCALATE, time_out_claims
from app.deliveries.models import Delivery
from tests.factories import Account, Trade, a_membership
from tests.factories_deliveries import a_claim, a_delivery, accepted_part, inspected, tea_order
from workers.housekeeping import expire


def code_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


@pytest.fixture
def delivery(farm: Account, buyer: Account) -> dict[str, Any]:
    """1,000 kg of tea for 8,000,000 VND."""
    return a_delivery(farm, buyer, tea_order(farm, buyer))


def in_time(trade: Trade, later: timedelta) -> int:
    with trade.app.app_context(), transaction():
        return time_out_claims(now=clock.now() + later)


def test_a_share_or_a_quantity_is_claimed(
    farm: Account, buyer: Account, delivery: dict[str, Any]
) -> None:
    path = f"/deliveries/{delivery['id']}/claims"
    claim = a_claim(farm, buyer, delivery, share="0.05")
    assert (claim["status"], claim["provisional_credit"]) == ("open", 400_000)
    assert claim["credit"] is None
    again = buyer.post(path, {"share": "0.1", "reason": "Lần nữa"})
    assert code_of(again) == (409, "claim_under_way")
    answered = farm.made(f"/claims/{claim['id']}/answer", {"result": "granted"})
    assert (answered["status"], answered["credit"]) == ("granted", 400_000)
    second = buyer.made(path, {"quantity": "12.345", "reason": "Thiếu cân"})
    assert second["provisional_credit"] == 98_760


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/share"),
        ({"share": "0.1", "quantity": "1"}, "/share"),
        ({"share": "0"}, "/share"),
        ({"share": "1.00001"}, "/share"),
        ({"share": "0.000001"}, "/share"),
        ({"quantity": "1000.001"}, "/quantity"),
        ({"share": "0.5", "credit": 1}, "/credit"),
    ],
)
def test_a_claim_that_makes_no_sense_is_refused_by_name(
    buyer: Account, delivery: dict[str, Any], body: dict[str, Any], pointer: str
) -> None:
    answer = buyer.post(f"/deliveries/{delivery['id']}/claims", {"reason": "Xấu"} | body)
    assert code_of(answer) == (422, "invalid")
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]
    assert buyer.read("/claims")["items"] == []


def test_claims_together_never_exceed_what_is_payable(
    farm: Account, buyer: Account, delivery: dict[str, Any]
) -> None:
    first = a_claim(farm, buyer, delivery, share="0.6")
    farm.made(f"/claims/{first['id']}/answer", {"result": "granted"})
    path = f"/deliveries/{delivery['id']}/claims"
    answer = buyer.post(path, {"share": "0.40001", "reason": "Thêm"})
    assert code_of(answer) == (409, "claimed_too_much")
    assert "3,200,000" in answer.json["detail"]
    assert buyer.made(path, {"share": "0.4", "reason": "Thêm"})["provisional_credit"] == 3_200_000


def test_the_seller_grants_a_part(farm: Account, buyer: Account, delivery: dict[str, Any]) -> None:
    claim = a_claim(farm, buyer, delivery)
    path = f"/claims/{claim['id']}/answer"
    for body in (
        {"result": "partly_granted"},
        {"result": "partly_granted", "credit": 800_000},
        {"result": "granted", "credit": 800_000},
        {"result": "refused", "credit": 1},
    ):
        answer = farm.post(path, body)
        assert [one["pointer"] for one in answer.json["errors"]] == ["/credit"], body
    done = farm.made(path, {"result": "partly_granted", "credit": 799_999, "text": "Một phần"})
    assert (done["status"], done["credit"], done["answer"]) == (
        "partly_granted",
        799_999,
        "Một phần",
    )
    assert code_of(farm.post(path, {"result": "granted"})) == (409, "claim_not_open")
    withdrawal = buyer.post(f"/claims/{claim['id']}/withdrawal")
    assert code_of(withdrawal) == (409, "claim_over")


def test_a_refusal_goes_to_the_seller_s_cooperative(
    trade: Trade, farm: Account, buyer: Account, delivery: dict[str, Any]
) -> None:
    cooperative, operator = trade.cooperative(), trade.operator
    a_membership(farm, cooperative)
    claim = a_claim(farm, buyer, delivery, "refused")
    assert (claim["status"], claim["credit"]) == ("refused", 0)
    path = f"/claims/{claim['id']}"
    decision = {"credit": 300_000, "text": "Chia đôi"}
    assert cooperative.get(path).status_code == 404
    assert cooperative.post(f"{path}/decision", decision).status_code == 404
    escalated = buyer.made(f"{path}/escalation")
    assert escalated["arbiter_id"] == cooperative.organisation_id
    assert operator.post(f"{path}/decision", decision).status_code == 404
    too_much = cooperative.post(f"{path}/decision", decision | {"credit": 800_001})
    assert [one["pointer"] for one in too_much.json["errors"]] == ["/credit"]
    done = cooperative.made(f"{path}/decision", decision)
    assert (done["status"], done["credit"]) == ("partly_granted", 300_000)
    assert done["decided_by_id"] == cooperative.organisation_id
    again = cooperative.post(f"{path}/decision", decision)
    assert code_of(again) == (409, "claim_not_escalated")


def test_an_operator_decides_where_there_is_no_cooperative_but_the_buyer(
    trade: Trade, farm: Account
) -> None:
    cooperative, operator = trade.cooperative(), trade.operator
    a_membership(farm, cooperative)
    delivery = a_delivery(farm, cooperative, tea_order(farm, cooperative))
    claim = a_claim(farm, cooperative, delivery, "escalated")
    assert claim["arbiter_id"] is None
    path = f"/claims/{claim['id']}/decision"
    assert cooperative.post(path, {"credit": 1, "text": "Cho tôi"}).status_code == 404
    done = operator.made(path, {"credit": 800_000, "text": "Đúng là lẫn đá"})
    assert (done["status"], done["credit"]) == ("granted", 800_000)


def test_what_nobody_answers_is_granted_and_what_nobody_escalates_stands(
    trade: Trade,
    farm: Account,
    buyer: Account,
    delivery: dict[str, Any],
    in_app: Callable[[Callable[[], Any]], Any],
) -> None:
    refused = a_claim(farm, buyer, delivery, "refused")
    other = a_delivery(farm, buyer, tea_order(farm, buyer))
    silent = a_claim(farm, buyer, other)
    in_app(expire.run)
    assert in_time(trade, timedelta(0)) == 0
    assert in_time(trade, max(TIME_TO_ANSWER, TIME_TO_ESCALATE)) == 2
    assert in_time(trade, max(TIME_TO_ANSWER, TIME_TO_ESCALATE)) == 0
    ended = [buyer.read(f"/claims/{one['id']}") for one in (refused, silent)]
    assert [(one["status"], one["credit"]) for one in ended] == [
        ("refused", 0),
        ("granted", 800_000),
    ]
    assert all(one["ended_at"] for one in ended)
    escalation = buyer.post(f"/claims/{refused['id']}/escalation")
    assert code_of(escalation) == (409, "claim_over")
    trade.relay()
    topics = {one["topic"] for one in farm.read("/notifications?limit=100")["items"]}
    assert {"claim.filed", "claim.answered"} <= topics


def test_it_is_too_late_when_the_commodity_s_hours_are_over(
    trade: Trade, buyer: Account, delivery: dict[str, Any]
) -> None:
    hours = buyer.read("/commodities/tea-shoots-fresh")["claim_hours"]
    assert hours == 12
    with trade.app.app_context(), transaction():
        then = clock.now() - timedelta(hours=hours)
        db.session.execute(update(Delivery).values(inspected_at=then))
    answer = buyer.post(f"/deliveries/{delivery['id']}/claims", {"share": "1", "reason": "Muộn"})
    assert code_of(answer) == (409, "claim_too_late")


def test_only_what_was_accepted_is_claimed_about(farm: Account, buyer: Account) -> None:
    claim = {"share": "1", "reason": "Xấu"}
    waiting = a_delivery(farm, buyer, tea_order(farm, buyer), "inspected")
    answer = buyer.post(f"/deliveries/{waiting['id']}/claims", claim)
    assert code_of(answer) == (409, "delivery_not_accepted")


def test_a_slip_is_not_corrected_under_a_claim_nor_below_what_was_credited(
    farm: Account, buyer: Account, delivery: dict[str, Any]
) -> None:
    claim = a_claim(farm, buyer, delivery, share="0.5")
    path = f"/deliveries/{delivery['id']}/inspection"
    rest = {"net": "600", "result": "rejected", "reason": "Lá già"}
    body = {"parts": [accepted_part("400"), rest], "correction_reason": "Kiểm lại"}
    assert code_of(buyer.post(path, body)) == (409, "claim_under_way")
    farm.made(f"/claims/{claim['id']}/answer", {"result": "granted"})
    assert code_of(buyer.post(path, body)) == (409, "credits_exceed_payable")
    assert buyer.read(f"/deliveries/{delivery['id']}")["slip_number"] == 1
    rest = rest | {"net": "500"}
    corrected = inspected(buyer, delivery, accepted_part("500"), rest, correction_reason="Lại")
    assert corrected["payable_amount"] == 4_000_000


def test_a_withdrawn_claim_costs_nothing(
    farm: Account, buyer: Account, delivery: dict[str, Any]
) -> None:
    for until in ("open", "refused", "escalated"):
        claim = a_claim(farm, buyer, delivery, until, share="1")
        done = buyer.made(f"/claims/{claim['id']}/withdrawal")
        assert (done["status"], done["credit"]) == ("withdrawn", 0)
