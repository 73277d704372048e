"""What every answer has in common, and the routes that describe the others."""

import io
import re
from typing import Any

import pytest
from flask import Flask, Request
from werkzeug.test import TestResponse

from app.settlement.paper import CONTENT_TYPE as PDF
from app.settlement.sheets import CONTENT_TYPE as XLSX
from app.web.docs import refusals
from tests.api.world import declared
from tests.concurrency.threads import wait_until
from tests.factories import Trade, a_lot, an_offer

REFERENCE = "$ref"


def call(app: Flask, method: str, path: str, **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.test_client().open(path, method=method, headers=sent)


@pytest.mark.parametrize(
    "path", ["/api/v1/no-such", "/api/no-such", "/api/v1/lots/abc", "/api/v1/", "/api/v2/lots"]
)
def test_an_unknown_address_is_a_problem(trade: Trade, path: str) -> None:
    answer = call(trade.app, "GET", path, Accept_Language="en")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert (answer.json["code"], answer.json["title"]) == ("not_found", "Not Found")
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


def test_a_wrong_method_is_told_the_right_ones(trade: Trade) -> None:
    for method, path, right in (
        ("PUT", "/api/v1/lots", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("DELETE", "/api/v1/markets", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/api/v1/registrations", {"OPTIONS", "POST"}),
    ):
        answer = call(trade.app, method, path, Accept_Language="en")
        assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
        assert answer.json["code"] == "method_not_allowed"
        assert set(answer.headers["Allow"].split(", ")) == right


@pytest.mark.parametrize("stated", ["abc-123", "A.b:c_d", "x" * 128])
def test_a_request_id_comes_back(trade: Trade, stated: str) -> None:
    for path in ("/api/v1/markets", "/api/v1/me", "/api/v1/no-such", "/livez"):
        assert call(trade.app, "GET", path, X_Request_Id=stated).headers["X-Request-Id"] == stated


@pytest.mark.parametrize("stated", ["", "with space", "x" * 129, "é", '"quoted"', "a;b"])
def test_an_unfit_request_id_is_replaced(trade: Trade, stated: str) -> None:
    answer = call(trade.app, "GET", "/api/v1/no-such", X_Request_Id=stated)
    made = answer.headers["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", made)
    assert answer.json["request_id"] == made


def test_an_unchanged_thing_is_not_sent_again(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm)
    path = f"/lots/{lot['id']}"
    first = farm.get(path)
    assert farm.get(path).headers["ETag"] == first.headers["ETag"]
    for known in (first.headers["ETag"], f'"x", {first.headers["ETag"]}', "*"):
        again = farm.get(path, If_None_Match=known)
        assert (again.status_code, again.get_data()) == (304, b""), known
        assert again.headers["X-Request-Id"]
    an_offer(farm, lot)
    changed = farm.get(path, If_None_Match=first.headers["ETag"])
    assert (changed.status_code, changed.json["reserved"]) == (200, "50.000")


def test_the_same_thing_has_another_tag_for_another_reader(trade: Trade) -> None:
    farm = trade.farm()
    path = f"/offers/{an_offer(farm)['id']}"
    assert farm.get(path).headers["ETag"] != trade.visitor.get(path).headers["ETag"]


def test_what_is_meant_for_one_reader_is_kept_by_no_cache(trade: Trade) -> None:
    farm = trade.farm()
    assert farm.get("/me").headers["Cache-Control"] == "no-store"
    assert farm.get("/lots").headers["X-Content-Type-Options"] == "nosniff"
    assert "Cache-Control" not in trade.visitor.get("/markets").headers


def test_a_head_answers_as_a_get_without_a_body(trade: Trade) -> None:
    answer = call(trade.app, "HEAD", "/api/v1/markets")
    assert (answer.status_code, answer.get_data()) == (200, b"")


def test_the_process_says_that_it_lives_and_can_serve(trade: Trade) -> None:
    live = call(trade.app, "GET", "/livez")
    assert (live.status_code, live.json["status"]) == (200, "ok")
    told: list[TestResponse] = []

    def is_ready() -> bool:
        """A broker that does not answer within a second counts as none."""
        told.append(call(trade.app, "GET", "/readyz"))
        return told[-1].status_code == 200

    wait_until(is_ready)
    assert told[-1].json["status"] == "ok"
    assert set(told[-1].json["checks"].values()) == {True}


def test_the_documentation_shows_every_route_and_refusal(trade: Trade) -> None:
    answer = call(trade.app, "GET", "/api/docs")
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    for route in declared(trade.app):
        method, path = route.split()
        shown = re.sub(r"<(\w+)>", r"{\1}", f"/api/v1{path}")
        pattern = rf'<b class="{method.lower()}">{method}</b> <code>{re.escape(shown)}</code>'
        assert re.search(pattern, page), route
    assert len(refusals()) > 30
    for refusal in refusals():
        assert f'id="{refusal.code}"' in page
        assert f"{refusal.status} {refusal.code}" in page
    assert "script" not in page
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert call(trade.app, "GET", "/api/docs.css").content_type.startswith("text/css")


@pytest.fixture
def description(trade: Trade) -> dict[str, Any]:
    answer = call(trade.app, "GET", "/api/v1/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json)


def references(node: Any) -> list[str]:
    """Every reference anywhere within."""
    if isinstance(node, dict):
        found = [node[REFERENCE]] if isinstance(node.get(REFERENCE), str) else []
        return found + [one for inner in node.values() for one in references(inner)]
    if isinstance(node, list):
        return [one for inner in node for one in references(inner)]
    return []


def test_the_description_holds_together(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    assert description["info"]["title"] == "Blao"
    found = set(references(description))
    assert len(found) > 40
    for reference in found:
        at: Any = description
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]
        assert at


def test_the_description_names_every_route(trade: Trade, description: dict[str, Any]) -> None:
    described = {
        f"{method.upper()} {path}"
        for path, methods in description["paths"].items()
        for method in methods
        if method != "parameters"
    }
    routes = {re.sub(r"<(\w+)>", r"{\1}", route) for route in declared(trade.app)}
    assert described == {f"{one.split()[0]} /api/v1{one.split()[1]}" for one in routes}


def test_the_description_says_who_may_call_and_what_comes_back(
    trade: Trade, description: dict[str, Any]
) -> None:
    names: list[str] = []
    for route, view in declared(trade.app).items():
        method, path = route.split()
        shown = re.sub(r"<(\w+)>", r"{\1}", f"/api/v1{path}")
        item = description["paths"][shown]
        told = item[method.lower()]
        names.append(told["operationId"]) if "operationId" in told else None
        assert told["summary"], route
        assert told["tags"], route
        assert (told["security"] == []) is view.access.public, route
        assert told["responses"]["default"] == {REFERENCE: "#/components/responses/Problem"}
        assert any(code.startswith("2") for code in told["responses"]), route
        given = {one["name"] for one in item.get("parameters", []) + told.get("parameters", [])}
        assert set(re.findall(r"{(\w+)}", shown)) <= given, route
        key = [one for one in told["parameters"] if one["name"] == "Idempotency-Key"]
        wanted = view.idempotency is not None and view.idempotency.value
        assert [one["required"] for one in key] == (
            [wanted == "required"] if wanted in ("required", "accepted") else []
        ), route
    assert len(names) == len(set(names))


def test_decimals_are_described_as_text(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    for schema in ("OfferIn", "DemandIn", "LotIn"):
        quantity = schemas[schema]["properties"]["quantity"]
        assert quantity["type"] == "string"
        assert re.fullmatch(quantity["pattern"], "120.000")
        assert not re.fullmatch(quantity["pattern"], "1e5")


def test_every_query_parameter_is_described(trade: Trade) -> None:
    paths = trade.visitor.read("/openapi.json")["paths"]
    named = {one["name"] for one in paths["/api/v1/offers"]["get"]["parameters"]}
    assert {"near", "within_km", "price_max", "certificate", "sort", "limit", "cursor"} <= named
    change = paths["/api/v1/offers/{offer_id}"]["patch"]["parameters"]
    assert "If-Match" in {one.get("name") for one in change}


def test_a_body_of_unannounced_length_is_too_large_all_the_same(trade: Trade) -> None:
    farm = trade.farm()
    answer = trade.app.test_client().post(
        "/api/v1/offers",
        input_stream=io.BytesIO(b'{"a": "' + b"x" * 1_200_000 + b'"}'),
        headers={"Authorization": f"Bearer {farm.token}"},
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")


def test_a_body_that_breaks_off_is_malformed(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> bytes:
        raise OSError("a chunk that makes no sense")

    monkeypatch.setattr(Request, "get_data", broken)
    answer = trade.visitor.post("/tokens", {"login": "a", "password": "b"})
    assert (answer.status_code, answer.json["code"]) == (400, "malformed")


def test_a_query_parameter_is_stated_once(trade: Trade) -> None:
    answer = trade.visitor.get("/offers?limit=1&limit=2")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/limit")


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("/statements/{statement_id}", {"xlsx", "pdf"}),
        ("/purchase-list", {"xlsx", "csv", "ndjson"}),
        ("/deliveries/{delivery_id}/slip", {"html"}),
    ],
)
def test_the_description_names_every_form_an_answer_has(
    trade: Trade, path: str, kinds: set[str]
) -> None:
    endings = {"text/html": "html", PDF: "pdf", XLSX: "xlsx", "application/json": "json"}
    endings |= {"text/csv": "csv", "application/x-ndjson": "ndjson"}
    described = trade.visitor.read("/openapi.json")["paths"][f"/api/v1{path}"]["get"]
    answer = described["responses"]["200"]["content"]
    assert {endings[one] for one in answer} == kinds | {"json"}
    assert "$ref" in answer["application/json"]["schema"]
