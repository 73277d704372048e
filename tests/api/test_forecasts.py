"""What will be harvested in a week, and how well it was said."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.accounts.models import Capacity, Party
from app.core import clock
from app.core.fields import instant_text
from app.core.transaction import transaction
from app.lots.forecast_operations import forecast_harvest
from app.lots.models import Trend
from tests.factories import (
    COMMODITY,
    Trade,
    a_demand,
    a_lot,
    a_membership,
    an_offer,
    day,
    forecast_body,
    monday,
)
from tests.factories_deliveries import a_delivery

InApp = Callable[[Callable[[], Any]], Any]


def test_a_later_word_for_a_week_stands_beside_the_earlier_one(trade: Trade) -> None:
    farm = trade.farm()
    farm.made("/forecasts", forecast_body())
    farm.made("/forecasts", forecast_body(quantity="60", low="50", high="90", trend="down"))
    newest, oldest = farm.read(f"/forecasts?week={monday(1)}")["items"]
    tuesday = str(date.fromisoformat(monday(1)) + timedelta(days=1))
    refused = farm.get(f"/forecasts?week={tuesday}")
    assert refused.status_code == 422
    assert [one["detail"] for one in refused.json["errors"]] == ["Must be a Monday."]
    assert (newest["quantity"], newest["low"], newest["high"]) == ("60.000", "50.000", "90.000")
    assert (oldest["quantity"], oldest["low"], oldest["high"]) == ("100.000",) * 3


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"commodity": "gold"}, "/commodity"),
        ({"week": day(1)[:10], "quantity": "1"}, "/week"),
        ({"week": monday(-1)}, "/week"),
        ({"week": monday(105)}, "/week"),
        ({"low": "101"}, "/low"),
        ({"high": "99"}, "/high"),
        ({"trend": "zero"}, "/trend"),
        ({"quantity": "0"}, "/trend"),
    ],
)
def test_a_forecast_that_makes_no_sense_is_refused(
    trade: Trade, changes: dict[str, Any], pointer: str
) -> None:
    if pointer == "/week" and changes["week"] in (monday(0), monday(1)):
        changes = {**changes, "week": day(2)[:10]}
    farm = trade.farm()
    answer = farm.post("/forecasts", forecast_body(**changes))
    assert answer.status_code == 422
    assert [one["pointer"] for one in (answer.json or {})["errors"]] == [pointer]
    assert farm.read("/forecasts")["items"] == []


def test_accuracy_compares_the_last_word_before_a_week_with_its_harvest(
    trade: Trade, in_app: InApp
) -> None:
    farm, cooperative, stranger = trade.farm(), trade.cooperative(), trade.cooperative()
    a_membership(farm, cooperative, "consent")
    week = monday(-2)
    party = Party(UUID(str(farm.organisation_id)), Capacity.OWN_ACCOUNT, None)
    begins = clock.start_of_day(date.fromisoformat(week))

    def say(quantity: int, before: timedelta) -> None:
        with transaction():
            forecast_harvest(
                party=party,
                commodity=COMMODITY,
                week=date.fromisoformat(week),
                quantity=Decimal(quantity),
                low=None,
                high=None,
                trend=Trend.EVEN,
                now=begins - before,
            )

    for quantity, before in ((80, timedelta(days=9)), (100, timedelta(hours=1))):
        in_app(lambda q=quantity, b=before: say(q, b))
    in_app(lambda: say(500, -timedelta(hours=1)))
    for quantity, at in (("70", begins), ("55", begins + timedelta(days=6, hours=23))):
        a_lot(farm, quantity=quantity, harvested_at=instant_text(at))
    a_lot(farm, quantity="900", harvested_at=instant_text(begins + timedelta(days=7)))
    expected = {"forecast": "100.000", "harvested": "125.000", "error_percent": "25.0"}
    for reader, weeks in ((farm, [week]), (cooperative, [week]), (stranger, [])):
        rows = reader.read("/forecast-accuracy")["weeks"]
        assert [row["week"] for row in rows] == weeks
        assert all({name: row[name] for name in expected} == expected for row in rows)


def test_a_forecast_lot_is_cleared_forward_and_becomes_a_harvested_one(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    lot = a_lot(farm, status="forecast", harvested_at=None, ready_at=day(5), quantity="80")
    an_offer(farm, lot, quantity="80")
    a_demand(buyer, deliver_until=day(4))
    assert trade.clear(COMMODITY)["matches"] == 0
    a_demand(buyer, deliver_from=day(5), deliver_until=day(9))
    assert trade.clear(COMMODITY)["matches"] == 1
    (order,) = buyer.read("/orders")["items"]
    too_little = {"harvested_at": day(0), "quantity": "20"}
    refused = farm.post(f"/lots/{lot['id']}/harvest", too_little)
    assert (refused.status_code, (refused.json or {})["code"]) == (409, "lot_in_use")
    harvested = farm.made(f"/lots/{lot['id']}/harvest", {"harvested_at": day(0)})
    assert (harvested["status"], harvested["quantity"]) == ("harvested", "80.000")
    a_delivery(farm, buyer, order)
    assert buyer.read(f"/orders/{order['id']}")["status"] == "received"
