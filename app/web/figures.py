"""Figures as a page tells them: a finding as the title, a chart, and the table it is drawn from."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from app.catalogue.models import Commodity
from app.web.language import day, money, named, number, price, quantity, t

Row = dict[str, Any]
MOST_NODES = 6
STAGES = ("commodity", "seller", "way", "buyer")
STAGE_OF = {
    "commodity": "commodity",
    "cooperative": "seller",
    "farm": "seller",
    "processing_line": "way",
    "way": "way",
    "processor": "buyer",
    "province": "buyer",
}
Goods = dict[str, Commodity]


@dataclass(frozen=True)
class Figure:
    """One finding. ``name`` is its file's; ``drawn`` is what `charts.js` draws, if anything."""

    name: str
    title: str
    note: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int]
    chart: str = "bars"
    drawn: dict[str, Any] | None = None


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
    return Figure(
        "prices",
        _course(values, good),
        t(
            "Đường: bình quân tuần. Dải: thấp nhất đến cao nhất theo loại và nơi.",
            "Line: the week's average. Band: lowest to highest by grade and place.",
        ),
        t("Giá đã trả theo tuần", "Prices paid by week"),
        (t("Tuần", "Week"), t("Bình quân", "Average"), t("Thấp", "Low"), t("Cao", "High")),
        [
            (day(week), *(price(one, good.unit) for one in (mean, low, high)))
            for week, mean, low, high in told
        ],
        (1, 2, 3),
        "line",
        {
            "names": [f"{week:%d/%m}" for week, *_ in told],
            "value": _plain(values),
            "low": _plain(low for _, _, low, _ in told),
            "high": _plain(high for *_, high in told),
        }
        if len(told) > 1
        else None,
    )


def _mean(rows: Sequence[Row]) -> Decimal:
    amount, whole = sum(one["amount"] for one in rows), sum(one["quantity"] for one in rows)
    return (Decimal(amount) / Decimal(whole)).quantize(Decimal(1))


def _course(values: Sequence[Decimal], good: Commodity) -> str:
    """Which way a price has gone, week upon week, up to now."""
    if not values:
        return t("{name} chưa có giá", "No price of {name} yet", name=named(good))
    now = {"name": named(good), "now": price(values[-1], good.unit)}
    steps = [later - earlier for earlier, later in pairwise(values)]
    for sign, vi, en, many in (
        (
            1,
            "{name} tăng giá {n} tuần liền, nay {now}",
            "{name} is dearer than a week before, now {now}",
            "{name} has risen for {n} weeks, now {now}",
        ),
        (
            -1,
            "{name} giảm giá {n} tuần liền, nay {now}",
            "{name} is cheaper than a week before, now {now}",
            "{name} has fallen for {n} weeks, now {now}",
        ),
    ):
        run = 0
        while run < len(steps) and steps[-1 - run] * sign > 0:
            run += 1
        if run:
            return t(vi, en, many, n=run, **now)
    return t("{name}: giá nay {now}", "{name}: the price is {now}", **now)


def coming(rows: Sequence[Row], good: Commodity) -> Figure:
    """Forecasts of a commodity beside what is promised and wanted, by week."""
    own = [row for row in rows if row["commodity"] == good.code]
    wanted = [row["promised_quantity"] + (row["open_demand_quantity"] or 0) for row in own]
    worst = min(own, key=lambda row: row["gap_quantity"], default=None)
    if worst is None:
        title = t("Chưa có dự báo nào", "No forecast yet")
    elif worst["gap_quantity"] < 0:
        title = t(
            "Tuần {week} thiếu {lacking}",
            "The week of {week} lacks {lacking}",
            week=f"{worst['week']:%d/%m}",
            lacking=quantity(-worst["gap_quantity"], good.unit),
        )
    else:
        title = t("Dự báo đủ cho mọi tuần tới", "Forecasts cover every week to come")
    return Figure(
        "supply",
        title,
        t(
            "Cột đặc: dự báo. Cột viền: đã hứa và đang cần. Dự báo là ước chừng.",
            "Filled: forecast. Outlined: promised and wanted. A forecast is an estimate.",
        ),
        t("Hàng sắp có và hàng phải giao", "What is coming and what is due"),
        (
            t("Tuần", "Week"),
            t("Dự báo", "Forecast"),
            t("Đã hứa, đang cần", "Promised, wanted"),
            t("Dư (+), thiếu (−)", "Over (+), short (−)"),
        ),
        [
            (
                day(row["week"]),
                *(
                    quantity(one, good.unit)
                    for one in (row["forecast_quantity"], need, row["gap_quantity"])
                ),
            )
            for row, need in zip(own, wanted, strict=True)
        ],
        (1, 2, 3),
        drawn={
            "names": [f"{row['week']:%d/%m}" for row in own],
            "filled": _plain(row["forecast_quantity"] for row in own),
            "outlined": _plain(wanted),
        }
        if own
        else None,
    )


def volumes(rows: Sequence[Row], good: Commodity, goods: Goods) -> Figure:
    """What was accepted, week by week; the chart shows one commodity, the table all."""
    own = [row for row in rows if row["commodity"] == good.code]
    most = max(own, key=lambda row: row["accepted_quantity"], default=None)
    return Figure(
        "volumes",
        t(
            "Tuần {week} nhận nhiều nhất: {most}",
            "The week of {week} brought most: {most}",
            week=f"{most['period']:%d/%m}",
            most=quantity(most["accepted_quantity"], good.unit),
        )
        if most and most["accepted_quantity"]
        else t("{name} chưa có chuyến nào được nhận", "None of {name} came yet", name=named(good)),
        t("Hình: {name}. Thang từ 0.", "Chart: {name}. Scale from 0.", name=named(good)),
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
        drawn={
            "names": [f"{row['period']:%d/%m}" for row in own],
            "filled": _plain(row["accepted_quantity"] for row in own),
        }
        if own
        else None,
    )


def carried(rows: Sequence[Row], name_of: Callable[[str, str], str]) -> Figure:
    """Where the money of accepted goods flows, from produce to buyer or place of origin."""
    links: dict[tuple[tuple[int, str], tuple[int, str]], int] = defaultdict(int)
    kept = _largest(rows, name_of)
    for row in rows:
        ends = (_node(row, "source", name_of, kept), _node(row, "target", name_of, kept))
        if row["amount"] > 0:
            links[ends] += row["amount"]
    last = max((target[0] for _, target in links), default=0)
    reached: dict[str, int] = defaultdict(int)
    for (_, target), amount in links.items():
        if target[0] == last:
            reached[target[1]] += amount
    ranked = sorted(reached.items(), key=lambda item: -item[1])
    total = sum(reached.values())
    nodes = sorted({end for link in links for end in link})
    return Figure(
        "flows",
        t(
            "{name} nhận {share}% giá trị hàng",
            "{name} takes {share}% of the value",
            name=ranked[0][0],
            share=number(round(100 * ranked[0][1] / total)),
        )
        if ranked
        else t("Chưa có hàng được nhận", "Nothing was accepted yet"),
        t("Bề rộng theo tiền hàng.", "Width by the amount."),
        t("Dòng hàng", "Flows"),
        (t("Từ", "From"), t("Tới", "To"), t("Tiền hàng", "Amount")),
        [(source[1], target[1], money(amount)) for (source, target), amount in links.items()],
        (2,),
        "sankey",
        {
            "nodes": [_apart(node) for node in nodes],
            "links": [
                {"source": _apart(source), "target": _apart(target), "value": amount}
                for (source, target), amount in links.items()
            ],
            "names": [name for name, _ in ranked],
            "values": [amount for _, amount in ranked],
        }
        if ranked
        else None,
    )


def _largest(rows: Sequence[Row], name_of: Callable[[str, str], str]) -> set[tuple[int, str]]:
    """The nodes of each stage that are told by name; the others are told together."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for row in rows:
        for side in ("source", "target"):
            stage = STAGES.index(STAGE_OF[row[f"{side}_kind"]])
            sums[stage, _named(row, side, name_of)] += row["amount"]
    ranked = sorted(sums, key=lambda node: -sums[node])
    return {
        node
        for stage in range(len(STAGES))
        for node in [one for one in ranked if one[0] == stage][: MOST_NODES - 1]
    }


def _node(
    row: Row, side: str, name_of: Callable[[str, str], str], kept: set[tuple[int, str]]
) -> tuple[int, str]:
    stage = STAGES.index(STAGE_OF[row[f"{side}_kind"]])
    node = (stage, _named(row, side, name_of))
    return node if node in kept else (stage, t("khác", "others"))


def _named(row: Row, side: str, name_of: Callable[[str, str], str]) -> str:
    kind, name = row[f"{side}_kind"], row[f"{side}_name"]
    return name_of(kind, name)


def _apart(node: tuple[int, str]) -> str:
    """A node's name, told from the same name at another stage by what nobody sees."""
    return node[1] + "\u200b" * node[0]


def lost(rows: Sequence[Row], goods: Goods) -> Figure:
    """Where goods were lost, and what they were worth."""
    causes: dict[str, int] = defaultdict(int)
    for row in rows:
        causes[cause(row["cause"])] += row["amount"]
    ranked = sorted(causes.items(), key=lambda item: -item[1])
    return Figure(
        "loss",
        t(
            "Mất nhiều nhất vì {cause}: {amount}",
            "Most was lost by {cause}: {amount}",
            cause=ranked[0][0],
            amount=money(ranked[0][1]),
        )
        if ranked and ranked[0][1] > 0
        else t("Không mất gì đáng kể", "Nothing much was lost"),
        t("Theo tiền hàng.", "By what it was worth."),
        t("Hao hụt", "Losses"),
        (
            t("Nông sản", "Produce"),
            t("Vì sao", "Cause"),
            t("Lượng", "Quantity"),
            t("Tiền hàng", "Amount"),
        ),
        [
            (
                named(goods[row["commodity"]]),
                cause(row["cause"]),
                quantity(row["quantity"], row["unit"]),
                money(row["amount"]),
            )
            for row in rows
        ],
        (2, 3),
        drawn={
            "names": [name for name, _ in ranked],
            "filled": [max(amount, 0) for _, amount in ranked],
        }
        if ranked
        else None,
    )


def cause(code: str) -> str:
    """Why goods were lost, in words."""
    return {
        "run_out": t("hết hạn trong kho", "running out in store"),
        "spoiled": t("hư trong kho", "spoiling in store"),
        "shrunk": t("hụt trên đường", "shrinking on the way"),
        "rejected": t("không nhận khi kiểm", "rejection at inspection"),
    }[code]


def share(part: float | None) -> str:
    """A share in per cent, or a dash where it cannot be told."""
    return "–" if part is None else f"{number(round(Decimal(str(part)) * 100, 1))}%"


def _plain(values: Iterable[Decimal | int]) -> list[float]:
    return [float(one) for one in values]
