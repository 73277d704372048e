"""Figures of the chain from the offer to the mill: what was kept, where it went."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from app.catalogue.models import Commodity
from app.web import drawing, interactive
from app.web.figures import Figure, Goods, Row, about, share
from app.web.language import money, named, number, quantity, t

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


def five(rows: Sequence[Row], good: Commodity, goods: Goods) -> Figure:
    """The five quantities of the chain; the chart shows one commodity, the table all."""
    own = next((row for row in rows if row["commodity"] == good.code), None)
    names = (
        t("Chào bán", "Offered"),
        t("Đặt mua", "Ordered"),
        t("Xuất đi", "Despatched"),
        t("Cân được", "Weighed"),
        t("Được nhận", "Accepted"),
    )
    return Figure(
        "chain",
        _lost_on_the_way(own, good),
        t(
            "{name}. Mỗi lượng tính vào ngày của nó: hàng chào tháng này có thể giao tháng sau.",
            "{name}. Each counts on its own day: offered this month, it may arrive in the next.",
            name=named(good),
        ),
        t("Từ chào bán đến được nhận", "From offered to accepted"),
        (t("Nông sản", "Produce"), *names),
        [
            (named(goods[row["commodity"]]), *(quantity(one, row["unit"]) for one in _five(row)))
            for row in rows
        ],
        (1, 2, 3, 4, 5),
        drawing.ranked(names, _five(own), [about(one, good.unit) for one in _five(own)])
        if own
        else None,
    )


def _five(row: Row) -> tuple[Any, ...]:
    stages = ("offered", "ordered", "despatched", "delivered", "accepted")
    return tuple(row[f"{stage}_quantity"] for stage in stages)


def _lost_on_the_way(row: Row | None, good: Commodity) -> str:
    """What part of the despatched was not accepted; before anything arrives, what was ordered."""
    if row is None:
        return t("{name} chưa được chào bán", "No {name} was offered yet", name=named(good))
    sent, accepted = row["despatched_quantity"], row["accepted_quantity"]
    if not sent:
        return t(
            "Đặt mua {ordered}, chưa có chuyến nào giao xong",
            "{ordered} ordered, no load has arrived yet",
            ordered=quantity(row["ordered_quantity"], good.unit),
        )
    if accepted > sent:
        return t(
            "Được nhận nhiều hơn xuất đi {more}",
            "{more} more was accepted than despatched",
            more=quantity(accepted - sent, good.unit),
        )
    if accepted == sent:
        return t("Xuất bao nhiêu được nhận bấy nhiêu", "As much was accepted as was despatched")
    return t(
        "Từ xuất đi đến được nhận mất {share}",
        "{share} was lost from despatch to acceptance",
        share=share(float(1 - accepted / sent)),
    )


def carried(rows: Sequence[Row]) -> Figure:
    """Where the money of accepted goods flows, from produce to buyer or place of origin."""
    links: dict[tuple[tuple[int, str], tuple[int, str]], int] = defaultdict(int)
    kept = _largest(rows)
    for row in rows:
        ends = (_node(row, "source", kept), _node(row, "target", kept))
        if row["amount"] > 0:
            links[ends] += row["amount"]
    last = max((target[0] for _, target in links), default=0)
    reached: dict[str, int] = defaultdict(int)
    for (_, target), amount in links.items():
        if target[0] == last:
            reached[target[1]] += amount
    ranked = sorted(reached.items(), key=lambda item: (item[0] == _others(), -item[1]))
    drawn = drawing.flow(links, bars(ranked), _others()) if ranked else None
    return Figure(
        "flows",
        _takers([pair for pair in ranked if pair[0] != _others()], sum(reached.values())),
        t("Bề rộng theo tiền hàng.", "Width by the amount."),
        t("Dòng hàng", "Flows"),
        (t("Từ", "From"), t("Tới", "To"), t("Tiền hàng", "Amount")),
        [(source[1], target[1], money(amount)) for (source, target), amount in links.items()],
        (2,),
        drawn,
        interactive.flow(drawn, links, money) if drawn else None,
    )


def _takers(ranked: Sequence[tuple[str, int]], total: int) -> str:
    """Who takes most: one where that is half of it, else the few that together do."""
    if not ranked:
        return t("Chưa có hàng nhận để nêu", "No accepted goods to tell of yet")
    taken = [sum(amount for _, amount in ranked[: at + 1]) for at in range(len(ranked))]
    few = next((at for at, amount in enumerate(taken) if 2 * amount >= total), 0)
    part = number(round(100 * taken[few] / total))
    if few == 0:
        return t(
            "{name} nhận {part}% giá trị hàng",
            "{name} takes {part}% of the value",
            name=ranked[0][0],
            part=part,
        )
    return t(
        "{few} nơi nhận {part}% giá trị hàng",
        "{few} takers have {part}% of the value",
        few=few + 1,
        part=part,
    )


def _others() -> str:
    return t("khác", "others")


def _largest(rows: Sequence[Row]) -> set[tuple[int, str]]:
    """The nodes of each stage that are told by name; the others are told together."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for row in rows:
        for side in ("source", "target"):
            stage = STAGES.index(STAGE_OF[row[f"{side}_kind"]])
            sums[stage, row[f"{side}_name"]] += row["amount"]
    ranked = sorted(sums, key=lambda node: -sums[node])
    return {
        node
        for stage in range(len(STAGES))
        for node in [one for one in ranked if one[0] == stage][: MOST_NODES - 1]
    }


def _node(row: Row, side: str, kept: set[tuple[int, str]]) -> tuple[int, str]:
    stage = STAGES.index(STAGE_OF[row[f"{side}_kind"]])
    node = (stage, row[f"{side}_name"])
    return node if node in kept else (stage, _others())


def bars(values: Sequence[tuple[str, int]]) -> drawing.Ranked:
    """Amounts as bars."""
    return drawing.ranked(
        [name for name, _ in values],
        [amount for _, amount in values],
        [money(amount) for _, amount in values],
    )
