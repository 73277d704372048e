"""One buyer, one seller, its cooperative, two orders, and whatever happens between them.

A story makes the moves of the trade themselves; messages about them come late, twice or not in
order. What has to come out is kept beside it in plain numbers.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Capacity, Organisation, Party, Person
from app.core.db import db
from app.core.errors import NotFound, Problem
from app.core.outbox import OutboxMessage
from app.deliveries import claim_operations, operations, receipt_operations
from app.deliveries.models import Claim, ClaimStatus, Delivery, DeliveryStatus
from app.deliveries.queries import get_claim, get_delivery
from app.orders.models import Order, OrderStatus
from app.orders.operations import OrderNotCancellable, cancel_order
from app.orders.queries import get_order
from app.settlement.advance_operations import confirm_advance, record_advance
from app.settlement.models import (
    AdvanceKind,
    Payout,
    PayoutStatus,
    Settlement,
    SettlementStatus,
)
from app.settlement.operations import HEARD, finalise_settlements, settle_message
from app.settlement.payout_operations import (
    MoreThanOwed,
    NothingOwed,
    bounce_payout,
    confirm_payout,
    record_payout,
)
from app.settlement.queries import get_payout
from tests.domain.test_settlement import Sale
from tests.factories import NOW
from tests.settling import CLAIM_WINDOW, somebody_of

PRICE, CARRIAGE = 100_000, 30_001
ORDERED = {"order": 10, "spare": 5}
RULES = [
    {
        "kind": "per_point",
        "attribute": "moisture",
        "reference": "12.0",
        "above": "-1.5",
        "below": "0.75",
        "cap": "4",
    },
    {"kind": "water_deduction", "attribute": "surface_water"},
]
# How often each move is drawn.
MOVES = {
    "deliver": 2,
    "plan": 2,
    "call_off": 2,
    "cancel": 1,
    "correct": 3,
    "claim": 2,
    "end_claim": 2,
    "hear": 2,
    "time_passes": 3,
    "advance": 3,
    "pay": 1,
    "pay_all": 2,
    "confirm": 2,
    "bounce": 2,
}


@dataclass(frozen=True)
class Load:
    """What was found in a delivery: what was accepted and rejected, in kg, and measured."""

    accepted: Decimal
    rejected: Decimal
    moisture: Decimal
    water: Decimal
    ordered: int

    @property
    def parts(self) -> list[dict[str, Any]]:
        """The parts of its inspection, as a body has them."""
        shared = {"accepted_quantity": None, "grade": None, "reason": None}
        good = shared | {"net": self.accepted, "result": "accepted"}
        bad = shared | {"net": self.rejected, "result": "rejected", "reason": "Mốc"}
        good["qualities"] = {"moisture": f"{self.moisture}"}
        return [one for one in (good, bad | {"qualities": {}}) if one["net"]]

    @property
    def payable(self) -> int:
        """Accepted × price ± adjustments in whole dong; `round` is half to even."""
        worth = Fraction(self.accepted) * PRICE
        points = Fraction(self.moisture) - 12
        percent = points * (Fraction("-1.5") if points > 0 else Fraction("-0.75"))
        moved = round(worth * max(-4, min(4, percent)) / 100)
        return max(0, round(worth) + moved - round(worth * Fraction(self.water) / 100))

    @property
    def haulage(self) -> int:
        return round(CARRIAGE * Fraction(self.accepted) / self.ordered)


@dataclass
class Story:
    """A story as it goes: what was done, and what has to come out."""

    sale: Sale
    now: datetime = NOW
    loads: dict[UUID, Load] = field(default_factory=dict)
    sent: int = 0
    done: Counter[str] = field(default_factory=Counter)

    def play(self, step: tuple[str, int, int]) -> None:
        name, amount, number = step
        self.done[name] += getattr(self, name)(amount, number) is not False

    def deliver(self, amount: int, number: int) -> bool:
        """A load of one of the orders, from the plan to its acceptance."""
        planned = self.plan(amount, number)
        if not isinstance(planned, Delivery):
            return False
        load = self.found(planned.scheduled_quantity, amount, number, self.ordered(planned))
        delivery = self.delivery(planned.id)
        operations.despatch_delivery(
            delivery=delivery,
            quantity=planned.scheduled_quantity,
            unit="kg",
            shortfall=None,
            shortfall_reason=None,
            lot_id=None,
            substitution_reason=None,
            by=self.person(self.sale.seller),
            now=self.now,
        )
        self.weigh(delivery, load, again=False)
        by = self.person(self.sale.buyer)
        receipt_operations.inspect_delivery(
            delivery=delivery,
            parts=load.parts,
            inspector="Ka Brếp",
            neutral=False,
            correction_reason=None,
            by=by,
            now=self.now,
        )
        receipt_operations.accept_delivery(delivery=delivery, by=by, now=self.now)
        self.loads[delivery.id] = load
        return True

    def plan(self, amount: int, number: int) -> Delivery | bool:
        """Up to 4 kg, where so much is outstanding."""
        order_id = self.sale.spare if number == 6 else self.sale.order
        return self.tried(
            lambda: operations.schedule_delivery(
                order=get_order(order_id, seen=Order.id == order_id, lock=True),
                line_id=None,
                quantity=Decimal(amount % 4000 + 1) / 1000,
                scheduled_for=None,
                neutral_inspection=False,
                now=self.now,
            )
        )

    def call_off(self, amount: int, number: int) -> bool:
        """A planned load does not leave after all."""
        waiting = self.ids(Delivery.status == DeliveryStatus.SCHEDULED)
        for one in waiting[:1]:
            operations.cancel_delivery(delivery=self.delivery(one), now=self.now)
        return bool(waiting)

    def cancel(self, amount: int, number: int) -> bool:
        """An order is called off, unless something of it has left."""
        order_id = self.sale.order if number == 7 else self.sale.spare
        order = get_order(order_id, seen=Order.id == order_id, lock=True)
        try:
            cancel_order(order=order, now=self.now)
        except OrderNotCancellable:
            gone = (Delivery.order_id == order_id) & Delivery.despatched_at.is_not(None)
            assert self.ids(gone) or order.status == OrderStatus.CANCELLED
            return False
        return True

    def correct(self, amount: int, number: int) -> bool:
        """The scale was wrong, half the time by too little: weighed and inspected anew."""
        if not self.loads:
            return False
        delivery_id = list(self.loads)[number % len(self.loads)]
        before = self.loads[delivery_id]
        least = before.accepted + before.rejected if number % 2 else Decimal(0)
        quantity = least + Decimal(amount % 4000 + 1) / 1000
        load = self.found(quantity, amount // 7, number, before.ordered)
        weighed = self.tried(lambda: self.weigh(self.delivery(delivery_id), load, again=True))
        if weighed is False:
            return False
        self.loads[delivery_id] = load
        return True

    def claim(self, amount: int, number: int) -> bool:
        if not self.loads:
            return False
        delivery_id = list(self.loads)[number % len(self.loads)]
        filed = self.tried(
            lambda: claim_operations.file_claim(
                delivery=self.delivery(delivery_id),
                share=Decimal(amount % 100_000 + 1) / 100_000,
                quantity=None,
                reason="Lẫn đá",
                photo=None,
                now=self.now,
            )
        )
        return filed is not False

    def end_claim(self, amount: int, number: int) -> bool:
        """Granted, granted in part, refused, withdrawn or decided."""
        waiting = list(db.session.scalars(select(Claim.id).where(Claim.ended_at.is_(None))))
        if not waiting:
            return False
        claim = get_claim(waiting[0], seen=Claim.id == waiting[0], lock=True)
        share = amount % (claim.provisional_credit + 1)
        said: dict[str, Any] = {"claim": claim, "now": self.now}
        if claim.status == ClaimStatus.ESCALATED:
            by = db.session.get_one(Organisation, self.sale.cooperative)
            claim_operations.decide_claim(by=by, credit=share, text="Đã xem", **said)
        elif claim.status == ClaimStatus.REFUSED:
            self.tried(lambda: claim_operations.escalate_claim(**said))
        elif number == 0:
            claim_operations.withdraw_claim(**said)
        else:
            results = (ClaimStatus.GRANTED, ClaimStatus.PARTLY_GRANTED, ClaimStatus.REFUSED)
            result = results[number % 3]
            credit = share if result == ClaimStatus.PARTLY_GRANTED else None
            self.tried(
                lambda: claim_operations.answer_claim(
                    result=result, credit=credit, text=None, **said
                )
            )
        return True

    def hear(self, amount: int, number: int) -> bool:
        """A message comes, perhaps long after what it tells of, perhaps once more."""
        known = self.messages()
        if known:
            settle_message(message=known[amount % len(known)], now=self.now)
        return bool(known)

    def time_passes(self, amount: int, number: int) -> None:
        self.now += CLAIM_WINDOW + timedelta(minutes=1)
        if number % 2:
            claim_operations.time_out_claims(now=self.now)
        finalise_settlements(now=self.now, most=1 + number)

    def advance(self, amount: int, number: int) -> None:
        giver = self.sale.cooperative if number % 2 else self.sale.buyer
        advance = record_advance(
            giver_id=giver,
            receiver_id=self.sale.seller,
            kind=AdvanceKind.MONEY if number % 3 else AdvanceKind.INPUTS,
            amount=amount % 500_000 + 1,
            note=None,
            recorded_by_id=somebody_of(giver),
            now=self.now,
        )
        if number != 7:
            confirm_advance(advance=advance, now=self.now + timedelta(minutes=number))

    def pay(self, amount: int, number: int) -> bool:
        return self.send(amount % 500_000 + 1, self.payee(number))

    def pay_all(self, amount: int, number: int) -> bool:
        return self.send(None, self.payee(number))

    def send(self, amount: int | None, payee: UUID) -> bool:
        """Never more than is owed, and less is owed by just so much."""
        owed = self.outstanding(payee)
        try:
            payout = record_payout(
                party=Party(self.sale.buyer, Capacity.OWN_ACCOUNT, None),
                payee_id=payee,
                settlement_ids=[],
                amount=amount,
                reference=None,
                recorded_by_id=somebody_of(self.sale.buyer),
                now=self.now,
            )
        except NothingOwed:
            assert owed <= 0
        except MoreThanOwed:
            assert amount is not None
            assert amount > owed
        except NotFound:
            assert owed == 0
        else:
            assert payout.amount == (owed if amount is None else amount) <= owed
            assert self.outstanding(payee) == owed - payout.amount
            self.sent += payout.amount
            return True
        return False

    def confirm(self, amount: int, number: int) -> bool:
        payout = self.payout(number, PayoutStatus.RECORDED)
        if payout is not None:
            confirm_payout(payout=payout, now=self.now)
        return payout is not None

    def bounce(self, amount: int, number: int) -> bool:
        payout = self.payout(number, PayoutStatus.RECORDED, PayoutStatus.CONFIRMED)
        if payout is not None:
            bounce_payout(payout=payout, by_payer=True, reason="sai tài khoản", now=self.now)
            self.sent -= payout.amount
        return payout is not None

    def hear_everything(self) -> None:
        """Every message arrives at last, in any order."""
        known = self.messages()
        for message in random.Random(1).sample(known, len(known)):
            settle_message(message=message, now=self.now)
        about = select(OutboxMessage).where(OutboxMessage.topic == "order.cancelled")
        for message in db.session.scalars(about):
            operations.follow_order(message=message, now=self.now)

    def weigh(self, delivery: Delivery, load: Load, *, again: bool) -> Delivery:
        gross = load.accepted + load.rejected + Decimal("1.5")
        return receipt_operations.weigh_delivery(
            delivery=delivery,
            tickets=[{"gross": gross, "tare": Decimal("1.5")}],
            unit=None,
            surface_water=load.water,
            correction_reason="Cân lệch" if again else None,
            parts=load.parts if again else None,
            by=self.person(self.sale.buyer),
            now=self.now,
        )

    @staticmethod
    def found(quantity: Decimal, amount: int, number: int, ordered: int) -> Load:
        """Nothing, a half or all of a load is rejected."""
        rejected = {5: quantity, 2: (quantity / 2).quantize(Decimal("0.001"))}.get(number, 0)
        return Load(
            accepted=quantity - rejected,
            rejected=Decimal(rejected),
            moisture=Decimal(amount % 70 + 80) / 10,
            water=Decimal(amount % 4321) / 1000,
            ordered=ordered,
        )

    @staticmethod
    def tried(call: Callable[[], Any]) -> Any:
        """What a move gives; False where it was refused, which leaves nothing behind."""
        try:
            with db.session.begin_nested():
                return call()
        except Problem:
            db.session.expire_all()
            return False

    def ordered(self, delivery: Delivery) -> int:
        return ORDERED["order" if delivery.order_id == self.sale.order else "spare"]

    @staticmethod
    def ids(condition: Any) -> list[UUID]:
        return list(db.session.scalars(select(Delivery.id).where(condition).order_by(Delivery.id)))

    @staticmethod
    def delivery(delivery_id: UUID) -> Delivery:
        return get_delivery(delivery_id, seen=Delivery.id == delivery_id, lock=True)

    @staticmethod
    def person(organisation_id: UUID) -> Person:
        """Somebody who acts for an organisation."""
        return db.session.get_one(Person, somebody_of(organisation_id))

    @staticmethod
    def messages() -> list[OutboxMessage]:
        heard = select(OutboxMessage).where(OutboxMessage.topic.in_(HEARD))
        return list(db.session.scalars(heard.order_by(OutboxMessage.id)))

    def payee(self, number: int) -> UUID:
        return self.sale.cooperative if number % 4 == 0 else self.sale.seller

    @staticmethod
    def payout(number: int, *statuses: PayoutStatus) -> Payout | None:
        known = db.session.scalars(
            select(Payout.id).where(Payout.status.in_(statuses)).order_by(Payout.id)
        ).all()
        if not known:
            return None
        return get_payout(known[number % len(known)], seen=Payout.id == Payout.id, lock=True)

    @staticmethod
    def outstanding(payee: UUID) -> int:
        """What the buyer may pay out to somebody now."""
        due = db.session.scalars(
            select(Settlement).where(
                Settlement.payee_id == payee,
                Settlement.status == SettlementStatus.FINAL,
            )
        )
        return sum(one.outstanding for one in due)
