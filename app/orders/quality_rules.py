"""How measured quality moves what is paid. Pure: rules, figures and prices in, lines out.

A rule is data. Its ``kind`` says how a measured value becomes a percentage of the base price, above
zero a premium, below zero a deduction:

- ``per_point``: ``above`` per cent for each point (also a part of one) above ``reference``,
  ``below`` per cent for each below it, at most ``cap`` per cent either way;
- ``steps``: the ``percent`` of the last of ``steps`` whose ``from`` is not above the value;
- ``table``: the ``percent`` of the row of ``rows`` with that ``value``, or ``by`` grade with that
  ``grade``;
- ``water_deduction``: minus the measured percentage itself, less an ``allowance``;
- ``reject_limit``: moves no price; a part ``above`` or ``below`` it may not be accepted as it is.

Numbers in rules are decimals as text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Any

from app.core.money import to_dong

SURFACE_WATER = "surface_water"
GRADE = "grade"
ENOUGH_DIGITS = 60

Rule = Mapping[str, Any]


class RuleKind(StrEnum):
    PER_POINT = "per_point"
    STEPS = "steps"
    TABLE = "table"
    WATER_DEDUCTION = "water_deduction"
    REJECT_LIMIT = "reject_limit"


@dataclass(frozen=True)
class Part:
    """A part of a delivery: its number, what of it was accepted, and what was measured."""

    position: int
    quantity: Decimal
    qualities: Mapping[str, Any]
    grade: str | None = None


@dataclass(frozen=True)
class Adjustment:
    """One line: which rule moved the price of how much, for what measured value.

    ``amount`` is whole VND, below zero for a deduction; ``part`` is None where the value was
    measured on the whole load.
    """

    part: int | None
    attribute: str
    measured: str
    rule: Rule
    percent: Decimal
    quantity: Decimal
    amount: int


def apply_rules(
    rules: Sequence[Rule],
    *,
    parts: Sequence[Part],
    unit_price: Decimal,
    surface_water: Decimal | None,
) -> list[Adjustment]:
    """The adjustments of a delivery, in the order of the rules and then of the parts.

    Args:
        surface_water: per cent, measured on the whole load; a part with a figure of its own is
            judged by that one.

    Each amount is quantity × price × percentage, rounded once, half to even.
    """
    lines = []
    for rule in rules:
        if rule["kind"] == RuleKind.REJECT_LIMIT:
            continue
        for number, measured, quantity in _measures(rule, parts, surface_water):
            percent = percent_for(rule, measured)
            lines.append(
                Adjustment(
                    part=number,
                    attribute=attribute_of(rule),
                    measured=measured,
                    rule=rule,
                    percent=percent,
                    quantity=quantity,
                    amount=percent_amount(quantity, unit_price, percent),
                )
            )
    return lines


def percent_for(rule: Rule, measured: str) -> Decimal:
    """What a rule makes of a measured value, in per cent of the base price."""
    match rule["kind"]:
        case RuleKind.PER_POINT:
            return _per_point(rule, Decimal(measured))
        case RuleKind.STEPS:
            reached = [one for one in rule["steps"] if Decimal(one["from"]) <= Decimal(measured)]
            return Decimal(reached[-1]["percent"]) if reached else Decimal(0)
        case RuleKind.TABLE:
            return _from_table(rule, measured)
        case RuleKind.WATER_DEDUCTION:
            return -max(Decimal(0), Decimal(measured) - Decimal(rule.get("allowance", "0")))
    return Decimal(0)


def percent_amount(quantity: Decimal, unit_price: Decimal, percent: Decimal) -> int:
    """Whole VND: quantity × price × percentage, half to even."""
    with localcontext(prec=ENOUGH_DIGITS):
        return to_dong(quantity * unit_price * percent / 100)


def breached_limit(rules: Sequence[Rule], part: Part) -> Rule | None:
    """The first reject limit that a part's measured values go beyond, or None."""
    for rule in rules:
        measured = part.qualities.get(attribute_of(rule))
        if rule["kind"] != RuleKind.REJECT_LIMIT or measured is None:
            continue
        value = Decimal(measured)
        if "above" in rule and value > Decimal(rule["above"]):
            return rule
        if "below" in rule and value < Decimal(rule["below"]):
            return rule
    return None


def attribute_of(rule: Rule) -> str:
    """The quality a rule looks at; ``grade`` for a table by grade."""
    return GRADE if rule.get("by") == GRADE else str(rule["attribute"])


def _measures(
    rule: Rule, parts: Sequence[Part], surface_water: Decimal | None
) -> list[tuple[int | None, str, Decimal]]:
    """Where the rule has something to look at: the part or None, the value, the quantity."""
    attribute = attribute_of(rule)
    accepted = [part for part in parts if part.quantity]
    found: list[tuple[int | None, str, Decimal]] = []
    rest = Decimal(0)
    for part in accepted:
        measured = part.grade if attribute == GRADE else part.qualities.get(attribute)
        if measured is None:
            rest += part.quantity
        else:
            found.append((part.position, str(measured), part.quantity))
    if attribute == SURFACE_WATER and surface_water is not None and rest:
        found.append((None, f"{surface_water:f}", rest))
    return found


def _per_point(rule: Rule, measured: Decimal) -> Decimal:
    points = measured - Decimal(rule["reference"])
    rate = Decimal(rule.get("above" if points > 0 else "below", "0"))
    percent = abs(points) * rate
    if "cap" in rule:
        cap = Decimal(rule["cap"])
        percent = max(-cap, min(cap, percent))
    return percent


def _from_table(rule: Rule, measured: str) -> Decimal:
    for row in rule["rows"]:
        same = (
            row["grade"] == measured
            if rule.get("by") == GRADE
            else Decimal(row["value"]) == Decimal(measured)
        )
        if same:
            return Decimal(row["percent"])
    return Decimal(0)
