"""The description of the interface is valid, and what it shows has been tried."""

import json
import os
import re
from functools import cache
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from app.core.openapi import EXAMPLES as FILE
from app.events.queries import PUBLISHED, data_schema
from app.notifications.topics import TOPICS
from tests.api.examples import EXAMPLES
from tests.api.world import World, example_body, send

SHOWN_SEAL = "0" * 40
WITH_BODY = [route for route, shown in EXAMPLES.items() if shown.body]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SHOWN_ID, SHOWN_INSTANT = "01990f6e-7c1a-7b52-9d53-000000000001", "2026-12-01T01:30:00Z"
SHOWN_DIGITS = "12345678"
SHOWN_SEAL = "0" * 40
SHOWN_DAY, SHOWN_LOGIN, SHOWN_CODE = "2026-12-07", "farmer@example.com", "ABCDEFGHIJKLMNOPQRSTUVWX"


@cache
def described() -> dict[str, Any]:
    """The description is the same for everybody and as long as the application lives."""
    return {}


def description(world: World) -> dict[str, Any]:
    if not described():
        described().update(world["visitor"].read("/openapi.json"))
    return described()


def timeless(value: Any) -> Any:
    """A body with what differs from run to run replaced: ids, instants, logins, codes."""
    if isinstance(value, dict):
        secret = {"code": SHOWN_DIGITS} if re.fullmatch(r"\d{8}", str(value.get("code"))) else {}
        return {name: timeless(one) for name, one in value.items()} | secret
    if isinstance(value, list):
        return [timeless(one) for one in value]
    if not isinstance(value, str):
        return value
    for shape, shown in (
        (UUID.pattern, SHOWN_ID),
        (r"\d{4}-\d{2}-\d{2}T[\d:]+Z", SHOWN_INSTANT),
        (r"202[6-9]-\d{2}-\d{2}|20[3-9]\d-\d{2}-\d{2}", SHOWN_DAY),
        (r"person\d+@example\.com", SHOWN_LOGIN),
        (r"[A-Z2-7]{24}", SHOWN_CODE),
        (r"[0-9a-f]{40}", SHOWN_SEAL),
    ):
        if re.fullmatch(shape, value):
            return shown
    return value


def of_path(route: str) -> str:
    return route.replace("<", "{").replace(">", "}")


def test_the_description_is_valid_openapi(world: World) -> None:
    told = description(world)
    validate(told)
    assert told["openapi"].startswith("3.1")
    assert len(told["paths"]) > 100


def test_every_example_shown_is_one_that_is_tried(world: World) -> None:
    """With WRITE_EXAMPLES=1 in the environment the file is written anew."""
    tried = {of_path(route): timeless(example_body(world, route)) for route in WITH_BODY}
    if os.environ.get("WRITE_EXAMPLES"):
        FILE.write_text(json.dumps(tried, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    assert json.loads(FILE.read_text()) == tried
    assert len(tried) > 50
    paths = description(world)["paths"]
    for route in tried:
        method, path = route.split()
        shown = paths[f"/api/v1{path}"][method.lower()]["requestBody"]["content"]
        assert shown["application/json"]["example"] == tried[route], route


@pytest.mark.parametrize("route", EXAMPLES)
def test_every_call_answers_as_it_is_described(world: World, route: str) -> None:
    method, path = of_path(route).split()
    told = description(world)
    answers = told["paths"][f"/api/v1{path}"][method.lower()]["responses"]
    answer = send(world, route)
    forms = answers[str(answer.status_code)].get("content", {})
    if answer.status_code == 204:
        return
    kind = answer.content_type.partition(";")[0]
    assert kind in forms, route
    schema = {**forms[kind]["schema"], "components": told["components"]}
    jsonschema.Draft202012Validator(schema).validate(
        answer.json if answer.is_json else answer.get_data(as_text=True)
    )


@pytest.mark.parametrize("topic", PUBLISHED)
def test_a_topics_example_fits_its_schema(topic: str) -> None:
    jsonschema.Draft202012Validator(data_schema(topic)).validate(TOPICS[topic].example)
