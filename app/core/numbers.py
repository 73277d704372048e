"""Figures as people write them."""

from decimal import Decimal


def written(value: Decimal, language: str) -> str:
    """A decimal grouped in thousands: 1.234,5 in Vietnamese, 1,234.5 in English."""
    whole = value == value.to_integral()
    english = f"{value.quantize(Decimal(1)) if whole else value.normalize():,f}"
    return english.translate(str.maketrans(",.", ".,")) if language == "vi" else english
