"""The demo's day as a table: who sold what to whom at which price."""

from dataclasses import dataclass, field
from typing import Any

import click

from app.notifications.facts import number

WIDTHS = (26, 27, 24, 14, 12, 14)
HEADS = ("Bên bán", "Bên mua", "Mặt hàng", "Lượng", "Giá (đ)", "Tiền hàng (đ)")


@dataclass
class Day:
    """What was played, for the table that tells it."""

    offers: int = 0
    demands: int = 0
    rounds: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    mails: int = 0
    summary: dict[str, Any] = field(default_factory=dict)


def print_day(day: Day) -> None:
    """Print orders, rounds, mails and the cooperative's figures."""
    click.echo(f"\n{day.offers} lô chào bán, {day.demands} nhu cầu · offers and demands\n")
    click.echo(_row(HEADS))
    click.echo("─" * (sum(WIDTHS) + 2 * (len(WIDTHS) - 1)))
    for order in sorted(day.orders, key=lambda one: one["lines"][0]["commodity"]):
        click.echo(_row(_cells(order, day.names)))
    welfare = sum(one["welfare"] or 0 for one in day.rounds)
    gap = max((one["optimality_gap"] or 0 for one in day.rounds), default=0)
    matches = sum(one["matches"] or 0 for one in day.rounds)
    summary = day.summary
    click.echo(
        f"\n{len(day.rounds)} phiên · rounds, {matches} cặp · matches, "
        f"lợi ích · welfare {number(str(welfare), 'vi')} đ, gap {gap:g}\n"
        f"{len(day.orders)} đơn hàng · orders, {day.mails} thư đã gửi · mails sent\n"
        f"Hợp tác xã · Cooperative: {summary['consenting_members']} thành viên · members, "
        f"{summary['orders']} đơn · orders, {number(str(summary['goods_amount']), 'vi')} đ\n"
    )


def _cells(order: dict[str, Any], names: dict[str, str]) -> tuple[str, ...]:
    line = order["lines"][0]
    return (
        order["seller_name"],
        order["buyer_name"],
        names[line["commodity"]],
        number(line["quantity"], "vi"),
        number(line["unit_price"], "vi"),
        number(str(order["goods_amount"]), "vi"),
    )


def _row(cells: tuple[str, ...]) -> str:
    texts = [_fitted(cell, width) for cell, width in zip(cells, WIDTHS, strict=True)]
    aligned = [
        text.ljust(width) if column < 3 else text.rjust(width)
        for column, (text, width) in enumerate(zip(texts, WIDTHS, strict=True))
    ]
    return "  ".join(aligned).rstrip()


def _fitted(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
