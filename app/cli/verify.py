"""`blao verify-round`: prove a round again, with nothing of the engine that cleared it."""

import sys
from pathlib import Path
from uuid import UUID

import click

from app.clearing.verifier import Verdict, verify
from app.clearing.verifier.proof import SCALE
from app.clearing.verifier.records import verify_round as verify_recorded
from app.cli.clear import content, parsed
from app.cli.environment import environment
from app.core.errors import NotFound
from app.core.transaction import transaction


@click.command("verify-round")
@click.argument("round_id", type=click.UUID, required=False)
@click.option(
    "--file",
    "files",
    nargs=2,
    type=click.Path(path_type=Path),
    help="SNAPSHOT ANSWER: without a database, what `blao clear --json --certificate` answered.",
)
def verify_round(round_id: UUID | None, files: tuple[Path, Path] | None) -> None:
    """Chứng minh lại phiên ROUND_ID · Prove round ROUND_ID again; exit 1 names every fault."""
    if (round_id is None) == (files is None):
        raise click.UsageError("ROUND_ID | --file SNAPSHOT ANSWER")
    verdict = verify(*(parsed(content(one)) for one in files)) if files else _recorded(round_id)
    for fault in verdict.faults:
        click.echo(f"{fault.code}: {fault.where}")
    click.echo(_report(verdict))
    sys.exit(1 if verdict.faults else 0)


def _recorded(round_id: UUID | None) -> Verdict:
    from app import create_app

    assert round_id is not None
    try:
        with environment(), create_app().app_context(), transaction():
            return verify_recorded(round_id)
    except NotFound as fault:
        raise click.ClickException(
            f"Không có phiên này · There is no such round: {round_id}"
        ) from fault


def _report(verdict: Verdict) -> str:
    found = verdict.figures
    if verdict.faults:
        return f"SAI {len(verdict.faults)} chỗ · {len(verdict.faults)} faults"
    return "\n".join(
        [
            f"Sổ lệnh · book             {found['offers']} × {found['demands']},"
            f" {found['matches']} cặp · matches",
            f"Lợi ích · welfare          {found['welfare'] / SCALE:,.2f} đ",
            f"Cận trên · upper bound     {found['bound'] / SCALE:,.2f} đ, gap {found['gap']:g}",
            f"Cặp bị bỏ lỡ · rejected    {found['envious']}",
            f"Sổ lệnh · snapshot hash    {found['snapshot_hash']}",
            f"Lời giải · solution hash   {found['solution_hash']}",
            "ĐÚNG · everything holds",
        ]
    )
