"""What people type into forms, turned into what the API's schemas take."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import request

from app.core.errors import Invalid, invalid, missing
from app.core.faults import pointed
from app.core.numbers import read
from app.web.language import language


def asked_for(*names: str) -> dict[str, str]:
    """Those of the named query parameters that the address has."""
    return {name: request.args[name] for name in names if name in request.args}


def typed(name: str) -> str:
    """A field's text without space around it, its lines ended by LF; empty where it is missing."""
    return request.form.get(name, "").replace("\r\n", "\n").strip()


def ticked(name: str) -> bool:
    """Whether a box is ticked."""
    return name in request.form


def number(name: str, *, needed: bool = True) -> str | None:
    """A number as people here write it, as decimal text.

    Raises:
        Invalid: it is no number, or missing though needed.
    """
    text = typed(name)
    if not text:
        if not needed:
            return None
        raise invalid(f"/{name}", "Hãy nhập một số.", "Enter a number.")
    value = decimal_text(text)
    if value is not None:
        return value
    raise invalid(f"/{name}", "Hãy nhập số, ví dụ 12.500 hoặc 1,5.", "Enter a number such as 1.5.")


def whole(name: str, *, needed: bool = True) -> int | None:
    """A whole number as people here write it.

    Raises:
        Invalid: it is no number, not a whole one, or missing though needed.
    """
    value = number(name, needed=needed)
    if value is None:
        return None
    if Decimal(value) % 1:
        raise invalid(f"/{name}", "Hãy nhập số nguyên.", "Enter a whole number.")
    return int(Decimal(value))


def identifier(name: str) -> UUID | None:
    """An id that a form carries, or None where it carries none.

    Raises:
        NotFound: it is no id, so there is nothing of that name.
    """
    try:
        return UUID(typed(name)) if typed(name) else None
    except ValueError:
        raise missing(f"/{name}") from None


def decimal_text(text: str) -> str | None:
    """A number as the reader's language writes it, as decimal text, or None."""
    return read(text, language())


class Unlikely(Invalid):
    """A figure that is hardly meant; ``confirm`` is what a form sends along where it is."""

    vi = "Xin xem lại một con số."
    en = "Please look at one figure again."

    def __init__(self, name: str, confirm: str, vi: str, en: str) -> None:
        super().__init__(errors=[{"pointer": f"/{name}", "vi": vi, "en": en}])
        self.confirm = confirm


def ask_once(name: str, figure: Decimal, vi: str, en: str) -> None:
    """Ask about a figure that is hardly meant; who ticks the box beside it means this very one.

    Raises:
        Unlikely: it has not been confirmed.
    """
    if typed("confirmed") != f"{figure:f}":
        raise Unlikely(name, f"{figure:f}", vi, en)


def loaded(schema: type[ma.Schema], data: dict[str, Any]) -> dict[str, Any]:
    """Data checked by one of the API's own schemas; what is empty counts as left out.

    Raises:
        Invalid: with a pointer to each field at fault.
    """
    given = {name: value for name, value in data.items() if value not in (None, "")}
    try:
        return dict(schema().load(given))
    except ma.ValidationError as error:
        raise Invalid(errors=pointed(error.messages)) from None
