"""What a seller states, held against what the catalogue allows for the commodity. Pure."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from app.catalogue.models import Commodity, QualityAttribute, QualityType
from app.core.errors import Invalid

_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def check_qualities(
    commodity: Commodity, stated: dict[str, Any], *, complete: bool, pointer: str = "/qualities"
) -> dict[str, Any]:
    """The stated values in their stored form: number as decimal text, boolean, ISO date.

    Args:
        complete: whether every required quality has to be there.

    Raises:
        Invalid: unknown, missing or unfit values, each named.
    """
    known = {attribute.code: attribute for attribute in commodity.qualities}
    errors, kept = [], {}
    for code, value in stated.items():
        if code not in known:
            errors.append(_error(f"{pointer}/{code}", "Không có chỉ tiêu này.", "Unknown quality."))
            continue
        try:
            kept[code] = quality_value(known[code], value)
        except ValueError:
            errors.append(_error(f"{pointer}/{code}", *expected(known[code])))
    for code, attribute in known.items():
        if complete and attribute.required and code not in stated:
            errors.append(
                _error(f"{pointer}/{code}", "Thiếu chỉ tiêu bắt buộc.", "This quality is required.")
            )
    if errors:
        raise Invalid(errors=errors)
    return kept


def quality_value(attribute: QualityAttribute, value: Any) -> Any:
    """One value in its stored form.

    Raises:
        ValueError: the type, the decimals or the range is wrong.
    """
    if attribute.type is QualityType.BOOLEAN:
        if not isinstance(value, bool):
            raise ValueError
        return value
    if not isinstance(value, str):
        raise ValueError
    if attribute.type is QualityType.DATE:
        if not _DAY.fullmatch(value):
            raise ValueError
        return date.fromisoformat(value).isoformat()
    if not _NUMBER.fullmatch(value):
        raise ValueError
    number = Decimal(value)
    if len(value.partition(".")[2]) > (attribute.decimals or 0):
        raise ValueError
    if attribute.minimum is not None and number < attribute.minimum:
        raise ValueError
    if attribute.maximum is not None and number > attribute.maximum:
        raise ValueError
    return f"{number:.{attribute.decimals or 0}f}"


def expected(attribute: QualityAttribute) -> tuple[str, str]:
    """What a value has to be, in Vietnamese and English."""
    if attribute.type is QualityType.BOOLEAN:
        return "Phải là true hoặc false.", "Must be true or false."
    if attribute.type is QualityType.DATE:
        return "Phải là ngày dạng NĂM-THÁNG-NGÀY.", "Must be an ISO date."
    low = "-∞" if attribute.minimum is None else f"{attribute.minimum.normalize():f}"
    high = "∞" if attribute.maximum is None else f"{attribute.maximum.normalize():f}"
    return (
        f"Phải là số dạng chữ từ {low} đến {high}; số lẻ: nhiều nhất {attribute.decimals}.",
        f"Must be a decimal as text from {low} to {high}; decimals: at most {attribute.decimals}.",
    )


def _error(pointer: str, vi: str, en: str) -> dict[str, str]:
    return {"pointer": pointer, "vi": vi, "en": en}
