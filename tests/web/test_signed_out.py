"""Somebody whose session ends in the middle of something loses nothing of what was typed."""

import pytest
from flask import Flask
from playwright.sync_api import Browser, Route, expect

from tests.factories import PASSWORD, Account, Trade
from tests.web.browser import BOTH_SIZES, Visit, sign_in, visit


def forget_session(visiting: Visit) -> None:
    visiting.page.context.clear_cookies()


def forgive(visiting: Visit) -> None:
    """A browser complains of each page that is answered with a refusal."""
    visiting.complaints[:] = [
        one for one in visiting.complaints if not any(status in one for status in ("401", "409"))
    ]


def back_in(visiting: Visit, farm: Account) -> None:
    visiting.fill(login=str(farm.login), password=PASSWORD).press("Đăng nhập")


@pytest.mark.parametrize("size", BOTH_SIZES)
@pytest.mark.parametrize("scripts", [True, False])
def test_a_form_comes_back_filled_in_after_signing_in_again(
    browser: Browser, site: str, committing: Flask, size: str, *, scripts: bool
) -> None:
    farm = Trade(committing).farm()
    with visit(browser, site, size, java_script_enabled=scripts) as farmer:
        sign_in(farmer, str(farm.login), PASSWORD).page.goto(f"{site}/forecasts/new")
        farmer.page.locator("input[name^=week-]").nth(1).fill("1.250")
        forget_session(farmer)
        farmer.press("Gửi dự báo")
        assert "Những gì đã gõ vẫn còn" in farmer.text()
        if scripts:
            farmer.look()
        back_in(farmer, farm)
        if scripts:
            farmer.page.locator("input[name^=week-]").first.wait_for()
            farmer.page.wait_for_load_state("load")
        else:
            assert "Chưa gửi gì" in farmer.text()
            farmer.press("Về chỗ đang gõ")
        assert farm.read("/forecasts")["items"] == []
        assert farmer.page.locator("input[name^=week-]").nth(1).input_value() == "1.250"
        assert "hãy xem lại rồi gửi" in farmer.text().lower()
        if scripts:
            farmer.look()
        farmer.press("Gửi dự báo")
        farmer.seen.append("/forecasts")
        forgive(farmer)
    assert [one["quantity"] for one in farm.read("/forecasts")["items"]] == ["1250.000"]


def test_an_offer_made_after_the_session_ended_is_kept_and_sent_once_signed_in(
    browser: Browser, site: str, committing: Flask
) -> None:
    farm = Trade(committing).farm()
    with visit(browser, site, "phone") as farmer:
        sign_in(farmer, str(farm.login), PASSWORD).open("/sell")
        farmer.fill(quantity="30", ask_price="12.000")
        forget_session(farmer)
        farmer.page.locator(".tiles .chip").nth(1).click()
        farmer.page.locator("#expired").wait_for()
        assert farmer.page.input_value("#quantity") == "30"
        farmer.click("Đăng bán")
        expect(farmer.page.locator("#drafts")).to_contain_text("đăng nhập xong sẽ gửi")
        farmer.look()
        farmer.page.locator("#drafts").get_by_role("link", name="Đăng nhập").click()
        back_in(farmer, farm)
        farmer.page.get_by_text("Đã gửi").wait_for()
        forgive(farmer)
    assert [one["quantity"] for one in farm.read("/offers?mine=true")["items"]] == ["30.000"]


def test_what_is_under_way_is_said_until_it_is_there(
    browser: Browser, site: str, committing: Flask
) -> None:
    farm = Trade(committing).farm()
    with visit(browser, site, "phone") as farmer:
        sign_in(farmer, str(farm.login), PASSWORD).page.goto(f"{site}/sell")
        held: list[Route] = []
        farmer.page.route("**/sell?*", lambda route: held.append(route))
        status = farmer.page.locator("#busy")
        assert status.inner_text() == ""
        farmer.page.locator(".tiles .chip").nth(1).click()
        farmer.page.get_by_text("Đang tải…").wait_for()
        assert farmer.page.locator("#details").get_attribute("aria-busy") == "true"
        held[0].continue_()
        expect(status).to_have_text("")
        assert farmer.page.locator("#details").get_attribute("aria-busy") is None
        farmer.look()
