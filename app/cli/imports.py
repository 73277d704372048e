"""`blao import`: a file checked and applied over the HTTP interface, with a bar."""

import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
import httpx

from app.cli.demo_client import Person
from app.core.files import CSV, XLSX

KINDS = ("members", "sites", "lots", "offers", "demands", "prices")
OPEN = ("queued", "checking", "applying")
LOOK_SECONDS = 0.3


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(KINDS), required=True)
@click.option(
    "--mode", type=click.Choice(["all_or_nothing", "good_rows"]), help="… và nhập · apply"
)
@click.option("--decimal", type=click.Choice(["comma", "point"]))
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--token", envvar="BLAO_TOKEN", required=True, help="BLAO_TOKEN")
def import_file(
    file: Path, kind: str, mode: str | None, decimal: str | None, url: str, token: str
) -> None:
    """Kiểm tra FILE, và nhập nếu có --mode · Check FILE, and apply it with --mode.

    Exit 1: rows are bad, or the file is refused.
    """
    person = Person(url, token)
    media_type = XLSX if file.suffix.lower() == ".xlsx" else CSV
    answer = person.http.post(
        f"/imports/{kind}",
        content=file.read_bytes(),
        params={"decimal": decimal} if decimal else {},
        headers={"Content-Type": media_type, "Idempotency-Key": str(uuid4())},
    )
    job = _followed(person, _checked(answer), "Kiểm tra · Checking")
    faults = _tell(person, job)
    if mode and job["status"] == "checked" and not (faults and mode == "all_or_nothing"):
        job = person.post(f"/imports/{job['id']}/application", {"mode": mode})
        faults = _tell(person, _followed(person, job, "Nhập · Applying"))
    sys.exit(1 if faults else 0)


def _followed(person: Person, job: dict[str, Any], label: str) -> dict[str, Any]:
    """Wait until the step is over, showing how far it is."""
    with click.progressbar(length=100, label=label) as bar:
        while True:
            job = person.get(f"/imports/{job['id']}")
            over = job["status"] not in OPEN
            bar.update((100 if over else job["percent"]) - bar.pos)
            if over:
                return job
            time.sleep(LOOK_SECONDS)


def _tell(person: Person, job: dict[str, Any]) -> int:
    """Say what became of the file and its rows; how much is wrong."""
    if job["refusal"]:
        click.echo(job["refusal"]["detail"], err=True)
        return 1
    for row in person.all(f"/imports/{job['id']}/rows", status="bad"):
        for one in row["errors"]:
            click.echo(f"{row['number']}: {one['column']} {one['detail']}", err=True)
    click.echo(f"{job['status']}: {job['good']} đạt · good, {job['bad']} chưa đạt · bad")
    return int(job["bad"])


def _checked(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise click.ClickException(answer.text)
    found: dict[str, Any] = answer.json()
    return found
