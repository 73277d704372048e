"""The guide `docs/connecting.md` is followed to the letter, against a real server."""

import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask import Flask
from openpyxl import load_workbook
from standardwebhooks.webhooks import WebhookVerificationError
from werkzeug.serving import make_server

from app.cli import blao
from app.core import clock
from app.core.transaction import transaction
from app.imports.queries import unfinished_imports
from app.webhooks.signing import secret_of, signed_headers
from tests.conftest import PROJECT
from tests.factories import Account, Trade, an_offer

GUIDE = (PROJECT / "docs/connecting.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def served(committing: Flask) -> Iterator[tuple[str, Account, Flask]]:
    """The application on a port, a farm in it, and a worker that takes up imports."""
    farm = Trade(committing).farm()
    an_offer(farm)
    server = make_server("127.0.0.1", 0, committing, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    ended = threading.Event()

    def work() -> None:
        from workers.imports import work_on_import

        while not ended.is_set():
            with committing.app_context():
                with transaction():
                    waiting = unfinished_imports()
                for import_id in waiting:
                    work_on_import.run(import_id=str(import_id))
            time.sleep(0.1)

    working = threading.Thread(target=work, daemon=True)
    serving.start()
    working.start()
    # Whatever writes anywhere on the server, be it another test, holds an event back.
    wait_until(lambda: "offer.listed" in str(farm.read("/events")))
    yield f"http://127.0.0.1:{server.server_port}", farm, committing
    ended.set()
    working.join()
    server.shutdown()


def test_every_command_of_the_guide_works(
    served: tuple[str, Account, Flask], tmp_path: Path
) -> None:
    url, farm, _ = served
    given = {**os.environ, "BLAO": f"{url}/api/v1", "TOKEN": str(farm.token)}
    scripts = blocks("sh")
    assert sum(script.count("curl ") for script in scripts) >= 12
    said = []
    for script in scripts:
        done = subprocess.run(
            ["bash", "-e", "-u", "-o", "pipefail", "-c", script],
            cwd=tmp_path,
            env=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (script, done.stdout, done.stderr)
        said.append(done.stdout)
    assert "offer.listed" in said[0]
    assert "whsec_" in said[1]
    wait_until(lambda: "Kho hai" in str(farm.read("/sites")))
    assert (tmp_path / "markets.csv").read_text().count("\n") > 10
    assert load_workbook(tmp_path / "sites.xlsx").worksheets[0].max_row >= 2


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_the_verification_in_the_guide_tells_true_from_false() -> None:
    (program,) = blocks("python")
    known: dict[str, object] = {}
    exec(program, known)
    secret = secret_of(UUID(int=1), 1, key="k" * 32)
    body = '{"type":"offer.listed"}'
    headers = signed_headers(UUID(int=2), body, secrets=[secret], now=clock.now())
    received = known["received"]
    assert callable(received)
    assert received(secret, body.encode(), headers) == {"type": "offer.listed"}
    with pytest.raises(WebhookVerificationError):
        received(secret, b"{}", headers)


def test_the_console_imports_a_file_and_shows_how_far_it_is(
    served: tuple[str, Account, Flask], tmp_path: Path
) -> None:
    url, farm, _ = served
    file = tmp_path / "sites.csv"
    file.write_text("name;ward_code;latitude;longitude\nKho ba;24829;11,5;107,8\nx;1;11,5;107,8\n")
    asked = ["import", str(file), "--kind", "sites", "--url", url, "--token", str(farm.token)]
    done = CliRunner().invoke(blao, [*asked, "--mode", "all_or_nothing"])
    assert done.exit_code == 1
    assert "3: ward_code" in done.output
    assert "Kho ba" not in str(farm.read("/sites"))
    done = CliRunner().invoke(blao, [*asked, "--mode", "good_rows"])
    assert "applied: 1" in done.output
    assert "Kho ba" in str(farm.read("/sites"))
