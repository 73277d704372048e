"""A proposed match ends once: accepted, refused, expired or superseded, whoever comes first."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.clearing.matching import expire_matches
from app.core import clock
from app.core.db import db
from app.core.outbox import OutboxMessage
from app.core.transaction import retried, transaction
from tests.concurrency.threads import at_once
from tests.factories import COMMODITY, Account, Trade, a_demand, a_lot, an_offer

ENDINGS = ("match.accepted", "match.refused", "match.expired", "match.superseded")


@dataclass
class Proposal:
    """A match of 30 out of an offer of 50 that both sides still have to answer."""

    trade: Trade
    farm: Account
    buyer: Account
    lot: dict[str, Any]
    offer: dict[str, Any]
    demand: dict[str, Any]
    match: dict[str, Any]

    def answer(self, side: Account, how: str) -> Any:
        return side.post(f"/matches/{self.match['id']}/{how}")

    def expire(self) -> int:
        """What the clock does when the time to answer is over."""

        def once() -> int:
            with self.trade.app.app_context(), transaction():
                return expire_matches(now=clock.now() + timedelta(hours=13))

        return retried(once)

    def leave(self, side: str) -> int:
        """One side takes its posting off the market, and the relay tells."""
        caller, path = {
            "farm": (self.farm, f"/offers/{self.offer['id']}/withdrawal"),
            "buyer": (self.buyer, f"/demands/{self.demand['id']}/cancellation"),
        }[side]
        status = int(caller.post(path).status_code)
        self.trade.relay()
        return status

    def held(self) -> tuple[str, str]:
        offer = self.farm.read(f"/offers/{self.offer['id']}")
        return offer["held"], self.buyer.read(f"/demands/{self.demand['id']}")["held"]

    def endings(self) -> list[str]:
        """The messages that say how it ended."""
        with self.trade.app.app_context():
            told = select(OutboxMessage.topic).where(OutboxMessage.topic.in_(ENDINGS))
            return list(db.session.scalars(told))


@pytest.fixture
def propose(committing: Flask) -> Callable[[], Proposal]:
    trade = Trade(committing)

    def made() -> Proposal:
        farm, buyer = trade.farm(), trade.processor()
        lot = a_lot(farm)
        offer, demand = an_offer(farm, lot, firm=False), a_demand(buyer, firm=False)
        round_id = trade.clear(COMMODITY)["id"]
        (match,) = farm.read(f"/rounds/{round_id}/matches")["items"]
        assert match["status"] == "proposed"
        return Proposal(trade, farm, buyer, lot, offer, demand, match)

    return made


def test_acceptance_refusal_and_expiry_at_once_end_a_match_once(
    propose: Callable[[], Proposal],
) -> None:
    ends: Counter[str] = Counter()
    for turn in range(6):
        proposal = propose()
        assert proposal.answer(proposal.farm, "acceptance").status_code == 200
        calls: list[Callable[[], Any]] = [
            partial(proposal.answer, proposal.buyer, "acceptance"),
            partial(proposal.answer, proposal.buyer, "refusal"),
            partial(proposal.answer, proposal.farm, "refusal"),
            proposal.expire,
        ]
        calls = calls[turn % 4 :] + calls[: turn % 4]
        at_once(calls)
        told = proposal.farm.read(f"/matches/{proposal.match['id']}")
        ends[told["status"]] += 1
        assert told["status"] in ("accepted", "refused", "expired")
        assert (told["order_id"] is not None) == (told["status"] == "accepted")
        assert proposal.held() == ("0.000", "0.000")
        assert len(proposal.endings()) == turn + 1, "each ending is told once"
        orders = proposal.buyer.read("/orders")["items"]
        assert len(orders) == (told["status"] == "accepted")
        taken = "20.000" if orders else "50.000"
        assert proposal.farm.read(f"/offers/{proposal.offer['id']}")["remaining"] == taken
        path = f"/offers/{proposal.offer['id']}/withdrawal"
        assert proposal.farm.post(path).status_code == 200
        demand = f"/demands/{proposal.demand['id']}"
        assert proposal.buyer.read(demand)["status"] == ("filled" if orders else "open")
        if not orders:
            assert proposal.buyer.post(f"{demand}/cancellation").status_code == 200
    assert ends.total() == 6


def test_both_sides_accepting_at_once_open_one_order(propose: Callable[[], Proposal]) -> None:
    proposal = propose()
    both = [lambda: proposal.answer(proposal.farm, "acceptance")] * 3
    both += [lambda: proposal.answer(proposal.buyer, "acceptance")] * 3
    answers = at_once(both)
    assert {one.status_code for one in answers} <= {200, 409}
    assert len(proposal.buyer.read("/orders")["items"]) == 1
    assert proposal.held() == ("0.000", "0.000")
    assert proposal.endings() == ["match.accepted"]


@pytest.mark.parametrize(("side", "status"), [("farm", "withdrawn"), ("buyer", "cancelled")])
def test_who_leaves_the_market_supersedes_what_was_proposed(
    propose: Callable[[], Proposal], side: str, status: str
) -> None:
    proposal = propose()
    assert proposal.leave(side) == 200
    told = proposal.buyer.read(f"/matches/{proposal.match['id']}")
    assert (told["status"], told["order_id"]) == ("superseded", None)
    assert proposal.held() == ("0.000", "0.000")
    proposal.trade.relay()
    assert proposal.endings() == ["match.superseded"]
    mine, theirs = proposal.farm, proposal.buyer
    paths = {
        "farm": f"/offers/{proposal.offer['id']}",
        "buyer": f"/demands/{proposal.demand['id']}",
    }
    assert getattr(proposal, side).read(paths[side])["status"] == status
    other = "buyer" if side == "farm" else "farm"
    staying = getattr(proposal, other)
    assert staying.read(paths[other])["status"] == "open"
    heard = [one["title"] for one in staying.read("/notifications")["items"]]
    assert any("không còn nữa" in title for title in heard), heard
    for caller in (mine, theirs):
        answer = proposal.answer(caller, "acceptance")
        assert (answer.status_code, answer.json["code"]) == (409, "match_not_proposed")
    why = staying.read(f"{paths[other]}/explanation")
    assert (why["outcome"], why["reasons"][0]["code"]) == ("not_matched", "match_superseded")
    assert proposal.farm.read(f"/lots/{proposal.lot['id']}")["reserved"] == (
        "0.000" if side == "farm" else "50.000"
    )


def test_leaving_and_accepting_at_once_leave_an_order_or_nothing(
    propose: Callable[[], Proposal],
) -> None:
    proposal = propose()
    assert proposal.answer(proposal.farm, "acceptance").status_code == 200
    at_once([lambda: proposal.answer(proposal.buyer, "acceptance"), lambda: proposal.leave("farm")])
    proposal.trade.relay()
    told = proposal.farm.read(f"/matches/{proposal.match['id']}")
    assert told["status"] in ("accepted", "superseded")
    assert len(proposal.buyer.read("/orders")["items"]) == (told["status"] == "accepted")
    assert proposal.held() == ("0.000", "0.000")
