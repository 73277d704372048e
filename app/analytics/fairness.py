"""Who gained by the rounds, what the rounds created, and who pays late or claims."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, cast, func, select

from app.accounts.models import Organisation
from app.analytics.groups import is_group
from app.analytics.models import RoundFigures, RoundGain, trade_cell
from app.analytics.reading import Question, dong, price_of, share_of, summed
from app.catalogue.models import Commodity
from app.core import clock
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
Cell = tuple[date, str]


def gains(question: Question, *, today: date) -> list[dict[str, Any]]:
    """Whole months of markets that the period touches: what rounds created, and for whom.

    Who gained is told of months that are over, where at least five sold and five bought, nobody
    more than 85 %; smallholders against large farms where both are such groups.
    """
    created = _created(question)
    held = _held(question)
    return [
        {
            "month": month,
            "market": market,
            **told,
            **_shares(held.get((month, market), {}) if month < today.replace(day=1) else {}),
        }
        for (month, market), told in sorted(created.items())
    ]


def _created(question: Question) -> dict[Cell, dict[str, Any]]:
    day = cast(func.timezone(clock.LOCAL.key, RoundFigures.cleared_at), Date)
    month = cast(func.date_trunc("month", day), Date)
    rows = db.session.execute(
        select(month, RoundFigures.market_code, RoundFigures.welfare, RoundFigures.rules)
        .where(_months(question, month), _market(question, RoundFigures.market_code))
        .order_by(RoundFigures.round_id)
    )
    told: dict[Cell, dict[str, Any]] = {}
    for first, market, welfare, rules in rows:
        one = told.setdefault((first, market), {"rounds": 0, "welfare": 0, "rules": {}})
        one["rounds"] += 1
        one["welfare"] += int(welfare)
        for rule, reached in rules.items():
            one["rules"][rule] = one["rules"].get(rule, 0) + reached
    for one in told.values():
        rules = one.pop("rules")
        best = max(rules.items(), key=lambda item: (item[1], item[0]), default=("", 0))
        one |= {
            "best_rule": best[0],
            "best_rule_welfare": best[1],
            "first_come_welfare": rules.get("first come"),
            "created_beyond_rules": one["welfare"] - best[1],
        }
    return told


def _held(question: Question) -> dict[Cell, dict[tuple[str, bool], dict[UUID, tuple[Any, Any]]]]:
    """Quantities and gains by side, smallholder or not, and party."""
    rows = db.session.execute(
        select(
            RoundGain.month,
            RoundGain.market_code,
            RoundGain.side,
            RoundGain.smallholder,
            RoundGain.organisation_id,
            func.sum(RoundGain.quantity),
            func.sum(RoundGain.gain),
        )
        .where(_months(question, RoundGain.month), _market(question, RoundGain.market_code))
        .group_by(*(getattr(RoundGain, name) for name in _BY))
    )
    held: dict[Cell, Any] = defaultdict(lambda: defaultdict(dict))
    for month, market, side, smallholder, party, quantity, gain in rows:
        held[month, market][side, smallholder][party] = (quantity, gain)
    return held


_BY = ("month", "market_code", "side", "smallholder", "organisation_id")


def _shares(held: Any) -> dict[str, Any]:
    small, large = held.get(("seller", True), {}), held.get(("seller", False), {})
    sellers, buyers = {**small, **large}, held.get(("buyer", False), {})
    told: dict[str, Any] = dict.fromkeys(
        ("sellers_gain", "buyers_gain", "sellers_share", "smallholders_gain", "large_farms_gain",
         "smallholders_share", "smallholders_quantity_share")
    )  # fmt: skip
    if not (_told(sellers) and _told(buyers)):
        return told
    gained, saved = _gain(sellers), _gain(buyers)
    told |= {
        "sellers_gain": dong(gained),
        "buyers_gain": dong(saved),
        "sellers_share": share_of(gained, gained + saved),
    }
    if _told(small) and _told(large):
        told |= {
            "smallholders_gain": dong(_gain(small)),
            "large_farms_gain": dong(_gain(large)),
            "smallholders_share": share_of(_gain(small), gained),
            "smallholders_quantity_share": share_of(_quantity(small), _quantity(sellers)),
        }
    return told


def _told(parties: dict[UUID, tuple[Decimal, Decimal]]) -> bool:
    return is_group({one: quantity for one, (quantity, _) in parties.items()})


def _gain(parties: dict[UUID, tuple[Decimal, Decimal]]) -> Decimal:
    return sum((gain for _, gain in parties.values()), Decimal(0))


def _quantity(parties: dict[UUID, tuple[Decimal, Decimal]]) -> Decimal:
    return sum((quantity for quantity, _ in parties.values()), Decimal(0))


def _months(question: Question, month: Any) -> Any:
    """The months that the period touches, each whole."""
    period = question.period
    return (month >= period.since.replace(day=1)) & (month <= period.until)


def _market(question: Question, market: Any) -> Any:
    if question.commodity is None:
        return market.is_not(None)
    own = select(Commodity.market_code).where(Commodity.code == question.commodity)
    return market == own.scalar_subquery()


def paid_to_each(question: Question) -> list[dict[str, Any]]:
    """What each seller that the reader knows got for a commodity, from the lowest price on."""
    c = trade_cell.c
    quantity, amount = func.sum(c.accepted_quantity), func.sum(c.goods_amount)
    rows = db.session.execute(
        select(Organisation.name, c.commodity_code, Commodity.unit, quantity, amount)
        .join(Organisation, Organisation.id == c.organisation_id)
        .join(Commodity, Commodity.code == c.commodity_code)
        .where(question.rows(trade_cell))
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
    """Late payment, and claims by the side they ended for, of the reader's own deliveries."""
    sums = summed(trade_cell, question, [], OWED)[0]._mapping
    told = {name: int(sums[name] or 0) for name in OWED}
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
