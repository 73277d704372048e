"""What an example of a call is, and who the callers are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.accounts.models import Kind
from tests.factories import Account

Ids = Mapping[str, str]


def words(*groups: str) -> tuple[str, ...]:
    return tuple(" ".join(groups).split())


SELLERS = "farm farmer_group cooperative other_farm other_cooperative"
BUYERS = "processor cooperative other_processor other_cooperative"
TRADERS = f"{SELLERS} processor other_processor"
OWNERS = f"{TRADERS} authority operator"
VIEWERS = " ".join(f"{kind}_viewer" for kind in Kind)
SIGNED_IN = f"{OWNERS} {VIEWERS}"
EVERYBODY = f"visitor {SIGNED_IN}"
FARM = "farm farm_viewer operator operator_viewer"
AGENT = "cooperative cooperative_viewer"
PROCESSOR = "processor processor_viewer operator operator_viewer"
BOTH_SIDES = f"farm processor {FARM} {PROCESSOR}"


@dataclass(frozen=True)
class Example:
    """A call that succeeds: who may make it, who is told that there is no such thing.

    Everybody else is refused: a visitor with 401, the others with 403. The first of ``may`` makes
    the call in tests that need only one caller.
    """

    may: tuple[str, ...]
    lost: tuple[str, ...] = ()
    path: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[Account, Ids], dict[str, Any]] | None = None
    subject: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    file: bytes | None = None
    media_type: str = ""


def example(
    may: str,
    *,
    among: str = "",
    subject: str = "",
    body: Callable[[Account, Ids], dict[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
    code: str = "",
    file: bytes | None = None,
    media_type: str = "",
) -> Example:
    """An example about the ``subject`` (a key of ``ids``), which those ``among`` may not find."""
    path = {"id": subject} | ({"code": code} if code else {})
    allowed = tuple(dict.fromkeys(words(may)))
    lost = tuple(label for label in dict.fromkeys(words(among)) if label not in allowed)
    return Example(allowed, lost, path, body, subject, headers or {}, file, media_type)
