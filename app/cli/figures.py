"""`blao rebuild-figures`: every roll-up counted anew from the trades."""

import time

import click

from app.cli.environment import environment
from app.core import clock
from app.core.transaction import transaction


@click.command("rebuild-figures")
def rebuild_figures() -> None:
    """Tính lại toàn bộ số liệu từ giao dịch · Count all figures again from the trades."""
    from app import create_app
    from app.analytics.operations import rebuild

    with environment(), create_app().app_context():
        start = time.perf_counter()
        with transaction():
            rebuild(now=clock.now())
    click.echo(f"Đã tính lại · counted again: {time.perf_counter() - start:.1f} s")
