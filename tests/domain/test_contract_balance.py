"""A contract's balance says what the ledger and the deliveries say, whatever has happened."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.core.db import db
from app.deliveries.models import Delivery
from app.settlement.models import Account, LedgerEntry, LedgerTransaction
from tests.factories import Account as Person
from tests.factories import Trade, a_lot, monday
from tests.factories_contracts import a_contract, called
from tests.factories_deliveries import (
    accepted,
    accepted_part,
    despatched,
    inspected,
    weighed,
)
from tests.factories_disruption import closed, reopened

WEEKS, STEPS = 4, 14


class Season:
    """One contract and what is done under it, with the expectation kept beside it."""

    def __init__(self, trade: Trade, number: int) -> None:
        self.trade, self.dice = trade, random.Random(number)
        self.farm, self.buyer = trade.farm(), trade.processor()
        self.authority = trade.authority
        weeks = [{"week": monday(week), "promised": "100"} for week in range(WEEKS)]
        self.contract = a_contract(
            self.buyer, self.farm, quantity_form="minimum", quantity="400", weeks=weeks
        )
        self.calls: list[tuple[int, dict[str, Any], Decimal]] = []
        self.called: dict[int, Decimal] = defaultdict(Decimal)
        self.delivered: dict[int, Decimal] = defaultdict(Decimal)
        self.accepted: dict[int, Decimal] = defaultdict(Decimal)
        self.payable = 0
        self.done: Counter[str] = Counter()

    def some(self, most: int) -> str:
        return f"{self.dice.randint(1, most)}.{self.dice.randint(0, 999):03d}"

    def call(self) -> None:
        week, quantity = self.dice.randrange(WEEKS), self.some(60)
        if self.dice.random() < 0.5:
            a_lot(self.farm, quantity=self.some(40))
        call = called(self.buyer, self.contract, week, quantity)
        order = self.buyer.read(f"/orders/{call['order_id']}")
        self.calls.append((week, order, Decimal(quantity)))
        self.called[week] += Decimal(quantity)

    def cancel(self) -> None:
        for index, (week, order, quantity) in enumerate(self.calls):
            if self.buyer.post(f"/orders/{order['id']}/cancellation").status_code == 200:
                self.called[week] -= quantity
                del self.calls[index]
                return

    def deliver(self) -> None:
        """A part of a line, of which some is rejected and, at times, weighed anew."""
        if not self.calls:
            return
        week, order, _ = self.dice.choice(self.calls)
        line = self.dice.choice(order["lines"])
        body = {"line_id": line["id"]}
        answer = self.farm.post(f"/orders/{order['id']}/deliveries", body)
        if answer.status_code != 201:
            return
        delivery = dict(answer.json or {})
        sent = Decimal(delivery["scheduled_quantity"])
        despatched(self.farm, delivery)
        net = max(Decimal("0.002"), sent - Decimal(self.dice.randint(0, 500)) / 1000)
        weighed(self.buyer, delivery, f"{net + 1}")
        again = {"correction_reason": "Cân chưa trừ bì"}
        weighed(self.buyer, delivery, f"{net}", **again)
        good = net - Decimal("0.001")
        bad = {"net": "0.001", "result": "rejected", "reason": "Mốc"}
        inspected(self.buyer, delivery, accepted_part(f"{good}"), bad)
        accepted(self.buyer, delivery)
        self.delivered[week] += net
        self.accepted[week] += good
        slip = self.buyer.read(f"/deliveries/{delivery['id']}/slip")
        self.payable += slip["payable_amount"]

    def disrupt(self) -> None:
        """The ward closes and opens again, which changes nothing of the balance."""
        reopened(self.trade, self.authority, closed(self.trade, self.authority))

    def step(self) -> None:
        acts = (self.call, self.call, self.deliver, self.deliver, self.cancel, self.disrupt)
        act = self.dice.choice(acts)
        act()
        self.done[act.__name__] += 1


@pytest.mark.parametrize("number", range(4))
def test_the_balance_is_what_deliveries_and_ledger_say(
    trade: Trade, in_app: Callable[..., Any], number: int
) -> None:
    season = Season(trade, number)
    for _ in range(STEPS):
        season.step()
        balance = season.farm.read(f"/contracts/{season.contract['id']}/balance")
        for week, row in enumerate(balance["weeks"]):
            assert Decimal(row["called"]) == season.called[week]
            assert Decimal(row["delivered"]) == season.delivered[week]
            assert Decimal(row["accepted"]) == season.accepted[week]
        assert Decimal(balance["accepted"]) == sum(season.accepted.values())
    assert season.done["call"] >= 2
    assert season.payable > 0
    trade.relay()
    assert in_app(lambda: owed_for_goods(season.farm)) == season.payable


def owed_for_goods(farm: Person) -> int:
    """What the ledger says the farm is owed for its deliveries."""
    rows = db.session.execute(
        select(LedgerEntry.amount)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .join(Delivery, Delivery.id == LedgerTransaction.delivery_id)
        .where(
            LedgerEntry.account == Account.RECEIVABLE,
            LedgerEntry.organisation_id == Delivery.seller_id,
            Delivery.seller_id == farm.organisation_id,
        )
    )
    return sum(row[0] for row in rows)
