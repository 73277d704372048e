"""From slips and claims to what is owed, final and paid."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.accounts.models import Capacity, Organisation, Party
from app.core import clock
from app.core.db import db
from app.core.errors import Invalid, NotFound
from app.core.outbox import OutboxMessage
from app.orders.models import Carrier, Order, OrderStatus
from app.settlement.advance_operations import (
    CommissionRuleKnown,
    confirm_advance,
    record_advance,
    set_commission,
)
from app.settlement.models import (
    Advance,
    AdvanceKind,
    AdvanceNotWaiting,
    Payout,
    PayoutNotWaiting,
    PayoutOver,
    Purpose,
    SettlementStatus,
)
from app.settlement.operations import (
    finalise_settlements,
    settle_message,
    settle_orders,
    tell_overdue,
)
from app.settlement.payout_operations import (
    MoreThanOwed,
    NothingOwed,
    bounce_payout,
    confirm_payout,
    record_payout,
)
from tests.factories import (
    NOW,
    Account,
    Trade,
    a_lot,
    a_membership,
    an_offer,
    an_order,
    lot_body,
    offer_body,
)
from tests.settling import (
    CLAIM_WINDOW,
    balances,
    claim_ended,
    claimed,
    delivered,
    keeps,
    kinds_posted,
    settlement_of,
    slip,
    somebody_of,
    sums_of_entries,
    told,
    unbalanced,
)

LATER = NOW + CLAIM_WINDOW + timedelta(minutes=1)
Run = Callable[[Callable[[], Any]], Any]


@dataclass
class Sale:
    """Who buys from whom, through which cooperative, by which order; `spare` is another."""

    buyer: UUID
    seller: UUID
    cooperative: UUID
    order: UUID
    spare: UUID

    def owed(self) -> dict[str, int]:
        """Balances as `party account`."""
        names = {self.buyer: "buyer", self.seller: "seller", self.cooperative: "cooperative"}
        assert unbalanced() == []
        assert balances() == sums_of_entries()
        return {
            f"{names[party]} {account}": amount for (party, account), amount in balances().items()
        }

    def pay(self, payee: UUID | None = None, amount: int | None = None, *ids: UUID) -> Payout:
        return record_payout(
            party=Party(self.buyer, Capacity.OWN_ACCOUNT, None),
            payee_id=payee or self.seller,
            settlement_ids=ids,
            amount=amount,
            reference="UNC 12",
            recorded_by_id=somebody_of(self.buyer),
            now=LATER,
        )

    def advance(self, amount: int, giver: UUID | None = None, kind: str = "money") -> Advance:
        advance = record_advance(
            giver_id=giver or self.buyer,
            receiver_id=self.seller,
            kind=AdvanceKind(kind),
            amount=amount,
            note=None,
            recorded_by_id=somebody_of(giver or self.buyer),
            now=NOW,
        )
        return confirm_advance(advance=advance, now=NOW)


def sold(trade: Trade, *, through_cooperative: bool = False, to_cooperative: bool = False) -> Sale:
    farm, cooperative = trade.farm(), trade.cooperative()
    buyer = cooperative if to_cooperative else trade.processor()
    a_membership(farm, cooperative, "mandate")
    seller: Account = cooperative if through_cooperative else farm
    named = {"on_behalf_of": farm.organisation_id} if through_cooperative else {}
    lot = seller.made("/lots", lot_body(farm, **named)) if named else a_lot(farm)
    offer = seller.made("/offers", offer_body(lot["id"], **named)) if named else an_offer(farm, lot)
    orders = (an_order(buyer, offer), an_order(buyer, offer, "5"))
    return Sale(
        *(UUID(str(one.organisation_id)) for one in (buyer, farm, cooperative)),
        *(UUID(order["id"]) for order in orders),
    )


@pytest.fixture
def sale(trade: Trade) -> Sale:
    return sold(trade)


@pytest.fixture
def agency(trade: Trade) -> Sale:
    return sold(trade, through_cooperative=True)


def carried_by(sale: Sale, carrier: Carrier, carrier_id: UUID | None = None) -> None:
    order = db.session.get_one(Order, sale.order)
    order.carrier, order.carrier_id = carrier, carrier_id
    db.session.flush()


def made_final(delivery_id: UUID) -> None:
    told("delivery.accepted", delivery_id)
    assert finalise_settlements(now=LATER, most=10) == 1
    assert settlement_of(delivery_id).status == SettlementStatus.FINAL


def test_goods_are_owed_to_the_seller_and_haulage_to_whoever_carried(
    sale: Sale, in_app: Run
) -> None:
    def story() -> None:
        told("delivery.accepted", delivered(sale.order, payable=1_000_000))
        assert sale.owed() == {"buyer payable": -1_000_000, "seller receivable": 1_000_000}
        carried_by(sale, Carrier.SELLER)
        told("delivery.accepted", delivered(sale.order, payable=10, haulage=7))
        assert sale.owed()["seller haulage"] == 7
        carried_by(sale, Carrier.COOPERATIVE, sale.cooperative)
        by_cooperative = delivered(sale.order, payable=10, haulage=8)
        told("delivery.accepted", by_cooperative)
        assert sale.owed()["cooperative haulage"] == 8
        assert settlement_of(by_cooperative, Purpose.HAULAGE).payee_id == sale.cooperative
        carried_by(sale, Carrier.THIRD_PARTY)
        told("delivery.accepted", delivered(sale.order, payable=10, haulage=9))
        assert sale.owed() == {
            "buyer payable": -1_000_054,
            "buyer haulage": 9,
            "seller receivable": 1_000_030,
            "seller haulage": 7,
            "cooperative haulage": 8,
        }

    in_app(story)


def test_a_message_that_comes_twice_or_late_posts_nothing_twice(sale: Sale, in_app: Run) -> None:
    def story() -> None:
        delivery = delivered(sale.order, payable=500_000)
        claim = claimed(delivery, provisional=25_000)
        claim_ended(claim, credit=20_000)
        message = told("claim.answered", delivery)
        assert kinds_posted(delivery) == ["delivery_accepted", "claim_filed", "claim_ended"]
        assert not settle_message(message=message, now=NOW)
        for topic in ("delivery.accepted", "claim.filed", "claim.answered", "claim.answered"):
            told(topic, delivery)
        assert len(kinds_posted(delivery)) == 3
        assert sale.owed() == {"buyer payable": -480_000, "seller receivable": 480_000}

    in_app(story)


def test_a_correction_takes_the_earlier_slip_back_and_posts_the_new_one(
    sale: Sale, in_app: Run
) -> None:
    def story() -> None:
        delivery = delivered(sale.order, payable=500_000)
        told("delivery.accepted", delivery)
        slip(delivery, payable=450_000)
        slip(delivery, payable=470_000)
        told("delivery.corrected", delivery)
        assert kinds_posted(delivery) == [
            "delivery_accepted",
            "slip_reversed",
            "delivery_corrected",
            "slip_reversed",
            "delivery_corrected",
        ]
        assert sale.owed() == {"buyer payable": -470_000, "seller receivable": 470_000}
        assert settlement_of(delivery).outstanding == 470_000

    in_app(story)


def test_a_claim_is_held_in_suspense_and_resolved(sale: Sale, in_app: Run) -> None:
    def story() -> None:
        delivery = delivered(sale.order, payable=500_000)
        claim = claimed(delivery, provisional=25_000)
        told("claim.filed", delivery)
        assert sale.owed() == {
            "buyer payable": -500_000,
            "seller receivable": 475_000,
            "seller claims_in_suspense": 25_000,
        }
        assert (settlement_of(delivery).held, settlement_of(delivery).outstanding) == (
            25_000,
            475_000,
        )
        assert finalise_settlements(now=LATER) == 0, "a claim is under way"
        claim_ended(claim, credit=15_000)
        told("claim.answered", delivery)
        assert sale.owed() == {"buyer payable": -485_000, "seller receivable": 485_000}
        assert finalise_settlements(now=NOW) == 0, "there is still time to claim"
        assert finalise_settlements(now=LATER) == 1
        assert finalise_settlements(now=LATER) == 0

    in_app(story)


def test_an_order_is_settled_when_all_its_deliveries_are_final(sale: Sale, in_app: Run) -> None:
    def story() -> None:
        first = delivered(sale.order, payable=100)
        second = delivered(sale.order, payable=100, at=NOW + timedelta(hours=1))
        told("delivery.accepted", first)
        told("delivery.accepted", second)
        assert settle_orders(now=LATER) == 0
        assert finalise_settlements(now=LATER) == 1
        assert settle_orders(now=LATER) == 0
        assert finalise_settlements(now=LATER + timedelta(hours=1)) == 1
        assert settle_orders(now=LATER) == 1
        assert db.session.get_one(Order, sale.order).status == OrderStatus.SETTLED
        assert settle_orders(now=LATER) == 0

    in_app(story)


def test_advances_are_netted_oldest_first(sale: Sale, in_app: Run) -> None:
    def story() -> None:
        older, newer = sale.advance(300_000), sale.advance(400_000, kind="inputs")
        assert sale.owed() == {
            "buyer advances": 700_000,
            "seller advances": -700_000,
            "buyer bank": -300_000,
            "seller bank": 300_000,
        }
        with pytest.raises(AdvanceNotWaiting):
            confirm_advance(advance=older, now=NOW)
        first = delivered(sale.order, payable=500_000)
        made_final(first)
        db.session.refresh(newer)
        assert (older.netted, newer.netted) == (300_000, 200_000)
        goods = settlement_of(first)
        assert (goods.netted, goods.outstanding) == (500_000, 0)
        with pytest.raises(NothingOwed):
            sale.pay()
        second = delivered(sale.order, payable=500_000)
        made_final(second)
        assert settlement_of(second).outstanding == 300_000
        sale.pay()
        assert sale.owed() == {"buyer bank": -600_000, "seller bank": 600_000}

    in_app(story)


def test_nobody_is_advanced_anything_by_a_stranger(sale: Sale, trade: Trade, in_app: Run) -> None:
    stranger = UUID(str(trade.processor().organisation_id))

    def story() -> None:
        for giver in (stranger, sale.seller):
            with pytest.raises(NotFound):
                sale.advance(1, giver)
        assert balances() == {}
        assert sale.advance(1, sale.cooperative).remaining == 1, "its own member"

    in_app(story)


def test_the_cooperative_keeps_its_commission_and_gets_its_advance_back(
    agency: Sale, in_app: Run
) -> None:
    def story() -> None:
        long_ago = NOW - timedelta(days=400)
        keeps(agency.cooperative, percent=Decimal("50"), at=long_ago)
        own = {"commodity": "green-coffee-robusta", "percent": Decimal("2.5")}
        keeps(agency.cooperative, at=long_ago, **own)
        with pytest.raises(CommissionRuleKnown):
            keeps(agency.cooperative, percent=Decimal(1), at=long_ago)
        agency.advance(100_000, agency.cooperative, "inputs")
        delivery = delivered(agency.order, payable=1_000_020)
        made_final(delivery)
        # 2.5 % of 1,000,020 is 25,000.5, half to even 25,000; 100,000 against the advance.
        assert agency.owed() == {
            "buyer payable": -1_000_020,
            "seller receivable": 875_020,
            "cooperative commission": 25_000,
            "cooperative receivable": 100_000,
        }
        assert settlement_of(delivery).outstanding == 875_020
        payout = agency.pay(agency.cooperative)
        assert payout.amount == 125_000
        assert agency.pay().amount == 875_020
        assert {key: one for key, one in agency.owed().items() if "bank" not in key} == {}

    in_app(story)


def test_a_cooperative_that_buys_from_its_member_owes_itself_nothing(
    trade: Trade, in_app: Run
) -> None:
    sale = sold(trade, through_cooperative=True, to_cooperative=True)
    assert sale.buyer == sale.cooperative

    def story() -> None:
        keeps(sale.cooperative, percent=Decimal(5))
        sale.advance(1_000)
        carried_by(sale, Carrier.COOPERATIVE)
        made_final(delivered(sale.order, payable=10_000, haulage=500))
        assert sale.owed() == {
            "cooperative payable": -9_500,
            "cooperative haulage": 500,
            "cooperative bank": -1_000,
            "seller receivable": 9_000,
            "seller bank": 1_000,
        }

    in_app(story)


def test_a_correction_of_what_is_final_corrects_the_commission_too(
    agency: Sale, in_app: Run
) -> None:
    def story() -> None:
        keeps(agency.cooperative, per_unit=Decimal("100.00"))
        delivery = delivered(agency.order, payable=1_000_000, accepted="10.000")
        made_final(delivery)
        agency.pay()
        slip(delivery, payable=800_000, accepted="8.000")
        told("delivery.corrected", delivery, now=LATER)
        assert settlement_of(delivery).commission == 800
        assert settlement_of(delivery).outstanding == 799_200 - 999_000
        with pytest.raises(NothingOwed):
            agency.pay()
        another = delivered(agency.order, payable=1_000_000, accepted="10.000")
        made_final(another)
        assert agency.pay().amount == 999_000 - 199_800
        assert settlement_of(delivery).outstanding == settlement_of(another).outstanding == 0
        told("delivery.corrected", delivery, now=LATER)
        assert kinds_posted(delivery).count("commission_due") == 2
        left = {key: one for key, one in agency.owed().items() if "bank" not in key}
        assert left == {"buyer payable": -1_800, "cooperative commission": 1_800}

    in_app(story)


@pytest.mark.parametrize("asked", ["on another day", "on the same day"])
def test_a_rule_stated_afterwards_never_takes_what_was_final(
    agency: Sale, in_app: Run, asked: str
) -> None:
    def story() -> None:
        stated = NOW if asked == "on the same day" else LATER
        morning = clock.start_of_day(clock.local_date(NOW))
        delivery = delivered(agency.order, payable=1_000_000, accepted="10.000", at=morning)
        made_final(delivery)
        assert agency.pay().amount == 1_000_000
        keeps(agency.cooperative, percent=Decimal(100), at=stated)
        with pytest.raises(Invalid):
            set_commission(
                cooperative=db.session.get_one(Organisation, agency.cooperative),
                commodity=None,
                percent=Decimal(100),
                per_unit=None,
                valid_from=clock.local_date(morning) - timedelta(days=1),
                now=stated,
            )
        slip(delivery, payable=999_900, accepted="9.999")
        told("delivery.corrected", delivery, now=LATER)
        assert settlement_of(delivery).commission == 0
        assert settlement_of(delivery).outstanding == -100

    in_app(story)


def test_no_more_is_paid_than_is_owed_and_a_bounced_payout_is_owed_again(
    sale: Sale, in_app: Run
) -> None:
    def story() -> None:
        first, second = delivered(sale.order, payable=600), delivered(sale.order, payable=400)
        told("delivery.accepted", first)
        with pytest.raises(NothingOwed):
            sale.pay()
        told("delivery.accepted", second)
        assert finalise_settlements(now=LATER, most=10) == 2
        with pytest.raises(MoreThanOwed) as refused:
            sale.pay(None, 1_001)
        assert "1.000" in refused.value.detail("vi")
        payout = sale.pay(None, 700)
        assert [share.amount for share in payout.shares] == [600, 100]
        with pytest.raises(MoreThanOwed):
            sale.pay(None, 301)
        with pytest.raises(NothingOwed):
            sale.pay(None, None, settlement_of(first).id)
        confirm_payout(payout=payout, now=LATER)
        with pytest.raises(PayoutNotWaiting):
            confirm_payout(payout=payout, now=LATER)
        with pytest.raises(PayoutOver):
            bounce_payout(payout=payout, by_payer=False, reason="sai số", now=LATER)
        bounce_payout(payout=payout, by_payer=True, reason="sai số tài khoản", now=LATER)
        with pytest.raises(PayoutOver):
            bounce_payout(payout=payout, by_payer=True, reason="lại", now=LATER)
        assert sale.owed() == {"buyer payable": -1_000, "seller receivable": 1_000}
        assert sale.pay(None, None, settlement_of(second).id).amount == 400
        assert sale.pay().amount == 600
        with pytest.raises(NotFound):
            sale.pay(sale.cooperative)
        with pytest.raises(NotFound):
            sale.pay(None, 1, sale.order)

    in_app(story)


def test_what_is_overdue_is_told_once(sale: Sale, in_app: Run) -> None:
    def story() -> None:
        delivery = delivered(sale.order, payable=600)
        made_final(delivery)
        day_due = NOW + timedelta(days=7)
        assert tell_overdue(now=day_due) == 0
        assert tell_overdue(now=day_due + timedelta(days=1)) == 1
        assert tell_overdue(now=day_due + timedelta(days=2)) == 0
        messages = db.session.scalars(
            select(OutboxMessage).where(OutboxMessage.topic == "payment.overdue")
        ).all()
        assert [set(one.concerns) for one in messages] == [{sale.buyer, sale.seller}]
        paid = delivered(sale.order, payable=600)
        made_final(paid)
        sale.pay()
        assert tell_overdue(now=day_due + timedelta(days=9)) == 0

    in_app(story)
