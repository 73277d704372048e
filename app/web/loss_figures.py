"""What was lost between the field and the mill, and what restrictions did, as figures."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from app.catalogue.models import Commodity
from app.web import drawing
from app.web.chain_figures import bars
from app.web.figures import Figure, Goods, Row, about, share
from app.web.language import money, named, number, quantity, t

NOT_TOLD = "–"


def lost(rows: Sequence[Row], good: Commodity, goods: Goods, *, market: bool) -> Figure:
    """Where goods were lost, and what they were worth; of groups only how much of a commodity."""
    causes: dict[str, int] = defaultdict(int)
    for row in [] if market else rows:
        if not _gained(row):
            causes[why(row)] += row["amount"]
    ranked = sorted(causes.items(), key=lambda item: -item[1])
    own = _of_groups(rows, good)
    gained = any(_gained(row) for row in rows if not market or row["commodity"] == good.code)
    return Figure(
        "loss",
        _lost_of(own, good, gained=gained) if market else _most_lost(ranked, gained=gained),
        t(
            "{name}, các tuần trọn trong tháng, chỉ nêu khi đủ nhóm, không nêu giá trị.",
            "{name}, whole weeks of the month, where there is a group, without its worth.",
            name=named(good),
        )
        if market
        else t("Theo tiền hàng.", "By what it was worth."),
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
                why(row),
                quantity(abs(row["quantity"]), row["unit"]),
                NOT_TOLD if row["amount"] is None else money(abs(row["amount"])),
            )
            for row in rows
        ],
        (2, 3),
        own if market else bars(ranked) if ranked else None,
    )


def _most_lost(ranked: Sequence[tuple[str, int]], *, gained: bool) -> str:
    if not ranked and gained:
        return t(
            "Không mất gì, cân được nhiều hơn xuất đi",
            "Nothing was lost, more was weighed than despatched",
        )
    if not ranked or ranked[0][1] <= 0:
        return t("Không mất gì đáng kể", "Nothing much was lost")
    return t(
        "Mất nhiều nhất vì {cause}: {amount}",
        "Most was lost by {cause}: {amount}",
        cause=ranked[0][0],
        amount=money(ranked[0][1]),
    )


def _of_groups(rows: Sequence[Row], good: Commodity) -> drawing.Ranked | None:
    """What of a commodity was lost by each cause, the most first."""
    own = sorted(
        (row for row in rows if row["commodity"] == good.code and not _gained(row)),
        key=lambda row: -row["quantity"],
    )
    return (
        drawing.ranked(
            [why(row) for row in own],
            [row["quantity"] for row in own],
            [about(row["quantity"], good.unit) for row in own],
        )
        if own
        else None
    )


def _lost_of(drawn: drawing.Ranked | None, good: Commodity, *, gained: bool) -> str:
    if drawn is None and gained:
        return t(
            "{name} không mất gì, cân được nhiều hơn xuất đi",
            "{name}: nothing was lost, more was weighed than despatched",
            name=named(good),
        )
    if drawn is None:
        return t(
            "{name}: chưa có hao hụt để nêu", "{name}: no loss to tell of yet", name=named(good)
        )
    most, amount, *_ = drawn.bars[0]
    return t(
        "{name} mất nhiều nhất vì {cause}: {amount}",
        "{name} was lost most by {cause}: {amount}",
        name=named(good),
        cause=most,
        amount=amount,
    )


def _gained(row: Row) -> bool:
    """Whether more was weighed than had been despatched."""
    return bool(row["quantity"] < 0)


def why(row: Row) -> str:
    """Why goods were lost, in words, or that they were gained."""
    if _gained(row):
        return t("dôi khi cân", "gained at weighing")
    return {
        "run_out": t("hết hạn trong kho", "running out in store"),
        "spoiled": t("hư trong kho", "spoiling in store"),
        "shrunk": t("hụt trên đường", "shrinking on the way"),
        "rejected": t("không nhận khi kiểm", "rejection at inspection"),
    }[row["cause"]]


def disrupted(rows: Sequence[Row], good: Commodity, goods: Goods, *, market: bool) -> Figure:
    """What restrictions touched of what was promised, and what of it was kept all the same."""
    own = next((row for row in rows if row["commodity"] == good.code), None)
    names = (
        t("Bị ảnh hưởng", "Touched"),
        t("Thay nguồn khác", "From elsewhere"),
        t("Trở lại như cũ", "Restored"),
        t("Mất hẳn", "Lost"),
    )
    return Figure(
        "disruption",
        _kept(own, good) if rows else _untouched(market=market),
        t(
            "{name}. Đơn và hợp đồng gặp hạn chế đi lại trong tháng.",
            "{name}. Orders and contracts that met restrictions this month.",
            name=named(good),
        ),
        t("Gián đoạn vì hạn chế đi lại", "Disruption by restrictions"),
        (t("Nông sản", "Produce"), t("Số cam kết", "Commitments"), *names, t("Giữ được", "Kept")),
        [
            (
                named(goods[row["commodity"]]),
                number(row["touched"]),
                *(quantity(one, row["unit"]) for one in _outcome(row)),
                share(row["kept_share"]),
            )
            for row in rows
        ],
        (1, 2, 3, 4, 5, 6),
        drawing.ranked(names, _outcome(own), [about(one, good.unit) for one in _outcome(own)])
        if own
        else None,
    )


def _untouched(*, market: bool) -> str:
    if market:
        return t(
            "Gián đoạn: nêu khi tháng đã hết và đủ nhóm",
            "Disruption is told when the month is over and there is a group",
        )
    return t("Không gặp hạn chế đi lại", "No restriction was met")


def _outcome(row: Row) -> tuple[Any, ...]:
    stages = ("touched", "rematched", "restored", "lost")
    return tuple(row[f"{stage}_quantity"] for stage in stages)


def _kept(row: Row | None, good: Commodity) -> str:
    if row is None:
        return t("{name} không bị ảnh hưởng", "{name} was not touched", name=named(good))
    return t(
        "{name}: giữ được {share} của {touched} bị ảnh hưởng",
        "{name}: {share} of {touched} touched was kept",
        name=named(good),
        share=share(row["kept_share"]),
        touched=quantity(row["touched_quantity"], good.unit),
    )
