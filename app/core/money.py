"""Whole dong, rounded once and in one way."""

from decimal import ROUND_HALF_EVEN, Decimal

DONG = Decimal(1)
PRICE_STEP = Decimal("0.01")
HIGHEST_PRICE = Decimal("999999999.99")
HIGHEST_AMOUNT = 2**63 - 1
# What one delivery, advance or payout may come to, so that no account ever overflows.
HIGHEST_PAYMENT = 10**15


def to_dong(value: Decimal) -> int:
    """A value in VND as whole dong, half to even: the one rounding point of a line."""
    return int(value.quantize(DONG, ROUND_HALF_EVEN))


def line_amount(quantity: Decimal, unit_price: Decimal) -> int:
    """What ``quantity`` units cost at ``unit_price`` VND each, in whole dong."""
    return to_dong(quantity * unit_price)
