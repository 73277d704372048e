"""The shared world: made once for a test process, each test taken back to where it began."""

from collections.abc import Iterator

import pytest

from app.core.db import db
from tests.api.world import World, populated
from tests.conftest import a_database, an_app


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
    with _made.untouched():
        yield _made
