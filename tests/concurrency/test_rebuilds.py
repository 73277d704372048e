"""Figures are rebuilt beside trade, beside another rebuild, and after one that was cut short."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.analytics import bench
from app.analytics.models import CELLS, ForecastGroup, GroupCell, MonthGain
from app.analytics.operations import count_again, is_counted
from app.analytics.rebuild import Step, phases
from app.cli.figures import rebuild_at_once
from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from tests.concurrency.threads import at_once

LAST = date(2026, 9, 30)
NOW = clock.start_of_day(date(2026, 11, 1))
CHAIN = bench.Chain(deliveries=3000, organisations=160, until=LAST, days=105, seed=7, commodities=3)
TABLES = (*CELLS, GroupCell.__table__, ForecastGroup.__table__, MonthGain.__table__)
WEIGHED_AGAIN = """
INSERT INTO weighing (delivery_id, organisation_id, recorded_by_id, number, recorded_at, tickets,
    gross, tare, net, reason)
SELECT delivery_id, organisation_id, recorded_by_id, 2, recorded_at, tickets, net + 1, 0, net + 1,
    'cân lại' FROM weighing ORDER BY id LIMIT 1 OFFSET :number
"""


def figures() -> dict[str, list[Any]]:
    """Every figure there is, in one order."""
    with transaction():
        return {
            table.name: sorted(map(str, db.session.execute(select(table)).all()))
            for table in TABLES
        }


def count_all() -> None:
    while True:
        with transaction():
            count_again(now=NOW)
            if is_counted(now=NOW):
                return


@pytest.fixture
def traded(committing: Flask) -> Flask:
    with committing.app_context():
        with transaction():
            bench.found(CHAIN)
            bench.trade(CHAIN)
            db.session.execute(text("DELETE FROM figure_touched"))
        rebuild_at_once(committing, now=NOW)
    return committing


def test_two_rebuilds_beside_corrections_count_everything_once(traded: Flask) -> None:
    def rebuilds() -> None:
        with traded.app_context():
            rebuild_at_once(traded, now=NOW)

    def corrects() -> None:
        with traded.app_context():
            for number in range(40):
                with transaction():
                    db.session.execute(text(WEIGHED_AGAIN), {"number": number})
                with transaction():
                    count_again(now=NOW)

    with traded.app_context():
        before = figures()
    at_once([rebuilds, rebuilds, corrects])
    with traded.app_context():
        count_all()
        after = figures()
        rebuild_at_once(traded, now=NOW)
        assert figures() == after
    assert after["delivery_cell"] != before["delivery_cell"]
    assert len(after["delivery_cell"]) == len(before["delivery_cell"])


def test_a_rebuild_that_was_cut_short_leaves_figures_as_they_were(traded: Flask) -> None:
    with traded.app_context():
        before = figures()
        with transaction():
            _, weeks, months, *_ = phases(now=NOW)
        for step in (*weeks[:2], months[0]):
            with transaction():
                step()
        assert figures() == before
        with pytest.raises(InterruptedError):
            cut_short(weeks[0])
        assert figures() == before


def cut_short(step: Step) -> None:
    with transaction():
        step()
        raise InterruptedError
