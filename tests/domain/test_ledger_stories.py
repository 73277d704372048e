"""Whatever happens in whatever order, the books are right.

Each story is a sequence of deliveries, corrections, claims, cancellations, advances, payouts and
bounces of one buyer and one seller, with messages that come late, twice or not in order. The
expectation is kept beside it in plain numbers.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from app.accounts.models import Capacity, Organisation, Party
from app.core.db import db
from app.core.errors import NotFound
from app.orders.models import Carrier, Order
from app.settlement.advance_operations import confirm_advance, record_advance, set_commission
from app.settlement.models import (
    Account,
    AdvanceKind,
    Event,
    LedgerTransaction,
    Payout,
    PayoutStatus,
    Purpose,
    Settlement,
    SettlementStatus,
)
from app.settlement.operations import finalise_settlements
from app.settlement.payout_operations import (
    MoreThanOwed,
    NothingOwed,
    bounce_payout,
    confirm_payout,
    record_payout,
)
from app.settlement.queries import get_payout
from app.settlement.statements import balance_of
from tests.domain.test_settlement import LATER, Sale, sold
from tests.factories import NOW, Trade
from tests.settling import (
    balances,
    claim_ended,
    claimed,
    delivered,
    slip,
    somebody_of,
    sums_of_entries,
    told,
    unbalanced,
)

AMOUNTS = st.integers(0, 5_000_000)
NUMBERS = st.integers(0, 7)
STEPS = st.one_of(
    st.tuples(st.just("deliver"), AMOUNTS, NUMBERS),
    st.tuples(st.just("correct"), AMOUNTS, NUMBERS),
    st.tuples(st.just("claim"), AMOUNTS, NUMBERS),
    st.tuples(st.just("end_claim"), AMOUNTS, NUMBERS),
    st.tuples(st.just("hear"), AMOUNTS, NUMBERS),
    st.tuples(st.just("finalise"), AMOUNTS, NUMBERS),
    st.tuples(st.just("advance"), AMOUNTS, NUMBERS),
    st.tuples(st.just("pay"), AMOUNTS, NUMBERS),
    st.tuples(st.just("pay_all"), AMOUNTS, NUMBERS),
    st.tuples(st.just("confirm"), AMOUNTS, NUMBERS),
    st.tuples(st.just("bounce"), AMOUNTS, NUMBERS),
)
STORIES = st.lists(STEPS, min_size=10, max_size=28).map(
    lambda steps: [("deliver", 4_000_001, 1), *steps]
)


@dataclass
class Told:
    """A story as it goes: what has to come out, in plain numbers."""

    sale: Sale
    slips: dict[UUID, list[tuple[int, int]]] = field(default_factory=dict)
    open_claims: dict[UUID, tuple[UUID, int]] = field(default_factory=dict)
    credits: dict[UUID, int] = field(default_factory=dict)
    sent: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def play(self, step: tuple[str, int, int]) -> None:
        name, amount, number = step
        getattr(self, name)(amount, number)

    def chosen(self, number: int) -> UUID | None:
        known = list(self.slips)
        return known[number % len(known)] if known else None

    def deliver(self, amount: int, number: int) -> None:
        haulage = amount // 10 if number % 2 else 0
        delivery = delivered(self.sale.order, payable=amount, haulage=haulage)
        self.slips[delivery] = [(amount, haulage)]
        if number % 3:
            told("delivery.accepted", delivery)

    def correct(self, amount: int, number: int) -> None:
        delivery = self.chosen(number)
        if delivery is not None:
            haulage = amount // 20
            slip(delivery, payable=amount, haulage=haulage)
            self.slips[delivery].append((amount, haulage))

    def claim(self, amount: int, number: int) -> None:
        delivery = self.chosen(number)
        if delivery is None or delivery in self.open_claims or self.is_final(delivery):
            return
        provisional = min(amount, self.slips[delivery][-1][0])
        self.open_claims[delivery] = (claimed(delivery, provisional=provisional), provisional)

    def end_claim(self, amount: int, number: int) -> None:
        if self.open_claims:
            delivery = list(self.open_claims)[number % len(self.open_claims)]
            claim, provisional = self.open_claims.pop(delivery)
            credit = min(amount, provisional)
            claim_ended(claim, credit=credit)
            self.credits[delivery] = self.credits.get(delivery, 0) + credit

    def hear(self, amount: int, number: int) -> None:
        topics = ("delivery.corrected", "claim.filed", "claim.answered", "delivery.accepted")
        delivery = self.chosen(number)
        if delivery is not None:
            told(topics[amount % len(topics)], delivery)

    def finalise(self, amount: int, number: int) -> None:
        finalise_settlements(now=LATER, most=1 + number)

    def advance(self, amount: int, number: int) -> None:
        giver = self.sale.cooperative if number % 2 else self.sale.buyer
        advance = record_advance(
            giver_id=giver,
            receiver_id=self.sale.seller,
            kind=AdvanceKind.MONEY if number % 3 else AdvanceKind.INPUTS,
            amount=amount + 1,
            note=None,
            recorded_by_id=somebody_of(giver),
            now=NOW,
        )
        if number != 7:
            confirm_advance(advance=advance, now=NOW + timedelta(minutes=number))

    def pay(self, amount: int, number: int) -> None:
        self.send(amount + 1, self.payee(number))

    def pay_all(self, amount: int, number: int) -> None:
        self.send(None, self.payee(number))

    def send(self, amount: int | None, payee: UUID) -> None:
        owed = self.outstanding(payee)
        try:
            payout = record_payout(
                party=Party(self.sale.buyer, Capacity.OWN_ACCOUNT, None),
                payee_id=payee,
                settlement_ids=[],
                amount=amount,
                reference=None,
                recorded_by_id=somebody_of(self.sale.buyer),
                now=LATER,
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

    def confirm(self, amount: int, number: int) -> None:
        payout = self.payout(number, PayoutStatus.RECORDED)
        if payout is not None:
            confirm_payout(payout=payout, now=LATER)

    def bounce(self, amount: int, number: int) -> None:
        payout = self.payout(number, PayoutStatus.RECORDED, PayoutStatus.CONFIRMED)
        if payout is not None:
            bounce_payout(payout=payout, by_payer=True, reason="sai tài khoản", now=LATER)
            self.sent -= payout.amount

    def payee(self, number: int) -> UUID:
        return self.sale.cooperative if number % 4 == 0 else self.sale.seller

    def payout(self, number: int, *statuses: PayoutStatus) -> Payout | None:
        known = db.session.scalars(
            select(Payout.id).where(Payout.status.in_(statuses)).order_by(Payout.id)
        ).all()
        if not known:
            return None
        return get_payout(known[number % len(known)], seen=Payout.id == Payout.id, lock=True)

    def is_final(self, delivery: UUID) -> bool:
        return bool(
            db.session.scalar(
                select(Settlement.id).where(
                    Settlement.delivery_id == delivery,
                    Settlement.status == SettlementStatus.FINAL,
                )
            )
        )

    def outstanding(self, payee: UUID) -> int:
        """What the buyer may pay out to somebody now."""
        due = db.session.scalars(
            select(Settlement).where(
                Settlement.payee_id == payee,
                Settlement.status == SettlementStatus.FINAL,
            )
        )
        return sum(one.outstanding for one in due)

    def check(self) -> None:
        """All that has to hold at the end, when every message has arrived."""
        for delivery in random.Random(1).sample(list(self.slips), len(self.slips)):
            told("delivery.accepted", delivery)
        assert unbalanced() == []
        kept = balances()
        assert kept == sums_of_entries()
        assert sum(kept.values()) == 0
        payable = sum(history[-1][0] + history[-1][1] for history in self.slips.values())
        netted = (
            -sum(one.netted for one in db.session.scalars(select(Settlement)))
            + self.passed_on_advances()
        )
        owed = kept.get((self.sale.buyer, Account.PAYABLE), 0)
        assert -owed == payable - sum(self.credits.values()) - self.sent + netted
        self.check_parties(kept)
        sources = select(
            LedgerTransaction.source_kind, LedgerTransaction.source_id, LedgerTransaction.number
        )
        posted = [tuple(row) for row in db.session.execute(sources)]
        assert len(posted) == len(set(posted))
        self.kinds.update(db.session.scalars(select(LedgerTransaction.kind)))

    def passed_on_advances(self) -> int:
        """What was netted against the cooperative's advances, which the buyer owes it instead."""
        return sum(
            one.amount
            for one in db.session.scalars(
                select(Settlement).where(Settlement.purpose == Purpose.ADVANCE)
            )
        )

    def check_parties(self, kept: dict[tuple[UUID, str], int]) -> None:
        """What each payee is owed by the settlements is what its accounts say."""
        held = sum(provisional for _, provisional in self.open_claims.values())
        assert kept.get((self.sale.seller, Account.CLAIMS_IN_SUSPENSE), 0) == held
        for payee in (self.sale.seller, self.sale.cooperative):
            rows = db.session.scalars(select(Settlement).where(Settlement.payee_id == payee))
            by_settlements = sum(one.outstanding for one in rows)
            by_accounts = sum(
                kept.get((payee, account), 0)
                for account in (Account.RECEIVABLE, Account.HAULAGE, Account.COMMISSION)
            )
            assert by_settlements == by_accounts
        over_all = {
            party: balance_of({a: amount for (one, a), amount in kept.items() if one == party})
            for party in {one for one, _ in kept}
        }
        banked = {party: kept.get((party, Account.BANK), 0) for party in over_all}
        assert sum(over_all.values()) == -sum(banked.values()) == 0


@pytest.fixture
def stage(rolled_back: Flask) -> Iterator[Callable[[Any], Told]]:
    """Plays a story to its end and takes it back, so that each begins with clean books."""
    sale = sold(Trade(rolled_back), through_cooperative=True)

    def play(story: list[tuple[str, int, int]]) -> Told:
        with rolled_back.app_context():
            prepare(sale)
            told_story = Told(sale)
            for step in story:
                told_story.play(step)
            told_story.check()
            db.session.rollback()
            assert db.session.scalar(select(func.count()).select_from(LedgerTransaction)) == 0
            return told_story

    return play


def prepare(sale: Sale) -> None:
    """The seller carries; its cooperative keeps 2.5 %."""
    db.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    db.session.get_one(Order, sale.order).carrier = Carrier.SELLER
    set_commission(
        cooperative=db.session.get_one(Organisation, sale.cooperative),
        commodity=None,
        percent=Decimal("2.5"),
        per_unit=None,
        valid_from=NOW.date() - timedelta(days=9),
        now=NOW,
    )
    db.session.flush()
    db.session.expire_all()


def tell(stage: Callable[[Any], Told], stories: int, *, alike: bool) -> Counter[str]:
    """So many stories, the same each time or not; what was posted in all of them."""
    posted: Counter[str] = Counter()

    @settings(
        max_examples=stories,
        deadline=None,
        database=None,
        derandomize=alike,
        suppress_health_check=list(HealthCheck),
    )
    @given(STORIES)
    def all_is_well(story: list[tuple[str, int, int]]) -> None:
        posted.update(stage(story).kinds)

    all_is_well()
    return posted


# These stories sell what is one farm's own; tests/journeys and tests/api have the pools.
OF_POOLS = {Event.POOL_SHARED, Event.POOL_SHARE_REVERSED}


def test_the_books_are_right_whatever_happens(stage: Callable[[Any], Told]) -> None:
    posted = tell(stage, 50, alike=True)
    assert set(posted) == set(Event) - OF_POOLS
    assert posted.total() > 400


@pytest.mark.slow
def test_the_books_are_right_over_hundreds_of_stories(stage: Callable[[Any], Told]) -> None:
    posted = tell(stage, 500, alike=False)
    assert set(posted) == set(Event) - OF_POOLS
    assert posted.total() > 4_000
