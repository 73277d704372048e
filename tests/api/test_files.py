"""Every list is also a file: the whole of it, in three forms, with nothing a sheet would run."""

import csv
import io
import json
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import text
from werkzeug.test import TestResponse

from app.core.files import CSV, NDJSON, XLSX, columns
from tests.api.examples import EXAMPLES
from tests.api.paging import pages
from tests.api.world import World, declared, is_list, path_of, send
from tests.concurrency.threads import wait_until
from tests.factories import Account, Trade

FORMULA = '=HYPERLINK("http://example.com";"x")'
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def lists(world: World) -> list[str]:
    found = [route for route, view in declared(world.app).items() if is_list(view)]
    assert len(found) > 30
    return found


def csv_rows(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.get_data().startswith("\ufeff".encode())
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def xlsx_rows(answer: TestResponse) -> list[list[Any]]:
    sheet = load_workbook(io.BytesIO(answer.get_data()), read_only=True).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def is_all_told(world: World) -> bool:
    """Whether the feed shows all that happened; others' transactions hold back what came later."""
    ended = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    waiting = f"SELECT count(*) FROM outbox_message WHERE transaction_number >= {ended}"
    return world.connection.scalar(text(waiting)) == 0


def named_sites(farm: Account, *names: str) -> None:
    for name in names:
        farm.made(
            "/sites",
            {"name": name, "ward_code": "24829", "latitude": 11.5, "longitude": 107.8},
        )


def test_every_list_is_a_file_of_all_its_rows(world: World) -> None:
    rows = 0
    wait_until(lambda: is_all_told(world))
    for route in lists(world):
        reader, path = world[EXAMPLES[route].may[0]], path_of(world, route)
        shown = [one for page in pages(reader, path, limit=100) for one in page]
        lines = send(world, route, Accept=NDJSON)
        assert lines.content_type == NDJSON, route
        assert [json.loads(line) for line in lines.get_data().splitlines()] == shown, route
        table = send(world, route, Accept=CSV)
        assert len(csv_rows(table)) == len(shown), route
        if route != "GET /purchase-list":
            assert len(xlsx_rows(send(world, route, Accept=XLSX))) == len(shown) + 1, route
        for one in (lines, table):
            assert one.status_code == 200
            assert one.headers["Content-Disposition"].startswith("attachment; filename=")
            assert "ETag" not in one.headers
        rows += len(shown)
    assert rows > 300


def test_a_column_holds_what_the_field_of_its_name_holds(trade: Trade) -> None:
    visitor = trade.visitor
    shown = visitor.read("/commodities?limit=100")["items"]
    read = csv_rows(visitor.get("/commodities", Accept=CSV))
    assert len(read) > 20
    for row in read:
        one = next(one for one in shown if one["code"] == row["code"])
        assert (row["name.vi"], row["name.en"]) == (one["name"]["vi"], one["name"]["en"])
        assert json.loads(row["qualities"]) == one["qualities"]
        assert row["cold_chain"] == ("true" if one["cold_chain"] else "false")


def test_a_file_goes_on_where_a_page_ends(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.http.ROWS_AT_A_TIME", 3)
    farm = trade.farm()
    named_sites(farm, *(f"Nơi {number}" for number in range(9)))
    shown = [one["id"] for page in pages(farm, "/sites") for one in page]
    assert len(shown) == 10
    assert [row["id"] for row in csv_rows(farm.get("/sites?limit=1", Accept=CSV))] == shown


def test_nobodys_name_becomes_a_formula(trade: Trade) -> None:
    farm = trade.farm()
    dangerous = [FORMULA, "+84 90", "-2+3", "@SUM(A1)", "-12.5"]
    named_sites(farm, *dangerous)
    names = [row["name"] for row in csv_rows(farm.get("/sites", Accept=CSV))]
    assert names[:5] == ["-12.5", *(f"'{one}" for one in reversed(dangerous[:4]))]
    book = load_workbook(io.BytesIO(farm.get("/sites", Accept=XLSX).get_data()))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    assert FORMULA in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert [cell for cell in cells if cell.hyperlink] == []


def test_figures_are_figures_in_a_workbook(trade: Trade) -> None:
    farm = trade.farm()
    named_sites(farm, "Kho")
    head, first, *_ = xlsx_rows(farm.get("/sites", Accept=XLSX))
    row = dict(zip(head, first, strict=True))
    assert (row["latitude"], row["longitude"], row["ward_code"]) == (11.5, 107.8, "24829")


def test_a_browser_and_whoever_takes_anything_get_json(trade: Trade) -> None:
    for accepted in ("*/*", BROWSER, "application/json, text/csv;q=0.5", "image/png"):
        assert trade.visitor.get("/markets", Accept=accepted).is_json, accepted


def test_a_file_is_refused_to_whom_the_list_is_refused(world: World) -> None:
    for kind in (CSV, XLSX, NDJSON):
        answer = send(world, "GET /lots", "visitor", Accept=kind)
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
        wrong = send(world, "GET /lots", query="?cursor=abc", Accept=kind)
        assert (wrong.status_code, wrong.json["code"]) == (422, "invalid")


def test_every_column_of_every_list_has_a_heading_of_its_own(world: World) -> None:
    for route in lists(world):
        answer = declared(world.app)[route]._apidoc["response"]["responses"][200][0]["schema"]
        headings = [one.heading for one in columns(answer.fields["items"].inner.schema)]
        assert len(headings) == len(set(headings)) >= 2, route
