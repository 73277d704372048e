"""Cursors and pages, as a client might forge or follow them."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from tests.factories import Account


def cursor_of(values: list[Any]) -> str:
    """A cursor in the form in which lists give them."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def pages(reader: Account, path: str, limit: int = 2) -> Iterator[list[dict[str, Any]]]:
    """A list, page by page."""
    joint = "&" if "?" in path else "?"
    cursor = ""
    while True:
        page = reader.read(f"{path}{joint}limit={limit}{cursor}")
        yield page["items"]
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"
