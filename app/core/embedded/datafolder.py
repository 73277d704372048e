"""The data folder: whose it is, who holds it, the secrets made for it, and who can reach it."""

import fcntl
import json
import os
import pwd
import secrets
import shutil
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from app.core.embedded.lifeline import Account

LOCK = "lock"
SECRETS = "secrets.json"
LETTERS = string.ascii_letters + string.digits
UNPRIVILEGED = "nobody"

_FIRST_CLOSED_STEP = """
import os, sys
uid, gid, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
os.setgroups([]); os.setgid(gid); os.setuid(uid)
steps = [path]
while os.path.dirname(steps[-1]) != steps[-1]:
    steps.append(os.path.dirname(steps[-1]))
for step in reversed(steps):
    if not os.access(step, os.X_OK):
        sys.stdout.buffer.write(os.fsencode(step))
        break
"""


class FolderFault(Exception):
    """The data folder cannot be used; the message says why and what to do, in both languages."""


class FolderInUse(FolderFault):
    """Another process holds the data folder."""

    def __init__(self, folder: Path, holder: dict[str, str]) -> None:
        who = f"pid {holder.get('pid', '?')}" + (f", {holder['url']}" if "url" in holder else "")
        super().__init__(
            f"Thư mục {folder} đang được dùng ({who}); hãy dừng tiến trình đó hoặc chọn thư mục "
            f"và cổng khác: VAR_DIR=/thu/muc PORT=8001 make run\n"
            f"The folder {folder} is in use ({who}); stop that process, or choose another folder "
            f"and port: VAR_DIR=/some/where PORT=8001 make run"
        )


class FolderUnreachable(FolderFault):
    """The unprivileged user that runs the servers cannot pass through a folder."""

    def __init__(self, folder: Path, closed: str, account: Account) -> None:
        user = _name(account.uid)
        super().__init__(
            f"Người dùng {user} (chạy cơ sở dữ liệu) không vào được {closed}, nên không tới được "
            f"{folder}. Hãy chọn thư mục dữ liệu khác: VAR_DIR=/srv/blao make run\n"
            f"The user {user}, who runs the database, may not pass through {closed} and so cannot "
            f"reach {folder}. Choose another data folder: VAR_DIR=/srv/blao make run"
        )


class NotOurs(FolderFault):
    """Something in the data folder belongs to another user."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"Không ghi được vào {path}: hãy chạy bằng người dùng đã tạo nó, "
            f"hoặc chọn thư mục khác: VAR_DIR=/thu/muc make run\n"
            f"Cannot write to {path}: run as the user who made it, "
            f"or choose another folder: VAR_DIR=/some/where make run"
        )


@dataclass(frozen=True)
class Secrets:
    """What was drawn once for this installation."""

    superuser: str
    owner: str
    app: str
    redis: str
    secret_key: str
    demo: str


def make_folder(folder: Path) -> Path:
    """Make the data folder where it is missing; return it without symbolic links.

    Root makes it so that the unprivileged user of the servers may pass through, not list it.

    Raises:
        NotOurs: it, or something directly in it, cannot be written by this user.
    """
    folder = folder.resolve()
    if not folder.exists():
        try:
            folder.mkdir(parents=True)
        except OSError as fault:
            raise NotOurs(folder) from fault
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    for path in (folder, *folder.iterdir()):
        if not os.access(path, os.W_OK):
            raise NotOurs(path)
    return folder


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A data folder of its own, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="blao-")).resolve()
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def held(
    folder: Path,
    *,
    url: str = "",
    patience: float = 0.0,
    on_wait: Callable[[dict[str, str]], None] = lambda _holder: None,
) -> Iterator[None]:
    """Hold the data folder: one instance at a time, until the process ends however it ends.

    ``on_wait`` is called once with who holds it, if it has to be waited for.

    Raises:
        FolderInUse: another process still holds it after ``patience`` seconds.
    """
    deadline = time.monotonic() + patience
    waited = False
    with (folder / LOCK).open("a+") as file:
        while not _lock(file.fileno()):
            if not waited:
                on_wait(holder(folder))
                waited = True
            if time.monotonic() > deadline:
                raise FolderInUse(folder, holder(folder))
            time.sleep(0.2)
        file.truncate(0)
        file.write(json.dumps({"pid": str(os.getpid())} | ({"url": url} if url else {})))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def is_held(folder: Path) -> bool:
    """Whether a process holds the data folder now."""
    try:
        with (folder / LOCK).open("r+") as file:
            return not _lock(file.fileno())
    except FileNotFoundError:
        return False


def holder(folder: Path) -> dict[str, str]:
    """Who holds the data folder: its pid and, if it serves, its URL; empty where unknown."""
    try:
        told = json.loads((folder / LOCK).read_text())
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in told.items()}


def secrets_of(folder: Path) -> Secrets:
    """The secrets of the installation, drawn at the first call and kept for this user alone.

    Raises:
        FolderFault: the file is damaged.
    """
    path = folder / SECRETS
    if not path.exists():
        drawn = Secrets(*(_draw(n) for n in (32, 32, 32, 32, 64, 16)))
        write_private(path, json.dumps(asdict(drawn), indent=1))
    try:
        return Secrets(**json.loads(path.read_text()))
    except (ValueError, TypeError) as fault:
        raise FolderFault(f"Tệp hỏng · Damaged file: {path} ({fault})") from fault


def write_private(path: Path, text: str, account: Account | None = None) -> None:
    """Write a file whole or not at all, readable by its owner alone."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        if account:
            os.fchown(file.fileno(), *account)
        file.write(os.fsencode(text))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def server_account(folder: Path) -> Account | None:
    """Who shall run the servers: as root, who already owns ``folder`` or else ``nobody``."""
    if os.geteuid() != 0:
        return None
    if folder.exists() and (there := folder.stat()).st_uid != 0:
        return Account(there.st_uid, there.st_gid)
    nobody = pwd.getpwnam(UNPRIVILEGED)
    return Account(nobody.pw_uid, nobody.pw_gid)


def first_closed_step(path: Path, account: Account) -> str | None:
    """The first folder on the way to ``path``, or itself, that ``account`` may not enter or run.

    It is tried as that user rather than read off the mode bits, which do not tell of access lists.
    """
    command = [sys.executable, "-I", "-S", "-c", _FIRST_CLOSED_STEP]
    command += [str(account.uid), str(account.gid), str(path)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return os.fsdecode(answer) or None


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _draw(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
