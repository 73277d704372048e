"""Pages as a browser asks for them."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.web.browser import CHROMIUM, REQUIRED, chromium, served


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
