"""A delivery slip in words and written figures, for a page that is read on a phone or printed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.catalogue.models import Commodity
from app.core import clock
from app.core.numbers import written
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
UNITS = {"kg": "kg", "stem": "cành", "head": "con"}


def slip_page(*, delivery: Delivery, slip: Document, commodity: Commodity) -> dict[str, Any]:
    """What the template shows: Vietnamese first, English beside it, figures as people write them.

    Args:
        slip: as :func:`receipt_operations.slip_of` gives it.
    """
    return {
        "number": delivery.number,
        "slip": slip,
        "seller": delivery.order.seller.name,
        "buyer": delivery.order.buyer.name,
        "commodity": commodity.name,
        "unit": UNITS[commodity.unit],
        "made_on": _day(slip.get("made_at")),
        "quantities": [
            {"vi": vi, "en": en, "figure": _figure(slip["quantities"][name])}
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
            f"{_quality(code, commodity)[0]}: {_value(value)}"
            for code, value in part["qualities"].items()
        ],
    }


def _adjustment(line: Mapping[str, Any], commodity: Commodity) -> dict[str, Any]:
    vi, en = _quality(line["attribute"], commodity)
    return {
        "part": line["part"],
        "vi": vi,
        "en": en,
        "measured": _value(line["measured"]),
        "rule": _rule(line["rule"]),
        "percent": _figure(line["percent"]),
        "quantity": _figure(line["quantity"]),
        "amount": _figure(line["amount"]),
    }


def _rule(rule: Rule) -> str:
    """What a rule says, in Vietnamese."""
    match rule["kind"]:
        case RuleKind.PER_POINT:
            sides = [
                f"{word} mốc {_figure(rule[side])} % mỗi điểm"
                for side, word in (("above", "trên"), ("below", "dưới"))
                if side in rule
            ]
            cap = f", nhiều nhất {_figure(rule['cap'])} %" if "cap" in rule else ""
            return f"mốc {_figure(rule['reference'])}: {', '.join(sides)}{cap}"
        case RuleKind.STEPS:
            steps = (f"từ {_figure(s['from'])}: {_figure(s['percent'])} %" for s in rule["steps"])
            return "; ".join(steps)
        case RuleKind.TABLE:
            key = GRADE if rule.get("by") == GRADE else "value"
            return "; ".join(f"{row[key]}: {_figure(row['percent'])} %" for row in rule["rows"])
        case RuleKind.WATER_DEDUCTION:
            free = Decimal(rule.get("allowance", "0"))
            return f"trừ phần trên {_figure(free)} %" if free else "trừ đúng tỷ lệ đo được"
    return ""


def _quality(code: str, commodity: Commodity) -> tuple[str, str]:
    if code == GRADE:
        return "Loại", "Grade"
    for attribute in commodity.qualities:
        if attribute.code == code:
            return attribute.name_vi, attribute.name_en
    return code, code


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "có" if value else "không"
    try:
        return written(Decimal(value), "vi")
    except ArithmeticError:
        return str(value)


def _figure(value: Any) -> str:
    return written(Decimal(value), "vi")


def _day(instant: Any) -> str:
    return clock.local_date(instant).strftime("%d/%m/%Y") if instant else ""
