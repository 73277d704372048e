"""`blao clear FILE` without a database."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.clearing.snapshot import clear_snapshot
from app.cli.clear import clear

from .books import book, demand, offer, random_book


def run(*arguments: str, text: str | bytes | None = None) -> Any:
    return CliRunner().invoke(clear, arguments, input=text)


def test_a_file_gives_the_round_and_its_matches(tmp_path: Path) -> None:
    snapshot = random_book("gates", 2)
    file = tmp_path / "book of the day.json"
    file.write_text(json.dumps(snapshot))
    answer = run(str(file), "--json")
    assert answer.exit_code == 0
    cleared = clear_snapshot(snapshot)
    assert json.loads(answer.stdout) == {name: cleared[name] for name in ("round", "matches")}


def test_numbers_in_a_file_mean_the_same_as_texts() -> None:
    text = book([offer("o", "10.1", "1000.1")], [demand("d", "10.1", "1500.3")])
    number = book([offer("o") | {"quantity": 10.1, "ask_price": 1000.1}], [])
    number["demands"] = [demand("d") | {"quantity": 10.1, "bid_price": 1500.3}]
    answers = [run("-", "--json", text=json.dumps(one)).stdout for one in (text, number)]
    assert answers[0] == answers[1] != ""


def test_without_json_a_table_is_printed() -> None:
    answer = run("-", text=json.dumps(book([offer("o")], [demand("d", bid="1200")])))
    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[1].split() == [
        "o",
        "d",
        "100.000",
        "1100.00",
        "0.00",
        "1100.00",
    ]
    assert "welfare: 20000" in answer.stdout


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "malformed_json"),
        ("{", "malformed_json"),
        ("[" * 200_000, "malformed_json"),
        ('{"offers": ' + "9" * 9000 + "}", "malformed_json"),
        ('{"offers": 1e99999999999999999999}', "malformed_json"),
        (b"\xff\xfe", "malformed_json"),
        ("NaN", "not_finite"),
        ("[]", "wrong_type"),
        ("{}", "missing_field"),
        (json.dumps(book([offer("o", "-5")], [])), "negative"),
        (json.dumps(book([offer("o", min_quantity="-5")], [])), "negative"),
        (json.dumps(book([offer("o\x1b[2J\n")], [])), "wrong_type"),
        ('{"offers": [], "demands": [], "haulage": {}, "market": "\\ud800"}', "wrong_type"),
    ],
)
def test_a_malformed_file_is_one_named_line_and_status_2(content: str | bytes, code: str) -> None:
    answer = run("-", "--json", text=content)
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert answer.stderr.startswith(f"{code}: ")
    assert answer.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.json"):
        answer = run(str(path))
        assert answer.exit_code == 2
        assert answer.stderr.startswith("unreadable_file: ")
