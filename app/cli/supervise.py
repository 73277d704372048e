"""One supervisor over all processes: supervisord, told what to run and asked how it goes.

It runs in a session of its own, so the terminal's Ctrl-C reaches only us; it stops the programs
in the reverse of their order, and every program ends with it even if it is killed.
"""

import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from app.core.embedded.datafolder import write_private
from app.core.embedded.lifeline import MARK, end_leftovers, tied
from app.core.embedded.ports import free_ports
from app.core.embedded.servers import tail

ANSWER_SECONDS = 20.0
STOP_SECONDS = 90.0

# Paths stay out of this file: its parser takes " #" and " ;" for comments and "%" for a variable.
# It is read in the data folder, so the names in it are relative to that.
SUPERVISOR = """\
[supervisord]
nodaemon=true
silent=true
logfile=log/supervisord.log
logfile_maxbytes=1MB
logfile_backups=1
pidfile=run/supervisord.pid
childlogdir=log

[inet_http_server]
port=127.0.0.1:{port}
username=blao
password={password}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
PROGRAM = """
[program:{name}]
command=/bin/sh run/{name}.sh
priority={priority}
autostart=false
autorestart=true
startsecs=1
startretries=10
stopsignal={stop_signal}
stopwaitsecs={stop_seconds}
killasgroup=true
redirect_stderr=true
stdout_logfile=log/{name}.log
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=2
"""


@dataclass(frozen=True)
class Program:
    """What to keep running; ``command`` is tied to its parent already."""

    name: str
    command: Sequence[str]
    stop_signal: str = "TERM"
    stop_seconds: int = 15


class ProgramFailed(Exception):
    """A program does not stay up or does not answer; the message ends with the tail of its log."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        super().__init__(f"{name} không chạy được · does not come up ({log}):\n{tail(log)}")


class Supervisor:
    """supervisord as our child, over programs that start in the order given."""

    def __init__(self, folder: Path, password: str) -> None:
        self.folder = folder
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None
        self._address = ""

    def start(self, programs: Sequence[Program], environment: Mapping[str, str]) -> None:
        """Start supervisord over the programs, none of which runs yet.

        Raises:
            ProgramFailed: it did not answer; two programs may have met on its port.
        """
        (port,) = free_ports(1)
        self._address = f"http://blao:{self._password}@127.0.0.1:{port}/RPC2"
        self._write(programs, port)
        command = [sys.executable, "-P", "-m", "supervisor.supervisord"]
        with self.log("supervisord-start").open("wb") as output:
            self._process = subprocess.Popen(
                tied([*command, "-c", "run/supervisord.conf"], folder=self.folder),
                env={**environment, MARK: str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(self._answers, self._check_alive, ANSWER_SECONDS)

    def launch(self, *names: str) -> None:
        """Start programs, without waiting for them.

        Raises:
            ProgramFailed: one ended at once.
        """
        for name in names:
            try:
                self._ask().startProcess(name, False)
            except Fault as fault:
                raise ProgramFailed(name, self.log(name)) from fault

    def check(self, *, patient: bool = True) -> None:
        """Look after supervisord and its programs.

        Raises:
            ProgramFailed: one was given up. Without ``patient``, or ended and waits to be retried.
        """
        hopeless = {"FATAL"} if patient else {"FATAL", "BACKOFF", "EXITED"}
        self._check_alive()
        try:
            programs = self._ask().getAllProcessInfo()
        except OSError as fault:
            raise ProgramFailed("supervisord", self.log("supervisord")) from fault
        for program in programs:
            if program["statename"] in hopeless:
                raise ProgramFailed(program["name"], self.log(program["name"]))

    def stop(self) -> None:
        """Stop all programs, the last started first, and leave no process in the folder."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        end_leftovers(self.folder)

    def log(self, name: str) -> Path:
        """Where a program's output is kept."""
        return self.folder / "log" / f"{name}.log"

    def _ask(self) -> Any:
        return ServerProxy(self._address).supervisor

    def _write(self, programs: Sequence[Program], port: int) -> None:
        run = self.folder / "run"
        text = SUPERVISOR.format(port=port, password=self._password)
        for priority, program in enumerate(programs, start=1):
            text += PROGRAM.format(
                name=program.name,
                priority=priority,
                stop_signal=program.stop_signal,
                stop_seconds=program.stop_seconds,
            )
            write_private(run / f"{program.name}.sh", f"exec {shlex.join(program.command)}\n")
        write_private(run / "supervisord.conf", text)

    def _answers(self) -> bool:
        try:
            return bool(self._ask().getState())
        except OSError:
            return False

    def _check_alive(self) -> None:
        if self._process is None or self._process.poll() is not None:
            name = "supervisord" if self.log("supervisord").exists() else "supervisord-start"
            raise ProgramFailed("supervisord", self.log(name))


def wait_until(true: Callable[[], bool], check: Callable[[], None], seconds: float) -> None:
    """Wait until something is true, while ``check`` raises nothing.

    Raises:
        TimeoutError: it was not true in time.
    """
    deadline = time.monotonic() + seconds
    while not true():
        check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"{seconds:.0f} s")
        time.sleep(0.1)
