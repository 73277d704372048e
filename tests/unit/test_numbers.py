"""Figures as people type and write them."""

from decimal import Decimal

import pytest

from app.core.numbers import read, written

TYPED = {
    "12.500": ("12500", "12.500"),
    "12,500": ("12.500", "12500"),
    "11.430,4": ("11430.4", None),
    "11,430.4": (None, "11430.4"),
    "1,5": ("1.5", "1.5"),
    "1.5": ("1.5", "1.5"),
    "12 500": ("12500", "12500"),
    "1.234.567,89": ("1234567.89", None),
    "0,125": ("0.125", "0.125"),
    "0.125": ("0.125", "0.125"),
    "-3": ("-3", "-3"),
    "1.2.3": (None, None),
    "hai": (None, None),
    "": (None, None),
    "1e3": (None, None),
    "12.50.": (None, None),
}


@pytest.mark.parametrize("typed", TYPED)
def test_a_figure_is_read_as_its_language_writes_it(typed: str) -> None:
    assert (read(typed, "vi"), read(typed, "en")) == TYPED[typed]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(
    "figure", ["203.125", "1500", "0.001", "11430.4", "999999999.999", "-12.5"]
)
def test_what_is_written_is_read_back(figure: str, language: str) -> None:
    assert Decimal(read(written(Decimal(figure), language), language) or "NaN") == Decimal(figure)
