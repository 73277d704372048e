"""Whether what a scale showed makes sense. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from app.core.errors import Problem, invalid
from app.core.quantity import HIGHEST_QUANTITY, in_stock_unit, with_unit

MOST_TIMES = 10
"""More than this many times the despatched is a mistake of units or of the decimal point."""


class WeightOutOfProportion(Problem):
    status, code = 409, "weight_out_of_proportion"
    vi = (
        "Cân được {weighed} mà chỉ xuất {despatched}, hơn {most} lần;"
        " xin xem lại đơn vị và dấu phẩy."
    )
    en = (
        "{weighed} was weighed of {despatched} despatched, more than {most} times as much;"
        " please look at the unit and the decimal point."
    )


def gross_and_tare(
    tickets: Sequence[Mapping[str, Decimal]], unit: str | None, stock_unit: str
) -> tuple[Decimal, Decimal]:
    """Gross and tare of all tickets together, in the commodity's unit.

    Raises:
        Invalid: a tare above its gross, a unit that does not convert, nothing on the scale.
    """
    totals = {"gross": Decimal(0), "tare": Decimal(0)}
    for index, ticket in enumerate(tickets):
        if ticket["tare"] > ticket["gross"]:
            raise invalid(
                f"/tickets/{index}/tare",
                "Bì không được nặng hơn cả bì lẫn hàng.",
                "The tare must not be above the gross weight.",
            )
        for name in totals:
            field = f"/tickets/{index}/{name}"
            totals[name] += in_stock_unit(ticket[name], unit, stock_unit, field=field)
    if totals["gross"] == totals["tare"] or totals["gross"] > HIGHEST_QUANTITY:
        raise invalid("/tickets", "Khối lượng tịnh không hợp lý.", "The net weight makes no sense.")
    return totals["gross"], totals["tare"]


def check_proportion(net: Decimal, despatched: Decimal, unit: str) -> None:
    """Refuse a weight that nobody can mean.

    Raises:
        WeightOutOfProportion: it is more than ``MOST_TIMES`` what was despatched.
    """
    if net > MOST_TIMES * despatched:
        raise WeightOutOfProportion(
            weighed=with_unit(net, unit), despatched=with_unit(despatched, unit), most=MOST_TIMES
        )
