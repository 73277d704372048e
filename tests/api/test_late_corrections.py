"""Corrections of what was accepted, once the time for claims is over."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from app.deliveries.models import Delivery
from app.settlement.operations import finalise_settlements
from tests.factories import Account, Trade
from tests.factories_deliveries import a_delivery, accepted_part, inspected, tea_order, weighed

COARSE = {"net": "999", "result": "rejected", "reason": "Lá già"}
LESS = {
    "inspection": {"parts": [accepted_part("1"), COARSE]},
    "weighing": {"tickets": [{"gross": "1", "tare": "0"}], "parts": [accepted_part("1")]},
    "weighing of wet leaves": {"tickets": [{"gross": "1000", "tare": "0"}], "surface_water": "1"},
}


@pytest.fixture
def delivery(trade: Trade, farm: Account, buyer: Account) -> dict[str, Any]:
    """1,000 kg of tea for 8,000,000 VND, of which the time for claims is over as of now."""
    return passed(trade, a_delivery(farm, buyer, tea_order(farm, buyer)), timedelta(0))


def passed(trade: Trade, delivery: dict[str, Any], since: timedelta) -> dict[str, Any]:
    """As though it had been inspected so long ago that claims ended at ``since``, 12 h later."""
    with trade.app.app_context(), transaction():
        then = clock.now() - timedelta(hours=12) - since
        db.session.execute(
            update(Delivery).where(Delivery.id == delivery["id"]).values(inspected_at=then)
        )
    return delivery


@pytest.mark.parametrize("what", LESS)
def test_what_is_payable_is_not_lowered_any_more(
    trade: Trade, farm: Account, buyer: Account, delivery: dict[str, Any], what: str
) -> None:
    trade.relay()
    with trade.app.app_context(), transaction():
        assert finalise_settlements(now=clock.now() + timedelta(hours=13)) == 1
    buyer.made("/payouts", {"payee_id": farm.organisation_id, "amount": 8_000_000})
    path = f"/deliveries/{delivery['id']}"
    before = buyer.read(path), buyer.read(f"{path}/slip"), farm.read("/settlements")
    body = LESS[what] | {"correction_reason": "Xem lại"}
    answer = buyer.post(f"{path}/{what.split()[0]}", body)
    assert (answer.status_code, answer.json["code"]) == (409, "correction_too_late")
    trade.relay()
    assert (buyer.read(path), buyer.read(f"{path}/slip"), farm.read("/settlements")) == before


def test_the_refusal_says_until_when_it_could_have_been(
    trade: Trade, buyer: Account, delivery: dict[str, Any]
) -> None:
    passed(trade, delivery, timedelta(days=2))
    path = f"/deliveries/{delivery['id']}"
    until = clock.on_the_wall(
        datetime.fromisoformat(buyer.read(path)["inspected_at"]) + timedelta(hours=12)
    )
    body = LESS["inspection"] | {"correction_reason": "Xem lại"}
    told = {
        language: buyer.post(f"{path}/inspection", body, Accept_Language=language).json["detail"]
        for language in ("vi", "en")
    }
    assert f"sửa giảm được số tiền phải trả đến {until}" in told["vi"]
    assert "hai bên tự thỏa thuận" in told["vi"]
    assert f"could be lowered until {until}" in told["en"]
    assert "settle a difference between themselves" in told["en"]


def test_what_is_payable_may_stay_or_rise(buyer: Account, delivery: dict[str, Any]) -> None:
    again = {"correction_reason": "Xem lại"}
    same = inspected(buyer, delivery, accepted_part("600"), accepted_part("400"), **again)
    assert (same["slip_number"], same["payable_amount"]) == (2, 8_000_000)
    more = weighed(buyer, delivery, "1010", parts=[accepted_part("1010")], **again)
    assert (more["slip_number"], more["payable_amount"]) == (3, 8_080_000)


def test_what_was_rejected_may_still_be_accepted(
    trade: Trade, farm: Account, buyer: Account
) -> None:
    delivery = a_delivery(farm, buyer, tea_order(farm, buyer), "weighed")
    inspected(buyer, delivery, COARSE | {"net": "1000"})
    buyer.made(f"/deliveries/{delivery['id']}/acceptance")
    passed(trade, delivery, timedelta(0))
    again = {"correction_reason": "Nhầm"}
    corrected = inspected(buyer, delivery, accepted_part("1000"), **again)
    assert (corrected["status"], corrected["payable_amount"]) == ("accepted", 8_000_000)


def test_until_then_it_may_be_lowered(
    trade: Trade, buyer: Account, delivery: dict[str, Any]
) -> None:
    passed(trade, delivery, -timedelta(minutes=30))
    again = {"correction_reason": "Xem lại"}
    corrected = inspected(buyer, delivery, accepted_part("1"), COARSE, **again)
    assert (corrected["slip_number"], corrected["payable_amount"]) == (2, 8_000)


def test_haulage_is_not_lowered_either(trade: Trade, farm: Account, buyer: Account) -> None:
    ordered = tea_order(farm, buyer)
    order = buyer.made(f"/orders/{ordered['id']}/carriage", {"carrier": "seller"})
    assert order["haulage_amount"] > 0
    delivery = a_delivery(farm, buyer, order, "despatched")
    weighed(buyer, delivery, "1000", surface_water="50")
    inspected(buyer, delivery, accepted_part("1000"))
    done = buyer.made(f"/deliveries/{delivery['id']}/acceptance")
    assert done["payable_amount"] == 4_000_000
    passed(trade, delivery, timedelta(0))
    drier = {"tickets": [{"gross": "900", "tare": "0"}], "correction_reason": "Cân lại"}
    path = f"/deliveries/{delivery['id']}/weighing"
    answer = buyer.post(path, drier | {"parts": [accepted_part("900")]})
    assert (answer.status_code, answer.json["code"]) == (409, "correction_too_late")
    drier["tickets"] = [{"gross": "1000", "tare": "0"}]
    assert buyer.made(path, drier)["payable_amount"] == 8_000_000
