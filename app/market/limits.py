"""What an offer or a demand asks, held against its quantity and the catalogue. Pure."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from app.catalogue.models import Commodity, QualityAttribute, QualityType
from app.core.errors import Invalid, invalid
from app.lots.qualities import expected, quality_value


def check_least(pointer: str, least: Decimal | None, quantity: Decimal) -> None:
    """Refuse a minimum that could never be met."""
    if least is not None and least > quantity:
        raise invalid(
            pointer, "Không được lớn hơn lượng cả tin.", "Must not exceed the whole quantity."
        )


def check_limits(
    stated: Mapping[str, Any], commodity: Commodity | None, schemes: Collection[str], index: int
) -> dict[str, Any]:
    """One entry of ``accepts`` in its stored form.

    Raises:
        Invalid: an unknown commodity, grade, quality or scheme, or a limit of the wrong kind.
    """
    pointer = f"/accepts/{index}"
    if commodity is None:
        raise invalid(
            f"{pointer}/commodity", "Không có mặt hàng này.", "There is no such commodity."
        )
    ranks = {grade.code: grade.rank for grade in commodity.grades}
    min_grade = stated.get("min_grade")
    if min_grade is not None and min_grade not in ranks:
        raise invalid(f"{pointer}/min_grade", "Không có loại này.", "There is no such grade.")
    for position, scheme in enumerate(stated["required_certificates"]):
        if scheme not in schemes:
            raise invalid(
                f"{pointer}/required_certificates/{position}",
                "Không có chương trình chứng nhận này.",
                "Unknown scheme.",
            )
    return {
        "commodity_code": commodity.code,
        "min_grade": min_grade,
        "worst_rank": ranks[min_grade] if min_grade is not None else None,
        "quality_limits": _limits(stated["quality_limits"], commodity, pointer),
        "required_certificates": sorted(set(stated["required_certificates"])),
    }


def _limits(
    stated: Mapping[str, Mapping[str, Any]], commodity: Commodity, pointer: str
) -> dict[str, dict[str, Any]]:
    known = {attribute.code: attribute for attribute in commodity.qualities}
    limits: dict[str, dict[str, Any]] = {}
    errors: list[Mapping[str, Any]] = []
    for code, limit in stated.items():
        where = f"{pointer}/quality_limits/{code}"
        if code not in known:
            errors.append(
                {"pointer": where, "vi": "Không có chỉ tiêu này.", "en": "Unknown quality."}
            )
            continue
        try:
            limits[code] = _limit(known[code], limit, where)
        except Invalid as fault:
            errors.extend(fault.errors)
    if errors:
        raise Invalid(errors=errors)
    return limits


def _limit(attribute: QualityAttribute, limit: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """``min`` and ``max`` in their stored form; a boolean is asked for with ``min`` true.

    Raises:
        Invalid: nothing is asked, or something that cannot be met.
    """
    if not limit or not set(limit) <= {"min", "max"}:
        raise invalid(pointer, "Phải có min hoặc max.", "Must have min or max.")
    try:
        kept = {end: quality_value(attribute, value) for end, value in limit.items()}
    except ValueError:
        raise invalid(pointer, *expected(attribute)) from None
    if attribute.type is QualityType.BOOLEAN and kept != {"min": True}:
        raise invalid(
            pointer, "Chỉ hỏi được min là true.", "Only min can be asked for, and only as true."
        )
    if len(kept) == 2 and _number(attribute, kept["min"]) > _number(attribute, kept["max"]):
        raise invalid(
            pointer,
            "Mức thấp nhất lớn hơn mức cao nhất.",
            "The lowest is more than the highest.",
        )
    return kept


def _number(attribute: QualityAttribute, value: str) -> Any:
    return Decimal(value) if attribute.type is QualityType.NUMBER else value
