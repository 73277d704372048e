"""Processes that cannot outlive whoever started them, and the end of those left all the same.

This file is also run as a script, before the program it starts, so it imports nothing of ours.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

SET_PARENT_DEATH_SIGNAL = 1
MARK = "BLAO_FOLDER"
KEPT_FOR_SERVERS = ("PATH", "TMPDIR")


class Account(NamedTuple):
    """The user and group a process runs as."""

    uid: int
    gid: int


def tied(
    command: Sequence[str],
    *,
    folder: Path,
    death_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    is_server: bool = False,
) -> list[str]:
    """The command that runs ``command`` in ``folder`` and signals it when its parent thread ends.

    Start it from the main thread: the kernel watches the thread. ``account`` is switched to
    first, which needs root. A server gets none of our environment, hence none of our secrets.
    """
    identity = f"{account.uid}:{account.gid}" if account else "-"
    kind = "server" if is_server else "program"
    script = [sys.executable, "-I", "-S", __file__]
    return [*script, str(int(death_signal)), identity, kind, str(folder), *command]


def die_with_parent(death_signal: signal.Signals) -> None:
    """Ask the kernel to send this process a signal when its parent ends (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, int(death_signal), 0, 0, 0)


def end_leftovers(folder: Path, *, patience: float = 15.0) -> int:
    """End what an earlier run killed in ``folder`` left behind; return how many there were.

    Call it only while holding the folder's lock, when nothing in it can be in use.
    """
    found: set[int] = set()
    deadline = time.monotonic() + patience
    while left := leftovers(folder):
        for pid, gentle in left.items():
            if time.monotonic() > deadline:
                _send(pid, signal.SIGKILL)
            elif gentle and pid not in found:
                _send(pid, gentle)
        found |= left.keys()
        time.sleep(0.1)
    return len(found)


def leftovers(folder: Path) -> dict[int, signal.Signals | None]:
    """The processes of a folder, each with the signal that ends it gently.

    Our programs bear a mark in their environment. PostgreSQL writes over its environment, but it
    and Valkey stand in a folder of their own, which with their name is mark enough. The children
    of PostgreSQL are left to their parent or, without it, end by themselves.
    """
    mark = os.fsencode(f"{MARK}={folder}")
    found: dict[int, signal.Signals | None] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name = os.path.basename(os.readlink(process / "exe")).removesuffix(" (deleted)")
            stands_here = Path(os.readlink(process / "cwd")).parent == folder
            marked = mark in (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        pid = int(process.name)
        if stands_here and name == "postgres":
            found[pid] = signal.SIGINT if pid == _postmaster(folder) else None
        elif marked or (stands_here and name == "valkey-server"):
            found[pid] = signal.SIGTERM
    return found


def _postmaster(folder: Path) -> int | None:
    try:
        return int((folder / "postgresql" / "postmaster.pid").read_text().split("\n")[0])
    except (OSError, ValueError):
        return None


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _become(arguments: list[str]) -> None:
    """Turn this process into the program that ``tied`` was asked for."""
    parent = os.getppid()
    death_signal, identity, kind, folder, *command = arguments
    environment = dict(os.environ)
    if kind == "server":
        os.umask(0o077)
        environment = {k: v for k, v in os.environ.items() if k in KEPT_FOR_SERVERS}
    if identity != "-":
        uid, gid = map(int, identity.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.chdir(folder)
    # The kernel forgets the death signal when the user changes, so it is asked for last.
    die_with_parent(signal.Signals(int(death_signal)))
    if os.getppid() != parent:
        sys.exit("the parent has ended")
    os.execve(command[0], command, environment)


if __name__ == "__main__":
    _become(sys.argv[1:])
