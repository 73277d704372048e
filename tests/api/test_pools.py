"""Pools over HTTP: who may bring what, when they close, and what goes back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.core import clock
from app.core.transaction import transaction
from app.pools.operations import end_pools
from tests.factories import (
    COMMODITY,
    Account,
    Trade,
    a_certificate,
    a_lot,
    a_membership,
    a_plot,
    an_offer,
    day,
    lot_body,
    offer_body,
    restriction_body,
)
from tests.factories_pools import a_pool, brought, filled, pool_body


@pytest.fixture
def cooperative(trade: Trade) -> Account:
    return trade.cooperative()


@pytest.fixture
def members(trade: Trade, cooperative: Account) -> list[Account]:
    """Two members, neither of whom has given a mandate."""
    farms = [trade.farm(), trade.farm()]
    for farm in farms:
        a_membership(farm, cooperative)
    return farms


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def ended(trade: Trade, days: int = 3) -> None:
    """What the clock does with pools, so many days from now."""
    with trade.app.app_context(), transaction():
        end_pools(now=clock.now() + timedelta(days=days))


def left(farm: Account, lot: dict[str, Any]) -> str:
    return str(farm.read(f"/lots/{lot['id']}")["left"])


def test_a_pool_shows_how_close_it_is_and_members_see_only_their_own(
    cooperative: Account, members: list[Account]
) -> None:
    pool = a_pool(cooperative, full_load="5", unit="tấn")
    assert (pool["full_load"], pool["missing"]) == ("5000.000", "5000.000")
    lots = [a_lot(one, quantity="3000") for one in members]
    brought(members[0], pool, lots[0], "2.5", unit="tấn")
    brought(members[1], pool, lots[1], "1500")
    for reader in (cooperative, *members):
        seen = reader.read(f"/pools/{pool['id']}")
        assert (seen["pooled"], seen["missing"]) == ("4000.000", "1000.000")
    assert left(members[0], lots[0]) == "500.000"
    path = f"/pools/{pool['id']}/contributions"
    assert len(cooperative.read(path)["items"]) == 2
    assert [one["quantity"] for one in members[1].read(path)["items"]] == ["1500.000"]


def test_a_pool_that_is_not_full_does_not_close(
    cooperative: Account, members: list[Account]
) -> None:
    pool = a_pool(cooperative)
    brought(members[0], pool, a_lot(members[0], quantity="4999"), "4999")
    answer = cooperative.post(f"/pools/{pool['id']}/closing")
    assert refused(answer) == (409, "pool_not_full")
    assert "4,999 kg of the full load of 5,000 kg" in answer.json["detail"]


def test_without_a_mandate_nothing_is_reserved_before_the_member_agrees(
    cooperative: Account, members: list[Account]
) -> None:
    farm, pool = members[0], a_pool(cooperative)
    lot = a_lot(farm, quantity="1000")
    proposed = brought(cooperative, pool, lot, "600")
    assert (proposed["status"], left(farm, lot)) == ("proposed", "1000.000")
    path = f"/pool-contributions/{proposed['id']}"
    assert refused(cooperative.post(f"{path}/confirmation")) == (403, "forbidden")
    assert members[1].post(f"{path}/confirmation").status_code == 404
    assert farm.made(f"{path}/confirmation")["status"] == "confirmed"
    assert left(farm, lot) == "400.000"
    assert refused(farm.post(f"{path}/confirmation")) == (409, "contribution_not_waiting")


def test_with_a_mandate_the_cooperative_brings_what_is_a_members(
    trade: Trade, cooperative: Account
) -> None:
    farm, pool = trade.farm(), a_pool(cooperative)
    a_membership(farm, cooperative, "mandate")
    lot = a_lot(farm, quantity="1000")
    assert brought(cooperative, pool, lot, "600")["status"] == "confirmed"
    assert left(farm, lot) == "400.000"
    trade.relay()
    titles = [one["title"] for one in farm.read("/notifications")["items"]]
    assert any("góp 600 kg" in title for title in titles)


def test_what_a_stranger_has_cannot_be_brought(
    trade: Trade, cooperative: Account, members: list[Account]
) -> None:
    pool, stranger = a_pool(cooperative), trade.farm()
    lot = a_lot(stranger)
    path = f"/pools/{pool['id']}/contributions"
    body = {"lot_id": lot["id"], "quantity": "1"}
    assert stranger.get(f"/pools/{pool['id']}").status_code == 404
    assert stranger.post(path, body).status_code == 404
    for reader in (cooperative, members[0]):
        answer = reader.post(path, body)
        assert refused(answer) == (404, "not_found")
        assert [one["pointer"] for one in answer.json["errors"]] == ["/lot_id"]


@pytest.mark.parametrize(
    ("lot", "expected"),
    [
        ({"commodity": "ginger-dried", "grade": None, "qualities": {}}, (422, "lot_of_other_kind")),
        ({"grade": "2"}, (422, "pool_grade_missed")),
        ({"grade": None}, (422, "pool_grade_missed")),
        (
            {"status": "forecast", "harvested_at": None, "ready_at": day(1)},
            (409, "lot_not_harvested"),
        ),
        ({"quantity": "10"}, (409, "not_enough_left")),
        ({}, (422, "pool_certificate_missing")),
    ],
)
def test_what_does_not_fit_the_pool_is_refused_by_name(
    cooperative: Account,
    members: list[Account],
    lot: dict[str, Any],
    expected: tuple[int, str],
) -> None:
    schemes = [] if lot else ["vietgap"]
    pool = a_pool(cooperative, min_grade="1", certificates=schemes)
    farm = members[0]
    made = farm.made("/lots", lot_body(farm, **lot))
    body = {"lot_id": made["id"], "quantity": "50"}
    answer = farm.post(f"/pools/{pool['id']}/contributions", body)
    assert refused(answer) == expected
    assert cooperative.read(f"/pools/{pool['id']}")["pooled"] == "0.000"


def test_a_certificate_counts_verified_and_on_the_day_of_harvest(
    trade: Trade, cooperative: Account, members: list[Account]
) -> None:
    farm, pool = members[0], a_pool(cooperative, full_load="50", certificates=["vietgap"])
    held = a_certificate(farm)
    lot = a_lot(farm, certificates=[held["id"]])
    path = f"/pools/{pool['id']}/contributions"
    body = {"lot_id": lot["id"], "quantity": "50"}
    assert refused(farm.post(path, body)) == (422, "pool_certificate_missing")
    trade.authority.made(f"/certificates/{held['id']}/verification")
    farm.made(path, body)
    closed = cooperative.made(f"/pools/{pool['id']}/closing")
    pooled = cooperative.read(f"/lots/{closed['lot_id']}")
    assert pooled["certificates"] == [held["id"]]
    an_offer(cooperative, pooled, quantity="50")
    found = trade.visitor.read("/offers?certificate=vietgap")["items"]
    assert [one["quantity"] for one in found] == ["50.000"]


def test_a_pooled_lot_is_the_mean_of_its_parts_and_as_good_as_the_worst(
    cooperative: Account, members: list[Account]
) -> None:
    pool = a_pool(cooperative, full_load="400")
    for farm, quantity, moisture, grade in (
        (members[0], "100", "11.0", "1"),
        (members[1], "300", "12.5", "2"),
    ):
        lot = a_lot(farm, quantity=quantity, grade=grade)
        brought(farm, pool, lot, quantity, qualities={"moisture": moisture})
    closed = cooperative.made(f"/pools/{pool['id']}/closing")
    lot = cooperative.read(f"/lots/{closed['lot_id']}")
    assert (lot["quantity"], lot["grade"]) == ("400.000", "2")
    assert lot["qualities"] == {"moisture": "12.1"}
    assert lot["organisation_id"] == cooperative.organisation_id
    assert closed["status"] == "closed"
    again = cooperative.post(f"/pools/{pool['id']}/closing")
    assert refused(again) == (409, "pool_not_open")


def test_a_lot_is_brought_once_and_may_be_taken_out_while_the_pool_is_open(
    cooperative: Account, members: list[Account]
) -> None:
    farm, pool = members[0], a_pool(cooperative, full_load="10")
    lot = a_lot(farm)
    first = brought(farm, pool, lot, "40")
    body = {"lot_id": lot["id"], "quantity": "1"}
    again = farm.post(f"/pools/{pool['id']}/contributions", body)
    assert refused(again) == (409, "already_pooled")
    farm.made(f"/pool-contributions/{first['id']}/withdrawal")
    assert left(farm, lot) == "100.000"
    second = brought(farm, pool, lot, "30")
    cooperative.made(f"/pools/{pool['id']}/closing")
    late = farm.post(f"/pool-contributions/{second['id']}/withdrawal")
    assert refused(late) == (409, "pool_not_open")


def test_a_pool_that_did_not_fill_in_time_gives_everything_back(
    trade: Trade, cooperative: Account, members: list[Account]
) -> None:
    pool = a_pool(cooperative)
    lots = [a_lot(one, quantity="1000") for one in members]
    for farm, lot in zip(members, lots, strict=True):
        brought(farm, pool, lot, "700.001")
    ended(trade)
    assert cooperative.read(f"/pools/{pool['id']}")["status"] == "returned"
    assert [left(*one) for one in zip(members, lots, strict=True)] == ["1000.000"] * 2
    again = cooperative.post(f"/pools/{pool['id']}/return")
    assert refused(again) == (409, "pool_not_open")


def test_a_full_pool_closes_when_its_time_is_over(
    trade: Trade, cooperative: Account, members: list[Account]
) -> None:
    pool = a_pool(cooperative, full_load="100")
    brought(members[0], pool, a_lot(members[0]), "100")
    ended(trade)
    closed = cooperative.read(f"/pools/{pool['id']}")
    assert (closed["status"], closed["lot_id"] is None) == ("closed", False)


def test_what_was_not_sold_goes_back_in_the_same_proportions(
    cooperative: Account, members: list[Account]
) -> None:
    lots = [a_lot(one, quantity="1000") for one in members]
    pool = a_pool(cooperative, full_load="1000")
    brought(members[0], pool, lots[0], "333.333")
    brought(members[1], pool, lots[1], "666.668")
    closed = cooperative.made(f"/pools/{pool['id']}/closing")
    offer = cooperative.made("/offers", offer_body(closed["lot_id"], quantity="700"))
    cooperative.made(f"/pools/{pool['id']}/return")
    items = cooperative.read(f"/pools/{pool['id']}/contributions")["items"]
    returned = sorted(Decimal(one["returned"]) for one in items)
    assert returned == [Decimal("100.000"), Decimal("200.001")]
    pooled = cooperative.read(f"/lots/{closed['lot_id']}")
    assert (pooled["quantity"], pooled["left"]) == ("700.000", "0.000")
    nothing = cooperative.post(f"/pools/{pool['id']}/return")
    assert refused(nothing) == (409, "nothing_to_return")
    cooperative.made(f"/offers/{offer['id']}/withdrawal")
    assert cooperative.made(f"/pools/{pool['id']}/return")["status"] == "returned"
    assert [left(*one) for one in zip(members, lots, strict=True)] == ["1000.000"] * 2
    assert cooperative.read(f"/lots/{closed['lot_id']}")["status"] == "exhausted"


def test_what_is_pooled_counts_once_under_its_growing_area_code(
    cooperative: Account, members: list[Account]
) -> None:
    farm, pool = members[0], a_pool(cooperative, full_load="900")
    plot = a_plot(farm, growing_area_code="VN-LDOR-0051")
    lot = a_lot(farm, quantity="1500", plot_id=plot["id"])
    path = f"/pools/{pool['id']}/contributions"
    answer = farm.post(path, {"lot_id": lot["id"], "quantity": "1000.001"})
    assert refused(answer) == (409, "area_capacity_exceeded")
    brought(farm, pool, lot, "900")
    closed = cooperative.made(f"/pools/{pool['id']}/closing")
    cooperative.made("/offers", offer_body(closed["lot_id"], quantity="900"))
    (counter,) = farm.read("/growing-area-seasons")["items"]
    assert (counter["listed"], counter["capacity"]) == ("900.000", "1000.000")


def test_what_is_inside_a_closed_ward_is_not_pooled_outside_of_it(
    trade: Trade, cooperative: Account, members: list[Account]
) -> None:
    pool, lots = a_pool(cooperative, full_load="10"), [a_lot(one) for one in members]
    brought(members[0], pool, lots[0], "10")
    trade.authority.made("/restrictions", restriction_body())
    body = {"lot_id": lots[1]["id"], "quantity": "1"}
    answer = members[1].post(f"/pools/{pool['id']}/contributions", body)
    assert refused(answer) == (409, "movement_restricted")
    closing = cooperative.post(f"/pools/{pool['id']}/closing")
    assert refused(closing) == (409, "movement_restricted")
    ended(trade)
    assert cooperative.read(f"/pools/{pool['id']}")["status"] == "returned"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"commodity": "gold"}, "/commodity"),
        ({"min_grade": "zz"}, "/min_grade"),
        ({"certificates": ["vietgap", "no-such"]}, "/certificates/1"),
        ({"until": day(-1)}, "/until"),
        ({"unit": "sào"}, "/unit"),
    ],
)
def test_a_pool_that_makes_no_sense_is_refused(
    cooperative: Account, changes: dict[str, Any], pointer: str
) -> None:
    answer = cooperative.post("/pools", pool_body(cooperative, **changes))
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]


def test_two_cooperatives_do_not_see_each_others_pools(
    trade: Trade, cooperative: Account, members: list[Account]
) -> None:
    other = trade.cooperative()
    pool = filled(cooperative, a_pool(cooperative, full_load="1"), *members, each="10")
    assert other.get(f"/pools/{pool['id']}").status_code == 404
    assert other.post(f"/pools/{pool['id']}/return").status_code == 404
    assert other.read("/pools")["items"] == []
    assert cooperative.read(f"/pools?commodity={COMMODITY}&status=closed")["items"] == [pool]
