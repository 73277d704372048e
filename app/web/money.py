"""Money: what is still to come or to pay, and what has been paid."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import case, func, literal, or_, select
from werkzeug.wrappers import Response

from app.accounts.access import BUYERS, READERS, SELLERS, TRADERS, Caller
from app.accounts.models import Organisation
from app.core.db import db
from app.deliveries.models import Delivery
from app.deliveries.queries import seen_by as deliveries_seen_by
from app.settlement import api as settlement
from app.settlement.models import (
    Advance,
    AdvanceStatus,
    Payout,
    PayoutStatus,
    Settlement,
    SettlementStatus,
)
from app.settlement.queries import advances, payouts
from app.settlement.schemas import PayoutIn, SettlementQuery
from app.web.forms import asked_for, loaded, typed, whole
from app.web.pages import Pages, go, show

pages = Pages("money")


@pages.page("GET", "/money", access=READERS)
def money(caller: Caller) -> Response:
    """Every sum I am owed or owe, newest first, with the totals above."""
    own = caller.acting.id
    asked = asked_for("cursor")
    found = settlement.list_settlements(caller=caller, query=loaded(SettlementQuery, asked))
    # As a literal, because a plan made for any status would not use the index of this one.
    recorded = literal(PayoutStatus.RECORDED, literal_execute=True)
    waiting = db.session.scalars(
        payouts(Payout.payee_id == own)
        .where(Payout.status == recorded)
        .order_by(Payout.id.desc())
        .limit(20)
    ).all()
    return show(
        "money.html",
        found=found,
        opening=_opening(caller, found.items),
        totals=totals(own),
        waiting=waiting,
        advanced=_advanced(own),
        unsettled=_unsettled(own),
        owed=_owed(own),
        paid=_paid(own),
    )


@pages.page("POST", "/payouts/<uuid:payout_id>/confirmation", access=SELLERS)
def confirm(caller: Caller, payout_id: UUID) -> Response:
    """The money has come."""
    settlement.confirm_payout(caller=caller, payout_id=payout_id)
    return go("/money")


@pages.page("POST", "/advances/<uuid:advance_id>/confirmation", access=TRADERS)
def confirm_advance(caller: Caller, advance_id: UUID) -> Response:
    """I have had what was given beforehand; it is taken off what I am owed."""
    settlement.confirm_advance(caller=caller, advance_id=advance_id)
    return go("/money")


@pages.page("POST", "/payouts", access=BUYERS, again=money, makes=True)
def pay(caller: Caller) -> Response:
    """I have paid somebody; it goes against what is due first."""
    body = {
        "payee_id": typed("payee_id"),
        "amount": whole("amount"),
        "reference": typed("reference"),
    }
    settlement.record_payout(caller=caller, body=loaded(PayoutIn, body))
    return go("/money?paid=1")


def _opening(caller: Caller, found: Sequence[Settlement]) -> set[UUID]:
    """The deliveries of these sums that the reader may open."""
    ids = {one.delivery_id for one in found}
    opening = (
        select(Delivery.id)
        .join(Delivery.order)
        .where(Delivery.id.in_(ids), deliveries_seen_by(caller.acting))
    )
    return set(db.session.scalars(opening))


def _owed(organisation_id: UUID) -> list[tuple[UUID, str, int]]:
    """To whom I owe how much, the largest sum first."""
    owed = func.sum(Settlement.outstanding)
    rows = db.session.execute(
        select(Organisation.id, Organisation.name, owed)
        .join(Settlement, Settlement.payee_id == Organisation.id)
        .where(
            Settlement.organisation_id == organisation_id,
            Settlement.status == SettlementStatus.FINAL,
        )
        .group_by(Organisation.id)
        .having(owed > 0)
        .order_by(owed.desc(), Organisation.id)
    )
    return [(row[0], row[1], int(row[2])) for row in rows]


def _advanced(organisation_id: UUID) -> Sequence[Advance]:
    """What others say they have given me beforehand."""
    mine = advances(Advance.receiver_id == organisation_id)
    waiting = mine.where(Advance.status == AdvanceStatus.RECORDED)
    return db.session.scalars(waiting.order_by(Advance.id.desc()).limit(20)).all()


def _unsettled(organisation_id: UUID) -> Sequence[Advance]:
    """What was given beforehand, by me or to me, and has not been taken off what is owed."""
    between = or_(
        Advance.receiver_id == organisation_id, Advance.organisation_id == organisation_id
    )
    left = advances(between).where(
        Advance.status == AdvanceStatus.CONFIRMED, Advance.netted < Advance.amount
    )
    return db.session.scalars(left.order_by(Advance.id.desc()).limit(20)).all()


def _paid(organisation_id: UUID) -> Sequence[Payout]:
    """What I paid last."""
    mine = payouts(Payout.organisation_id == organisation_id)
    return db.session.scalars(mine.order_by(Payout.id.desc()).limit(5)).all()


def totals(organisation_id: UUID) -> dict[str, int]:
    """What is to come and has come, what is to be paid and has been; whole VND, never below zero.

    What was paid too much is a sum of its own, because it is set off only against what the same
    two owe each other: ``in_over`` of what has come, ``out_over`` of what has been paid.
    """
    mine = Settlement.payee_id == organisation_id
    side = case((mine, "in"), else_="out").label("side")
    other = case((mine, Settlement.organisation_id), else_=Settlement.payee_id)
    between = (
        select(
            side,
            func.sum(Settlement.outstanding).label("left"),
            func.sum(Settlement.paid).label("paid"),
        )
        .where(mine | (Settlement.organisation_id == organisation_id))
        .group_by(side, other)
        .subquery()
    )
    rows = db.session.execute(
        select(
            between.c.side,
            func.sum(func.greatest(between.c.left, 0)),
            func.sum(func.greatest(-between.c.left, 0)),
            func.sum(between.c.paid),
        ).group_by(between.c.side)
    )
    found = {f"{side}_{what}": 0 for side in ("in", "out") for what in ("open", "over", "paid")}
    for side, *sums in rows:
        found |= {
            f"{side}_{what}": int(amount)
            for what, amount in zip(("open", "over", "paid"), sums, strict=True)
        }
    return found
