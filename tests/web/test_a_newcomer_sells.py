"""From the address on the terminal to a first own sale, doing only what the screen says."""

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.factories import PASSWORD, Trade
from tests.web.browser import BOTH_SIZES, visit

PHONES = {"phone": "0912345011", "desktop": "0912345012"}


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_five_pages_lead_to_an_offer_and_five_more_to_its_sale(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    trade = Trade(committing)
    factory = trade.processor()
    with visit(browser, site, size) as newcomer:
        newcomer.open("/")
        newcomer.page.get_by_role("link", name="Tạo tài khoản").first.click()
        newcomer.look().fill(name="Trần Văn Nam", phone=PHONES[size], password=PASSWORD)
        newcomer.press("Tạo tài khoản").look()
        assert "Chưa có gì đang bán. Bấm Đăng bán" in newcomer.text()
        newcomer.page.get_by_role("link", name="Đăng bán").click()
        newcomer.look()
        assert not newcomer.page.locator("#ready_on").is_visible()
        newcomer.fill(quantity="200", ask_price="12.000", ward="b lao").press("Đăng bán")
        newcomer.page.wait_for_url("**/offers/*?new=1")
        told = newcomer.look().text()
        assert "Đã đăng bán. Nhà máy thấy ngay" in told
        assert "Phiên khớp kế tiếp" in told
        newcomer.seen[-1] = newcomer.seen[-1].partition("?")[0]
        assert newcomer.seen == ["/", "/register", "/home", "/sell", "/offers/id"]

        with visit(browser, site, size) as buyer:
            buyer.open("/").page.get_by_role("link", name="Đăng nhập").first.click()
            buyer.look().fill(login=str(factory.login), password=PASSWORD).press("Đăng nhập")
            buyer.page.wait_for_url("**/home")
            buyer.look().page.get_by_role("link", name="Tìm hàng").first.click()
            buyer.look().page.get_by_role("link", name="Búp chè tươi").first.click()
            buyer.look().press("Đặt mua").page.wait_for_url("**/orders/*")
            buyer.look()
            assert buyer.seen == [
                "/", "/sign-in", "/home", "/market", "/offers/id", "/orders/id"]  # fmt: skip

        newcomer.open("/home").page.get_by_role("link", name="Cân 200 kg").click()
        told = newcomer.look().text()
        assert "Đã xác nhận" in told
        assert "2.400.000 đ" in told


def test_who_types_no_ward_is_told_to_type_one(
    browser: Browser, site: str, committing: Flask
) -> None:
    with visit(browser, site, "phone") as newcomer:
        newcomer.page.goto(f"{site}/register")
        newcomer.fill(name="Trần Văn Nam", phone="0912345013", password=PASSWORD)
        newcomer.press("Tạo tài khoản").page.wait_for_url("**/home")
        newcomer.page.goto(f"{site}/sell")
        newcomer.fill(quantity="200", ask_price="12.000").press("Đăng bán")
        newcomer.page.locator("#refusal").wait_for()
        assert "Hãy gõ tên xã, phường" in newcomer.look().text()
        newcomer.fill(ward="bảo lộc").press("Đăng bán")
        newcomer.page.get_by_label("Phường 2 Bảo Lộc").check()
        newcomer.press("Đăng bán").page.wait_for_url("**/offers/*?new=1")
        newcomer.page.get_by_text("Phường 2 Bảo Lộc").wait_for()
        newcomer.complaints[:] = [one for one in newcomer.complaints if "422" not in one]
