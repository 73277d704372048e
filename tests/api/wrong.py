"""Values that a field must refuse, made from the field itself."""

import copy
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import marshmallow as ma
from marshmallow import validate

from app.accounts.schemas import Password
from app.core import fields

NUL, BROKEN, TURNED, TWO_LINES = "a\0b", "a\ud800b", "a\u202eb", "a\nb"
NO_NUMBERS = [
    5,
    -1,
    0,
    1.5,
    True,
    "",
    "abc",
    "1e5",
    "NaN",
    "Infinity",
    "-1",
    "+5",
    " 5",
    "1,5",
    "٥",
]
NO_INSTANTS = [
    5,
    "",
    "yesterday",
    "2026-11-23T01:30:00",
    "2026-13-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "1899-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-11-23T01:30:00Z\0",
]
NO_DAYS = [5, "", "20261123", "2026-02-30", "1899-12-31", "9999-12-31", "2026-1-1", "2026-11-23\0"]
NO_IDS = [
    5,
    "",
    "abc",
    "0197a5e0000070008000000000000000",
    "{0197a5e0-0000-7000-8000-000000000000}",
    "0197a5e0-0000-7000-8000-00000000000\0",
]

Found = Iterator[tuple[str, Any]]


def wrong_values(field: ma.fields.Field, pointer: str, example: Any) -> Found:
    """Pointers and values: put the value at the pointer, and the body is refused for it."""
    if isinstance(field, ma.fields.Raw):
        return
    if not field.allow_none:
        yield pointer, None
    if isinstance(field, ma.fields.Nested):
        yield from ((pointer, value) for value in ("text", 5, True, [], ["text"]))
        yield from wrong_bodies(field.schema, pointer, example)
    elif isinstance(field, ma.fields.List):
        yield from _wrong_lists(field, pointer, example)
    elif isinstance(field, ma.fields.Dict):
        yield from _wrong_mappings(field, pointer, example)
    else:
        for value in (*_wrong_scalars(field), [], ["a"], {}, {"a": 1}):
            yield pointer, value


def wrong_bodies(schema: ma.Schema, pointer: str, example: Any) -> Found:
    """Wrong values of every field of an object, and one field too many."""
    yield f"{pointer}/surely_unknown", 1
    for name, field in schema.load_fields.items():
        shown = example.get(field.data_key or name) if isinstance(example, dict) else None
        yield from wrong_values(field, f"{pointer}/{field.data_key or name}", shown)


def required_pointers(schema: ma.Schema, pointer: str, example: Any) -> Iterator[str]:
    """Every place where something is required, in nested objects too."""
    for name, field in schema.load_fields.items():
        stated = field.data_key or name
        where = f"{pointer}/{stated}"
        if field.required:
            yield where
        inner, shown, step = field, example.get(stated), ""
        if isinstance(field, ma.fields.List):
            inner, shown, step = field.inner, (shown or [None])[0], "/0"
        if isinstance(inner, ma.fields.Nested) and isinstance(shown, dict):
            yield from required_pointers(inner.schema, where + step, shown)


def _wrong_lists(field: ma.fields.List, pointer: str, example: Any) -> Found:
    yield from ((pointer, value) for value in ("text", 5, True, {"a": 1}))
    shown = example[0] if example else None
    for check in field.validators:
        if isinstance(check, validate.Length):
            if check.min:
                yield pointer, []
            if check.max and shown is not None:
                yield pointer, [shown] * (check.max + 1)
    for inner, value in wrong_values(field.inner, f"{pointer}/0", shown):
        if inner == f"{pointer}/0" or shown is not None:
            yield inner, value


def _wrong_mappings(field: ma.fields.Dict, pointer: str, example: Any) -> Found:
    yield from ((pointer, value) for value in ("text", 5, True, [], ["a"]))
    yield from ((pointer, {name: "1"}) for name in ("", NUL, BROKEN, TURNED, "x" * 81))
    for check in field.validators:
        if isinstance(check, validate.Length) and check.max:
            yield pointer, {f"name{number}": {} for number in range(check.max + 1)}
    for name, shown in (example or {}).items():
        if isinstance(field.value_field, ma.fields.Nested):
            yield from ((f"{pointer}/{name}", value) for value in ("text", 5, [], None))
            yield f"{pointer}/{name}/surely_unknown", 1
        elif shown is not None:
            yield from (
                (f"{pointer}/{name}", value) for value in (5, 1.5, "NaN", NUL, [], {}, None)
            )


def _wrong_scalars(field: ma.fields.Field) -> list[Any]:
    if isinstance(field, fields.DecimalString):
        return _wrong_decimals(field)
    if isinstance(field, fields.Day):
        return NO_DAYS
    if isinstance(field, fields.Instant):
        only = [] if isinstance(field, fields.Moment) else ["2026-11-23"]
        return NO_INSTANTS + only
    if isinstance(field, fields.Id):
        return NO_IDS
    if isinstance(field, fields.Boolean):
        return ["true", "false", "", 1, 0, 1.5]
    if isinstance(field, fields.Integer):
        (limits,) = field.validators
        return ["5", "", 1.5, True, limits.min - 1, limits.max + 1, 10**30]
    if isinstance(field, fields.Coordinate):
        (limits,) = field.validators
        return ["11.5", "", True, limits.min - 0.001, limits.max + 0.001, 10**400, -(10**9)]
    assert isinstance(field, fields.String), f"nobody has said what {field} must refuse"
    longest = max(check.max for check in field.validators if isinstance(check, validate.Length))
    values = [5, 1.5, True, "", NUL, BROKEN, TURNED, "x" * (longest + 1)]
    if not isinstance(field, fields.Text):
        values.append(TWO_LINES)
    if not isinstance(field, Password):
        values.append("   ")
    if any(isinstance(check, validate.OneOf) for check in field.validators):
        values.append("no-such-word")
    return values


def _wrong_decimals(field: fields.DecimalString) -> list[Any]:
    step = Decimal(1).scaleb(-field.places)
    out = [field.highest + step, field.lowest - step, 10**30]
    if field.above is not None:
        out.append(field.above)
    many = f"1.{'0' * field.places}1"
    no_numbers = [one for one in NO_NUMBERS if field.lowest >= 0 or one != "-1"]
    return [*no_numbers, NUL, many, "0" * 41, *(f"{Decimal(value):f}" for value in out)]


def put(body: dict[str, Any], pointer: str, value: Any) -> dict[str, Any]:
    """A copy of a body with a value at a pointer."""
    body = copy.deepcopy(body)
    *way, last = pointer.removeprefix("/").split("/")
    at: Any = body
    for step in way:
        # A rule of one kind lacks the lists that a rule of another kind has.
        at = at[int(step)] if isinstance(at, list) else at.setdefault(step, [])
    if isinstance(at, list):
        at[int(last) :] = [value]
    else:
        at[last] = value
    return body


def put_all(body: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a body with a value at each of the pointers, none of which lies within another."""
    for pointer, value in values.items():
        body = put(body, pointer, value)
    return body


def together(found: Found) -> Iterator[dict[str, Any]]:
    """Wrong values in as few bodies as will do: of no field two, nor one within another."""
    waiting = list(found)
    while waiting:
        some: dict[str, Any] = {}
        left = []
        for pointer, value in waiting:
            if any(_overlap(pointer, one) for one in some):
                left.append((pointer, value))
            else:
                some[pointer] = value
        yield some
        waiting = left


def _overlap(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def without(body: dict[str, Any], pointer: str) -> dict[str, Any]:
    """A copy of a body with nothing at a pointer."""
    body = put(body, pointer, None)
    *way, last = pointer.removeprefix("/").split("/")
    at: Any = body
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    del at[last]
    return body


def id_pointers(schema: ma.Schema | None, pointer: str) -> Iterator[str]:
    """Every place where a body names something by its id."""
    assert schema is not None
    for name, field in schema.load_fields.items():
        inner, where = field, f"{pointer}/{name}"
        if isinstance(field, ma.fields.List):
            inner, where = field.inner, f"{where}/0"
        if isinstance(inner, ma.fields.Nested):
            yield from id_pointers(inner.schema, where)
        elif isinstance(inner, fields.Id):
            yield where
