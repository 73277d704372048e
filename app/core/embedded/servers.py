"""PostgreSQL and Valkey of our own, run from their wheels in a data folder.

Everything is a file below that folder: ``postgresql/`` (the cluster), ``valkey/``, ``log/`` and
``secrets.json``. The servers listen on loopback ports chosen at each start, never on a socket
file, whose path may not be longer than 107 bytes.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
import redis

from app.core.embedded.binaries import Binaries, binaries
from app.core.embedded.datafolder import (
    FolderFault,
    FolderUnreachable,
    Secrets,
    first_closed_step,
    held,
    make_folder,
    secrets_of,
    server_account,
    temporary_folder,
    write_private,
)
from app.core.embedded.lifeline import Account, end_leftovers, tied
from app.core.embedded.ports import free_ports

DATABASE = "blao"
OWNER = "blao_owner"
APP = "blao_app"
SUPERUSER = "postgres"


STARTS = 3
READY_SECONDS = 60.0
STOP_SECONDS = 30.0

MAJOR_VERSION = "18"

# Sorting is by bytes. The letters are those of Unicode, also for the text search, which asks the
# C library; there is no ICU in the wheel.
INITDB = (
    "--encoding=UTF8",
    "--locale=C",
    *(["--lc-ctype=C.UTF-8"] if sys.platform == "linux" else []),
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth=scram-sha-256",
)

# Read by PostgreSQL's single-user mode, where a line is a statement.
ROLES = f"""\
CREATE ROLE {OWNER} LOGIN PASSWORD '{{owner}}';
CREATE ROLE {APP} LOGIN PASSWORD '{{app}}';
CREATE DATABASE {DATABASE} OWNER {OWNER};
"""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "logging_collector": "off",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Valkey keeps nothing on disk: it holds nothing that cannot be rebuilt from PostgreSQL.
VALKEY = """\
bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
maxmemory-policy noeviction
"""


class ServerFailed(Exception):
    """A server did not start; the message ends with the tail of its log."""

    def __init__(self, name: str, log: Path) -> None:
        super().__init__(f"{name} không khởi động được · did not start ({log}):\n{tail(log)}")


class NotReady(Exception):
    """A server runs but did not answer in time; the message is its last refusal."""


@dataclass(frozen=True)
class Servers:
    """Where running servers are reached.

    ``app_url`` and ``owner_url`` sign in to the database ``blao`` as the application's role and as
    the owner of its tables; ``admin_url`` as the superuser, to make databases for tests.
    """

    app_url: str
    owner_url: str
    admin_url: str
    redis_url: str

    def environment(self) -> dict[str, str]:
        """The variables ``load_settings`` reads."""
        return {
            "DATABASE_URL": self.app_url,
            "MIGRATION_DATABASE_URL": self.owner_url,
            "REDIS_URL": self.redis_url,
        }


@dataclass(frozen=True)
class Installation:
    """A data folder ready to be served from."""

    folder: Path
    account: Account | None
    secrets: Secrets
    programs: Binaries
    durable: bool

    @property
    def cluster(self) -> Path:
        return self.folder / "postgresql"

    @property
    def valkey(self) -> Path:
        return self.folder / "valkey"

    def log(self, name: str) -> Path:
        return self.folder / "log" / f"{name}.log"

    def servers(self, postgresql_port: int, valkey_port: int) -> Servers:
        """Where the servers are reached once they run on these ports."""
        there, keys = f"127.0.0.1:{postgresql_port}", self.secrets
        return Servers(
            app_url=f"postgresql://{APP}:{keys.app}@{there}/{DATABASE}",
            owner_url=f"postgresql://{OWNER}:{keys.owner}@{there}/{DATABASE}",
            admin_url=f"postgresql://{SUPERUSER}:{keys.superuser}@{there}/postgres",
            redis_url=f"redis://:{keys.redis}@127.0.0.1:{valkey_port}/0",
        )

    def postgresql_command(self, port: int) -> list[str]:
        """The command that serves the cluster; it ends, fast and clean, with its parent."""
        settings = SETTINGS | {"port": str(port)} | ({} if self.durable else FORGETFUL)
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self.programs.postgres), "-D", str(self.cluster), *flags]
        return self._server(command, self.cluster, signal.SIGINT)

    def valkey_command(self, port: int) -> list[str]:
        """The command that serves Valkey; the password is in a file, out of the process list."""
        text = VALKEY.format(port=port, password=self.secrets.redis)
        write_private(self.valkey / "valkey.conf", text, self.account)
        command = [str(self.programs.valkey), "valkey.conf"]
        return self._server(command, self.valkey, signal.SIGTERM)

    def _server(self, command: list[str], folder: Path, death: signal.Signals) -> list[str]:
        return tied(
            command, folder=folder, death_signal=death, account=self.account, is_server=True
        )


@contextmanager
def embedded_servers(folder: Path | None = None, *, durable: bool = True) -> Iterator[Servers]:
    """Run both servers as children of this process; enter it from the main thread.

    Without ``folder`` they run in a temporary one, gone afterwards. ``durable=False`` trades
    safety against a power cut for speed. A kill of this process ends them too.

    Raises:
        FolderFault: the folder is held by another instance, unreachable or not ours.
        ServerFailed: a server did not start.
    """
    with ExitStack() as stack:
        home = make_folder(folder) if folder else stack.enter_context(temporary_folder())
        stack.enter_context(held(home, patience=1.0))
        end_leftovers(home)
        installation = prepare(home, durable=durable)
        servers, running = _start(installation)
        with running:
            yield servers


def prepare(folder: Path, *, durable: bool = True) -> Installation:
    """Make ready to serve from ``folder``, which the caller made and holds.

    The cluster appears whole, with its roles, or not at all.

    Raises:
        FolderUnreachable: as root, the servers' user cannot pass to the folder.
        FolderFault: the cluster is of another major version or its secrets are lost.
        ServerFailed: the cluster could not be made.
    """
    account = server_account(folder / "postgresql")
    if account and (closed := first_closed_step(folder, account)):
        raise FolderUnreachable(folder, closed, account)
    programs = binaries(folder, account)
    if (folder / "postgresql").exists() and not (folder / "secrets.json").exists():
        raise FolderFault(
            f"Mất tệp mật khẩu · The passwords are lost: {folder / 'secrets.json'}. Hãy khôi phục "
            f"tệp hoặc chọn thư mục khác · Restore the file or choose another folder: VAR_DIR"
        )
    installation = Installation(folder, account, secrets_of(folder), programs, durable)
    (folder / "log").mkdir(exist_ok=True)
    if not installation.valkey.exists():
        _make_folder(installation.valkey, account)
    if not installation.cluster.exists():
        _make_cluster(installation)
    _check_version(installation)
    return installation


def wait_for_postgresql(servers: Servers, check: Callable[[], None]) -> None:
    """Return when the database answers; ``check`` raises if waiting has become pointless."""

    def connect() -> None:
        psycopg.connect(servers.app_url, connect_timeout=3).close()

    _wait(connect, psycopg.OperationalError, check)


def wait_for_valkey(servers: Servers, check: Callable[[], None]) -> None:
    """Return when Valkey answers; ``check`` raises if waiting has become pointless."""

    def ping() -> None:
        with redis.Redis.from_url(servers.redis_url, socket_timeout=3) as client:
            client.ping()

    _wait(ping, redis.RedisError, check)


def tail(log: Path, lines: int = 30) -> str:
    """The last lines of a log, indented."""
    try:
        last = log.read_text(errors="replace").splitlines()[-lines:]
    except OSError:
        last = []
    return "\n".join(f"    {line}" for line in last) or "    (trống · empty)"


def _start(installation: Installation) -> tuple[Servers, ExitStack]:
    """Start both servers, on other ports if the first ones were lost to somebody quicker."""
    for left in reversed(range(STARTS)):
        postgresql, valkey = free_ports(2)
        servers = installation.servers(postgresql, valkey)
        commands = {
            "valkey": installation.valkey_command(valkey),
            "postgresql": installation.postgresql_command(postgresql),
        }
        with ExitStack() as stack:
            try:
                for name, command in commands.items():
                    log = installation.log(name)
                    process = stack.enter_context(_child(command, log, SIGNALS[name]))
                    WAITS[name](servers, partial(_check_runs, name, process, log))
            except ServerFailed:
                if not left:
                    raise
            else:
                return servers, stack.pop_all()
    raise AssertionError("unreachable")


@contextmanager
def _child(
    command: list[str], log: Path, stop: signal.Signals
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server out of reach of the terminal's Ctrl-C, and stop it at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        for number in (stop, signal.SIGQUIT, signal.SIGKILL):
            process.send_signal(number)
            try:
                process.wait(STOP_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue


def _check_runs(name: str, process: subprocess.Popen[bytes], log: Path) -> None:
    if process.poll() is not None:
        raise ServerFailed(name, log)


def _wait(attempt: Callable[[], None], refusal: type[Exception], check: Callable[[], None]) -> None:
    """Repeat ``attempt`` until it is not refused, while ``check`` lets it.

    Raises:
        NotReady: it was still refused after ``READY_SECONDS``.
    """
    deadline = time.monotonic() + READY_SECONDS
    while True:
        check()
        try:
            attempt()
        except refusal as fault:
            if time.monotonic() > deadline:
                raise NotReady(str(fault)) from fault
            time.sleep(0.05)
        else:
            # Whoever answered might be a stranger on a port that our server lost.
            return check()


def _make_cluster(installation: Installation) -> None:
    """Make the cluster beside its place, with roles and database, and then move it there.

    PostgreSQL itself grants nobody but the owner of a database CREATE on its schema public.
    """
    draft = installation.cluster.with_name("postgresql.new")
    password = installation.folder / "postgresql.password"
    account, programs, keys = installation.account, installation.programs, installation.secrets
    shutil.rmtree(draft, ignore_errors=True)
    _make_folder(draft, account)
    write_private(password, keys.superuser, account)
    initdb = [str(programs.initdb), "-D", str(draft), "-U", SUPERUSER, *INITDB]
    initdb += [f"--pwfile={password}", *([] if installation.durable else ["--no-sync"])]
    single = [str(programs.postgres), "--single", "-D", str(draft)]
    single += ["-c", "exit_on_error=on", "postgres"]
    roles = ROLES.format(owner=keys.owner, app=keys.app)
    try:
        _run(initdb, draft, installation, "")
        _run(single, draft, installation, roles)
    finally:
        password.unlink(missing_ok=True)
    draft.rename(installation.cluster)


def _run(command: list[str], folder: Path, installation: Installation, text: str) -> None:
    log = installation.log("initdb")
    with log.open("wb") as output:
        made = subprocess.run(
            tied(command, folder=folder, account=installation.account, is_server=True),
            check=False,
            input=text.encode(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    if made.returncode:
        raise ServerFailed("initdb", log)


def _make_folder(folder: Path, account: Account | None) -> None:
    folder.mkdir(mode=0o700)
    if account:
        os.chown(folder, *account)


def _check_version(installation: Installation) -> None:
    made_by = (installation.cluster / "PG_VERSION").read_text().strip()
    if made_by != MAJOR_VERSION:
        raise FolderFault(
            f"{installation.cluster} thuộc PostgreSQL {made_by}, ở đây là {MAJOR_VERSION} · "
            f"was made by PostgreSQL {made_by}, this is {MAJOR_VERSION}"
        )


SIGNALS = {"postgresql": signal.SIGINT, "valkey": signal.SIGTERM}
WAITS = {"postgresql": wait_for_postgresql, "valkey": wait_for_valkey}
