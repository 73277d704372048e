"""Pages as a browser asks for them."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser

from app.web import pages
from tests.web.browser import CHROMIUM, REQUIRED, chromium, served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, where there is one."""
    if not CHROMIUM and not REQUIRED:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with chromium() as found:
        yield found


@pytest.fixture
def site(committing: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the application on a database of its own."""
    # A form that is sent twice at once waits for the first, however long a busy machine takes.
    monkeypatch.setattr(pages, "PATIENCE", 300.0)
    with served(committing) as address:
        yield address
