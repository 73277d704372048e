"""Refusals: each is a fact with a stable code, told in Vietnamese or English.

A refusal is declared beside whoever raises it, by subclassing :class:`Problem`. Shape on the wire:
``application/problem+json`` (RFC 9457).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any, ClassVar

from app.core import clock
from app.core.numbers import written

LANGUAGES = ("vi", "en")


class Problem(Exception):
    """A named refusal.

    ``status`` is the HTTP status, ``code`` the stable name; ``vi`` and ``en`` are the sentences,
    with places for the ``facts`` given when it is raised; a fact that each language says its own
    way is given by language. ``errors`` point at single fields. What
    was written before one that ``leaves_trace`` is kept, and must be nothing but that trace.
    """

    leaves_trace: ClassVar[bool] = False
    status: ClassVar[int] = 400
    code: ClassVar[str] = "malformed"
    vi: ClassVar[str] = "Yêu cầu không đọc được."
    en: ClassVar[str] = "The request could not be read."

    def __init__(self, *, errors: Sequence[Mapping[str, Any]] = (), **facts: Any) -> None:
        self.facts = facts
        self.errors = list(errors)
        super().__init__(self.detail("en"))

    def detail(self, language: str) -> str:
        """The sentence in one of the two languages."""
        facts = {name: _said(fact, language) for name, fact in self.facts.items()}
        return (self.vi if language == "vi" else self.en).format(**facts)

    @property
    def headers(self) -> dict[str, str]:
        """Headers the answer carries besides its body."""
        return {}

    @property
    def title(self) -> str:
        """The standard phrase of the status."""
        return HTTPStatus(self.status).phrase


def _said(fact: Any, language: str) -> Any:
    if isinstance(fact, Mapping):
        return fact[language]
    if isinstance(fact, datetime):
        return clock.on_the_wall(fact)
    return written(fact, language) if isinstance(fact, Decimal) else fact


class NotFound(Problem):
    status, code = 404, "not_found"
    vi = "Không tìm thấy."
    en = "Not found."


class Forbidden(Problem):
    status, code = 403, "forbidden"
    vi = "Tài khoản này không được phép làm việc đó."
    en = "This account may not do that."


class Invalid(Problem):
    """One or more values are not acceptable; ``errors`` says which."""

    status, code = 422, "invalid"
    vi = "Có giá trị chưa hợp lệ."
    en = "Some values are not valid."


class Unavailable(Problem):
    status, code = 503, "unavailable"
    vi = "Hệ thống đang bận, xin thử lại sau ít giây."
    en = "The service is busy; please try again in a few seconds."

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "2"}


def invalid(pointer: str, vi: str, en: str) -> Invalid:
    """An :class:`Invalid` that points at one field of the body, e.g. ``/lines/0/quantity``."""
    return Invalid(errors=[{"pointer": pointer, "vi": vi, "en": en}])


def missing(pointer: str) -> NotFound:
    """A :class:`NotFound` for a thing the body names at ``pointer``; a foreign one looks alike."""
    return NotFound(
        errors=[{"pointer": pointer, "vi": "Không tìm thấy.", "en": "There is no such thing."}]
    )
