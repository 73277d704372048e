"""One person of the demo, as a client of the HTTP interface."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import click
import httpx

PATIENCE = 60.0


class Refused(click.ClickException):
    """The running system refused a call of the demo."""

    def __init__(self, answer: httpx.Response) -> None:
        request = answer.request
        super().__init__(f"{request.method} {request.url}: {answer.status_code} {answer.text}")


class Person:
    """Somebody who calls the interface, signed in or not."""

    def __init__(self, base_url: str, token: str | None = None) -> None:
        headers = {"Accept-Language": "vi"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.http = httpx.Client(
            base_url=f"{base_url}/api/v1", headers=headers, timeout=30, trust_env=False
        )
        self.base_url = base_url

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        """A POST with an idempotency key of its own; raises :class:`Refused`."""
        answer = self.http.post(path, json=body, headers={"Idempotency-Key": str(uuid4())})
        return _checked(answer)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """A GET; raises :class:`Refused`."""
        return _checked(self.http.get(path, params=query))

    def all(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every item of a list, page by page."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self.get(path, **query, limit=100, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    def signed_in(self, login: str, password: str) -> "Person | None":
        """The same client with a token of its own, or None where sign-in fails."""
        answer = self.http.post("/tokens", json={"login": login, "password": password})
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            return None
        return Person(self.base_url, _checked(answer)["token"])


def wait_for(ready: Callable[[], bool]) -> bool:
    """Poll until it is so, for at most :data:`PATIENCE` seconds; whether it came to be."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.3)
    return True


def _checked(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise Refused(answer)
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found
