"""Real servers, started once; one database for each test process; each test rolled back."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from psycopg import sql
from sqlalchemy import Connection, make_url
from standardwebhooks import webhooks

from app import create_app
from app.accounts import identity
from app.config import load_settings
from app.core import clock, logs, outbox
from app.core.db import db
from app.core.embedded.servers import embedded_servers
from app.notifications.topics import TOPICS
from tests.api.world import World, populated
from tests.factories import NOW, Trade

PROJECT = Path(__file__).resolve().parent.parent
TEMPLATE = "blao"
HANDED_DOWN = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "ADMIN_URL", "REDIS_URL", "SECRET_KEY")
NOWHERE = "postgresql://nobody@127.0.0.1:1/a-database-that-only-listing-the-tests-names"
PATIENCE_SECONDS = 600
_servers = ExitStack()

# `make test` judges a change, so it draws the same examples each time, however busy the machine;
# the slow tests look for new ones.
settings.register_profile(
    "alike", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("alike")


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers in the process that hands out the tests, and build the template there."""
    if hasattr(config, "workerinput"):
        os.environ.update(config.workerinput["environment"])
        return
    if config.option.collectonly or config.option.help or config.option.markers:
        os.environ.update(dict.fromkeys(HANDED_DOWN, NOWHERE), REDIS_URL="redis://127.0.0.1:1")
        return
    servers = _servers.enter_context(embedded_servers(durable=False))
    os.environ.update(servers.environment())
    os.environ["ADMIN_URL"] = servers.admin_url
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(32)
    os.environ.pop("SMTP_URL", None)
    with psycopg.connect(servers.admin_url, autocommit=True) as admin:
        # Statistics of a table whose rows are about to be rolled back say that it is empty, and
        # a plan made for an empty table may take an hour on a full one.
        admin.execute("ALTER SYSTEM SET autovacuum = off")
        admin.execute("SELECT pg_reload_conf()")
    command.upgrade(Config(PROJECT / "alembic.ini"), "head")
    from app.cli.seed import seed_everything

    seed_everything()


def pytest_unconfigure(config: pytest.Config) -> None:
    _servers.close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a test process where the servers are; each has its own part of Valkey."""
    environment = {name: os.environ[name] for name in HANDED_DOWN}
    number = int(node.workerinput["workerid"].removeprefix("gw")) + 1
    environment["REDIS_URL"] = environment["REDIS_URL"].rsplit("/", 1)[0] + f"/{number}"
    node.workerinput["environment"] = environment


def in_database(name: str) -> dict[str, str]:
    """What the environment has to say of a database of the tests' server."""
    return {
        key: make_url(os.environ[key]).set(database=name).render_as_string(False)
        for key in ("DATABASE_URL", "MIGRATION_DATABASE_URL")
    }


@contextmanager
def a_database(name: str) -> Iterator[dict[str, str]]:
    """A migrated, seeded database of its own, gone afterwards; what the environment has to say."""
    with psycopg.connect(os.environ["ADMIN_URL"], autocommit=True) as admin:
        owner = make_url(os.environ["MIGRATION_DATABASE_URL"]).username
        named = sql.Identifier(name)
        drop_database(admin, named)
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                named, sql.Identifier(TEMPLATE), sql.Identifier(owner)
            )
        )
        try:
            yield in_database(name)
        finally:
            drop_database(admin, named)


def drop_database(admin: psycopg.Connection, named: sql.Identifier) -> None:
    """Drop a database, once its last connections have ended, which on a busy machine takes them
    longer than the server waits.
    """
    while True:
        with suppress(psycopg.errors.ObjectInUse):
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(named))
            return


def patient(options: dict[str, Any]) -> dict[str, Any]:
    """The options of an engine on a busy machine: races are about order, not speed."""
    connect = options["connect_args"]
    limits = ("lock", "statement", "idle_in_transaction_session")
    longer = "".join(f" -c {limit}_timeout={PATIENCE_SECONDS}s" for limit in limits)
    connect = connect | {
        "connect_timeout": PATIENCE_SECONDS,
        "options": connect["options"] + longer,
    }
    return options | {"pool_timeout": PATIENCE_SECONDS, "connect_args": connect}


@contextmanager
def an_app(environment: dict[str, str]) -> Iterator[Flask]:
    """An application on a database of its own, with connections of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(db, "_engine_options", patient(db._engine_options))
        app = create_app(load_settings())
    logs.quieten()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def the_day_does_not_end() -> Iterator[None]:
    """The day and the week in which the tests began are those in which they end: where midnight
    would come meanwhile, the clock goes on by a microsecond each time it is looked at.
    """
    last, ticking, looks = clock.end_of_day(clock.local_date(NOW)), clock.now, count()

    def now() -> datetime:
        instant = ticking()
        return instant if instant < last else last + timedelta(microseconds=next(looks))

    class Standing(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return clock.now()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", now)
        # It holds what it reads against the time of day.
        patch.setattr(webhooks, "datetime", Standing)
        yield


@pytest.fixture(scope="session", autouse=True)
def a_round_goes_on_to_its_end() -> Iterator[None]:
    """What is left over after so long would be left to the next round, which never comes here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workers.notifications.ROUND_SECONDS", 3600.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def passwords_are_hashed_cheaply() -> Iterator[None]:
    """Hundreds of people sign up here; what a hash costs for real is tested on its own."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "_hasher", cheap)
        patch.setattr(identity, "_nobody", cheap.hash("nobody"))
        yield


@pytest.fixture(scope="session", autouse=True)
def every_message_fits_its_topic() -> Iterator[None]:
    """Whatever any test has written to the outbox is held against its topic's schema."""
    as_row = outbox._row
    checks = {name: Draft202012Validator(topic.schema) for name, topic in TOPICS.items()}

    def checked(topic: str, message: outbox.Message, now: datetime) -> dict[str, Any]:
        if topic in checks:
            checks[topic].validate(message.payload)
        return as_row(topic, message, now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "_row", checked)
        yield


@pytest.fixture(scope="session")
def app(worker_id: str) -> Iterator[Flask]:
    """The application on this process's database."""
    with a_database(f"blao_{worker_id}") as environment, an_app(environment) as app:
        yield app


@contextmanager
def taken_back(app: Flask) -> Iterator[None]:
    """Take back whatever the application does inside; within another, only that."""
    with app.app_context():
        engines = db.engines
        engine = engines[None]
    if isinstance(engine, Connection):
        with engine.begin_nested() as inner:
            yield
            inner.rollback()
        return
    with engine.connect() as connection:
        outer = connection.begin()
        db.session.session_factory.configure(join_transaction_mode="create_savepoint")
        engines[None] = connection
        try:
            yield
        finally:
            engines[None] = engine
            outer.rollback()


@pytest.fixture
def rolled_back(app: Flask) -> Iterator[Flask]:
    """The application within one transaction, rolled back when the test ends."""
    with taken_back(app):
        yield app


@pytest.fixture
def database(rolled_back: Flask) -> Iterator[None]:
    """An application context for operations and queries."""
    with rolled_back.app_context():
        yield
        db.session.remove()


@pytest.fixture
def trade(rolled_back: Flask) -> Trade:
    """People who trade over HTTP."""
    return Trade(rolled_back)


@pytest.fixture(scope="session")
def _made(worker_id: str) -> Iterator[World]:
    """The world, committed in a database of its own, so that no other test ever waits for it."""
    with a_database(f"blao_world_{worker_id}") as environment, an_app(environment) as app:
        with app.app_context():
            engines = db.engines
            engine = engines[None]
        with engine.connect() as connection:
            db.session.session_factory.configure(join_transaction_mode="create_savepoint")
            engines[None] = connection
            with connection.begin():
                world = populated(app, connection)
            yield world
            engines[None] = engine


@pytest.fixture
def world(_made: World) -> Iterator[World]:
    """A small world in which every route has something to act on, taken back after each test."""
    with _made.untouched():
        yield _made


@pytest.fixture
def own_database(worker_id: str) -> Iterator[dict[str, str]]:
    """A database for a test that really commits, from several threads or processes."""
    with a_database(f"blao_own_{worker_id}") as environment:
        yield environment


@pytest.fixture(scope="session")
def _committing(worker_id: str) -> Iterator[Flask]:
    """The application on what is this process's own database at the time."""
    with an_app(in_database(f"blao_own_{worker_id}")) as app:
        yield app


@pytest.fixture
def committing(own_database: dict[str, str], _committing: Flask) -> Iterator[Flask]:
    """An application that really commits, on a database of its own."""
    yield _committing
    with _committing.app_context():
        db.engine.dispose()


@pytest.fixture
def in_app(rolled_back: Flask) -> Callable[[Callable[[], Any]], Any]:
    """Run something inside an application context of its own, as a request would."""

    def run(call: Callable[[], Any]) -> Any:
        with rolled_back.app_context():
            return call()

    return run
