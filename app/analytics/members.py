"""Each member: what it brought, how good it was, what it got for it and what it is owed."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, union_all

from app.accounts.models import Kind
from app.analytics.models import GroupCell, delivery_cell, fate_cell, trade_cell
from app.analytics.reading import (
    Period,
    Question,
    grouped_sums,
    names_of,
    price_of,
    share_of,
    summed,
)
from app.analytics.summary import units_of
from app.contracts.models import Contract, ContractStatus, ContractWeek
from app.core.db import db

COUNTED = (
    "deliveries",
    "weighed_quantity",
    "accepted_quantity",
    "goods_amount",
)
OWED = ("due_amount", "paid_amount")
POOLED = ("pooled_quantity", "pooled_amount")
BEGINNING, END = date(2000, 1, 1), date(2199, 12, 31)
Key = tuple[UUID, str]


def members(question: Question, *, today: date) -> list[dict[str, Any]]:
    """A row for each member that shares its figures and each commodity, the reader's own included.

    Payments due and overdue are of today, whatever the period.
    """
    c = delivery_cell.c
    by = [c.organisation_id, c.commodity_code, c.origin]
    sums: dict[Key, dict[str, Any]] = defaultdict(lambda: dict.fromkeys(COUNTED, 0))
    called, pooled = _ordered_and_pooled(question)
    contracted = defaultdict[Key, Decimal](Decimal)
    for row in summed(delivery_cell, question, by, COUNTED):
        key = (row.organisation_id, row.commodity_code)
        for name in COUNTED:
            sums[key][name] += getattr(row, name)
        if row.origin == "contract":
            contracted[key] += row.accepted_quantity
    overdue = _owed(question, BEGINNING, today - timedelta(days=1))
    coming = _owed(question, today, END)
    promised, accuracy = promises(question), forecast_accuracy(question, today=today)
    keys = {key for key, one in sums.items() if any(one.values())} | called.keys()
    keys |= overdue.keys() | coming.keys() | promised.keys() | accuracy.keys() | pooled.keys()
    names, units = names_of({one for one, _ in keys}), units_of({code for _, code in keys})
    qualities, peers = _qualities(question), _peers(question, sums)
    return [
        {
            "member_id": key[0],
            "member": names[key[0]],
            "commodity": key[1],
            "unit": units[key[1]],
            **_brought(sums[key]),
            "peer_price": peers.get(key),
            **_through_pools(pooled.get(key)),
            "grades": qualities[key]["grades"],
            "rejections": qualities[key]["rejections"],
            "forecast_accuracy": accuracy.get(key),
            "contract_promised": promised.get(key, Decimal(0)),
            "contract_called": called.get(key, Decimal(0)),
            "contract_accepted": contracted[key],
            "due_amount": overdue.get(key, 0) + coming.get(key, 0),
            "overdue_amount": overdue.get(key, 0),
        }
        for key in sorted(keys, key=lambda key: (names[key[0]], str(key[0]), key[1]))
    ]


def totals(question: Question, *, today: date) -> dict[UUID, dict[str, int]]:
    """What each member that shares its figures brought, ``amount``, and is ``overdue``, VND.

    What it brought itself and its shares of what pools brought.
    """
    told: dict[UUID, dict[str, int]] = defaultdict(lambda: {"amount": 0, "overdue": 0})
    c = delivery_cell.c
    for row in summed(delivery_cell, question, [c.organisation_id], ("goods_amount",)):
        told[row.organisation_id]["amount"] = int(row.goods_amount)
    t = trade_cell.c
    for row in summed(trade_cell, question, [t.organisation_id], ("pooled_amount",)):
        if row.pooled_amount:
            told[row.organisation_id]["amount"] += int(row.pooled_amount)
    for (member, _), overdue in _owed(question, BEGINNING, today - timedelta(days=1)).items():
        told[member]["overdue"] += overdue
    return told


def _through_pools(pooled: tuple[Decimal, int] | None) -> dict[str, Any]:
    quantity, amount = pooled or (Decimal(0), 0)
    return {
        "pooled_quantity": quantity,
        "pooled_amount": amount,
        "pooled_price": price_of(amount, quantity),
    }


def _ordered_and_pooled(
    question: Question,
) -> tuple[dict[Key, Decimal], dict[Key, tuple[Decimal, int]]]:
    """What contracts called of each commodity that was ordered of a member; what pools sold of it.

    Of pools, the accepted quantity and the member's shares of the proceeds, before commission.
    """
    c = trade_cell.c
    by = [c.organisation_id, c.commodity_code, c.origin]
    called: dict[Key, Decimal] = {}
    pooled: dict[Key, tuple[Decimal, int]] = {}
    for row in summed(trade_cell, question, by, ("ordered_quantity", *POOLED)):
        key = (row.organisation_id, row.commodity_code)
        if row.ordered_quantity:
            of_contract = row.ordered_quantity if row.origin == "contract" else Decimal(0)
            called[key] = called.get(key, Decimal(0)) + of_contract
        if row.pooled_quantity or row.pooled_amount:
            pooled[key] = (row.pooled_quantity, int(row.pooled_amount))
    return called, pooled


def _brought(sums: dict[str, Any]) -> dict[str, Any]:
    refused = sums["weighed_quantity"] - sums["accepted_quantity"]
    return {
        "deliveries": int(sums["deliveries"]),
        "delivered_quantity": sums["weighed_quantity"],
        "accepted_quantity": sums["accepted_quantity"],
        "refused_quantity": refused,
        "refused_share": share_of(refused, sums["weighed_quantity"]),
        "amount": int(sums["goods_amount"]),
        "price": price_of(sums["goods_amount"], sums["accepted_quantity"]),
    }


def _peers(question: Question, sums: dict[Key, dict[str, Any]]) -> dict[Key, Decimal | None]:
    """The price of the others the reader sees; a single member's peers are the market's groups."""
    if question.reader.kind != Kind.COOPERATIVE:
        groups = {
            row.commodity_code: price_of(row.goods_amount, row.accepted_quantity)
            for row in grouped_sums(question, [GroupCell.commodity_code])
        }
        return {key: groups.get(key[1]) for key in sums}
    quantity: dict[str, Decimal] = defaultdict(Decimal)
    amount: dict[str, int] = defaultdict(int)
    for (_, code), one in sums.items():
        quantity[code] += one["accepted_quantity"]
        amount[code] += one["goods_amount"]
    return {
        key: price_of(
            amount[key[1]] - one["goods_amount"], quantity[key[1]] - one["accepted_quantity"]
        )
        for key, one in sums.items()
    }


def _qualities(question: Question) -> dict[Key, dict[str, list[dict[str, Any]]]]:
    c = fate_cell.c
    by = [c.organisation_id, c.commodity_code, c.fate, c.detail]
    told: dict[Key, dict[str, list[dict[str, Any]]]]
    told = defaultdict(lambda: {"grades": [], "rejections": []})
    for row in sorted(summed(fate_cell, question, by, ("quantity",)), key=lambda row: row[2:4]):
        entry = {"quantity": row.quantity}
        if row.fate in ("accepted", "downgraded"):
            grades = told[row.organisation_id, row.commodity_code]["grades"]
            grades.append({"grade": row.detail, "result": row.fate, **entry})
        elif row.fate == "rejected":
            rejections = told[row.organisation_id, row.commodity_code]["rejections"]
            rejections.append({"reason": row.detail, **entry})
    return told


def _owed(question: Question, since: date, until: date) -> dict[Key, int]:
    """What is still to be paid of what fell or falls due from one day to another, where not 0."""
    c = trade_cell.c
    asked = question.over(Period(since, until))
    rows = summed(trade_cell, asked, [c.organisation_id, c.commodity_code], OWED)
    return {
        (row.organisation_id, row.commodity_code): int(row.due_amount - row.paid_amount)
        for row in rows
        if row.due_amount != row.paid_amount
    }


def promises(question: Question, *by: Any) -> dict[Any, Decimal]:
    """What contracts in force promise for weeks of the period, by seller and commodity or week."""
    keys = by or (Contract.seller_id, Contract.commodity_code)
    rows = db.session.execute(
        select(*keys, func.sum(ContractWeek.promised))
        .join(Contract, Contract.id == ContractWeek.contract_id)
        .where(
            question.sellers(Contract.seller_id, Contract.seller_agent_id),
            question.named(Contract),
            Contract.status != ContractStatus.DRAFT,
            ContractWeek.week.between(question.period.since, question.period.until),
        )
        .group_by(*keys)
    )
    return {(one[0], one[1]): one[2] for one in rows}


def forecast_accuracy(question: Question, *, today: date) -> dict[Key, float | None]:
    """1 − Σ|forecast − harvested| ÷ Σ forecast over weeks that are over, not below 0."""
    c = trade_cell.c
    over = (
        c.grain == "week",
        c.period >= question.period.since,
        c.period <= min(question.period.until, today) - timedelta(days=6),
        c.period < today - timedelta(days=6),
        question.named(c),
        (c.forecast_quantity > 0) | (c.harvested_quantity > 0),
    )

    def of_weeks(arm: ColumnElement[bool]) -> Select[Any]:
        return (
            select(
                c.organisation_id,
                c.commodity_code,
                func.sum(c.forecast_quantity).label("forecast"),
                func.coalesce(func.sum(c.harvested_quantity), 0).label("harvested"),
            )
            .where(arm, *over)
            .group_by(c.organisation_id, c.period, c.commodity_code)
            .having(func.sum(c.forecast_quantity) > 0)
        )

    # No seller is in two arms, so each is summed in the order of its index.
    arms = question.apart(c.organisation_id, c.agent_id)
    weeks = union_all(*map(of_weeks, arms)).subquery()
    rows = db.session.execute(
        select(
            weeks.c.organisation_id,
            weeks.c.commodity_code,
            func.sum(func.abs(weeks.c.forecast - weeks.c.harvested)),
            func.sum(weeks.c.forecast),
        ).group_by(weeks.c.organisation_id, weeks.c.commodity_code)
    )
    return {
        (one, code): share_of(max(said - off, Decimal(0)), said) for one, code, off, said in rows
    }
