"""Many lists of one growing-area code at once: never more than its plots bear."""

from collections import Counter
from decimal import Decimal

import pytest
from flask import Flask

from tests.concurrency.threads import at_once
from tests.factories import Account, Trade, a_lot, a_membership, a_plot, offer_body

CODE = "VN-LDOR-0050"
ATTEMPTS = 50


@pytest.fixture
def trade(committing: Flask) -> Trade:
    """People who trade on a database that keeps what they do."""
    return Trade(committing)


def test_fifty_listings_at_once_never_exceed_a_codes_capacity(trade: Trade) -> None:
    """1,000 kg are borne, fifty want to list 30 kg each from two farms: 33 fit."""
    cooperative, other = trade.cooperative(), trade.farm()
    a_membership(other, cooperative)
    holders = (cooperative, other)
    plots = [a_plot(one, area_ha="0.25", growing_area_code=CODE)["id"] for one in holders]
    lots: list[tuple[Account, str]] = [
        (holders[number % 2], a_lot(holders[number % 2], plot_id=plots[number % 2])["id"])
        for number in range(ATTEMPTS)
    ]

    def listing(number: int) -> str:
        holder, lot = lots[number]
        answer = holder.post("/offers", offer_body(lot, quantity="30"))
        return "listed" if answer.status_code == 201 else (answer.json or {})["code"]

    answers = Counter(at_once([lambda n=n: listing(n) for n in range(ATTEMPTS)]))
    assert answers == {"listed": 33, "area_capacity_exceeded": 17}
    (counter,) = cooperative.read("/growing-area-seasons")["items"]
    assert Decimal(counter["listed"]) == 990
