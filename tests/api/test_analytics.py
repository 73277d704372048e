"""The cooperative's figures, worked out by hand on a small chain."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from app.market.models import Offer
from app.orders.models import Order
from tests.conftest import taken_back
from tests.factories import (
    COMMODITY,
    Account,
    Trade,
    a_lot,
    a_membership,
    an_offer,
    an_order,
    lot_body,
    offer_body,
)


@pytest.fixture(scope="module")
def _chain(app: Flask) -> Iterator[dict[str, Account]]:
    """A cooperative that sells 20 kg itself and 10 kg for a farm, and a farm that shares 80 kg.

    | seller                | offered | ordered at         | cancelled |
    |-----------------------|---------|--------------------|-----------|
    | cooperative           | 20      | 20 × 100,000       |           |
    | for the silent farm   | 10      | 4 × 90,000         |           |
    | the sharing farm      | 80      | 30 × 110,000       | 5         |
    | ginger of that farm   | 7       |                    |           |
    | the silent farm alone | 50      | 50 × 1 (not seen)  |           |
    """
    with taken_back(app):
        trade = Trade(app)
        cooperative, buyer = trade.cooperative(), trade.processor()
        sharing, silent = trade.farm(), trade.farm()
        a_membership(sharing, cooperative, "consent")
        a_membership(silent, cooperative, "mandate")

        an_order(buyer, an_offer(cooperative, quantity="20"), "20")
        theirs = {"on_behalf_of": silent.organisation_id}
        lot = cooperative.made("/lots", lot_body(cooperative, **theirs))
        body = offer_body(lot["id"], quantity="10", ask_price="90000", **theirs)
        an_order(buyer, cooperative.made("/offers", body), "4")

        offer = an_offer(sharing, quantity="80", ask_price="110000")
        an_order(buyer, offer, "30")
        order = an_order(buyer, offer, "5")
        buyer.made(f"/orders/{order['id']}/cancellation")
        ginger = a_lot(sharing, commodity="ginger-dried", grade=None, qualities={})
        an_offer(sharing, ginger, quantity="7")
        an_offer(sharing, draft=True, quantity="13")
        an_order(buyer, an_offer(silent, ask_price="1"), "50")
        trade.count()
        yield {"cooperative": cooperative, "sharing": sharing, "buyer": buyer}


@pytest.fixture
def chain(_chain: dict[str, Account], rolled_back: Flask) -> dict[str, Account]:
    """Made once; every test takes back what it adds."""
    return _chain


def coffee(**changes: Any) -> dict[str, Any]:
    return {
        "period": None,
        "commodity": COMMODITY,
        "unit": "kg",
        "offered_quantity": "110.000",
        "ordered_quantity": "54.000",
        "cancelled_quantity": "5.000",
        "goods_amount": 2_000_000 + 360_000 + 3_300_000,
        "average_price": "104814.81",
        "fill_rate": 0.4909,
    } | changes


def told(row: dict[str, Any]) -> dict[str, Any]:
    """What a row says of listing and ordering."""
    return {name: row[name] for name in coffee()}


GINGER = coffee(
    commodity="ginger-dried",
    offered_quantity="7.000",
    ordered_quantity="0.000",
    cancelled_quantity="0.000",
    goods_amount=0,
    average_price=None,
    fill_rate=0.0,
)


def test_a_cooperative_sees_its_own_trade_and_that_of_members_who_share(
    chain: dict[str, Account],
) -> None:
    summary = chain["cooperative"].read("/analytics/summary")
    today = clock.local_date(clock.now())
    assert [told(row) for row in summary.pop("commodities")] == [GINGER, coffee()]
    assert summary == {
        "from": str(today - timedelta(days=29)),
        "until": str(today),
        "view": "own",
        "members": 2,
        "consenting_members": 1,
        "orders": 3,
        "goods_amount": 5_660_000,
    }


def test_figures_are_narrowed_by_commodity_and_time(chain: dict[str, Account]) -> None:
    reader = chain["cooperative"]
    summary = reader.read("/analytics/summary?commodity=ginger-dried")
    assert (summary["orders"], summary["goods_amount"]) == (0, 0)
    assert [told(row) for row in summary["commodities"]] == [GINGER]
    past = reader.read("/analytics/summary?from=2026-01-01&until=2026-01-31")
    assert (past["from"], past["until"]) == ("2026-01-01", "2026-01-31")
    assert (past["orders"], past["commodities"]) == (0, [])
    assert past["members"] == 2


@pytest.mark.parametrize("granularity", ["day", "week", "month", "season"])
def test_figures_come_by_period(chain: dict[str, Account], granularity: str) -> None:
    today = clock.local_date(clock.now())
    first = {
        "day": today,
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "season": today.replace(month=1, day=1),
    }[granularity]
    rows = chain["cooperative"].read(f"/analytics/summary?granularity={granularity}")["commodities"]
    first_day = {"period": str(first)}
    assert [told(row) for row in rows] == [GINGER | first_day, coffee(**first_day)]


def test_the_last_instant_of_a_day_belongs_to_it(
    trade: Trade, chain: dict[str, Account], rolled_back: Flask
) -> None:
    """23:59:59.5 in Viet Nam is 16:59:59.5 UTC."""
    last = datetime(2026, 3, 5, 16, 59, 59, 500_000, tzinfo=UTC)
    with rolled_back.app_context(), transaction():
        db.session.execute(update(Order).values(placed_at=last))
        db.session.execute(update(Offer).where(Offer.listed_at.is_not(None)).values(listed_at=last))
    trade.count()
    reader = chain["cooperative"]
    figures = {
        day: reader.read(f"/analytics/summary?from={day}&until={day}&granularity=day")
        for day in ("2026-03-04", "2026-03-05", "2026-03-06")
    }
    assert [one["orders"] for one in figures.values()] == [0, 3, 0]
    assert [told(row) for row in figures["2026-03-05"]["commodities"]] == [
        GINGER | {"period": "2026-03-05"},
        coffee(period="2026-03-05"),
    ]


def test_two_cooperatives_see_each_their_own(trade: Trade, chain: dict[str, Account]) -> None:
    other = trade.cooperative()
    a_membership(chain["sharing"], other)
    assert other.read("/analytics/summary")["orders"] == 0
    viewer = trade.colleague(chain["cooperative"])
    seen = viewer.read("/analytics/summary")
    assert seen == chain["cooperative"].read("/analytics/summary")
