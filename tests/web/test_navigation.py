"""Where one gets to from any page: five links on a phone, by keyboard, without scripts."""

import re

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.api.world import World
from tests.factories import PASSWORD, Trade
from tests.web.browser import sign_in, visit
from tests.web.reader import Reader, reader

BAR = re.compile(r'<nav class="tabs.*?</nav>', re.DOTALL)


@pytest.mark.parametrize(
    ("label", "led"),
    [("farm", 4), ("processor", 7), ("cooperative", 13), ("authority", 5), ("operator", 4)],
)
def test_no_more_than_five_links_stand_in_a_bar_and_all_can_be_reached(
    world: World, label: str, led: int
) -> None:
    page = reader(world, label).get("/home").get_data(as_text=True)
    (bar,) = BAR.findall(page)
    always, _, more = bar.partition("<details")
    links = set(re.findall(r'<a href="([^"]+)"', always))
    standing = len(re.findall(r"<a (?![^>]*wide)", always)) + bool(more)
    assert standing <= 5
    links |= set(re.findall(r'<a href="([^"]+)"', more))
    assert len(links) == led
    for address in links:
        assert reader(world, label).get(address).status_code == 200, address


def test_a_visitor_has_no_bar(world: World) -> None:
    assert not BAR.search(Reader(world.app).get("/").get_data(as_text=True))


def test_the_page_shown_is_marked_behind_more_too(world: World) -> None:
    page = reader(world, "cooperative").get("/contracts").get_data(as_text=True)
    (bar,) = BAR.findall(page)
    assert '<summary class="current">' in bar
    assert re.findall(r'<a href="([^"]+)" aria-current="page">', bar) == ["/contracts"]


@pytest.mark.parametrize("scripts", [True, False])
def test_more_opens_by_keyboard_and_hides_nothing_of_the_page(
    browser: Browser, site: str, committing: Flask, *, scripts: bool
) -> None:
    cooperative = Trade(committing).cooperative()
    with visit(browser, site, "phone", java_script_enabled=scripts) as board:
        sign_in(board, str(cooperative.login), PASSWORD).page.wait_for_url("**/home")
        shown = board.page.locator("nav.tabs a:visible, nav.tabs summary:visible")
        expect(shown).to_have_count(5)
        heading = board.page.locator("h1")
        above = heading.bounding_box()
        board.page.locator("nav.tabs summary").focus()
        board.page.keyboard.press("Enter")
        expect(shown).to_have_count(14)
        if scripts:
            board.look()
        below = heading.bounding_box()
        last = board.page.get_by_role("link", name="Tin", exact=True).bounding_box()
        assert above
        assert below
        assert last
        assert below["y"] > above["y"]
        assert last["y"] + last["height"] <= below["y"]
        board.page.keyboard.press("Tab")
        board.page.keyboard.press("Enter")
        board.page.wait_for_url("**/offers")
        board.seen.append("/offers")


def test_a_desk_shows_all_of_a_processors_links_in_the_bar(
    browser: Browser, site: str, committing: Flask
) -> None:
    buyer = Trade(committing).processor()
    with visit(browser, site, "desktop") as desk:
        sign_in(desk, str(buyer.login), PASSWORD).open("/home")
        assert desk.page.locator("nav.tabs a:visible").count() == 7
        assert not desk.page.locator("nav.tabs summary").is_visible()
