"""Pages as a browser asks for them: in the world of the API's tests, or for real."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.api.conftest import _made, world
from tests.web.browser import CHROMIUM, REQUIRED, chromium, served

__all__ = ["_made", "world"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, where there is one."""
    if not CHROMIUM and not REQUIRED:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with chromium() as found:
        yield found


@pytest.fixture
def site(committing: Flask) -> Iterator[str]:
    """The address of the application on a database of its own."""
    with served(committing) as address:
        yield address
