"""The servers from the wheels: who may do what, and what is left after the worst."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis

from app.config import PROJECT
from app.core.embedded import binaries
from app.core.embedded.datafolder import FolderInUse, FolderUnreachable, held, make_folder
from app.core.embedded.lifeline import leftovers
from app.core.embedded.ports import free_ports
from app.core.embedded.servers import embedded_servers, prepare, wait_for_postgresql

WAIT_SECONDS = 300

PARENT = """
import sys, time
from pathlib import Path
import psycopg
from app.core.embedded.servers import embedded_servers
with embedded_servers(Path(sys.argv[1])) as servers:
    with psycopg.connect(servers.owner_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS sacks (n int)")
        for n in range(1000):
            connection.execute("INSERT INTO sacks VALUES (%s)", [n])
            print(n, flush=True)
            time.sleep(0.001)
    time.sleep(600)
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")


@pytest.fixture
def place() -> Iterator[Path]:
    """A data folder that is hard to quote, and that the servers' user can reach."""
    with tempfile.TemporaryDirectory(prefix="đồi chè it's 50% ; # ", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name) / "dữ liệu"


def test_the_application_owns_nothing_and_the_owner_commands_nobody(place: Path) -> None:
    with embedded_servers(place, durable=False) as servers:
        with psycopg.connect(servers.admin_url) as connection:
            rights = connection.execute(
                "SELECT rolname, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls"
                " FROM pg_roles WHERE rolname LIKE 'blao%' ORDER BY 1"
            ).fetchall()
            owner = connection.execute(
                "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'blao'"
            ).fetchone()
        assert rights == [("blao_app", False), ("blao_owner", False)]
        assert owner == ("blao_owner",)
        with psycopg.connect(servers.owner_url) as connection:
            connection.execute("CREATE TABLE sacks (n int)")
        with (
            psycopg.connect(servers.app_url) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("CREATE TABLE more_sacks (n int)")


def test_nobody_signs_in_without_the_password(place: Path) -> None:
    with embedded_servers(place, durable=False) as servers:
        for url in (servers.app_url, servers.owner_url, servers.admin_url):
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(url, password="guess")
        guess = "redis://:guess@" + servers.redis_url.split("@")[1]
        with redis.Redis.from_url(guess) as client, pytest.raises(redis.AuthenticationError):
            client.ping()


def test_vietnamese_letters_are_letters(place: Path) -> None:
    with (
        embedded_servers(place, durable=False) as servers,
        psycopg.connect(servers.app_url) as connection,
    ):
        row = connection.execute(
            "SELECT lower('ĐẬU Ô LONG'), to_tsvector('simple', 'Đậu Ô Long')::text,"
            " current_setting('TimeZone'), current_setting('server_encoding')"
        ).fetchone()
    assert row == ("đậu ô long", "'long':3 'ô':2 'đậu':1", "UTC", "UTF8")


def test_passwords_are_not_in_the_process_list(place: Path) -> None:
    with embedded_servers(place, durable=False) as servers:
        running = leftovers(make_folder(place))
        lines = []
        for pid in running:
            # PostgreSQL's helpers come and go.
            with suppress(FileNotFoundError, ProcessLookupError):
                lines.append(Path(f"/proc/{pid}/cmdline").read_bytes())
        assert len(lines) > 2
    for url in (servers.app_url, servers.owner_url, servers.admin_url, servers.redis_url):
        password = url.split("@")[0].rsplit(":", 1)[1].encode()
        assert not [line for line in lines if password in line]
    assert not leftovers(make_folder(place))


def test_a_killed_parent_takes_the_servers_along_and_loses_nothing(place: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(place)]
    acknowledged = 0
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as parent:
        for line in parent.stdout or ():
            acknowledged = int(line)
            if acknowledged == 300:
                parent.kill()
    assert acknowledged >= 300
    _wait_until_empty(place)
    with (
        embedded_servers(place) as servers,
        psycopg.connect(servers.owner_url) as connection,
    ):
        row = connection.execute("SELECT count(*), max(n) FROM sacks").fetchone()
    assert row
    assert row[0] == row[1] + 1
    assert row[1] >= acknowledged


def test_a_server_left_by_a_killed_run_is_ended_by_the_next(place: Path) -> None:
    folder = make_folder(place)
    with held(folder):
        installation = prepare(folder, durable=False)
    port, other = free_ports(2)
    left = subprocess.Popen(
        installation.postgresql_command(port),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for_postgresql(installation.servers(port, other), lambda: None)
    with embedded_servers(place, durable=False) as servers:
        assert left.wait(WAIT_SECONDS) == 0
        with psycopg.connect(servers.app_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_second_instance_is_told_who_holds_the_folder(place: Path) -> None:
    with held(make_folder(place), url="http://127.0.0.1:8000"):
        command = [sys.executable, "-c", PARENT, str(place)]
        second = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert second.returncode != 0
    assert FolderInUse.__name__ in second.stderr
    assert f"pid {os.getpid()}, http://127.0.0.1:8000" in second.stderr


def test_without_a_folder_nothing_is_left_on_disk(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(place.parent))
    with embedded_servers(durable=False):
        assert len(list(place.parent.iterdir())) == 1
    assert not list(place.parent.iterdir())


@as_root
def test_a_closed_folder_is_named_and_left_closed(place: Path) -> None:
    closed = place.parent / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(FolderUnreachable) as refusal, embedded_servers(closed / "var"):
        pass
    assert f"may not pass through {closed}" in str(refusal.value)
    assert "VAR_DIR=" in str(refusal.value)
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_programs_the_servers_cannot_reach_are_copied_once(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "first_closed_step", lambda path, account: str(path))
    with embedded_servers(place, durable=False) as servers:
        with psycopg.connect(servers.owner_url) as connection:
            connection.execute("CREATE EXTENSION pg_trgm")
        (copy,) = (place / binaries.COPIES).iterdir()
        made_at = copy.stat().st_mtime_ns
    with embedded_servers(place, durable=False):
        assert [path.stat().st_mtime_ns for path in (place / binaries.COPIES).iterdir()] == [
            made_at
        ]


@as_root
def test_servers_do_not_run_as_root(place: Path) -> None:
    with embedded_servers(place, durable=False):
        owners = set()
        for pid in leftovers(make_folder(place)):
            # PostgreSQL's helpers come and go.
            with suppress(FileNotFoundError, ProcessLookupError):
                owners.add(Path(f"/proc/{pid}").stat().st_uid)
    assert owners
    assert 0 not in owners


def _wait_until_empty(place: Path) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while left := leftovers(make_folder(place)):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
