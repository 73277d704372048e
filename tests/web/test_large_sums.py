"""Sums of fourteen digits stay within a narrow screen."""

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.factories import PASSWORD, Trade, a_membership
from tests.factories_deliveries import a_delivery, tea_order
from tests.web.browser import sign_in, visit

OVERFLOWING = """[...document.querySelectorAll("main :is(.card, .box, .facts)")]
    .filter(one => one.scrollWidth > one.clientWidth).map(one => one.outerHTML.slice(0, 300))"""


@pytest.mark.parametrize("size", ["small", "phone", "desktop"])
def test_a_sum_of_fourteen_digits_stays_in_its_card(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    trade = Trade(committing)
    cooperative, farm, buyer = trade.cooperative(), trade.farm(), trade.processor()
    a_membership(farm, cooperative, "consent", "mandate")
    order = tea_order(farm, buyer, "20000", ask_price="660000061.20")
    a_delivery(farm, buyer, order)
    trade.relay()
    trade.count()
    for account, pages in (
        (cooperative, ("/analytics", "/analytics/flows", "/analytics/losses")),
        (farm, ("/analytics", "/money", "/home")),
        (buyer, ("/money", "/home")),
    ):
        with visit(browser, site, size) as reading:
            sign_in(reading, str(account.login), PASSWORD).page.wait_for_url("**/home")
            for language, sum_told in (
                ("vi", "13.200.001.224.000 đ"),
                ("en", "13,200,001,224,000 VND"),
            ):
                reading.page.context.add_cookies(
                    [{"name": "blao_language", "value": language, "url": site}]
                )
                for page in pages:
                    reading.open(page)
                    assert page == "/home" or sum_told in reading.text() or page.endswith("losses")
                    assert reading.page.evaluate(OVERFLOWING) == [], (page, language)
