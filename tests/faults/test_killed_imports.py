"""A worker that is killed while it imports is followed by another: every row once, none twice."""

import os
import signal
import subprocess
import sys
from collections import Counter
from random import Random

import psycopg
import pytest
from flask import Flask

from app.config import PROJECT
from app.core.files import CSV
from tests.factories import Trade

ROWS, KILLS, SEED = 600, 4, 20_261_125
# Four times as many are fewer than all rows take, so that no step is over before the last kill.
MOST_STATEMENTS = 600
WORK = """
import os, signal, sys
from sqlalchemy import Engine, event
from workers import application
from workers.imports import work_on_import

import_id, left = sys.argv[1], int(sys.argv[2])

@event.listens_for(Engine, "before_cursor_execute")
def count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

with application.app_context():
    work_on_import.run(import_id=import_id)
"""


def work(import_id: str, environment: dict[str, str], *, statements: int) -> int:
    """Have a worker work, and kill it before so many statements; how it ended."""
    command = [sys.executable, "-c", WORK, import_id, str(statements)]
    return subprocess.run(command, cwd=PROJECT, env={**os.environ, **environment}).returncode


@pytest.mark.slow
def test_killed_workers_import_every_row_once(
    committing: Flask, own_database: dict[str, str]
) -> None:
    farm, chance = Trade(committing).farm(), Random(SEED)
    rows = "".join(f"Nơi số {number},24829,11.5,107.8\n" for number in range(ROWS))
    file = f"name,ward_code,latitude,longitude\n{rows}".encode()
    job = farm.made("/imports/sites", data=file, Content_Type=CSV)
    path, url = f"/imports/{job['id']}", own_database["MIGRATION_DATABASE_URL"]
    url = url.replace("+psycopg", "")

    def applied() -> int:
        with psycopg.connect(url) as connection:
            query = "SELECT count(*) FROM import_row WHERE status IN ('good', 'applied', 'bad')"
            found = connection.execute(query).fetchone()
            assert found is not None
            return int(found[0])

    def done_with(status: str) -> int:
        """Kill workers at chosen statements, then let one end the step; the kills."""
        kills = 0
        while farm.read(path)["status"] != status:
            statements = chance.randint(1, MOST_STATEMENTS) if kills < KILLS else 0
            kills += work(job["id"], own_database, statements=statements) == -signal.SIGKILL
        return kills

    assert done_with("checked") == KILLS
    assert applied() == ROWS
    assert farm.read("/sites?limit=100")["next_cursor"] is None, "a check leaves nothing behind"
    farm.made(f"{path}/application", {"mode": "good_rows"})
    assert done_with("applied") == KILLS
    with psycopg.connect(url) as connection:
        names = Counter(
            name for (name,) in connection.execute("SELECT name FROM site") if "số" in name
        )
    assert len(names) == ROWS
    assert set(names.values()) == {1}
