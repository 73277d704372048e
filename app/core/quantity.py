"""Quantities: exact decimals with three places, and the local units people type."""

from decimal import ROUND_DOWN, Decimal

from app.core.errors import LANGUAGES, invalid
from app.core.numbers import written
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


# What units other than weights are called.
UNITS = {"vi": {"stem": "cành", "head": "con"}, "en": {"stem": "stems", "head": "head"}}


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


def in_stock_unit(quantity: Decimal, unit: str | None, stock_unit: str, *, field: str) -> Decimal:
    """A quantity typed in a local unit, in the unit its stock is kept in.

    Args:
        field: where the quantity stands in the body, e.g. ``/quantity``; its unit is ``/unit``.

    Raises:
        Invalid: the unit does not convert, or the result is too fine or too large to be kept.
    """
    if unit is None:
        return quantity
    units = units_per(unit, stock_unit)
    if units is None:
        raise invalid("/unit", "Đơn vị không quy đổi được.", "This unit does not convert.")
    converted = quantity * units
    if converted != round_down(converted) or converted > HIGHEST_QUANTITY:
        raise invalid(
            field,
            "Quy ra đơn vị của mặt hàng thì quá nhỏ hoặc quá lớn.",
            "In the commodity's own unit this is too fine or too large.",
        )
    return converted


def with_unit(quantity: Decimal, unit: str) -> dict[str, str]:
    """A quantity with its unit, as the sentence of a refusal says it in each language."""
    return {
        language: f"{written(quantity, language)} {UNITS[language].get(unit, unit)}"
        for language in LANGUAGES
    }


def as_typed(quantity: Decimal, unit: str | None, stock_unit: str) -> dict[str, str]:
    """The figure and the unit in which somebody entered a quantity."""
    return {"quantity": f"{quantity:f}", "unit": unit or stock_unit}
