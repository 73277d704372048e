"""Who waits for something is told as soon as it is there, and nobody else."""

from typing import Any

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from app.notifications.models import SavedSearch
from tests.factories import (
    COMMODITY,
    Account,
    Trade,
    a_certificate,
    a_demand,
    a_lot,
    an_offer,
)

SEARCHES = "/saved-searches"


def waiting(reader: Account, **what: Any) -> str:
    return str(reader.made(SEARCHES, {"name": "Chờ", "commodity": COMMODITY, **what})["id"])


def told(reader: Account, topic: str = "offer.listed_near") -> list[str]:
    found = reader.read("/notifications?limit=100")["items"]
    return [one["body"] for one in found if one["topic"] == topic]


FAR = {"latitude": 12.5, "longitude": 108.8, "within_km": 15}
NEAR = {"latitude": 11.55, "longitude": 107.81, "within_km": 15}


@pytest.mark.parametrize(
    "what, fits",
    [
        ({}, True),
        ({"price_max": "90000.00"}, True),
        ({"price_max": "89999.99"}, False),
        (NEAR, True),
        (FAR, False),
        (FAR | {"within_km": 200}, True),
        ({"grade": "1"}, True),
        ({"grade": "2"}, True),
        ({"certificate": "vietgap"}, True),
        ({"certificate": "globalgap"}, False),
        ({"commodity": "green-coffee-arabica"}, False),
        ({"price_min": "1"}, False),
        (NEAR | {"price_max": "90000", "grade": "1", "certificate": "vietgap"}, True),
    ],
)
def test_an_offer_is_told_to_whom_it_fits(trade: Trade, what: dict[str, Any], fits: bool) -> None:
    farm, buyer = trade.farm(), trade.processor()
    waiting(buyer, **what)
    certificate = a_certificate(farm)["id"]
    trade.authority.made(f"/certificates/{certificate}/verification")
    an_offer(farm, a_lot(farm, certificates=[certificate]), ask_price="90000.00")
    trade.relay()
    assert len(told(buyer)) == (1 if fits else 0)
    if fits:
        assert told(buyer)[0].startswith("50 kg Cà phê nhân Robusta, giá 90.000 đồng/kg")
        assert "“Chờ”" in told(buyer)[0]


def test_a_better_grade_fits_and_a_worse_one_does_not(trade: Trade) -> None:
    farm, buyer, other = trade.farm(), trade.processor(), trade.processor()
    waiting(buyer, grade="1")
    waiting(other, grade="2")
    an_offer(farm, a_lot(farm, grade="2"))
    an_offer(farm, a_lot(farm, grade=None))
    trade.relay()
    assert (len(told(buyer)), len(told(other))) == (0, 1)


def test_only_the_person_who_waits_is_told_and_not_of_what_is_their_own(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    colleague = trade.colleague(buyer, "manager")
    waiting(buyer)
    waiting(farm)
    an_offer(farm)
    trade.relay()
    assert (len(told(buyer)), len(told(colleague)), len(told(farm))) == (1, 0, 0)


def test_a_private_offer_is_told_to_those_it_is_meant_for(trade: Trade) -> None:
    farm, meant, other = trade.farm(), trade.processor(), trade.processor()
    for one in (meant, other):
        waiting(one)
    an_offer(farm, visibility="private", visible_to=[meant.organisation_id])
    trade.relay()
    assert (len(told(meant)), len(told(other))) == (1, 0)


def test_what_is_gone_before_it_is_relayed_is_told_to_nobody(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    waiting(buyer)
    offer = an_offer(farm)
    farm.made(f"/offers/{offer['id']}/withdrawal")
    trade.relay()
    trade.relay()
    assert told(buyer) == []


def test_a_round_that_pays_enough_is_told_to_who_waits_for_the_price(trade: Trade) -> None:
    farm, buyer, patient, greedy = trade.farm(), trade.processor(), trade.farm(), trade.farm()
    waiting(patient, price_min="100000")
    waiting(greedy, price_min="300000")
    an_offer(farm, firm=True)
    a_demand(buyer)
    assert trade.clear(COMMODITY)["matches"] == 1
    trade.relay()
    (text,) = told(patient, "price.reached")
    assert "Phiên vừa rồi người bán được trung bình" in text
    assert told(greedy, "price.reached") == []


def test_searches_are_read_and_forgotten_by_their_owner_alone(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    search = waiting(buyer, price_max="5.50", **NEAR)
    (read,) = buyer.read(SEARCHES)["items"]
    assert read == buyer.read(f"{SEARCHES}/{search}")
    assert (read["price_max"], read["price_min"], read["within_km"]) == ("5.50", None, 15)
    assert buyer.read(f"{SEARCHES}/{waiting(buyer)}")["price_max"] is None
    assert farm.get(f"{SEARCHES}/{search}").status_code == 404
    assert farm.request("DELETE", f"{SEARCHES}/{search}").status_code == 404
    assert buyer.request("DELETE", f"{SEARCHES}/{search}").status_code == 204
    assert len(buyer.read(SEARCHES)["items"]) == 1


@pytest.mark.parametrize(
    "what, pointer",
    [
        ({"commodity": "gold"}, "/commodity"),
        ({"grade": "99"}, "/grade"),
        ({"certificate": "none"}, "/certificate"),
        ({"latitude": 11.5}, "/longitude"),
        ({"within_km": 5}, "/latitude"),
        ({"price_min": "5", "price_max": "6"}, "/price_max"),
        ({"price_min": "0"}, "/price_min"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(
    trade: Trade, what: dict[str, Any], pointer: str
) -> None:
    body = {"name": "Chờ", "commodity": COMMODITY, **what}
    answer = trade.processor().post(SEARCHES, body)
    assert answer.status_code == 422
    assert pointer in [one["pointer"] for one in answer.json["errors"]]


def test_nobody_saves_more_than_fifty_searches(trade: Trade) -> None:
    buyer = trade.processor()
    waiting(buyer)
    with trade.app.app_context(), transaction():
        one = db.session.scalars(select(SavedSearch)).one()
        for _ in range(49):
            db.session.add(
                SavedSearch(
                    organisation_id=one.organisation_id,
                    person_id=one.person_id,
                    name="-",
                    commodity_code=COMMODITY,
                    price_max=1,
                    created_at=clock.now(),
                )
            )
    answer = buyer.post(SEARCHES, {"name": "Thêm", "commodity": COMMODITY})
    assert (answer.status_code, answer.json["code"]) == (409, "too_many_searches")
