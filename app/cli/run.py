"""``blao run``: the whole house in one terminal, until Ctrl-C."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

import click

from app.cli import environment
from app.cli.house import House, say
from app.cli.supervise import ProgramFailed, Supervisor, wait_until
from app.config import port, var_dir
from app.core.embedded.binaries import BinariesMissing
from app.core.embedded.datafolder import FolderFault, FolderInUse, held, make_folder, secrets_of
from app.core.embedded.lifeline import end_leftovers
from app.core.embedded.ports import is_free
from app.core.embedded.servers import NotReady, ServerFailed

LOCAL = "127.0.0.1"
# Who listens on all addresses is reached on the local one.
ANY = ("0.0.0.0", "::")  # noqa: S104
PATIENCE = 30.0
PORT_PATIENCE = 3.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked us to stop; handlers of ordinary faults must not swallow it."""

    def __init__(self, number: int) -> None:
        self.number = number


class PortTaken(Exception):
    """Somebody else listens where the web processes should."""

    def __init__(self, bind: str) -> None:
        super().__init__(
            f"Địa chỉ {bind} đang được dùng; hãy chọn cổng khác: PORT=8001 make run\n"
            f"The address {bind} is in use; choose another port: PORT=8001 make run"
        )


FAULTS = (
    BinariesMissing,
    FolderFault,
    NotReady,
    PortTaken,
    ProgramFailed,
    ServerFailed,
    TimeoutError,
)


@click.command()
def run() -> None:
    """Chạy mọi thứ tới khi nhấn Ctrl-C · Run everything until Ctrl-C."""
    try:
        with _signals_raised():
            serve()
    except Stopped as stopped:
        say("Đã dừng · Stopped")
        sys.exit(130 if stopped.number == signal.SIGINT else 0)
    except FAULTS as fault:
        click.echo(f"\nLỗi · Error: {fault}", err=True)
        sys.exit(1)


def serve() -> None:
    """Open the house and keep it open. It ends by an exception, with every process stopped."""
    folder = make_folder(var_dir())
    host = os.environ.get("HOST") or LOCAL
    url = f"http://{LOCAL if host in ANY else host}:{port()}"
    bind = f"[{host}]:{port()}" if ":" in host else f"{host}:{port()}"
    with held(folder, url=url, patience=PATIENCE, on_wait=partial(_wait_only_for_an_end, folder)):
        if count := end_leftovers(folder):
            say(f"Đã dọn {count} tiến trình của lần chạy bị ngắt · Ended {count} of a killed run")
        environment.untell(folder)
        _check_port(host, bind)
        supervisor = Supervisor(folder, secrets_of(folder).redis)
        house = House(folder, url, bind, supervisor)
        try:
            house.open()
            say(f"ready {url}")
            house.watch()
        finally:
            say("\nĐang dừng… · Stopping…")
            environment.untell(folder)
            supervisor.stop()


@contextmanager
def _signals_raised() -> Iterator[None]:
    """Let the first signal to stop unwind everything, and later ones not disturb that."""

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    before = {each: signal.signal(each, stop) for each in SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _wait_only_for_an_end(folder: Path, holder: dict[str, str]) -> None:
    """Say whom we wait for, unless it is open and so not about to end.

    Raises:
        FolderInUse: it is open.
    """
    if environment.told(folder):
        raise FolderInUse(folder, holder)
    who = f"{holder.get('url', '')} (pid {holder.get('pid', '?')})"
    say(f"Đang chờ {who} dừng hẳn… · Waiting for {who} to end…")


def _check_port(host: str, bind: str) -> None:
    """A port is free again moments after its last user has ended.

    Raises:
        PortTaken: it is in use.
    """
    try:
        wait_until(lambda: is_free(host, port()), lambda: None, PORT_PATIENCE)
    except TimeoutError:
        raise PortTaken(bind) from None
