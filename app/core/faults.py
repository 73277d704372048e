"""Where in a body a fault lies: JSON pointers to what a schema refused."""

from typing import Any


def pointed(messages: Any, pointer: str = "") -> list[dict[str, str]]:
    """Marshmallow's nested messages as a flat list of pointers and sentences."""
    if isinstance(messages, dict):
        return [
            error
            for name, inner in messages.items()
            for error in pointed(inner, pointer if name == "_schema" else f"{pointer}/{step(name)}")
        ]
    return [{"pointer": pointer, "en": str(message)} for message in messages]


def step(name: object) -> str:
    """A name as one step of a JSON pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")
