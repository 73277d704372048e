"""Fields of requests and answers: strict about types, exact about decimals."""

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import validate
from marshmallow.exceptions import ValidationError

from app.core import clock
from app.core.money import HIGHEST_PRICE
from app.core.quantity import HIGHEST_QUANTITY

EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
UUID_PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
INSTANT_PATTERN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
DATE_PATTERN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Schema(ma.Schema):
    """Base of every schema: unknown fields are refused, order is kept."""

    class Meta:
        unknown = ma.RAISE


class String(ma.fields.String):
    """Text of one line, trimmed; at least one character by default.

    It holds nothing that cannot be seen yet changes what is read: no control characters, and none
    that turn the direction of writing.
    """

    lines = False

    def __init__(self, *, shortest: int = 1, longest: int = 200, **options: Any) -> None:
        checks = [validate.Length(min=shortest, max=longest)]
        super().__init__(validate=checks + _as_list(options.pop("validate", None)), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if "\0" in value:
            raise ValidationError("Text must not contain NUL characters.")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValidationError("Text must be valid Unicode.") from None
        text = value.strip()
        if not self.lines and len(text.splitlines()) > 1:
            raise ValidationError("Text must be on one line.")
        kept = "\t\n" if self.lines else ""
        if any(unicodedata.category(letter) == "Cc" and letter not in kept for letter in text):
            raise ValidationError("Text must not contain control characters.")
        if TURNING.search(text):
            raise ValidationError("Text must not change its direction of writing.")
        return text


class Text(String):
    """Text of several lines, such as a reason or a note."""

    lines = True


class Choice(String):
    """One of a few words."""

    def __init__(self, choices: Any, **options: Any) -> None:
        super().__init__(validate=validate.OneOf([str(choice) for choice in choices]), **options)


class Boolean(ma.fields.Boolean):
    """``true`` or ``false``, nothing that merely resembles them."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if isinstance(value, bool):
            return value
        raise self.make_error("invalid")


class Integer(ma.fields.Integer):
    """A whole JSON number."""

    def __init__(self, *, lowest: int, highest: int, **options: Any) -> None:
        checks = [validate.Range(min=lowest, max=highest)]
        super().__init__(strict=True, validate=checks, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid")
        return value


class Coordinate(ma.fields.Float):
    """Degrees of latitude or longitude, WGS84, as a JSON number."""

    def __init__(self, limit: float, **options: Any) -> None:
        super().__init__(validate=validate.Range(min=-limit, max=limit), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid")
        if isinstance(value, int) and abs(value) > 1000:
            raise self.make_error("invalid")
        return float(super()._deserialize(value, attr, data, **kwargs))


class Id(ma.fields.UUID):
    """A UUID in its usual text form."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> UUID:
        if not isinstance(value, str) or not re.fullmatch(UUID_PATTERN[1:-1], value.lower()):
            raise self.make_error("invalid_uuid")
        return UUID(value)


class Dict(ma.fields.Dict):
    """Values by name, at most so many; a fault of name or value points at the name."""

    default_error_messages = {"many": "Too many entries: at most {most}."}

    def __init__(self, *, most: int, **options: Any) -> None:
        self.most = most
        super().__init__(metadata={"maxProperties": most}, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, dict) and len(value) > self.most:
            raise self.make_error("many", most=self.most)
        try:
            return super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        except ValidationError as fault:
            if not isinstance(fault.messages, dict):
                raise
            faults = {name: one.get("key") or one["value"] for name, one in fault.messages.items()}
            raise ValidationError(faults) from None


class DecimalString(ma.fields.String):
    """An exact decimal, carried as text so that no float ever touches it.

    Args:
        places: decimals kept; more than these are refused, fewer accepted.
    """

    default_error_messages = {
        "decimal": 'Must be a decimal as text, for example "12.5".',
        "places": "Too many decimals: at most {places}.",
        "range": "Must be from {lowest} to {highest}.",
        "above": "Must be greater than {above} and at most {highest}.",
    }

    def __init__(
        self,
        *,
        places: int,
        highest: Decimal,
        lowest: Decimal = Decimal(0),
        above: Decimal | None = None,
        **options: Any,
    ) -> None:
        self.places, self.lowest, self.highest, self.above = places, lowest, highest, above
        sign = "-?" if lowest < 0 else ""
        pattern = rf"^{sign}[0-9]{{1,12}}(\.[0-9]{{1,{places}}})?$"
        options["metadata"] = {"pattern": pattern} | options.get("metadata", {})
        super().__init__(**options)
        self.shape = re.compile(r"-?[0-9]+(\.[0-9]+)?")

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or len(value) > 40 or not self.shape.fullmatch(value):
            raise self.make_error("decimal")
        if len(value.partition(".")[2]) > self.places:
            raise self.make_error("places", places=self.places)
        number = Decimal(value)
        over = number > self.highest
        if self.above is not None and (over or number <= self.above):
            raise self.make_error("above", above=self.above, highest=self.highest)
        if over or number < self.lowest:
            raise self.make_error("range", lowest=self.lowest, highest=self.highest)
        return number

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else f"{Decimal(value):.{self.places}f}"


class Quantity(DecimalString):
    """A quantity above zero, three decimals, in the commodity's unit."""

    def __init__(self, *, above: Decimal | None = Decimal(0), **options: Any) -> None:
        super().__init__(places=3, above=above, highest=HIGHEST_QUANTITY, **options)


class UnitPrice(DecimalString):
    """VND per unit, two decimals."""

    def __init__(self, **options: Any) -> None:
        super().__init__(places=2, highest=HIGHEST_PRICE, **options)


class Instant(ma.fields.DateTime):
    """An instant, RFC 3339 with its offset; answered in UTC with a ``Z``."""

    default_error_messages = {
        "instant": "Must be an instant with its offset, for example 2026-11-23T01:30:00Z."
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not INSTANT_PATTERN.fullmatch(value):
            raise self.make_error("instant")
        try:
            instant = datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("instant") from None
        if not EARLIEST_YEAR <= instant.year <= LATEST_YEAR:
            raise self.make_error("instant")
        return instant

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else instant_text(value)


class Day(ma.fields.Date):
    """A calendar day, ISO 8601."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not DATE_PATTERN.fullmatch(value):
            raise self.make_error("invalid", input=value)
        day = super()._deserialize(value, attr, data, **kwargs)
        if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
            raise self.make_error("invalid", input=value)
        return day


class Week(Day):
    """A week, by the Monday it begins on."""

    default_error_messages = {"monday": "Must be a Monday."}

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"description": "the Monday it begins on"}, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> date:
        day = super()._deserialize(value, attr, data, **kwargs)
        if day.weekday() != 0:
            raise self.make_error("monday")
        return day


class Moment(Instant):
    """An instant, or a day in Viet Nam that stands for its first (or last) second."""

    def __init__(self, *, ends: bool = False, **options: Any) -> None:
        self.ends = ends
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        if isinstance(value, str) and DATE_PATTERN.fullmatch(value):
            day = Day().deserialize(value, attr, data)
            return clock.end_of_day(day) if self.ends else clock.start_of_day(day)
        return super()._deserialize(value, attr, data, **kwargs)


def instant_text(instant: datetime) -> str:
    """An instant as RFC 3339 in UTC, e.g. ``2026-11-23T01:30:00Z``."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _as_list(checks: Any) -> list[Any]:
    if checks is None:
        return []
    return list(checks) if isinstance(checks, list | tuple) else [checks]


class Names(Schema):
    """A name in both languages."""

    vi = ma.fields.String(required=True)
    en = ma.fields.String(required=True)
