"""Whatever is sent, the answer names the fault and nothing has changed."""

import json
from collections.abc import Iterator
from typing import Any

import marshmallow as ma
import pytest
from werkzeug.test import TestResponse

from app.core.messages import in_vietnamese
from app.core.requests import LARGEST_BODY
from tests.api.examples import EXAMPLES
from tests.api.paging import cursor_of
from tests.api.world import NO_ID, World, declared, example_body, is_list, send
from tests.api.wrong import (
    id_pointers,
    put,
    put_all,
    required_pointers,
    together,
    without,
    wrong_bodies,
)

WRITING = [route for route in EXAMPLES if not route.startswith("GET ")]
UPLOADS = [route for route in WRITING if EXAMPLES[route].file]
TAKING_JSON = [route for route in WRITING if route not in UPLOADS]
WITH_BODY = [route for route in WRITING if EXAMPLES[route].body]
NOT_TRANSLATED = in_vietnamese("a sentence that nobody has translated")


@pytest.fixture(autouse=True)
def nothing_changes(world: World) -> Iterator[None]:
    before = world.unchanged
    assert sum(count for count, _ in before.values()) > 100
    yield
    after = world.rows()
    changed = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    # Whoever reads a personal number leaves a note, and nothing else.
    changed.pop("identity_reading", None)
    assert not changed


def schema_of(world: World, route: str) -> ma.Schema | None:
    """The schema a route reads its body with."""
    described = declared(world.app)[route]._apidoc.get("arguments", {"parameters": []})
    for one in described["parameters"]:
        if one["in"] == "json":
            return one["schema"]() if isinstance(one["schema"], type) else one["schema"]
    return None


def sent(world: World, route: str, body: Any, **options: Any) -> TestResponse:
    """A body of any kind, written so that even what is no text arrives as it is."""
    return send(world, route, data=json.dumps(body).encode(), **options)


def refused(answer: TestResponse, status: int, code: str) -> list[dict[str, str]]:
    """Check the shape every refusal has; its `errors`."""
    told = answer.get_data(as_text=True)[:300]
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), told
    body = dict(answer.json)
    errors = body.pop("errors", [])
    assert set(body) == {"type", "title", "status", "detail", "code", "request_id"}
    assert (body["status"], body["code"]) == (status, code), told
    assert body["request_id"] == answer.headers["X-Request-Id"] != ""
    assert body["type"] == f"/api/docs#{code}"
    assert all(body.values())
    assert all(set(one) == {"pointer", "detail"} and one["detail"] for one in errors)
    return errors


def pointed_at(errors: list[dict[str, str]], pointer: str) -> list[str]:
    """What is said about a place, or about something within it."""
    return [
        one["detail"]
        for one in errors
        if one["pointer"] == pointer or one["pointer"].startswith(f"{pointer}/")
    ]


def test_every_route_with_a_body_has_an_example(world: World) -> None:
    with_schema = {route for route in declared(world.app) if schema_of(world, route)}
    assert with_schema == set(WITH_BODY)


@pytest.mark.parametrize("route", WITH_BODY)
def test_an_example_names_every_field(world: World, route: str) -> None:
    schema = schema_of(world, route)
    assert schema is not None
    named = {field.data_key or name for name, field in schema.load_fields.items()}
    assert named - set(example_body(world, route)) <= {"phone", "price_min", "code"}


@pytest.mark.parametrize("route", WITH_BODY)
def test_every_wrong_value_of_every_field_is_refused_by_name(world: World, route: str) -> None:
    schema, body = schema_of(world, route), example_body(world, route)
    assert schema is not None
    tried = 0
    for some in together(wrong_bodies(schema, "", body)):
        answer = sent(world, route, put_all(body, some))
        together_told = refused(answer, 422, "invalid")
        for pointer, value in some.items():
            details = pointed_at(together_told, pointer)
            if not details:
                # Only the operation sees this one, and says so when nothing else is wrong.
                alone = sent(world, route, put(body, pointer, value))
                details = pointed_at(refused(alone, 422, "invalid"), pointer)
            assert details, (pointer, value)
            for detail in details:
                assert in_vietnamese(detail) != NOT_TRANSLATED or set(pointer.split("/")) & {
                    "qualities",
                    "quality_limits",
                    "geometry",
                }, detail
            tried += 1
    assert tried >= 8


@pytest.mark.parametrize("route", WITH_BODY)
def test_every_missing_field_is_named(world: World, route: str) -> None:
    schema, body = schema_of(world, route), example_body(world, route)
    assert schema is not None
    for pointer in required_pointers(schema, "", body):
        errors = refused(sent(world, route, without(body, pointer)), 422, "invalid")
        assert pointed_at(errors, pointer) == ["Missing data for required field."], pointer


MALFORMED = (
    b"{",
    b"\xff",
    b'{"quantity": NaN}',
    b'{"quantity": "1", "quantity": "1"}',
    b"[" * 100_000,
)
MORE_MALFORMED = (
    b"{'a': 1}",
    b'{"a": 1,}',
    b"1 2",
    b'{"quantity": Infinity}',
    b'{"quantity": -Infinity}',
    b'{"lines": [{"a": 1, "a": 2}]}',
    b'{"a": %s}' % (b"9" * 5000),
    b'{"a":' * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
)
NO_OBJECTS = (b"[]", b'[{"quantity": "1"}]', b'"text"', b"5", b"true", b"null")
NAMES = (b"\\ud800", b"\xed\xa0\x80", b"\\u0000", b"/", b"")


@pytest.mark.parametrize("route", TAKING_JSON)
def test_what_is_no_json_object_is_refused(world: World, route: str) -> None:
    for data in MALFORMED:
        refused(send(world, route, data=data), 400, "malformed")
    for data in (b'[{"quantity": "1"}]', b"null", b'{"\\ud800\\u0000": 1}'):
        assert refused(send(world, route, data=data), 422, "invalid")


@pytest.mark.parametrize("route", ["POST /orders", "POST /orders/<order_id>/confirmation"])
def test_json_is_read_strictly(world: World, route: str) -> None:
    for data in MORE_MALFORMED:
        refused(send(world, route, data=data), 400, "malformed")
    for data in NO_OBJECTS:
        refused(send(world, route, data=data), 422, "invalid")
    for name in (*NAMES, "Tên".encode()):
        assert refused(send(world, route, data=b'{"%s": 1}' % name), 422, "invalid")
    slashed = refused(send(world, route, data=b'{"a/b~c": 1}'), 422, "invalid")
    assert pointed_at(slashed, "/a~1b~0c") == ["Unknown field."], "RFC 6901"
    nested = b'{"a": ' + b"[" * 500 + b"]" * 500 + b"}"
    assert pointed_at(refused(send(world, route, data=nested), 422, "invalid"), "/a")


def test_what_does_not_say_it_is_json_is_refused(world: World) -> None:
    for route in TAKING_JSON:
        for kind in ("text/plain", "multipart/form-data; boundary=a"):
            answer = send(world, route, data=b'{"a": 1}', Content_Type=kind)
            refused(answer, 415, "unsupported_media_type")


def test_an_oversized_body_is_refused(world: World) -> None:
    body = b'{"a": "' + b"x" * LARGEST_BODY + b'"}'
    for route in TAKING_JSON:
        refused(send(world, route, data=body), 413, "body_too_large")


def test_an_unknown_query_parameter_is_refused(world: World) -> None:
    for route in EXAMPLES:
        errors = refused(send(world, route, query="?surely_unknown=1"), 422, "invalid")
        assert pointed_at(errors, "/surely_unknown") == ["Unknown field."], route
    errors = refused(send(world, "GET /offers", query="?a%00b=1"), 422, "invalid")
    assert pointed_at(errors, "/a\0b") == ["Unknown field."]


@pytest.mark.parametrize("route", [route for route in TAKING_JSON if route not in WITH_BODY])
def test_a_call_that_takes_no_body_refuses_one(world: World, route: str) -> None:
    errors = refused(sent(world, route, {"quantity": "1"}), 422, "invalid")
    assert pointed_at(errors, "/quantity") == ["Unknown field."]


def lists(world: World) -> list[str]:
    """The routes that answer in pages."""
    found = [route for route, view in declared(world.app).items() if is_list(view)]
    assert len(found) > 15
    return found


def test_a_page_has_between_1_and_100_items(world: World) -> None:
    for route in lists(world):
        for limit in (
            "0",
            "-1",
            "101",
            "abc",
            "",
            "1.5",
            "1e1",
            "99999999999999999999",
            "%00",
        ):
            errors = refused(send(world, route, query=f"?limit={limit}"), 422, "invalid")
            assert pointed_at(errors, "/limit"), (route, limit)
        for limit in (1, 100):
            assert send(world, route, query=f"?limit={limit}").status_code == 200


def test_a_cursor_that_no_list_gave_is_refused(world: World) -> None:
    cursors = (
        "abc",
        "é",
        "%00",
        "====",
        "bnVsbA",
        "W10",
        "WzFd",
        "eyJhIjogMX0",
        "WyJhIiwgImIiLCAiYyIsICJkIiwgImUiXQ",
        "W05hTiwgIiIsICIiXQ",
        "x" * 1001,
    )
    for route in lists(world):
        for cursor in cursors:
            errors = refused(send(world, route, query=f"?cursor={cursor}"), 422, "invalid")
            assert pointed_at(errors, "/cursor"), (route, cursor)


def test_a_cursor_with_a_number_beyond_all_reason_is_refused(world: World) -> None:
    for number in (2**31, -(2**31) - 1, 2**40, 1.5e300, True, "1"):
        cursor = cursor_of([number, "a", NO_ID])
        answer = send(world, "GET /administrative-units", query=f"?cursor={cursor}")
        assert pointed_at(refused(answer, 422, "invalid"), "/cursor"), number


@pytest.mark.parametrize(
    "wrong",
    [
        "sort=best",
        "near=here",
        "near=91,0",
        "near=0,181",
        "within_km=1",
        "sort=distance",
        "price_max=1e5",
        "price_max=-1",
        "available_on=tomorrow",
        "category=none",
        "status=none",
        "mine=perhaps",
        "q=",
        "q=%00",
        "commodity=",
        "grade=%00",
        "certificate=%00",
        "near=1,2&within_km=20001",
        "near=1,2&within_km=-1",
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(world: World, wrong: str) -> None:
    errors = refused(send(world, "GET /offers", query=f"?{wrong}"), 422, "invalid")
    name = (
        "near" if wrong in ("within_km=1", "sort=distance") else wrong.split("&")[-1].split("=")[0]
    )
    assert pointed_at(errors, f"/{name}")


@pytest.mark.parametrize(
    "wrong",
    [
        "from=2026-13-01",
        "until=x",
        "granularity=hour",
        "from=2026-02-01&until=2026-01-01",
        "from=1900-01-01&until=2026-01-01",
        "from=2100-01-01",
        "from=1900-01-01",
        "commodity=%00",
    ],
)
def test_a_period_that_makes_no_sense_is_refused(world: World, wrong: str) -> None:
    refused(send(world, "GET /analytics/summary", query=f"?{wrong}"), 422, "invalid")


IDS_IN_BODIES = [
    ("POST /plots", "/site_id", "processor_site"),
    ("POST /contracts", "/counterparty_id", "other_processor_organisation"),
    ("POST /contracts", "/on_behalf_of", "other_farm_organisation"),
    ("POST /contracts", "/site_id", "farm_site"),
    ("PATCH /contracts/<contract_id>", "/site_id", "farm_site"),
    ("POST /contracts/<contract_id>/signature", "/site_id", "other_farm_site"),
    ("POST /forecasts", "/on_behalf_of", "other_farm_organisation"),
    ("POST /plots", "/on_behalf_of", "other_farm_organisation"),
    ("POST /lots", "/plot_id", "plot_of_another"),
    ("POST /certificates", "/plot_id", "plot_of_another"),
    ("POST /payouts", "/payee_id", "other_farm_organisation"),
    ("POST /payouts", "/settlement_ids/0", "payout"),
    ("POST /payouts", "/on_behalf_of", "other_farm_organisation"),
    ("POST /advances", "/receiver_id", "other_farm_organisation"),
    ("POST /advances", "/contract_id", "order"),
    ("POST /statements", "/on_behalf_of", "other_farm_organisation"),
    ("POST /lots", "/site_id", "processor_site"),
    ("POST /certificates", "/site_id", "processor_site"),
    ("POST /certificates", "/on_behalf_of", "other_farm_organisation"),
    ("POST /demands", "/site_id", "farm_site"),
    ("POST /demands", "/on_behalf_of", "other_farm_organisation"),
    ("POST /orders", "/site_id", "farm_site"),
    ("POST /orders", "/lines/0/offer_id", "draft_offer"),
    ("POST /orders", "/on_behalf_of", "other_farm_organisation"),
    ("POST /offers", "/lot_id", "demand"),
    ("POST /memberships", "/cooperative_id", "other_farm_organisation"),
    ("POST /sites", "/on_behalf_of", "other_farm_organisation"),
    ("POST /lots", "/on_behalf_of", "other_farm_organisation"),
    ("POST /lots", "/certificates/0", "certificate_of_another"),
    ("POST /offers", "/on_behalf_of", "other_farm_organisation"),
    ("POST /orders/<order_id>/deliveries", "/line_id", "order"),
    ("POST /deliveries/<delivery_id>/despatch", "/lot_id", "lot_of_another"),
    ("POST /orders/<order_id>/carriage", "/carrier_organisation_id", "farm_organisation"),
    ("POST /quality-schedules", "/seller_id", "processor_organisation"),
    ("POST /pools", "/site_id", "other_farm_site"),
    ("POST /pools/<pool_id>/contributions", "/lot_id", "lot_of_another"),
    ("POST /assisted-entries", "/on_behalf_of", "other_farm_organisation"),
    ("POST /assisted-entries", "/site_id", "other_farm_site"),
    ("POST /assisted-entries", "/certificates/0", "other_farm_site"),
    ("POST /assisted-entries", "/plot_id", "other_farm_site"),
]


@pytest.mark.parametrize(("route", "pointer", "foreign"), IDS_IN_BODIES)
def test_a_foreign_id_in_a_body_is_told_like_a_missing_one(
    world: World, route: str, pointer: str, foreign: str
) -> None:
    label = "cooperative" if foreign in ("certificate_of_another", "plot_of_another") else None
    ids = world.ids | {f"{name}_of_another": world.ids[name] for name in ("certificate", "plot")}
    told = []
    for value in (ids[foreign], NO_ID):
        body = put(example_body(world, route), pointer, value)
        if label:
            body["site_id"] = world[label].site_id
        answer = sent(world, route, body, label=label)
        errors = refused(answer, 404, "not_found")
        assert [one["pointer"] for one in errors] == [pointer]
        told.append({**answer.json, "request_id": None})
    assert told[0] == told[1]


def test_every_id_in_a_body_is_tried_with_a_foreign_one(world: World) -> None:
    """`visible_to` may name anybody; its unknown ids are tried below."""
    known = {(route, pointer) for route, pointer, _ in IDS_IN_BODIES}
    found = {
        (route, pointer)
        for route in WITH_BODY
        for pointer in id_pointers(schema_of(world, route), "")
    }
    assert found == known | {("POST /offers", "/visible_to/0")}


def test_a_private_offer_for_nobody_known_is_refused(world: World) -> None:
    body = put(example_body(world, "POST /offers"), "/visibility", "private")
    errors = refused(
        sent(world, "POST /offers", put(body, "/visible_to", [NO_ID])), 404, "not_found"
    )
    assert [one["pointer"] for one in errors] == ["/visible_to/0"]


@pytest.mark.parametrize("name", ["price", "unit_price", "amount", "goods_amount", "total_amount"])
def test_an_order_cannot_bring_its_own_price(world: World, name: str) -> None:
    body = example_body(world, "POST /orders")
    for pointer in (f"/{name}", f"/lines/0/{name}"):
        errors = refused(sent(world, "POST /orders", put(body, pointer, "1.00")), 422, "invalid")
        assert pointed_at(errors, pointer) == ["Unknown field."]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/commodity", "no-such"),
        ("/grade", "no-such"),
        ("/qualities", {}),
        ("/qualities/no_such", "1"),
        ("/qualities/moisture", "30.1"),
        ("/qualities/moisture", "12.55"),
        ("/qualities/moisture", True),
        ("/qualities/moisture", "-1"),
        ("/harvested_at", "2199-01-01T00:00:00Z"),
    ],
)
def test_a_lot_is_held_against_the_catalogue(world: World, pointer: str, value: Any) -> None:
    answer = sent(world, "POST /lots", put(example_body(world, "POST /lots"), pointer, value))
    assert pointed_at(refused(answer, 422, "invalid"), pointer)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/accepts/0/commodity", "no-such"),
        ("/accepts/0/min_grade", "no-such"),
        ("/accepts/0/quality_limits/no_such", {"min": "1"}),
        ("/accepts/0/quality_limits/moisture", {}),
        ("/accepts/0/quality_limits/moisture", {"min": "13.0", "max": "12.0"}),
        ("/accepts/0/quality_limits/moisture", {"min": True}),
        ("/accepts/0/quality_limits/moisture", {"max": {"deep": [1]}}),
        ("/accepts/0/required_certificates/0", "no-such"),
        ("/processing_line", "no-such"),
        ("/deliver_until", "2020-01-01"),
        ("/deliver_from", "2199-01-01"),
    ],
)
def test_a_demand_is_held_against_the_catalogue(world: World, pointer: str, value: Any) -> None:
    answer = sent(world, "POST /demands", put(example_body(world, "POST /demands"), pointer, value))
    expected = "/deliver_until" if pointer == "/deliver_from" else pointer
    assert pointed_at(refused(answer, 422, "invalid"), expected)


def test_the_reader_is_told_in_their_language(world: World) -> None:
    body = put(example_body(world, "POST /orders"), "/lines/0/quantity", "0")
    told = {
        tongue: refused(sent(world, "POST /orders", body, Accept_Language=tongue), 422, "invalid")
        for tongue in ("vi", "en", "fr", "")
    }
    assert [one["detail"] for one in told["en"]] == [
        "Must be greater than 0 and at most 999999999.999."
    ]
    assert [one["detail"] for one in told["vi"]] == ["Phải lớn hơn 0 và không quá 999999999.999."]
    assert told["fr"] == told[""] == told["vi"]
