"""What members are owed of a pool, when slips are corrected and claims are granted."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.core.db import db
from app.core.outbox import OutboxMessage
from app.core.transaction import transaction
from app.settlement.models import Purpose, Settlement
from app.settlement.operations import finalise_settlements
from tests.factories import NOW, Trade, a_membership, offer_body, order_body
from tests.factories_pools import a_pool, filled
from tests.settling import (
    balances,
    claim_ended,
    claimed,
    delivered,
    keeps,
    kinds_posted,
    slip,
    sums_of_entries,
    told,
    unbalanced,
)

LATER = NOW + timedelta(days=30)


@pytest.fixture
def order(trade: Trade) -> dict[str, Any]:
    """300 kg of three members' coffee, ordered of their cooperative, which keeps 1 %."""
    cooperative, buyer = trade.cooperative(), trade.processor()
    members = [trade.farm() for _ in range(3)]
    for member in members:
        a_membership(member, cooperative)
    with trade.app.app_context(), transaction():
        keeps(str(cooperative.organisation_id), percent=Decimal(1))
    pool = filled(cooperative, a_pool(cooperative, full_load="300"), *members, each="100")
    offer = cooperative.made("/offers", offer_body(pool["lot_id"], quantity="300"))
    return buyer.made("/orders", order_body(buyer, offer, "300"))


def shares(delivery_id: UUID) -> list[tuple[int, int]]:
    """Amount and commission of each member's share, the highest first."""
    rows = db.session.scalars(
        select(Settlement)
        .where(Settlement.delivery_id == delivery_id, Settlement.purpose == Purpose.POOL_SHARE)
        .execution_options(populate_existing=True)
    )
    return sorted(((one.amount, one.commission) for one in rows), reverse=True)


def all_is_well() -> None:
    assert unbalanced() == []
    assert balances() == sums_of_entries()


def test_a_corrected_slip_splits_anew(order: dict[str, Any], rolled_back: Any) -> None:
    with rolled_back.app_context():
        delivery = delivered(order["id"], payable=30_000_001, accepted="300")
        told("delivery.accepted", delivery)
        assert shares(delivery) == []
        assert finalise_settlements(now=LATER) == 1
        third, one_more = (10_000_000, 100_000), (10_000_001, 100_000)
        assert shares(delivery) == [one_more, third, third]
        slip(delivery, payable=15_000_000, accepted="150", at=LATER)
        told("delivery.corrected", delivery, now=LATER)
        told("delivery.corrected", delivery, now=LATER)
        assert shares(delivery) == [(5_000_000, 50_000)] * 3
        posted = kinds_posted(delivery)
        assert (posted.count("pool_shared"), posted.count("pool_share_reversed")) == (2, 1)
        all_is_well()


def test_a_member_who_was_paid_too_much_is_told_so_without_a_minus(
    order: dict[str, Any], rolled_back: Any
) -> None:
    with rolled_back.app_context():
        delivery = delivered(order["id"], payable=30_000_000, accepted="300")
        told("delivery.accepted", delivery)
        assert finalise_settlements(now=LATER) == 1
        db.session.execute(
            update(Settlement)
            .where(Settlement.delivery_id == delivery, Settlement.purpose == Purpose.POOL_SHARE)
            .values(paid=9_900_000)
        )
        slip(delivery, payable=15_000_000, accepted="150", at=LATER)
        told("delivery.corrected", delivery, now=LATER)
        sent = db.session.execute(
            select(OutboxMessage.topic, OutboxMessage.payload["amount"].as_integer()).where(
                OutboxMessage.topic.in_(("pool.shared", "pool.overpaid"))
            )
        )
        assert Counter(tuple(one) for one in sent) == {
            ("pool.shared", 9_900_000): 3,
            ("pool.overpaid", 4_950_000): 3,
        }


def test_what_a_claim_took_is_not_shared(order: dict[str, Any], rolled_back: Any) -> None:
    with rolled_back.app_context():
        delivery = delivered(order["id"], payable=30_000_000, accepted="300")
        told("delivery.accepted", delivery)
        claim = claimed(delivery, provisional=600_000)
        told("claim.filed", delivery)
        assert finalise_settlements(now=LATER) == 0
        claim_ended(claim, credit=600_000)
        told("claim.answered", delivery)
        assert finalise_settlements(now=LATER) == 1
        assert sum(amount for amount, _ in shares(delivery)) == 29_400_000
        all_is_well()
