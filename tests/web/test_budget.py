"""On a poor line and a slow phone, with Chromium's own throttling."""

import time
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.factories import PASSWORD, Trade
from tests.web.browser import Visit, sign_in, window

KBIT = 1000 / 8
SLOW_LINE = {
    "offline": False,
    "latency": 2000,
    "downloadThroughput": 400 * KBIT,
    "uploadThroughput": 400 * KBIT,
}


@pytest.mark.slow
def test_selling_opens_on_a_poor_line_within_its_budget(
    browser: Browser,
    site: str,
    committing: Flask,
    record_property: Callable[[str, object], None],
) -> None:
    farm = Trade(committing).farm()
    context = window(browser, "phone")
    sign_in(Visit(context.new_page(), site, "phone"), str(farm.login), PASSWORD)
    kept = context.cookies()
    context.close()

    context = window(browser, "phone")
    context.add_cookies(kept)
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW_LINE)
    line.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    received: list[float] = []
    requests: list[str] = []
    line.on("Network.loadingFinished", lambda one: received.append(one["encodedDataLength"]))
    line.on("Network.requestWillBeSent", lambda one: requests.append(one["request"]["url"]))
    begun = time.monotonic()
    page.goto(f"{site}/sell", wait_until="commit")
    page.fill("#quantity", "2")
    page.get_by_text("2 kg").wait_for()
    seconds = time.monotonic() - begun
    page.wait_for_load_state("load")
    loaded = time.monotonic() - begun
    sizes = {
        "bytes": sum(received),
        "requests": len([one for one in requests if "data:" not in one]),
    }
    record_property("interactive_seconds", round(seconds, 1))
    record_property("loaded_seconds", round(loaded, 1))
    assert sizes["bytes"] <= 60_000
    assert sizes["requests"] <= 4
    context.close()
