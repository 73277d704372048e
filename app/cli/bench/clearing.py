"""`blao bench clearing`: how long the engine takes, and what others make of the same markets."""

import json
import os
import platform
import statistics
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from app.clearing.bench.measure import Cleared, beside, book_to_clear, clear_markets
from app.clearing.engine.certificate import WELFARE_SCALE
from app.cli.clear import refuse_bad_book

FEW, LARGEST = 5, 5_000
"""Up to so many markets of such a size other solvers join in unasked."""


@click.command()
@click.option("--markets", type=click.IntRange(1, 10_000), default=1, show_default=True)
@click.option("--size", type=click.IntRange(1, 50_000), default=1_000, show_default=True)
@click.option("--tolerance", type=click.FloatRange(0, 1), default=0.0, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option("--book", "file", type=click.Path(path_type=Path, exists=True), help="A snapshot.")
@click.option("--oracles/--no-oracles", "asked", default=None, help="Ask other solvers as well.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def clearing(
    markets: int,
    size: int,
    tolerance: float,
    workers: int,
    file: Path | None,
    asked: bool | None,
    as_json: bool,
) -> None:
    """Ghép các chợ giả định · Clear made-up markets, or the one in a snapshot file.

    Market number k is made from seed k; size is its offers, and as many demands; tolerance is a
    gap to be content with; workers are processes that clear one market at a time.

    Other solvers and the greedy rules join in for a few markets of a size they can do.
    """
    if file is not None:
        refuse_bad_book(file)
    start = time.perf_counter()
    cleared = clear_markets(markets, size, tolerance, workers, file)
    wall = time.perf_counter() - start
    report: dict[str, Any] = {
        "markets": len(cleared),
        "size": size if file is None else None,
        "tolerance": tolerance,
        "cpu_s": sum(one.cpu_s for one in cleared),
        "wall_s": wall,
        "rss_mb": max(one.rss_mb for one in cleared),
        "welfare": round(sum(one.welfare for one in cleared) / WELFARE_SCALE),
        "max_gap": max(one.gap for one in cleared),
        "cpu_s_median": statistics.median(one.cpu_s for one in cleared),
        "seeds": [one.seed for one in cleared] if file is None else None,
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} CPUs",
    }
    if asked or (asked is None and markets <= FEW and size <= LARGEST):
        books = [book_to_clear(one.seed, size, file) for one in cleared]
        report |= beside(books, cleared)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(report, cleared)))


def _lines(report: dict[str, Any], cleared: list[Cleared]) -> Iterable[str]:
    yield f"{report['markets']} × {report['size']}², tolerance {report['tolerance']}"
    yield f"machine: {report['machine']}; seeds: {report['seeds']}"
    yield f"cpu {report['cpu_s']:.2f} s in all, median {report['cpu_s_median']:.3f} s a market"
    yield f"wall {report['wall_s']:.2f} s with books and processes, peak {report['rss_mb']:.0f} MB"
    trades = sum(one.trades for one in cleared)
    yield f"welfare {report['welfare']:,} VND, {trades} trades, largest gap {report['max_gap']:.2e}"
    for name, told in report.get("oracles", {}).items():
        same = "equal" if told["welfare"] == report["welfare"] else f"{told['welfare']:,} VND"
        figures = f"cpu {told['cpu_s']:>8.2f} s = {told['ratio']:>6.1f} ×, welfare {same}"
        yield f"  {name:<8} {figures}, on {told['on']}"
    for rule, percent in report.get("greedy_percent", {}).items():
        yield f"  {rule:<20} {percent:>6.2f} % of the welfare"
