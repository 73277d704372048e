"""Measuring a cleared round once: who gained what, and what simple rules had made of its book."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert as plain_insert
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.analytics.models import RoundFigures, RoundGain
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
    return True


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
