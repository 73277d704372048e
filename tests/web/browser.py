"""A real browser on a real server: what people do, at the sizes they do it in."""

import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
REQUIRED = os.environ.get("BROWSER_TESTS") == "required"
SIZES = {"small": (320, 640), "phone": (360, 740), "desktop": (1280, 800)}
BOTH_SIZES = ("phone", pytest.param("desktop", marks=pytest.mark.slow))
"""A story is told at a phone every time, and at a desk with the slow tests."""
PATIENCE = 180_000
"""Milliseconds that anything may take: on a busy machine nobody gives up too early."""
expect.set_options(timeout=PATIENCE)
PICTURES = Path(os.environ.get("PICTURES", Path(__file__).parents[2] / "var" / "pictures"))


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application on a port of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"], timeout=PATIENCE
        )
        yield browser
        browser.close()


@dataclass
class Visit:
    """One person at one browser. Whatever the browser complains of is kept."""

    page: Page
    base: str
    size: str
    complaints: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def open(self, address: str) -> "Visit":
        """Go to a page and look at it."""
        self.page.goto(self.base + address)
        return self.look()

    def look(self) -> "Visit":
        """Check the page that is shown: accessible, within its width; and keep a picture of it."""
        self.page.wait_for_load_state("load")
        expect(self.page.locator("[hx-trigger=load]")).to_have_count(0)
        path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "id", self.page.url.removeprefix(self.base))
        found = Axe().run(self.page, options={"resultTypes": ["violations"]})
        faults = [
            f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
            for one in found.response["violations"]
        ]
        assert not faults, (path, faults)
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, (path, wide)
        PICTURES.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"\W+", "-", path.partition("?")[0]).strip("-") or "front"
        self.page.screenshot(path=PICTURES / f"{name}-{self.size}.png", full_page=True)
        self.seen.append(path)
        return self

    def fill(self, **fields: str) -> "Visit":
        """Type into fields by their names."""
        for name, value in fields.items():
            self.page.locator(f"[name='{name}']").last.fill(value)
        return self

    def click(self, text: str) -> "Visit":
        """Press the button of that name, which leads nowhere."""
        self.page.get_by_role("button", name=text, exact=True).first.click()
        return self

    def press(self, text: str) -> "Visit":
        """Press the button of that name, and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.click(text)
        return self

    def text(self) -> str:
        """What the page says, with ordinary spaces."""
        shown = str(self.page.inner_text("main"))
        return shown.replace("\u00a0", " ").replace("\u2060", "")


def window(browser: Browser, size: str, **options: Any) -> BrowserContext:
    """A fresh browser of somebody, who has patience."""
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(PATIENCE)
    return context


@contextmanager
def visit(browser: Browser, base: str, size: str, **options: Any) -> Iterator[Visit]:
    """A fresh browser of somebody; nothing may be complained of when they leave."""
    context = window(browser, size, **options)
    page = context.new_page()
    visiting = Visit(page, base, size)
    page.on("console", lambda one: visiting.complaints.append(f"{one.type}: {one.text}"))
    page.on("pageerror", lambda fault: visiting.complaints.append(str(fault)))
    yield visiting
    context.close()
    assert not visiting.complaints, visiting.complaints
    assert visiting.seen


def sign_in(visiting: Visit, login: str, password: str) -> Visit:
    """Through the door."""
    visiting.page.goto(f"{visiting.base}/sign-in")
    return visiting.fill(login=login, password=password).press("Đăng nhập")
