"""Matches that wait for an answer, what a round tells, and what it leaves alone."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from app.clearing import operations
from app.clearing.matching import expire_matches
from app.clearing.snapshot import clear_snapshot
from app.core import clock
from app.core.db import db
from app.lots.models import Lot
from tests.factories import (
    COMMODITY,
    Account,
    Trade,
    a_demand,
    a_lot,
    a_membership,
    an_offer,
    day,
    lot_body,
    offer_body,
    order_body,
)

HERE = {"latitude": 11.55, "longitude": 107.8}

InApp = Callable[[Callable[[], Any]], Any]


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


class Market:
    """One offer of 50 at 100,000 and one demand of 30 at 120,000, cleared."""

    def __init__(self, trade: Trade, *, firm_offer: bool, firm_demand: bool) -> None:
        self.farm, self.buyer = trade.farm(), trade.processor()
        self.offer = an_offer(self.farm, firm=firm_offer)
        self.demand = a_demand(self.buyer, firm=firm_demand)
        self.round = trade.clear(COMMODITY)
        (self.match,) = self.farm.read(f"/rounds/{self.round['id']}/matches")["items"]
        self.path = f"/matches/{self.match['id']}"

    def now(self) -> list[tuple[str, str, str]]:
        """Status, remaining and held of the offer and the demand."""
        rows = (
            self.farm.read(f"/offers/{self.offer['id']}"),
            self.buyer.read(f"/demands/{self.demand['id']}"),
        )
        return [(row["status"], row["remaining"], row["held"]) for row in rows]


def test_two_firm_sides_have_an_order_at_once(trade: Trade) -> None:
    market = Market(trade, firm_offer=True, firm_demand=True)
    assert market.match["status"] == "accepted"
    order = market.buyer.read(f"/orders/{market.match['order_id']}")
    assert (order["status"], order["origin"], order["carrier"]) == ("confirmed", "round", "seller")
    assert order["demand_id"] == market.demand["id"]
    assert order["lines"][0]["unit_price"] == market.match["seller_price"]
    quantity, price = Decimal(30), Decimal(market.match["buyer_price"])
    assert order["total_amount"] == order["goods_amount"] + order["haulage_amount"]
    assert order["total_amount"] == quantity * price
    assert market.now() == [("open", "20.000", "0.000"), ("filled", "0.000", "0.000")]


def test_a_match_is_at_prices_both_sides_can_bear(trade: Trade) -> None:
    market = Market(trade, firm_offer=True, firm_demand=True)
    match = market.match
    seller, buyer = Decimal(match["seller_price"]), Decimal(match["buyer_price"])
    assert Decimal(100_000) <= seller < buyer <= Decimal(120_000)
    assert buyer - seller == Decimal(match["transport_cost"])
    assert market.round["optimality_gap"] == 0
    assert market.round["welfare"] == 30 * (20_000 - Decimal(match["transport_cost"]))
    assert market.round["upper_bound"] == market.round["welfare"]
    told = {name: market.round[name] for name in ("status", "offers", "demands", "matches")}
    assert told == {"status": "cleared", "offers": 1, "demands": 1, "matches": 1}
    assert market.round["cleared_quantity"] == "30.000"


@pytest.mark.parametrize(("firm_offer", "firm_demand"), [(False, True), (True, False)])
def test_a_side_that_is_not_firm_is_asked(
    trade: Trade, firm_offer: bool, firm_demand: bool
) -> None:
    market = Market(trade, firm_offer=firm_offer, firm_demand=firm_demand)
    assert (market.match["status"], market.match["order_id"]) == ("proposed", None)
    assert (market.match["seller_accepted_at"] is not None) is firm_offer
    assert (market.match["buyer_accepted_at"] is not None) is firm_demand
    assert market.now() == [("open", "50.000", "30.000"), ("open", "30.000", "30.000")]

    firm, asked = (market.buyer, market.farm) if firm_demand else (market.farm, market.buyer)
    assert firm.made(f"{market.path}/acceptance")["status"] == "proposed", "it had agreed already"
    accepted = asked.made(f"{market.path}/acceptance")
    assert accepted["status"] == "accepted"
    assert asked.read(f"/orders/{accepted['order_id']}")["status"] == "confirmed"
    assert market.now() == [("open", "20.000", "0.000"), ("filled", "0.000", "0.000")]
    for caller in (firm, asked):
        for answer in ("acceptance", "refusal"):
            again = caller.post(f"{market.path}/{answer}")
            assert code_of(again) == (409, "match_not_proposed")


def test_two_sides_that_are_not_firm_both_answer(trade: Trade) -> None:
    market = Market(trade, firm_offer=False, firm_demand=False)
    assert market.buyer.made(f"{market.path}/acceptance")["status"] == "proposed"
    assert market.now()[0] == ("open", "50.000", "30.000")
    assert market.farm.made(f"{market.path}/acceptance")["status"] == "accepted"


@pytest.mark.parametrize("refuser", ["farm", "buyer"])
def test_a_refusal_gives_the_quantity_back_to_both(trade: Trade, refuser: str) -> None:
    market = Market(trade, firm_offer=False, firm_demand=False)
    refused = getattr(market, refuser).made(f"{market.path}/refusal")
    assert (refused["status"], refused["order_id"]) == ("refused", None)
    assert market.now() == [("open", "50.000", "0.000"), ("open", "30.000", "0.000")]
    assert market.buyer.read("/orders")["items"] == []
    again = trade.clear(COMMODITY)
    assert again["matches"] == 1, "the next round may bring them together again"


def test_what_a_match_holds_is_not_sold_elsewhere(trade: Trade) -> None:
    market = Market(trade, firm_offer=False, firm_demand=True)
    other = trade.processor()
    held = other.post("/orders", order_body(other, market.offer, "20.001"))
    assert code_of(held) == (409, "in_round")
    assert other.post("/orders", order_body(other, market.offer, "20")).status_code == 201
    promised = market.buyer.post(f"/demands/{market.demand['id']}/cancellation")
    assert code_of(promised) == (409, "in_round"), "who is firm waits for the answer"
    again = trade.clear(COMMODITY)
    assert (again["offers"], again["demands"]) == (0, 0), "nothing free was left for it"


def test_a_match_nobody_answers_expires(trade: Trade, in_app: InApp) -> None:
    market = Market(trade, firm_offer=False, firm_demand=True)
    in_time, late = clock.now() + timedelta(hours=11), clock.now() + timedelta(hours=13)
    assert in_app(lambda: expire_matches(now=in_time)) == 0
    assert in_app(lambda: (expire_matches(now=late), db.session.commit())[0]) == 1
    assert in_app(lambda: expire_matches(now=late)) == 0
    assert market.farm.read(market.path)["status"] == "expired"
    assert market.now() == [("open", "50.000", "0.000"), ("open", "30.000", "0.000")]
    answer = market.farm.post(f"{market.path}/acceptance")
    assert code_of(answer) == (409, "match_not_proposed")


def test_a_match_is_a_matter_between_its_parties(trade: Trade) -> None:
    market = Market(trade, firm_offer=False, firm_demand=True)
    path = f"/rounds/{market.round['id']}/matches"
    assert market.buyer.read(path)["items"] == [market.match]
    assert trade.operator.read(path)["items"] == [market.match]
    stranger = trade.processor()
    assert stranger.read(path)["items"] == []
    for answer in (
        stranger.get(market.path),
        stranger.post(f"{market.path}/acceptance"),
        stranger.post(f"{market.path}/refusal"),
    ):
        assert code_of(answer) == (404, "not_found")
    assert set(market.match) >= {
        "offer_id",
        "demand_id",
        "quantity",
        "seller_price",
        "buyer_price",
        "transport_cost",
        "status",
        "order_id",
    }


def test_an_agent_answers_for_its_member_while_mandated(trade: Trade) -> None:
    farm, agent, buyer = trade.farm(), trade.cooperative(), trade.processor()
    membership = a_membership(farm, agent, "mandate")
    theirs = {"on_behalf_of": farm.organisation_id}
    lot = agent.made("/lots", lot_body(agent, **theirs))
    agent.made("/offers", offer_body(lot["id"], firm=False, **theirs))
    a_demand(buyer)
    round_id = trade.clear(COMMODITY)["id"]
    (match,) = agent.read(f"/rounds/{round_id}/matches")["items"]
    path = f"/memberships/{membership['id']}/mandate"
    assert farm.request("DELETE", path).status_code == 204
    answer = agent.post(f"/matches/{match['id']}/acceptance")
    assert code_of(answer) == (403, "mandate_missing")
    farm.made(path)
    order_id = agent.made(f"/matches/{match['id']}/acceptance")["order_id"]
    order = farm.read(f"/orders/{order_id}")
    assert (order["seller_id"], order["seller_capacity"]) == (farm.organisation_id, "agent")
    assert agent.read(f"/orders/{order_id}") == order


def test_an_explanation_comes_in_the_reader_s_language(trade: Trade) -> None:
    market = Market(trade, firm_offer=True, firm_demand=True)
    path = f"/offers/{market.offer['id']}/explanation"
    told = {tongue: market.farm.read(path, Accept_Language=tongue) for tongue in ("vi", "en")}
    for one in told.values():
        assert (one["round_id"], one["outcome"]) == (market.round["id"], "partly_matched")
        assert [row["code"] for row in one["reasons"]] == ["matched", "quantity_exhausted"]
        assert [row["figure"] for row in one["reasons"]] == ["30.000", "20.000"]
    assert told["vi"]["reasons"][0]["detail"].startswith("Bạn bán được")
    assert told["en"]["reasons"][0]["detail"].startswith("You sold")
    demand = market.buyer.read(f"/demands/{market.demand['id']}/explanation")
    assert demand["outcome"] == "matched"
    assert demand["reasons"][0]["detail"].startswith("You bought")


def test_who_has_been_in_no_round_is_told_so(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    paths = [
        (farm, f"/offers/{an_offer(farm)['id']}/explanation"),
        (buyer, f"/demands/{a_demand(buyer)['id']}/explanation"),
    ]
    for caller, path in paths:
        told = {tongue: caller.read(path, Accept_Language=tongue) for tongue in ("vi", "en")}
        assert {one["outcome"] for one in told.values()} == {"waiting"}
        assert {one["round_id"] for one in told.values()} == {None}
        assert len({one["reasons"][0]["detail"] for one in told.values()}) == 2


def test_an_explanation_names_nobody_and_no_limit_of_others(trade: Trade) -> None:
    farm, dear, buyer = trade.farm(), trade.farm(), trade.processor()
    cheap, offer = an_offer(farm), an_offer(dear, ask_price="119999.00")
    a_demand(buyer, bid_price="120001.00", quantity="50")
    trade.clear(COMMODITY)
    explained = dear.read(f"/offers/{offer['id']}/explanation")
    # The digits of an id may be those of a price by chance.
    told = str({**explained, "round_id": None})
    for secret in ("120001", "100000", cheap["id"], str(farm.organisation_id), "processor"):
        assert secret not in told
    assert "not_matched" in told


def test_prices_of_a_round_are_public(trade: Trade) -> None:
    market = Market(trade, firm_offer=True, firm_demand=True)
    (price,) = trade.visitor.read(f"/markets/{COMMODITY}/prices")["items"]
    match = market.match
    assert (price["round_id"], price["quantity"]) == (market.round["id"], "30.000")
    assert price["cleared_at"] == market.round["cleared_at"]
    for side in ("seller", "buyer"):
        told = {price[f"{side}_{which}"] for which in ("low", "average", "high")}
        assert told == {match[f"{side}_price"]}
    assert trade.visitor.read("/markets/ginger/prices")["items"] == []
    assert trade.visitor.get("/markets/no-such/prices").status_code == 404


def test_prices_are_asked_for_by_day(trade: Trade) -> None:
    Market(trade, firm_offer=True, firm_demand=True)
    path = f"/markets/{COMMODITY}/prices"
    today = clock.local_date(clock.now())
    before, after = today - timedelta(days=1), today + timedelta(days=1)
    for days, found in (
        (f"?from={today}&until={today}", 1),
        (f"?from={after}", 0),
        (f"?until={before}", 0),
        (f"?from={before}&until={after}", 1),
    ):
        assert len(trade.visitor.read(path + days)["items"]) == found
    assert trade.visitor.get(f"{path}?from=yesterday").status_code == 422


def sold_in_wards(trade: Trade, sellers: dict[str, int]) -> list[dict[str, Any]]:
    """The prices by ward after a round in which so many farms of each ward sold 10 each."""
    for ward, count in sellers.items():
        for _ in range(count):
            farm = trade.farm()
            site = farm.made("/sites", {"name": "-", "ward_code": ward, **HERE})
            lot = a_lot(farm, site_id=site["id"])
            an_offer(farm, lot, quantity="10.000")
    a_demand(trade.processor(), quantity=f"{10 * sum(sellers.values())}.000")
    told = trade.clear(COMMODITY)
    assert told["matches"] == sum(sellers.values())
    (price,) = trade.visitor.read(f"/markets/{COMMODITY}/prices")["items"]
    wards: list[dict[str, Any]] = price["wards"]
    for ward in wards:
        low, average, high = (Decimal(ward[f"seller_{one}"]) for one in ("low", "average", "high"))
        assert Decimal(price["seller_low"]) <= low <= average <= high
    return wards


def test_a_ward_s_price_is_told_where_five_sellers_sold(trade: Trade) -> None:
    (ward,) = sold_in_wards(trade, {"24829": 5})
    assert (ward["ward_code"], ward["quantity"]) == ("24829", "50.000")


def test_few_sellers_are_told_of_neither_directly_nor_by_subtraction(trade: Trade) -> None:
    wards = sold_in_wards(trade, {"24829": 6, "24823": 5, "24820": 2})
    assert [one["ward_code"] for one in wards] == ["24829"], "the rest are seven sellers"


def test_a_round_without_trade_leaves_no_price(trade: Trade) -> None:
    an_offer(trade.farm())
    told = trade.clear(COMMODITY)
    assert (told["status"], told["matches"], told["welfare"]) == ("cleared", 0, 0)
    assert (told["optimality_gap"], told["cleared_quantity"]) == (0, "0.000")
    assert trade.visitor.read(f"/markets/{COMMODITY}/prices")["items"] == []


def spoil(grade: str | None) -> None:
    """Every lot gets a grade behind its owner's back."""
    db.session.execute(update(Lot).values(grade=grade))
    db.session.commit()


def test_a_round_whose_book_is_refused_stays_open_and_says_why(trade: Trade, in_app: InApp) -> None:
    farm, buyer, operator = trade.farm(), trade.processor(), trade.operator
    offer, demand = an_offer(farm), a_demand(buyer)
    grade = farm.read(f"/offers/{offer['id']}")["grade"]
    in_app(lambda: spoil("no-such"))
    told = trade.clear(COMMODITY)
    assert (told["status"], told["closed_at"], told["snapshot_hash"]) == ("open", None, None)
    fault = told["fault"]
    assert (fault["code"], fault["field"]) == ("unknown_grade", "grade_rank")
    assert offer["id"] in fault["row"]
    assert "no-such" in fault["detail"]
    assert "fault" not in farm.read(f"/rounds/{told['id']}"), "it names rows of the book"
    assert operator.get(f"/rounds/{told['id']}/snapshot").status_code == 404
    assert farm.read(f"/offers/{offer['id']}")["held"] == "0.000"
    assert buyer.read(f"/demands/{demand['id']}")["held"] == "0.000"
    assert buyer.post("/orders", order_body(buyer, offer, "1")).status_code == 201

    in_app(lambda: spoil(grade))
    again = trade.clear(COMMODITY)
    assert (again["id"], again["status"], again["fault"]) == (told["id"], "cleared", None)
    assert again["matches"] == 1


def test_a_refused_round_looks_again_by_itself(trade: Trade, in_app: InApp) -> None:
    an_offer(trade.farm())
    a_demand(trade.processor())
    in_app(lambda: spoil("no-such"))
    asked_at = clock.now()
    told = trade.clear(COMMODITY)

    def claimed(later: timedelta) -> bool:
        now = asked_at + later
        return operations.claim_round(round_id=UUID(told["id"]), now=now) is not None

    assert in_app(lambda: claimed(operations.PAUSE)) is False, "not at every look"
    assert in_app(lambda: claimed(timedelta(hours=1))) is True


def test_a_round_still_refused_when_the_next_is_due_is_void(trade: Trade, in_app: InApp) -> None:
    an_offer(trade.farm())
    a_demand(trade.processor())
    in_app(lambda: spoil("no-such"))
    told = trade.clear(COMMODITY)

    def look() -> int:
        now = clock.now() + timedelta(days=30)
        opened = operations.open_due_rounds(now=now)
        db.session.commit()
        return len(opened)

    assert in_app(look) > 1
    void = trade.operator.read(f"/rounds/{told['id']}")
    assert (void["status"], void["void_reason"]) == ("void", "unknown_grade")
    market = trade.operator.read(f"/rounds?market={COMMODITY}")["items"]
    assert [one["status"] for one in market] == ["open", "void"]


def test_what_is_no_number_cannot_be_kept(trade: Trade, in_app: InApp) -> None:
    an_offer(trade.farm())
    a_demand(trade.processor())
    for change in ("offer SET ask_price", "demand SET bid_price", "offer SET quantity"):
        statement = text(f"UPDATE {change} = 'NaN'")
        with pytest.raises(IntegrityError):
            in_app(partial(db.session.execute, statement))


def snapshot_of(operator: Account, round_id: str) -> dict[str, Any]:
    return operator.read(f"/rounds/{round_id}/snapshot")


def test_a_snapshot_is_everything_needed_to_clear_it_again(trade: Trade) -> None:
    market = Market(trade, firm_offer=True, firm_demand=True)
    operator = trade.operator
    snapshot = snapshot_of(operator, market.round["id"])
    (offer,), (demand,) = snapshot["offers"], snapshot["demands"]
    assert set(offer) == {
        "offer_id",
        "quantity",
        "ask_price",
        "latitude",
        "longitude",
        "seller_id",
        "smallholder",
        "listed_at",
        "min_quantity",
        "gates",
    }
    assert set(demand) == {
        "demand_id",
        "quantity",
        "bid_price",
        "latitude",
        "longitude",
        "buyer_id",
        "posted_at",
        "min_delivery",
        "max_suppliers",
        "gates",
    }
    assert set(snapshot["haulage"]) == {
        "base",
        "rate_per_km",
        "road_factor",
        "speed_kmh",
        "unit_weight_kg",
    }
    again = clear_snapshot(snapshot)
    assert again["round"]["snapshot_hash"] == market.round["snapshot_hash"]
    assert again["round"]["solution_hash"] == market.round["solution_hash"]
    assert again["round"]["welfare"] == market.round["welfare"]
    assert again["matches"][0]["seller_price"] == market.match["seller_price"]


def test_a_round_that_has_not_closed_has_no_snapshot(trade: Trade) -> None:
    operator = trade.operator
    round_id = operator.made("/rounds", {"market": "ginger"})["id"]
    told = operator.read(f"/rounds/{round_id}")
    assert (told["status"], told["closed_at"], told["offers"]) == ("open", None, None)
    assert operator.get(f"/rounds/{round_id}/snapshot").status_code == 404
    unknown = operator.post("/rounds", {"market": "no-such"})
    assert code_of(unknown) == (422, "invalid")


def test_rounds_are_narrowed_by_market_and_status(trade: Trade) -> None:
    reader = trade.farm()
    coffee = trade.clear(COMMODITY)
    waiting = trade.operator.made("/rounds", {"market": "ginger"})
    for query, expected in {
        "": [waiting["id"], coffee["id"]],
        f"market={COMMODITY}": [coffee["id"]],
        "status=open": [waiting["id"]],
        "status=cleared&market=ginger": [],
    }.items():
        assert [one["id"] for one in reader.read(f"/rounds?{query}")["items"]] == expected


def test_a_market_of_two_commodities_trades_in_its_base(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    fresh = a_lot(farm, commodity="ginger-fresh", grade=None, qualities={})
    offer = an_offer(farm, fresh, quantity="50", ask_price="10000")
    accepts = [{"commodity": "ginger-dried"}, {"commodity": "ginger-fresh"}]
    a_demand(buyer, accepts=accepts, quantity="4", bid_price="100000")
    told = trade.clear("ginger")
    (match,) = farm.read(f"/rounds/{told['id']}/matches")["items"]
    assert (match["quantity"], match["offer_quantity"]) == ("4.000", "20.000")
    assert farm.read(f"/offers/{offer['id']}")["remaining"] == "30.000"
    (line,) = farm.read(f"/orders/{match['order_id']}")["lines"]
    assert (line["quantity"], line["commodity"]) == ("20.000", "ginger-fresh")
    assert Decimal(line["unit_price"]) * 5 == Decimal(match["seller_price"])


def test_an_explanation_says_what_became_of_a_proposal(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer = an_offer(farm, firm=False)
    demand = a_demand(buyer)
    trade.clear(COMMODITY)
    path = f"/offers/{offer['id']}/explanation"
    before = farm.read(path)
    assert (before["outcome"], before["reasons"][0]["code"]) == ("proposed", "match_proposed")
    match = farm.read(f"/rounds/{before['round_id']}/matches")["items"][0]
    farm.made(f"/matches/{match['id']}/refusal")
    for who, where in ((farm, path), (buyer, f"/demands/{demand['id']}/explanation")):
        after = who.read(where)
        assert (after["outcome"], after["reasons"][0]["code"]) == ("not_matched", "match_refused")
        assert "declined" in after["reasons"][0]["detail"]


def test_an_explanation_speaks_of_units_and_names_not_of_codes(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer = an_offer(farm)
    limits = {"moisture": {"max": "11.0"}}
    a_demand(buyer, accepts=[{"commodity": COMMODITY, "quality_limits": limits}])
    trade.clear(COMMODITY)
    told = farm.get(f"/offers/{offer['id']}/explanation", Accept_Language="vi").json
    assert told["reasons"][0]["code"] == "gate_quality"
    assert "Độ ẩm" in told["reasons"][0]["detail"] or "ẩm" in told["reasons"][0]["detail"]
    assert "moisture" not in told["reasons"][0]["detail"]
    assert "⟦" not in told["reasons"][0]["detail"]


def test_figures_in_another_commodity_say_how_it_converts(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    fresh = {"commodity": "shiitake-fresh", "harvested_at": day(0), "qualities": {}}
    offer = an_offer(farm, a_lot(farm, **fresh), ask_price="12000", open_until=None)
    tiny = an_offer(
        farm, a_lot(farm, **fresh), ask_price="12000", open_until=None, quantity="0.001"
    )
    a_demand(buyer, accepts=[{"commodity": "shiitake-fresh"}], bid_price="300000")
    trade.clear("shiitake")
    reasons = farm.read(f"/offers/{offer['id']}/explanation")["reasons"]
    assert reasons[0]["code"] == "matched"
    assert reasons[-1]["code"] == "in_base_commodity"
    waiting = farm.read(f"/offers/{tiny['id']}/explanation")
    assert (waiting["outcome"], waiting["reasons"][0]["code"]) == ("waiting", "left_out")
