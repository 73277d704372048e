"""A worker that is killed while it imports is followed by another: every row once, none twice."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from random import Random

import psycopg
import pytest
from flask import Flask

from app.config import PROJECT
from app.core.files import CSV
from tests.factories import Trade

ROWS, FEWEST_KILLS, SEED = 600, 4, 20_261_125
WORK = "from workers.imports import work_on_import; from workers import application\n"
WORK += "with application.app_context(): work_on_import.run(import_id='{}')"


def a_worker(import_id: str, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", WORK.format(import_id)]
    return subprocess.Popen(command, cwd=PROJECT, env={**os.environ, **environment})


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
        """Let workers work and kill them at chosen moments until the step is over; the kills."""
        kills = 0
        while farm.read(path)["status"] != status:
            worker = a_worker(job["id"], own_database)
            if kills < FEWEST_KILLS:
                before = farm.read(path)["percent"]
                while worker.poll() is None and farm.read(path)["percent"] == before:
                    time.sleep(0.02)
                time.sleep(chance.uniform(0, 0.15))
            else:
                worker.wait(120)
            if worker.poll() is None:
                os.kill(worker.pid, signal.SIGKILL)
                kills += 1
            worker.wait()
        return kills

    assert done_with("checked") >= 2
    assert applied() == ROWS
    assert farm.read("/sites?limit=100")["next_cursor"] is None, "a check leaves nothing behind"
    farm.made(f"{path}/application", {"mode": "good_rows"})
    assert done_with("applied") >= 2
    with psycopg.connect(url) as connection:
        names = Counter(
            name for (name,) in connection.execute("SELECT name FROM site") if "số" in name
        )
    assert len(names) == ROWS
    assert set(names.values()) == {1}
