"""Sharing out to the last unit, and what pools make of it."""

from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.catalogue.models import QualityAttribute, QualityType
from app.core.shares import quantity_shared_out, shared_out
from app.lots.mixing_operations import mixed
from app.settlement.pool_shares import Brought, shares_of

WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=30)
QUANTITIES = st.decimals("0.001", "99999", places=3)
BROUGHT = st.lists(
    st.builds(
        Brought,
        member_id=st.integers(1, 5).map(lambda number: UUID(int=number)),
        quantity=QUANTITIES,
        grade=st.sampled_from([None, "1", "2"]),
        qualities=st.fixed_dictionaries(
            {}, optional={"moisture": st.decimals("5", "20", places=1).map(str)}
        ),
    ),
    min_size=1,
    max_size=12,
)
RULES = [
    {"kind": "steps", "attribute": "moisture", "steps": [{"from": "12.5", "percent": "-150"}]},
    {"kind": "table", "by": "grade", "rows": [{"grade": "2", "percent": "-3"}]},
]


@given(st.integers(0, 10**13), WEIGHTS)
def test_shares_sum_to_the_whole_and_are_off_by_less_than_one(
    total: int, weights: list[int]
) -> None:
    shares = shared_out(total, weights)
    assert sum(shares) == total
    whole = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        if whole:
            assert abs(share * whole - total * weight) < whole


@given(QUANTITIES, st.lists(QUANTITIES, min_size=1, max_size=30))
def test_a_quantity_is_shared_out_to_the_gram(total: Decimal, weights: list[Decimal]) -> None:
    assert sum(quantity_shared_out(total, weights)) == total


@given(BROUGHT, st.decimals(0, 10**6, places=3), st.integers(0, 10**12))
def test_pooled_in_is_pooled_out_and_the_split_is_the_proceeds_exactly(
    brought: list[Brought], accepted: Decimal, proceeds: int
) -> None:
    shares = shares_of(
        brought, accepted=accepted, proceeds=proceeds, unit_price=Decimal("85000"), rules=RULES
    )
    assert sum(one.amount for one in shares) == proceeds
    assert sum(one.accepted for one in shares) == accepted
    assert {one.member_id for one in shares} == {one.member_id for one in brought}
    assert all(one.amount >= 0 and one.accepted >= 0 for one in shares)


def test_equal_quantities_of_unequal_quality_are_paid_unequally() -> None:
    """1,000 kg at 85,000: 85,000,000, and a grade 2 that costs 3 % is worth 82,450,000."""
    farms = [UUID(int=1), UUID(int=2)]
    brought = [
        Brought(farms[0], Decimal(1000), "1", {}),
        Brought(farms[1], Decimal(1000), "2", {}),
    ]
    shares = shares_of(
        brought,
        accepted=Decimal(2000),
        proceeds=167_450_000,
        unit_price=Decimal(85_000),
        rules=RULES,
    )
    assert [one.amount for one in shares] == [85_000_000, 82_450_000]


def test_where_everything_is_worthless_quantity_alone_counts() -> None:
    """150 % off leaves nothing of either, yet somebody paid something."""
    wet = {"moisture": "15.0"}
    brought = [
        Brought(UUID(int=1), Decimal(1), None, wet),
        Brought(UUID(int=2), Decimal(3), None, wet),
    ]
    shares = shares_of(
        brought, accepted=Decimal(4), proceeds=100, unit_price=Decimal(1), rules=RULES
    )
    assert [one.amount for one in shares] == [25, 75]


def test_a_mixture_has_what_all_its_parts_state() -> None:
    attributes = [
        QualityAttribute(code="moisture", type=QualityType.NUMBER, decimals=1),
        QualityAttribute(code="residue_free", type=QualityType.BOOLEAN),
        QualityAttribute(code="withdrawn_on", type=QualityType.DATE),
        QualityAttribute(code="foreign_matter", type=QualityType.NUMBER, decimals=2),
    ]
    told = {"moisture": "12.0", "residue_free": True, "withdrawn_on": "2026-11-01"}
    other = {"moisture": "11.1", "residue_free": False, "withdrawn_on": "2026-11-20"}
    parts = [(Decimal(2), told), (Decimal(1), other | {"foreign_matter": "0.50"})]
    assert mixed(attributes, parts) == {
        "moisture": "11.7",
        "residue_free": False,
        "withdrawn_on": "2026-11-20",
    }
