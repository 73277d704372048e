"""Why did I trade, or not? Every code, by hand, and what no answer may give away."""

from decimal import Decimal
from typing import Any

import pytest

from app.clearing.explanations import explain, explain_demand
from app.clearing.preview import beyond_price
from app.clearing.sentences import in_english, in_vietnamese
from app.clearing.snapshot import clear_snapshot

from .books import SHAPES, book, demand, offer, random_book


def answers(snapshot: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    return explain(snapshot, clear_snapshot(snapshot)["matches"])


def told(answer: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(reason["code"], reason["figure"]) for reason in answer["reasons"]]


def test_who_trades_all_is_told_how_much_and_at_what_price() -> None:
    found = answers(book([offer("o", "10", "1000")], [demand("d", "10", "1501.5")]))
    assert found["offers"]["o"] == {
        "outcome": "matched",
        "reasons": [
            {
                "code": "matched",
                "detail": {
                    "vi": "Bạn bán được 10 đơn vị với giá 1.250,75 đồng/đơn vị tại nơi lấy hàng.",
                    "en": "You sold 10 units at 1,250.75 VND per unit at your gate.",
                },
                "figure": "10.000",
                "figures": {"quantity": "10.000", "price": "1250.75"},
            }
        ],
    }
    assert found["demands"]["d"]["outcome"] == "matched"


def test_who_trades_a_part_is_told_what_is_left() -> None:
    found = answers(book([offer("o", "30", "1000")], [demand("d", "10", "1500")]))
    assert found["offers"]["o"]["outcome"] == "partly_matched"
    assert told(found["offers"]["o"]) == [
        ("matched", "10.000"),
        ("quantity_exhausted", "20.000"),
    ]


def test_an_empty_other_side() -> None:
    assert told(answers(book([offer("o")], []))["offers"]["o"]) == [("no_counterpart", None)]
    assert told(answers(book([], [demand("d")]))["demands"]["d"]) == [("no_counterpart", None)]


def test_an_ask_too_high_for_everyone() -> None:
    found = answers(book([offer("o", ask="1000")], [demand("d", bid="900.5")], base="20"))
    assert told(found["offers"]["o"]) == [("no_gain", "119.50")]
    assert told(found["demands"]["d"]) == [("no_gain", "119.50")]


def test_an_ask_above_the_market() -> None:
    """The cheap farm fills the factory at 1000, its own ask being bound by the dear one's 1200."""
    snapshot = book(
        [offer("cheap", "10", "1000"), offer("dear", "10", "1200")], [demand("d", "10", "1500")]
    )
    assert told(answers(snapshot)["offers"]["dear"]) == [
        ("price_above_market", "100.00"),
        ("market_price", "1100.00"),
    ]


def test_a_limit_below_the_market() -> None:
    snapshot = book(
        [offer("o", "10", "1000")], [demand("rich", "10", "1600"), demand("poor", "10", "1400")]
    )
    assert told(answers(snapshot)["demands"]["poor"]) == [
        ("limit_below_market", "100.00"),
        ("market_price", "1500.00"),
    ]


def test_a_tie_is_called_a_tie() -> None:
    found = answers(book([offer("a", "10"), offer("b", "10")], [demand("d", "10", "1500")]))
    codes = sorted(told(answer)[0] for answer in found["offers"].values())
    assert codes == [("matched", "10.000"), ("tie", "1000.00")]


MORNING, EVENING = "2026-03-01T07:00:00+07:00", "2026-03-01T19:00:00+07:00"


@pytest.mark.parametrize(
    ("winner", "loser", "code"),
    [
        ({"smallholder": True}, {"smallholder": False}, "tie_smallholder"),
        ({"listed_at": MORNING}, {"listed_at": EVENING}, "tie_earlier"),
        (
            {"smallholder": True, "listed_at": EVENING},
            {"smallholder": False, "listed_at": MORNING},
            "tie_smallholder",
        ),
        ({"listed_at": MORNING}, {"listed_at": MORNING}, "tie"),
    ],
)
def test_a_tie_says_before_whom_an_offer_stood_back(
    winner: dict[str, Any], loser: dict[str, Any], code: str
) -> None:
    snapshot = book(
        [offer("a", "10", "1000", **winner), offer("b", "10", "1000", **loser)],
        [demand("d", "10", "1500")],
    )
    prices = {"seller_price": "1000.00", "buyer_price": "1000.00", "transport_cost": "0.00"}
    match = {"offer_id": "a", "demand_id": "d", "quantity": "10.000", **prices}
    assert told(explain(snapshot, [match])["offers"]["b"]) == [(code, "1000.00")]


def test_a_tie_says_that_another_demand_was_earlier() -> None:
    snapshot = book(
        [offer("o", "10", "1000")],
        [
            demand("d", "10", "1500", posted_at=MORNING),
            demand("e", "10", "1500", posted_at=EVENING),
        ],
    )
    prices = {"seller_price": "1500.00", "buyer_price": "1500.00", "transport_cost": "0.00"}
    match = {"offer_id": "o", "demand_id": "d", "quantity": "10.000", **prices}
    assert told(explain(snapshot, [match])["demands"]["e"]) == [("tie_earlier", "1500.00")]


def test_a_minimum_lot_that_fits_nobody_is_named() -> None:
    large = book([offer("o", "50", "1000", min_quantity="20")], [demand("d", "10", "1500")])
    found = explain(large, [])
    assert told(found["offers"]["o"]) == [("gate_minimum_lot_own", "20.000")]
    assert told(found["demands"]["d"]) == [("gate_minimum_lot", "20.000")]
    wanted = book([offer("o", "10", "1000")], [demand("d", "50", "1500", min_delivery="20")])
    found = explain(wanted, [])
    assert told(found["offers"]["o"]) == [("gate_minimum_lot", "20.000")]
    assert told(found["demands"]["d"]) == [("gate_minimum_lot_own", "20.000")]


@pytest.mark.parametrize(
    ("bid", "reasons"),
    [
        ("1300", [("minimum_lot_rejected", "100.00")]),
        ("2900", [("minimum_lot_rejected_far", None)]),
    ],
)
def test_who_is_rejected_paradoxically_is_told_what_it_would_have_gained(
    bid: str, reasons: list[tuple[str, str | None]]
) -> None:
    """d was left out though it could take the lot; 200 below its limit both would be better off."""
    snapshot = book([offer("o", "10", "1000", min_quantity="10")], [demand("d", "10", bid)])
    certificate = {
        "offers": {"o": "1000.00"},
        "demands": {"d": f"{int(bid) - 200}.00"},
        "rejected": [["o", "d"]],
    }
    found = explain(snapshot, [], certificate)
    assert told(found["offers"]["o"]) == reasons
    alone = explain_demand(snapshot, [], certificate, demand_id="d")
    assert found["demands"]["d"] == alone
    assert alone["reasons"][0]["code"].startswith("minimum_lot_rejected")
    (shown,) = beyond_price(alone["reasons"])
    assert "100" not in shown["detail"]["vi"] + shown["detail"]["en"]


def test_a_border_that_may_not_be_crossed_is_named() -> None:
    kept = offer("o", ask="1000", gates={"stays_inside": ["zone"]})
    found = answers(book([kept], [demand("d", bid="2000", gates={"inside": []})]))
    assert told(found["offers"]["o"]) == [("gate_restriction", None)]
    assert told(found["demands"]["d"]) == [("gate_restriction", None)]


def test_every_figure_of_a_sentence_is_there_as_data() -> None:
    for shape in SHAPES:
        for side in answers(random_book(shape, 3)).values():
            for answer in side.values():
                for reason in answer["reasons"]:
                    assert set(reason) == {"code", "detail", "figure", "figures"}
                    assert reason["figure"] in (None, *reason["figures"].values())


def accepts(**row: Any) -> dict[str, Any]:
    return {"accepts": [row]}


NOON, TWO = "2026-03-01T12:00:00+07:00", "2026-03-01T14:00:00+07:00"
MISSES: list[tuple[str, dict[str, Any], dict[str, Any], str | None, str | None]] = [
    ("gate_commodity", {"commodity": "tea"}, accepts(commodity="jasmine"), None, None),
    ("gate_grade", {"grade_rank": 4}, accepts(worst_grade_rank=2), "2", None),
    (
        "gate_quality",
        {"qualities": {"water": "14"}},
        accepts(quality_limits={"water": {"max": "12.50"}}),
        "12.50",
        None,
    ),
    ("gate_quality", {}, accepts(quality_limits={"clean": {"min": True}}), "true", None),
    (
        "gate_quality",
        {"qualities": {"on": "2026-01-01"}},
        accepts(quality_limits={"on": {"min": "2026-02-01"}}),
        "2026-02-01",
        None,
    ),
    (
        "gate_certificate",
        {"certificates": ["organic"]},
        accepts(certificates=["organic", "vietgap"]),
        "vietgap",
        "vietgap",
    ),
    ("gate_window", {"available_from": TWO}, {"deliver_until": NOON}, "2", "2"),
]


@pytest.mark.parametrize(("code", "offered", "wanted", "sold", "bought"), MISSES)
def test_the_gate_that_failed_is_named(
    code: str,
    offered: dict[str, Any],
    wanted: dict[str, Any],
    sold: str | None,
    bought: str | None,
) -> None:
    snapshot = book([offer("o", gates=offered)], [demand("d", bid="2000", gates=wanted)])
    found = answers(snapshot)
    assert told(found["offers"]["o"]) == [(code, sold)]
    assert told(found["demands"]["d"]) == [(code, bought)]


def test_the_nearest_miss_is_the_one_that_fails_least() -> None:
    far = accepts(commodity="jasmine", worst_grade_rank=1)
    near = accepts(commodity="tea", worst_grade_rank=2)
    snapshot = book(
        [offer("o", gates={"commodity": "tea", "grade_rank": 3})],
        [demand("a", gates=far), demand("b", gates=far), demand("c", gates=near)],
    )
    assert told(answers(snapshot)["offers"]["o"]) == [("gate_grade", "2")]


def test_two_gates_that_fail_together_are_both_named() -> None:
    wanted = accepts(worst_grade_rank=1, certificates=["vietgap"])
    snapshot = book([offer("o", gates={"grade_rank": 2})], [demand("d", gates=wanted)])
    assert told(answers(snapshot)["offers"]["o"]) == [
        ("gate_grade", "1"),
        ("gate_certificate", "vietgap"),
    ]


def test_an_offer_kept_for_others_does_not_exist_for_a_demand() -> None:
    private = offer("o", gates={"buyers": ["somebody else"]})
    found = answers(book([private], [demand("d", bid="2000")]))
    assert told(found["offers"]["o"]) == [("gate_private", None)]
    assert told(found["demands"]["d"]) == [("no_counterpart", None)]


def test_own_rows_are_named_only_when_there_is_nothing_else() -> None:
    mine = offer("o", seller_id="we", gates={"grade_rank": 3})
    own = demand("own", buyer_id="we", bid="2000")
    other = demand("other", gates=accepts(worst_grade_rank=1))
    assert told(answers(book([mine], [own]))["offers"]["o"]) == [("gate_own", None)]
    assert told(answers(book([mine], [own, other]))["offers"]["o"]) == [("gate_grade", "1")]


@pytest.mark.parametrize("shape", SHAPES)
def test_everyone_gets_an_answer_whose_figures_hold(shape: str) -> None:
    snapshot = random_book(shape, 11)
    matches = clear_snapshot(snapshot)["matches"]
    found = explain(snapshot, matches)
    for side, key in (("offers", "offer_id"), ("demands", "demand_id")):
        assert list(found[side]) == [row[key] for row in snapshot[side]]
        for row in snapshot[side]:
            answer = found[side][row[key]]
            traded = sum(
                (Decimal(match["quantity"]) for match in matches if match[key] == row[key]),
                Decimal(0),
            )
            whole = traded == Decimal(row["quantity"])
            outcome = "matched" if whole else "partly_matched" if traded else "not_matched"
            assert answer["outcome"] == outcome
            assert answer["reasons"]
            assert all(Decimal(figure) >= 0 for _, figure in told(answer) if _is_number(figure))


def _is_number(figure: str | None) -> bool:
    return figure is not None and figure[-1].isdigit() and figure.count("-") < 2


def test_no_answer_names_another_party_or_its_limit() -> None:
    """Limits of figures that occur nowhere else never turn up in an answer of somebody else."""
    snapshot = random_book("ten million", 4)
    found = explain(snapshot, clear_snapshot(snapshot)["matches"])
    for side, limit, others in (
        ("offers", "bid_price", snapshot["demands"]),
        ("demands", "ask_price", snapshot["offers"]),
    ):
        text = str(found[side])
        prices = set(_market_prices(found))
        for row in others:
            assert row.get("buyer_id", row.get("seller_id")) not in text
            assert f"'{row[limit]}'" not in text or row[limit] in prices


def _market_prices(found: dict[str, Any]) -> list[str]:
    return [
        reason["figure"]
        for side in found.values()
        for answer in side.values()
        for reason in answer["reasons"]
        if reason["code"] in ("market_price", "tie")
    ]


def test_numbers_are_written_as_each_language_writes_them() -> None:
    assert in_vietnamese(Decimal("1234.50")) == "1.234,5"
    assert in_english(Decimal("1234.50")) == "1,234.5"
    assert in_vietnamese(Decimal("12000.00")) == "12.000"
    assert (in_vietnamese(True), in_english(False)) == ("có", "no")
