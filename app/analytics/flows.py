"""From commodity through seller and processing line to processor: the links of a Sankey."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Kind
from app.analytics.models import GroupCell, delivery_cell
from app.analytics.reading import Question, View, grouped_sums, names_of, summed
from app.catalogue.models import Commodity, ProcessingLine
from app.core.db import db
from app.places.models import AdministrativeUnit, Level

CARRIED = ("accepted_quantity", "goods_amount")
WAYS = {
    "contract": {"vi": "hợp đồng", "en": "contracts"},
    "round": {"vi": "phiên khớp", "en": "rounds"},
    "direct": {"vi": "mua trực tiếp", "en": "direct orders"},
}
ORGANISATIONS = ("cooperative", "farm", "processor")
Node = tuple[str, str]
"""A node's kind, and its code or id."""


def flows(question: Question, *, language: str) -> list[dict[str, Any]]:
    """Links with what was accepted and paid, their ends named in one of the two languages.

    The market's links end in provinces of origin.
    """
    sums: dict[tuple[Node, Node], list[Any]] = defaultdict(lambda: [Decimal(0), 0])
    for path, quantity, amount in _paths(question):
        for link in pairwise(path):
            sums[link][0] += quantity
            sums[link][1] += amount
    names = _names({node for link in sums for node in link}, language)
    return [
        {
            "source_kind": source[0],
            "source": source[1],
            "source_name": names[source],
            "target_kind": target[0],
            "target": target[1],
            "target_name": names[target],
            "quantity": quantity,
            "amount": int(amount),
        }
        for (source, target), (quantity, amount) in sorted(sums.items())
    ]


def _paths(question: Question) -> Iterator[tuple[list[Node], Decimal, int]]:
    if question.view is View.MARKET:
        for row in grouped_sums(question, [GroupCell.commodity_code, GroupCell.province_code]):
            path = [("commodity", row.commodity_code), ("province", row.province_code)]
            yield path, row.accepted_quantity, row.goods_amount
        return
    c, reader = delivery_cell.c, question.reader
    seller = ("cooperative" if reader.kind == Kind.COOPERATIVE else "farm", str(reader.id))
    by = [c.commodity_code, c.organisation_id, c.processing_line, c.buyer_id, c.origin]
    for row in summed(delivery_cell, question, by, CARRIED):
        if row.accepted_quantity:
            buyer = ("processor", str(row.buyer_id))
            path = [("commodity", row.commodity_code), seller, _line(row), buyer]
            yield path, row.accepted_quantity, row.goods_amount


def _line(row: Any) -> Node:
    """The demand's processing line; what was bought without one, by the way it was bought."""
    if row.processing_line:
        return ("processing_line", row.processing_line)
    return ("way", row.origin)


def _names(nodes: set[Node], language: str) -> dict[Node, str]:
    """What each node is called; what has no name goes by its code."""
    codes: dict[str, set[str]] = defaultdict(set)
    for kind, code in nodes:
        codes[kind].add(code)
    names = {node: WAYS.get(node[1], {}).get(language, node[1]) for node in nodes}
    for kind, model in (("commodity", Commodity), ("processing_line", ProcessingLine)):
        if codes[kind]:
            rows = select(model.code, model.name_vi, model.name_en)
            for one in db.session.execute(rows.where(model.code.in_(codes[kind]))):
                names[kind, one.code] = one.name_vi if language == "vi" else one.name_en
    if codes["province"]:
        unit = AdministrativeUnit
        present = select(unit.code, unit.name).where(
            unit.level == Level.PROVINCE, unit.valid_to.is_(None), unit.code.in_(codes["province"])
        )
        names |= {("province", one.code): one.name for one in db.session.execute(present)}
    called = names_of({UUID(code) for kind in ORGANISATIONS for code in codes[kind]})
    return names | {
        (kind, code): called[UUID(code)] for kind, code in nodes if kind in ORGANISATIONS
    }
