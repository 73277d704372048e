"""Charts that answer pointer and keys for those who ask; a picture and a table for everybody."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, expect
from sqlalchemy import text

from app.core.db import db
from app.core.transaction import transaction
from tests.factories import Account, Trade, a_membership, forecast_body, monday
from tests.factories_deliveries import TEA, a_delivery, tea_order
from tests.web.browser import Visit, visit

CHARTS = {
    "/analytics": ["Giá đã trả theo tuần", "Hàng sắp có và hàng phải giao"],
    "/analytics/flows": ["Hàng nhận theo tuần", "Dòng hàng"],
}
LEAST_BYTES, MOST_BYTES = 100_000, 350_000
MONDAY = date.fromisoformat(monday())
REPORT = """
globalThis.reports = [];
addEventListener("securitypolicyviolation", (one) => reports.push(one.violatedDirective));
"""
WEEKS_BEFORE = """
INSERT INTO delivery_cell
SELECT (jsonb_populate_record(cell, jsonb_build_object(
    'period', cell.period - 7 * back, 'goods_amount', cell.goods_amount + 100000 * back,
    'grade', round(cell.accepted_quantity)))).*
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


def enter(reader: Visit, somebody: Account) -> None:
    """As somebody whose browser remembers them and has nothing of ours in its store."""
    cookie = {"name": "blao", "value": str(somebody.token), "url": reader.base}
    reader.page.context.add_cookies([cookie])  # type: ignore[list-item]


def charts(reader: Visit) -> dict[str, Locator]:
    """The figures that can be looked at interactively, by the captions of their tables."""
    found = reader.page.locator("figure:has(button[data-interactive])")
    return {str(one.locator("caption").text_content()): one for one in found.all()}


def shows(figure: Locator, *words: str, but: Sequence[str] = ()) -> None:
    """Wait until all that is written in the interactive chart holds some words and not others."""
    drawn = figure.locator(".interactive svg")
    for one in words:
        expect(drawn).to_contain_text(one)
    for one in but:
        expect(drawn).not_to_contain_text(one)


def tabled(figure: Locator, cell: str) -> bool:
    """Whether the figure's table says so."""
    return cell in figure.locator("td").all_text_contents()


def seen(place: Locator) -> bool:
    """Whether there is more of it than what is left for reading aloud."""
    box = place.bounding_box()
    return box is not None and box["height"] > 1


@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_chart_tells_the_tables_figures_to_pointer_and_keys(
    browser: Browser,
    site: str,
    cooperative: Account,
    size: str,
    scheme: Any,
    record_property: Callable[[str, object], None],
) -> None:
    with visit(browser, site, size, color_scheme=scheme, service_workers="block") as reader:
        enter(reader, cooperative)
        received: list[float] = []
        asked: list[str] = []
        line = reader.page.context.new_cdp_session(reader.page)
        line.send("Network.enable")
        line.on("Network.loadingFinished", lambda one: received.append(one["encodedDataLength"]))
        reader.page.on("request", lambda one: asked.append(one.url))
        reader.page.add_init_script(REPORT)
        reader.open("/analytics")
        assert not [one for one in asked if "charts" in one], "it comes when it is asked for"
        record_property("bytes_of_the_page", sum(received))
        figures = charts(reader)
        assert list(figures) == [caption for captions in CHARTS.values() for caption in captions]
        for figure in figures.values():
            figure.get_by_role("button", name="Xem tương tác").click()
            stage = figure.get_by_role("slider")
            stage.focus()
            stage.press("End")
            said = str(stage.get_attribute("aria-valuetext")).splitlines()
            shows(figure, *said)
            assert tabled(figure, said[-1].partition(": ")[2] or said[-1])
            assert figure.locator(".drawn > [aria-label]").count(), "it stays for reading aloud"
            assert not seen(figure.locator(".drawn"))
        reader.look()
        assert len([one for one in asked if "charts" in one]) == 1
        record_property("bytes_with_all_charts", sum(received))
        assert sum(received) > LEAST_BYTES, "the charts were sent, and not from a store"
        assert sum(received) <= MOST_BYTES
        first = figures["Giá đã trả theo tuần"]
        first.get_by_role("button", name="Xem hình tĩnh").click()
        expect(first.get_by_role("slider")).to_have_count(0)
        assert seen(first.locator(".drawn"))
        assert reader.page.evaluate("reports") == []
        reader.complaints[:] = [one for one in reader.complaints if "Playwright" not in one]


def test_series_can_be_left_out_and_weeks_looked_at_closely(
    browser: Browser, site: str, cooperative: Account
) -> None:
    with visit(browser, site, "desktop") as reader:
        enter(reader, cooperative)
        figure = charts(reader.open("/analytics"))["Giá đã trả theo tuần"]
        figure.get_by_role("button", name="Xem tương tác").click()
        weeks = [f"{day:%d/%m}" for day in (MONDAY - timedelta(weeks=back) for back in range(6))]
        shows(figure, *weeks)
        figure.get_by_role("slider").press("Home")
        figure.get_by_role("button", name="Phóng to").click()
        shows(figure, *weeks[3:], but=weeks[:3])
        figure.get_by_role("slider").press("End")
        shows(figure, weeks[0])
        figure.get_by_role("button", name="Thu nhỏ").click()
        shows(figure, *weeks)
        band = figure.locator(".interactive path[fill-opacity='0.2']")
        expect(band).to_have_count(1)
        figure.get_by_role("button", name="Thấp đến cao").click()
        expect(band).to_have_count(0)
        figure.get_by_role("button", name="Bình quân").click()
        always = "something is always shown"
        expect(figure.locator("[aria-pressed=true]"), always).to_have_count(1)
        reader.page.emulate_media(color_scheme="dark")
        label = figure.locator(".interactive text", has_text=weeks[0])
        expect(label).to_have_css("fill", "rgb(168, 181, 172)")


def test_without_scripts_the_picture_and_the_table_are_all_there_is(
    browser: Browser, site: str, cooperative: Account
) -> None:
    with visit(browser, site, "phone", java_script_enabled=False) as reader:
        enter(reader, cooperative)
        for address, captions in CHARTS.items():
            reader.page.goto(f"{site}{address}")
            reader.seen.append(address)
            found = charts(reader)
            assert list(found) == captions
            for figure in found.values():
                assert figure.locator(".drawn").is_visible()
                figure.get_by_text("Bảng số").click()
                assert figure.get_by_role("table").is_visible()
                assert not figure.locator("[data-interactive]").is_visible()
