"""Where a console command finds its servers: given, running, or started for as long as it takes."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config

from app.config import PROJECT, var_dir
from app.core.embedded.datafolder import (
    FolderInUse,
    holder,
    is_held,
    make_folder,
    secrets_of,
    temporary_folder,
    write_private,
)
from app.core.embedded.servers import embedded_servers

TOLD = "environment.json"
PATIENCE = 60.0


@contextmanager
def environment() -> Iterator[None]:
    """Set the variables ``load_settings`` reads for the duration of a console command.

    Servers are those of ``DATABASE_URL`` and ``REDIS_URL``; else those of an instance running in
    the data folder; else embedded ones, migrated, stopped at the end.

    Raises:
        FolderFault: the data folder cannot be used.
        ServerFailed: the embedded servers did not start.
    """
    with ExitStack() as stack:
        folder = make_folder(var_dir())
        if not _given() and (variables := _of_running_instance(folder)):
            stack.enter_context(_set(_lacking(variables)))
        elif not _given():
            stack.enter_context(_embedded(folder, durable=True))
        stack.enter_context(_set(_lacking({"SECRET_KEY": secrets_of(folder).secret_key})))
        yield


@contextmanager
def isolated_environment(*, durable: bool = True) -> Iterator[None]:
    """Set the variables to servers of the command's own, migrated and seeded, gone at the end.

    Where ``DATABASE_URL`` is set, that database is used as it is.
    """
    with temporary_folder() as folder, ExitStack() as stack:
        if not os.environ.get("DATABASE_URL"):
            stack.enter_context(_set({"VAR_DIR": str(folder), "REDIS_URL": ""}))
        if not _given():
            stack.enter_context(_embedded(folder, durable=durable))
        stack.enter_context(_set(_lacking({"SECRET_KEY": secrets_of(folder).secret_key})))
        yield


def migrate() -> None:
    """Bring the database of ``MIGRATION_DATABASE_URL`` to the newest revision."""
    command.upgrade(Config(PROJECT / "alembic.ini"), "head")


def is_fresh(url: str) -> bool:
    """Whether nothing has been migrated into the database yet."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(plain, connect_timeout=10) as connection:
        row = connection.execute("SELECT to_regclass('alembic_version') IS NULL").fetchone()
    return bool(row and row[0])


def tell(folder: Path, variables: Mapping[str, str]) -> None:
    """Leave the variables of this instance for console commands in other terminals."""
    write_private(folder / "run" / TOLD, json.dumps({"pid": str(os.getpid()), **variables}))


def told(folder: Path) -> dict[str, str]:
    """The variables of the instance open in the folder; empty if none is."""
    try:
        variables: dict[str, str] = json.loads((folder / "run" / TOLD).read_text())
    except (OSError, ValueError):
        return {}
    # A file left by an instance that was killed says nothing of the one starting now.
    return variables if variables.pop("pid", "") == holder(folder).get("pid") else {}


def untell(folder: Path) -> None:
    """Take them away again, before the servers stop."""
    (folder / "run" / TOLD).unlink(missing_ok=True)


def _given() -> bool:
    return bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))


def _of_running_instance(folder: Path) -> dict[str, str]:
    """The variables of the instance in the folder; empty if none runs.

    Whoever holds the folder may still be starting, or be a console command like this one that
    soon ends, so it is waited for.
    """
    deadline = time.monotonic() + PATIENCE
    while is_held(folder):
        if variables := told(folder):
            return variables
        if time.monotonic() > deadline:
            raise FolderInUse(folder, holder(folder))
        time.sleep(0.2)
    return {}


@contextmanager
def _embedded(folder: Path, *, durable: bool) -> Iterator[None]:
    """Add the servers that lack; a database of ours is migrated and, if new, seeded."""
    with ExitStack() as stack:
        servers = stack.enter_context(embedded_servers(folder, durable=durable))
        lacking = _lacking(servers.environment())
        lacking |= _lacking({"SECRET_KEY": secrets_of(folder).secret_key})
        stack.enter_context(_set(lacking))
        if "DATABASE_URL" in lacking:
            fresh = is_fresh(servers.owner_url)
            migrate()
            if fresh:
                _seed()
        yield


def _seed() -> None:
    from app.cli.seed import seed_everything

    seed_everything()


def _lacking(variables: Mapping[str, str]) -> dict[str, str]:
    """Those that are not set yet. The two database addresses are set both or neither."""
    database = ("DATABASE_URL", "MIGRATION_DATABASE_URL")
    return {
        name: value
        for name, value in variables.items()
        if not os.environ.get("DATABASE_URL" if name in database else name)
    }


@contextmanager
def _set(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
