"""What a contract's price formula comes to. Pure.

A formula is ``{"form": …}`` with, by form, VND per unit at the farm gate as decimal text:

- ``fixed``: ``price``.
- ``floor_plus_market``: the market's price, never below ``floor``.
- ``market_minus_differential``: the market's price less ``differential``, never below 0.
- ``cost_plus``: ``cost`` and ``margin``.

The two that follow the market name it in ``market``: ``clearing`` for the platform's own clearing
price, or the code of a reference series.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.core.errors import invalid

CLEARING = "clearing"


class PriceForm(StrEnum):
    FIXED = "fixed"
    FLOOR_PLUS_MARKET = "floor_plus_market"
    MARKET_MINUS_DIFFERENTIAL = "market_minus_differential"
    COST_PLUS = "cost_plus"


FIGURES = {
    PriceForm.FIXED: ("price",),
    PriceForm.FLOOR_PLUS_MARKET: ("floor",),
    PriceForm.MARKET_MINUS_DIFFERENTIAL: ("differential",),
    PriceForm.COST_PLUS: ("cost", "margin"),
}
FOLLOWS_MARKET = (PriceForm.FLOOR_PLUS_MARKET, PriceForm.MARKET_MINUS_DIFFERENTIAL)


def price_formula(stated: Mapping[str, Any]) -> dict[str, Any]:
    """A formula as it is kept: its form, exactly the figures it needs, its market if it has one.

    Raises:
        Invalid: a figure or the market is missing, or one is given that the form does not use.
    """
    form = PriceForm(stated["form"])
    kept: dict[str, Any] = {"form": str(form)}
    for name in ("price", "floor", "differential", "cost", "margin"):
        value = stated.get(name)
        if (name in FIGURES[form]) != (value is not None):
            raise invalid(
                f"/price/{name}",
                "Công thức giá này cần hoặc không dùng số này.",
                "This formula needs this figure, or does not use it.",
            )
        if value is not None:
            kept[name] = f"{value:.2f}"
    if (form in FOLLOWS_MARKET) != (stated.get("market") is not None):
        raise invalid(
            "/price/market",
            "Công thức theo giá thị trường phải nêu chuỗi giá; công thức khác thì không.",
            "A formula that follows the market names its series; another does not.",
        )
    if form in FOLLOWS_MARKET:
        kept["market"] = stated["market"]
    return kept


def unit_price(formula: Mapping[str, Any], market: Decimal | None) -> Decimal:
    """VND per unit by a formula, given the market's price where it follows one."""
    figure = {name: Decimal(formula[name]) for name in FIGURES[PriceForm(formula["form"])]}
    match PriceForm(formula["form"]):
        case PriceForm.FIXED:
            return figure["price"]
        case PriceForm.COST_PLUS:
            return figure["cost"] + figure["margin"]
        case PriceForm.FLOOR_PLUS_MARKET:
            assert market is not None
            return max(figure["floor"], market)
        case PriceForm.MARKET_MINUS_DIFFERENTIAL:
            assert market is not None
            return max(Decimal(0), market - figure["differential"])
