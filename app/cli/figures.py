"""`blao rebuild-figures`: every roll-up counted anew from the trades."""

import os
import time

import click

from app.cli.environment import environment
from app.core import clock


@click.command("rebuild-figures")
def rebuild_figures() -> None:
    """Tính lại toàn bộ số liệu từ giao dịch · Count all figures again from the trades."""
    from app import create_app
    from app.analytics.rebuild import rebuild_at_once

    app = create_app()
    with environment(), app.app_context():
        start = time.perf_counter()
        rebuild_at_once(app, now=clock.now(), hands=min(4, os.cpu_count() or 1))
    click.echo(f"Đã tính lại · counted again: {time.perf_counter() - start:.1f} s")
