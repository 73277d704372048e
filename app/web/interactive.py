"""The numbers of a chart as `charts.js` draws them again, and what it tells of each point.

The figures are those of the server's drawing, and what is told is written as in the table.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.web.drawing import Amount, Flow, Link, Node

Series = dict[str, Any]


def line(name: str, values: Sequence[Amount]) -> Series:
    """A line through a value for each point."""
    return {"name": name, "kind": "line", "values": _plain(values)}


def columns(name: str, values: Sequence[Amount], kinds: str | Sequence[str]) -> Series:
    """A column for each point, ``filled`` or ``outlined``: all alike, or one by one."""
    each = [kinds] * len(values) if isinstance(kinds, str) else kinds
    return {"name": name, "kind": "columns", "values": _plain(values), "kinds": each}


def spans(name: str, kind: str, ends: Sequence[tuple[Amount, Amount] | None]) -> Series:
    """From a low to a high value for each point: a ``band``, or ``whiskers`` where known."""
    return {"name": name, "kind": kind, "values": [one and _plain(one) for one in ends]}


def pane(name: str, *series: Series, from_zero: bool) -> dict[str, Any]:
    """Series that share an axis; ``name`` says what is measured on it."""
    return {"name": name, "zero": from_zero, "series": series}


def panes(names: Sequence[str], tips: Sequence[str], *several: dict[str, Any]) -> dict[str, Any]:
    """Panes under one another over the same points, with what is told of each point."""
    return {"shape": "panes", "names": names, "tips": tips, "panes": several}


def flow(drawn: Flow, links: Mapping[Link, int], written: Callable[[int], str]) -> dict[str, Any]:
    """A flow, its nodes in the order in which they are drawn; tips of nodes, then of links.

    Args:
        written: how an amount is written.
    """
    at: dict[Node, int] = {node: index for index, node in enumerate(drawn.order)}
    stages = sorted({stage for stage, _ in drawn.order})
    return {
        "shape": "flow",
        "nodes": [
            {"name": name, "depth": stages.index(stage), "tone": shape[3]}
            for (stage, name), shape in zip(drawn.order, drawn.nodes, strict=True)
        ],
        "links": [
            {"source": at[source], "target": at[target], "value": amount}
            for (source, target), amount in links.items()
        ],
        "tips": [
            *(f"{node[1]}\n{written(amount)}" for node, amount in drawn.order.items()),
            *(f"{one[1]} → {two[1]}\n{written(amount)}" for (one, two), amount in links.items()),
        ],
    }


def told(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """What a table's row says of its point: its first cell, and the others with their columns."""
    return [
        "\n".join((row[0], *map(": ".join, zip(columns[1:], row[1:], strict=True)))) for row in rows
    ]


def _plain(values: Sequence[Amount]) -> list[float]:
    return [float(one) for one in values]
