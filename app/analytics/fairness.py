"""Who gained by the rounds, what the rounds created, and who pays late or claims."""

from datetime import date
from typing import Any

from sqlalchemy import func, select

from app.accounts.models import Kind, Organisation
from app.analytics.gains import FIGURES
from app.analytics.models import MonthGain, delivery_cell, trade_cell
from app.analytics.reading import Question, price_of, share_of, summed
from app.catalogue.models import Commodity
from app.core.db import db

OWED = (
    "due_amount",
    "paid_amount",
    "late_amount",
    "claims",
    "claims_granted",
    "claims_refused",
    "claim_credit",
)


def gains(question: Question, *, today: date) -> list[dict[str, Any]]:
    """Whole months of markets that the period touches: what rounds created, and for whom.

    How many rounds there were is always told, the rest of months that are over; see `told_of`.
    """
    rows = db.session.scalars(
        select(MonthGain)
        .where(_months(question, MonthGain.month), question.of_market(MonthGain.market_code))
        .order_by(MonthGain.month, MonthGain.market_code)
    )
    this_month, silent = today.replace(day=1), dict.fromkeys(FIGURES)
    return [
        {
            "month": one.month,
            "market": one.market_code,
            "rounds": one.rounds,
            **(one.told if one.told and one.month < this_month else silent),
        }
        for one in rows
    ]


def _months(question: Question, month: Any) -> Any:
    """The months that the period touches, each whole."""
    period = question.period
    return (month >= period.since.replace(day=1)) & (month <= period.until)


def paid_to_each(question: Question) -> list[dict[str, Any]]:
    """What each seller that the reader knows got for a commodity, from the lowest price on."""
    c = delivery_cell.c
    quantity, amount = func.sum(c.accepted_quantity), func.sum(c.goods_amount)
    rows = db.session.execute(
        select(Organisation.name, c.commodity_code, Commodity.unit, quantity, amount)
        .join(Organisation, Organisation.id == c.organisation_id)
        .join(Commodity, Commodity.code == c.commodity_code)
        .where(question.rows(delivery_cell))
        .group_by(Organisation.id, c.commodity_code, Commodity.code)
        .having(quantity > 0)
        .order_by(c.commodity_code, amount / quantity, Organisation.name)
    )
    return [
        {
            "member": name,
            "commodity": code,
            "unit": unit,
            "accepted_quantity": accepted,
            "amount": int(paid),
            "price": price_of(paid, accepted),
        }
        for name, code, unit, accepted, paid in rows
    ]


def conduct(question: Question) -> dict[str, Any]:
    """Late payment, and claims by the side they ended for, of the reader's own deliveries.

    What a cooperative owes its members of a pool it is owed by the buyer already: of the two, it is
    told the buyer's debt.
    """
    rows = summed(trade_cell, question, [trade_cell.c.origin], OWED)
    if question.reader.kind == Kind.COOPERATIVE:
        rows = [row for row in rows if row.origin != "pool"]
    told = {name: int(sum(getattr(row, name) for row in rows)) for name in OWED}
    under_way = told["claims"] - told["claims_granted"] - told["claims_refused"]
    return {
        "due_amount": told["due_amount"],
        "paid_amount": told["paid_amount"],
        "late_amount": told["late_amount"],
        "late_share": share_of(told["late_amount"], told["paid_amount"]),
        "claims": told["claims"],
        "claims_for_buyers": told["claims_granted"],
        "claims_for_sellers": told["claims_refused"],
        "claims_under_way": under_way,
        "claim_credit": told["claim_credit"],
    }
