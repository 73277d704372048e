"""What measured quality does to a price, by hand-computed figures; slips compute themselves."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.deliveries.slip import computed, haulage_share, recompute
from app.orders.quality_rules import Part, apply_rules, breached_limit, percent_for

FAT = {
    "kind": "per_point",
    "attribute": "fat",
    "reference": "3.5",
    "above": "2",
    "below": "-3",
    "cap": "2.5",
}
DAMP = {
    "kind": "steps",
    "attribute": "moisture",
    "steps": [{"from": "12.5", "percent": "-1.5"}, {"from": "13.5", "percent": "-4"}],
}
SCREEN = {"kind": "table", "attribute": "screen", "rows": [{"value": "18", "percent": "2"}]}
GRADED = {"kind": "table", "by": "grade", "rows": [{"grade": "2", "percent": "-5"}]}
WATER = {"kind": "water_deduction", "attribute": "surface_water"}
COARSE = {"kind": "reject_limit", "attribute": "coarse_leaf", "above": "45"}


@pytest.mark.parametrize(
    ("rule", "measured", "percent"),
    [
        (FAT, "3.5", "0"),
        (FAT, "4.0", "1.00"),
        (FAT, "3.2", "-0.90"),
        (FAT, "5.0", "2.5"),
        (FAT, "1.0", "-2.5"),
        (DAMP, "12.4", "0"),
        (DAMP, "12.5", "-1.5"),
        (DAMP, "13.4", "-1.5"),
        (DAMP, "20.0", "-4"),
        (SCREEN, "18.0", "2"),
        (SCREEN, "16.0", "0"),
        (GRADED, "2", "-5"),
        (GRADED, "1", "0"),
        (WATER, "3.000", "-3.000"),
        (WATER | {"allowance": "1"}, "3.0", "-2.0"),
        (WATER | {"allowance": "5"}, "3.0", "0"),
        (COARSE, "99", "0"),
    ],
)
def test_a_rule_makes_a_percentage_of_a_value(
    rule: dict[str, Any], measured: str, percent: str
) -> None:
    assert percent_for(rule, measured) == Decimal(percent)


def test_each_line_is_rounded_half_even_to_whole_dong() -> None:
    def amount(quantity: str, price: str) -> int:
        part = Part(1, Decimal(quantity), {"moisture": "13.0"})
        (line,) = apply_rules([DAMP], parts=[part], unit_price=Decimal(price), surface_water=None)
        return line.amount

    # 1.5 % of 100 is 1.5, of 300 is 4.5, of 500 is 7.5.
    assert [amount("1", price) for price in ("100", "300", "500")] == [-2, -4, -8]


def test_water_on_the_load_counts_for_parts_without_a_figure_of_their_own() -> None:
    parts = [
        Part(1, Decimal(100), {"surface_water": "10.0"}),
        Part(2, Decimal(200), {}),
        Part(3, Decimal(300), {}),
        Part(4, Decimal(0), {}),
    ]
    lines = apply_rules(
        [WATER], parts=parts, unit_price=Decimal(1000), surface_water=Decimal("2.5")
    )
    assert [(line.part, line.quantity, line.amount) for line in lines] == [
        (1, 100, -10_000),
        (None, 500, -12_500),
    ]
    assert apply_rules([WATER], parts=[parts[1]], unit_price=Decimal(1), surface_water=None) == []


def test_a_limit_is_breached_beyond_it_and_not_at_it() -> None:
    def of(value: str) -> Part:
        return Part(1, Decimal(1), {"coarse_leaf": value, "moisture": "9.0"})

    assert breached_limit([DAMP, COARSE], of("45.0")) is None
    assert breached_limit([DAMP, COARSE], of("45.1")) == COARSE
    least = {"kind": "reject_limit", "attribute": "moisture", "below": "10"}
    assert breached_limit([least], of("1")) == least
    assert breached_limit([COARSE], Part(1, Decimal(1), {})) is None


RULES = [FAT, DAMP, SCREEN, GRADED, WATER, COARSE]
quantities = st.decimals(0, 10_000, places=3)


@st.composite
def facts(draw: st.DrawFn) -> dict[str, Any]:
    """What a slip is made from: up to four parts, any of the rules."""
    measured = st.fixed_dictionaries(
        {},
        optional={
            "fat": st.decimals(0, 9, places=2).map(str),
            "moisture": st.decimals(0, 30, places=1).map(str),
            "screen": st.sampled_from(["16", "18"]),
            "surface_water": st.decimals(0, 50, places=1).map(str),
        },
    )
    parts = [
        {
            "position": position,
            "accepted_quantity": f"{draw(quantities):.3f}",
            "qualities": draw(measured),
            "grade": draw(st.sampled_from([None, "1", "2"])),
        }
        for position in range(1, draw(st.integers(1, 4)) + 1)
    ]
    total = sum(Decimal(part["accepted_quantity"]) for part in parts)
    rules = draw(st.lists(st.sampled_from(RULES), max_size=5))
    return {
        "quantities": {"accepted": f"{total:.3f}"},
        "unit_price": f"{draw(st.decimals(0, 500_000, places=2)):.2f}",
        "surface_water": draw(st.none() | st.decimals(0, 50, places=3).map(str)),
        "parts": parts,
        "schedule": draw(st.sampled_from([None, {"rules": rules}])),
        "haulage": {
            "line_amount": draw(st.integers(0, 10**9)),
            "ordered": f"{total + 1:.3f}",
            "accepted": f"{total:.3f}",
        },
    }


@given(facts())
def test_a_slip_can_be_computed_again_from_itself(said: dict[str, Any]) -> None:
    slip = json.loads(json.dumps(computed(said)))
    assert recompute(slip) == slip
    lines = [line["amount"] for line in slip["adjustments"]]
    assert slip["payable_amount"] == max(0, slip["base"]["amount"] + sum(lines))
    assert 0 <= slip["haulage_amount"] <= said["haulage"]["line_amount"]
    exact = Decimal(said["quantities"]["accepted"]) * Decimal(said["unit_price"])
    assert abs(slip["base"]["amount"] - exact) <= Decimal("0.5")


def test_a_slip_that_was_tampered_with_gives_itself_away() -> None:
    slip = computed(
        {
            "quantities": {"accepted": "840.000"},
            "unit_price": "8000.00",
            "surface_water": "3",
            "parts": [
                {"position": 1, "accepted_quantity": "840.000", "qualities": {}, "grade": None}
            ],
            "schedule": {"rules": [WATER]},
            "haulage": {"line_amount": 1001, "ordered": "1000", "accepted": "840"},
        }
    )
    assert (slip["payable_amount"], slip["haulage_amount"]) == (6_518_400, 841)
    assert recompute(slip | {"payable_amount": 1}) != slip | {"payable_amount": 1}


def test_nobody_pays_for_carrying_what_was_rejected() -> None:
    assert haulage_share(line_amount=1000, ordered="100.000", accepted="0.000") == 0
    assert haulage_share(line_amount=5, ordered="2.000", accepted="1.000") == 2
    assert haulage_share(line_amount=7, ordered="2.000", accepted="1.000") == 4
