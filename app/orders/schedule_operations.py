"""Quality schedules: a further version each time, checked against the catalogue."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.accounts.models import Kind, Organisation
from app.accounts.queries import get_organisation
from app.catalogue.models import Commodity, QualityAttribute, QualityType
from app.catalogue.queries import find_commodity
from app.core import outbox
from app.core.db import db
from app.core.errors import Invalid, NotFound, invalid, missing
from app.lots.qualities import quality_value
from app.orders.models import QualitySchedule
from app.orders.quality_rules import GRADE, RuleKind

HIGHEST_PERCENT = Decimal(100)

# What a rule of each kind has to say, and what it may.
NEEDED = {
    RuleKind.PER_POINT: {"attribute", "reference"},
    RuleKind.STEPS: {"attribute", "steps"},
    RuleKind.TABLE: {"rows"},
    RuleKind.WATER_DEDUCTION: {"attribute"},
    RuleKind.REJECT_LIMIT: {"attribute"},
}
ALLOWED = {
    RuleKind.PER_POINT: {"above", "below", "cap"},
    RuleKind.STEPS: set(),
    RuleKind.TABLE: {"attribute", "by"},
    RuleKind.WATER_DEDUCTION: {"allowance"},
    RuleKind.REJECT_LIMIT: {"above", "below"},
}


def set_schedule(
    *,
    by: Organisation,
    commodity: str,
    seller_id: UUID | None,
    rules: Sequence[Mapping[str, Any]],
    now: datetime,
) -> QualitySchedule:
    """Say how quality moves the price from now on; orders placed before keep what they froze.

    Args:
        by: a buyer, for itself; an operator, for the whole platform.
        seller_id: whom it is meant for, where it is not for everybody.

    Raises:
        Invalid: an unknown commodity, or a rule that makes no sense, each fault named.
        NotFound: there is no such seller.
    """
    traded = find_commodity(commodity)
    if traded is None:
        raise invalid("/commodity", "Không có mặt hàng này.", "There is no such commodity.")
    buyer_id = None if by.kind == Kind.OPERATOR else by.id
    _check_seller(seller_id, buyer_id)
    kept = _checked(rules, traded)
    same = (
        QualitySchedule.commodity_code == commodity,
        QualitySchedule.buyer_id.is_not_distinct_from(buyer_id),
        QualitySchedule.seller_id.is_not_distinct_from(seller_id),
    )
    last = db.session.scalar(select(func.max(QualitySchedule.version)).where(*same)) or 0
    schedule = QualitySchedule(
        commodity_code=commodity,
        buyer_id=buyer_id,
        seller_id=seller_id,
        version=last + 1,
        rules=kept,
        created_at=now,
    )
    db.session.add(schedule)
    db.session.flush()
    outbox.add(
        "quality_schedule.set",
        concerns=[one for one in (by.id, seller_id) if one],
        payload={
            "schedule_id": str(schedule.id),
            "commodity": commodity,
            "buyer_id": str(by.id),
            "seller_id": str(seller_id) if seller_id else None,
            "version": schedule.version,
        },
        now=now,
    )
    return schedule


def _check_seller(seller_id: UUID | None, buyer_id: UUID | None) -> None:
    if seller_id is None:
        return
    if buyer_id is None:
        raise invalid(
            "/seller_id",
            "Bảng chung của sàn không dành riêng cho ai.",
            "The platform's own is for everybody.",
        )
    try:
        seller = get_organisation(seller_id)
    except NotFound:
        raise missing("/seller_id") from None
    if seller.kind not in (Kind.FARM, Kind.FARMER_GROUP, Kind.COOPERATIVE):
        raise missing("/seller_id")


def _checked(rules: Sequence[Mapping[str, Any]], commodity: Commodity) -> list[dict[str, Any]]:
    """The rules as they are kept: only what was said, numbers as decimals in text."""
    errors: list[Mapping[str, Any]] = []
    kept = []
    for index, rule in enumerate(rules):
        said = {name: value for name, value in rule.items() if value is not None}
        try:
            _check_shape(said, f"/rules/{index}")
            _check_values(said, f"/rules/{index}", commodity)
        except Invalid as fault:
            errors.extend(fault.errors)
        kept.append(_plain(said))
    if errors:
        raise Invalid(errors=errors)
    return kept


def _check_shape(rule: Mapping[str, Any], pointer: str) -> None:
    kind = RuleKind(rule["kind"])
    needed, given = NEEDED[kind], rule.keys() - {"kind"}
    for name in sorted(needed - given):
        raise invalid(f"{pointer}/{name}", "Quy tắc này cần mục đó.", f"A {kind} rule needs this.")
    for name in sorted(given - needed - ALLOWED[kind]):
        raise invalid(
            f"{pointer}/{name}", "Quy tắc này không có mục đó.", f"A {kind} rule has no such thing."
        )
    if kind is RuleKind.TABLE and ("by" in rule) == ("attribute" in rule):
        raise invalid(
            f"{pointer}/attribute", "Chỉ tiêu, hoặc theo loại.", "Either an attribute or by grade."
        )
    if kind in (RuleKind.PER_POINT, RuleKind.REJECT_LIMIT) and not given & {"above", "below"}:
        raise invalid(f"{pointer}/above", "Cần above hoặc below.", "Needs above or below.")


def _check_values(rule: Mapping[str, Any], pointer: str, commodity: Commodity) -> None:
    if rule.get("by") == GRADE:
        _check_grades(rule["rows"], pointer, commodity)
        return
    attribute = _number(commodity, rule["attribute"], f"{pointer}/attribute")
    if rule["kind"] == RuleKind.PER_POINT:
        _check_bound(attribute, rule["reference"], f"{pointer}/reference")
        for name in ("above", "below"):
            if abs(rule.get(name, Decimal(0))) > HIGHEST_PERCENT:
                raise invalid(f"{pointer}/{name}", "Không quá 100 %.", "At most 100 per cent.")
    if rule["kind"] == RuleKind.REJECT_LIMIT:
        for name in ("above", "below"):
            if name in rule:
                _check_bound(attribute, rule[name], f"{pointer}/{name}")
    for name, key in (("steps", "from"), ("rows", "value")):
        values = []
        for index, row in enumerate(rule.get(name, ())):
            at = f"{pointer}/{name}/{index}/{key}"
            if row.get(key) is None or row.get("grade") is not None:
                raise invalid(at, "Mỗi mức cần đúng một giá trị.", "Each needs exactly one value.")
            _check_bound(attribute, row[key], at)
            values.append(row[key])
            if len(values) > 1 and values[-1] <= values[-2]:
                raise invalid(at, "Phải tăng dần.", "These have to rise.")


def _check_grades(rows: Sequence[Mapping[str, Any]], pointer: str, commodity: Commodity) -> None:
    known, seen = {grade.code for grade in commodity.grades}, set()
    for index, row in enumerate(rows):
        grade = row.get("grade")
        if grade not in known or grade in seen or row.get("value") is not None:
            raise invalid(
                f"{pointer}/rows/{index}/grade",
                "Phải là một loại của mặt hàng, mỗi loại một lần.",
                "Has to be a grade of the commodity, each once.",
            )
        seen.add(grade)


def _number(commodity: Commodity, code: str, pointer: str) -> QualityAttribute:
    for attribute in commodity.qualities:
        if attribute.code == code and attribute.type is QualityType.NUMBER:
            return attribute
    raise invalid(
        pointer, "Mặt hàng không có chỉ tiêu đo này.", "The commodity has no such measured quality."
    )


def _check_bound(attribute: QualityAttribute, value: Decimal, pointer: str) -> None:
    try:
        quality_value(attribute, f"{value:f}")
    except ValueError:
        raise invalid(
            pointer, "Ngoài khoảng đo của chỉ tiêu.", "Beyond what can be measured."
        ) from None


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return str(value)
