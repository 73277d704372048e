"""From a planned load to its slip."""

from decimal import Decimal
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.deliveries.slip import recompute
from tests.factories import Account, Trade, a_lot, an_offer, an_order
from tests.factories_deliveries import (
    a_delivery,
    accepted,
    accepted_part,
    despatched,
    inspected,
    scheduled,
    tea_order,
    weighed,
)

COARSE = {"net": "100", "result": "rejected", "reason": "Lá già"}


def code_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def pointers(answer: TestResponse) -> list[str]:
    return [one["pointer"] for one in answer.json["errors"]]


@pytest.fixture
def order(farm: Account, buyer: Account) -> dict[str, Any]:
    return tea_order(farm, buyer)


def test_the_five_quantities_stand_side_by_side(
    farm: Account, buyer: Account, order: dict[str, Any]
) -> None:
    delivery = scheduled(buyer, order)
    assert delivery["scheduled_quantity"] == "1000.000"
    assert delivery["quantities"] == {
        "offered": "1000.000",
        "ordered": "1000.000",
        "despatched": None,
        "weighed": None,
        "accepted": None,
    }
    despatched(farm, delivery, quantity="950")
    tickets = [{"gross": "500.5", "tare": "20.5"}, {"gross": "480", "tare": "20"}]
    weighed(buyer, delivery, "", tickets=tickets, surface_water="3")
    good = accepted_part("840", qualities={"coarse_leaf": "9.5"})
    inspected(buyer, delivery, good, COARSE | {"qualities": {"coarse_leaf": "52.0"}})
    done = accepted(buyer, delivery)
    assert done["status"] == "partly_accepted"
    assert done["quantities"] == {
        "offered": "1000.000",
        "ordered": "1000.000",
        "despatched": "950.000",
        "weighed": "940.000",
        "accepted": "840.000",
    }
    assert done["weighings"][0]["gross"] == "980.500"
    assert done["payable_amount"] == 840 * 8000 - 840 * 8000 * 3 // 100 == 6_518_400


def test_the_slip_shows_every_line_and_computes_itself(
    farm: Account, buyer: Account, order: dict[str, Any]
) -> None:
    delivery = scheduled(buyer, order)
    assert code_of(buyer.get(f"/deliveries/{delivery['id']}/slip")) == (409, "no_slip_yet")
    despatched(farm, delivery)
    weighed(buyer, delivery, "940", surface_water="3")
    inspected(buyer, delivery, accepted_part("840"), COARSE)
    preview = farm.read(f"/deliveries/{delivery['id']}/slip")
    assert (preview["preview"], preview["number"]) == (True, None)
    accepted(buyer, delivery)
    slip = farm.read(f"/deliveries/{delivery['id']}/slip")
    assert (slip["preview"], slip["number"]) == (False, 1)
    assert slip["base"] == {"quantity": "840.000", "unit_price": "8000.00", "amount": 6_720_000}
    assert slip["adjustments"] == [
        {
            "part": None,
            "attribute": "surface_water",
            "measured": "3.000",
            "rule": {"kind": "water_deduction", "attribute": "surface_water"},
            "percent": "-3.000",
            "quantity": "840.000",
            "amount": -201_600,
        }
    ]
    assert slip["payable_amount"] == preview["payable_amount"] == 6_518_400
    again = recompute(slip)
    assert {name: again[name] for name in slip} == slip


def test_an_order_is_under_way_from_the_first_load_and_received_after_the_last(
    farm: Account, buyer: Account, order: dict[str, Any]
) -> None:
    path = f"/orders/{order['id']}"
    first = scheduled(farm, order, quantity="600")
    assert buyer.read(path)["status"] == "confirmed"
    despatched(farm, first)
    assert buyer.read(path)["status"] == "in_delivery"
    weighed(buyer, first, "590")
    inspected(buyer, first, accepted_part("590"))
    assert accepted(buyer, first)["status"] == "accepted"
    assert buyer.read(path)["status"] == "in_delivery"
    second = scheduled(buyer, order)
    assert second["scheduled_quantity"] == "400.000"
    despatched(farm, second, quantity="350", shortfall="50", shortfall_reason="Mưa đá")
    assert buyer.read(path)["lines"][0]["short"] == "50.000"
    weighed(buyer, second, "350")
    inspected(buyer, second, {"net": "350", "result": "rejected", "reason": "Ôi"})
    assert accepted(buyer, second)["status"] == "rejected"
    assert buyer.read(path)["status"] == "received"
    assert code_of(farm.post(f"{path}/deliveries", {})) == (409, "order_not_under_way")


def test_no_more_is_planned_or_sent_than_is_outstanding(
    farm: Account, buyer: Account, order: dict[str, Any]
) -> None:
    path = f"/orders/{order['id']}/deliveries"
    first = scheduled(farm, order, quantity="700")
    planned = farm.post(path, {"quantity": "301"}, Accept_Language="vi")
    assert code_of(planned) == (409, "more_than_outstanding")
    assert planned.json["detail"] == "Dòng hàng này chỉ còn 300 kg chưa giao."
    despatch = f"/deliveries/{first['id']}/despatch"
    sent = farm.post(despatch, {"quantity": "1001"})
    assert code_of(sent) == (409, "more_than_outstanding")
    assert "Only 1,000 kg of this line" in sent.json["detail"]
    sent = despatched(farm, first, quantity="10", unit="tạ")
    assert sent["quantities"]["despatched"] == "1000.000"
    assert sent["despatches"][0]["as_typed"] == {"quantity": "10", "unit": "tạ"}
    assert code_of(farm.post(path, {})) == (409, "nothing_outstanding")
    assert code_of(farm.post(despatch, {"quantity": "1"})) == (409, "delivery_not_scheduled")


def test_what_is_called_off_is_outstanding_again(
    farm: Account, buyer: Account, order: dict[str, Any]
) -> None:
    first = scheduled(farm, order)
    assert buyer.made(f"/deliveries/{first['id']}/cancellation")["status"] == "cancelled"
    again = farm.post(f"/deliveries/{first['id']}/cancellation")
    assert code_of(again) == (409, "delivery_not_scheduled")
    second = scheduled(farm, order)
    assert (second["number"], second["scheduled_quantity"]) == (2, "1000.000")


def test_each_step_waits_for_the_one_before(
    farm: Account, buyer: Account, order: dict[str, Any]
) -> None:
    delivery = scheduled(farm, order)
    path = f"/deliveries/{delivery['id']}"
    ticket = {"tickets": [{"gross": "10", "tare": "0"}]}
    parts = {"parts": [accepted_part("10")]}
    assert code_of(buyer.post(f"{path}/weighing", ticket)) == (409, "delivery_not_despatched")
    assert code_of(buyer.post(f"{path}/inspection", parts)) == (409, "delivery_not_weighed")
    assert code_of(buyer.post(f"{path}/acceptance")) == (409, "delivery_not_inspected")
    despatched(farm, delivery)
    assert code_of(buyer.post(f"{path}/inspection", parts)) == (409, "delivery_not_weighed")
    reason = ticket | {"correction_reason": "Nhầm"}
    assert code_of(buyer.post(f"{path}/weighing", reason)) == (409, "nothing_to_correct")
    weighed(buyer, delivery, "10")
    assert code_of(buyer.post(f"{path}/weighing", ticket)) == (409, "correction_reason_missing")
    inspected(buyer, delivery, accepted_part("10"))
    assert code_of(buyer.post(f"{path}/inspection", parts)) == (409, "correction_reason_missing")
    accepted(buyer, delivery)
    assert code_of(buyer.post(f"{path}/acceptance")) == (409, "delivery_not_inspected")


@pytest.mark.parametrize(
    ("parts", "pointer", "code"),
    [
        ([accepted_part("899")], "/parts", "parts_do_not_add_up"),
        ([accepted_part("900"), accepted_part("1")], "/parts", "parts_do_not_add_up"),
        ([accepted_part("900", accepted_quantity="901")], "/parts/0/accepted_quantity", "invalid"),
        ([accepted_part("900", accepted_quantity="0")], "/parts/0/accepted_quantity", "invalid"),
        (
            [{"net": "900", "result": "rejected", "reason": "x", "accepted_quantity": "1"}],
            "/parts/0/accepted_quantity",
            "invalid",
        ),
        ([{"net": "900", "result": "rejected"}], "/parts/0/reason", "invalid"),
        ([{"net": "900", "result": "downgraded"}], "/parts/0/reason", "invalid"),
        ([accepted_part("900", accepted_quantity="899")], "/parts/0/reason", "invalid"),
        ([accepted_part("900", grade="no-such")], "/parts/0/grade", "invalid"),
        (
            [accepted_part("900", qualities={"coarse_leaf": "100.1"})],
            "/parts/0/qualities/coarse_leaf",
            "invalid",
        ),
        (
            [accepted_part("900", qualities={"no_such": "1"})],
            "/parts/0/qualities/no_such",
            "invalid",
        ),
        ([accepted_part("900", unit_price="1.00")], "/parts/0/unit_price", "invalid"),
    ],
)
def test_an_inspection_that_makes_no_sense_is_refused_by_name(
    farm: Account,
    buyer: Account,
    order: dict[str, Any],
    parts: list[dict[str, Any]],
    pointer: str,
    code: str,
) -> None:
    delivery = scheduled(farm, order)
    despatched(farm, delivery)
    before = weighed(buyer, delivery, "900")
    answer = buyer.post(f"/deliveries/{delivery['id']}/inspection", {"parts": parts})
    assert code_of(answer) == (422, code)
    assert pointers(answer) == [pointer]
    assert buyer.read(f"/deliveries/{delivery['id']}") == before


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"tickets": [{"gross": "10", "tare": "11"}]}, "/tickets/0/tare"),
        ({"tickets": [{"gross": "10", "tare": "10"}]}, "/tickets"),
        ({"tickets": [{"gross": "-10", "tare": "0"}]}, "/tickets/0/gross"),
        ({"tickets": [{"gross": "10.0001", "tare": "0"}]}, "/tickets/0/gross"),
        ({"tickets": [{"gross": "10", "tare": "0"}], "unit": "thúng"}, "/unit"),
        ({"tickets": [{"gross": "1.001", "tare": "0"}], "unit": "g"}, "/tickets/0/gross"),
        ({"tickets": [{"gross": "10", "tare": "0"}], "surface_water": "100.1"}, "/surface_water"),
        ({"tickets": [{"gross": "10", "tare": "0"}], "parts": [accepted_part("10")]}, "/parts"),
    ],
)
def test_a_weighing_that_makes_no_sense_is_refused_by_name(
    farm: Account, buyer: Account, order: dict[str, Any], body: dict[str, Any], pointer: str
) -> None:
    delivery = scheduled(farm, order)
    before = despatched(farm, delivery)
    answer = buyer.post(f"/deliveries/{delivery['id']}/weighing", body)
    assert code_of(answer) == (422, "invalid")
    assert pointers(answer) == [pointer]
    assert buyer.read(f"/deliveries/{delivery['id']}") == before


def test_more_than_anybody_could_pay_is_not_accepted(
    trade: Trade, farm: Account, buyer: Account
) -> None:
    lot = a_lot(farm, quantity="200000")
    offer = an_offer(farm, lot, quantity="200000", ask_price="999999999.99")
    dear = an_order(buyer, offer, "100001")
    delivery = scheduled(farm, dear)
    despatched(farm, delivery)
    weighed(buyer, delivery, "1000001")
    before = inspected(buyer, delivery, accepted_part("1000001"))
    path = f"/deliveries/{delivery['id']}"
    answer = buyer.post(f"{path}/acceptance")
    assert (code_of(answer), pointers(answer)) == ((422, "invalid"), ["/parts"])
    assert buyer.read(path) == before
    right = {"tickets": [{"gross": "1000", "tare": "0"}], "correction_reason": "Gõ nhầm"}
    buyer.made(f"{path}/weighing", right | {"parts": [accepted_part("1000")]})
    assert accepted(buyer, delivery)["payable_amount"] == 999_999_999_990


def test_a_correction_is_a_further_row_and_a_further_slip(
    farm: Account, buyer: Account, order: dict[str, Any]
) -> None:
    delivery = a_delivery(farm, buyer, order)
    path = f"/deliveries/{delivery['id']}"
    assert delivery["payable_amount"] == 8_000_000
    ticket = {"tickets": [{"gross": "990", "tare": "0"}], "correction_reason": "Cân chưa chỉnh"}
    answer = buyer.post(f"{path}/weighing", ticket)
    assert code_of(answer) == (422, "parts_do_not_add_up")
    assert answer.json["detail"] == "The parts come to 0 kg, but 990 kg was weighed."
    corrected = buyer.made(f"{path}/weighing", ticket | {"parts": [accepted_part("990")]})
    assert [one["net"] for one in corrected["weighings"]] == ["1000.000", "990.000"]
    assert [one["reason"] for one in corrected["weighings"]] == [None, "Cân chưa chỉnh"]
    assert len(corrected["inspections"]) == 2
    assert (corrected["slip_number"], corrected["payable_amount"]) == (2, 7_920_000)
    again = inspected(
        buyer,
        delivery,
        accepted_part("900"),
        {"net": "90", "result": "rejected", "reason": "Lá già"},
        correction_reason="Kiểm lại",
    )
    assert (again["status"], again["slip_number"]) == ("partly_accepted", 3)
    assert farm.read(f"{path}/slip")["payable_amount"] == 7_200_000


def test_an_order_s_end_ends_what_it_was_sold_from(trade: Trade, farm: Account) -> None:
    buyer = trade.processor()
    lot = a_lot(farm, quantity="0.5", unit="tạ")
    assert (lot["quantity"], lot["quantity_as_typed"]) == (
        "50.000",
        {"quantity": "0.5", "unit": "tạ"},
    )
    offer = an_offer(farm, lot)
    orders = [an_order(buyer, offer, "25") for _ in range(2)]

    def states() -> list[str]:
        paths = (f"/offers/{offer['id']}", f"/lots/{lot['id']}")
        return [farm.read(path)["status"] for path in paths]

    a_delivery(farm, buyer, orders[0])
    assert states() == ["committed", "harvested"]
    a_delivery(farm, buyer, orders[1])
    assert states() == ["closed", "exhausted"]


def test_a_cancelled_order_calls_off_what_was_planned(
    trade: Trade, farm: Account, buyer: Account, order: dict[str, Any]
) -> None:
    delivery = scheduled(farm, order)
    buyer.made(f"/orders/{order['id']}/cancellation")
    answer = farm.post(f"/deliveries/{delivery['id']}/despatch", {"quantity": "1"})
    assert code_of(answer) == (409, "order_not_under_way")
    trade.relay()
    assert farm.read(f"/deliveries/{delivery['id']}")["status"] == "cancelled"


def test_a_substitution_is_recorded_as_one(trade: Trade, farm: Account, buyer: Account) -> None:
    lot, spare = a_lot(farm), a_lot(farm)
    order = an_order(buyer, an_offer(farm, lot), "40")
    delivery = scheduled(farm, order)
    path = f"/deliveries/{delivery['id']}/despatch"
    body = {"quantity": "40", "lot_id": spare["id"]}
    assert pointers(farm.post(path, body)) == ["/substitution_reason"]
    foreign = body | {"lot_id": a_lot(trade.farm())["id"], "substitution_reason": "Mốc"}
    assert code_of(farm.post(path, foreign)) == (404, "not_found")
    other = a_lot(farm, commodity="ginger-dried", qualities={}, grade=None)
    wrong = body | {"lot_id": other["id"], "substitution_reason": "Mốc"}
    assert pointers(farm.post(path, wrong)) == ["/lot_id"]
    sent = farm.made(path, body | {"substitution_reason": "Lô kia bị mốc"})
    assert sent["despatches"][0]["lot_id"] == spare["id"] != lot["id"]
    assert sent["despatches"][0]["substitution_reason"] == "Lô kia bị mốc"
    assert farm.read(f"/lots/{spare['id']}")["left"] == "60.000"


def test_an_authority_inspects_only_where_it_was_asked(
    trade: Trade, farm: Account, buyer: Account
) -> None:
    authority = trade.authority
    plain = a_delivery(farm, buyer, tea_order(farm, buyer), "weighed")
    path = f"/deliveries/{plain['id']}"
    parts = {"parts": [accepted_part("1000")]}
    assert authority.get(path).status_code == 404
    assert authority.post(f"{path}/inspection", parts).status_code == 404
    asked = scheduled(farm, tea_order(farm, buyer), neutral_inspection=True)
    despatched(farm, asked)
    weighed(buyer, asked, "1000")
    judged = inspected(authority, asked, accepted_part("1000"), inspector="Trạm kiểm định")
    assert judged["inspections"][0]["neutral"] is True
    assert judged["inspections"][0]["inspector"] == "Trạm kiểm định"
    path = f"/deliveries/{asked['id']}"
    overruled = parts | {"correction_reason": "Không phục"}
    answer = buyer.post(f"{path}/inspection", overruled)
    assert code_of(answer) == (409, "neutral_inspection_stands")
    assert Decimal(authority.read(path)["quantities"]["accepted"]) == 1000


def test_a_delivery_between_others_is_missing(trade: Trade, farm: Account, buyer: Account) -> None:
    delivery = a_delivery(farm, buyer, tea_order(farm, buyer), "despatched")
    stranger = trade.processor()
    for answer in (
        stranger.get(f"/deliveries/{delivery['id']}"),
        stranger.get(f"/deliveries/{delivery['id']}/slip"),
        stranger.post(f"/deliveries/{delivery['id']}/acceptance"),
        stranger.get(f"/orders/{delivery['order_id']}/deliveries"),
    ):
        assert code_of(answer) == (404, "not_found")
    assert stranger.read("/deliveries")["items"] == []
    shown = buyer.read(f"/orders/{delivery['order_id']}/deliveries")["items"]
    assert [one["id"] for one in shown] == [delivery["id"]]


def test_the_slip_is_a_page_for_who_asks_for_one(farm: Account, buyer: Account) -> None:
    bad = {"net": "100", "result": "rejected", "reason": "Lá già <b>"}
    order = tea_order(farm, buyer)
    delivery = scheduled(farm, order)
    despatched(farm, delivery)
    weighed(buyer, delivery, "940", surface_water="3")
    inspected(buyer, delivery, accepted_part("840", qualities={"coarse_leaf": "9.5"}), bad)
    path = f"/deliveries/{delivery['id']}/slip"
    assert "Bản tạm tính" in buyer.get(path, Accept="text/html").get_data(as_text=True)
    accepted(buyer, delivery)
    page = buyer.get(path, Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert page.content_type == "text/html; charset=utf-8"
    assert "Accept" in page.headers["Vary"]
    text = page.get_data(as_text=True)
    shown = ("840 kg × 8.000 đ/kg", "6.720.000 đ", "−201.600 đ", "6.518.400 đ", "Phiếu số 1")
    measured = ("Nước bám bề mặt 3 %", "trừ đúng tỷ lệ đo được", "just what was measured", "9,5 %")
    for figure in (*shown, *measured, "940 cả bì − 0 bì", "Búp chè tươi", "Lá già &lt;b&gt;"):
        assert figure in text, figure
    for wanted in ("application/json", "*/*", ""):
        assert buyer.get(path, Accept=wanted).content_type == "application/json"
    style = buyer.app.test_client().get("/slip.css")
    assert (style.status_code, style.content_type) == (200, "text/css; charset=utf-8")
    assert "size: A4" in style.get_data(as_text=True)
