"""What the pages of trade say and do, without a browser."""

import re

import pytest
from sqlalchemy import text

from tests.api.world import World
from tests.factories import an_offer, an_order, day
from tests.factories_contracts import a_draft
from tests.factories_deliveries import (
    a_delivery,
    accepted,
    accepted_part,
    brought,
    inspected,
    scheduled,
)
from tests.web.reader import reader, shown


def refused(world: World, label: str, address: str, form: dict[str, str], from_: str) -> str:
    answer = reader(world, label).send(address, form, shown=from_)
    assert answer.status_code in (409, 422), answer.status_code
    return answer.get_data(as_text=True)


def test_a_buyer_records_what_it_paid_and_the_page_says_what_is_left(world: World) -> None:
    owed = world["processor"].read(f"/settlements/{world.ids['settlement']}")["outstanding"]
    form = {"payee_id": str(world["farm"].organisation_id), "amount": "2.000", "reference": "CK 7"}
    answer = reader(world, "processor").send("/payouts", form, shown="/money")
    assert answer.status_code == 303
    left = world["processor"].read(f"/settlements/{world.ids['settlement']}")["outstanding"]
    assert owed - left == 2000
    assert "2.000 đ" in shown(world, "processor", "/money")
    assert "CK 7" in shown(world, "processor", "/money")


@pytest.mark.parametrize("amount", ["", "nhiều", "1,5", "-5", "999.999.999.999"])
def test_a_payment_that_cannot_be_is_refused_and_nothing_is_recorded(
    world: World, amount: str
) -> None:
    before = world["processor"].read("/payouts")["items"]
    form = {"payee_id": str(world["farm"].organisation_id), "amount": amount}
    assert 'id="refusal"' in refused(world, "processor", "/payouts", form, "/money")
    assert world["processor"].read("/payouts")["items"] == before


def test_only_at_gap_nought_a_round_says_that_nothing_gains_more(world: World) -> None:
    address = f"/rounds/{world.ids['round']}"
    proved = "không còn cách ghép nào lợi hơn"
    assert proved in shown(world, "visitor", address)
    near = text("UPDATE clearing_round SET optimality_gap = 0.00401 WHERE id = :id")
    world.connection.execute(near, {"id": world.ids["round"]})
    page = shown(world, "visitor", address)
    assert proved not in page
    assert "0,41%" in page


def test_prices_on_the_front_page_are_whole_and_say_what_they_are_for(world: World) -> None:
    page = shown(world, "visitor", "/")
    assert re.search(r"Gừng 100.000 đ/kg", page)
    assert not re.search(r",\d+ đ", page)


def test_a_round_shows_to_each_only_its_own_matches(world: World) -> None:
    address = f"/rounds/{world.ids['round']}"
    assert "Bán 30 kg" in shown(world, "farm", address)
    assert "Mua 30 kg" in shown(world, "processor", address)
    for label in ("other_farm", "other_processor", "visitor"):
        page = shown(world, label, address)
        assert "30 kg" not in page.replace("Đã khớp 30 kg", "")
    assert "Tải sổ đã khóa" in shown(world, "operator", address)
    assert "Tải sổ đã khóa" not in shown(world, "processor", address)


def test_the_buyer_in_breach_answers_and_the_seller_may_let_it_go(world: World) -> None:
    contract, breach = f"/contracts/{world.ids['contract']}", world.ids["breach"]
    answered = reader(world, "processor").send(
        f"/breaches/{breach}/answer", {"text": "Lò sấy hỏng"}, shown=contract
    )
    assert answered.status_code == 303
    assert "Lò sấy hỏng" in shown(world, "farm", contract)
    excused = reader(world, "farm").send(f"/breaches/{breach}/excuse", {}, shown=contract)
    assert excused.status_code == 303
    kept = world["farm"].read(f"{contract}/breaches")["items"]
    assert [one["status"] for one in kept if one["id"] == breach] == ["excused"]


def draft_form(world: World, **changes: str) -> dict[str, str]:
    return {
        "counterparty_id": str(world["farm"].organisation_id),
        "commodity": "green-coffee-robusta",
        "quantity_form": "fixed",
        "quantity": "1.000",
        "weekly": "400",
        "price": "floor_plus_market",
        "figure": "95.000",
        "starts_on": "2099-01-07",
        "ends_on": "2099-03-01",
        "site_id": str(world["processor"].site_id),
        "payment_days": "15",
    } | changes


def test_a_draft_spreads_its_total_over_the_weeks(world: World) -> None:
    answer = reader(world, "processor").send(
        "/contracts", draft_form(world), shown="/contracts/new"
    )
    assert answer.status_code == 303, answer.get_data(as_text=True)
    made = world["processor"].read(answer.headers["Location"].partition("?")[0])
    assert [one["promised"] for one in made["weeks"]] == ["400.000", "400.000", "200.000"]
    assert made["price"] == {"form": "floor_plus_market", "floor": "95000.00", "market": "clearing"}
    assert "giá khớp, không dưới 95.000 đ/kg" in shown(world, "farm", f"/contracts/{made['id']}")


@pytest.mark.parametrize(
    "changes",
    [
        {"counterparty_id": "nobody"},
        {"commodity": "no-such-thing"},
        {"quantity": ""},
        {"quantity": "-3"},
        {"figure": "rẻ"},
        {"starts_on": "mai"},
        {"ends_on": "2098-01-01"},
        {"quantity_form": "some"},
        {"payment_days": "2,5"},
        {"weekly": "x"},
    ],
)
def test_a_draft_that_makes_no_contract_is_refused_and_kept_as_typed(
    world: World, changes: dict[str, str]
) -> None:
    before = world["processor"].read("/contracts")["items"]
    form = draft_form(world, **changes)
    page = refused(world, "processor", "/contracts", form, "/contracts/new")
    assert 'id="refusal"' in page
    assert world["processor"].read("/contracts")["items"] == before


def test_terms_that_changed_since_they_were_read_are_not_signed(world: World) -> None:
    contract = f"/contracts/{world.ids['draft_contract']}"
    page = refused(world, "processor", f"{contract}/signature", {"version": "2"}, contract)
    assert 'id="refusal"' in page
    assert world["processor"].read(contract)["signatures"] == []


def test_a_supplier_is_known_only_to_those_who_ordered_from_it(world: World) -> None:
    address = f"/suppliers/{world['farm'].organisation_id}"
    assert "đơn hàng với tôi" in shown(world, "processor", address)
    assert reader(world, "other_processor").get(address).status_code == 404
    offer = an_offer(world["other_farm"])
    line = {"offer_id": offer["id"], "quantity": "5"}
    site = world["other_processor"].site_id
    world["other_processor"].made("/orders", {"lines": [line], "site_id": site})
    other = f"/suppliers/{world['other_farm'].organisation_id}"
    assert "1 đơn hàng với tôi" in shown(world, "other_processor", other)


def test_a_search_that_names_nothing_there_is_saves_nothing(world: World) -> None:
    before = world["processor"].read("/saved-searches")["items"]
    for changes in (
        {"commodity": "x"},
        {"price_max": "rẻ"},
        {"within_km": "0,5"},
        {"within_km": "0"},
        {"name": ""},
    ):
        form = {"name": "Chờ", "commodity": "ginger-dried"} | changes
        page = refused(world, "processor", "/saved-searches", form, "/saved-searches/new"
                       "?commodity=ginger-dried")  # fmt: skip
        assert 'id="refusal"' in page
    assert world["processor"].read("/saved-searches")["items"] == before


def test_a_place_in_several_wards_of_that_name_is_asked_about(world: World) -> None:
    before = world["farm"].read("/sites")["items"]
    page = refused(world, "farm", "/sites", {"name": "Kho", "ward": "phuong 1"}, "/sites")
    assert page.count('name="ward"') > 1
    assert "chọn xã, phường" in page
    page = refused(world, "farm", "/sites", {"name": "Kho", "ward": "khong co dau"}, "/sites")
    assert "Không tìm thấy xã, phường này" in page
    assert world["farm"].read("/sites")["items"] == before


def test_a_statement_is_the_same_as_page_sheet_and_paper(world: World) -> None:
    address = f"/statements/{world.ids['statement']}"
    assert "Bảng kê số 1" in shown(world, "farm", address)
    sheet = reader(world, "farm").get(f"{address}/sheet")
    paper = reader(world, "farm").get(f"{address}/paper")
    assert sheet.get_data().startswith(b"PK")
    assert paper.get_data().startswith(b"%PDF")
    assert "sao-ke-1-2020-01-31.pdf" in paper.headers["Content-Disposition"]
    form = {"period_from": "2020-01-01", "period_until": "2020-03-31"}
    assert "2020-02-01" in refused(world, "farm", "/statements", form, "/statements")


def test_a_demand_leads_to_its_round(world: World) -> None:
    page = reader(world, "processor").get(f"/demands/{world.ids['matched_demand']}")
    assert f"/rounds/{world.ids['round']}" in page.get_data(as_text=True)


def test_a_supplier_is_judged_by_orders_that_are_over(world: World) -> None:
    farm, buyer = world["other_farm"], world["other_processor"]
    late, partly = (an_order(buyer, an_offer(farm), "10") for _ in range(2))
    an_order(buyer, an_offer(farm), "40")
    a_delivery(farm, buyer, late, scheduled_for=day(-1))
    load = brought(farm, buyer, scheduled(farm, partly, scheduled_for=day(1)), "weighed")
    bad = {"net": "4", "result": "rejected", "reason": "Mốc"}
    inspected(buyer, load, accepted_part("6"), bad)
    accepted(buyer, load)
    page = shown(world, "other_processor", f"/suppliers/{farm.organisation_id}")
    assert "Đã đặt 20 kg" in page
    assert "Đã giao 20 kg · 100%" in page
    assert "Nhận đạt 16 kg · 80%" in page
    assert "1 trên 2 chuyến" in page


def test_a_saved_search_is_filled_from_the_market_and_says_what_it_cannot_keep(
    world: World,
) -> None:
    asked = "q=che&available_on=2030-01-05&price_max=90.000&certificate=vietgap"
    page = reader(world, "processor").get(f"/market?{asked}").get_data(as_text=True)
    link = re.findall(r'href="(/saved-searches/new[^"]*)"', page)[0].replace("&amp;", "&")
    told = shown(world, "processor", link)
    assert "Không lưu được: chữ tìm “che”, ngày có hàng" in told
    assert "Búp chè tươi" in told
    assert "Nấm" not in told, "the words narrow what is offered"
    chosen = reader(world, "processor").get(f"{link}&commodity=tea-shoots-fresh")
    page = chosen.get_data(as_text=True)
    assert 'value="90.000"' in page
    assert "Chứng nhận: VietGAP" in page
    form = {"commodity": "tea-shoots-fresh", "price_max": "90.000", "certificate": "vietgap"}
    sent = reader(world, "processor").send(
        "/saved-searches", form | {"name": "Chè"}, shown="/saved-searches/new"
    )
    assert sent.status_code == 303
    kept = world["processor"].read("/saved-searches")["items"][0]
    assert (kept["price_max"], kept["certificate"]) == ("90000.00", "vietgap")
    plain = shown(world, "processor", "/saved-searches/new?commodity=tea-shoots-fresh")
    assert "Không lưu được" not in plain


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ("match_held = quantity - taken", "chậm nhất"),
        ("round_held = quantity - taken, match_held = 0", "phiên khớp đang chạy"),
        ("min_quantity = quantity - taken, taken = taken + 1, match_held = 0", "tối thiểu"),
    ],
)
def test_no_order_form_is_shown_that_cannot_work(world: World, held: str, told: str) -> None:
    offer = world.ids["matched_offer"]
    address = f"/offers/{offer}"
    assert f'action="{address}/order"' in reader(world, "other_processor").get(address).text
    world.connection.execute(text(f"UPDATE offer SET {held} WHERE id = :id"), {"id": offer})
    for label in ("other_processor", "visitor"):
        assert told in shown(world, label, address)
        page = reader(world, label).get(address).text
        assert f'action="{address}/order"' not in page
        assert "Đăng nhập để đặt mua" not in page


def test_nothing_is_weighed_out_of_an_order_that_has_left(world: World) -> None:
    farm, processor = world["farm"], world["processor"]
    order = an_order(processor, an_offer(farm), "17")
    address = f"/orders/{order['id']}"
    assert "Cân hàng và báo đã xuất" in shown(world, "farm", address)
    a_delivery(farm, processor, order, "despatched")
    assert "Cân hàng và báo đã xuất" not in shown(world, "farm", address)


def test_both_sides_see_what_of_an_advance_is_still_to_be_taken_off(world: World) -> None:
    farm, processor = world["farm"], world["processor"]
    given = {"receiver_id": farm.organisation_id, "kind": "money", "amount": 53_000_000}
    advance = processor.made("/advances", given)
    told = "Còn trừ vào tiền hàng 53.000.000 đ"
    assert told not in shown(world, "farm", "/money")
    farm.made(f"/advances/{advance['id']}/confirmation")
    for label in ("farm", "processor"):
        assert told in shown(world, label, "/money")


def test_only_deliveries_that_open_are_linked_to_on_money(world: World) -> None:
    link = f'href="/deliveries/{world.ids["accepted_delivery"]}"'
    for label, opens in (("farm", True), ("processor", True), ("cooperative", False)):
        page = reader(world, label).get("/money").get_data(as_text=True)
        assert "→" in page
        assert (link in page) is opens
        for address in re.findall(r'href="(/deliveries/[^"]+)"', page):
            assert reader(world, label).get(address).status_code == 200, (label, address)


def test_a_contract_leads_to_its_seller_only_where_that_page_opens(world: World) -> None:
    farm, stranger = world["farm"], world["other_processor"]
    contract = f"/contracts/{a_draft(stranger, farm)['id']}"
    link = f'href="/suppliers/{farm.organisation_id}"'
    assert link not in reader(world, "other_processor").get(contract).text
    an_order(stranger, an_offer(farm), "5")
    assert link in reader(world, "other_processor").get(contract).text


def test_an_empty_forecast_is_refused(world: World) -> None:
    page = reader(world, "farm").get("/forecasts/new").get_data(as_text=True)
    form = dict.fromkeys(re.findall(r'name="(week-[^"]+)"', page), " ")
    before = world["farm"].read("/forecasts")["items"]
    told = refused(world, "farm", "/forecasts/new", form, "/forecasts/new")
    assert "Chưa ghi gì" in told
    assert f'id="{min(form)}-fault"' in told
    assert world["farm"].read("/forecasts")["items"] == before
