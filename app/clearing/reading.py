"""Reading the figures of a snapshot row: exact, bounded, and refused by name.

A snapshot may come from our database or from a stranger's file, so nothing in it is trusted. A
figure may be a decimal string or a JSON number; both mean the same exact decimal.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn

from app.clearing.engine import BookRefused

_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MOST_DIGITS = 400

Quality = tuple[str, Decimal | bool | date]
"""A measured quality: its kind (number, boolean or date) and its value."""


@dataclass(frozen=True)
class Row:
    """One JSON object of a snapshot, and how a refusal should name it."""

    name: str
    fields: Mapping[str, Any]

    def refuse(self, code: str, field: str, detail: str) -> NoReturn:
        """Raise BookRefused for a field of this row."""
        raise BookRefused(code, row=self.name, field=field, detail=detail)

    def knows_only(self, known: frozenset[str], *, required: frozenset[str]) -> None:
        """Refuse an unknown or a missing field."""
        unknown = sorted(set(self.fields) - known)
        if unknown:
            self.refuse("unknown_field", shown(unknown[0]), "is not a field of this row")
        missing = sorted(name for name in required if self.fields.get(name) is None)
        if missing:
            self.refuse("missing_field", missing[0], "is required")

    def given(self, field: str) -> bool:
        """Whether a field stands there and is not null."""
        return self.fields.get(field) is not None

    def read_if_given(self, **readers: Callable[[str], object]) -> None:
        """Read each named field that is given, for the sake of its refusals."""
        for field, reader in readers.items():
            if self.given(field):
                reader(field)

    def inner(self, field: str) -> "Row":
        """A nested object; empty when absent."""
        return Row(f"{self.name}.{field}", self.mapping(field))

    def mapping(self, field: str) -> Mapping[str, Any]:
        """A nested object as it stands; empty when absent."""
        value = self.fields.get(field)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.refuse("wrong_type", field, "must be an object")
        if not all(isinstance(key, str) for key in value):
            self.refuse("wrong_type", field, "must have text keys")
        return value

    def rows(self, field: str) -> "list[Row]":
        """A list of objects; empty when absent."""
        rows = []
        for index, value in enumerate(self.items(field)):
            name = f"{self.name}.{field}[{index}]" if self.name else f"{field}[{index}]"
            if not isinstance(value, Mapping):
                raise BookRefused("wrong_type", row=name, field="-", detail="must be an object")
            rows.append(Row(name, value))
        return rows

    def items(self, field: str) -> Sequence[Any]:
        """A list as it stands; empty when absent."""
        value = self.fields.get(field)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            self.refuse("wrong_type", field, "must be a list")
        return value

    def text(self, field: str) -> str:
        """A text of 1 to 200 characters; whole numbers serve as identifiers too."""
        value: object = self.fields[field]
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
            return str(value)
        if not isinstance(value, str) or not 1 <= len(value) <= 200 or not value.isprintable():
            self.refuse("wrong_type", field, "must be a text of 1 to 200 printable characters")
        return value

    def texts(self, field: str) -> list[str]:
        """A list of texts."""
        return [Row(self.name, {field: value}).text(field) for value in self.items(field)]

    def boolean(self, field: str) -> bool:
        """True or false."""
        value = self.fields[field]
        if not isinstance(value, bool):
            self.refuse("wrong_type", field, "must be true or false")
        return value

    def decimal(self, field: str) -> Decimal:
        """An exact decimal."""
        return self.exact(field, self.fields[field])

    def exact(self, field: str, value: Any) -> Decimal:
        """An exact decimal from a value of this row."""
        try:
            return exact_decimal(value)
        except BookRefused as refusal:
            self.refuse(refusal.code, field, refusal.detail)

    def scaled(self, field: str, *, places: int, most: int) -> int:
        """A decimal from 0 as a whole number of its last place, at most `most` of them."""
        value = Fraction(self.decimal(field)) * 10**places
        if value < 0:
            self.refuse("negative", field, "must not be negative")
        if value > most:
            self.refuse("absurd_magnitude", field, f"must be at most {most / 10**places}")
        if value.denominator != 1:
            self.refuse("too_many_decimals", field, f"has at most {places} decimals")
        return int(value)

    def degrees(self, field: str, *, most: int) -> float:
        """A coordinate in degrees."""
        value = self.fields[field]
        if isinstance(value, str):
            self.refuse("wrong_type", field, "must be a number")
        number = self.exact(field, value)
        if abs(number) > most:
            self.refuse("out_of_range", field, f"must lie between -{most} and {most}")
        return float(number)

    def whole(self, field: str, *, least: int, absent: int) -> int:
        """A grade's rank or a count, at least so much; `absent` when not given."""
        value: object = self.fields.get(field)
        if value is None:
            return absent
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**31:
            self.refuse("wrong_type", field, f"must be a whole number from {least}")
        return int(value)

    def earliest(self, field: str, *, absent: int) -> int:
        """An instant that bounds from below, in whole seconds rounded up."""
        return -(-self.instant(field) // _SECOND) if self.given(field) else absent

    def latest(self, field: str, *, absent: int) -> int:
        """An instant that bounds from above, in whole seconds rounded down."""
        return self.instant(field) // _SECOND if self.given(field) else absent

    def instant(self, field: str) -> timedelta:
        """An instant, as the time since 1970-01-01 UTC."""
        value = self.fields[field]
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                self.refuse("bad_instant", field, "must be an RFC 3339 instant")
        if not isinstance(value, datetime):
            self.refuse("wrong_type", field, "must be an instant")
        if value.tzinfo is None:
            self.refuse("naive_instant", field, "must state its offset from UTC")
        return value - _EPOCH

    def quality(self, field: str, value: Any) -> Quality:
        """A measured quality or a bound on one."""
        if isinstance(value, bool):
            return "boolean", value
        if isinstance(value, str) and _DATE.fullmatch(value):
            try:
                return "date", date.fromisoformat(value)
            except ValueError:
                self.refuse("bad_date", field, "is not a date of the calendar")
        return "number", self.exact(field, value)


def exact_decimal(value: Any) -> Decimal:
    """The decimal that a text or number states, shortest for a float; refused otherwise."""
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise _refused("not_a_number", "must be a decimal such as 12.5")
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _refused("wrong_type", "must be a number or a decimal text")
    if isinstance(value, int) and value.bit_length() > 128:
        raise _refused("absurd_magnitude", "has too many digits")
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise _refused("not_finite", "must be finite")
    if abs(number.adjusted()) > _MOST_DIGITS or len(number.as_tuple().digits) > _MOST_DIGITS:
        raise _refused("absurd_magnitude", "has too many digits")
    return number


def shown(value: object) -> str:
    """A stranger's text made safe for one line: quoted, escaped and cut."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _refused(code: str, detail: str) -> BookRefused:
    return BookRefused(code, row="-", field="-", detail=detail)
