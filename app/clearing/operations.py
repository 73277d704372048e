"""Rounds: opened when due, closed with a frozen book, settled all or nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.catalogue.models import Market
from app.catalogue.queries import find_market, get_market
from app.catalogue.schedule import Schedule, next_round
from app.clearing.book import demands_to_clear, freeze, offers_to_clear
from app.clearing.matching import HeldBook, make_matches, release_round_holds
from app.clearing.models import Outcome, Round, RoundStatus
from app.clearing.prices import record_prices
from app.clearing.queries import book_sizes, get_round
from app.clearing.snapshot import snapshot_hash
from app.core import outbox, queue
from app.core.after_commit import after_commit
from app.core.db import db
from app.core.errors import Problem, invalid
from app.core.ids import uuid7
from app.market.models import Demand, Offer

LEASE = timedelta(minutes=10)
PAUSE = timedelta(minutes=1)
"""How long a round whose book was refused waits before it looks at the book again."""


class RoundInProgress(Problem):
    status, code = 409, "round_in_progress"
    vi = "Thị trường này đang có một phiên khớp."
    en = "A round of this market is already under way."


def request_round(*, market_code: str, now: datetime) -> Round:
    """Open a round of a market now; one that waits because its book was refused tries again.

    Raises:
        Invalid: there is no such market. RoundInProgress: one is under way.
    """
    if find_market(market_code) is None:
        raise invalid("/market", "Không có thị trường này.", "There is no such market.")
    round_id = _try_again(market_code) or _open(market_code, now=now)
    if round_id is None:
        raise RoundInProgress
    return get_round(round_id)


def open_due_rounds(*, now: datetime) -> Sequence[UUID]:
    """Open a round in every market whose time has come, and set its next time; the largest first.

    A market whose last round is still under way waits for the next look; one whose book is still
    refused when the next round is due has had its time and is void.
    """
    due = db.session.scalars(
        select(Market)
        .where(Market.next_round_at <= now)
        .order_by(Market.code)
        .with_for_update(skip_locked=True)
    ).all()
    opened = []
    sizes = book_sizes()
    for market in sorted(due, key=lambda one: (-sizes[one.code], one.code)):
        _void_refused(market.code, now=now)
        round_id = _open(market.code, now=now)
        if round_id is not None:
            schedule = Schedule(market.round_every, market.round_time, market.round_weekday)
            market.next_round_at = next_round(schedule, after=now)
            opened.append(round_id)
    db.session.flush()
    return opened


def claim_round(*, round_id: UUID, now: datetime) -> Round | None:
    """Take a round in hand for :data:`LEASE`, or None if it is finished or in other hands."""
    return db.session.scalar(
        update(Round)
        .where(
            Round.id == round_id,
            Round.status.in_((RoundStatus.OPEN, RoundStatus.CLOSED)),
            or_(Round.lease_until.is_(None), Round.lease_until < now),
        )
        .values(lease_until=now + LEASE)
        .returning(Round)
    )


def close_round(*, round_id: UUID, now: datetime) -> dict[str, Any] | None:
    """Freeze the book and hold its quantities; a round closed before keeps its book.

    Returns:
        the snapshot to clear, or None where there is nothing to do for this caller.
    """
    claimed = claim_round(round_id=round_id, now=now)
    if claimed is None:
        return None
    if claimed.status == RoundStatus.CLOSED:
        return claimed.snapshot
    market = get_market(claimed.market_code)
    offers = offers_to_clear(market.code, now=now, lock=True)
    demands = demands_to_clear(market.code, now=now, lock=True)
    snapshot = freeze(market, offers, demands, now=now)
    frozen = {row["offer_id"] for row in snapshot["offers"]}
    _hold(Offer, [one.id for one in offers if str(one.id) in frozen], round_id=claimed.id)
    _hold(Demand, [one.id for one in demands], round_id=claimed.id)
    claimed.status, claimed.fault = RoundStatus.CLOSED, None
    claimed.closed_at = now
    claimed.snapshot = snapshot
    claimed.snapshot_hash = snapshot_hash(snapshot)
    claimed.offers, claimed.demands = len(snapshot["offers"]), len(snapshot["demands"])
    db.session.flush()
    return snapshot


def _hold(model: type[Offer] | type[Demand], ids: Sequence[UUID], *, round_id: UUID) -> None:
    """Hold what is free of locked rows, in one statement; nobody reads them again before commit."""
    db.session.execute(
        update(model)
        .where(model.id.in_(ids))
        .values(round_held=model.quantity - model.taken - model.match_held, round_id=round_id),
        execution_options={"synchronize_session": False},
    )


def settle_round(
    *,
    round_id: UUID,
    answer: Mapping[str, Any],
    outcomes: Mapping[str, Mapping[str, Mapping[str, Any]]],
    now: datetime,
) -> bool:
    """Write what the engine found: matches, orders, outcomes, prices; all of it or nothing.

    Args:
        answer: ``{"round": …, "matches": …, "certificate": …}`` as `clear_snapshot` gives it.
        outcomes: explanations by ``offers`` and ``demands`` and id.

    Returns:
        False where the round was settled before, or has closed anew on another book; nothing is
        written then.
    """
    found = answer["round"]
    settled = db.session.scalar(
        update(Round)
        .where(
            Round.id == round_id,
            Round.status == RoundStatus.CLOSED,
            Round.snapshot_hash == found["snapshot_hash"],
        )
        .values(
            status=RoundStatus.CLEARED,
            cleared_at=now,
            lease_until=None,
            solution_hash=found["solution_hash"],
            matches=found["matches"],
            welfare=found["welfare"],
            upper_bound=found["upper_bound"],
            optimality_gap=found["optimality_gap"],
            cleared_quantity=Decimal(found["cleared_quantity"]),
            certificate=answer["certificate"],
        )
        .returning(Round)
    )
    if settled is None:
        return False
    book = release_round_holds(round_id)
    matches = make_matches(settled, answer["matches"], book, now=now)
    _record_outcomes(settled.id, outcomes, book)
    record_prices(settled, matches)
    _tell_parties(settled, book, now=now)
    db.session.flush()
    return True


def reopen_round(
    *, round_id: UUID, snapshot: Mapping[str, Any], fault: Mapping[str, str], now: datetime
) -> bool:
    """Let go of a book that was refused; the round is open again and tries in :data:`PAUSE`.

    Args:
        fault: ``code``, ``row``, ``field`` and ``detail`` of the refusal.

    Returns:
        False where the round has moved on from this book; nothing is written then.
    """
    reopened = db.session.scalar(
        update(Round)
        .where(
            Round.id == round_id,
            Round.status == RoundStatus.CLOSED,
            Round.snapshot_hash == snapshot_hash(snapshot),
        )
        .values(
            status=RoundStatus.OPEN,
            fault=dict(fault),
            lease_until=now + PAUSE,
            closed_at=None,
            snapshot=None,
            snapshot_hash=None,
            offers=None,
            demands=None,
        )
        .returning(Round.id)
    )
    if reopened is not None:
        release_round_holds(round_id)
    return reopened is not None


def nudge_round(round_id: UUID) -> None:
    """Tell a worker to clear a round now; if nobody hears it, the sweep looks within seconds."""
    queue.nudge("workers.clearing.clear_round", round_id=str(round_id))


def _try_again(market_code: str) -> UUID | None:
    """Wake the market's round if its book was refused."""
    round_id = db.session.scalar(
        update(Round).where(_refused(market_code)).values(lease_until=None).returning(Round.id)
    )
    if round_id is not None:
        after_commit(partial(nudge_round, round_id))
    return round_id


def _void_refused(market_code: str, *, now: datetime) -> None:
    voided = db.session.scalar(
        update(Round)
        .where(_refused(market_code))
        .values(status=RoundStatus.VOID, lease_until=None, void_reason=Round.fault["code"].astext)
        .returning(Round.id)
    )
    if voided is not None:
        outbox.add(
            "round.voided",
            concerns=[],
            payload={"round_id": str(voided), "market": market_code},
            now=now,
        )


def _refused(market_code: str) -> ColumnElement[bool]:
    return and_(
        Round.market_code == market_code,
        Round.status == RoundStatus.OPEN,
        Round.fault.is_not(None),
    )


def _open(market_code: str, *, now: datetime) -> UUID | None:
    round_id = db.session.scalar(
        insert(Round)
        .values(market_code=market_code, status=RoundStatus.OPEN, opened_at=now)
        .on_conflict_do_nothing()
        .returning(Round.id)
    )
    if round_id is not None:
        after_commit(partial(nudge_round, round_id))
    return round_id


def _record_outcomes(
    round_id: UUID, outcomes: Mapping[str, Mapping[str, Mapping[str, Any]]], book: HeldBook
) -> None:
    for kind, rows in (("offer", book.offers), ("demand", book.demands)):
        written = [
            {
                "id": uuid7(),
                "round_id": round_id,
                "organisation_id": row.organisation_id,
                f"{kind}_id": row.id,
                "outcome": told["outcome"],
                "reasons": {"reasons": told["reasons"]},
            }
            for row in rows.values()
            if (told := outcomes[f"{kind}s"].get(str(row.id))) is not None
        ]
        if written:
            db.session.execute(insert(Outcome), written)


def _tell_parties(settled: Round, book: HeldBook, *, now: datetime) -> None:
    outbox.add(
        "round.cleared",
        concerns=[party for row in book.rows for party in row.parties],
        payload={
            "round_id": str(settled.id),
            "market": settled.market_code,
            "matches": settled.matches,
            "cleared_quantity": f"{settled.cleared_quantity:.3f}",
        },
        now=now,
    )
