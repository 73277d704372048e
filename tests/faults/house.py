"""A house of real processes that can be killed: worker, beat, Valkey and a mail server."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import kombu.pools
import psycopg
import redis
from aiosmtpd.controller import Controller
from flask import Flask

from app.cli.programs import beat_command, worker_command
from app.config import PROJECT
from app.core import queue
from app.core.embedded.binaries import binaries
from app.core.embedded.lifeline import tied
from app.core.embedded.ports import free_ports
from tests.factories import Account, order_body

PATIENCE_SECONDS = 300
TOPICS = ("order.placed", "order.confirmed")
# A mail server that is only slow is no other failure than those that are counted.
PATIENT = f"""
from celery.__main__ import main
from app.notifications.channels import mail
mail.TIMEOUT = {PATIENCE_SECONDS}
main()
"""


def wait_until(true: Callable[[], bool], why: Callable[[], object] = lambda: "") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"it did not happen in time: {why()}"
        time.sleep(0.05)


@dataclass
class MailBox:
    """What a mail server has taken; told to, it stalls or refuses for a while."""

    mails: list[tuple[str, str, str]] = field(default_factory=list)
    """Message-ID, addressee and text."""
    refusals: int = 0
    refused: int = 0
    stalls: bool = False
    stalled: int = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusals > 0:
            self.refusals -= 1
            self.refused += 1
            return "451 Try again later"
        if self.stalls:
            self.stalled += 1
            while self.stalls:
                await asyncio.sleep(0.01)
            return "421 Too late"
        mail = message_from_bytes(envelope.content, policy=default)
        plain = mail.get_body(("plain",))
        assert plain is not None
        text = f"{mail['Subject']}\n{plain.get_content()}"
        self.mails.append((mail["Message-ID"], envelope.rcpt_tos[0], text))
        return "250 Taken"

    def of(self, login: str | None, words: str) -> int:
        """How many mails this addressee got with these words in them."""
        return sum(to == login and words in text for _, to, text in self.mails)


@dataclass
class House:
    """An application, its database, and the processes that carry word of its orders."""

    app: Flask
    environment: dict[str, str]
    folder: Path
    mailbox: MailBox
    valkey_port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ordered: list[tuple[str, str, Account, Account]] = field(default_factory=list)
    """Id and quantity, seller and buyer of every order that was answered with 201."""

    def start_valkey(self) -> None:
        program = binaries(self.folder, None).valkey
        command = [str(program), "--bind", "127.0.0.1", "--port", str(self.valkey_port)]
        self._start("valkey", [*command, "--save", "", "--appendonly", "no"])
        wait_until(self._valkey_answers, self.log)

    def start_worker(self) -> None:
        self._start("worker", [sys.executable, "-c", PATIENT, *worker_command()[1:]])

    def start_beat(self) -> None:
        self._start("beat", [sys.executable, "-m", *beat_command()])

    def kill(self, name: str) -> None:
        """SIGKILL to a program and all its children."""
        process = self.running.pop(name)
        assert process.poll() is None, self.log()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_all(self) -> None:
        for process in self.running.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    @contextmanager
    def standing_still(self, name: str) -> Iterator[None]:
        """A program and all its children see only afterwards what happens inside."""
        os.killpg(self.running[name].pid, signal.SIGSTOP)
        yield
        os.killpg(self.running[name].pid, signal.SIGCONT)

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Nobody writes to a table inside."""
        with psycopg.connect(self.environment["MIGRATION_DATABASE_URL"]) as connection:
            connection.execute(f"LOCK TABLE {table} IN SHARE MODE")
            yield

    def flush(self) -> None:
        """Valkey forgets everything."""
        with redis.Redis.from_url(self.environment["REDIS_URL"]) as client:
            client.flushall()

    def end_leases(self) -> None:
        """As if whoever was at work had been silent for longer than it is trusted."""
        for table in ("outbox_message", "dispatch"):
            self.sql(f"UPDATE {table} SET lease_until = now() WHERE lease_until > now()")

    def end_waits(self) -> None:
        """As if the time until the next try were over."""
        for table in ("outbox_message", "dispatch"):
            self.sql(f"UPDATE {table} SET due_at = now() WHERE due_at > now()")
        self.sql("DELETE FROM channel_pause")

    def order(self, trade: "Shop", count: int) -> None:
        """Place orders, each of a quantity of its own."""
        for _ in range(count):
            number = len(self.ordered)
            quantity = f"{1 + number // 9}.00{1 + number % 9}"
            answer = trade.buyer.post("/orders", order_body(trade.buyer, trade.offer, quantity))
            assert answer.status_code == 201, answer.get_data(as_text=True)
            self.ordered.append((answer.json["id"], quantity, trade.farm, trade.buyer))

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.environment["MIGRATION_DATABASE_URL"]) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def under_way(self) -> int:
        """Messages and mails that are neither delivered nor given up."""
        ((count,),) = self.sql(
            "SELECT (SELECT count(*) FROM outbox_message"
            " WHERE delivered_at IS NULL AND dead_at IS NULL)"
            " + (SELECT count(*) FROM dispatch WHERE status = 'queued')"
        )
        return int(count)

    def wait_until_delivered(self) -> None:
        wait_until(lambda: self.under_way() == 0, self.log)

    def check_nothing_is_lost(self) -> None:
        """Both sides of every order were told each thing once in the house, and by mail."""
        assert self.ordered
        told = Counter(
            self.sql(
                "SELECT m.payload->>'order_id', n.topic, n.organisation_id::text"
                " FROM notification n JOIN outbox_message m ON m.id = n.message_id"
                " WHERE n.topic = ANY(%s)",
                list(TOPICS),
            )
        )
        expected = {
            (order_id, topic, side.organisation_id)
            for order_id, _, *sides in self.ordered
            for topic in TOPICS
            for side in sides
        }
        assert told == dict.fromkeys(expected, 1)
        for _, quantity, *sides in self.ordered:
            words = f"{quantity.replace('.', ',')} kg"
            for side in sides:
                assert self.mailbox.of(side.login, words) >= len(TOPICS), (side.login, words)
        arrived = {name for name, _, _ in self.mailbox.mails}
        sent = self.sql("SELECT id::text, status FROM dispatch")
        assert {status for _, status in sent} == {"sent"}
        assert arrived == {f"<{name}@blao.invalid>" for name, _ in sent}

    def log(self) -> str:
        """The last words of every program."""
        return "\n".join(
            f"{path.name}: …{path.read_text(errors='replace')[-2_000:]}"
            for path in sorted(self.folder.glob("*.log"))
        )

    def _start(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as output:
            self.running[name] = subprocess.Popen(
                tied(command, folder=PROJECT, death_signal=signal.SIGKILL),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _valkey_answers(self) -> bool:
        with redis.Redis.from_url(self.environment["REDIS_URL"]) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


@dataclass
class Shop:
    """A farm with much on offer, and a buyer."""

    farm: Account
    buyer: Account
    offer: dict[str, Any]


@contextmanager
def a_mail_server(mailbox: MailBox) -> Iterator[str]:
    (port,) = free_ports(1)
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=port, ready_timeout=PATIENCE_SECONDS
    )
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        mailbox.stalls = False
        controller.stop()


def forget_connections() -> None:
    """Have the next nudge connect to the queue's present address."""
    kombu.pools.reset()
    queue.celery.amqp._producer_pool = None
