"""A right answer passes the verifier; whatever is changed in it, in any way, is found."""

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.clearing.snapshot import clear_snapshot, snapshot_hash, solution_hash
from app.clearing.verifier import verify
from app.clearing.verifier.fingerprints import hash_of_matches, hash_of_snapshot
from app.cli.clear import clear
from app.cli.verify import verify_round

from .books import SHAPES, book, demand, offer, random_book

Answer = dict[str, Any]


def codes(snapshot: dict[str, Any], answer: Answer) -> set[str]:
    return {fault.code for fault in verify(snapshot, answer).faults}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", SHAPES)
def test_what_the_engine_answers_is_right(shape: str, seed: int) -> None:
    snapshot = random_book(shape, seed)
    answer = clear_snapshot(snapshot)
    verdict = verify(snapshot, answer)
    assert verdict.faults == []
    assert verdict.figures["bound"] == verdict.figures["welfare"]
    assert verdict.figures["welfare"] == 100_000 * Fraction(answer["certificate"]["welfare"])


def test_the_two_hashes_are_found_by_their_description_alone() -> None:
    for shape in SHAPES:
        snapshot = random_book(shape, 5)
        matches = clear_snapshot(snapshot)["matches"]
        assert hash_of_snapshot(snapshot) == snapshot_hash(snapshot)
        assert hash_of_matches(matches) == solution_hash(matches)


def plain() -> dict[str, Any]:
    """Two farms and two factories; d wants grade 1 only, and e is far from rich."""
    return book(
        [
            offer("a", "10", "1000", gates={"grade_rank": 1}),
            offer("b", "20", "1100", gates={"grade_rank": 2}),
        ],
        [
            demand("d", "15", "1900", gates={"accepts": [{"worst_grade_rank": 1}]}),
            demand("e", "15", "1600"),
        ],
        base="80",
    )


def first(answer: Answer) -> dict[str, str]:
    match: dict[str, str] = answer["matches"][0]
    return match


def again(answer: Answer) -> None:
    """The forger works out the fingerprint of what he has changed."""
    answer["round"]["solution_hash"] = solution_hash(answer["matches"])


def change(**fields: Any) -> Callable[[Answer], None]:
    def forge(answer: Answer) -> None:
        first(answer).update(fields)
        again(answer)

    return forge


def of_round(**fields: Any) -> Callable[[Answer], None]:
    return lambda answer: answer["round"].update(fields)


def of_certificate(**fields: Any) -> Callable[[Answer], None]:
    return lambda answer: answer["certificate"].update(fields)


def swap_buyers(answer: Answer) -> None:
    """b's lower grade goes to the one who wants the best."""
    one, other = answer["matches"]
    one["demand_id"], other["demand_id"] = other["demand_id"], one["demand_id"]
    again(answer)


def drop_a_match(answer: Answer) -> None:
    del answer["matches"][1]
    answer["round"]["matches"] = 1
    again(answer)


def repeat_a_match(answer: Answer) -> None:
    answer["matches"].append(dict(first(answer)))
    again(answer)


def forget_a_price(answer: Answer) -> None:
    del answer["certificate"]["demands"]["e"]


def lower_a_price(answer: Answer) -> None:
    """The seller a is told a price below the ask."""
    answer["certificate"]["offers"]["a"] = "999.99"


FORGED: list[tuple[str, Callable[[Answer], None]]] = [
    ("solution_hash_differs", lambda answer: first(answer).update(quantity="9.000")),
    ("welfare_differs", change(quantity="9.000")),
    ("sold_too_much", change(quantity="10.001")),
    ("below_minimum_lot", change(quantity="0.000")),
    ("bought_too_much", change(offer_id="b", quantity="16.000")),
    ("unreadable", change(quantity="9.0001")),
    ("unreadable", lambda answer: first(answer).update(quantity="many")),
    ("seller_price_differs", change(seller_price="1000.01")),
    ("buyer_price_differs", change(buyer_price="1900.01")),
    ("money_does_not_add_up", change(transport_cost="81.00")),
    ("haulage_differs", change(transport_cost="81.00")),
    ("unknown_offer", change(offer_id="c")),
    ("unknown_demand", change(demand_id="c")),
    ("forbidden_pair", swap_buyers),
    ("welfare_differs", drop_a_match),
    ("cleared_quantity_differs", of_round(cleared_quantity="26.000")),
    ("pair_twice", repeat_a_match),
    ("matches_differs", repeat_a_match),
    ("demand_prices_incomplete", forget_a_price),
    ("offer_at_a_loss", lower_a_price),
    ("snapshot_hash_differs", of_round(snapshot_hash="0" * 64)),
    ("solution_hash_differs", of_round(solution_hash="0" * 64)),
    ("market_differs", of_round(market="coffee")),
    ("offers_differs", of_round(offers=3)),
    ("told_welfare_differs", of_round(welfare=1)),
    ("told_upper_bound_differs", of_round(upper_bound=10**9)),
    ("gap_differs", of_round(optimality_gap=0.001)),
    ("welfare_differs", of_certificate(welfare="1.00000")),
    ("bound_too_low", of_certificate(upper_bound="1.00000")),
    ("bound_below_welfare", of_certificate(upper_bound="1.00000")),
    ("bound_too_high", of_certificate(upper_bound="99999999.00000")),
    ("envy_without_cause", of_certificate(rejected=[["a", "d"]])),
]


@pytest.mark.parametrize(("code", "forge"), FORGED)
def test_every_forgery_is_found(code: str, forge: Callable[[Answer], None]) -> None:
    snapshot = plain()
    answer = clear_snapshot(snapshot)
    assert [match["quantity"] for match in answer["matches"]] == ["10.000", "15.000"]
    assert codes(snapshot, answer) == set()
    forged = copy.deepcopy(answer)
    forge(forged)
    assert code in codes(snapshot, forged)


@pytest.mark.parametrize(
    "forge",
    [
        lambda snapshot: snapshot["offers"][0].update(ask_price="1000.01"),
        lambda snapshot: snapshot["offers"][0].update(seller_id="somebody else"),
        lambda snapshot: snapshot["demands"][0]["gates"].clear(),
        lambda snapshot: snapshot["haulage"].update(base="80.01"),
        lambda snapshot: snapshot["demands"].pop(),
    ],
)
def test_a_snapshot_changed_afterwards_is_found(forge: Callable[[Any], None]) -> None:
    snapshot = plain()
    answer = clear_snapshot(snapshot)
    forge(snapshot)
    assert "snapshot_hash_differs" in codes(snapshot, answer)


def test_a_worse_allocation_with_its_own_honest_figures_has_a_gap_to_tell() -> None:
    """Cheating by leaving a trade out cannot be hidden: the prices prove more was possible."""
    snapshot = plain()
    answer = clear_snapshot(snapshot)
    drop_a_match(answer)
    kept = Fraction(1900 - 1000 - 80) * 10
    answer["round"] |= {"welfare": int(kept), "upper_bound": int(kept), "optimality_gap": 0.0}
    answer["round"]["cleared_quantity"] = "10.000"
    answer["certificate"] |= {"welfare": f"{int(kept)}.00000", "upper_bound": f"{int(kept)}.00000"}
    assert codes(snapshot, answer) == {"bound_too_low"}


def lots(sold: dict[str, Any], bought: dict[str, Any]) -> tuple[dict[str, Any], Answer]:
    """The answer to the plain book, put to one that asks for more."""
    snapshot = plain()
    answer = clear_snapshot(snapshot)
    snapshot["offers"][1] |= sold
    snapshot["demands"][1] |= bought
    answer["round"]["snapshot_hash"] = snapshot_hash(snapshot)
    return snapshot, answer


@pytest.mark.parametrize(
    ("sold", "bought", "found"),
    [
        ({"min_quantity": "15"}, {"min_delivery": "15", "max_suppliers": 1}, set()),
        ({"min_quantity": "15.001"}, {}, {"below_minimum_lot", "forbidden_pair"}),
        ({}, {"min_delivery": "16"}, {"below_minimum_lot", "forbidden_pair"}),
    ],
)
def test_minimum_lots_are_held(
    sold: dict[str, Any], bought: dict[str, Any], found: set[str]
) -> None:
    assert codes(*lots(sold, bought)) >= found
    if not found:
        assert codes(*lots(sold, bought)) == set()


def test_more_suppliers_than_are_wanted_are_found() -> None:
    snapshot = book([offer("a", "10"), offer("b", "10")], [demand("d", "20", "1500")])
    answer = clear_snapshot(snapshot)
    for most, found in ((2, set()), (1, {"too_many_suppliers"})):
        snapshot["demands"][0]["max_suppliers"] = most
        answer["round"]["snapshot_hash"] = snapshot_hash(snapshot)
        assert codes(snapshot, answer) == found


def test_whoever_could_do_better_because_of_a_lot_must_be_told() -> None:
    """a's lot of 10 is too large for d, so b sells at a price at which a and d would trade too."""
    snapshot = book(
        [offer("a", "10", "1000", min_quantity="10"), offer("b", "6", "1300")],
        [demand("d", "6", "1500"), demand("e", "10", "900")],
    )
    sold = book(snapshot["offers"][1:], snapshot["demands"])
    answer = clear_snapshot(sold)
    answer["certificate"]["offers"]["a"] = "1000.00"
    answer["round"] |= {"offers": 2, "snapshot_hash": snapshot_hash(snapshot)}
    assert codes(snapshot, answer) == set(), "a pair that cannot fit is no pair"
    snapshot["demands"][0]["quantity"] = "10"
    answer["round"]["snapshot_hash"] = snapshot_hash(snapshot)
    assert "envy_untold" in codes(snapshot, answer)
    answer["certificate"]["rejected"] = [["a", "d"]]
    assert "envy_untold" not in codes(snapshot, answer)


def test_the_console_proves_an_answer_file_and_names_what_is_wrong(tmp_path: Path) -> None:
    snapshot, answer = tmp_path / "book.json", tmp_path / "answer.json"
    snapshot.write_text(json.dumps(plain()))
    told = CliRunner().invoke(clear, [str(snapshot), "--json", "--certificate"])
    answer.write_text(told.stdout)
    right = CliRunner().invoke(verify_round, ["--file", str(snapshot), str(answer)])
    assert (right.exit_code, right.stdout.splitlines()[-1]) == (0, "ĐÚNG · everything holds")
    forged = json.loads(told.stdout)
    forged["matches"][0]["quantity"] = "9.000"
    answer.write_text(json.dumps(forged))
    wrong = CliRunner().invoke(verify_round, ["--file", str(snapshot), str(answer)])
    assert wrong.exit_code == 1
    assert "solution_hash_differs" in wrong.stdout
    assert CliRunner().invoke(verify_round, []).exit_code == 2
