"""A lot that is short: who gets what, what they are told, and what comes back to whom."""

from decimal import Decimal
from typing import Any

from werkzeug.test import TestResponse

from tests.factories import (
    COMMODITY,
    Account,
    Trade,
    a_demand,
    a_lot,
    an_offer,
    an_order,
    day,
    demand_body,
    order_body,
)
from tests.factories_contracts import a_contract, called
from tests.factories_deliveries import (
    accepted,
    accepted_part,
    despatched,
    inspected,
    scheduled,
    weighed,
)


def code_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def short(farm: Account, lot: dict[str, Any], available: str, **body: Any) -> dict[str, Any]:
    said = {"available": available, "reason": "Mưa đá"} | body
    return farm.made(f"/lots/{lot['id']}/shortage", said)


def test_everybody_gets_the_same_part_and_is_told_why(trade: Trade, farm: Account) -> None:
    one, two = trade.processor(), trade.processor()
    lot = a_lot(farm)
    offer = an_offer(farm, lot, quantity="90")
    orders = [an_order(one, offer, "50"), an_order(two, offer, "30")]
    shortage = short(farm, lot, "40", rule="pro_rata")
    assert [share["allotted"] for share in shortage["shares"]] == ["25.000", "15.000"]
    for buyer, order, left in ((one, orders[0], "25.000"), (two, orders[1], "15.000")):
        (line,) = buyer.read(f"/orders/{order['id']}")["lines"]
        assert Decimal(line["quantity"]) - Decimal(line["short"]) == Decimal(left)
        (seen,) = buyer.read("/shortages")["items"]
        assert [share["allotted"] for share in seen["shares"]] == [left]
        assert seen["shares"][0]["explanation"]["rule"] == "pro_rata"
        assert scheduled(buyer, order)["scheduled_quantity"] == left
    assert farm.read(f"/offers/{offer['id']}")["status"] == "withdrawn"
    assert farm.read(f"/lots/{lot['id']}")["left"] == "0.000"
    stranger = trade.processor()
    assert stranger.get(f"/shortages/{shortage['id']}").status_code == 404
    assert stranger.read("/shortages")["items"] == []
    trade.relay()
    told = [
        item["body"]
        for item in two.read("/notifications?limit=100")["items"]
        if item["topic"] == "shortage.shared"
    ]
    assert len(told) == 1
    assert "bạn được 15 trong 30 kg đã hứa" in told[0]
    assert "chia theo tỷ lệ" in told[0]


def test_an_order_that_gets_nothing_is_cancelled_and_its_plans_called_off(
    trade: Trade, farm: Account
) -> None:
    first, last = trade.processor(), trade.processor()
    lot = a_lot(farm)
    offer = an_offer(farm, lot, quantity="80")
    served, unserved = an_order(first, offer, "50"), an_order(last, offer, "30")
    plans = [scheduled(first, served, quantity="20") for _ in range(2)]
    delivery = scheduled(last, unserved)
    short(farm, lot, "3", unit="yến", rule="first_come")
    assert last.read(f"/orders/{unserved['id']}")["status"] == "cancelled"
    assert last.read(f"/deliveries/{delivery['id']}")["status"] == "cancelled"
    states = [first.read(f"/deliveries/{one['id']}")["status"] for one in plans]
    assert states == ["scheduled", "cancelled"]
    assert first.read(f"/orders/{served['id']}")["lines"][0]["short"] == "20.000"
    assert scheduled(first, served)["scheduled_quantity"] == "10.000"


def test_what_has_left_is_not_short_and_an_order_may_be_complete_by_it(
    trade: Trade, farm: Account
) -> None:
    buyer = trade.processor()
    lot = a_lot(farm)
    order = an_order(buyer, an_offer(farm, lot), "50")
    delivery = scheduled(farm, order, quantity="30")
    despatched(farm, delivery)
    weighed(buyer, delivery, "30")
    inspected(buyer, delivery, accepted_part("30"))
    accepted(buyer, delivery)
    shortage = short(farm, lot, "0")
    assert shortage["shares"][0]["promised"] == "20.000"
    assert buyer.read(f"/orders/{order['id']}")["status"] == "received"
    again = farm.post(f"/lots/{lot['id']}/shortage", {"available": "0", "reason": "x"})
    assert code_of(again) == (409, "lot_not_available")
    assert farm.read(f"/lots/{lot['id']}")["status"] == "exhausted"


def test_a_demand_wants_again_what_will_not_come(trade: Trade, farm: Account) -> None:
    buyer = trade.processor()
    lot = a_lot(farm)
    offer = an_offer(farm, lot)
    demand = a_demand(buyer, quantity="50", shortage_rule="first_come")
    market = farm.read(f"/commodities/{COMMODITY}")["market"]
    trade.clear(market)
    order = buyer.read("/orders")["items"][0]
    path = f"/demands/{demand['id']}"
    assert buyer.read(path)["status"] == "filled"
    shortage = short(farm, lot, "30", rule="pro_rata")
    assert shortage["rule"] == "first_come"
    wanted = buyer.read(path)
    assert (wanted["status"], wanted["remaining"]) == ("open", "20.000")
    buyer.made(f"/orders/{order['id']}/cancellation")
    assert buyer.read(path)["remaining"] == "50.000"
    offer = farm.read(f"/offers/{offer['id']}")
    assert (offer["status"], offer["remaining"]) == ("open", "30.000")


def test_a_shortfall_at_the_farm_comes_back_to_the_demand_once(trade: Trade, farm: Account) -> None:
    buyer = trade.processor()
    fresh = a_lot(farm, commodity="ginger-fresh", qualities={}, grade=None)
    an_offer(farm, fresh, quantity="100", ask_price="10000.00")
    accepts = [{"commodity": "ginger-fresh"}, {"commodity": "ginger-dried"}]
    demand = buyer.made("/demands", demand_body(buyer, accepts=accepts, quantity="20"))
    trade.clear("ginger")
    order = buyer.read("/orders")["items"][0]
    assert order["lines"][0]["quantity"] == "100.000"
    delivery = scheduled(farm, order)
    farm.made(
        f"/deliveries/{delivery['id']}/despatch",
        {"quantity": "89.5", "shortfall": "10.5", "shortfall_reason": "Thối củ"},
    )
    # One kilogram of fresh ginger makes 0.2 of dried: 89.5 fill 17.9 of the 20 wanted.
    assert buyer.read(f"/demands/{demand['id']}")["remaining"] == "2.100"


def test_a_shortage_that_is_none_is_refused(trade: Trade, farm: Account) -> None:
    buyer = trade.processor()
    lot = a_lot(farm)
    path = f"/lots/{lot['id']}/shortage"
    body = {"available": "50", "reason": "Ít"}
    assert code_of(farm.post(path, body)) == (409, "nothing_promised")
    an_order(buyer, an_offer(farm, lot), "50")
    enough = farm.post(path, body)
    assert code_of(enough) == (409, "enough_for_all")
    assert "50 kg is there, enough for the 50 kg" in enough.json["detail"]
    assert farm.post(path, body | {"unit": "thúng"}).status_code == 422
    assert trade.farm().post(path, body).status_code == 404


def test_what_a_contract_called_comes_first_and_both_are_told(trade: Trade, farm: Account) -> None:
    spot, partner = trade.processor(), trade.processor()
    lot = a_lot(farm)
    offer = an_offer(farm, lot, quantity="40")
    an_order(spot, offer, "40")
    called(partner, a_contract(partner, farm), 0, "30")
    shortage = short(farm, lot, "50")
    assert shortage["rule"] == "contract_first"
    assert [share["allotted"] for share in shortage["shares"]] == ["20.000", "30.000"]
    for buyer, bound in ((spot, False), (partner, True)):
        (seen,) = buyer.read("/shortages")["items"]
        assert [one["explanation"]["contract"] for one in seen["shares"]] == [bound]
    trade.relay()
    told = [one["body"] for one in spot.read("/notifications?limit=100")["items"]]
    assert any("bạn được 20 trong 40 kg" in body and "hợp đồng trước" in body for body in told)
    told = [one["body"] for one in farm.read("/notifications?limit=100")["items"]]
    assert sum("hợp đồng trước" in body for body in told) == 2, "one of each order"


def test_an_order_not_confirmed_yet_is_a_promise_too(trade: Trade, farm: Account) -> None:
    one, two = trade.processor(), trade.processor()
    lot = a_lot(farm)
    loose = an_offer(farm, lot, firm=False)
    placed = one.made("/orders", order_body(one, loose, "20"))
    confirmed = two.made("/orders", order_body(two, loose, "20"))
    farm.made(f"/orders/{confirmed['id']}/confirmation")
    scheduled(two, confirmed, scheduled_for=day(1))
    short(farm, lot, "20", rule="priority")
    assert one.read(f"/orders/{placed['id']}")["status"] == "cancelled"
    assert two.read(f"/orders/{confirmed['id']}")["lines"][0]["short"] == "0.000"


def test_a_contract_comes_first_where_the_rule_says_so(trade: Trade, farm: Account) -> None:
    buyer, factory, lot = trade.processor(), trade.processor(), a_lot(farm)
    an_order(buyer, an_offer(farm, lot, quantity="60"), "60")
    called(factory, a_contract(factory, farm), 0, "40")
    shares = short(farm, lot, "50", rule="contract_first")["shares"]
    assert {(one["promised"], one["allotted"]) for one in shares} == {
        ("40.000", "40.000"),
        ("60.000", "10.000"),
    }
