"""The programs of a running house: which commands they are and where they stand."""

import os
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.cli.supervise import Program, wait_until
from app.config import PROJECT
from app.core.embedded.lifeline import tied
from app.core.embedded.ports import free_ports
from app.core.embedded.servers import Installation, wait_for_postgresql, wait_for_valkey

Check = Callable[[], None]
ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Server:
    """A server of our own: its program, what it sets for the others, and how to wait for it."""

    program: Program
    variables: dict[str, str]
    wait: Callable[[Check], None]


def web_command(bind: str) -> list[str]:
    """The web processes: a few threads each, as most of a request waits for the database.

    gunicorn's control socket would lie in the home folder, one for all instances.
    """
    size = ("--workers", "2", "--threads", "8", "--graceful-timeout", "10")
    command = ("gunicorn", "wsgi:application", "--worker-class", "gthread", *size)
    return [*command, "--no-control-socket", "--bind", bind]


def worker_command() -> list[str]:
    """The worker: two tasks at a time, and no talk with other workers."""
    command = ("celery", "-A", "workers", "worker", "--concurrency", "2")
    return [*command, "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]


def beat_command() -> list[str]:
    """The clock that says "look". It keeps no file: the database knows what is due."""
    command = ("celery", "-A", "workers", "beat", "--scheduler", "celery.beat:Scheduler")
    return [*command, "--loglevel", "WARNING"]


def programs(bind: str) -> list[Program]:
    """The programs that serve, in the order in which they start."""
    return [
        Program("web", _python(web_command(bind))),
        Program("worker", _python(worker_command()), stop_seconds=20),
        Program("beat", _python(beat_command())),
    ]


def servers(installation: Installation | None, mails: Path) -> list[Server]:
    """The servers the environment does not name, on ports chosen now.

    Nothing of ours is asked of a database that is given; then ``installation`` may be missing.
    """
    found, (postgresql, valkey, mail) = [], free_ports(3)
    if installation:
        where = installation.servers(postgresql, valkey)
        variables = where.environment()
        redis_url = {"REDIS_URL": variables.pop("REDIS_URL")}
        if not os.environ.get("DATABASE_URL"):
            command = installation.postgresql_command(postgresql)
            program = Program("postgresql", command, stop_signal="INT", stop_seconds=40)
            found.append(Server(program, variables, partial(wait_for_postgresql, where)))
        if not os.environ.get("REDIS_URL"):
            program = Program("valkey", installation.valkey_command(valkey))
            found.append(Server(program, redis_url, partial(wait_for_valkey, where)))
    if not os.environ.get("SMTP_URL"):
        address = {"SMTP_URL": f"smtp://127.0.0.1:{mail}"}
        found.append(Server(_mail_program(mail, mails), address, partial(_wait_for_port, mail)))
    return found


def _mail_program(port: int, mails: Path) -> Program:
    """A mail server that delivers nothing: it keeps each mail as a file of a Maildir."""
    command = ["aiosmtpd", "--nosetuid", "--listen", f"127.0.0.1:{port}"]
    return Program("mail", _python([*command, "--class", "aiosmtpd.handlers.Mailbox", str(mails)]))


def _python(command: Sequence[str]) -> list[str]:
    """A module of our Python, tied to its parent, run where the code is."""
    return tied([sys.executable, "-m", *command], folder=PROJECT)


def _wait_for_port(port: int, check: Check) -> None:
    def answers() -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    wait_until(answers, check, ANSWER_SECONDS)
