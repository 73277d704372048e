"""A delivery slip in words and written figures, for a page that is read on a phone or printed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.catalogue.models import Commodity
from app.core import clock
from app.core.numbers import written
from app.core.quantity import UNITS
from app.deliveries.models import Delivery
from app.deliveries.slip import Document
from app.orders.quality_rules import GRADE, Rule, RuleKind

QUANTITIES = (
    ("offered", "Chào bán", "Offered"),
    ("ordered", "Đặt mua", "Ordered"),
    ("despatched", "Xuất đi", "Despatched"),
    ("weighed", "Cân tịnh", "Weighed, net"),
    ("accepted", "Nhận", "Accepted"),
)
RESULTS = {
    "accepted": ("Đạt", "Accepted"),
    "downgraded": ("Hạ loại", "Downgraded"),
    "rejected": ("Từ chối", "Rejected"),
}


def slip_page(*, delivery: Delivery, slip: Document, commodity: Commodity) -> dict[str, Any]:
    """What the template shows: Vietnamese first, English beside it, figures as people write them.

    Args:
        slip: as :func:`receipt_operations.slip_of` gives it.
    """
    scale = {name: _figure(slip["quantities"][name]) for name in ("gross", "tare")}
    return {
        "delivery_id": delivery.id,
        "number": delivery.number,
        "slip": slip,
        "seller": delivery.order.seller.name,
        "buyer": delivery.order.buyer.name,
        "commodity": commodity.name,
        "unit": UNITS["vi"].get(commodity.unit, str(commodity.unit)),
        "made_on": _day(slip.get("made_at")),
        "quantities": [
            {
                "vi": vi,
                "en": en,
                "figure": _figure(slip["quantities"][name]),
                "scale": scale if name == "weighed" else None,
            }
            for name, vi, en in QUANTITIES
        ],
        "parts": [_part(part, commodity) for part in slip["parts"]],
        "price": _figure(slip["base"]["unit_price"]),
        "base": {name: _figure(slip["base"][name]) for name in ("quantity", "amount")},
        "adjustments": [_adjustment(line, commodity) for line in slip["adjustments"]],
        "payable": _figure(slip["payable_amount"]),
        "haulage": _figure(slip["haulage_amount"]),
    }


def _part(part: Mapping[str, Any], commodity: Commodity) -> dict[str, Any]:
    vi, en = RESULTS[part["result"]]
    return {
        "position": part["position"],
        "net": _figure(part["net"]),
        "accepted": _figure(part["accepted_quantity"]),
        "vi": vi,
        "en": en,
        "reason": part["reason"] or "",
        "measured": [
            {"vi": vi, "en": en, "figure": _measured(part["qualities"][code], unit)}
            for code in part["qualities"]
            for vi, en, unit in [_quality(code, commodity)]
        ],
    }


def _adjustment(line: Mapping[str, Any], commodity: Commodity) -> dict[str, Any]:
    vi, en, unit = _quality(line["attribute"], commodity)
    rule_vi, rule_en = _rule(line["rule"])
    return {
        "part": line["part"],
        "vi": vi,
        "en": en,
        "measured": _measured(line["measured"], unit),
        "rule": {"vi": rule_vi, "en": rule_en},
        "percent": _figure(line["percent"]),
        "quantity": _figure(line["quantity"]),
        "amount": _figure(line["amount"]),
    }


def _rule(rule: Rule) -> tuple[str, str]:
    """What a rule says, in Vietnamese and English."""
    match rule["kind"]:
        case RuleKind.PER_POINT:
            return _per_point(rule)
        case RuleKind.STEPS:
            steps = [(_figure(one["from"]), _figure(one["percent"])) for one in rule["steps"]]
            return _both("; ", "từ {}: {} %", "from {}: {} %", steps)
        case RuleKind.TABLE:
            key = GRADE if rule.get("by") == GRADE else "value"
            rows = [(str(row[key]), _figure(row["percent"])) for row in rule["rows"]]
            return _both("; ", "{}: {} %", "{}: {} %", rows)
        case RuleKind.WATER_DEDUCTION:
            free = Decimal(rule.get("allowance", "0"))
            if free:
                return _both("", "trừ phần trên {} %", "what is above {} %", [(_figure(free),)])
            return "trừ đúng tỷ lệ đo được", "just what was measured"
    return "", ""


def _per_point(rule: Rule) -> tuple[str, str]:
    points = {
        "above": ("trên mốc {} % mỗi điểm", "{} % a point above"),
        "below": ("dưới mốc {} % mỗi điểm", "{} % a point below"),
    }
    cap = ("nhiều nhất {} %", "at most {} %")
    said = [
        [one.format(_figure(rule[name])) for one in words]
        for name, words in (points | {"cap": cap}).items()
        if name in rule
    ]
    vi, en = (", ".join(sentences) for sentences in zip(*said, strict=True))
    reference = _figure(rule["reference"])
    return f"mốc {reference}: {vi}", f"reference {reference}: {en}"


def _both(between: str, vi: str, en: str, figures: Sequence[tuple[str, ...]]) -> tuple[str, str]:
    return (
        between.join(vi.format(*one) for one in figures),
        between.join(en.format(*one) for one in figures),
    )


def _quality(code: str, commodity: Commodity) -> tuple[str, str, str]:
    """A quality's names, and its unit after a space where it has one."""
    if code == GRADE:
        return "Loại", "Grade", ""
    for attribute in commodity.qualities:
        if attribute.code == code:
            unit = f" {attribute.unit}" if attribute.unit else ""
            return attribute.name_vi, attribute.name_en, unit
    return code, code, ""


def _measured(value: Any, unit: str) -> str:
    if isinstance(value, bool):
        return "có (yes)" if value else "không (no)"
    try:
        return f"{_figure(value)}{unit}"
    except ArithmeticError:
        return str(value)


def _figure(value: Any) -> str:
    return written(Decimal(value), "vi").replace("-", "−")


def _day(instant: Any) -> str:
    return clock.local_date(instant).strftime("%d/%m/%Y") if instant else ""
