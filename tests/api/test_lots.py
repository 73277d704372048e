"""Lots from forecast to harvest, what is stated of them, and their certificates."""

from datetime import date, timedelta
from typing import Any

import pytest

from app.accounts.models import Kind
from app.core import clock
from app.core.fields import instant_text
from tests.factories import (
    COMMODITY,
    NOW,
    SCHEME,
    Trade,
    a_certificate,
    a_lot,
    an_offer,
    day,
    lot_body,
)

FORECAST = {"status": "forecast", "harvested_at": None}


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def pointers(answer: Any) -> list[str]:
    assert code_of(answer) == (422, "invalid")
    return [one["pointer"] for one in answer.json["errors"]]


def test_a_harvested_lot_is_there_to_be_offered(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm)
    assert (lot["status"], lot["quantity"], lot["left"]) == ("harvested", "100.000", "100.000")
    assert lot["ready_at"] == lot["harvested_at"]
    assert lot["expires_at"] == day(-2 + 365), "green coffee keeps for a year"
    assert (lot["capacity"], lot["on_behalf_of"]) == ("own_account", None)
    assert farm.read(f"/lots/{lot['id']}") == lot
    assert farm.read("/lots")["items"] == [lot]


def test_a_forecast_becomes_stock_when_it_is_harvested(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm, **FORECAST, ready_at=day(5), qualities={})
    assert (lot["status"], lot["harvested_at"]) == ("forecast", None)
    assert lot["expires_at"] == day(5 + 365)
    an_offer(farm, lot, quantity="60")
    dry = {"qualities": {"moisture": "11.5"}}
    less = farm.post(f"/lots/{lot['id']}/harvest", {"quantity": "59.999", **dry})
    assert code_of(less) == (409, "lot_in_use")
    wet = farm.post(f"/lots/{lot['id']}/harvest", {"quantity": "60"})
    assert pointers(wet) == ["/qualities/moisture"]
    harvested = {"quantity": "60", "harvested_at": day(-1), "grade": "2", **dry}
    stock = farm.made(f"/lots/{lot['id']}/harvest", harvested)
    assert (stock["grade"], stock["qualities"]) == ("2", {"moisture": "11.5"})
    assert (stock["status"], stock["quantity"], stock["left"]) == ("harvested", "60.000", "0.000")
    assert stock["harvested_at"] == stock["ready_at"] == day(-1)
    again = farm.post(f"/lots/{lot['id']}/harvest", {})
    assert code_of(again) == (409, "lot_not_available")


def test_a_harvest_lies_in_the_past(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm, **FORECAST, ready_at=day(5))
    answer = farm.post(f"/lots/{lot['id']}/harvest", {"harvested_at": day(1)})
    assert pointers(answer) == ["/harvested_at"]
    assert farm.made(f"/lots/{lot['id']}/harvest")["status"] == "harvested"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"harvested_at": None}, "/harvested_at"),
        ({"harvested_at": day(1)}, "/harvested_at"),
        ({"status": "forecast", "ready_at": day(3)}, "/harvested_at"),
        ({"status": "forecast", "harvested_at": None}, "/ready_at"),
        ({"status": "exhausted"}, "/status"),
        ({"qualities": {}}, "/qualities/moisture"),
        ({"qualities": {"moisture": "12.34"}}, "/qualities/moisture"),
        ({"qualities": {"moisture": "31"}}, "/qualities/moisture"),
        ({"qualities": {"moisture": "12", "fat": "3"}}, "/qualities/fat"),
        ({"grade": "no-such"}, "/grade"),
        ({"commodity": "no-such"}, "/commodity"),
    ],
)
def test_a_lot_says_what_its_commodity_asks_for(
    trade: Trade, changes: dict[str, Any], pointer: str
) -> None:
    farm = trade.farm()
    assert pointers(farm.post("/lots", lot_body(farm, **changes))) == [pointer]
    assert farm.read("/lots")["items"] == []


def test_qualities_are_kept_as_the_catalogue_writes_them(trade: Trade) -> None:
    farm = trade.farm()
    stated = {"moisture": "12", "screen": "16", "black_broken": "0.5"}
    assert a_lot(farm, qualities=stated)["qualities"]["moisture"] == "12.0"
    ginger = a_lot(
        farm, commodity="ginger-fresh", grade=None, qualities={"residue_test_passed": True}
    )
    assert ginger["qualities"] == {"residue_test_passed": True}
    for wrong in ("true", 1, "12.0", None):
        body = lot_body(
            farm, commodity="ginger-fresh", grade=None, qualities={"residue_test_passed": wrong}
        )
        assert pointers(farm.post("/lots", body)) == ["/qualities/residue_test_passed"]


def test_dates_among_the_qualities_are_days(trade: Trade) -> None:
    farm = trade.farm()
    found = [
        (commodity["code"], quality["code"])
        for commodity in farm.read("/commodities?limit=100")["items"]
        for quality in commodity["qualities"]
        if quality["type"] == "date"
    ]
    assert found
    code, quality = found[0]
    required = {
        one["code"]: True
        for one in farm.read(f"/commodities/{code}")["qualities"]
        if one["required"] and one["type"] == "boolean"
    }
    body = {"commodity": code, "grade": None}
    lot = a_lot(farm, **body, qualities=required | {quality: "2026-01-31"})
    assert lot["qualities"][quality] == "2026-01-31"
    for wrong in ("2026-02-30", "31/01/2026", True, 20260131):
        answer = farm.post("/lots", lot_body(farm, **body, qualities=required | {quality: wrong}))
        assert pointers(answer) == [f"/qualities/{quality}"]


def test_a_spoiled_lot_is_gone(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm)
    offer = an_offer(farm, lot)
    assert code_of(farm.post(f"/lots/{lot['id']}/spoilage")) == (409, "lot_in_use")
    farm.made(f"/offers/{offer['id']}/withdrawal")
    assert farm.made(f"/lots/{lot['id']}/spoilage")["status"] == "spoiled"
    for answer in (
        farm.post(f"/lots/{lot['id']}/spoilage"),
        farm.post("/offers", {"lot_id": lot["id"], "quantity": "1", "ask_price": "1"}),
    ):
        assert code_of(answer) == (409, "lot_not_available")
    assert [one["id"] for one in farm.read("/lots?status=spoiled")["items"]] == [lot["id"]]
    assert farm.read("/lots?status=harvested")["items"] == []


def test_a_lot_past_its_shelf_life_is_not_offered(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm, harvested_at=day(-366))
    offer = {"lot_id": lot["id"], "quantity": "1", "ask_price": "1", "open_until": day(1)}
    assert code_of(farm.post("/offers", offer)) == (409, "lot_expired")


def test_my_lots_are_narrowed_by_commodity(trade: Trade) -> None:
    farm = trade.farm()
    a_lot(farm)
    ginger = a_lot(farm, commodity="ginger-dried", grade=None, qualities={})
    assert farm.read("/lots?commodity=ginger-dried")["items"] == [ginger]
    assert trade.farm().read("/lots")["items"] == []


def test_a_certificate_counts_once_it_is_verified(trade: Trade) -> None:
    farm = trade.farm()
    certificate = a_certificate(farm)
    assert (certificate["status"], certificate["verified_at"]) == ("claimed", None)
    offer = an_offer(farm, a_lot(farm, certificates=[certificate["id"]]))
    assert offer["certificates"] == []
    path = f"/certificates/{certificate['id']}"
    assert code_of(farm.post(f"{path}/verification")) == (403, "forbidden")
    verified = trade.authority.made(f"{path}/verification")
    assert verified["status"] == "verified"
    assert farm.read(path)["verified_at"] == verified["verified_at"] is not None
    assert farm.read(f"/offers/{offer['id']}")["certificates"] == [SCHEME]
    assert code_of(trade.operator.post(f"{path}/verification")) == (409, "already_verified")


@pytest.mark.parametrize("kind", [Kind.OPERATOR, Kind.AUTHORITY])
def test_an_office_verifies_what_it_reads(trade: Trade, kind: Kind) -> None:
    certificate = a_certificate(trade.farm())
    office = trade.appointed(kind)
    assert certificate in office.read("/certificates")["items"]
    assert office.read(f"/certificates/{certificate['id']}") == certificate
    assert office.made(f"/certificates/{certificate['id']}/verification")["status"] == "verified"


def test_a_certificate_is_judged_at_the_harvest(trade: Trade) -> None:
    farm, authority = trade.farm(), trade.authority
    harvest = date.fromisoformat(day(-20)[:10])
    spans = {
        "over today, in force at harvest": (-40, -10),
        "in force today, not yet at harvest": (-10, 40),
        "the harvest was its last day": (-40, -20),
        "the harvest was its first day": (-20, 40),
    }
    counted = {}
    for name, span in spans.items():
        start, end = (str(harvest + timedelta(days=20 + offset)) for offset in span)
        certificate = a_certificate(farm, valid_from=start, valid_until=end)
        authority.made(f"/certificates/{certificate['id']}/verification")
        noon = f"{harvest}T05:00:00Z"
        lot = a_lot(farm, harvested_at=noon, certificates=[certificate["id"]])
        counted[name] = an_offer(farm, lot)["certificates"] == [SCHEME]
    assert counted == dict(zip(spans, (True, False, True, True), strict=True))


def test_the_day_of_a_harvest_is_the_day_in_viet_nam(trade: Trade) -> None:
    farm, authority = trade.farm(), trade.authority
    first = clock.local_date(NOW) - timedelta(days=5)
    certificate = a_certificate(farm, valid_from=str(first))
    authority.made(f"/certificates/{certificate['id']}/verification")
    begins = clock.start_of_day(first)
    for instant, counts in ((begins - timedelta(seconds=1), False), (begins, True)):
        harvested = {"harvested_at": instant_text(instant), "certificates": [certificate["id"]]}
        lot = a_lot(farm, **harvested)
        offer = an_offer(farm, lot, quantity="1")
        assert (offer["certificates"] == [SCHEME]) is counts
        found = trade.visitor.read(f"/offers?certificate={SCHEME}")["items"]
        assert (offer["id"] in [one["id"] for one in found]) is counts


def test_a_certificate_counts_for_its_commodities_alone(trade: Trade) -> None:
    farm = trade.farm()
    certificate = a_certificate(farm, commodities=["ginger-dried", "ginger-dried"])
    assert certificate["commodities"] == ["ginger-dried"]
    trade.authority.made(f"/certificates/{certificate['id']}/verification")
    assert an_offer(farm, a_lot(farm, certificates=[certificate["id"]]))["certificates"] == []


def test_a_certificate_is_declared_once_and_makes_sense(trade: Trade) -> None:
    farm = trade.farm()
    first = a_certificate(farm, site_id=farm.site_id)
    assert (first["scheme"], first["site_id"]) == (SCHEME, farm.site_id)
    body = {name: first[name] for name in ("scheme", "number", "commodities")}
    body |= {"valid_from": "2026-01-01", "valid_until": "2026-06-30"}
    assert code_of(farm.post("/certificates", body)) == (409, "certificate_known")
    assert trade.farm().post("/certificates", body).status_code == 201
    wrong = {
        "/scheme": {"scheme": "no-such"},
        "/commodities/1": {"commodities": [COMMODITY, "no-such"]},
        "/valid_until": {"valid_until": "2025-12-31"},
    }
    for pointer, change in wrong.items():
        assert pointers(farm.post("/certificates", body | {"number": "2"} | change)) == [pointer]


def test_instants_are_answered_in_utc_however_they_were_sent(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm, harvested_at="2026-11-01T08:30:00.25+07:00")
    assert lot["harvested_at"] == "2026-11-01T01:30:00.250000Z"
