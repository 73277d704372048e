"""The bench answers in its fixed form, with the same welfare as the solvers beside it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.clearing.bench.market_book import market_book
from app.clearing.engine import clear
from app.clearing.engine.certificate import WELFARE_SCALE
from app.cli.bench.clearing import clearing

from .books import random_book

FIGURES = {"markets", "size", "tolerance", "cpu_s", "wall_s", "rss_mb", "welfare", "max_gap"}


def measured(*options: str) -> dict:
    answer = CliRunner().invoke(clearing, [*options, "--json"], catch_exceptions=False)
    assert answer.exit_code == 0
    return json.loads(answer.output)


def test_made_up_markets_are_cleared_beside_others() -> None:
    told = measured("--markets", "2", "--size", "150", "--workers", "2")
    assert told.keys() >= FIGURES
    assert (told["markets"], told["size"], told["tolerance"], told["max_gap"]) == (2, 150, 0.0, 0.0)
    assert set(told["oracles"]) == {"ortools", "highs"}
    for other in told["oracles"].values():
        assert other["welfare"] == told["welfare"] > 0
        assert other["cpu_s"] > 0
    assert len(told["greedy_percent"]) == 5
    assert all(20 < percent <= 100 for percent in told["greedy_percent"].values())
    assert min(told["greedy_percent"].values()) < 90


def test_a_tolerance_is_kept_and_never_gains_more() -> None:
    exact = clear(market_book(400, 0)).certificate
    near = measured("--size", "400", "--tolerance", "0.01", "--no-oracles")
    assert 0 <= near["max_gap"] <= 0.01
    assert 0.99 * exact.welfare <= near["welfare"] * WELFARE_SCALE <= exact.welfare + WELFARE_SCALE
    assert "oracles" not in near


def test_no_book_ends_with_a_larger_gap_than_was_allowed() -> None:
    gaps = [clear(market_book(300, seed), tolerance=0.002).certificate.gap for seed in range(40)]
    assert 0 < max(gaps) <= 0.002


def test_a_snapshot_file_is_cleared_instead(tmp_path: Path) -> None:
    file = tmp_path / "book.json"
    file.write_text(json.dumps(random_book("gates", 2)))
    told = measured("--book", str(file))
    assert (told["markets"], told["size"]) == (1, None)
    assert told["oracles"]["ortools"]["welfare"] == told["welfare"] > 0


@pytest.mark.parametrize(
    "option", [("--size", "0"), ("--size", "50001"), ("--markets", "0"), ("--tolerance", "-0.1")]
)
def test_what_cannot_be_measured_is_refused(option: tuple[str, str]) -> None:
    answer = CliRunner().invoke(clearing, option)
    assert answer.exit_code == 2
    assert option[0] in answer.output


def test_a_bad_book_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "book.json"
    file.write_text('{"offers": []}')
    answer = CliRunner().invoke(clearing, ["--book", str(file)])
    assert answer.exit_code == 2
    assert "missing_field" in answer.output
