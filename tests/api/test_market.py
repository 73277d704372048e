"""Offers and demands, from draft to their end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.core import clock
from app.core.db import db
from app.market.demand_operations import expire_demands
from app.market.models import Offer
from app.market.offer_operations import expire_offers
from app.orders.operations import expire_orders
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
    offer_body,
    order_body,
)

InApp = Callable[[Callable[[], Any]], Any]


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_an_offer_is_open_at_once_and_reserves_its_lot(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm)
    offer = an_offer(farm, lot, quantity="60")
    told = {name: offer[name] for name in ("status", "version", "quantity", "remaining", "held")}
    assert told == {
        "status": "open",
        "version": 1,
        "quantity": "60.000",
        "remaining": "60.000",
        "held": "0.000",
    }
    assert farm.read(f"/lots/{lot['id']}")["left"] == "40.000"
    again = farm.post("/offers", offer_body(lot["id"], quantity="40.001"))
    assert code_of(again) == (409, "not_enough_left")
    assert "Only 40 kg" in again.json["detail"]


def test_a_draft_is_nobody_s_business_until_it_is_published(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    lot = a_lot(farm)
    draft = an_offer(farm, lot, draft=True)
    assert (draft["status"], draft["listed_at"]) == ("draft", None)
    assert farm.read(f"/lots/{lot['id']}")["reserved"] == "0.000"
    assert buyer.get(f"/offers/{draft['id']}").status_code == 404
    assert code_of(buyer.post("/orders", order_body(buyer, draft))) == (404, "not_found")
    opened = farm.made(f"/offers/{draft['id']}/publication")
    assert opened["status"] == "open"
    assert opened["listed_at"] is not None
    assert farm.read(f"/lots/{lot['id']}")["reserved"] == "50.000"
    assert buyer.get(f"/offers/{draft['id']}").status_code == 200
    again = farm.post(f"/offers/{draft['id']}/publication")
    assert code_of(again) == (409, "offer_not_open")


def test_a_draft_that_its_lot_cannot_bear_stays_a_draft(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm)
    draft = an_offer(farm, lot, draft=True, quantity="80")
    an_offer(farm, lot, quantity="30")
    answer = farm.post(f"/offers/{draft['id']}/publication")
    assert code_of(answer) == (409, "not_enough_left")
    assert farm.read(f"/offers/{draft['id']}")["status"] == "draft"


def test_a_withdrawn_offer_gives_back_what_is_not_sold(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    lot = a_lot(farm)
    offer = an_offer(farm, lot)
    order = an_order(buyer, offer, "20")
    gone = farm.made(f"/offers/{offer['id']}/withdrawal")
    assert (gone["status"], gone["remaining"]) == ("withdrawn", "30.000")
    assert farm.read(f"/lots/{lot['id']}")["reserved"] == "20.000"
    assert code_of(buyer.post("/orders", order_body(buyer, offer))) == (409, "offer_not_open")
    again = farm.post(f"/offers/{offer['id']}/withdrawal")
    assert code_of(again) == (409, "offer_not_open")
    buyer.made(f"/orders/{order['id']}/cancellation")
    assert farm.read(f"/lots/{lot['id']}")["reserved"] == "0.000"


@pytest.mark.parametrize(
    ("price", "quantity", "unit", "expected"),
    [
        ("12345678", "1", "tonne", "12345.68"),
        ("12000000", "1", "tan", "12000.00"),
        ("12000000", "1", "tấn", "12000.00"),
        ("1200000", "1", "ta", "12000.00"),
        ("1200000", "1", "tạ", "12000.00"),
        ("120000", "1", "yến", "12000.00"),
        ("2400000", "200", "kg", "12000.00"),
        ("12", "1", "g", "12000.00"),
        ("12000.005", None, None, None),
        ("1", "1", "stem", None),
        ("999999999.99", "0.001", "kg", None),
    ],
)
def test_a_price_may_be_quoted_for_another_quantity(
    trade: Trade, price: str, quantity: str | None, unit: str | None, expected: str | None
) -> None:
    farm = trade.farm()
    per = {"quantity": quantity, "unit": unit} if quantity else None
    body = offer_body(a_lot(farm)["id"], ask_price=price, price_per=per)
    answer = farm.post("/offers", body)
    if expected is None:
        assert code_of(answer) == (422, "invalid")
        return
    assert answer.json["ask_price"] == expected
    assert answer.json["price_as_typed"]["ask_price"] == price
    assert answer.json["price_as_typed"]["per"].endswith(str(unit))


def test_an_offer_stays_open_as_long_as_its_lot_unless_it_says_so(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm)
    assert an_offer(farm, lot, quantity="1", open_until=None)["open_until"] == lot["expires_at"]
    until = day(3)
    assert an_offer(farm, lot, quantity="1", open_until=until)["open_until"] == until
    ends = an_offer(farm, lot, quantity="1", open_until="2126-01-31")["open_until"]
    assert ends == "2126-01-31T16:59:59Z", "a day ends when it ends in Viet Nam"
    late = farm.post("/offers", offer_body(lot["id"], open_until=day(-1)))
    assert [one["pointer"] for one in late.json["errors"]] == ["/open_until"]


def test_a_change_needs_what_was_read_last(trade: Trade) -> None:
    farm = trade.farm()
    offer = an_offer(farm)
    path = f"/offers/{offer['id']}"
    etag = farm.get(path).headers["ETag"]
    change = {"ask_price": "110000", "open_until": day(9)}
    assert code_of(farm.request("PATCH", path, change)) == (428, "precondition_required")
    for stale in ('"abc"', f"W/{etag}"):
        answer = farm.request("PATCH", path, change, If_Match=stale)
        assert code_of(answer) == (412, "precondition_failed")
    changed = farm.request("PATCH", path, change, If_Match=etag)
    assert (changed.status_code, changed.json["version"]) == (200, 2)
    assert (changed.json["ask_price"], changed.json["open_until"]) == ("110000.00", day(9))
    again = farm.request("PATCH", path, {"ask_price": "1"}, If_Match=etag)
    assert code_of(again) == (412, "precondition_failed")
    now = farm.get(path).headers["ETag"]
    assert now != etag
    assert farm.request("PATCH", path, {"ask_price": "1"}, If_Match=now).json["version"] == 3


def test_only_price_and_time_of_an_offer_change(trade: Trade) -> None:
    farm = trade.farm()
    path = f"/offers/{an_offer(farm)['id']}"
    etag = farm.get(path).headers["ETag"]
    for change in (
        {"quantity": "1"},
        {"status": "open"},
        {"lot_id": "x"},
        {"price_per": {"quantity": "1", "unit": "kg"}},
        {"open_until": day(-1)},
        {"ask_price": None},
    ):
        answer = farm.request("PATCH", path, change, If_Match=etag)
        assert code_of(answer) == (422, "invalid"), change
    farm.made(f"{path}/withdrawal")
    etag = farm.get(path).headers["ETag"]
    answer = farm.request("PATCH", path, {"ask_price": "1"}, If_Match=etag)
    assert code_of(answer) == (409, "offer_not_open")


def test_a_private_offer_is_bought_by_those_it_names_alone(trade: Trade) -> None:
    farm, named, other = trade.farm(), trade.processor(), trade.processor()
    offer = an_offer(farm, visibility="private", visible_to=[named.organisation_id])
    assert code_of(other.post("/orders", order_body(other, offer))) == (404, "not_found")
    assert an_order(named, offer)["status"] == "confirmed"
    assert [one["id"] for one in named.read("/offers")["items"]] == [offer["id"]]
    for reader in (other, trade.visitor):
        assert reader.read("/offers")["items"] == []
    for visibility, visible_to in (("private", []), ("public", [named.organisation_id])):
        body = offer_body(a_lot(farm)["id"], visibility=visibility, visible_to=visible_to)
        answer = farm.post("/offers", body)
        assert [one["pointer"] for one in answer.json["errors"]] == ["/visible_to"]


def test_minimum_lots_and_maximum_suppliers_are_kept_and_shown(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer = an_offer(farm, a_lot(farm), quantity="100", min_quantity="20")
    posted = buyer.post("/demands", demand_body(buyer) | {"min_delivery": "5", "max_suppliers": 3})
    assert posted.status_code == 201
    assert farm.read(f"/offers/{offer['id']}")["min_quantity"] == "20.000"
    assert (posted.json["min_delivery"], posted.json["max_suppliers"]) == ("5.000", 3)


def test_a_minimum_above_the_whole_is_refused(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer = offer_body(a_lot(farm)["id"], quantity="10")
    wanted = demand_body(buyer) | {"quantity": "10"}
    for caller, path, body, name in (
        (farm, "/offers", offer, "min_quantity"),
        (buyer, "/demands", wanted, "min_delivery"),
    ):
        answer = caller.post(path, body | {name: "10.001"})
        assert code_of(answer) == (422, "invalid")
        assert [one["pointer"] for one in answer.json["errors"]] == [f"/{name}"]
        assert caller.post(path, body | {name: "10"}).status_code == 201


def test_nobody_buys_less_than_the_minimum_lot(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer = an_offer(farm, a_lot(farm), quantity="100", min_quantity="20")
    body = order_body(buyer, offer, "19.999")
    less = buyer.post("/orders", body)
    assert code_of(less) == (422, "below_minimum_lot")
    assert "no less than 20 kg" in less.json["detail"]
    body["lines"] = [{"offer_id": offer["id"], "quantity": "10"}] * 2
    assert buyer.post("/orders", body).status_code == 201
    assert farm.read(f"/offers/{offer['id']}")["remaining"] == "80.000"


def test_offers_end_by_the_clock(trade: Trade, in_app: InApp) -> None:
    farm = trade.farm()
    lot = a_lot(farm)
    short, long, draft = (
        an_offer(farm, lot, quantity="10", open_until=day(1)),
        an_offer(farm, lot, quantity="10", open_until=day(9)),
        an_offer(farm, lot, quantity="10", open_until=day(1), draft=True),
    )
    order = an_order(trade.processor(), short, "4")
    later = clock.now() + timedelta(days=2)
    assert in_app(lambda: expire_offers(now=clock.now())) == 0
    assert in_app(lambda: (expire_offers(now=later), db.session.commit())[0]) == 1
    assert in_app(lambda: expire_offers(now=later)) == 0
    statuses = [farm.read(f"/offers/{one['id']}")["status"] for one in (short, long, draft)]
    assert statuses == ["expired", "open", "draft"]
    assert farm.read(f"/lots/{lot['id']}")["reserved"] == "14.000"
    farm.made(f"/orders/{order['id']}/cancellation")
    assert farm.read(f"/lots/{lot['id']}")["reserved"] == "10.000"


def test_nothing_is_bought_from_an_offer_whose_time_is_over(trade: Trade, in_app: InApp) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer = an_offer(farm)
    ended = update(Offer).values(open_until=clock.now() - timedelta(seconds=1))
    in_app(lambda: (db.session.execute(ended), db.session.commit()))
    assert buyer.get(f"/offers/{offer['id']}").status_code == 404
    assert buyer.read("/offers")["items"] == []
    assert code_of(buyer.post("/orders", order_body(buyer, offer))) == (409, "offer_not_open")


def test_an_order_that_nobody_confirms_expires_and_gives_back(trade: Trade, in_app: InApp) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer = an_offer(farm, firm=False)
    order = an_order(buyer, offer, "50")
    later = clock.now() + timedelta(hours=25)
    assert in_app(lambda: (expire_orders(now=later), db.session.commit())[0]) == 1
    assert buyer.read(f"/orders/{order['id']}")["status"] == "expired"
    assert farm.read(f"/offers/{offer['id']}")["remaining"] == "50.000"
    late = farm.post(f"/orders/{order['id']}/confirmation")
    assert code_of(late) == (409, "order_not_placed")


def demand_of(buyer: Account, *commodities: str, **changes: Any) -> dict[str, Any]:
    return demand_body(buyer, accepts=[{"commodity": one} for one in commodities], **changes)


def test_a_demand_is_posted_and_cancelled(trade: Trade) -> None:
    buyer = trade.processor()
    demand = a_demand(buyer)
    assert (demand["status"], demand["remaining"], demand["held"]) == ("open", "30.000", "0.000")
    assert demand["market"] == COMMODITY
    assert demand["accepts"] == [
        {
            "commodity": COMMODITY,
            "min_grade": None,
            "quality_limits": {},
            "required_certificates": [],
        }
    ]
    gone = buyer.made(f"/demands/{demand['id']}/cancellation")
    assert gone["status"] == "cancelled"
    again = buyer.post(f"/demands/{demand['id']}/cancellation")
    assert code_of(again) == (409, "demand_not_open")
    again = buyer.post(f"/demands/{demand['id']}/publication")
    assert code_of(again) == (409, "demand_not_open")


def test_a_draft_demand_is_published_once(trade: Trade) -> None:
    buyer = trade.processor()
    draft = a_demand(buyer, draft=True)
    assert (draft["status"], draft["posted_at"]) == ("draft", None)
    opened = buyer.made(f"/demands/{draft['id']}/publication")
    assert opened["status"] == "open"
    assert opened["posted_at"] is not None
    again = buyer.post(f"/demands/{draft['id']}/publication")
    assert code_of(again) == (409, "demand_not_open")


def test_a_demand_accepts_commodities_of_one_market(trade: Trade) -> None:
    buyer = trade.processor()
    both = buyer.made("/demands", demand_of(buyer, "ginger-dried", "ginger-fresh"))
    assert both["market"] == "ginger"
    assert [one["commodity"] for one in both["accepts"]] == ["ginger-dried", "ginger-fresh"]
    mixed = buyer.post("/demands", demand_of(buyer, "ginger-dried", COMMODITY))
    twice = buyer.post("/demands", demand_of(buyer, "ginger-dried", "ginger-dried"))
    for answer in (mixed, twice):
        assert [one["pointer"] for one in answer.json["errors"]] == ["/accepts"]
    line = buyer.post("/demands", demand_of(buyer, COMMODITY, processing_line="silk-reeling"))
    assert [one["pointer"] for one in line.json["errors"]] == ["/accepts/0/commodity"]


def test_a_demand_keeps_its_limits_as_the_catalogue_writes_them(trade: Trade) -> None:
    buyer = trade.processor()
    accepts = {
        "commodity": COMMODITY,
        "min_grade": "2",
        "quality_limits": {"moisture": {"max": "12.5", "min": "5"}},
        "required_certificates": ["vietgap", "vietgap"],
    }
    demand = a_demand(buyer, accepts=[accepts])
    assert demand["accepts"] == [
        {
            **accepts,
            "quality_limits": {"moisture": {"max": "12.5", "min": "5.0"}},
            "required_certificates": ["vietgap"],
        }
    ]
    dried = a_demand(
        buyer,
        accepts=[
            {"commodity": "ginger-fresh", "quality_limits": {"residue_test_passed": {"min": True}}}
        ],
    )
    assert dried["accepts"][0]["quality_limits"] == {"residue_test_passed": {"min": True}}


def test_my_demands_are_narrowed_by_commodity_and_status(trade: Trade) -> None:
    buyer = trade.processor()
    coffee, ginger = a_demand(buyer), buyer.made("/demands", demand_of(buyer, "ginger-dried"))
    a_demand(trade.processor())
    buyer.made(f"/demands/{coffee['id']}/cancellation")

    def found(query: str) -> list[str]:
        return [one["id"] for one in buyer.read(f"/demands?{query}")["items"]]

    assert found("") == [ginger["id"], coffee["id"]]
    assert found("commodity=ginger-dried") == [ginger["id"]]
    assert found("status=cancelled") == [coffee["id"]]
    assert found(f"commodity={COMMODITY}&status=open") == []


def test_demands_end_by_the_clock(trade: Trade, in_app: InApp) -> None:
    buyer = trade.processor()
    demand = a_demand(buyer, deliver_until=day(1))
    a_demand(buyer, deliver_until=day(9))
    later = clock.now() + timedelta(days=2)
    assert in_app(lambda: (expire_demands(now=later), db.session.commit())[0]) == 1
    assert buyer.read(f"/demands/{demand['id']}")["status"] == "expired"
    draft = a_demand(buyer, draft=True, deliver_until=day(1))
    assert in_app(lambda: expire_demands(now=later)) == 0
    assert buyer.read(f"/demands/{draft['id']}")["status"] == "draft"


def test_a_price_that_comes_to_nothing_a_unit_is_refused(trade: Trade) -> None:
    farm = trade.farm()
    per = {"quantity": "3", "unit": "tan"}
    body = offer_body(a_lot(farm)["id"], ask_price="0.01", price_per=per)
    answer = farm.post("/offers", body)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/ask_price")
