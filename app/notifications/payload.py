"""What the payload of a message holds: one word means the same in every topic.

A topic lists its facts in one line, ``"order_id commodity quantity confirm_by?"``; the mark says
that a fact may be null or missing. :func:`schema_of` and :func:`example_of` read such a line.
"""

from typing import Any

ID = {"type": "string", "format": "uuid"}
TEXT = {"type": "string"}
CODE = {"type": "string", "pattern": "^[a-z0-9_'-]+$"}
DECIMAL = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
WHOLE = {"type": "integer"}
FLAG = {"type": "boolean"}
DAY = {"type": "string", "format": "date"}
INSTANT = {"type": "string", "format": "date-time"}

_INSTANT = "2026-10-05T02:00:00+00:00"
_FACTS: dict[str, tuple[dict[str, str], Any]] = {
    "accepted_quantity": (DECIMAL, "118.000"),
    "allotted": (DECIMAL, "80.000"),
    "amount": (WHOLE, 22_200_000),
    "answer": (TEXT, "Chúng tôi đồng ý một phần."),
    "answer_by": (INSTANT, _INSTANT),
    "ask_price": (DECIMAL, "185000.00"),
    "available": (DECIMAL, "90.000"),
    "base_amount": (WHOLE, 22_000_000),
    "buyer_price": (DECIMAL, "187500.00"),
    "carrier": (CODE, "seller"),
    "certificate_number": (TEXT, "VG-0123"),
    "claimed_quantity": (DECIMAL, "12.000"),
    "cleared_quantity": (DECIMAL, "420.000"),
    "code_number": (WHOLE, 1),
    "commodity": (CODE, "green-coffee-robusta"),
    "confirm_by": (INSTANT, _INSTANT),
    "cooperative": (TEXT, "Hợp tác xã Lộc An"),
    "credit": (WHOLE, 1_200_000),
    "deliver_until": (INSTANT, _INSTANT),
    "due_on": (DAY, "2026-10-20"),
    "ends_at": (INSTANT, _INSTANT),
    "escalate_by": (INSTANT, _INSTANT),
    "expires_at": (INSTANT, _INSTANT),
    "full_load": (DECIMAL, "2000.000"),
    "goods_amount": (WHOLE, 22_200_000),
    "haulage_amount": (WHOLE, 240_000),
    "kind": (CODE, "closed"),
    "lines": (WHOLE, 1),
    "market": (CODE, "green-coffee-robusta"),
    "matches": (WHOLE, 7),
    "member": (TEXT, "Vườn chè Năm Thủy"),
    "missing": (DECIMAL, "700.000"),
    "note": (TEXT, "Phân bón"),
    "number": (WHOLE, 2),
    "organisation": (TEXT, "Vườn chè Năm Thủy"),
    "payable_amount": (WHOLE, 21_830_000),
    "payment_days": (WHOLE, 15),
    "period_from": (DAY, "2026-09-01"),
    "period_until": (DAY, "2026-09-30"),
    "pooled": (DECIMAL, "1300.000"),
    "province_code": (CODE, "68"),
    "provisional_credit": (WHOLE, 1_500_000),
    "purpose": (CODE, "goods"),
    "quantity": (DECIMAL, "120.000"),
    "reason": (TEXT, "Hàng ướt hơn mức đã hẹn."),
    "reference": (TEXT, "FT26278-0012"),
    "remedy_amount": (WHOLE, 500_000),
    "replaced": (DECIMAL, "40.000"),
    "restored": (DECIMAL, "80.000"),
    "rule": (CODE, "pro_rata"),
    "scheduled_for": (INSTANT, _INSTANT),
    "scheme": (CODE, "vietgap"),
    "search": (TEXT, "Hoa nhài tươi trong vòng 15 km"),
    "share": (DECIMAL, "0.1"),
    "shortfall": (DECIMAL, "2.000"),
    "shortfall_reason": (TEXT, "Mưa dài ngày"),
    "slip_number": (WHOLE, 1),
    "starts_at": (INSTANT, _INSTANT),
    "status": (CODE, "accepted"),
    "substitution_reason": (TEXT, "Lô cũ bị ẩm"),
    "timed_out": (FLAG, True),
    "total_amount": (WHOLE, 22_440_000),
    "trend": (CODE, "even"),
    "url": (TEXT, "https://example.com/blao"),
    "unit_price": (DECIMAL, "185000.00"),
    "until": (INSTANT, _INSTANT),
    "version": (WHOLE, 3),
    "ward_code": (CODE, "24829"),
    "week": (DAY, "2026-10-05"),
    "what": (CODE, "order"),
    "why_recalled": (TEXT, "Nghi nhiễm khuẩn"),
}
_SOME_ID = "01990f6e-7c1a-7b52-9d53-{:012x}"


def schema_of(facts: str) -> dict[str, Any]:
    """A line of facts as JSON Schema (2020-12), the dialect of OpenAPI 3.1."""
    properties, required = {}, []
    for name, optional in _read(facts):
        properties[name] = _schema(name)
        if optional:
            properties[name] = {**properties[name], "type": [properties[name]["type"], "null"]}
        else:
            required.append(name)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def example_of(facts: str) -> dict[str, Any]:
    """A payload that has every fact of the line."""
    return {name: _example(name, place) for place, (name, _) in enumerate(_read(facts), start=1)}


def _read(facts: str) -> list[tuple[str, bool]]:
    return [(word.rstrip("?"), word.endswith("?")) for word in facts.split()]


def _schema(name: str) -> dict[str, Any]:
    return dict(ID if name.endswith("_id") else _FACTS[name][0])


def _example(name: str, place: int) -> Any:
    return _SOME_ID.format(place) if name.endswith("_id") else _FACTS[name][1]
