"""``blao …``: the console."""

import click

from app.cli.bench import bench
from app.cli.clear import clear
from app.cli.demo import demo
from app.cli.figures import rebuild_figures
from app.cli.imports import import_file
from app.cli.people import appoint, token
from app.cli.run import run
from app.cli.verify import verify_round


@click.group()
def blao() -> None:
    """Sàn chuỗi giá trị cao nguyên · The highlands' value-chain marketplace."""


for command in (
    run,
    demo,
    token,
    appoint,
    clear,
    verify_round,
    import_file,
    rebuild_figures,
    bench,
):
    blao.add_command(command)
