"""Charts that answer a pointer and keys, for those who ask for them; a picture and a table for all."""

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator
from sqlalchemy import text

from app.core.db import db
from app.core.transaction import transaction
from tests.factories import PASSWORD, Account, Trade, a_membership, forecast_body, monday
from tests.factories_deliveries import TEA, a_delivery, tea_order
from tests.web.browser import Visit, sign_in, visit

CHARTS = {"Giá", "Hàng sắp có", "Hàng nhận", "Dòng hàng"}
MOST_BYTES = 350_000
WEEKS_BEFORE = """
INSERT INTO delivery_cell
SELECT (jsonb_populate_record(cell, jsonb_build_object(
    'period', cell.period - 7 * back, 'goods_amount', cell.goods_amount + 100000 * back))).*
FROM delivery_cell cell, generate_series(1, 5) back WHERE cell.grain = 'week'
"""


@pytest.fixture
def cooperative(committing: Flask) -> Account:
    """A cooperative with six weeks of tea behind it and three of forecasts before it."""
    trade = Trade(committing)
    cooperative, buyer = trade.cooperative(), trade.processor(name="Nhà máy trà Đồi Sương")
    for quantity in ("1000", "400"):
        farm = trade.farm()
        a_membership(farm, cooperative, "consent")
        a_delivery(farm, buyer, tea_order(farm, buyer, quantity))
        for weeks in (0, 1, 2, 3):
            farm.made("/forecasts", forecast_body(commodity=TEA, week=monday(weeks)))
    trade.count()
    with committing.app_context(), transaction():
        db.session.execute(text(WEEKS_BEFORE))
    return cooperative


def charts(reader: Visit) -> dict[str, Locator]:
    """The figures that can be looked at interactively, by the captions of their tables."""
    found = reader.page.locator("figure:has(button[data-interactive])")
    return {str(one.locator("caption").text_content()): one for one in found.all()}


def table(figure: Locator) -> list[list[str]]:
    """The rows of a figure's table."""
    return [
        [str(cell) for cell in row.locator("td").all_text_contents()]
        for row in figure.locator("tbody tr").all()
    ]


@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_chart_tells_the_tables_figures_to_pointer_and_keys(
    browser: Browser, site: str, cooperative: Account, size: str, scheme: Any
) -> None:
    with visit(browser, site, size, color_scheme=scheme) as reader:
        sign_in(reader, str(cooperative.login), PASSWORD).page.wait_for_url("**/home")
        received: list[float] = []
        scripts: list[str] = []
        line = reader.page.context.new_cdp_session(reader.page)
        line.send("Network.enable")
        line.on("Network.loadingFinished", lambda one: received.append(one["encodedDataLength"]))
        reader.page.on("request", lambda one: scripts.append(one.url))
        reader.open("/analytics")
        assert not [one for one in scripts if "charts" in one]
        figures = charts(reader)
        assert list(figures) == [
            "Giá đã trả theo tuần", "Hàng sắp có và hàng phải giao", "Hàng nhận theo tuần",
            "Dòng hàng"]  # fmt: skip
        for figure in figures.values():
            figure.get_by_role("button", name="Xem tương tác").click()
            figure.locator(".interactive svg text").first.wait_for()
            stage = figure.get_by_role("slider")
            stage.focus()
            stage.press("End")
            told = str(stage.get_attribute("aria-valuetext")).splitlines()
            drawn = figure.locator(".interactive svg").text_content()
            assert all(line in str(drawn) for line in told), (told, drawn)
            assert figure.locator(".drawn").get_attribute("class") == "drawn unseen"
        assert len([one for one in scripts if "charts" in one]) == 1
        assert sum(received) <= MOST_BYTES
        reader.look()
