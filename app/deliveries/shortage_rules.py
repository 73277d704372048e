"""Who gets how much when there is less than was promised. Pure.

Whatever the rule, all that is there is given out, to the gram: the shares sum to the lesser of
what is available and what was promised, and nobody gets more than was promised to them.

- ``pro_rata``: each the same part of what was promised; what rounding down to three decimals
  leaves goes, a thousandth each, to those who lost most by it, and among equals to the first;
- ``contract_first``: contracts before the rest, pro rata within each;
- ``priority``: whoever needs it soonest first; without a date last; among equals the first to come;
- ``first_come``: in the order in which they ordered.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.core.quantity import QUANTITY_STEP, round_down
from app.market.models import ShortageRule


@dataclass(frozen=True)
class Promise:
    """What is still to come of one order line; ``placed`` is its turn among all, from 1."""

    line_id: UUID
    quantity: Decimal
    placed: int
    due: datetime | None = None
    contract: bool = False


Shares = dict[UUID, Decimal]


def share_out(rule: ShortageRule, *, promises: Sequence[Promise], available: Decimal) -> Shares:
    """How much each line gets, by its id."""
    return RULES[rule](promises, available)


def pro_rata(promises: Sequence[Promise], available: Decimal) -> Shares:
    """Each the same part of what was promised."""
    total = sum((one.quantity for one in promises), Decimal(0))
    if available >= total:
        return {one.line_id: one.quantity for one in promises}
    exact = {one.line_id: one.quantity * available / total for one in promises}
    shares = {line_id: round_down(share) for line_id, share in exact.items()}
    left = available - sum(shares.values(), Decimal(0))
    turns = sorted(promises, key=lambda one: (shares[one.line_id] - exact[one.line_id], one.placed))
    while left:
        for one in turns:
            if left and shares[one.line_id] < one.quantity:
                step = min(QUANTITY_STEP, left)
                shares[one.line_id] += step
                left -= step
    return shares


def contract_first(promises: Sequence[Promise], available: Decimal) -> Shares:
    """Contracts before the rest, pro rata within each."""
    bound = [one for one in promises if one.contract]
    first = pro_rata(bound, available) if bound else {}
    rest = [one for one in promises if not one.contract]
    left = available - sum(first.values(), Decimal(0))
    return first | (pro_rata(rest, left) if rest else {})


def priority(promises: Sequence[Promise], available: Decimal) -> Shares:
    """Whoever needs it soonest first."""
    return _in_turn(
        sorted(promises, key=lambda one: (one.due is None, one.due or NEVER, one.placed)),
        available,
    )


def first_come(promises: Sequence[Promise], available: Decimal) -> Shares:
    """In the order in which they ordered."""
    return _in_turn(sorted(promises, key=lambda one: one.placed), available)


def figures(rule: ShortageRule, promise: Promise, *, available: Decimal, turn: int) -> Any:
    """What explains a share to the one who gets it, without the names or figures of others."""
    return {
        "rule": str(rule),
        "available": f"{available:.3f}",
        "promised_to_you": f"{promise.quantity:.3f}",
        "turn": turn,
        "due": promise.due.isoformat() if promise.due else None,
        "contract": promise.contract,
    }


def _in_turn(promises: Sequence[Promise], available: Decimal) -> Shares:
    shares = {}
    for one in promises:
        shares[one.line_id] = min(one.quantity, available)
        available -= shares[one.line_id]
    return shares


NEVER = datetime.max.replace(tzinfo=UTC)
RULES: dict[ShortageRule, Callable[[Sequence[Promise], Decimal], Shares]] = {
    ShortageRule.PRO_RATA: pro_rata,
    ShortageRule.CONTRACT_FIRST: contract_first,
    ShortageRule.PRIORITY: priority,
    ShortageRule.FIRST_COME: first_come,
}
