"""Among the optima: smallholders first, then the earliest; and what a bonus for them costs."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from app.clearing.engine import clear
from app.clearing.engine.network_simplex import Arcs, flow_of, optimise, planted
from app.clearing.engine.ties import bonuses
from app.clearing.snapshot import book_of, clear_snapshot
from app.clearing.verifier import verify

from .books import book, demand, offer, random_book

DAWN = datetime.fromisoformat("2026-03-01T05:00:00+07:00")


def at(minutes: int) -> str:
    return (DAWN + timedelta(minutes=minutes)).isoformat()


def sold(snapshot: dict[str, Any]) -> dict[str, str]:
    return {one["offer_id"]: one["quantity"] for one in clear_snapshot(snapshot)["matches"]}


def test_the_earliest_of_equals_sells() -> None:
    early, late = offer("z", listed_at=at(0)), offer("a", listed_at=at(1))
    assert sold(book([late, early], [demand("d", bid="1500")])) == {"z": "100.000"}


def test_the_smallholder_sells_before_an_earlier_estate() -> None:
    estate = offer("a", listed_at=at(0))
    small = offer("z", listed_at=at(9), smallholder=True)
    assert sold(book([estate, small], [demand("d", bid="1500")])) == {"z": "100.000"}


def test_one_smallholder_outweighs_any_number_of_ranks() -> None:
    """Ten earlier estates against the very last smallholder, and one place."""
    estates = [offer(f"a{n}", listed_at=at(n)) for n in range(10)]
    small = offer("z", listed_at=at(99), smallholder=True)
    assert sold(book([*estates, small], [demand("d", bid="1500")])) == {"z": "100.000"}


def test_welfare_comes_before_any_smallholder() -> None:
    estate, small = offer("a", ask="999.99"), offer("z", ask="1000", smallholder=True)
    assert sold(book([estate, small], [demand("d", bid="1500")])) == {"a": "100.000"}


def test_the_earliest_demand_of_equals_is_filled() -> None:
    wanted = [demand("a", bid="1500", posted_at=at(5)), demand("z", bid="1500", posted_at=at(2))]
    (match,) = clear_snapshot(book([offer("o")], wanted))["matches"]
    assert match["demand_id"] == "z"


@pytest.mark.parametrize("seed", range(60))
def test_ties_are_broken_exactly(seed: int) -> None:
    """The optimum is that of gains scaled so far that no bonus could ever outweigh one."""
    dice = np.random.default_rng(seed)
    n, m = dice.integers(1, 9, 2)
    gain = dice.integers(-2, int(dice.choice([2, 4, 50])), (n, m))
    supply, wanted = dice.integers(1, 6, n), dice.integers(1, 6, m)
    bonus = dice.integers(0, 9, n + m)
    offers, demands = np.nonzero(gain > 0)
    arcs = Arcs(offers, demands, gain[offers, demands].astype(np.int64))
    tree = planted(supply, wanted, bonus, arcs, np.arange(len(offers)))
    optimise(tree, arcs, bonus, int(n))
    flow = flow_of(tree, len(offers))
    weights = 1000 * arcs.gain + bonus[offers] + bonus[n + demands]
    rows = np.zeros((n + m, len(offers)))
    rows[offers, np.arange(len(offers))] = rows[n + demands, np.arange(len(offers))] = 1
    limits = np.concatenate((supply, wanted))
    assert (flow >= 0).all()
    assert (rows @ flow <= limits).all()
    if len(offers):
        best = linprog(-weights, A_ub=rows, b_ub=limits, method="highs")
        assert weights @ flow == round(-best.fun)


def test_every_smallholder_s_bonus_exceeds_twice_the_ranks_of_both_sides() -> None:
    frozen = book_of(
        book([offer("a", smallholder=True), *(offer(f"b{n}") for n in range(5))], [demand("d")])
    )
    bonus = bonuses(frozen)
    assert bonus.min() >= 1
    assert bonus[0] - bonus[1:].max() > 2 * 0 + 7


def favoured(bonus: str) -> dict[str, Any]:
    """A small farm that asks 40 more than an estate, and a buyer for one of them."""
    rows = [offer("estate", ask="1000"), offer("small", ask="1040", smallholder=True)]
    return book(rows, [demand("d", bid="1500")]) | {"policy": {"smallholder_bonus": bonus}}


def test_a_bonus_large_enough_turns_the_trade_and_its_cost_is_published() -> None:
    assert sold(favoured("39.99")) == {"estate": "100.000"}
    assert sold(favoured("40.01")) == {"small": "100.000"}
    told = clear_snapshot(favoured("50"))["round"]
    assert (told["welfare"], told["upper_bound"]) == (46_000, 50_000)
    assert told["optimality_gap"] == pytest.approx(4_000 / 46_000)


def test_a_bonus_is_nobody_s_loss() -> None:
    for seed in range(6):
        snapshot = random_book("thick", seed)
        for number, row in enumerate(snapshot["offers"]):
            row["smallholder"] = number % 3 == 0
        plain = clear_snapshot(snapshot)
        snapshot["policy"] = {"smallholder_bonus": "60.00"}
        answer = clear_snapshot(snapshot)
        assert verify(snapshot, answer).faults == []
        assert answer["round"]["upper_bound"] == plain["round"]["welfare"]
        assert answer["certificate"]["rejected"] == []
        before, after = (_by_smallholders(snapshot, one) for one in (plain, answer))
        assert after >= before


def _by_smallholders(snapshot: dict[str, Any], answer: dict[str, Any]) -> float:
    small = {row["offer_id"] for row in snapshot["offers"] if row["smallholder"]}
    return sum(float(one["quantity"]) for one in answer["matches"] if one["offer_id"] in small)


def test_the_order_of_rows_breaks_no_tie() -> None:
    snapshot = random_book("all ties", 1)
    turned = snapshot | {side: snapshot[side][::-1] for side in ("offers", "demands")}
    assert clear_snapshot(turned) == clear_snapshot(snapshot)
    assert len(clear(book_of(snapshot)).quantity)
