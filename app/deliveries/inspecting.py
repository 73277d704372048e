"""Whether the parts of an inspection make sense. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.catalogue.models import Commodity
from app.core.errors import Problem, invalid
from app.core.quantity import with_unit
from app.deliveries.models import PartResult
from app.lots.qualities import check_qualities
from app.orders.quality_rules import Part, Rule, attribute_of, breached_limit


class PartsDoNotAddUp(Problem):
    status, code = 422, "parts_do_not_add_up"
    vi = "Các phần cộng lại là {sum}, còn cân được {net}."
    en = "The parts come to {sum}, but {net} was weighed."


class BeyondRejectLimit(Problem):
    status, code = 422, "beyond_reject_limit"
    vi = "Phần {part} ({attribute}: {measured}) quá giới hạn: chỉ hạ loại hoặc từ chối."
    en = "Part {part} ({attribute}: {measured}) is beyond the limit: downgrade or reject it."


def checked_parts(
    parts: Sequence[Mapping[str, Any]],
    *,
    net: Decimal,
    commodity: Commodity,
    schedule: Mapping[str, Any] | None,
) -> list[dict[str, Any]]:
    """The parts in the form they are kept in.

    Args:
        parts: ``net``, ``result``, and ``accepted_quantity`` (all of an accepted or downgraded
            part unless stated, nothing of a rejected one), ``qualities``, ``grade``, ``reason``.
        net: what was weighed.
        schedule: the one frozen on the order line.

    Raises:
        Invalid: a quality, a grade, an accepted quantity or a missing reason.
        PartsDoNotAddUp: their net weights are not what was weighed.
        BeyondRejectLimit: a part is accepted as it is that the schedule forbids.
    """
    rows = [_row(part, index, commodity) for index, part in enumerate(parts)]
    total = sum((row["net"] for row in rows), Decimal(0))
    if total != net:
        raise PartsDoNotAddUp(
            sum=with_unit(total, commodity.unit),
            net=with_unit(net, commodity.unit),
            errors=[
                {
                    "pointer": "/parts",
                    "vi": "Không bằng khối lượng đã cân.",
                    "en": "Not what was weighed.",
                }
            ],
        )
    names = {one.code: one.name for one in commodity.qualities}
    for index, row in enumerate(rows):
        _check_limits(row, index, schedule["rules"] if schedule else [], names)
    return rows


def _row(part: Mapping[str, Any], index: int, commodity: Commodity) -> dict[str, Any]:
    pointer = f"/parts/{index}"
    qualities = check_qualities(
        commodity, part["qualities"], complete=False, pointer=f"{pointer}/qualities"
    )
    if part["grade"] is not None and part["grade"] not in {one.code for one in commodity.grades}:
        raise invalid(
            f"{pointer}/grade", "Mặt hàng không có loại này.", "This commodity has no such grade."
        )
    rejected = part["result"] == PartResult.REJECTED
    accepted: Decimal = part["accepted_quantity"]
    if accepted is None:
        accepted = Decimal(0) if rejected else part["net"]
    if accepted > part["net"] or rejected != (accepted == 0):
        raise invalid(
            f"{pointer}/accepted_quantity",
            "Phần từ chối thì bằng 0, phần khác thì trên 0 và không quá khối lượng tịnh.",
            "Nothing of a rejected part; of another, more than 0 and at most its net weight.",
        )
    if part["reason"] is None and (part["result"] != PartResult.ACCEPTED or accepted < part["net"]):
        raise invalid(
            f"{pointer}/reason",
            "Cần lý do khi hạ loại, từ chối hoặc nhận thiếu.",
            "A reason is needed to downgrade, reject or accept less.",
        )
    return {
        "net": part["net"],
        "accepted_quantity": accepted,
        "qualities": qualities,
        "grade": part["grade"],
        "result": part["result"],
        "reason": part["reason"],
    }


def _check_limits(
    row: Mapping[str, Any], index: int, rules: Sequence[Rule], names: Mapping[str, dict[str, str]]
) -> None:
    if row["result"] != PartResult.ACCEPTED:
        return
    part = Part(index + 1, row["accepted_quantity"], row["qualities"], row["grade"])
    rule = breached_limit(rules, part)
    if rule is not None:
        attribute = attribute_of(rule)
        raise BeyondRejectLimit(
            part=index + 1,
            attribute=names[attribute],
            measured=Decimal(row["qualities"][attribute]),
            errors=[
                {
                    "pointer": f"/parts/{index}/result",
                    "vi": "Quá giới hạn.",
                    "en": "Beyond the limit.",
                }
            ],
        )
