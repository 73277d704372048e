"""What was accepted week by week, as a figure."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from app.web import drawing, interactive
from app.web.figures import Figure, Goods, Row, about, short
from app.web.language import day, money, named, quantity, t, unit

MOST_CELLS = 6


def volumes(rows: Sequence[Row], goods: Goods, weeks: Sequence[date], *, over: date) -> Figure:
    """What was accepted week by week, a small chart for each commodity.

    Args:
        over: the last day of which all is known; a week that goes on after it is not compared.
    """
    accepted = {(row["period"], row["commodity"]): row["accepted_quantity"] for row in rows}
    amounts: dict[str, int] = defaultdict(int)
    for row in rows:
        amounts[row["commodity"]] += row["accepted_amount"]
    largest = sorted((code for code in amounts if amounts[code]), key=lambda code: -amounts[code])
    whole = [week for week in weeks if week + timedelta(days=6) <= over]
    kinds = ["filled" if week in whole else "outlined" for week in weeks]
    latest = whole[-1] if any(week in whole for week, _ in accepted) else weeks[-1]
    shown = {
        code: [accepted.get((week, code), Decimal(0)) for week in weeks]
        for code in largest[:MOST_CELLS]
    }
    cells = [
        drawing.cell(
            named(goods[code]),
            about(accepted.get((latest, code), Decimal(0)), goods[code].unit),
            values,
            kinds,
        )
        for code, values in shown.items()
    ]
    changes = {
        code: accepted.get((whole[-1], code), 0) - accepted.get((whole[-2], code), 0)
        for code in largest
        if len(whole) > 1 and ((whole[-1], code) in accepted or (whole[-2], code) in accepted)
    }
    return Figure(
        "volumes",
        _changed(changes, goods) or _most(largest, amounts, goods),
        t(
            "Mỗi ô một thang từ 0; số là tuần {week}. Cột viền: tuần chưa hết.",
            "Each on its own scale from 0; figures: week of {week}. Outlined: not yet over.",
            week=short(latest),
        ),
        t("Hàng nhận theo tuần", "Accepted by week"),
        (
            t("Tuần", "Week"),
            t("Nông sản", "Produce"),
            t("Đã nhận", "Accepted"),
            t("Không nhận", "Refused"),
            t("Tiền hàng", "Amount"),
        ),
        [
            (
                day(row["period"]),
                named(goods[row["commodity"]]),
                quantity(row["accepted_quantity"], row["unit"]),
                quantity(row["refused_quantity"], row["unit"]),
                money(row["accepted_amount"]),
            )
            for row in rows
        ],
        (2, 3, 4),
        drawing.Multiples(cells) if cells else None,
        _by_week(shown, goods, weeks, kinds) if cells else None,
    )


def _by_week(
    shown: dict[str, list[Decimal]], goods: Goods, weeks: Sequence[date], kinds: Sequence[str]
) -> dict[str, Any]:
    """A pane for each commodity, all over the same weeks."""
    tips = [
        "\n".join(
            (
                day(week),
                *(
                    f"{named(goods[code])}: {quantity(values[at], goods[code].unit)}"
                    for code, values in shown.items()
                ),
            )
        )
        for at, week in enumerate(weeks)
    ]
    several = (
        interactive.pane(
            f"{name}, {unit(goods[code].unit)}",
            interactive.columns(name, values, kinds),
            from_zero=True,
        )
        for code, values in shown.items()
        for name in [named(goods[code])]
    )
    return interactive.panes([short(week) for week in weeks], tips, *several)


def _changed(changes: dict[str, Any], goods: Goods) -> str:
    """Which commodities rose and fell between the last two weeks that are over; '' if untold."""
    rose = [code for code, change in changes.items() if change > 0]
    fell = [code for code, change in changes.items() if change < 0]
    if not changes:
        return ""
    if not rose and not fell:
        return t("Lượng nhận như tuần trước", "As much as the week before")
    only = t("Chỉ ", "Only ") if len(changes) > 1 else ""
    if len(fell) == 1:
        return t(
            "{only}{name} giảm so với tuần trước",
            "{only}{name} fell from the week before",
            only=only,
            name=named(goods[fell[0]]),
        )
    if len(rose) == 1:
        return t(
            "{only}{name} tăng so với tuần trước",
            "{only}{name} rose from the week before",
            only=only,
            name=named(goods[rose[0]]),
        )
    return t(
        "{rose} mặt hàng tăng, {fell} giảm so với tuần trước",
        "{rose} rose, {fell} fell from the week before",
        rose=len(rose),
        fell=len(fell),
    )


def _most(largest: Sequence[str], amounts: dict[str, int], goods: Goods) -> str:
    if not largest:
        return t("Chưa có hàng nhận để nêu", "No accepted goods to tell of yet")
    return t(
        "{name} mang về nhiều tiền nhất: {amount}",
        "{name} brought most: {amount}",
        name=named(goods[largest[0]]),
        amount=money(amounts[largest[0]]),
    )
