"""Sharing out what is there: exactly, and by the rule that was chosen."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.deliveries.shortage_rules import Promise, share_out
from app.market.models import ShortageRule

A, B, C, D = (UUID(int=number) for number in range(1, 5))
SOON = datetime(2026, 11, 1, tzinfo=UTC)
PROMISES = [
    Promise(A, Decimal("50"), placed=1, due=SOON + timedelta(days=2)),
    Promise(B, Decimal("30"), placed=2),
    Promise(C, Decimal("20"), placed=3, due=SOON, contract=True),
    Promise(D, Decimal("20"), placed=4, due=SOON),
]


@pytest.mark.parametrize(
    ("rule", "shares"),
    [
        ("pro_rata", ["25", "15", "10", "10"]),
        ("contract_first", ["20", "12", "20", "8"]),
        ("priority", ["20", "0", "20", "20"]),
        ("first_come", ["50", "10", "0", "0"]),
    ],
)
def test_sixty_of_a_hundred_and_twenty_are_shared_out(rule: str, shares: list[str]) -> None:
    given_out = share_out(ShortageRule(rule), promises=PROMISES, available=Decimal(60))
    assert [given_out[line] for line in (A, B, C, D)] == [Decimal(one) for one in shares]


def test_what_rounding_leaves_goes_to_those_who_lost_most_by_it() -> None:
    third = [Promise(one, Decimal(1), placed=turn) for turn, one in enumerate((A, B, C), 1)]
    shares = share_out(ShortageRule.PRO_RATA, promises=third, available=Decimal("1.001"))
    assert [shares[one] for one in (A, B, C)] == [
        Decimal("0.334"),
        Decimal("0.334"),
        Decimal("0.333"),
    ]
    uneven = [Promise(A, Decimal("1.000"), placed=1), Promise(B, Decimal("1.900"), placed=2)]
    shares = share_out(ShortageRule.PRO_RATA, promises=uneven, available=Decimal("1"))
    # 0.34483 and 0.65517 lose 0.00083 and 0.00017 when rounded down; one thousandth is left.
    assert [shares[one] for one in (A, B)] == [Decimal("0.345"), Decimal("0.655")]


dates = st.none() | st.datetimes(timezones=st.just(UTC))
quantities = st.decimals(Decimal("0.001"), 100_000, places=3)


@given(
    st.sampled_from(list(ShortageRule)),
    st.lists(st.tuples(quantities, dates, st.booleans()), min_size=1, max_size=12),
    st.decimals(0, 200_000, places=3),
)
def test_everything_is_given_out_and_nobody_gets_more_than_was_promised(
    rule: ShortageRule, said: list[tuple[Decimal, datetime | None, bool]], available: Decimal
) -> None:
    promises = [
        Promise(uuid4(), quantity, placed=turn, due=due, contract=contract)
        for turn, (quantity, due, contract) in enumerate(said, 1)
    ]
    shares = share_out(rule, promises=promises, available=available)
    total = sum(one.quantity for one in promises)
    assert sum(shares.values()) == min(available, total)
    assert set(shares) == {one.line_id for one in promises}
    for one in promises:
        assert 0 <= shares[one.line_id] <= one.quantity
        assert shares[one.line_id] == shares[one.line_id].quantize(Decimal("0.001"))
        if rule is ShortageRule.PRO_RATA and available < total:
            exact = one.quantity * available / total
            assert abs(shares[one.line_id] - exact) < Decimal("0.001")
