"""Restrictions on movement and what they keep from being ordered."""

import pytest

from tests.factories import Trade, a_lot, an_offer, day, order_body, restriction_body


def ordered(trade: Trade, **restriction: str | None) -> tuple[int, str | None]:
    """How an order across the border of the farm's ward fares under a restriction."""
    trade.authority.made("/restrictions", restriction_body(**restriction))
    buyer = trade.processor()
    answer = buyer.post("/orders", order_body(buyer, an_offer(trade.farm())))
    return answer.status_code, (answer.json or {}).get("code")


@pytest.mark.parametrize(
    "restriction",
    [
        {},
        {"kind": "entry_only"},
        {"commodity": "green-coffee-robusta"},
        {"until": day(1)},
        {"ward_code": "24823", "kind": "exit_only"},
    ],
)
def test_goods_do_not_cross_a_closed_border(trade: Trade, restriction: dict[str, str]) -> None:
    assert ordered(trade, **restriction) == (409, "movement_restricted")


@pytest.mark.parametrize(
    "restriction",
    [
        {"kind": "exit_only"},
        {"commodity": "ginger-fresh"},
        {"from": day(1)},
        {"ward_code": "24823", "kind": "entry_only"},
        {"ward_code": "25000"},
        {"ward_code": None, "province_code": "68"},
    ],
)
def test_what_the_restriction_does_not_name_moves(
    trade: Trade, restriction: dict[str, str | None]
) -> None:
    assert ordered(trade, **restriction) == (201, None)


def test_goods_move_again_once_the_restriction_is_lifted(trade: Trade) -> None:
    authority, farm, buyer = trade.authority, trade.farm(), trade.processor()
    restriction = authority.made("/restrictions", restriction_body())
    offer = an_offer(farm, a_lot(farm))
    assert buyer.post("/orders", order_body(buyer, offer)).status_code == 409
    lifted = authority.made(f"/restrictions/{restriction['id']}/end")
    assert lifted["ended_at"] is not None
    assert buyer.post("/orders", order_body(buyer, offer)).status_code == 201
    again = authority.post(f"/restrictions/{restriction['id']}/end")
    assert (again.status_code, (again.json or {})["code"]) == (409, "restriction_ended")


def test_restrictions_in_force_are_told_from_the_others(trade: Trade) -> None:
    authority, reader = trade.authority, trade.farm()
    now = authority.made("/restrictions", restriction_body())
    later = authority.made("/restrictions", restriction_body(**{"from": day(1)}))
    for in_force, expected in (("true", now), ("false", later)):
        held = reader.read(f"/restrictions?in_force={in_force}")["items"]
        assert [one["id"] for one in held] == [expected["id"]]


@pytest.mark.parametrize(
    ("restriction", "pointer"),
    [
        ({"from": day(2), "until": day(1)}, "/until"),
        ({"from": day(-3), "until": day(-1)}, "/until"),
        ({"ward_code": "99999"}, "/ward_code"),
        ({"province_code": "68"}, "/ward_code"),
        ({"ward_code": None}, "/ward_code"),
        ({"ward_code": None, "province_code": "7"}, "/province_code"),
        ({"commodity": "gold"}, "/commodity"),
    ],
)
def test_a_restriction_that_makes_no_sense_is_refused(
    trade: Trade, restriction: dict[str, str | None], pointer: str
) -> None:
    answer = trade.authority.post("/restrictions", restriction_body(**restriction))
    assert answer.status_code == 422
    assert [one["pointer"] for one in (answer.json or {})["errors"]] == [pointer]
    assert trade.farm().read("/restrictions")["items"] == []


def test_the_authority_reads_what_it_announced_in_words(trade: Trade) -> None:
    authority = trade.authority
    authority.made("/restrictions", restriction_body(kind="exit_only", reason="flood"))
    trade.relay()
    titles = [one["title"] for one in authority.read("/notifications")["items"]]
    assert "Hạn chế vận chuyển Phường B'Lao" in titles
