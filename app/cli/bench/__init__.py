"""``blao bench …``: measured figures, on servers of its own unless DATABASE_URL is set."""

import click

from app.cli.bench.analytics import analytics
from app.cli.bench.clearing import clearing
from app.cli.bench.notifications import notifications
from app.cli.bench.orders import orders
from app.cli.bench.pages import pages
from app.cli.bench.rounds import round_trip


@click.group()
def bench() -> None:
    """Đo đạc · Measure."""


bench.add_command(analytics)
bench.add_command(clearing)
bench.add_command(notifications)
bench.add_command(orders)
bench.add_command(pages)
bench.add_command(round_trip)
