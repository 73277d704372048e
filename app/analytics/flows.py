"""From commodity through seller and processing line to processor: the links of a Sankey."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

from app.accounts.models import Kind
from app.analytics.models import GroupCell, delivery_cell
from app.analytics.reading import Question, View, grouped_sums, names_of, summed

CARRIED = ("accepted_quantity", "goods_amount")
Node = tuple[str, str, str]
"""A node's kind, its code or id, and its name."""


def flows(question: Question) -> list[dict[str, Any]]:
    """Links with what was accepted and paid. The market's links end in provinces of origin."""
    sums: dict[tuple[Node, Node], list[Any]] = defaultdict(lambda: [Decimal(0), 0])
    for path, quantity, amount in _paths(question):
        for link in pairwise(path):
            sums[link][0] += quantity
            sums[link][1] += amount
    return [
        {
            "source_kind": source[0],
            "source": source[1],
            "source_name": source[2],
            "target_kind": target[0],
            "target": target[1],
            "target_name": target[2],
            "quantity": quantity,
            "amount": int(amount),
        }
        for (source, target), (quantity, amount) in sorted(sums.items())
    ]


def _paths(question: Question) -> Iterator[tuple[list[Node], Decimal, int]]:
    if question.view is View.MARKET:
        for row in grouped_sums(question, [GroupCell.commodity_code, GroupCell.province_code]):
            path = [_commodity(row), ("province", row.province_code, row.province_code)]
            yield path, row.accepted_quantity, row.goods_amount
        return
    c = delivery_cell.c
    by = [c.commodity_code, c.organisation_id, c.processing_line, c.buyer_id, c.origin]
    rows = [row for row in summed(delivery_cell, question, by, CARRIED) if row.accepted_quantity]
    names = names_of({row.buyer_id for row in rows})
    for row in rows:
        path = [_commodity(row), _seller(question), _line(row)]
        path.append(("processor", str(row.buyer_id), names[row.buyer_id]))
        yield path, row.accepted_quantity, row.goods_amount


def _commodity(row: Any) -> Node:
    return ("commodity", row.commodity_code, row.commodity_code)


def _seller(question: Question) -> Node:
    reader = question.reader
    kind = "cooperative" if reader.kind == Kind.COOPERATIVE else "farm"
    return (kind, str(reader.id), reader.name)


def _line(row: Any) -> Node:
    """The demand's processing line; what was bought without one, by the way it was bought."""
    if row.processing_line:
        return ("processing_line", row.processing_line, row.processing_line)
    return ("way", row.origin, row.origin)
