"""`blao bench analytics`: dashboards and roll-ups over years of made-up trade."""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import click
from flask import Flask
from sqlalchemy import select, text

from app.cli.bench.bulk import as_owner, unguarded, write
from app.cli.bench.figures import Figure, report
from app.cli.environment import isolated_environment
from app.core import clock, logs
from app.core.db import db
from app.core.transaction import transaction

if TYPE_CHECKING:
    from app.accounts.models import Organisation
    from app.analytics.reading import Period, Question, View

DEEDS, ASKED = 40, 30
CELLS = """SELECT (SELECT count(*) FROM trade_cell) + (SELECT count(*) FROM delivery_cell)
    + (SELECT count(*) FROM fate_cell)"""
SLOWEST_MS, VISIBLE_S, DEARER, REBUILD_S = 150.0, 5.0, 1.2, 600.0


@click.command("analytics")
@click.option("--deliveries", type=click.IntRange(10_000), default=1_000_000, show_default=True)
@click.option("--organisations", type=click.IntRange(50), default=2000, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def analytics(deliveries: int, organisations: int, seed: int, as_json: bool) -> None:
    """Số liệu trên ba năm giao hàng giả định · Figures over three years of made-up deliveries.

    A tenth of the deliveries is written first, to see whether what one costs grows with history.
    """
    if os.environ.get("DATABASE_URL"):
        raise click.UsageError("DATABASE_URL: this writes millions of rows; use servers of its own")
    from app import create_app
    from app.analytics import bench

    chain = bench.Chain(deliveries, organisations, until=clock.local_date(clock.now()), seed=seed)
    with isolated_environment(durable=False), (app := create_app()).app_context():
        logs.quieten()
        start = time.perf_counter()
        with unguarded(bench.TRADED):
            write(lambda: bench.found(chain))
            write(lambda: bench.trade(chain, step=10))
        _rebuild(app)
        small = _deeds(first=0)
        with unguarded(bench.TRADED):
            write(lambda: bench.trade(chain, left_out=10))
        written = time.perf_counter() - start
        rebuilt = _rebuild(app)
        large = _deeds(first=DEEDS)
        slowest = _questions(Random(seed))
        cells = _counted(CELLS)
    ratio = statistics.median(large) / statistics.median(small)
    seen = max(large) + 2.0
    figures = {
        "written": Figure(written, "s"),
        "rebuild": Figure(rebuilt, "s", f"≤ {REBUILD_S:g}", rebuilt <= REBUILD_S),
        "cells": Figure(cells, "rows"),
        "delivery_small_history": Figure(1000 * statistics.median(small), "ms"),
        "delivery_large_history": Figure(1000 * statistics.median(large), "ms"),
        "delivery_ratio": Figure(ratio, "large ÷ small", f"≤ {DEARER:g}", ratio <= DEARER),
        "delivery_visible": Figure(seen, "s at most", f"≤ {VISIBLE_S:g}", seen <= VISIBLE_S),
    } | {
        name: Figure(p95, "ms, p95", f"≤ {SLOWEST_MS:g}", p95 <= SLOWEST_MS)
        for name, p95 in slowest.items()
    }
    report(figures, as_json=as_json, deliveries=deliveries, organisations=organisations, seed=seed)


def _rebuild(app: Flask) -> float:
    from app.cli.figures import rebuild_at_once

    start = time.perf_counter()
    rebuild_at_once(app, now=clock.now())
    taken = time.perf_counter() - start
    with as_owner() as owner:
        owner.execute("VACUUM ANALYZE")
    return taken


def _deeds(*, first: int) -> list[float]:
    """Seconds that counting one new delivery takes, each of another farm, today."""
    from app.analytics.operations import count_again, is_counted

    taken = []
    for number in range(first, first + DEEDS):
        with transaction():
            db.session.execute(text(DEED), {"skip": 11 * number, "number": 1000 + number})
        start = time.perf_counter()
        with transaction():
            counted = count_again(now=clock.now())
        taken.append(time.perf_counter() - start)
        with transaction():
            assert counted == 1
            assert is_counted(now=clock.now())
    return taken


DEED = """
WITH old AS (SELECT * FROM delivery ORDER BY id DESC OFFSET :skip LIMIT 1),
made AS (INSERT INTO delivery (organisation_id, seller_id, order_id, order_line_id, number, status,
        scheduled_quantity, scheduled_at, inspected_at, ended_at)
    SELECT organisation_id, seller_id, order_id, order_line_id, :number, 'accepted',
        scheduled_quantity, now(), now(), now() FROM old RETURNING *),
sent AS (INSERT INTO despatch (delivery_id, organisation_id, recorded_by_id, number, recorded_at,
        quantity, as_typed, lot_id)
    SELECT made.id, seller_id, recorded_by_id, 1, now(), quantity, as_typed, lot_id
    FROM made, despatch WHERE delivery_id = (SELECT id FROM old)),
scale AS (INSERT INTO weighing (delivery_id, organisation_id, recorded_by_id, number, recorded_at,
        tickets, gross, tare, net)
    SELECT made.id, made.organisation_id, recorded_by_id, 1, now(), tickets, gross, tare, net
    FROM made, weighing WHERE delivery_id = (SELECT id FROM old))
INSERT INTO delivery_slip (delivery_id, organisation_id, recorded_by_id, number, recorded_at,
    document, accepted_quantity, base_amount, payable_amount, haulage_amount)
SELECT made.id, made.organisation_id, recorded_by_id, 1, now(), document, accepted_quantity,
    base_amount, payable_amount, haulage_amount
FROM made, delivery_slip WHERE delivery_id = (SELECT id FROM old)
"""


def _questions(dice: Random) -> dict[str, float]:
    """The 95th percentile of each dashboard's query, ms, over years, weeks and days.

    Each is asked once for each kind of period before it counts, as a server at work has been.
    """
    from app.accounts.models import Kind, Organisation
    from app.analytics import fairness, flows, losses, members, prices, supply
    from app.analytics.reading import Period, View
    from app.analytics.summary import summary

    today = clock.local_date(clock.now())
    with transaction():
        found = select(Organisation).where(Organisation.kind == Kind.COOPERATIVE)
        readers = db.session.scalars(found.order_by(Organisation.id)).all()
    periods = [
        Period(today - timedelta(days=1094), today),
        Period(today - timedelta(days=1094), today, "month"),
        Period(today - timedelta(days=364), today, "week"),
        Period(today - timedelta(days=29), today, "day"),
        Period(date(today.year - 1, 2, 10), date(today.year, 5, 20), "season"),
    ]
    asked: dict[str, Callable[[Question], Any]] = {
        "summary": summary,
        "prices": prices.prices,
        "flows": lambda one: flows.flows(one, language="vi"),
        "members": lambda one: members.members(one, today=today),
        "supply": lambda one: supply.supply(one, today=today),
        "fairness": lambda one: (fairness.gains(one, today=today), fairness.conduct(one)),
        "loss": lambda one: losses.losses(one, today=today),
        "disruption": losses.disruptions,
    }
    plans = [(name, View.OWN) for name in asked] + [
        (name, View.MARKET) for name in ("summary", "prices", "flows", "supply")
    ]
    return {
        f"{name}_{view}": _p95(_answering(asked[name], view, periods, readers, dice))
        for name, view in plans
    }


def _answering(
    ask: Callable[["Question"], Any],
    view: "View",
    periods: "Sequence[Period]",
    readers: "Sequence[Organisation]",
    dice: Random,
) -> list[float]:
    """How long answers take, ms, those of the first round of periods left out."""
    from app.analytics.reading import Question, View

    taken = []
    for turn in range(ASKED + len(periods)):
        period = periods[turn % len(periods)]
        if view is View.MARKET and period.granularity == "day":
            continue
        question = Question(dice.choice(readers), view, period)
        spent = _ms(lambda: ask(question))  # noqa: B023
        if turn >= len(periods):
            taken.append(spent)
    return taken


def _ms(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    with transaction():
        work()
    return 1000 * (time.perf_counter() - start)


def _p95(taken: Sequence[float]) -> float:
    return sorted(taken)[round(0.95 * (len(taken) - 1))]


def _counted(statement: str) -> int:
    with transaction():
        return int(db.session.scalar(text(statement)) or 0)
