"""Every page × everybody: who may see it does, nobody sees what is another's."""

import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import page_groups
from app.accounts.access import PUBLIC
from tests.api.test_query_counts import counted
from tests.api.world import NO_ID, World
from tests.web.reader import Reader, address_of, pages_of, reader

OPEN = {
    "/invitations/<uuid:invitation_id>",
    "/lots/<uuid:lot_id>/public",
    "/photos/<uuid:photo_id>",
    "/offers/<uuid:offer_id>",
    "/offers/<uuid:offer_id>/again",
    "/rounds/<uuid:round_id>",
}
"""Pages of things that anybody may read about; others show nothing of what is another's."""
STILL = {"/help", "/privacy", "/sign-in", "/register", "/sign-out", "/sign-in/code"}
"""Pages that need no database."""
OTHERS = ("other_farm", "other_processor", "other_cooperative")
DECLARED = sorted(
    {
        (method, rule)
        for method in ("GET", "POST")
        for group in page_groups()
        for rule in group.rules(method)
    }
)
GETS = [rule for method, rule in DECLARED if method == "GET"]
POSTS = [rule for method, rule in DECLARED if method == "POST"]


@pytest.mark.parametrize("rule", GETS)
def test_a_page_opens_for_those_it_is_for_and_for_nobody_else(world: World, rule: str) -> None:
    access = pages_of(world.app, "GET")[rule].access
    seen = 0
    for label in world.people:
        answer = reader(world, label).get(address_of(world, rule))
        told = (label, answer.status_code, answer.get_data()[-400:])
        assert answer.status_code < 500, told
        if label == "visitor" and not access.public:
            assert answer.status_code == 303, told
            assert answer.headers["Location"].startswith("/sign-in?next="), told
        elif not _may(access, label, world):
            assert answer.status_code in (403, 404), told
        elif answer.status_code in (200, 303):
            seen += 1
            closed = [one for one in _ways_on(answer) if not _open(*one, label, world)]
            assert not closed, (label, closed)
        else:
            assert answer.status_code == 404, told
            assert "<" in rule, told
    assert seen, rule


@pytest.mark.parametrize("rule", [one for one in GETS if "_id>" in one and one not in OPEN])
def test_a_foreign_thing_looks_like_a_missing_one(world: World, rule: str) -> None:
    for label in OTHERS:
        foreign = reader(world, label).get(address_of(world, rule))
        missing = reader(world, label).get(address_of(world, rule, missing=NO_ID))
        assert foreign.status_code == missing.status_code, label
        assert foreign.status_code in (403, 404), label


@pytest.mark.parametrize("rule", POSTS)
def test_a_form_that_is_not_ours_changes_nothing(world: World, rule: str) -> None:
    before = world.rows()
    for label in ("farm", "processor", "cooperative", "operator", "visitor"):
        if label == "visitor":
            address = address_of(world, rule, missing=NO_ID)
        else:
            address = address_of(world, rule)
        browser = reader(world, label)
        for form in ({}, {"csrf_token": "0" * 80}, {"csrf_token": "x"}):
            answer = browser.client.post(address, data=form)
            signed_out = label == "visitor" and answer.status_code in (303, 401)
            assert signed_out or answer.status_code == 403, (label, form)
    assert world.rows() == before


def test_the_proof_of_one_browser_is_worth_nothing_in_another(world: World) -> None:
    farm, other = reader(world, "farm"), reader(world, "other_farm")
    page = farm.get("/me").get_data(as_text=True)
    proof = page.split('name="csrf_token" value="')[1].split('"')[0]
    assert farm.client.post("/sign-out", data={"csrf_token": proof}).status_code == 303
    page = farm.get("/me")
    assert page.status_code == 303
    assert other.client.post("/sign-out", data={"csrf_token": proof}).status_code == 403


def _may(access: object, label: str, world: World) -> bool:
    if access.public or not hasattr(access, "kinds"):  # type: ignore[attr-defined]
        return True
    if label == "visitor":
        return False
    kind = label.removeprefix("other_").removesuffix("_viewer")
    role = "viewer" if label.endswith("_viewer") else "owner"
    return kind in access.kinds and role in access.roles  # type: ignore[attr-defined]


def _ways_on(answer: TestResponse) -> set[tuple[str, str]]:
    """The links and forms of a page: method and address on this site."""
    if answer.mimetype != "text/html":
        return set()
    page = answer.get_data(as_text=True)
    links = {("GET", one) for one in re.findall(r' href="(/[^"#?]*)', page)}
    return links | {("POST", one) for one in re.findall(r'method="post" action="(/[^"#?]*)', page)}


def _open(method: str, address: str, label: str, world: World) -> bool:
    """Whether a way on lets its reader in; a visitor is asked to sign in first."""
    if label == "visitor":
        return True
    endpoint, _ = world.app.url_map.bind("localhost").match(address, method)
    access = getattr(world.app.view_functions[endpoint], "access", PUBLIC)
    return _may(access, label, world)


def test_the_session_ends_with_its_token(app: Flask, trade: object) -> None:
    farm = trade.farm()  # type: ignore[attr-defined]
    browser = Reader(farm.app, farm.token)
    assert browser.get("/home").status_code == 200
    assert browser.send("/sign-out", {}, shown="/me").status_code == 303
    assert browser.get("/home").status_code == 303
    assert farm.get("/me").status_code == 401


MOST_STATEMENTS = 30


@pytest.mark.parametrize("rule", GETS)
def test_a_page_asks_the_database_a_bounded_number_of_times(world: World, rule: str) -> None:
    asked = {}
    for label in ("farm", "processor", "cooperative", "operator"):
        browser = reader(world, label)
        with counted(world.app) as sent:
            browser.get(address_of(world, rule))
        asked[label] = len(sent)
    assert max(asked.values()) > 0 or rule in STILL
    assert max(asked.values()) <= MOST_STATEMENTS, asked
