"""Somebody who reads pages and fills in forms."""

import re
from html import unescape
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.api.world import World

SUBJECTS = {
    "notification_id": "notification",
    "token_id": "token",
    "delivery_id": "accepted_delivery",
    "payout_id": "payout",
    "claim_id": "open_claim",
    "message_id": "dead_message",
    "supplier_id": "farm_organisation",
}
TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]+)"')
KEY = re.compile(r'name="idempotency_key" value="([^"]+)"')


class Reader:
    """A browser: it keeps cookies, follows nothing, and sends forms as they were shown."""

    def __init__(self, app: Flask, token: str | None = None) -> None:
        self.client = app.test_client()
        if token:
            self.client.set_cookie("blao", token)

    def get(self, address: str, **headers: str) -> TestResponse:
        return self.client.get(address, headers=headers)

    def send(self, address: str, form: dict[str, Any], *, shown: str) -> TestResponse:
        """Send a form with what hides in the page that shows it."""
        page = self.get(shown).get_data(as_text=True)
        hidden = {"csrf_token": TOKEN.findall(page)[-1]}
        if keys := KEY.findall(page):
            hidden["idempotency_key"] = keys[-1]
        return self.client.post(address, data={**hidden, **form})


def reader(world: World, label: str) -> Reader:
    """Somebody of the world, at a browser."""
    return Reader(world.app, world[label].token)


def shown(world: World, label: str, address: str, language: str = "vi") -> str:
    """What somebody of the world reads on a page, without its marks."""
    browser = reader(world, label)
    browser.client.set_cookie("blao_language", language)
    answer = browser.get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return words_of(answer)


def words_of(answer: TestResponse) -> str:
    """The words of a page's own part, with plain spaces."""
    page = answer.get_data(as_text=True).replace("\u00a0", " ").replace("\u2060", "")
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<main")[1])))


def pages_of(app: Flask, method: str) -> dict[str, Any]:
    """The view of every page by its rule."""
    return {
        rule.rule: app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("pages_") and method in (rule.methods or ())
    }


def address_of(world: World, rule: str, *, missing: str | None = None) -> str:
    """Where a page lies, its subject the one of the world's farm or processor."""

    def subject(match: re.Match[str]) -> str:
        name = match[1]
        return missing or world.ids[SUBJECTS.get(name, name.removesuffix("_id"))]

    return re.sub(r"<(?:\w+:)?(\w+)>", subject, rule)
