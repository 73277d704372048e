"""What people see who have their device in dark: as readable as in light, and really dark."""

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.factories import PASSWORD, Trade, a_lot, a_membership, an_offer, forecast_body
from tests.factories_deliveries import TEA, a_delivery, tea_order
from tests.web.browser import Visit, sign_in, visit

DARK = "rgb(17, 22, 19)"
MARKS = "figure :is(rect, circle, polyline, path, text)"
CONTRAST = """
marks => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = light(getComputedStyle(document.body).backgroundColor);
  return marks.map((mark) => {
    const style = getComputedStyle(mark);
    const told = light(style.fill === "none" ? style.stroke : style.fill);
    const [above, below] = told > ground ? [told, ground] : [ground, told];
    return [mark.tagName, (above + 0.05) / (below + 0.05)];
  });
}
"""


def looked_at(reader: Visit, *addresses: str) -> None:
    for address in addresses:
        reader.open(address)
        ground = reader.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == DARK, address


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_charts_and_the_main_pages_are_readable_in_the_dark(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    trade = Trade(committing)
    cooperative, buyer = trade.cooperative(), trade.processor(name="Nhà máy trà Đồi Sương")
    farms = [trade.farm() for _ in range(3)]
    for farm in farms:
        a_membership(farm, cooperative, "consent")
        a_delivery(farm, buyer, tea_order(farm, buyer))
    farms[0].made("/forecasts", forecast_body(commodity=TEA, quantity="1200"))
    an_offer(farms[0], a_lot(farms[0]))
    trade.count()
    with visit(browser, site, size, color_scheme="dark") as reader:
        sign_in(reader, str(cooperative.login), PASSWORD).page.wait_for_url("**/home")
        looked_at(reader, "/market", "/members", "/analytics")
        told = reader.page.locator(MARKS).evaluate_all(CONTRAST)
        assert {tag for tag, _ in told} >= {"rect", "circle", "path", "text"}
        assert [one for one in told if one[1] < (4.5 if one[0] == "text" else 3)] == []
    with visit(browser, site, size, color_scheme="dark") as reader:
        sign_in(reader, str(farms[0].login), PASSWORD).page.wait_for_url("**/home")
        looked_at(reader, "/home", "/sell", "/analytics")
