"""One start of the whole house, step by step."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click
import httpx

from app.cli import environment
from app.cli.programs import Server, programs, servers
from app.cli.supervise import ProgramFailed, Supervisor, wait_until
from app.core import queue
from app.core.embedded.datafolder import secrets_of
from app.core.embedded.servers import STARTS, Installation, prepare

DEMO_PEOPLE = ("operator", "authority", "farmer", "processor", "cooperative")
PLAYED = "demo-played"
READY_SECONDS = 60.0
STEPS = 7
TOLD = (
    "DATABASE_URL",
    "MIGRATION_DATABASE_URL",
    "REDIS_URL",
    "SMTP_URL",
    "SECRET_KEY",
    "PUBLIC_URL",
)


@dataclass
class House:
    """A data folder being opened: call ``open`` once, then ``watch``."""

    folder: Path
    url: str
    bind: str
    supervisor: Supervisor
    fresh: bool = False
    step: int = 0

    def open(self) -> None:
        """Go from any data folder to a house that answers and has something to show.

        Raises:
            ProgramFailed, ServerFailed, NotReady, TimeoutError: a process does not come up.
            FolderFault, BinariesMissing: the servers cannot be embedded here.
        """
        self._prepare_folder()
        self._start_servers(self._prepare_servers())
        self._migrate()
        self._seed()
        environment.tell(self.folder, {name: os.environ.get(name, "") for name in TOLD})
        self._start_programs()
        self._play_demo()
        self._say_people()

    def watch(self) -> None:
        """Stay until a program is given up."""
        while True:
            time.sleep(2)
            self.supervisor.check()

    def _prepare_folder(self) -> None:
        self._tell("Thư mục dữ liệu", "Data folder", str(self.folder))
        (self.folder / "log").mkdir(exist_ok=True)
        (self.folder / "run").mkdir(mode=0o700, exist_ok=True)
        own = {
            "SECRET_KEY": secrets_of(self.folder).secret_key,
            "PUBLIC_URL": self.url,
        }
        os.environ["VAR_DIR"] = str(self.folder)
        os.environ.update({name: text for name, text in own.items() if not os.environ.get(name)})

    def _prepare_servers(self) -> Installation | None:
        if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
            self._tell("Dùng máy chủ có sẵn", "Using the servers given")
            return None
        self._tell("Chuẩn bị PostgreSQL và Valkey", "Preparing PostgreSQL and Valkey")
        return prepare(self.folder)

    def _start_servers(self, installation: Installation | None) -> None:
        """Start the servers that are not given, on other ports if the first ones were lost."""
        self._tell("Khởi động máy chủ", "Starting the servers")
        for left in reversed(range(STARTS)):
            ours = servers(installation, self.folder / "mail")
            try:
                self._start(ours)
            except ProgramFailed:
                if not left:
                    raise
                self.supervisor.stop()
            else:
                break
        for server in ours:
            os.environ.update(server.variables)
            if server.program.name == "mail":
                say(f"      Thư gửi đi · Mails sent: {self.folder / 'mail' / 'new'}")

    def _start(self, ours: list[Server]) -> None:
        variables = dict(os.environ)
        for server in ours:
            variables |= server.variables
        variables.pop("MIGRATION_DATABASE_URL", None)
        every = [*(server.program for server in ours), *programs(self.bind)]
        self.supervisor.start(every, variables)
        self.supervisor.launch(*(server.program.name for server in ours))
        for server in ours:
            server.wait(self._check_start)

    def _check_start(self) -> None:
        self.supervisor.check(patient=False)

    def _migrate(self) -> None:
        self.fresh = environment.is_fresh(os.environ["DATABASE_URL"])
        if os.environ.get("MIGRATION_DATABASE_URL"):
            self._tell("Cập nhật cấu trúc dữ liệu", "Migrating")
            environment.migrate()
        else:
            self._tell("Không di trú", "Not migrating", "MIGRATION_DATABASE_URL ?")

    def _seed(self) -> None:
        from app.cli.seed import seed_everything

        self._tell("Nạp danh mục và địa giới", "Seeding the catalogue and the places")
        seed_everything()

    def _start_programs(self) -> None:
        self._tell("Khởi động web, worker và beat", "Starting web, worker and beat")
        self.supervisor.launch("web", "worker")
        queue.configure(os.environ["REDIS_URL"])
        self._wait_for("web", self._web_answers)
        self._wait_for("worker", _worker_answers)
        # Beat comes last, so that its start does not slow down what we wait for.
        self.supervisor.launch("beat")

    def _wait_for(self, name: str, answers: Callable[[], bool]) -> None:
        try:
            wait_until(answers, self._check_start, READY_SECONDS)
        except TimeoutError as fault:
            raise ProgramFailed(name, self.supervisor.log(name)) from fault

    def _web_answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def _play_demo(self) -> None:
        """Play the demo once, and never into a database that was in use before us."""
        marker = self.folder / PLAYED
        embedded = (self.folder / "postgresql").exists()
        if marker.exists() or not (self.fresh or embedded):
            self._tell("Phiên diễn đã chạy trước đây", "The demo was played before")
            return
        from app.cli.demo import play

        self._tell("Diễn một ngày của chuỗi", "Playing a day of the chain")
        play(self.url)
        marker.touch()

    def _say_people(self) -> None:
        if not (self.folder / PLAYED).exists():
            return
        say("\nĐăng nhập thử · Demo sign-ins:")
        for person in DEMO_PEOPLE:
            say(f"  {person}@example.com")
        say(f"Mật khẩu · Password: {secrets_of(self.folder).demo}\n")
        say("Mở địa chỉ dưới đây trong trình duyệt · Open the address below in a browser")

    def _tell(self, vietnamese: str, english: str, detail: str = "") -> None:
        self.step += 1
        say(f"[{self.step}/{STEPS}] {vietnamese} · {english}" + (f": {detail}" if detail else ""))


def say(text: str) -> None:
    """Print at once. A terminal that has gone away is no reason to stop badly."""
    with suppress(OSError):
        click.echo(text)


def _worker_answers() -> bool:
    return bool(queue.celery.control.ping(timeout=1.0, limit=1))
