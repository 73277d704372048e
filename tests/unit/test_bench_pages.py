"""`blao bench pages` asks for every page it names, on servers of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.bench.pages import PAGES
from tests.conftest import HANDED_DOWN


@pytest.mark.slow
def test_every_page_it_names_is_measured_with_something_to_show() -> None:
    ours = {name: value for name, value in os.environ.items() if name not in HANDED_DOWN}
    bench = [Path(sys.executable).with_name("blao"), "bench", "pages"]
    answer = subprocess.run(
        [*bench, "--offers", "2000", "--times", "2", "--json"],
        env=ours,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    told = json.loads(answer.stdout)
    named = {f"{label} {address}" for label, addresses in PAGES.items() for address in addresses}
    assert set(told["figures"]) == named
    assert {"cooperative /analytics", "mill /contracts/{contract}", "operator /operator"} <= named
    assert all(one["value"] > 0 for one in told["figures"].values())
