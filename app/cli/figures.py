"""`blao rebuild-figures`: every roll-up counted anew from the trades."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial

import click
from flask import Flask
from sqlalchemy import func, select

from app.analytics.rebuild import REBUILDING, Step, phases
from app.cli.environment import environment
from app.core import clock
from app.core.db import db
from app.core.transaction import retried, transaction

MOST_HANDS = 4


@click.command("rebuild-figures")
def rebuild_figures() -> None:
    """Tính lại toàn bộ số liệu từ giao dịch · Count all figures again from the trades."""
    from app import create_app

    with environment(), (app := create_app()).app_context():
        start = time.perf_counter()
        rebuild_at_once(app, now=clock.now())
    click.echo(f"Đã tính lại · counted again: {time.perf_counter() - start:.1f} s")


def rebuild_at_once(app: Flask, *, now: datetime) -> None:
    """Count everything anew, as many steps at a time as there are processors."""

    def take(step: Step) -> None:
        with app.app_context():
            retried(partial(_alone, step))

    hands = min(MOST_HANDS, os.cpu_count() or 1)
    with _nobody_else(), ThreadPoolExecutor(hands) as pool:
        with transaction():
            all_phases = phases(now=now)
        for steps in all_phases:
            list(pool.map(take, steps))


def _alone(step: Step) -> None:
    with transaction():
        step()


@contextmanager
def _nobody_else() -> Iterator[None]:
    """Hold the lock of a rebuild beyond transactions; it ends with the connection at the latest."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(select(func.pg_advisory_lock(REBUILDING)))
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(REBUILDING)))
