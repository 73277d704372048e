"""What every page keeps to: its headers, its forms, its size."""

import gzip
import re
from decimal import Decimal
from uuid import uuid4

import pytest

from app.core.numbers import written
from tests.api.world import World
from tests.conftest import PROJECT
from tests.factories import day
from tests.web.reader import KEY, TOKEN, Reader, reader

PAYLOADS = [
    f"{before}<script>alert({number})</script>{after}"
    for number, (before, after) in enumerate(
        (before, after)
        for before in (
            "",
            '">',
            "'>",
            "</title>",
            "</textarea>",
            "-->",
            "]]>",
            "{{7*7}}",
            "\\",
            "/*",
        )
        for after in (
            "",
            "<!--",
            "'",
            '"',
            "`",
            "</script>",
            "<svg/onload=1>",
            "<img src=x onerror=1>",
            "javascript:1",
            "&lt;",
        )
    )
]


def test_a_page_lets_nothing_run_but_our_own(world: World) -> None:
    for address in ("/", "/sign-in", "/home", "/sell", "/no-such-page"):
        answer = reader(world, "farm").get(address)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_page_is_small_on_the_wire(world: World) -> None:
    refresh = world.app.extensions["pages"].refresh
    script = Reader(world.app).get(refresh, **{"Accept-Encoding": "gzip"}).get_data()
    first = reader(world, "farm").get("/sell", **{"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(first.get_data()).decode().count("<script src=") == 1
    assert len(script) + len(first.get_data()) < 60_000
    for address in ("/home", "/offers", "/orders", "/market", "/money"):
        later = reader(world, "farm").get(address, **{"Accept-Encoding": "gzip"})
        assert len(later.get_data()) < 40_000, address


def test_an_unknown_address_is_told_as_a_page_and_in_the_api_as_a_problem(world: World) -> None:
    page = Reader(world.app).get("/no-such-page")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    problem = Reader(world.app).get("/api/v1/no-such-thing")
    assert (problem.status_code, problem.mimetype) == (404, "application/problem+json")


def test_what_only_takes_forms_leads_to_its_page_when_it_is_opened(world: World) -> None:
    answer = reader(world, "farm").get(f"/orders/{world.ids['order']}/despatch")
    assert answer.headers["Location"] == f"/orders/{world.ids['order']}"


def sale(**changes: str) -> dict[str, str]:
    return {
        "commodity": "tea-shoots-fresh",
        "quantity": "2",
        "unit": "tạ",
        "ask_price": "12.500",
        "confirmed": "12500",
        "when": "today",
    } | changes


def test_a_double_click_and_the_back_button_make_one_offer(world: World) -> None:
    farm = reader(world, "farm")
    page = farm.get("/sell").get_data(as_text=True)
    hidden = {"csrf_token": TOKEN.findall(page)[-1], "idempotency_key": KEY.findall(page)[-1]}
    led = {
        farm.client.post("/sell", data={**hidden, **sale()}).headers["Location"] for _ in range(3)
    }
    assert len(led) == 1
    offers = world["farm"].read("/offers?mine=true&commodity=tea-shoots-fresh")["items"]
    assert [one["quantity"] for one in offers] == ["200.000"]


def test_the_same_key_with_another_form_is_refused(world: World) -> None:
    farm, key = reader(world, "farm"), str(uuid4())
    first = farm.send("/sell", sale(idempotency_key=key), shown="/sell")
    other = farm.send("/sell", sale(idempotency_key=key, quantity="3"), shown="/sell")
    assert (first.status_code, other.status_code) == (303, 422)


@pytest.mark.parametrize("key", ["\x00", "line\nend", "x" * 256])
def test_a_key_that_cannot_be_one_is_refused(world: World, key: str) -> None:
    answer = reader(world, "farm").send("/sell", sale(idempotency_key=key), shown="/sell")
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.get_data(as_text=True)
    assert world["farm"].read("/offers?mine=true&commodity=tea-shoots-fresh")["items"] == []


@pytest.mark.parametrize(
    ("typed", "understood"),
    [("12.500", "12500.00"), ("12,5", "12.50"), ("1.5", "1.50"), ("12 500", "12500.00")],
)
def test_figures_are_read_as_people_here_write_them(
    world: World, typed: str, understood: str
) -> None:
    form = sale(ask_price=typed, confirmed=f"{float(understood):g}")
    answer = reader(world, "farm").send("/sell", form, shown="/sell")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    offer = world["farm"].read(answer.headers["Location"].partition("?")[0])
    assert offer["ask_price"] == understood


@pytest.mark.parametrize("field", ["quantity", "ask_price", "unit", "grade", "ready_on"])
def test_a_bad_field_is_named_and_what_was_typed_is_kept(world: World, field: str) -> None:
    form = sale(**{field: "<b>không</b>"}) | ({"when": "later"} if field == "ready_on" else {})
    answer = reader(world, "farm").send("/sell", form, shown="/sell")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "<b>không</b>" not in page
    assert 'id="refusal"' in page
    assert 'value="12.500"' in page or field == "ask_price"


def test_nothing_typed_is_ever_run(world: World) -> None:
    owner = world["farm"]
    assert len(set(PAYLOADS)) == 100
    for payload in PAYLOADS:
        owner.made(
            "/sites", {"name": payload, "ward_code": "24829", "latitude": 11.5, "longitude": 107.8}
        )
    page = reader(world, "farm").get("/sell").get_data(as_text=True)
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") == 100
    for address in ("/market", "/offers"):
        shown = reader(world, "farm").get(f"{address}?q={PAYLOADS[11]}").get_data(as_text=True)
        assert "<script>alert" not in shown


def test_nobody_is_led_away_from_here(world: World) -> None:
    for address in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"):
        form = {"login": str(world["farm"].login), "password": "mot-mat-khau-dai", "next": address}
        answer = Reader(world.app).send("/sign-in", form, shown="/sign-in")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/home")


def test_a_session_that_was_planted_is_not_taken_over(world: World) -> None:
    planted = "blao_planted-by-somebody-else"
    browser = Reader(world.app, planted)
    form = {"login": str(world["farm"].login), "password": "mot-mat-khau-dai"}
    assert browser.send("/sign-in", form, shown="/sign-in").status_code == 303
    kept = browser.client.get_cookie("blao")
    assert kept is not None
    assert kept.value != planted
    assert kept.http_only
    assert Reader(world.app, planted).get("/home").status_code == 303


def test_every_page_is_there_in_english_too(world: World) -> None:
    farm = reader(world, "farm")
    assert (
        farm.send("/language", {"language": "en", "next": "/home"}, shown="/home").status_code
        == 303
    )
    page = farm.get("/home").get_data(as_text=True)
    assert '<html lang="en">' in page
    assert "Money to come" in page


@pytest.mark.parametrize("field", ["max_suppliers", "min_delivery", "quantity", "bid_price"])
@pytest.mark.parametrize("typed", ["1.5x", "zzz", "0", "-1"])
def test_a_demand_that_cannot_be_is_refused_before_it_is_tried(
    world: World, field: str, typed: str
) -> None:
    form = {
        "commodity": "tea-shoots-fresh",
        "quantity": "100",
        "bid_price": "14.000",
        "deliver_from": day(1)[:10],
        "deliver_until": day(3)[:10],
        "site": world.ids["processor_site"],
        "idempotency_key": str(uuid4()),
        field: typed,
    }
    processor = reader(world, "processor")
    shown = "/demands/new?commodity=tea-shoots-fresh"
    refused = processor.send("/demands/preview", form, shown=shown)
    assert refused.status_code == 422 or (field, typed) == ("bid_price", "0")
    form[field] = {"max_suppliers": "2", "min_delivery": "10"}.get(field, "14.000,5")
    assert processor.send("/demands/preview", form, shown=shown).status_code == 200


def test_the_price_that_is_filled_in_can_be_sent(world: World) -> None:
    farm = reader(world, "farm")
    for price in ("11430.4", "12500", "203.125"):
        shown = written(Decimal(price), "vi")
        answer = farm.send("/sell", sale(ask_price=shown, confirmed=price), shown="/sell")
        assert answer.status_code in (303, 422), shown
        if answer.status_code == 422:
            assert price == "203.125", "no price has three decimals"


def test_a_version_or_an_address_that_makes_no_sense_is_no_accident(world: World) -> None:
    offer = world.ids["offer"]
    form = {"quantity": "1", "version": "zzz", "carrier": "buyer"}
    answer = reader(world, "processor").send(f"/offers/{offer}/order", form, shown="/home")
    assert answer.status_code == 422
    farm = reader(world, "farm")
    for address in ("/home\r\nX: y", "/home\x00", "/ home"):
        led = farm.send("/language", {"language": "vi", "next": address}, shown="/home")
        assert (led.status_code, led.headers["Location"]) == (303, "/")


def test_what_somebody_was_ready_to_pay_cannot_be_worked_out_from_a_small_round(
    world: World,
) -> None:
    address = f"/rounds/{world.ids['round']}"
    for label in ("visitor", "other_farm", "farm", "processor"):
        page = reader(world, label).get(address).get_data(as_text=True)
        assert "Lợi chung</dt>" not in page, label
        assert "Lợi chung không nêu ở phiên" in page, label
        assert ", lợi chung" not in reader(world, label).get("/rounds").get_data(as_text=True)
    assert "Lợi chung</dt>" in reader(world, "operator").get(address).get_data(as_text=True)
    assert ", lợi chung" in reader(world, "operator").get("/rounds").get_data(as_text=True)


def test_a_filter_is_named_as_people_call_it(world: World) -> None:
    page = reader(world, "processor").get("/market?commodity=ginger-dried").get_data(as_text=True)
    assert "Gừng khô ×" in page
    assert "ginger-dried ×" not in page


def test_what_renews_itself_brings_what_that_takes() -> None:
    for template in (PROJECT / "app/web/templates").glob("*.html"):
        page = template.read_text()
        assert ("hx-get" in page) == ("{{ ui.refreshes() }}" in page), template.name


def test_a_part_of_a_page_comes_to_whom_the_page_came(world: World) -> None:
    cooperative, farm = reader(world, "cooperative"), reader(world, "farm")
    page = cooperative.get("/analytics").get_data(as_text=True)
    (account,) = re.findall(r"""hx-headers='{"Blao-Account": "([^"]+)"}'""", page)
    asked = {"HX-Request": "true", "Blao-Account": account}
    assert cooperative.get("/analytics/flows", **asked).status_code == 200
    assert farm.get("/analytics/flows", **asked).status_code == 401, "another tab signed them in"
    assert reader(world, "visitor").get("/analytics/flows", **asked).status_code == 401
    assert farm.get("/analytics/flows").status_code == 200
