"""Who gained by the rounds, what the rounds created, and who pays late or claims."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Date, cast, func, select

from app.analytics.groups import is_group
from app.analytics.models import RoundFigures, RoundGain, trade_cell
from app.analytics.reading import Question, dong, share_of, summed
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
FIGURES = (
    "welfare",
    "best_rule",
    "best_rule_welfare",
    "first_come_welfare",
    "created_beyond_rules",
    "sellers_gain",
    "buyers_gain",
    "sellers_share",
    "smallholders_gain",
    "large_farms_gain",
    "smallholders_share",
    "smallholders_quantity_share",
)
Cell = tuple[date, str]


class Held(NamedTuple):
    """What a party traded in a round, in the market's base unit, and gained by it, VND."""

    side: str
    smallholder: bool
    party: UUID
    quantity: Decimal
    gain: Decimal


Rounds = Mapping[UUID, list[Held]]


def gains(question: Question, *, today: date) -> list[dict[str, Any]]:
    """Whole months of markets that the period touches: what rounds created, and for whom.

    How many rounds there were is always told. The rest is told of months that are over, where at
    least five sold and five bought, nobody more than 85 %, and where the rounds that tell nothing
    of themselves are such a group too: else it would be what is left without the others.
    Smallholders are told against large farms where both are such groups.
    """
    created = _created(question)
    held = _held(question)
    this_month = today.replace(day=1)
    return [
        {
            "month": month,
            "market": market,
            "rounds": one["rounds"],
            **_told_of(one, held[month, market] if month < this_month else {}),
        }
        for (month, market), one in sorted(created.items())
    ]


def _created(question: Question) -> dict[Cell, dict[str, Any]]:
    day = cast(func.timezone(clock.LOCAL.key, RoundFigures.cleared_at), Date)
    month = cast(func.date_trunc("month", day), Date)
    rows = db.session.execute(
        select(month, RoundFigures.market_code, RoundFigures.welfare, RoundFigures.rules)
        .where(_months(question, month), _market(question, RoundFigures.market_code))
        .order_by(RoundFigures.round_id)
    )
    created: dict[Cell, dict[str, Any]] = {}
    for first, market, welfare, rules in rows:
        one = created.setdefault((first, market), {"rounds": 0, "welfare": 0, "rules": {}})
        one["rounds"] += 1
        one["welfare"] += int(welfare)
        for rule, reached in rules.items():
            one["rules"][rule] = one["rules"].get(rule, 0) + reached
    return created


def _held(question: Question) -> dict[Cell, dict[UUID, list[Held]]]:
    """What the rounds of each month of a market brought to whom."""
    rows = db.session.execute(
        select(
            RoundGain.month,
            RoundGain.market_code,
            RoundGain.round_id,
            RoundGain.side,
            RoundGain.smallholder,
            RoundGain.organisation_id,
            RoundGain.quantity,
            RoundGain.gain,
        ).where(_months(question, RoundGain.month), _market(question, RoundGain.market_code))
    )
    held: dict[Cell, dict[UUID, list[Held]]] = defaultdict(lambda: defaultdict(list))
    for month, market, round_id, side, smallholder, party, quantity, gain in rows:
        held[month, market][round_id].append(Held(side, smallholder, party, quantity, gain))
    return held


def _told_of(created: dict[str, Any], rounds: Rounds) -> dict[str, Any]:
    told: dict[str, Any] = dict.fromkeys(FIGURES)
    everything = [one for some in rounds.values() for one in some]
    silent = [one for some in rounds.values() if not _both_sides(some) for one in some]
    if not _both_sides(everything) or (silent and not _both_sides(silent)):
        return told
    rules = created["rules"]
    best = max(rules, key=lambda rule: (rules[rule], rule))
    sellers = [one for one in everything if one.side == "seller"]
    gained, saved = _gain(sellers), _gain([one for one in everything if one.side == "buyer"])
    told |= {
        "welfare": created["welfare"],
        "best_rule": best,
        "best_rule_welfare": rules[best],
        "first_come_welfare": rules.get("first come"),
        "created_beyond_rules": created["welfare"] - rules[best],
        "sellers_gain": dong(gained),
        "buyers_gain": dong(saved),
        "sellers_share": share_of(gained, gained + saved),
    }
    small = [one for one in sellers if one.smallholder]
    large = [one for one in sellers if not one.smallholder]
    if _told(small) and _told(large):
        told |= {
            "smallholders_gain": dong(_gain(small)),
            "large_farms_gain": dong(_gain(large)),
            "smallholders_share": share_of(_gain(small), gained),
            "smallholders_quantity_share": share_of(_quantity(small), _quantity(sellers)),
        }
    return told


def _both_sides(held: Sequence[Held]) -> bool:
    return all(_told([one for one in held if one.side == side]) for side in ("seller", "buyer"))


def _told(held: Sequence[Held]) -> bool:
    by_party: dict[UUID, Decimal] = defaultdict(Decimal)
    for one in held:
        by_party[one.party] += one.quantity
    return is_group(by_party)


def _gain(held: Sequence[Held]) -> Decimal:
    return sum((one.gain for one in held), Decimal(0))


def _quantity(held: Sequence[Held]) -> Decimal:
    return sum((one.quantity for one in held), Decimal(0))


def _months(question: Question, month: Any) -> Any:
    """The months that the period touches, each whole."""
    period = question.period
    return (month >= period.since.replace(day=1)) & (month <= period.until)


def _market(question: Question, market: Any) -> Any:
    if question.commodity is None:
        return market.is_not(None)
    own = select(Commodity.market_code).where(Commodity.code == question.commodity)
    return market == own.scalar_subquery()


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
