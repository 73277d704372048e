"""Sharing a whole number out by weight, to the last unit."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from app.core.quantity import QUANTITY_STEP


def shared_out(total: int, weights: Sequence[int]) -> list[int]:
    """What each gets of ``total``, proportional to its weight; the shares sum to it exactly.

    What rounding down leaves goes, a unit each, to those who lost most by it, and among equals to
    the first (Hamilton's method, or largest remainder). Where nobody weighs anything all weigh
    the same.

    Args:
        total: not below 0. weights: not below 0, at least one.
    """
    if not any(weights):
        weights = [1] * len(weights)
    whole = sum(weights)
    exact = [Fraction(total * weight, whole) for weight in weights]
    shares = [int(one) for one in exact]
    turns = sorted(range(len(exact)), key=lambda one: (shares[one] - exact[one], one))
    for one in turns[: total - sum(shares)]:
        shares[one] += 1
    return shares


def quantity_shared_out(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """A quantity shared out likewise, to the thousandth of a unit."""
    thousandths = [int(weight / QUANTITY_STEP) for weight in weights]
    return [one * QUANTITY_STEP for one in shared_out(int(total / QUANTITY_STEP), thousandths)]
