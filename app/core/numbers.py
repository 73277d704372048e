"""Figures as people write and type them."""

import re
from decimal import Decimal


def written(value: Decimal, language: str) -> str:
    """A decimal grouped in thousands: 1.234,5 in Vietnamese, 1,234.5 in English."""
    whole = value == value.to_integral()
    english = f"{value.quantize(Decimal(1)) if whole else value.normalize():,f}"
    return english.translate(str.maketrans(",.", ".,")) if language == "vi" else english


def read(text: str, language: str) -> str | None:
    """A figure as people type it, as decimal text; None where it is none.

    Vietnamese groups by points and has a decimal comma, English the other way round; spaces group
    in both. What groups begins decimals where it groups nothing: in Vietnamese "1.5" is "1,5",
    "0.125" is "0,125", and "12.500" is 12500.
    """
    group, mark = (".", ",") if language == "vi" else (",", ".")
    bare = re.sub("[\u00a0 ]", group, text.strip())
    sign, digits = ("-", bare[1:]) if bare.startswith("-") else ("", bare)
    whole, _, part = digits.partition(mark)
    grouped = re.fullmatch(rf"[1-9][0-9]{{0,2}}(\{group}[0-9]{{3}})+", whole)
    if grouped and re.fullmatch("[0-9]{0,6}", part):
        return sign + whole.replace(group, "") + (f".{part}" if part else "")
    plain = re.fullmatch(r"([0-9]{1,30})(?:([.,])([0-9]{1,6}))?", digits)
    if not plain:
        return None
    return f"{sign}{plain[1]}" + (f".{plain[3]}" if plain[3] else "")
