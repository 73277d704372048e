"""A processor's story at a phone and at a desk, from the search to the statement."""

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser

from app.core import clock
from tests.factories import (
    COMMODITY,
    PASSWORD,
    Trade,
    a_certificate,
    a_lot,
    an_offer,
    an_order,
    day,
)
from tests.factories_contracts import a_draft
from tests.factories_deliveries import a_delivery, brought, scheduled
from tests.web.browser import BOTH_SIZES, Visit, sign_in, visit


def follow(buyer: Visit, link: str) -> Visit:
    buyer.page.get_by_role("link", name=link).first.click()
    return buyer.look()


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_a_processor_orders_in_three_taps_and_receives(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    trade = Trade(committing)
    farm, buying = trade.farm(), trade.processor()
    an_offer(farm, a_lot(farm, quantity="100"), quantity="60", ask_price="100000")
    with visit(browser, site, size) as buyer:
        sign_in(buyer, str(buying.login), PASSWORD)
        buyer.page.goto(f"{site}/market")
        buyer.fill(q="ca phe nhan").press("Tìm").look()
        follow(buyer, "Cà phê nhân")
        buyer.fill(quantity="50").press("Đặt mua").look()
        assert "50 kg" in buyer.text()
        order = buying.read("/orders")["items"][0]
        load = brought(farm, buying, scheduled(farm, order), "despatched")

        buyer.open(f"/deliveries/{load['id']}")
        buyer.fill(**{"gross-1": "51,5", "tare-1": "1,5"}).press("Ghi cân").look()
        assert "50 kg" in buyer.text()
        buyer.fill(**{"net-1": "45", "net-2": "5", "reason-2": "Lẫn đá"})
        buyer.page.check("#result-2 input[value=rejected]")
        for part in ("1", "2"):
            buyer.fill(**{f"quality-moisture-{part}": "12"})
        buyer.press("Ghi kết quả kiểm").press("Chốt phiếu và nhận hàng").look()
        assert "Nhận một phần" in buyer.text()
        buyer.page.get_by_text("Khiếu nại", exact=True).click()
        buyer.fill(claimed="2", reason="Ẩm hơn lúc cân").press("Gửi khiếu nại").look()
        assert "Ẩm hơn lúc cân" in buyer.text()
        buyer.page.goto(f"{site}/deliveries/{load['id']}")
        buyer.page.get_by_role("link", name="Xem phiếu cân").click()
        buyer.page.wait_for_load_state("load")
        assert "45" in buyer.page.inner_text("body")
    assert buying.read(f"/deliveries/{load['id']}")["status"] == "partly_accepted"
    assert len(buying.read("/claims")["items"]) == 1


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_a_processor_sees_what_would_match_before_posting_a_demand(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    trade = Trade(committing)
    farm, buying = trade.farm(), trade.processor()
    an_offer(farm, a_lot(farm), ask_price="100000")
    with visit(browser, site, size) as buyer:
        sign_in(buyer, str(buying.login), PASSWORD)
        buyer.open("/demands/new?commodity=green-coffee-robusta")
        buyer.fill(quantity="30", bid_price="120.000")
        buyer.fill(deliver_from=day(0)[:10], deliver_until=day(20)[:10])
        buyer.press("Xem hôm nay ghép được bao nhiêu").look()
        assert "30 kg trên 30 kg" in buyer.text()
        assert buying.read("/demands")["items"] == []
        buyer.press("Đăng nhu cầu").look()
        demand = buying.read("/demands")["items"][0]
        assert demand["quantity"] == "30.000"
        buyer.page.go_back()
        assert buyer.page.url == f"{site}/demands/new?commodity=green-coffee-robusta"

        made = trade.clear(COMMODITY)
        buyer.open("/rounds").open(f"/rounds/{made['id']}")
        assert "không còn cách ghép nào lợi hơn" in buyer.text()
        assert "Mua 30 kg" in buyer.text()
        buyer.page.context.clear_cookies()
        buyer.open(f"/rounds/{made['id']}")
        assert "Lợi chung không nêu" in buyer.text()
        assert "Mua 30 kg" not in buyer.text()


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_a_processor_draws_up_a_contract_signs_it_and_calls_goods_off(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    trade = Trade(committing)
    farm, buying = trade.farm(), trade.processor()
    an_order(buying, an_offer(farm), "5")
    today = clock.local_date(clock.now())
    with visit(browser, site, size) as buyer:
        sign_in(buyer, str(buying.login), PASSWORD).open("/contracts")
        follow(buyer, "Soạn hợp đồng")
        buyer.page.select_option("#commodity", "green-coffee-robusta")
        buyer.fill(quantity="300", weekly="100", figure="90.000")
        buyer.fill(ends_on=str(today + timedelta(weeks=8))).press("Lưu bản soạn").look()
        buyer.press("Ký bản 1").look()
        draft = buying.read("/contracts")["items"][0]
        assert [one["promised"] for one in draft["weeks"]] == ["100.000"] * 3
        farm.made(f"/contracts/{draft['id']}/signature", {"version": 1, "site_id": farm.site_id})

        buyer.open(f"/contracts/{draft['id']}").fill(quantity="40").press("Gọi hàng").look()
        assert "40 kg" in buyer.text()
        buyer.open(f"/contracts/{draft['id']}")
        assert buyer.page.locator("#weeks tbody tr").first.inner_text().split()[3] == "40"
        paper = buyer.page.request.get(f"{site}/contracts/{draft['id']}/paper")
        assert paper.body().startswith(b"%PDF")
    assert len(buying.read(f"/contracts/{draft['id']}/call-offs")["items"]) == 1


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_a_processor_keeps_a_search_and_a_place(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    buying = Trade(committing).processor()
    with visit(browser, site, size) as buyer:
        sign_in(buyer, str(buying.login), PASSWORD)
        buyer.page.goto(f"{site}/market?commodity=green-coffee-robusta&price_max=90000")
        follow(buyer, "Báo tôi khi có hàng như vậy").press("Lưu tìm kiếm").look()
        assert "90.000 đ/kg" in buyer.text()
        buyer.press("Bỏ")
        assert buying.read("/saved-searches")["items"] == []

        buyer.page.goto(f"{site}/sites")
        buyer.fill(name="Kho hai", ward="b lao").press("Thêm nơi này").look()
        assert "Kho hai" in buyer.text()


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_a_processor_judges_its_supplier_and_makes_a_statement(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    trade = Trade(committing)
    farm, buying = trade.farm(), trade.processor()
    certificate = a_certificate(farm)
    trade.authority.made(f"/certificates/{certificate['id']}/verification")
    a_delivery(farm, buying, an_order(buying, an_offer(farm), "50"))
    trade.relay()
    with visit(browser, site, size) as buyer:
        sign_in(buyer, str(buying.login), PASSWORD)
        buyer.open(f"/suppliers/{farm.organisation_id}")
        assert "50 kg · 100%" in buyer.text()
        assert certificate["number"] in buyer.text()

        buyer.open("/statements").press("Lập bảng kê").look()
        made = buying.read("/statements")["items"][0]
        sheet = buyer.page.request.get(f"{site}/statements/{made['id']}/sheet")
        assert sheet.body().startswith(b"PK")


def test_a_farm_reads_a_draft_and_signs_it_at_its_own_place(
    browser: Browser, site: str, committing: Flask
) -> None:
    trade = Trade(committing)
    farm, buying = trade.farm(), trade.processor()
    draft = a_draft(buying, farm)
    with visit(browser, site, "phone") as seller:
        sign_in(seller, str(farm.login), PASSWORD).open(f"/contracts/{draft['id']}")
        seller.press("Ký bản 1")
        buying.made(f"/contracts/{draft['id']}/signature", {"version": 1})
        seller.open(f"/contracts/{draft['id']}")
        seller.page.get_by_text("Báo trước một tuần sẽ thiếu hàng").click()
        seller.page.select_option("#week", index=1)
        seller.fill(expected="60").page.fill("#reason", "Sương muối")
        seller.press("Báo thiếu hàng").look()
        assert "Sương muối" in seller.text()
    assert len(farm.read(f"/contracts/{draft['id']}/shortfalls")["items"]) == 1
