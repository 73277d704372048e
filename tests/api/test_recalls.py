"""Recalls: a lot and everything pooled from it, frozen and released."""

from typing import Any

import pytest

from tests.factories import (
    COMMODITY,
    Account,
    Trade,
    a_demand,
    a_lot,
    a_membership,
    an_offer,
    an_order,
    offer_body,
    order_body,
)
from tests.factories_deliveries import despatched, scheduled
from tests.factories_pools import a_pool, brought

REASON = {"reason": "Dư lượng thuốc"}


@pytest.fixture
def cooperative(trade: Trade, farm: Account) -> Account:
    cooperative = trade.cooperative()
    a_membership(farm, cooperative)
    return cooperative


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_nothing_of_a_recalled_lot_is_offered_ordered_cleared_pooled_or_sent(
    trade: Trade, farm: Account, cooperative: Account
) -> None:
    lot, buyer = a_lot(farm), trade.processor()
    offer = an_offer(farm, lot)
    order = an_order(buyer, offer)
    planned = scheduled(farm, order, quantity="5")
    pool = a_pool(cooperative)
    recall = farm.made(f"/lots/{lot['id']}/recall", REASON)
    assert trade.visitor.read("/offers")["items"] == []
    frozen = (409, "lot_frozen")
    assert refused(farm.post("/offers", offer_body(lot["id"], quantity="1"))) == frozen
    assert refused(buyer.post("/orders", order_body(buyer, offer, "1"))) == frozen
    sent = farm.post(f"/deliveries/{planned['id']}/despatch", {"quantity": "5"})
    assert refused(sent) == frozen
    assert refused(farm.post(f"/orders/{order['id']}/deliveries", {"quantity": "1"})) == frozen
    body = {"lot_id": lot["id"], "quantity": "1"}
    assert refused(farm.post(f"/pools/{pool['id']}/contributions", body)) == frozen
    a_demand(buyer)
    assert trade.clear(COMMODITY)["offers"] == 0
    again = farm.post(f"/lots/{lot['id']}/recall", REASON)
    assert refused(again) == (409, "already_recalled")
    assert farm.made(f"/recalls/{recall['id']}/release")["ended_at"] is not None
    assert farm.post(f"/deliveries/{planned['id']}/despatch", {"quantity": "5"}).status_code == 200
    assert trade.clear(COMMODITY)["matches"] == 1
    late = farm.post(f"/recalls/{recall['id']}/release")
    assert refused(late) == (409, "recall_over")


def test_what_was_pooled_from_a_recalled_lot_is_recalled_with_it(
    trade: Trade, farm: Account, cooperative: Account
) -> None:
    pool, lot = a_pool(cooperative, full_load="50"), a_lot(farm)
    brought(farm, pool, lot, "50")
    pooled_id = cooperative.made(f"/pools/{pool['id']}/closing")["lot_id"]
    buyer = trade.processor()
    offer = cooperative.made("/offers", offer_body(pooled_id, quantity="50"))
    an_order(buyer, offer, "20")
    recall = trade.authority.made(f"/lots/{lot['id']}/recall", REASON)
    assert {one["lot_id"] for one in recall["lots"]} == {lot["id"], pooled_id}
    for reader in (farm, cooperative, buyer):
        assert reader.read(f"/recalls/{recall['id']}")["reason"] == "Dư lượng thuốc"
    assert trade.processor().get(f"/recalls/{recall['id']}").status_code == 404
    assert refused(buyer.post("/orders", order_body(buyer, offer, "1"))) == (409, "lot_frozen")
    trade.relay()
    for reader, title in (
        (farm, "Thu hồi: một lô Cà phê nhân Robusta của bạn bị phong tỏa"),
        (cooperative, "Thu hồi: một lô Cà phê nhân Robusta của bạn bị phong tỏa"),
        (buyer, "Thu hồi: Cà phê nhân Robusta bạn đã đặt"),
    ):
        titles = [one["title"] for one in reader.read("/notifications")["items"]]
        assert titles.count(title) == 1, titles


def test_a_lot_under_two_recalls_is_free_after_the_second_release(
    trade: Trade, farm: Account, cooperative: Account
) -> None:
    pool, lots = a_pool(cooperative, full_load="20"), [a_lot(farm), a_lot(farm)]
    for lot in lots:
        brought(farm, pool, lot, "10")
    pooled_id = cooperative.made(f"/pools/{pool['id']}/closing")["lot_id"]
    recalls = [farm.made(f"/lots/{lot['id']}/recall", REASON) for lot in lots]
    body = offer_body(pooled_id, quantity="1")
    for recall in recalls:
        assert refused(cooperative.post("/offers", body)) == (409, "lot_frozen")
        farm.made(f"/recalls/{recall['id']}/release")
    assert cooperative.post("/offers", body).status_code == 201


def test_a_frozen_contribution_keeps_a_pool_from_closing(
    farm: Account, cooperative: Account
) -> None:
    pool, lot = a_pool(cooperative, full_load="10"), a_lot(farm)
    brought(farm, pool, lot, "10")
    farm.made(f"/lots/{lot['id']}/recall", REASON)
    closing = cooperative.post(f"/pools/{pool['id']}/closing")
    assert refused(closing) == (409, "lot_frozen")


def test_only_who_called_a_recall_or_the_operator_releases_it(trade: Trade, farm: Account) -> None:
    lot = a_lot(farm)
    recall = trade.authority.made(f"/lots/{lot['id']}/recall", REASON)
    path = f"/recalls/{recall['id']}/release"
    assert farm.post(path).status_code == 404
    assert trade.farm().post(f"/lots/{lot['id']}/recall", REASON).status_code == 404
    trade.operator.made(path)


def test_who_was_sent_a_recalled_lot_instead_of_another_is_told_too(
    trade: Trade, farm: Account
) -> None:
    buyer, instead = trade.processor(), a_lot(farm)
    order = an_order(buyer, an_offer(farm))
    body = {"lot_id": instead["id"], "substitution_reason": "Lô kia bị ẩm"}
    despatched(farm, scheduled(farm, order, quantity="5"), **body)
    recall = farm.made(f"/lots/{instead['id']}/recall", REASON)
    assert buyer.read(f"/recalls/{recall['id']}")["lot_id"] == instead["id"]
    trade.relay()
    titles = [one["title"] for one in buyer.read("/notifications")["items"]]
    assert "Thu hồi: Cà phê nhân Robusta bạn đã đặt" in titles


def test_a_buyer_learns_of_a_recall_only_what_it_bought(
    trade: Trade, farm: Account, cooperative: Account
) -> None:
    lot, buyer = a_lot(farm), trade.processor()
    pools = [a_pool(cooperative, full_load="20") for _ in range(3)]
    for pool in pools:
        brought(farm, pool, lot, "20")
    pooled = [cooperative.made(f"/pools/{pool['id']}/closing")["lot_id"] for pool in pools]
    cooperative.made(f"/pools/{pools[2]['id']}/return")
    offer = cooperative.made("/offers", offer_body(pooled[0], quantity="20"))
    an_order(buyer, offer, "5")
    recall = farm.made(f"/lots/{lot['id']}/recall", REASON)
    assert [one["lot_id"] for one in recall["lots"]] == [lot["id"]]
    told = buyer.read(f"/recalls/{recall['id']}")
    mine = [{"lot_id": pooled[0], "organisation_id": cooperative.organisation_id}]
    assert told["lots"] == mine
    assert (told["lot_id"], told["called_by_id"]) == (None, None)
    assert buyer.read("/recalls")["items"] == [told]
    office = trade.authority.read(f"/recalls/{recall['id']}")
    assert [one["lot_id"] for one in office["lots"]] == sorted([lot["id"], *pooled[:2]])
    assert office["called_by_id"] == farm.organisation_id
    known = cooperative.read(f"/recalls/{recall['id']}")
    assert (known["lots"], known["called_by_id"]) == (office["lots"], farm.organisation_id)


def test_a_buyer_learns_that_an_office_or_its_seller_recalls(
    trade: Trade, farm: Account, cooperative: Account
) -> None:
    lot, buyer = a_lot(farm), trade.processor()
    pool = a_pool(cooperative, full_load="20")
    brought(farm, pool, lot, "20")
    pooled = cooperative.made(f"/pools/{pool['id']}/closing")["lot_id"]
    an_order(buyer, cooperative.made("/offers", offer_body(pooled, quantity="20")), "5")
    office = trade.authority.made(f"/lots/{lot['id']}/recall", REASON)["called_by_id"]
    cooperative.made(f"/lots/{pooled}/recall", REASON)
    callers = [one["called_by_id"] for one in buyer.read("/recalls")["items"]]
    assert callers == [cooperative.organisation_id, office]
    assert office is not None
