"""Measuring a cleared round once: who gained what, and what simple rules had made of its book."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, cast, delete, func, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert

from app.analytics.gains import Held, told_of
from app.analytics.models import MonthGain, RoundFigures, RoundGain
from app.clearing.engine.certificate import WELFARE_SCALE
from app.clearing.engine.pairs import gainful_pairs
from app.clearing.greedy import RULES, welfare_of_rules
from app.clearing.models import Match, Round, RoundStatus
from app.clearing.snapshot import book_of
from app.core import clock
from app.core.db import db


def round_to_measure() -> tuple[UUID, Mapping[str, Any]] | None:
    """A cleared round that nobody has measured yet, the oldest first, and its book."""
    found = db.session.execute(
        select(Round.id, Round.snapshot)
        .where(
            Round.status == RoundStatus.CLEARED,
            ~select(RoundFigures.round_id).where(RoundFigures.round_id == Round.id).exists(),
        )
        .order_by(Round.id)
        .limit(1)
    ).one_or_none()
    return (found.id, found.snapshot) if found else None


def rules_on(snapshot: Mapping[str, Any]) -> dict[str, int]:
    """The welfare of each greedy rule on a book, whole VND. It needs no database.

    Rules know neither minimum lots nor a greatest number of suppliers, so they may do better here
    than they could in truth.
    """
    book = book_of(snapshot)
    pairs = gainful_pairs(book)
    if not len(pairs.offer):
        return dict.fromkeys(RULES, 0)
    reached = welfare_of_rules(book, pairs)
    return {rule: round(Decimal(welfare) / WELFARE_SCALE) for rule, welfare in reached.items()}


def record_round(
    *, round_id: UUID, snapshot: Mapping[str, Any], rules: Mapping[str, int], now: datetime
) -> bool:
    """Keep what a round's parties gained beyond their limits; False if it was kept before."""
    cleared = db.session.get_one(Round, round_id)
    at = cleared.cleared_at or now
    first = db.session.scalar(
        insert(RoundFigures)
        .values(
            round_id=round_id,
            market_code=cleared.market_code,
            cleared_at=at,
            welfare=cleared.welfare,
            rules=dict(rules),
        )
        .on_conflict_do_nothing()
        .returning(RoundFigures.round_id)
    )
    if first is None:
        return False
    month = clock.local_date(at).replace(day=1)
    gains = [
        {"round_id": round_id, "market_code": cleared.market_code, "month": month, **one}
        for one in _gains(round_id, snapshot)
    ]
    if gains:
        db.session.execute(plain_insert(RoundGain), gains)
    tell_month(month, cleared.market_code)
    return True


def tell_month(month: date, market: str) -> None:
    """Put together what the rounds of a month of a market created, and for whom."""
    day = cast(func.timezone(clock.LOCAL.key, RoundFigures.cleared_at), Date)
    measured = db.session.scalars(
        select(RoundFigures).where(
            RoundFigures.market_code == market,
            RoundFigures.cleared_at >= clock.start_of_day(month),
            cast(func.date_trunc("month", day), Date) == month,
        )
    ).all()
    rules: dict[str, int] = defaultdict(int)
    for one in measured:
        for rule, reached in one.rules.items():
            rules[rule] += reached
    created = {"welfare": int(sum(one.welfare for one in measured)), "rules": rules}
    held: dict[UUID, list[Held]] = defaultdict(list)
    mine = (RoundGain.month == month) & (RoundGain.market_code == market)
    for gain in db.session.scalars(select(RoundGain).where(mine)):
        held[gain.round_id].append(
            Held(gain.side, gain.smallholder, gain.organisation_id, gain.quantity, gain.gain)
        )
    figures = {"rounds": len(measured), "told": told_of(created, held)}
    db.session.execute(
        insert(MonthGain)
        .values(month=month, market_code=market, **figures)
        .on_conflict_do_update(index_elements=["month", "market_code"], set_=figures)
    )


def tell_months() -> None:
    """Put together the months of markets that have not been yet."""
    for one in db.session.scalars(select(MonthGain).where(MonthGain.told.is_(None))).all():
        tell_month(one.month, one.market_code)


def forget_months() -> None:
    """Note every month in which a round was measured as not put together yet."""
    day = cast(func.timezone(clock.LOCAL.key, RoundFigures.cleared_at), Date)
    month = cast(func.date_trunc("month", day), Date)
    db.session.execute(delete(MonthGain))
    db.session.execute(
        insert(MonthGain).from_select(
            ["month", "market_code", "rounds"],
            select(month, RoundFigures.market_code, func.count()).group_by(
                month, RoundFigures.market_code
            ),
        )
    )


def _gains(round_id: UUID, snapshot: Mapping[str, Any]) -> list[dict[str, Any]]:
    offers = {row["offer_id"]: row for row in snapshot["offers"]}
    demands = {row["demand_id"]: row for row in snapshot["demands"]}
    held: dict[tuple[str, UUID], list[Any]] = defaultdict(lambda: [Decimal(0), Decimal(0), False])
    for match in db.session.scalars(select(Match).where(Match.round_id == round_id)):
        offer, demand = offers[str(match.offer_id)], demands[str(match.demand_id)]
        seller = held["seller", match.organisation_id]
        seller[0] += match.quantity
        seller[1] += match.quantity * (match.seller_price - Decimal(str(offer["ask_price"])))
        seller[2] = bool(offer.get("smallholder"))
        buyer = held["buyer", match.buyer_id]
        buyer[0] += match.quantity
        buyer[1] += match.quantity * (Decimal(str(demand["bid_price"])) - match.buyer_price)
    return [
        {
            "side": side,
            "organisation_id": party,
            "quantity": quantity,
            "gain": max(gain, Decimal(0)),
            "smallholder": smallholder,
        }
        for (side, party), (quantity, gain, smallholder) in sorted(held.items())
    ]
