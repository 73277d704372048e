"""Two hands on what is owed for one delivery: corrected, claimed, granted, final, paid, bounced."""

from collections import Counter
from datetime import timedelta
from functools import partial
from itertools import combinations_with_replacement
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import clock
from app.core.db import db
from app.deliveries.models import Claim, Slip
from app.orders.models import Order
from app.settlement.models import Account as Books
from app.settlement.models import Payout, PayoutShare, Settlement
from app.settlement.operations import bring_up_to_date, finalise_settlements, settle_orders
from tests.concurrency.test_settlement import committed, right
from tests.concurrency.threads import at_once
from tests.factories import Account, Trade, a_lot, an_offer, an_order
from tests.factories_deliveries import a_claim, a_delivery
from tests.settling import balances, settlement_of

# In which state the delivery has to be for a move to succeed.
STARTS = {
    "correct": "accepted",
    "claim": "accepted",
    "hear": "accepted",
    "finalise": "accepted",
    "grant": "claimed",
    "refuse": "claimed",
    "withdraw": "claimed",
    "pay": "final",
    "bounce": "paid",
}
ONLY_ONCE = {"claim", "grant", "refuse", "withdraw", "pay", "bounce"}


@pytest.fixture
def trade(committing: Flask) -> Trade:
    """People who trade on a database that keeps what they do."""
    return Trade(committing)


class Owed:
    """A delivery of 10 at 100,000, accepted, and what is done about it."""

    def __init__(self, trade: Trade, farm: Account, buyer: Account, state: str) -> None:
        self.app, self.farm, self.buyer = trade.app, farm, buyer
        self.order = an_order(buyer, an_offer(farm, a_lot(farm)))
        self.delivery = a_delivery(farm, buyer, self.order)["id"]
        self.claim = self.payout = "00000000-0000-7000-8000-000000000000"
        goods = committed(self.app, lambda: str(self.look()[0].id))
        self.what = {"payee_id": farm.organisation_id, "settlement_ids": [goods]}
        if state == "claimed":
            self.claim = a_claim(farm, buyer, {"id": self.delivery})["id"]
        if state in ("final", "paid"):
            self.make("finalise")
        if state == "paid":
            self.payout = buyer.made("/payouts", self.what)["id"]

    def look(self) -> list[Settlement]:
        return bring_up_to_date(delivery_id=UUID(self.delivery), now=clock.now())

    def finalise(self) -> None:
        finalise_settlements(now=clock.now() + timedelta(days=60), most=1_000)
        settle_orders(now=clock.now(), most=1_000)

    def make(self, move: str) -> str:
        """What came of a move: ``done``, or the code of the refusal."""
        if move in ("hear", "finalise"):
            committed(self.app, self.look if move == "hear" else self.finalise)
            return "done"
        delivery, claim = f"/deliveries/{self.delivery}", f"/claims/{self.claim}"
        half = {"net": "10", "accepted_quantity": "5", "result": "accepted", "reason": "Ẩm"}
        path, body = {
            "correct": (f"{delivery}/inspection", {"parts": [half], "correction_reason": "Ẩm"}),
            "claim": (f"{delivery}/claims", {"share": "0.1", "reason": "Lẫn đá"}),
            "grant": (f"{claim}/answer", {"result": "granted"}),
            "refuse": (f"{claim}/answer", {"result": "refused"}),
            "withdraw": (f"{claim}/withdrawal", None),
            "pay": ("/payouts", self.what),
            "bounce": (f"/payouts/{self.payout}/bounce", {"reason": "Sai số tài khoản"}),
        }[move]
        by = self.farm if move in ("grant", "refuse") else self.buyer
        answer = by.post(path, body)
        assert answer.status_code in (200, 201, 404, 409), answer.get_data(as_text=True)
        return "done" if answer.status_code < 300 else str(answer.json["code"])

    def check(self) -> None:
        """Hold the settlement against slip, claims and payouts, and the books against it."""
        committed(self.app, self.look)
        assert right(self.app)
        with self.app.app_context():
            goods = settlement_of(UUID(self.delivery))
            about = Slip.delivery_id == self.delivery
            slip = db.session.scalars(select(Slip).where(about).order_by(Slip.number)).all()[-1]
            claims = db.session.scalars(
                select(Claim).where(Claim.delivery_id == self.delivery)
            ).all()
            paid = db.session.scalar(
                select(func.coalesce(func.sum(PayoutShare.amount), 0))
                .join(Payout, Payout.id == PayoutShare.payout_id)
                .where(PayoutShare.settlement_id == goods.id, Payout.status != "bounced")
            )
            assert goods.amount == slip.payable_amount
            assert goods.held == sum(one.provisional_credit for one in claims if not one.ended_at)
            assert goods.credited == sum(one.credit or 0 for one in claims if one.ended_at)
            assert goods.paid == paid
            order = db.session.get_one(Order, self.order["id"])
            assert order.status in ("received", "settled")
            assert order.status == "received" or goods.status == "final"
            seller = UUID(str(self.farm.organisation_id))
            mine = select(Settlement).where(Settlement.payee_id == seller)
            everything = db.session.scalars(mine).all()
            receivable = balances().get((seller, Books.RECEIVABLE), 0)
            assert receivable == sum(one.outstanding for one in everything)
            db.session.remove()


@pytest.mark.parametrize("repeats", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_every_two_hands_on_one_debt_leave_one_account_of_it(trade: Trade, repeats: int) -> None:
    buyer = trade.processor()
    done: Counter[str] = Counter()
    raced = 0
    pairs = list(combinations_with_replacement(STARTS, 2))
    if repeats == 1:
        # Those that can both succeed, and whatever meets the end of the time to claim.
        pairs = [(a, b) for a, b in pairs if STARTS[a] == STARTS[b] or "finalise" in (a, b)]
    for pair in pairs:
        starts = sorted({STARTS[move] for move in pair})
        for start in starts[-1:] if repeats == 1 else starts * repeats:
            # A farm of its own, so that what one race overpaid is not taken off in another.
            race = Owed(trade, trade.farm(), buyer, start)
            results = at_once([partial(race.make, move) for move in pair])
            race.check()
            assert "done" in results or start not in (STARTS[pair[0]], STARTS[pair[1]]), pair
            if pair[0] == pair[1] and pair[0] in ONLY_ONCE:
                assert results.count("done") <= 1, (pair, results)
            if set(pair) <= {"grant", "refuse", "withdraw"} and pair != ("refuse", "withdraw"):
                assert results.count("done") == 1, (pair, results)
            done.update(
                move for move, result in zip(pair, results, strict=True) if result == "done"
            )
            raced += 1
    assert raced >= 23 * repeats
    assert min(done[move] for move in STARTS) >= repeats
