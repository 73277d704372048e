"""`blao clear FILE`: clear a snapshot file, without a database."""

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import click

from app.clearing.engine import BookRefused
from app.clearing.reading import shown
from app.clearing.snapshot import book_of, clear_snapshot

_LARGEST_FILE = 512 * 1024 * 1024
_COLUMNS = ("offer_id", "demand_id", "quantity", "seller_price", "transport_cost", "buyer_price")


@click.command("clear")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option("--certificate", is_flag=True, help="Add what `blao verify-round --file` needs.")
def clear(file: Path, as_json: bool, certificate: bool) -> None:
    """Clear the market in the snapshot FILE (- reads standard input) and print the trades."""
    try:
        answer = clear_snapshot(parsed(content(file)))
    except BookRefused as refusal:
        _fail(str(refusal))
    parts = ("round", "matches", "certificate") if certificate else ("round", "matches")
    cleared = {name: answer[name] for name in parts}
    if as_json:
        click.echo(json.dumps(cleared, indent=2))
    else:
        click.echo(_table(cleared))


def refuse_bad_book(file: Path) -> None:
    """End in one named line where a file is no book that could be cleared."""
    try:
        book_of(parsed(content(file)))
    except BookRefused as refusal:
        _fail(str(refusal))


def content(file: Path) -> bytes:
    """The file's bytes, at most half a gibibyte."""
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as stream:
            content = stream.read(_LARGEST_FILE + 1)
    except OSError as error:
        _fail(f"unreadable_file: {shown(str(file))}: {error.strerror}")
    if len(content) > _LARGEST_FILE:
        _fail("file_too_large: a snapshot has at most 512 MiB")
    return content


def parsed(content: bytes) -> Any:
    """The JSON value; figures stay exact decimals."""
    try:
        return json.loads(content.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refuse)
    except UnicodeDecodeError as error:
        _fail(f"malformed_json: not UTF-8 at byte {error.start}")
    except RecursionError:
        _fail("malformed_json: nested too deeply")
    except json.JSONDecodeError as error:
        _fail(f"malformed_json: {error.msg} at line {error.lineno}, column {error.colno}")
    except (ValueError, ArithmeticError):
        _fail("malformed_json: a number has too many digits")


def _refuse(constant: str) -> NoReturn:
    _fail(f"not_finite: {constant} is not a number that JSON knows")


def _table(cleared: dict[str, Any]) -> str:
    """The trades in aligned columns, and the round's figures below."""
    lines = [_COLUMNS, *([match[name] for name in _COLUMNS] for match in cleared["matches"])]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_COLUMNS))]
    table = [
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    figures = [f"{name}: {figure}" for name, figure in cleared["round"].items()]
    return "\n".join([*table, "", *figures])


def _fail(sentence: str) -> NoReturn:
    """End with status 2 and one line on standard error."""
    click.echo(sentence, err=True)
    sys.exit(2)
