"""Measuring the engine: its CPU time on made-up markets, beside other solvers and rules.

Every market is cleared in a process that has compiled the engine before; compiling, making books
and starting processes do not count. Other solvers run on the same pairs, written to a file, in a
process of their own, because OR-Tools and highspy each bring a libhighs of their own.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from app.clearing.bench import solvers
from app.clearing.bench.market_book import market_book
from app.clearing.engine import Book, clear, warm
from app.clearing.engine.all_pairs import AllPairs
from app.clearing.engine.certificate import WELFARE_SCALE
from app.clearing.engine.clear import solved
from app.clearing.engine.pairs import Pairs, gainful_pairs
from app.clearing.greedy import RULES, welfare_of_rules
from app.clearing.snapshot import book_of

SOLVED_UP_TO = {"ortools": 5_000, "highs": 1_000}
"""The size up to which each is asked on all pairs; beyond it on the final arcs of the engine, for
HiGHS does not finish on all pairs of much larger books."""


_HERE = "app.clearing.bench.measure"


class Cleared(NamedTuple):
    """One market's clearing."""

    seed: int
    cpu_s: float
    welfare: int
    """Hundred-thousandths of a VND, exact."""
    gap: float
    trades: int
    rss_mb: float


def clear_markets(
    markets: int, size: int, tolerance: float, workers: int, file: Path | None
) -> list[Cleared]:
    """Clear markets of seeds 0, 1, 2 …, or the one of a snapshot file.

    It runs in a process that has loaded nothing but the engine, so that its memory is the engine's.
    """
    asked = json.dumps([markets, size, tolerance, workers, str(file) if file else None])
    answer = subprocess.run(
        [sys.executable, "-m", _HERE, asked], stdout=subprocess.PIPE, text=True, check=True
    )
    return [Cleared(*one) for one in json.loads(answer.stdout)]


def book_to_clear(seed: int, size: int, file: str | Path | None) -> Book:
    """A made-up book, or that of a snapshot file."""
    if file is None:
        return market_book(size, seed)
    return book_of(json.loads(Path(file).read_text(), parse_float=Decimal))


def _main(asked: str) -> None:
    markets, size, tolerance, workers, file = json.loads(asked)
    every = [(seed, size, tolerance, file) for seed in range(1 if file else markets)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=warm) as pool:
        sys.stdout.write(json.dumps(list(pool.map(_clear_one, every))))


def _clear_one(asked: tuple[int, int, float, str | None]) -> Cleared:
    seed, size, tolerance, file = asked
    book = book_to_clear(seed, size, file)
    start = time.process_time()
    result = clear(book, tolerance=tolerance)
    cpu_s = time.process_time() - start
    proof = result.certificate
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cleared(seed, cpu_s, proof.welfare, proof.gap, len(result.quantity), rss_mb)


def beside(books: list[Book], cleared: list[Cleared]) -> dict[str, Any]:
    """What other solvers and the greedy rules make of the same books."""
    oracles: dict[str, dict[str, Any]] = {
        name: {"cpu_s": 0.0, "welfare": 0} for name in SOLVED_UP_TO
    }
    reached = dict.fromkeys(RULES, 0)
    for book in books:
        pairs = gainful_pairs(book)
        for rule, welfare in welfare_of_rules(book, pairs).items():
            reached[rule] += welfare
        for name, most in SOLVED_UP_TO.items():
            whole = len(book.offers) <= most
            answer = _asked(name, book, pairs if whole else final_arcs(book))
            if answer is None:
                oracles.pop(name, None)
                continue
            oracles[name] |= {"on": "all pairs" if whole else "final arcs"}
            for figure in ("cpu_s", "welfare"):
                oracles[name][figure] += answer[figure]
    ours, exact = sum(one.cpu_s for one in cleared), sum(one.welfare for one in cleared)
    for total in oracles.values():
        total["welfare"] = round(total["welfare"] / WELFARE_SCALE)
        total["ratio"] = total["cpu_s"] / ours
    return {
        "oracles": oracles,
        "greedy_percent": {rule: 100 * part / max(1, exact) for rule, part in reached.items()},
    }


def final_arcs(book: Book) -> Pairs:
    """The pairs that column generation ended with."""
    arcs = solved(book, AllPairs.of(book), tolerance=0.0).arcs
    return Pairs(offer=arcs.offer, demand=arcs.demand, gain=arcs.gain)


def _asked(solver: str, book: Book, pairs: Pairs) -> dict[str, Any] | None:
    """A solver's answer, or None where it is not installed."""
    with tempfile.TemporaryDirectory() as folder:
        problem = Path(folder) / "problem.npz"
        np.savez(
            problem,
            supply=book.offers.quantity,
            demand=book.demands.quantity,
            offer=pairs.offer,
            buyer=pairs.demand,
            gain=pairs.gain,
        )
        command = [sys.executable, solvers.__file__, solver, str(problem)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    told: dict[str, Any] | None = json.loads(answer.stdout)
    return told


if __name__ == "__main__":
    _main(sys.argv[1])
