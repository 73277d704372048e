"""Rounds cleared by several workers, killed half-way, asked for twice: one result each time."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from app.catalogue.models import Market
from app.clearing import operations, queries
from app.clearing.explanations import explain
from app.clearing.models import MarketPrice, Match, Outcome, Round
from app.clearing.snapshot import clear_snapshot
from app.core import clock
from app.core.db import db
from app.core.outbox import OutboxMessage
from app.core.transaction import transaction
from app.market.models import Demand, Offer
from app.orders.models import Order
from tests.concurrency.threads import at_once
from tests.factories import (
    Account,
    Trade,
    a_demand,
    a_lot,
    an_offer,
    day,
    demand_body,
    order_body,
)
from workers.clearing import clear_round, look_for_rounds


@dataclass
class House:
    """A market with a small book, its operator, and workers to clear it."""

    app: Flask
    operator: Account
    farms: list[Account]
    buyers: list[Account]
    offers: list[dict[str, Any]]
    demands: list[dict[str, Any]]
    market: str

    def ask(self) -> str:
        """A round asked for by the operator; its id."""
        return str(self.operator.made("/rounds", {"market": self.market})["id"])

    def work(self, round_id: str) -> None:
        """What a worker does when told of a round."""
        with self.app.app_context():
            clear_round.run(round_id=round_id)

    def look(self) -> None:
        """What a worker does when the beat says look."""
        with self.app.app_context():
            look_for_rounds.run()

    def close(self, round_id: str) -> dict[str, Any] | None:
        """The first step alone, committed."""
        with self.app.app_context(), transaction():
            return operations.close_round(round_id=UUID(round_id), now=clock.now())

    def settle(self, round_id: str, snapshot: dict[str, Any]) -> bool:
        """The second and third step."""
        answer = clear_snapshot(snapshot)
        outcomes = explain(snapshot, answer["matches"])
        with self.app.app_context(), transaction():
            return operations.settle_round(
                round_id=UUID(round_id), answer=answer, outcomes=outcomes, now=clock.now()
            )

    def forget_lease(self) -> None:
        """As if the time of whoever holds a round had run out."""
        with self.app.app_context(), transaction():
            db.session.execute(update(Round).values(lease_until=clock.now() - timedelta(hours=1)))

    def told(self, round_id: str) -> dict[str, Any]:
        return self.operator.read(f"/rounds/{round_id}")

    def written(self) -> dict[str, int]:
        """How many rows all rounds have left behind."""
        with self.app.app_context():
            counts = {
                model.__tablename__: db.session.scalars(
                    select(func.count()).select_from(model)
                ).one()
                for model in (Match, Order, Outcome, MarketPrice)
            }
            topics = ("round.cleared", "order.placed", "order.confirmed")
            messages = db.session.scalars(
                select(OutboxMessage.topic).where(OutboxMessage.topic.in_(topics))
            ).all()
            return counts | Counter(messages)

    def held(self) -> Decimal:
        """What rounds hold of offers and demands."""
        with self.app.app_context():
            return sum(
                (
                    db.session.scalars(select(func.sum(model.round_held))).one()
                    for model in (Offer, Demand)
                ),
                Decimal(0),
            )


# Three offers of 50, demands of 30 and 80: all that is wanted is found, in at least three trades.
SOLD = Decimal(110)


@pytest.fixture
def house(committing: Flask) -> House:
    trade = Trade(committing)
    farms = [trade.farm() for _ in range(3)]
    buyers = [trade.processor() for _ in range(2)]
    offers = [an_offer(farm) for farm in farms]
    demands = [a_demand(buyers[0]), a_demand(buyers[1], quantity="80.000")]
    return House(
        app=committing,
        operator=trade.operator,
        farms=farms,
        buyers=buyers,
        offers=offers,
        demands=demands,
        market=offers[0]["market"],
    )


def check_one_result(house: House, round_id: str) -> dict[str, int]:
    """The round is cleared, all it sold is ordered once, and nothing is held any more."""
    told = house.told(round_id)
    assert (told["status"], told["cleared_quantity"]) == ("cleared", f"{SOLD:.3f}")
    assert told["optimality_gap"] == 0
    written = house.written()
    matches = house.operator.read(f"/rounds/{round_id}/matches?limit=100")["items"]
    assert len(matches) == told["matches"] >= 3
    assert sum(Decimal(one["quantity"]) for one in matches) == SOLD
    assert {one["status"] for one in matches} == {"accepted"}
    assert len({one["order_id"] for one in matches}) == len(matches)
    assert written == {
        "match": len(matches),
        "purchase_order": len(matches),
        "round_outcome": 5,
        "market_price": 1,
        "round.cleared": 1,
        "order.placed": len(matches),
        "order.confirmed": len(matches),
    }
    assert house.held() == 0
    sides = [(house.farms, house.offers, "offers"), (house.buyers, house.demands, "demands")]
    for owners, things, path in sides:
        now = [
            owner.read(f"/{path}/{one['id']}") for owner, one in zip(owners, things, strict=True)
        ]
        gone = sum(Decimal(one["quantity"]) - Decimal(one["remaining"]) for one in now)
        assert gone == SOLD
    return written


def test_several_workers_at_once_clear_a_round_once(house: House) -> None:
    round_id = house.ask()
    at_once([lambda: house.work(round_id)] * 4)
    check_one_result(house, round_id)


def test_clearing_a_cleared_round_again_changes_nothing(house: House) -> None:
    round_id = house.ask()
    house.work(round_id)
    written = check_one_result(house, round_id)
    told = house.told(round_id)
    house.forget_lease()
    at_once([lambda: house.work(round_id), house.look, lambda: house.work(round_id)])
    assert house.close(round_id) is None
    assert check_one_result(house, round_id) == written
    assert house.told(round_id) == told


def test_two_workers_that_both_hold_the_book_settle_it_once(house: House) -> None:
    """The first was so slow that its lease ran out, and then both come to the end."""
    round_id = house.ask()
    first = house.close(round_id)
    assert first is not None
    assert house.close(round_id) is None
    house.forget_lease()
    second = house.close(round_id)
    assert second == first
    settled = at_once([lambda: house.settle(round_id, first)] * 3)
    assert sorted(settled) == [False, False, True]
    check_one_result(house, round_id)


def test_a_round_killed_after_closing_is_taken_up_with_the_same_book(house: House) -> None:
    round_id = house.ask()
    assert house.close(round_id) is not None
    closed = house.told(round_id)
    assert closed["status"] == "closed"
    assert house.held() == 150 + 110

    house.work(round_id)
    assert house.told(round_id)["status"] == "closed", "taken from a worker that may be alive"

    latecomer = an_offer(house.farms[0], ask_price="1000.00")
    house.forget_lease()
    at_once([lambda: house.work(round_id), house.look])

    assert house.told(round_id)["snapshot_hash"] == closed["snapshot_hash"]
    assert (closed["offers"], closed["demands"]) == (3, 2)
    assert house.farms[0].read(f"/offers/{latecomer['id']}")["remaining"] == "50.000"
    check_one_result(house, round_id)


def test_a_round_that_fails_while_settling_leaves_nothing_half_done(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_id = house.ask()

    def stumble(*_: Any) -> None:
        raise RuntimeError("killed here")

    with monkeypatch.context() as patch:
        patch.setattr(operations, "record_prices", stumble)
        with pytest.raises(RuntimeError, match="killed here"):
            house.work(round_id)
    assert house.told(round_id)["status"] == "closed"
    assert not any(house.written().values())
    assert house.held() == 150 + 110

    house.forget_lease()
    house.work(round_id)
    check_one_result(house, round_id)


def test_a_slow_worker_with_a_refused_book_does_not_disturb_the_book_that_followed(
    house: House,
) -> None:
    """Its lease ran out; meanwhile the book was refused, mended and closed again."""
    round_id = house.ask()
    refused = house.close(round_id)
    assert refused is not None
    fault = {"code": "unknown_grade", "row": "offers[0]", "field": "grade_rank", "detail": "no"}

    def refuse() -> bool:
        with house.app.app_context(), transaction():
            return operations.reopen_round(
                round_id=UUID(round_id), snapshot=refused, fault=fault, now=clock.now()
            )

    assert sorted(at_once([refuse] * 3)) == [False, False, True]
    assert (house.told(round_id)["fault"], house.held()) == (fault, 0)
    an_offer(house.farms[0], quantity="1.000", ask_price="900000.00")
    house.forget_lease()
    mended = house.close(round_id)
    assert mended is not None
    assert refuse() is False
    assert house.settle(round_id, refused) is False
    assert house.held() == 151 + 110
    assert house.settle(round_id, mended)
    assert house.told(round_id)["fault"] is None


def test_of_many_who_ask_for_a_round_one_gets_it(house: House) -> None:
    def ask() -> TestResponse:
        return house.operator.post("/rounds", {"market": house.market})

    answers = at_once([ask] * 20)
    codes = Counter((one.status_code, (one.json or {}).get("code")) for one in answers)
    assert codes == {(202, None): 1, (409, "round_in_progress"): 19}
    (round_id,) = [one.json["id"] for one in answers if one.status_code == 202]
    assert [one["id"] for one in house.operator.read("/rounds")["items"]] == [round_id]
    house.work(round_id)
    check_one_result(house, round_id)
    assert ask().status_code == 202


def test_what_a_round_holds_waits_for_the_round(house: House) -> None:
    round_id = house.ask()
    snapshot = house.close(round_id)
    assert snapshot is not None
    farm, buyer = house.farms[0], house.buyers[0]
    offer, demand = house.offers[0], house.demands[0]
    etag = farm.get(f"/offers/{offer['id']}").headers["ETag"]
    assert farm.read(f"/offers/{offer['id']}")["held"] == "50.000"

    refused = [
        buyer.post("/orders", order_body(buyer, offer, "1.000")),
        farm.post(f"/offers/{offer['id']}/withdrawal"),
        farm.request("PATCH", f"/offers/{offer['id']}", {"ask_price": "1.00"}, If_Match=etag),
        buyer.post(f"/demands/{demand['id']}/cancellation"),
    ]

    assert [(one.status_code, one.json["code"]) for one in refused] == [(409, "in_round")] * 4
    assert house.settle(round_id, snapshot)
    check_one_result(house, round_id)
    left = {
        one["id"]: Decimal(farm.read(f"/offers/{one['id']}")["remaining"])
        for farm, one in zip(house.farms, house.offers, strict=True)
    }
    assert sum(left.values()) == 40
    for one in house.offers:
        if left[one["id"]]:
            answer = buyer.post("/orders", order_body(buyer, one, f"{left[one['id']]:.3f}"))
            assert answer.status_code == 201


def test_orders_placed_while_a_round_runs_never_sell_what_it_sells(house: House) -> None:
    buyer = house.buyers[0]
    lot = a_lot(house.farms[0], quantity="1000.000")
    offer = an_offer(house.farms[0], lot, quantity="40.000", ask_price="90000.00")
    round_id = house.ask()

    def order() -> TestResponse:
        return buyer.post("/orders", order_body(buyer, offer, "1.000"))

    def work() -> None:
        house.work(round_id)

    calls: list[Callable[[], Any]] = [order] * 60
    calls.insert(20, work)
    answers = at_once(calls)
    del answers[20]

    codes = Counter((one.status_code, (one.json or {}).get("code")) for one in answers)
    refusals = {(409, "in_round"), (409, "not_enough_left")}
    assert set(codes) <= {(201, None), *refusals}
    assert codes.total() == 60
    bought = codes[201, None]
    matches = house.operator.read(f"/rounds/{round_id}/matches?limit=100")["items"]
    matched = sum(Decimal(one["quantity"]) for one in matches if one["offer_id"] == offer["id"])
    now = house.farms[0].read(f"/offers/{offer['id']}")
    assert Decimal(now["remaining"]) == 40 - bought - matched
    assert house.farms[0].read(f"/lots/{lot['id']}")["reserved"] == "40.000"
    assert house.told(round_id)["status"] == "cleared"
    assert (now["held"], house.held()) == ("0.000", 0)


def test_demands_and_withdrawals_while_a_round_closes_are_in_it_or_not(house: House) -> None:
    farm, buyer = house.farms[0], house.buyers[0]
    extra = [an_offer(farm, quantity="5.000", ask_price="200000.00") for _ in range(6)]
    round_id = house.ask()
    calls: list[Callable[[], Any]] = [
        *(lambda one=one: farm.post(f"/offers/{one['id']}/withdrawal") for one in extra),
        *[lambda: buyer.post("/demands", demand_body(buyer, bid_price="1.00"))] * 6,
    ]
    calls.insert(3, lambda: house.close(round_id))
    answers = at_once(calls)
    snapshot = answers.pop(3)
    assert snapshot is not None
    listed = {row["offer_id"] for row in snapshot["offers"]}
    wanted = {row["demand_id"] for row in snapshot["demands"]}
    for one, answer in zip(extra, answers[:6], strict=True):
        code = (answer.json or {}).get("code")
        expected = (409, "in_round") if one["id"] in listed else (200, None)
        assert (answer.status_code, code) == expected
    for answer in answers[6:]:
        assert answer.status_code == 201
        held = buyer.read(f"/demands/{answer.json['id']}")["held"]
        assert held == ("30.000" if answer.json["id"] in wanted else "0.000")
    assert house.settle(round_id, snapshot)
    assert house.held() == 0


def test_three_beats_open_each_due_round_once(house: House) -> None:
    due = [house.market, "chrysanthemum", "ginger", "shiitake"]
    before = clock.now()
    with house.app.app_context(), transaction():
        db.session.execute(
            update(Market)
            .where(Market.code.in_(due))
            .values(next_round_at=before - timedelta(minutes=1))
        )

    at_once([house.look] * 3)

    rounds = house.operator.read("/rounds?limit=100")["items"]
    assert Counter(one["market"] for one in rounds) == dict.fromkeys(due, 1)
    with house.app.app_context():
        waiting = db.session.scalars(select(Market.next_round_at).where(Market.code.in_(due))).all()
    assert len(waiting) == 4
    assert all(one > before for one in waiting)
    at_once([lambda one=one: house.work(one["id"]) for one in rounds for _ in range(2)])
    house.look()
    assert len(house.operator.read("/rounds?limit=100")["items"]) == 4
    (ours,) = [one["id"] for one in rounds if one["market"] == house.market]
    statuses = {house.told(one["id"])["status"] for one in rounds}
    assert statuses == {"cleared"}
    told = house.told(ours)
    assert told["cleared_quantity"] == f"{SOLD:.3f}"


def test_the_largest_book_comes_first(committing: Flask) -> None:
    trade = Trade(committing)
    farm, operator = trade.farm(), trade.operator
    offers = [an_offer(farm) for _ in range(3)]
    a_demand(trade.processor())
    large = offers[0]["market"]
    asked = [operator.made("/rounds", {"market": one})["id"] for one in ("ginger", large)]
    due = update(Market).where(Market.code.in_(["ginger", "shiitake", large]))
    with committing.app_context(), transaction():
        assert [str(one) for one in queries.unfinished_rounds()] == asked[::-1]
        db.session.execute(update(Round).values(status="void"))
        db.session.execute(due.values(next_round_at=clock.now() - timedelta(minutes=1)))
    with committing.app_context(), transaction():
        opened = operations.open_due_rounds(now=clock.now())
        markets = [db.session.get_one(Round, one).market_code for one in opened]
    assert markets == [large, "ginger", "shiitake"]


def test_a_round_of_crumbs_settles(committing: Flask) -> None:
    """0.15 kg dried is 1 kg fresh, so each crumb of dried flowers is a rounded one of fresh."""
    trade = Trade(committing)
    farm, buyers, operator = trade.farm(), [trade.processor() for _ in range(2)], trade.operator
    qualities = {"whole_heads": "80.0", "stems": "1.0"}
    flowers = {"commodity": "chrysanthemum-fresh", "qualities": qualities, "harvested_at": day(0)}
    offer = an_offer(farm, a_lot(farm, **flowers), quantity="0.140", ask_price="1000.00")
    wanted = {"accepts": [{"commodity": "chrysanthemum-fresh"}], "bid_price": "200000.00"}
    for number in range(21):
        a_demand(buyers[number % 2], quantity="0.001", deliver_from=day(0), **wanted)
    asked = operator.made("/rounds", {"market": "chrysanthemum"})

    with committing.app_context():
        clear_round.run(round_id=asked["id"])

    told = operator.read(f"/rounds/{asked['id']}")
    assert (told["status"], told["matches"], told["cleared_quantity"]) == ("cleared", 21, "0.021")
    matches = operator.read(f"/rounds/{asked['id']}/matches?limit=100")["items"]
    taken = sum(Decimal(one["offer_quantity"]) for one in matches)
    left = Decimal(farm.read(f"/offers/{offer['id']}")["remaining"])
    assert taken + left == Decimal("0.140")
    assert all(Decimal(one["offer_quantity"]) > 0 for one in matches)


@pytest.mark.parametrize("commodity", ["chrysanthemum-dried", "chrysanthemum-fresh"])
def test_one_absurd_posting_does_not_spoil_the_round_for_others(
    committing: Flask, commodity: str
) -> None:
    trade = Trade(committing)
    farm, buyer, operator = trade.farm(), trade.processor(), trade.operator
    fresh = commodity.endswith("fresh")
    qualities = {"whole_heads": "80.0"} | ({"stems": "1.0"} if fresh else {"moisture": "10.0"})
    most, dearest = "999999999.999", "999999999.99"
    facts = {"commodity": commodity, "qualities": qualities, "harvested_at": day(0)}
    wanted = {"accepts": [{"commodity": commodity}]}
    sane = an_offer(farm, a_lot(farm, **facts), ask_price="1000.00")
    for price in ("0.00", dearest):
        an_offer(farm, a_lot(farm, quantity=most, **facts), quantity=most, ask_price=price)
    a_demand(buyer, bid_price="50000.00", **wanted)
    for price in ("0.00", dearest):
        a_demand(buyer, quantity=most, bid_price=price, **wanted)
    asked = operator.made("/rounds", {"market": "chrysanthemum"})

    with committing.app_context():
        clear_round.run(round_id=asked["id"])

    told = operator.read(f"/rounds/{asked['id']}")
    assert told["status"] == "cleared", told["void_reason"]
    assert (told["offers"], told["demands"]) == (3, 3)
    assert told["matches"] >= 1
    assert farm.read(f"/offers/{sane['id']}")["held"] == "0.000"
