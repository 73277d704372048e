"""Each gate on its own, and all of them against a plain reading of the rows."""

from typing import Any

import pytest

from app.clearing.engine.allowed import GATES_OF_GOODS, GATES_OF_PAIRS, allowed
from app.clearing.snapshot import book_of

from .books import BAO_LOC, book, demand, offer, plainly_allowed, random_book

GATES = GATES_OF_GOODS | GATES_OF_PAIRS
NOON = "2026-03-01T12:00:00+07:00"
ONE = "2026-03-01T13:00:00+07:00"
TWO = "2026-03-01T14:00:00+07:00"


def accepts(**row: Any) -> dict[str, Any]:
    return {"accepts": [row]}


def limits(**bounds: Any) -> dict[str, Any]:
    return accepts(quality_limits=bounds)


CASES: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("commodity", {"commodity": "jasmine"}, accepts(commodity="jasmine"), True),
    ("commodity", {"commodity": "jasmine"}, accepts(commodity="tea"), False),
    ("commodity", {}, accepts(commodity="tea"), True),
    ("commodity", {"commodity": "jasmine"}, {}, True),
    ("grade", {"grade_rank": 2}, accepts(worst_grade_rank=2), True),
    ("grade", {"grade_rank": 3}, accepts(worst_grade_rank=2), False),
    ("grade", {}, accepts(worst_grade_rank=2), False),
    ("grade", {"grade_rank": 9}, accepts(worst_grade_rank=None), True),
    ("quality", {"qualities": {"water": "12.50"}}, limits(water={"max": "12.5"}), True),
    ("quality", {"qualities": {"water": "12.51"}}, limits(water={"max": "12.5"}), False),
    ("quality", {"qualities": {"ripe": "90"}}, limits(ripe={"min": "90.0", "max": "100"}), True),
    ("quality", {"qualities": {"ripe": "9"}}, limits(ripe={"min": "10"}), False),
    ("quality", {}, limits(ripe={"min": "10"}), False),
    ("quality", {}, limits(ripe={"min": None}), True),
    ("quality", {"qualities": {"clean": True}}, limits(clean={"min": True}), True),
    ("quality", {"qualities": {"clean": False}}, limits(clean={"min": True}), False),
    ("quality", {"qualities": {"on": "2026-02-10"}}, limits(on={"min": "2026-02-09"}), True),
    ("quality", {"qualities": {"on": "2026-02-10"}}, limits(on={"max": "2026-02-09"}), False),
    ("certificate", {"certificates": ["a", "b"]}, accepts(certificates=["b"]), True),
    ("certificate", {"certificates": ["a"]}, accepts(certificates=["a", "b"]), False),
    ("certificate", {}, accepts(certificates=[]), True),
    ("window", {"available_from": NOON}, {"deliver_until": NOON}, True),
    ("window", {"available_from": ONE}, {"deliver_until": NOON}, False),
    ("window", {"expires_at": ONE}, {"deliver_from": TWO}, False),
    ("window", {"available_from": NOON, "expires_at": TWO}, {"deliver_from": ONE}, True),
    ("private", {"buyers": ["buyer of d"]}, {}, True),
    ("private", {"buyers": ["somebody else"]}, {}, False),
    ("private", {"buyers": []}, {}, False),
    ("private", {"buyers": None}, {}, True),
    ("restriction", {"stays_inside": ["a"]}, {"inside": ["a", "b"]}, True),
    ("restriction", {"stays_inside": ["a", "c"]}, {"inside": ["a", "b"]}, False),
    ("restriction", {"stays_inside": ["a"]}, {}, False),
    ("restriction", {"stays_outside": ["a"]}, {"inside": ["b"]}, True),
    ("restriction", {"stays_outside": ["a"]}, {"inside": ["a"]}, False),
    ("restriction", {}, {"inside": ["a"]}, True),
]


@pytest.mark.parametrize(("gate", "offered", "wanted", "fits"), CASES)
def test_each_gate_tests_its_own_matter_only(
    gate: str, offered: dict[str, Any], wanted: dict[str, Any], fits: bool
) -> None:
    small = book_of(book([offer("o", gates=offered)], [demand("d", gates=wanted)]))
    assert bool(GATES[gate](small).all()) is fits
    assert all(test(small).all() for name, test in GATES.items() if name != gate)
    assert bool(allowed(small)[0, 0]) is fits


def test_nobody_trades_with_itself() -> None:
    small = book_of(book([offer("o", seller_id="we")], [demand("d", buyer_id="we")]))
    assert not GATES["own"](small).any()
    assert not allowed(small).any()


def test_travel_counts_against_the_window() -> None:
    """60 road kilometres at 30 km/h take two hours, so noon plus two hours is just reached."""
    north = BAO_LOC[0] + 0.5
    distances = {"road_factor": "1.0792", "speed_kmh": "30"}
    sold = offer("o", gates={"available_from": NOON})
    for until, fits in ((TWO, True), (ONE, False)):
        bought = demand("d", latitude=north, gates={"deliver_until": until})
        assert bool(allowed(book_of(book([sold], [bought], **distances)))[0, 0]) is fits


def test_one_accepted_row_must_fit_as_a_whole() -> None:
    wanted = {
        "accepts": [
            {"commodity": "tea", "worst_grade_rank": 1},
            {"commodity": "jasmine", "worst_grade_rank": 5},
        ]
    }
    offers = [
        offer("a", gates={"commodity": "tea", "grade_rank": 3}),
        offer("b", gates={"commodity": "jasmine", "grade_rank": 3}),
    ]
    assert allowed(book_of(book(offers, [demand("d", gates=wanted)])))[:, 0].tolist() == [
        False,
        True,
    ]


def test_more_schemes_than_bits_in_a_word() -> None:
    schemes = [f"scheme {n}" for n in range(150)]
    wanted = [demand(f"d{n:03}", gates=accepts(certificates=[schemes[n]])) for n in range(150)]
    offers = [
        offer("all", gates={"certificates": schemes}),
        offer("one", gates={"certificates": [schemes[149]]}),
    ]
    found = allowed(book_of(book(offers, wanted)))
    assert found.sum(axis=1).tolist() == [150, 1]


def test_more_restrictions_than_bits_in_a_word() -> None:
    names = [f"restriction {n:03}" for n in range(130)]
    offers = [
        offer("in", gates={"stays_inside": names}),
        offer("out", gates={"stays_outside": names}),
    ]
    wanted = [demand("all", gates={"inside": names}), demand("some", gates={"inside": names[:-1]})]
    found = allowed(book_of(book(offers, [*wanted, demand("none")])))
    assert found.tolist() == [[True, False, False], [False, True, False]]


@pytest.mark.parametrize("seed", range(6))
def test_all_gates_together_agree_with_a_plain_reading(seed: int) -> None:
    snapshot = random_book("gates", seed)
    found = allowed(book_of(snapshot)).tolist()
    plain = [
        [plainly_allowed(seller, buyer, snapshot["haulage"]) for buyer in snapshot["demands"]]
        for seller in snapshot["offers"]
    ]
    assert found == plain
    assert any(map(any, plain))
