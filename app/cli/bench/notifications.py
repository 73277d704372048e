"""How fast word travels: from the outbox to a mail server and to webhooks, both of our own.

Two worker processes do the work. Mail and webhooks are timed one after the other.
"""

import gc
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from uuid import UUID

import click
from flask import Flask
from sqlalchemy import func, insert, select

from app.accounts.models import Kind, Organisation, Person, Role, RoleName
from app.cli.bench.figures import Figure, report
from app.cli.bench.orders import account, offer_of, place
from app.cli.bench.sink import Sink, a_receiver, a_sink
from app.cli.environment import isolated_environment
from app.cli.programs import beat_command, worker_command
from app.config import PROJECT
from app.core import clock, logs, outbox
from app.core.db import db
from app.core.embedded.lifeline import tied
from app.core.ids import uuid7
from app.core.money import HIGHEST_PRICE
from app.core.outbox import OutboxMessage
from app.core.transaction import transaction
from app.webhooks.operations import add_webhook

PEOPLE, HOOKS = 2_000, 200
PATIENCE_SECONDS = 1_800.0
MOST_GROWTH_MB = 30.0
RATE, LATENCY_SECONDS, SEARCH_MS = 500.0, 2.0, 50.0


@click.command("notifications")
@click.option("--messages", default=20_000, show_default=True, help="In the timed run.")
@click.option("--backlog", default=100_000, show_default=True, help="Waiting when workers start.")
@click.option("--samples", default=40, show_default=True, help="Orders timed one by one.")
@click.option("--searches", default=100_000, show_default=True, help="Saved searches.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def notifications(messages: int, backlog: int, samples: int, searches: int, as_json: bool) -> None:
    """Từ đơn hàng tới thư · From orders to mails, and who waits for an offer."""
    from app import create_app

    with isolated_environment(), a_sink() as sink, a_receiver() as receiver:
        os.environ["SMTP_URL"] = sink.url("smtp")
        os.environ["WEBHOOK_SINK"] = receiver.url("http")
        app = create_app()
        logs.quieten()
        with app.app_context():
            organisations = _people()
            search_ms, hits = _search(app, searches)
            _leave(organisations, messages)
        with _workers() as pids:
            rate, _ = _drain(app, sink, messages, pids)
            seconds = _latencies(app, sink, samples)
        with app.app_context():
            _leave(_hooked(receiver), messages)
        with _workers() as pids:
            hook_rate, _ = _drain(app, receiver, messages, pids)
        with app.app_context():
            _leave(organisations, backlog)
        with _workers() as pids:
            backlog_rate, growth = _drain(app, sink, backlog, pids)
    p95 = statistics.quantiles(seconds, n=20)[-1]
    figures = {
        "mail": Figure(rate, "messages/s", f"≥ {RATE:g}", rate >= RATE),
        "webhooks": Figure(hook_rate, "messages/s", f"≥ {RATE:g}", hook_rate >= RATE),
        "backlog": Figure(backlog_rate, "messages/s"),
        "memory_growth": Figure(growth, "MB", f"≤ {MOST_GROWTH_MB:g}", growth <= MOST_GROWTH_MB),
        "order_to_mail_p50": Figure(statistics.median(seconds), "s"),
        "order_to_mail_p95": Figure(p95, "s", f"≤ {LATENCY_SECONDS:g}", p95 <= LATENCY_SECONDS),
        "saved_searches_p95": Figure(search_ms, "ms", f"≤ {SEARCH_MS:g}", search_ms <= SEARCH_MS),
        "saved_searches_hit": Figure(hits, "searches"),
    }
    report(
        figures,
        as_json=as_json,
        messages=messages,
        backlog=backlog,
        samples=samples,
        searches=searches,
    )


def _people() -> list[UUID]:
    """Organisations with one person each, who reads mail."""
    now, ids = clock.now(), [uuid7() for _ in range(PEOPLE)]
    with transaction():
        rows = [
            {"id": one, "name": f"Vườn {n}", "kind": Kind.FARM, "created_at": now}
            for n, one in enumerate(ids)
        ]
        db.session.execute(insert(Organisation), rows)
        people = [
            {
                "id": uuid7(),
                "name": f"Người {n}",
                "email": f"bench{n}@example.com",
                "locale": "vi" if n % 4 else "en",
                "created_at": now,
            }
            for n in range(PEOPLE)
        ]
        db.session.execute(insert(Person), people)
        roles = [
            {"organisation_id": one, "person_id": who["id"], "name": RoleName.OWNER, "since": now}
            for one, who in zip(ids, people, strict=True)
        ]
        db.session.execute(insert(Role), roles)
    return ids


def _hooked(receiver: Sink) -> list[UUID]:
    """Organisations without people, each with a webhook of its own."""
    now, ids = clock.now(), [uuid7() for _ in range(HOOKS)]
    with transaction():
        rows = [
            {"id": one, "name": f"Máy {n}", "kind": Kind.FARM, "created_at": now}
            for n, one in enumerate(ids)
        ]
        db.session.execute(insert(Organisation), rows)
        for one in ids:
            add_webhook(
                organisation_id=one,
                url=receiver.url("http") + f"/{one}",
                topics=["payout.confirmed"],
                sink=receiver.url("http"),
                now=now,
            )
    return ids


def _leave(organisations: list[UUID], count: int) -> None:
    """So many messages in the outbox, each told to one person by mail or to one webhook."""
    among = len(organisations)
    for start in range(0, count, 5_000):
        with transaction():
            outbox.add_all(
                "payout.confirmed",
                [
                    _paid(organisations[number % among], organisations[(number + 1) % among])
                    for number in range(start, min(start + 5_000, count))
                ],
                now=clock.now(),
            )


def _paid(seller: UUID, buyer: UUID) -> outbox.Message:
    facts = {"payout_id": str(uuid7()), "seller_id": str(seller), "buyer_id": str(buyer)}
    return outbox.Message(
        [seller], {**facts, "amount": 1_250_000, "reference": None, "reason": None}
    )


def _drain(
    app: Flask, sink: Sink, count: int, pids: Callable[[], list[int]]
) -> tuple[float, float]:
    """Messages a second until all have arrived, and by how many MB the workers grew meanwhile.

    The clock runs from when the first message is relayed, so that it holds the relay and the
    channel and not the start of the workers. Growth is from a quarter of the way on, when
    everything that is loaded once has been loaded.
    """
    before, base, memory = sink.arrived, 0.0, 0.0
    since, deadline = clock.now(), time.monotonic() + PATIENCE_SECONDS
    while sink.arrived - before < count:
        time.sleep(0.1)
        if time.monotonic() > deadline:
            raise click.ClickException(f"only {sink.arrived - before} of {count} arrived")
        if sink.arrived - before > count // 4:
            memory = _megabytes(pids())
            base = base or memory
    ended = clock.now() - timedelta(seconds=time.perf_counter() - sink.last_at)
    with app.app_context(), transaction():
        relayed = select(func.min(OutboxMessage.delivered_at)).where(
            OutboxMessage.delivered_at >= since
        )
        started = db.session.scalars(relayed).one()
    assert started is not None
    return count / (ended - started).total_seconds(), max(0.0, memory - base)


def _latencies(app: Flask, sink: Sink, samples: int) -> list[float]:
    """Seconds from the call that places an order to the last of its four mails, one by one."""
    seller, buyer = account(app, "farm"), account(app, "processor")
    offer = offer_of(app, seller, samples + 1)
    _settled(sink)
    seconds = []
    for _ in range(samples):
        expected, start = sink.arrived + 4, time.perf_counter()
        assert place(app, buyer, offer) == 201
        while sink.arrived < expected:
            if time.perf_counter() - start > 60:
                raise click.ClickException("no mail within a minute")
            time.sleep(0.002)
        seconds.append(sink.last_at - start)
    return seconds


def _settled(sink: Sink) -> None:
    """Wait until nothing has arrived for two seconds."""
    while time.perf_counter() - sink.last_at < 2:
        time.sleep(0.1)


def _search(app: Flask, searches: int) -> tuple[float, int]:
    """Milliseconds (95th percentile) to find who waits for an offer, and how many do."""
    from app.market.models import Offer
    from app.market.queries import offers
    from app.notifications.saved_search_operations import fitting

    seller = account(app, "farm")
    offer_id = UUID(offer_of(app, seller, 10))
    with transaction():
        _waiting(searches)
        db.session.connection().exec_driver_sql("ANALYZE saved_search")
    times, found = [], 0
    gc.collect()
    gc.freeze()
    for _ in range(20):
        with transaction():
            offer = db.session.scalars(offers(Offer.id == offer_id)).one()
            start = time.perf_counter()
            found = len(fitting(offer))
            times.append((time.perf_counter() - start) * 1000)
            db.session.expunge_all()
    return statistics.quantiles(times, n=20)[-1], found


def _waiting(count: int) -> None:
    """Searches of all produce within 50 km of the highland's towns, at all prices."""
    from app.catalogue.models import Commodity
    from app.notifications.models import SavedSearch
    from app.places.position import about, ecef

    dice, now = Random(1), clock.now()
    codes = db.session.scalars(select(Commodity.code).order_by(Commodity.code)).all()
    people = db.session.execute(select(Role.organisation_id, Role.person_id).limit(500)).all()
    for start in range(0, count, 5_000):
        rows = []
        for _ in range(min(5_000, count - start)):
            near = 11.3 + dice.random() * 0.5, 107.6 + dice.random() * 0.5
            x, y, z = ecef(about(near[0]), about(near[1]))
            organisation_id, person_id = dice.choice(people)
            rows.append(
                {
                    "organisation_id": organisation_id,
                    "person_id": person_id,
                    "name": "Chờ hàng",
                    "commodity_code": dice.choice(codes),
                    "price_max": dice.choice([HIGHEST_PRICE, Decimal(dice.randrange(900_000))]),
                    "latitude": near[0],
                    "longitude": near[1],
                    "within_km": dice.randrange(5, 50),
                    "x": x,
                    "y": y,
                    "z": z,
                    "created_at": now,
                }
            )
        db.session.execute(insert(SavedSearch), rows)
    assert db.session.scalar(select(func.count()).select_from(SavedSearch)) == count


@contextmanager
def _workers() -> Iterator[Callable[[], list[int]]]:
    """A worker with its two processes, and the clock; a call lists the processes of the worker."""
    with open(os.devnull, "wb") as nowhere:
        running = [
            subprocess.Popen(
                tied([sys.executable, "-m", *command], folder=PROJECT),
                stdout=nowhere,
                stderr=nowhere,
                start_new_session=True,
            )
            for command in (worker_command(), beat_command())
        ]
        try:
            yield lambda: _family(running[0].pid)
        finally:
            for process in running:
                os.killpg(process.pid, signal.SIGTERM)
            for process in running:
                process.wait()


def _family(pid: int) -> list[int]:
    """A process and everything below it."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        for listed in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in listed.read_text().split()]
            except OSError:
                continue
    return found


def _megabytes(pids: list[int]) -> float:
    """Memory these processes have to themselves."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))
    return total / 1024
