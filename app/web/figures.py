"""Figures as a page tells them: a finding as the title, a chart, and the table it is drawn from."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any

from app.catalogue.models import Commodity
from app.web import drawing, interactive
from app.web.language import day, named, number, price, quantity, t, tonnes, unit

Row = dict[str, Any]
Goods = dict[str, Commodity]
Drawing = drawing.Plot | drawing.Multiples | drawing.Ranked | drawing.Flow
NEAR, FEWEST_DOTS = Decimal("0.03"), 3


@dataclass(frozen=True)
class Figure:
    """One finding. ``name`` is its file's; ``drawing`` is its chart, if there is one to draw.

    ``interactive`` is the same chart for `charts.js`.
    """

    name: str
    title: str
    note: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int]
    drawing: Drawing | None = None
    interactive: dict[str, Any] | None = None


def paid(rows: Sequence[Row], good: Commodity) -> Figure:
    """The price of a commodity by week, and how far grades and places lie apart."""
    weeks: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        if row["commodity"] == good.code and row["price"] is not None:
            weeks[row["period"]].append(row)
    told = [
        (week, _mean(ones), min(one["price"] for one in ones), max(one["price"] for one in ones))
        for week, ones in sorted(weeks.items())
    ]
    values = [mean for _, mean, _, _ in told]
    lows, highs = [low for _, _, low, _ in told], [high for *_, high in told]
    names = [short(week) for week, *_ in told]
    columns = (t("Tuần", "Week"), t("Bình quân", "Average"), t("Thấp", "Low"), t("Cao", "High"))
    cells = [
        (day(week), *(price(one, good.unit) for one in (mean, low, high)))
        for week, mean, low, high in told
    ]
    pane = interactive.pane(
        f"{t('đ', 'VND')}/{unit(good.unit)}",
        interactive.spans(
            t("Thấp đến cao", "Low to high"), "band", list(zip(lows, highs, strict=True))
        ),
        interactive.line(columns[1], values),
        from_zero=False,
    )
    enough = len(told) > 1
    return Figure(
        "prices",
        _course(values, good),
        t(
            "Đường: bình quân tuần. Dải: thấp nhất đến cao nhất theo loại và nơi.",
            "Line: the week's average. Band: lowest to highest by grade and place.",
        ),
        t("Giá đã trả theo tuần", "Prices paid by week"),
        columns,
        cells,
        (1, 2, 3),
        drawing.line_with_band(names, values, lows, highs, number(values[-1])) if enough else None,
        interactive.panes(names, interactive.told(columns, cells), pane) if enough else None,
    )


def _mean(rows: Sequence[Row]) -> Decimal:
    amount, whole = sum(one["amount"] for one in rows), sum(one["quantity"] for one in rows)
    return (Decimal(amount) / Decimal(whole)).quantize(Decimal(1))


def _course(values: Sequence[Decimal], good: Commodity) -> str:
    """Which way a price has gone, week upon week, up to now."""
    if not values:
        return t("{name} chưa có giá để nêu", "No price of {name} to tell of yet", name=named(good))
    now = {"name": named(good), "now": price(values[-1], good.unit)}
    steps = [later - earlier for earlier, later in pairwise(values)]
    for sign, once, often in (
        (
            1,
            ("{name} tăng giá so với tuần trước, nay {now}",
             "{name} is dearer than a week before, now {now}"),
            ("{name} tăng giá {run} tuần liền, nay {now}",
             "{name} has risen for {run} weeks, now {now}"),
        ),
        (
            -1,
            ("{name} giảm giá so với tuần trước, nay {now}",
             "{name} is cheaper than a week before, now {now}"),
            ("{name} giảm giá {run} tuần liền, nay {now}",
             "{name} has fallen for {run} weeks, now {now}"),
        ),
    ):  # fmt: skip
        run = 0
        while run < len(steps) and steps[-1 - run] * sign > 0:
            run += 1
        if run:
            return t(*(once if run == 1 else often), run=run, **now)
    return t("{name}: giá nay {now}", "{name}: the price is {now}", **now)


def coming(rows: Sequence[Row], good: Commodity) -> Figure:
    """Forecasts of a commodity, and what they may come to, beside what is promised and wanted."""
    own = [row for row in rows if row["commodity"] == good.code]
    if not any(row["forecast_quantity"] or _wanted(row) for row in own):
        own = []
    expected = [row["forecast_quantity"] for row in own]
    wanted = [_wanted(row) for row in own]
    ranges = [_range(row) for row in own]
    names = [short(row["week"]) for row in own]
    columns = (
        t("Tuần", "Week"),
        t("Dự báo", "Forecast"),
        t("Khoảng thường gặp", "Usual range"),
        t("Đã hứa, đang cần", "Promised, wanted"),
        t("Dư (+), thiếu (−)", "Over (+), short (−)"),
    )
    cells = [
        (
            day(row["week"]),
            quantity(row["forecast_quantity"], good.unit),
            f"{number(span[0])}–{quantity(span[1], good.unit)}" if span else "–",
            quantity(need, good.unit),
            quantity(row["gap_quantity"], good.unit),
        )
        for row, need, span in zip(own, wanted, ranges, strict=True)
    ]
    pane = interactive.pane(
        unit(good.unit),
        interactive.columns(columns[1], expected, "filled"),
        interactive.columns(columns[3], wanted, "outlined"),
        *([interactive.spans(columns[2], "whiskers", ranges)] if any(ranges) else []),
        from_zero=True,
    )
    return Figure(
        "supply",
        _shortest(own, good),
        " ".join(
            (
                t(
                    "Cột đặc: dự báo. Cột viền: đã hứa và đang cần.",
                    "Filled: forecast. Outlined: promised and wanted.",
                ),
                _trust(own),
            )
        ),
        t("Hàng sắp có và hàng phải giao", "What is coming and what is due"),
        columns,
        cells,
        (1, 2, 3, 4),
        drawing.paired_columns(names, expected, wanted, ranges) if own else None,
        interactive.panes(names, interactive.told(columns, cells), pane) if own else None,
    )


def _wanted(row: Row) -> Decimal:
    return Decimal(row["promised_quantity"] + (row["open_demand_quantity"] or 0))


def _shortest(rows: Sequence[Row], good: Commodity) -> str:
    """The week that lacks most, if any does."""
    worst = min(rows, key=lambda row: row["gap_quantity"], default=None)
    if worst is None:
        return t(
            "{name} chưa có dự báo để nêu", "No forecast of {name} to tell of yet", name=named(good)
        )
    if worst["gap_quantity"] >= 0:
        return t("Dự báo đủ cho mọi tuần tới", "Forecasts cover every week to come")
    return t(
        "Tuần {week} thiếu {lacking}",
        "The week of {week} lacks {lacking}",
        week=short(worst["week"]),
        lacking=quantity(-worst["gap_quantity"], good.unit),
    )


def _range(row: Row) -> tuple[Decimal, Decimal] | None:
    low, high = row["likely_low_quantity"], row["likely_high_quantity"]
    return None if low is None else (low.quantize(Decimal(1)), high.quantize(Decimal(1)))


def _trust(rows: Sequence[Row]) -> str:
    """How far a forecast may be trusted, by how those before came true."""
    known = next((row for row in rows if row["past_weeks"]), None)
    if known is None:
        return t("Dự báo là ước chừng.", "A forecast is an estimate.")
    return t(
        "Vạch đứng: khoảng mà {within} trong {weeks} tuần trước đã thu được so với dự báo.",
        "Upright line: what was harvested of the forecast in {within} of {weeks} past weeks.",
        within=known["past_weeks_within"],
        weeks=known["past_weeks"],
    )


def even(rows: Sequence[Row], good: Commodity) -> Figure:
    """What each seller got for a commodity: rows from the lowest price to the highest."""
    own = [row for row in rows if row["commodity"] == good.code]
    enough = len(own) >= FEWEST_DOTS
    middle = median(row["price"] for row in own) if own else Decimal(0)
    near = sum(abs(row["price"] - middle) <= NEAR * middle for row in own)
    return Figure(
        "sellers",
        t(
            "{near} trong {all} bên bán được giá lệch giá giữa dưới 3%",
            "{near} of {all} sold within 3% of the middle price",
            near=near,
            all=len(own),
        )
        if enough
        else t("Chưa đủ ba bên bán để so giá", "Fewer than three sellers to compare"),
        t(
            "Mỗi chấm một bên bán, xếp từ giá thấp tới cao. Đường: giá giữa.",
            "Each dot is a seller, from the lowest price to the highest. Line: the middle price.",
        ),
        t("Giá từng bên bán", "Price by seller"),
        (
            t("Bên bán", "Seller"),
            t("Đã nhận", "Accepted"),
            t("Giá", "Price"),
            t("So với giá giữa", "From the middle"),
        ),
        [
            (
                row["member"],
                quantity(row["accepted_quantity"], good.unit),
                price(row["price"], good.unit),
                _apart(row["price"], middle),
            )
            for row in own
        ],
        (1, 2, 3),
        drawing.sorted_dots([row["price"] for row in own], number(round(middle)))
        if enough
        else None,
    )


def _apart(value: Decimal, middle: Decimal) -> str:
    off = round(100 * (value - middle) / middle, 1) if middle else Decimal(0)
    return f"{'+' if off > 0 else ''}{number(off)}%".replace("-", "−")


def about(value: Decimal, unit: str) -> str:
    """A quantity as a chart tells it, to one decimal, tonnes from 1,000 kg; the table is exact."""
    value = round(value, 1)
    return tonnes(value) if unit == "kg" else quantity(value, unit)


def share(part: float | None) -> str:
    """A share in per cent, or a dash where it cannot be told."""
    return "–" if part is None else f"{number(round(Decimal(str(part)) * 100, 1))}%"


def short(week: date) -> str:
    """A week as a chart names it, by its first day."""
    return f"{week:%d/%m}"
