"""An area closes: what is found, proposed instead, on the board, and what comes back."""

from datetime import timedelta
from typing import Any

import pytest

from app.contracts.breach_operations import find_breaches
from app.contracts.hold_operations import hold_promised
from app.core import clock
from app.core.transaction import transaction
from app.disruption.operations import meet_restrictions
from app.disruption.resume_operations import movable
from tests.factories import (
    B_LAO,
    COMMODITY,
    WARD_1,
    Account,
    Trade,
    a_demand,
    a_lot,
    an_offer,
    an_order,
    day,
    offer_body,
    order_body,
    restriction_body,
)
from tests.factories_contracts import a_contract, called
from tests.factories_deliveries import a_delivery, scheduled
from tests.factories_disruption import closed, look, outside, reopened


@pytest.fixture
def authority(trade: Trade) -> Account:
    return trade.authority


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def only(reader: Account, path: str) -> dict[str, Any]:
    (item,) = reader.read(path)["items"]
    return dict(item)


def left_of(farm: Account, offer: dict[str, Any]) -> str:
    return str(farm.read(f"/offers/{offer['id']}")["remaining"])


def test_no_load_is_planned_or_sent_across_a_closed_border(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    order = an_order(buyer, an_offer(farm))
    planned = scheduled(farm, order, quantity="4")
    authority.made("/restrictions", restriction_body(until=day(3)))
    now = farm.post(f"/orders/{order['id']}/deliveries", {"quantity": "1"})
    assert refused(now) == (409, "movement_restricted")
    sent = farm.post(f"/deliveries/{planned['id']}/despatch", {"quantity": "4"})
    assert refused(sent) == (409, "movement_restricted")
    later = {"quantity": "1", "scheduled_for": day(4)}
    assert farm.post(f"/orders/{order['id']}/deliveries", later).status_code == 201


def test_an_order_that_cannot_leave_is_set_aside_and_comes_back(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    offer = an_offer(farm)
    order = an_order(buyer, offer, "30")
    planned = scheduled(farm, order, quantity="20")
    restriction = closed(trade, authority)
    found = only(buyer, "/disruptions?status=waiting")
    assert (found["kind"], found["order_id"], found["quantity"]) == ("order", order["id"], "30.000")
    assert only(farm, "/disruptions") == found
    assert farm.read(f"/deliveries/{planned['id']}")["status"] == "cancelled"
    assert left_of(farm, offer) == "50.000"
    look(trade)
    assert len(farm.read("/disruptions")["items"]) == 1
    reopened(trade, authority, restriction)
    back = only(buyer, "/disruptions")
    assert (back["status"], back["restored"]) == ("restored", "30.000")
    assert left_of(farm, offer) == "20.000"
    a_delivery(farm, buyer, order)
    assert buyer.read(f"/orders/{order['id']}")["status"] == "received"


def test_what_a_load_has_brought_already_stays(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    order = an_order(buyer, an_offer(farm), "30")
    a_delivery(farm, buyer, order, quantity="10")
    restriction = closed(trade, authority)
    assert only(buyer, "/disruptions")["quantity"] == "20.000"
    reopened(trade, authority, restriction)
    a_delivery(farm, buyer, order)
    assert buyer.read(f"/orders/{order['id']}")["status"] == "received"


def test_the_rest_of_an_order_received_meanwhile_is_ordered_anew(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    order = an_order(buyer, an_offer(farm), "30")
    underway = a_delivery(farm, buyer, order, "inspected", quantity="10")
    restriction = closed(trade, authority)
    buyer.made(f"/deliveries/{underway['id']}/acceptance")
    assert buyer.read(f"/orders/{order['id']}")["status"] == "received"
    reopened(trade, authority, restriction)
    again, first = buyer.read("/orders")["items"]
    assert first["id"] == order["id"]
    assert (again["lines"][0]["quantity"], again["status"]) == ("20.000", "confirmed")
    assert again["lines"][0]["unit_price"] == order["lines"][0]["unit_price"]


def test_another_source_is_proposed_and_replaces_what_is_stuck(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    offer = an_offer(farm)
    order = an_order(buyer, offer, "30")
    elsewhere = outside(trade)
    other = an_offer(elsewhere, a_lot(elsewhere), ask_price="99000.00")
    restriction = closed(trade, authority)
    proposed = only(buyer, "/rematches?status=proposed")
    assert (proposed["quantity"], proposed["seller_id"]) == (
        "30.000",
        elsewhere.organisation_id,
    )
    assert float(proposed["buyer_price"]) <= 100_000 + 200
    assert trade.visitor.read(f"/offers/{other['id']}")["held"] == "30.000"
    path = f"/rematches/{proposed['id']}/acceptance"
    assert refused(elsewhere.post(path)) == (403, "forbidden")
    assert trade.processor().post(path).status_code == 404
    taken = buyer.made(path)
    made = elsewhere.read(f"/orders/{taken['order_id']}")
    assert (made["status"], made["lines"][0]["quantity"]) == ("confirmed", "30.000")
    assert refused(buyer.post(path)) == (409, "rematch_not_proposed")
    a_delivery(elsewhere, buyer, made)
    reopened(trade, authority, restriction)
    ended = only(buyer, "/disruptions")
    assert (ended["status"], ended["replaced"], ended["restored"]) == (
        "replaced",
        "30.000",
        "0.000",
    )
    assert buyer.read(f"/orders/{order['id']}")["status"] == "cancelled"
    assert left_of(farm, offer) == "50.000"


def test_a_source_that_is_refused_or_not_answered_is_free_again(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    an_order(buyer, an_offer(farm), "30")
    elsewhere = outside(trade)
    other = an_offer(elsewhere, a_lot(elsewhere), ask_price="99000.00")
    restriction = closed(trade, authority)
    proposed = only(buyer, "/rematches")
    buyer.made(f"/rematches/{proposed['id']}/refusal")
    assert trade.visitor.read(f"/offers/{other['id']}")["held"] == "0.000"
    reopened(trade, authority, restriction)
    assert only(buyer, "/disruptions")["restored"] == "30.000"
    assert only(buyer, "/rematches")["status"] == "refused"


def test_a_proposal_is_overtaken_when_the_goods_can_come_again(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    an_order(buyer, an_offer(farm), "30")
    elsewhere = outside(trade)
    other = an_offer(elsewhere, a_lot(elsewhere), ask_price="99000.00")
    reopened(trade, authority, closed(trade, authority))
    proposed = only(buyer, "/rematches")
    assert proposed["status"] == "overtaken"
    late = buyer.post(f"/rematches/{proposed['id']}/acceptance")
    assert refused(late) == (409, "rematch_not_proposed")
    assert trade.visitor.read(f"/offers/{other['id']}")["held"] == "0.000"


def test_nothing_inside_the_zone_is_proposed_to_those_outside(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    an_order(buyer, an_offer(farm), "30")
    an_offer(trade.farm(), ask_price="1000.00")
    closed(trade, authority)
    assert buyer.read("/rematches")["items"] == []


def test_what_is_stuck_stands_on_the_board_and_sells_within_the_zone(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    offer = an_offer(farm)
    an_order(buyer, offer, "50")
    neighbour = trade.processor()
    neighbour.site_id = neighbour.made("/sites", {"name": "Trong vùng", **B_LAO})["id"]
    restriction = closed(trade, authority)
    row = only(neighbour, "/surplus")
    assert (row["id"], row["remaining"], row["storable"]) == (offer["id"], "50.000", True)
    assert "organisation_id" not in row
    refusal = buyer.post("/orders", order_body(buyer, offer, "10"))
    assert refused(refusal) == (409, "movement_restricted")
    an_order(neighbour, offer, "35")
    reopened(trade, authority, restriction)
    assert only(buyer, "/disruptions")["restored"] == "15.000"
    assert left_of(farm, offer) == "0.000"
    assert neighbour.read("/surplus")["items"] == []


def test_what_keeps_stands_first_on_the_board(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    fresh = {"commodity": "ginger-fresh", "grade": None, "qualities": {}}
    first = an_offer(farm, a_lot(farm, **fresh))
    dried = an_offer(farm, a_lot(farm, **fresh | {"commodity": "ginger-dried"}))
    for offer in (first, dried):
        an_order(buyer, offer, "10")
    closed(trade, authority)
    board = buyer.read("/surplus")["items"]
    assert [(one["commodity"], one["storable"]) for one in board] == [
        ("ginger-dried", True),
        ("ginger-fresh", False),
    ]
    assert only(buyer, "/surplus?commodity=ginger-fresh")["id"] == first["id"]


def test_a_demand_filled_elsewhere_meanwhile_wants_nothing_back(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    offer = an_offer(farm, quantity="30")
    demand = a_demand(buyer)
    trade.clear(COMMODITY)
    assert buyer.read(f"/demands/{demand['id']}")["status"] == "filled"
    restriction = closed(trade, authority)
    assert buyer.read(f"/demands/{demand['id']}")["remaining"] == "30.000"
    elsewhere = outside(trade)
    an_offer(elsewhere, a_lot(elsewhere), quantity="20", ask_price="99000.00")
    farm.made(f"/offers/{offer['id']}/withdrawal")
    trade.clear(COMMODITY)
    assert buyer.read(f"/demands/{demand['id']}")["remaining"] == "10.000"
    reopened(trade, authority, restriction)
    assert only(buyer, "/disruptions")["restored"] == "10.000"
    assert buyer.read(f"/demands/{demand['id']}")["remaining"] == "0.000"


def test_a_proposed_match_gives_way_to_the_next_round(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    offer = an_offer(farm, firm=False)
    a_demand(buyer)
    round_id = trade.clear(COMMODITY)["id"]
    closed(trade, authority)
    match = only(buyer, f"/rounds/{round_id}/matches")
    assert match["status"] == "superseded"
    assert only(farm, "/disruptions")["match_id"] == match["id"]
    assert (only(farm, "/surplus")["id"], left_of(farm, offer)) == (offer["id"], "50.000")


def kept(trade: Trade, days: int = 0) -> None:
    for keep in (hold_promised, find_breaches):
        with trade.app.app_context(), transaction():
            keep(now=clock.now() + timedelta(days=days))


def test_a_call_off_is_offered_to_all_while_it_is_stuck_and_is_nobodys_breach(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    remedies = {"non_purchase": "8", "side_selling": "8"}
    contract = a_contract(buyer, farm, remedies=remedies)
    a_lot(farm, quantity="100")
    order_id = called(buyer, contract, 0, "100")["order_id"]
    restriction = closed(trade, authority)
    offer = only(trade.processor(), "/surplus")
    assert (offer["visibility"], offer["firm"]) == ("public", False)
    reopened(trade, authority, restriction)
    assert only(farm, "/disruptions")["restored"] == "100.000"
    assert trade.visitor.get(f"/offers/{offer['id']}").status_code == 404
    a_delivery(farm, buyer, buyer.read(f"/orders/{order_id}"))
    kept(trade, days=15 - clock.local_date(clock.now()).weekday())
    assert buyer.read(f"/contracts/{contract['id']}/breaches")["items"] == []


def test_what_was_held_for_a_contract_is_on_the_board_and_held_again_afterwards(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    a_contract(buyer, farm)
    lot = a_lot(farm, quantity="100")
    kept(trade)
    restriction = closed(trade, authority)
    kept(trade)
    found = only(farm, "/disruptions")
    assert (found["kind"], found["quantity"]) == ("hold", "100.000")
    assert only(buyer, "/surplus")["ask_price"] == "90000.00"
    reopened(trade, authority, restriction)
    assert farm.read(f"/lots/{lot['id']}")["left"] == "100.000"
    kept(trade)
    refusal = farm.post("/offers", offer_body(lot["id"], quantity="1"))
    assert refused(refusal) == (409, "not_enough_left")


def test_a_restriction_announced_for_later_begins_by_the_clock(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    an_order(buyer, an_offer(farm), "30")
    closed(trade, authority, **{"from": day(1), "until": day(2)})
    assert buyer.read("/disruptions")["items"] == []
    with trade.app.app_context(), transaction():
        assert meet_restrictions(now=clock.now() + timedelta(hours=30)) == 1
    for hours, expected in ((40, 0), (60, 1)):
        with trade.app.app_context(), transaction():
            assert len(movable(now=clock.now() + timedelta(hours=hours))) == expected


def test_two_restrictions_hold_one_order_once(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    an_order(buyer, an_offer(farm), "30")
    first = closed(trade, authority)
    second = closed(trade, authority, kind="entry_only")
    assert len(buyer.read("/disruptions")["items"]) == 1
    reopened(trade, authority, first)
    assert only(buyer, "/disruptions")["status"] == "waiting"
    reopened(trade, authority, second)
    assert only(buyer, "/disruptions")["restored"] == "30.000"


def test_an_order_given_up_meanwhile_does_not_come_back(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    offer = an_offer(farm)
    order = an_order(buyer, offer, "30")
    restriction = closed(trade, authority)
    buyer.made(f"/orders/{order['id']}/cancellation")
    reopened(trade, authority, restriction)
    assert only(buyer, "/disruptions")["status"] == "released"
    assert left_of(farm, offer) == "50.000"


def test_everybody_touched_is_told_what_happened_and_what_they_can_do(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    an_order(buyer, an_offer(farm), "30")
    restriction = closed(trade, authority)
    trade.relay()
    for reader, word in ((farm, "bảng hàng dư"), (buyer, "nguồn thay thế")):
        told = [
            one
            for one in reader.read("/notifications")["items"]
            if one["topic"] == "disruption.found"
        ]
        assert len(told) == 1
        assert "Phường B'Lao" in told[0]["title"]
        assert "bất khả kháng" in told[0]["body"]
        assert "dịch bệnh ở người" in told[0]["body"]
        assert word in told[0]["body"]
    reopened(trade, authority, restriction)
    trade.relay()
    titles = [one["title"] for one in buyer.read("/notifications")["items"]]
    assert "Cà phê nhân Robusta lại vận chuyển được qua Phường B'Lao" in titles


def test_what_several_restrictions_touch_is_found_and_told_once(
    trade: Trade, farm: Account, buyer: Account, authority: Account
) -> None:
    a_contract(buyer, farm)
    a_lot(farm, quantity="40")
    with trade.app.app_context(), transaction():
        hold_promised(now=clock.now())
    order = an_order(buyer, an_offer(farm), "30")
    for ward in (B_LAO, B_LAO, WARD_1):
        authority.made("/restrictions", restriction_body(ward_code=ward["ward_code"]))
    look(trade)
    look(trade)
    found = buyer.read("/disruptions")["items"]
    assert sorted(one["kind"] for one in found) == ["hold", "order"]
    assert [one["order_id"] for one in found if one["kind"] == "order"] == [order["id"]]
    trade.relay()
    told = [one["topic"] for one in buyer.read("/notifications")["items"]]
    assert told.count("disruption.found") == 2
