"""``make run`` from outside: what a terminal, a kill -9 and a second start see."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from app.cli import environment
from app.config import PROJECT
from app.core.embedded.datafolder import make_folder
from app.core.embedded.lifeline import end_leftovers, leftovers
from app.core.embedded.ports import free_ports

# They share one house, so they run in one process.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("run")]

READY_SECONDS = 900
STOP_SECONDS = 300


class House:
    """A ``make run`` of its own, in a data folder that outlives its starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "dữ liệu's"
        (self.port,) = free_ports(1)
        self.output = folder / "output.txt"
        self.make: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.output.open("wb") as output:
            self.make = subprocess.Popen(
                ["make", "--no-print-directory", "run"],
                cwd=PROJECT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_for(lambda: self.lines()[-1:] == [f"ready http://127.0.0.1:{self.port}"])

    def wait_for(self, true: Callable[[], bool]) -> None:
        assert self.make
        deadline = time.monotonic() + READY_SECONDS
        while not true():
            assert self.make.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.1)

    def lines(self) -> list[str]:
        return self.output.read_text().splitlines()

    def pids(self) -> dict[str, int]:
        """The processes that hold the others: make, our command, the supervisor."""
        assert self.make
        blao = _only_child(self.make.pid)
        return {"make": self.make.pid, "blao": blao, "supervisor": _only_child(blao)}

    def wait_until_gone(self) -> int:
        """Wait for make and everything it started; return the exit code."""
        assert self.make
        deadline = time.monotonic() + STOP_SECONDS
        code = self.make.wait(STOP_SECONDS)
        while self.folder.exists() and (left := leftovers(self.folder.resolve())):
            assert time.monotonic() < deadline, left
            time.sleep(0.1)
        return code

    def close(self) -> None:
        if self.make and self.make.poll() is None:
            os.killpg(self.make.pid, signal.SIGINT)
            try:
                self.make.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.make.pid, signal.SIGKILL)
                self.make.wait()
        if self.folder.exists():
            end_leftovers(self.folder.resolve())

    def _environment(self) -> dict[str, str]:
        ours = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "SMTP_URL", "SECRET_KEY")
        above = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "HOST", "PUBLIC_URL")
        kept = {name: text for name, text in os.environ.items() if name not in (*ours, *above)}
        return kept | {"VAR_DIR": str(self.folder), "PORT": str(self.port)}


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="blao run ", dir="/tmp") as name:
        Path(name).chmod(0o755)
        house = House(Path(name))
        try:
            house.start()
            yield house
        finally:
            house.close()


@pytest.fixture
def running(house: House) -> House:
    assert house.make
    if house.make.poll() is not None:
        house.start()
    return house


def test_the_last_line_is_the_address_and_five_people_can_sign_in(running: House) -> None:
    text = running.output.read_text()
    for person in ("operator", "authority", "farmer", "processor", "cooperative"):
        assert f"{person}@example.com" in text
    assert running.lines()[-1] == f"ready http://127.0.0.1:{running.port}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_the_terminal_stops_everything(running: House, number: signal.Signals) -> None:
    pids = running.pids()
    os.killpg(pids["make"], number)
    running.wait_until_gone()
    assert not _alive(pids.values())


def test_stopping_make_stops_everything(running: House) -> None:
    pids = running.pids()
    os.kill(pids["make"], signal.SIGTERM)
    running.wait_until_gone()
    assert not _alive(pids.values())


@pytest.mark.parametrize("victim", ["make", "blao", "supervisor"])
def test_a_kill_leaves_nothing_and_the_next_start_recovers(running: House, victim: str) -> None:
    if victim == "make" and not shutil.which("setpriv"):
        pytest.skip("without setpriv (util-linux) nothing tells us of the end of make")
    pids = running.pids()
    os.kill(pids[victim], signal.SIGKILL)
    running.wait_until_gone()
    _wait_until(lambda: not _alive(pids.values()))
    running.start()
    assert environment.told(make_folder(running.folder))


def test_the_next_start_need_not_wait_for_the_killed_one_to_end(running: House) -> None:
    for pid in running.pids().values():
        os.kill(pid, signal.SIGKILL)
    running.start()
    os.killpg(running.pids()["make"], signal.SIGINT)
    running.wait_until_gone()


def test_a_killed_program_comes_back(running: House) -> None:
    supervisor = running.pids()["supervisor"]
    before = _children(supervisor)
    assert len(before) == 6
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    _wait_until(lambda: len(_children(supervisor)) == 6 and not before & _children(supervisor))


def test_a_second_start_in_the_same_folder_is_refused(running: House) -> None:
    second = subprocess.run(
        ["make", "--no-print-directory", "run"],
        cwd=PROJECT,
        env=running._environment(),
        capture_output=True,
        text=True,
    )
    assert second.returncode != 0
    assert f"pid {running.pids()['blao']}, http://127.0.0.1:{running.port}" in second.stderr


def _only_child(pid: int) -> int:
    (child,) = _children(pid)
    return child


def _children(pid: int) -> set[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return {int(child) for child in text.split()}


def _alive(pids: Iterable[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)
