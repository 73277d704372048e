"""Ordering from the open book."""

from tests.factories import Trade, a_lot, an_offer, an_order, order_body


def test_an_order_on_a_firm_offer_is_confirmed_at_once(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    order = an_order(buyer, an_offer(farm))
    assert order["status"] == "confirmed"
    assert order["goods_amount"] == 1_000_000
    assert order["haulage_amount"] == 0
    assert order["total_amount"] == 1_000_000
    assert order["lines"][0]["unit_price"] == "100000.00"


def test_a_buyer_cannot_order_more_than_is_left(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer = an_offer(farm)
    an_order(buyer, offer, "45")
    answer = buyer.post("/orders", order_body(buyer, offer, "6"))
    assert (answer.status_code, answer.json["code"]) == (409, "not_enough_left")
    assert answer.json["detail"] == "Only 5 kg is left."
    assert farm.read(f"/offers/{offer['id']}")["remaining"] == "5.000"


def test_cancelling_gives_the_quantity_back_once(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer = an_offer(farm)
    order = an_order(buyer, offer, "50")
    assert farm.read(f"/offers/{offer['id']}")["status"] == "committed"
    assert buyer.post(f"/orders/{order['id']}/cancellation").status_code == 200
    again = farm.post(f"/orders/{order['id']}/cancellation")
    assert (again.status_code, again.json["code"]) == (409, "order_not_cancellable")
    offer = farm.read(f"/offers/{offer['id']}")
    assert (offer["status"], offer["remaining"]) == ("open", "50.000")


def test_an_order_on_an_offer_that_is_not_firm_waits_for_the_seller(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    order = an_order(buyer, an_offer(farm, firm=False))
    assert order["status"] == "placed"
    assert order["confirm_by"] is not None
    assert buyer.post(f"/orders/{order['id']}/confirmation").status_code == 403
    confirmed = farm.made(f"/orders/{order['id']}/confirmation")
    assert confirmed["status"] == "confirmed"


def test_an_order_of_a_changed_offer_is_refused(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer = an_offer(farm)
    etag = farm.get(f"/offers/{offer['id']}").headers["ETag"]
    changed = farm.request(
        "PATCH", f"/offers/{offer['id']}", {"ask_price": "110000"}, If_Match=etag
    )
    assert changed.json["version"] == 2
    body = order_body(buyer, offer)
    body["lines"][0]["offer_version"] = 1
    answer = buyer.post("/orders", body)
    assert (answer.status_code, answer.json["code"]) == (409, "offer_changed")
    body["lines"][0]["offer_version"] = 2
    assert buyer.made("/orders", body)["goods_amount"] == 1_100_000


def test_haulage_is_billed_unless_the_buyer_carries(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer = an_offer(farm)
    body = order_body(buyer, offer) | {"carrier": "seller"}
    order = buyer.made("/orders", body)
    assert order["haulage_amount"] > 0
    assert order["total_amount"] == order["goods_amount"] + order["haulage_amount"]


def test_one_order_buys_from_one_seller(trade: Trade) -> None:
    buyer = trade.processor()
    offers = [an_offer(trade.farm()), an_offer(trade.farm())]
    lines = [{"offer_id": offer["id"], "quantity": "1"} for offer in offers]
    answer = buyer.post("/orders", {"lines": lines, "site_id": buyer.site_id})
    assert (answer.status_code, answer.json["code"]) == (422, "several_sellers")


def test_two_lines_of_one_offer_are_counted_together(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer = an_offer(farm, a_lot(farm), quantity="10")
    line = {"offer_id": offer["id"], "quantity": "6"}
    answer = buyer.post("/orders", {"lines": [line, line], "site_id": buyer.site_id})
    assert (answer.status_code, answer.json["code"]) == (409, "not_enough_left")


def test_a_foreign_order_is_a_missing_order(trade: Trade) -> None:
    order = an_order(trade.processor(), an_offer(trade.farm()))
    stranger = trade.processor()
    for answer in (
        stranger.get(f"/orders/{order['id']}"),
        stranger.post(f"/orders/{order['id']}/cancellation"),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
