"""Quantities: exact decimals with three places, and the local units people type."""

from decimal import ROUND_DOWN, Decimal

from app.core.vietnamese import fold

QUANTITY_STEP = Decimal("0.001")
HIGHEST_QUANTITY = Decimal("999999999.999")

# Viet Nam's customary weights, in kilograms, by their names without accents.
KILOGRAMS = {
    "g": Decimal("0.001"),
    "kg": Decimal(1),
    "yen": Decimal(10),
    "ta": Decimal(100),
    "tan": Decimal(1000),
    "tonne": Decimal(1000),
}


def round_down(quantity: Decimal) -> Decimal:
    """The largest quantity of three places that is not above ``quantity``."""
    return quantity.quantize(QUANTITY_STEP, ROUND_DOWN)


def units_per(unit: str, stock_unit: str) -> Decimal | None:
    """How many ``stock_unit`` one ``unit`` is, or None where the two do not convert."""
    if unit == stock_unit:
        return Decimal(1)
    if stock_unit == "kg":
        return KILOGRAMS.get(fold(unit))
    return None
