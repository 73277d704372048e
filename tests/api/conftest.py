"""The shared world: made once for a module, each test taken back to where it began."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.core.db import db
from tests.api.world import World, populated


@pytest.fixture(scope="module")
def _made(app: Flask) -> Iterator[World]:
    """The world within one outer transaction; a module that uses it uses no other fixture's."""
    with app.app_context():
        engines = db.engines
        engine = engines[None]
    with engine.connect() as connection:
        outer = connection.begin()
        db.session.session_factory.configure(join_transaction_mode="create_savepoint")
        engines[None] = connection
        try:
            yield populated(app, connection)
        finally:
            engines[None] = engine
            outer.rollback()


@pytest.fixture
def world(_made: World) -> Iterator[World]:
    with _made.untouched():
        yield _made
