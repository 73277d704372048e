"""What rounds created: told in groups, and to nobody what one other was ready to pay."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from app.analytics.gains import FIGURES
from app.analytics.round_operations import forget_months, tell_months
from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from tests.factories import COMMODITY, Account, Trade, a_demand, a_lot, an_offer, day

SILENT = dict.fromkeys(FIGURES)


def a_round(trade: Trade, *quantities: str) -> dict[str, Any]:
    """So many sellers at 100,000 and as many buyers at up to 120,000, cleared."""
    for number, quantity in enumerate(quantities):
        farm = trade.farm(smallholder=number < 3)
        an_offer(farm, a_lot(farm, quantity=quantity), quantity=quantity)
        a_demand(trade.processor(), quantity=quantity)
    return trade.clear(COMMODITY)


def a_month_passes(trade: Trade) -> None:
    """What was cleared and measured this month was last month."""
    trade.count()
    with trade.app.app_context(), transaction():
        db.session.execute(text("UPDATE round_gain SET month = month - interval '1 month'"))
        db.session.execute(
            text(
                "UPDATE round_figures SET cleared_at = (cleared_at AT TIME ZONE :local"
                " - interval '1 month') AT TIME ZONE :local"
            ),
            {"local": clock.LOCAL.key},
        )
        forget_months()
        tell_months()


def last_month(reader: Account, question: str = "") -> dict[str, Any]:
    (row,) = reader.read(f"/analytics/fairness?from={day(-60)[:10]}{question}")["items"]
    return dict(row)


def figures_of(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in FIGURES}


def test_rounds_are_measured_against_greedy_rules(trade: Trade) -> None:
    found = a_round(trade, *["30"] * 6)
    trade.count()
    (now,) = trade.authority.read("/analytics/fairness")["items"]
    assert (now["rounds"], figures_of(now)) == (1, SILENT), "the month is not over"
    a_month_passes(trade)
    row = last_month(trade.authority)
    assert (row["rounds"], row["market"], row["welfare"]) == (1, COMMODITY, found["welfare"])
    assert row["best_rule_welfare"] <= row["welfare"] + 1
    assert row["created_beyond_rules"] == row["welfare"] - row["best_rule_welfare"]
    assert abs(row["sellers_gain"] + row["buyers_gain"] - row["welfare"]) <= 1
    assert row["smallholders_gain"] is None, "three smallholders are no group"


@pytest.mark.parametrize("question", ["", f"&commodity={COMMODITY}", "&granularity=month"])
def test_every_question_is_answered_by_the_same_cells(trade: Trade, question: str) -> None:
    a_round(trade, *["30"] * 5)
    a_month_passes(trade)
    plain = last_month(trade.authority)
    assert last_month(trade.authority, question) == plain
    assert last_month(trade.cooperative(), question) == plain
    assert plain["welfare"] is not None


@pytest.mark.parametrize(
    "quantities",
    [["30"], ["30"] * 4, ["600", "20", "20", "20", "20"]],
    ids=("one", "four", "large"),
)
def test_a_limit_cannot_be_worked_out_from_the_month_nor_from_the_round(
    trade: Trade, quantities: list[str]
) -> None:
    found = a_round(trade, *quantities)
    a_month_passes(trade)
    operator, stranger = trade.operator, trade.processor()
    path = f"/rounds/{found['id']}"
    seen = operator.read(path)
    price = trade.visitor.read(f"/markets/{COMMODITY}/prices")["items"][0]
    per_unit = Decimal(seen["welfare"]) / Decimal(seen["cleared_quantity"])
    limit = Decimal(price["seller_average"]) + per_unit
    assert limit > Decimal(price["seller_average"]), "who knew the gain would be told of the limit"
    row = last_month(trade.authority)
    assert (row["rounds"], figures_of(row)) == (1, SILENT)
    (listed,) = stranger.read("/rounds")["items"]
    for told in (stranger.read(path), listed):
        assert (told["welfare"], told["upper_bound"]) == (None, None)
        assert told["cleared_quantity"] == seen["cleared_quantity"]


def test_what_is_left_without_the_rounds_that_tell_is_not_told_either(trade: Trade) -> None:
    large = a_round(trade, *["30"] * 6)
    small = a_round(trade, "40")
    a_month_passes(trade)
    stranger = trade.processor()
    assert stranger.read(f"/rounds/{large['id']}")["welfare"] == large["welfare"]
    assert stranger.read(f"/rounds/{small['id']}")["welfare"] is None
    row = last_month(trade.authority)
    assert (row["rounds"], figures_of(row)) == (2, SILENT)
    for _ in range(5):
        a_round(trade, "40")
    a_month_passes(trade)
    with trade.app.app_context(), transaction():
        latest = text(
            "UPDATE round_gain SET month = (SELECT max(month) FROM round_gain);"
            " UPDATE round_figures SET cleared_at = (SELECT max(cleared_at) FROM round_figures)"
        )
        db.session.execute(latest)
        forget_months()
        tell_months()
    row = last_month(trade.authority)
    assert row["rounds"] == 7
    assert row["welfare"] > large["welfare"], "six small rounds together are a group"
