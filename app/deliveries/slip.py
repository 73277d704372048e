"""The delivery slip: what is payable and why, computable again by anyone from itself. Pure.

A slip's document holds the five quantities, the parts, the frozen schedule and the terms of
haulage; from these :func:`computed` makes its lines and totals.
"""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal, localcontext
from typing import Any

from app.core.money import line_amount, to_dong
from app.orders.quality_rules import ENOUGH_DIGITS, Adjustment, Part, apply_rules

Document = dict[str, Any]


def computed(facts: Mapping[str, Any]) -> Document:
    """The facts of a delivery with their lines and totals.

    Args:
        facts: ``quantities`` with ``accepted``; ``unit_price``; ``surface_water`` or None;
            ``parts``; ``schedule`` or None; ``haulage`` with ``line_amount``, ``ordered`` and
            ``accepted``. Decimals as text.

    Returns:
        the facts and ``base``, ``adjustments``, ``adjustments_amount``, ``payable_amount``,
        ``haulage_amount``; amounts in whole VND, each line rounded half to even, the payable
        amount never below zero.
    """
    price = Decimal(facts["unit_price"])
    accepted = Decimal(facts["quantities"]["accepted"])
    base = {
        "quantity": facts["quantities"]["accepted"],
        "unit_price": facts["unit_price"],
        "amount": line_amount(accepted, price),
    }
    water = facts["surface_water"]
    lines = apply_rules(
        facts["schedule"]["rules"] if facts["schedule"] else [],
        parts=[
            Part(
                position=one["position"],
                quantity=Decimal(one["accepted_quantity"]),
                qualities=one["qualities"],
                grade=one["grade"],
            )
            for one in facts["parts"]
        ],
        unit_price=price,
        surface_water=None if water is None else Decimal(water),
    )
    moved = sum(line.amount for line in lines)
    return {
        **facts,
        "base": base,
        "adjustments": [_shown(line) for line in lines],
        "adjustments_amount": moved,
        "payable_amount": max(0, base["amount"] + moved),
        "haulage_amount": haulage_share(**{k: facts["haulage"][k] for k in HAULAGE_TERMS}),
    }


HAULAGE_TERMS = ("line_amount", "ordered", "accepted")


def recompute(document: Mapping[str, Any]) -> Document:
    """A slip made anew from the facts in its own document; equal to it if nobody tampered."""
    made = ("base", "adjustments", "adjustments_amount", "payable_amount", "haulage_amount")
    return computed({name: value for name, value in document.items() if name not in made})


def haulage_share(*, line_amount: int, ordered: str, accepted: str) -> int:
    """Whole VND owed for carrying what was accepted of a line, half to even.

    Nothing is owed for carrying what was rejected.
    """
    with localcontext(prec=ENOUGH_DIGITS):
        return to_dong(line_amount * Decimal(accepted) / Decimal(ordered))


def _shown(line: Adjustment) -> dict[str, Any]:
    return asdict(line) | {
        "rule": dict(line.rule),
        "percent": f"{line.percent:f}",
        "quantity": f"{line.quantity:.3f}",
    }
