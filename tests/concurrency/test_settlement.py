"""Many hands on one debt: it is posted, made final, paid and taken back once."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from app.core.db import db
from app.core.transaction import retried, transaction
from app.settlement.models import Account as Books
from app.settlement.operations import bring_up_to_date, finalise_settlements
from app.settlement.statements import issue_monthly_statements
from tests.concurrency.threads import at_once
from tests.factories import NOW, Account, Trade, an_offer, an_order, today
from tests.settling import (
    balances,
    delivered,
    kinds_posted,
    settlement_of,
    slip,
    sums_of_entries,
    told,
    unbalanced,
)

HANDS = 6
LATER = NOW + timedelta(days=60)


@pytest.fixture
def trade(committing: Flask) -> Trade:
    """People who trade on a database that keeps what they do."""
    return Trade(committing)


@pytest.fixture
def sale(trade: Trade) -> tuple[Account, Account, str]:
    """A farm, its buyer and their order."""
    farm, buyer = trade.farm(), trade.processor()
    return farm, buyer, an_order(buyer, an_offer(farm))["id"]


def committed(app: Flask, call: Callable[[], Any]) -> Any:
    """What a worker does: a transaction of its own, tried again after a deadlock."""

    def unit() -> Any:
        with transaction():
            return call()

    with app.app_context():
        return retried(unit)


def right(app: Flask) -> bool:
    """Whether every sum is zero and every balance the sum of its entries."""
    with app.app_context():
        try:
            return unbalanced() == [] and balances() == sums_of_entries()
        finally:
            db.session.remove()


def test_workers_that_hear_of_one_delivery_at_once_post_it_once(
    trade: Trade, sale: tuple[Account, Account, str]
) -> None:
    app, (_, _, order_id) = trade.app, sale
    for _ in range(5):
        delivery = committed(app, partial(delivered, order_id, payable=1_000))
        committed(app, partial(slip, delivery, payable=900))
        look = partial(bring_up_to_date, delivery_id=delivery, now=NOW)
        at_once([partial(committed, app, look)] * HANDS)
        with app.app_context():
            assert kinds_posted(delivery) == [
                "delivery_accepted",
                "slip_reversed",
                "delivery_corrected",
            ]
        end = partial(finalise_settlements, now=LATER)
        assert sum(at_once([partial(committed, app, end)] * HANDS)) >= 1
        with app.app_context():
            assert settlement_of(delivery).outstanding == 900
    assert right(app)


def test_payouts_at_once_never_pay_more_than_is_owed(
    trade: Trade, sale: tuple[Account, Account, str]
) -> None:
    app, (farm, buyer, order_id) = trade.app, sale
    committed(app, lambda: told("delivery.accepted", delivered(order_id, payable=1_000)))
    committed(app, lambda: told("delivery.accepted", delivered(order_id, payable=1_000)))
    assert committed(app, lambda: finalise_settlements(now=LATER, most=2)) == 2
    part = {"payee_id": farm.organisation_id, "amount": 700}
    answers = at_once([lambda: buyer.post("/payouts", part)] * HANDS)
    outcomess = Counter(one.json.get("code", "paid") for one in answers)
    assert outcomess == {"paid": 2, "more_than_owed": HANDS - 2}
    with app.app_context():
        assert balances()[UUID(str(farm.organisation_id)), Books.RECEIVABLE] == 600
    assert right(app)


def test_a_payout_is_confirmed_or_bounced_but_once(
    trade: Trade, sale: tuple[Account, Account, str]
) -> None:
    app, (farm, buyer, order_id) = trade.app, sale
    committed(app, lambda: told("delivery.accepted", delivered(order_id, payable=1_000)))
    assert committed(app, lambda: finalise_settlements(now=LATER)) == 1
    paid = buyer.made("/payouts", {"payee_id": farm.organisation_id, "amount": 1_000})
    path = f"/payouts/{paid['id']}"
    back = {"reason": "Sai số tài khoản"}
    answers = at_once([lambda: buyer.post(f"{path}/bounce", back)] * HANDS)
    assert Counter(one.status_code for one in answers) == {200: 1, 409: HANDS - 1}
    with app.app_context():
        assert balances()[UUID(str(farm.organisation_id)), Books.RECEIVABLE] == 1_000
    assert right(app)


def test_a_month_is_closed_once_however_many_close_it(
    trade: Trade, sale: tuple[Account, Account, str]
) -> None:
    app, (farm, buyer, order_id) = trade.app, sale
    earlier = NOW.replace(day=1) - timedelta(days=9)
    committed(
        app, lambda: told("delivery.accepted", delivered(order_id, payable=1_000, at=earlier))
    )
    close = partial(issue_monthly_statements, now=NOW, most=9)
    assert sum(at_once([partial(committed, app, close)] * 3)) == 2
    for reader in (farm, buyer):
        assert [one["number"] for one in reader.read("/statements")["items"]] == [1]


def test_of_many_rules_from_one_day_one_is_taken_and_the_rest_are_told(trade: Trade) -> None:
    cooperative = trade.cooperative()
    rules = [{"percent": str(number), "valid_from": today()} for number in range(HANDS)]
    answers = at_once([partial(cooperative.post, "/commissions", rule) for rule in rules])
    outcomes = Counter((one.status_code, one.json.get("code")) for one in answers)
    assert outcomes == {(201, None): 1, (409, "commission_rule_known"): HANDS - 1}
    assert len(cooperative.read("/commissions")["items"]) == 1
