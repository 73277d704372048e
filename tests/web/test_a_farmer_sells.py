"""A farmer's story at a phone and at a desk, from the first page to money due."""

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.factories import PASSWORD, Trade
from tests.web.browser import BOTH_SIZES, Visit, sign_in, visit, window

PHONES = {"phone": "0912345001", "desktop": "0912345002"}


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_a_new_farmer_sells_from_the_first_page_following_what_the_screen_says(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    trade = Trade(committing)
    buyer = trade.processor()
    with visit(browser, site, size) as farmer:
        farmer.open("/")
        farmer.page.get_by_role("link", name="Tạo tài khoản").first.click()
        farmer.look().fill(name="Nguyễn Thị Hoa", phone=PHONES[size], password=PASSWORD)
        farmer.press("Tạo tài khoản").look()
        farmer.page.get_by_role("link", name="Đăng bán").first.click()
        farmer.look().fill(quantity="2", ask_price="12.500", ward="b lao")
        farmer.page.check("input[value='tạ']")
        assert "2 tạ = 200 kg" in farmer.text()
        farmer.press("Đăng bán")
        farmer.page.wait_for_url("**/offers/*?new=1")
        farmer.look()
        assert "200 kg" in farmer.text()
        assert "12.500" in farmer.text()
        offer_id = farmer.page.url.split("/offers/")[1].partition("?")[0]

        line = {"offer_id": offer_id, "quantity": "200"}
        order = buyer.made("/orders", {"lines": [line], "site_id": buyer.site_id})
        trade.relay()
        farmer.open("/home").page.get_by_role("link", name="Cân").click()
        farmer.look().fill(quantity="190,5").press("Đã xuất hàng").look()
        assert "190,5 kg" in farmer.text()
        for page in ("/offers", "/orders", "/money", "/messages", "/forecasts", "/me"):
            farmer.open(page)
        assert buyer.read(f"/orders/{order['id']}")["status"] == "in_delivery"


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_a_farmer_forecasts_the_next_weeks_in_two_taps(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    farm = Trade(committing).farm()
    with visit(browser, site, size) as farmer:
        sign_in(farmer, str(farm.login), PASSWORD).open("/forecasts/new")
        fields = farmer.page.locator("input[name^=week-]")
        fields.nth(0).fill("1.200")
        fields.nth(1).fill("900")
        farmer.press("Gửi dự báo").look()
    told = farm.read("/forecasts")["items"]
    assert sorted(one["quantity"] for one in told) == ["1200.000", "900.000"]


def test_an_odd_price_is_asked_about_and_what_was_typed_is_kept(
    browser: Browser, site: str, committing: Flask
) -> None:
    farm = Trade(committing).farm()
    with visit(browser, site, "phone") as farmer:
        sign_in(farmer, str(farm.login), PASSWORD).open("/sell")
        farmer.fill(quantity="khoảng hai", ask_price="12.500").press("Đăng bán").look()
        assert farmer.page.locator("#refusal").is_visible()
        assert farmer.page.input_value("#quantity") == "khoảng hai"
        assert farmer.page.input_value("#ask_price") == "12.500"
        farmer.page.reload()
        assert farmer.page.url == f"{site}/sell", "nothing is sent again"
        farmer.fill(quantity="khoảng ba", ask_price="12.500").press("Đăng bán")
        assert farmer.page.locator("#refusal").is_visible()
        farmer.fill(quantity="3").press("Đăng bán")
        farmer.page.wait_for_url("**/offers/*?new=1")
        farmer.page.go_back()
        assert farmer.page.url == f"{site}/sell", "where the form is"
        farmer.complaints[:] = [one for one in farmer.complaints if "422" not in one]
    assert [one["quantity"] for one in farm.read("/offers?mine=true")["items"]] == ["3.000"]


def test_a_draft_made_without_a_signal_is_sent_once_when_it_is_back(
    browser: Browser, site: str, committing: Flask
) -> None:
    farm = Trade(committing).farm()
    with visit(browser, site, "phone") as farmer:
        sign_in(farmer, str(farm.login), PASSWORD).open("/sell")
        # What is still on its way when the signal goes would be complained of.
        farmer.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        farmer.page.context.set_offline(True)
        farmer.fill(quantity="30", ask_price="12.000").click("Đăng bán")
        expect(farmer.page.locator("#drafts")).to_contain_text("Đã lưu trên máy")
        assert farm.read("/offers?mine=true")["items"] == []
        farmer.page.context.set_offline(False)
        farmer.page.get_by_text("Đã gửi").wait_for()
        farmer.page.reload()
        farmer.page.wait_for_load_state("networkidle")
        farmer.complaints[:] = [one for one in farmer.complaints if "ERR_INTERNET" not in one]
    sold = farm.read("/offers?mine=true")["items"]
    assert [one["quantity"] for one in sold] == ["30.000"]


def test_a_choice_made_before_all_scripts_have_come_asks_for_the_whole_page(
    browser: Browser, site: str, committing: Flask
) -> None:
    farm = Trade(committing).farm()
    # What a service worker fetches cannot be kept from coming.
    context = window(browser, "phone", service_workers="block")
    page = context.new_page()
    sign_in(Visit(page, site, "phone"), str(farm.login), PASSWORD)
    page.route("**/refresh.*.js", lambda one: one.fulfill(body="", content_type="text/javascript"))
    page.goto(f"{site}/sell")
    page.fill("#quantity", "2")
    other = page.locator(".tiles .chip").nth(1)
    code = other.locator("input").get_attribute("value")
    other.click()
    page.wait_for_url(f"**/sell?*commodity={code}*")
    assert "quantity=2" in page.url
    assert "csrf" not in page.url
    context.close()
