"""A season of fresh tea under contract, twelve weeks by a hand-computed table.

The factory buys at least 30,000 kg, 2,500 a week, at the market's price but never below 8,000 dong.
In week 6 the market falls to 7,600 and the floor bites. Week 7 brings 2,400 kg for the 4,000 kg
promised to two buyers, which are shared pro rata; the farm had told so in time. In week 4 the leaf
is wet (2 %), in week 9 100 kg are rejected, which the tolerance of 5 % allows. The factory has
given 20,000,000 dong of fertiliser in advance.

week  called   market   price   accepted       payable
  1    2,500    8,400   8,400      2,500    21,000,000
  2    2,500    8,600   8,600      2,500    21,500,000
  3    2,500    8,500   8,500      2,500    21,250,000
  4    2,500    8,300   8,300      2,500    20,335,000   20,750,000 less 415,000 for water
  5    2,500    8,700   8,700      2,500    21,750,000
  6    2,500    7,600   8,000      2,500    20,000,000   the floor
  7    2,500    8,200   8,200      1,500    12,300,000   2,400 × 2,500 ÷ 4,000
  8    2,500    8,500   8,500      2,500    21,250,000
  9    2,500    8,800   8,800      2,400    21,120,000
 10    2,500    9,000   9,000      2,500    22,500,000
 11    2,500    8,900   8,900      2,500    22,250,000
 12    2,500    8,650   8,650      2,500    21,625,000
      30,000                      28,900   246,880,000   less 20,000,000: 226,880,000 to pay
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from app.contracts.breach_operations import close_contracts, find_breaches, record_breaches
from app.core import clock
from app.core.transaction import transaction
from tests.factories import Account, Trade, a_lot, an_offer, an_order, day, monday
from tests.factories_contracts import a_contract, called
from tests.factories_deliveries import (
    TEA,
    a_delivery,
    accepted,
    accepted_part,
    despatched,
    inspected,
    scheduled,
    weighed,
)
from tests.journeys.test_tea_is_paid_to_the_last_dong import in_one, the_time_to_claim_is_over
from tests.settling import balances, sums_of_entries, unbalanced
from workers.settlement import finalise

MARKET = [8400, 8600, 8500, 8300, 8700, 7600, 8200, 8500, 8800, 9000, 8900, 8650]
PRICES = [8400, 8600, 8500, 8300, 8700, 8000, 8200, 8500, 8800, 9000, 8900, 8650]
ACCEPTED = [2500, 2500, 2500, 2500, 2500, 2500, 1500, 2500, 2400, 2500, 2500, 2500]
PAYABLE = [
    21_000_000,
    21_500_000,
    21_250_000,
    20_335_000,
    21_750_000,
    20_000_000,
    12_300_000,
    21_250_000,
    21_120_000,
    22_500_000,
    22_250_000,
    21_625_000,
]
WET, SHORT, REJECTED = 3, 6, 8


def published(operator: Account, price: int) -> None:
    """What the provincial office says of the market today."""
    prices = [{"day": day(-1)[:10], "price": str(price)}]
    operator.made("/reference-series/che-bao-loc/prices", {"prices": prices})


def fresh(farm: Account, week: int) -> dict[str, Any]:
    """Leaf that will be plucked on the first day of a week."""
    forecast = {"status": "forecast", "harvested_at": None, "ready_at": f"{monday(week)}T01:00:00Z"}
    return a_lot(farm, commodity=TEA, grade=None, qualities={}, quantity="4000", **forecast)


def delivered(farm: Account, factory: Account, order: dict[str, Any], week: int) -> int:
    """What a week's load is payable at, whole dong."""
    if week == WET:
        delivery = scheduled(farm, order)
        despatched(farm, delivery)
        weighed(factory, delivery, "2500", surface_water="2")
        inspected(factory, delivery, accepted_part("2500"))
    elif week == REJECTED:
        delivery = scheduled(farm, order)
        despatched(farm, delivery)
        weighed(factory, delivery, "2500")
        coarse = {"net": "100", "result": "rejected", "reason": "Lá già"}
        inspected(factory, delivery, accepted_part("2400"), coarse)
    else:
        return payable(factory, a_delivery(farm, factory, order))
    return payable(factory, accepted(factory, delivery))


def payable(reader: Account, delivery: dict[str, Any]) -> int:
    return int(reader.read(f"/deliveries/{delivery['id']}/slip")["payable_amount"])


def test_a_tea_season_under_contract(trade: Trade, in_app: Callable[..., Any]) -> None:
    farm, factory, other, operator = (
        trade.farm(),
        trade.processor(),
        trade.processor(),
        trade.operator,
    )
    series = {"code": "che-bao-loc", "name": {"vi": "Chè", "en": "Tea"}, "commodity": TEA}
    operator.made("/reference-series", series | {"source": "Sở Công Thương"})
    contract = a_contract(
        factory,
        farm,
        commodity=TEA,
        quantity_form="minimum",
        quantity="30000",
        tolerance_percent="5",
        price={"form": "floor_plus_market", "floor": "8000", "market": "che-bao-loc"},
        payment_days=15,
        remedies={"non_purchase": "8", "side_selling": "10"},
        ends_on=monday(12),
        weeks=[{"week": monday(week), "promised": "2500"} for week in range(12)],
    )
    inputs = {"receiver_id": farm.organisation_id, "kind": "inputs", "amount": 20_000_000}
    advance = factory.made("/advances", inputs)
    farm.made(f"/advances/{advance['id']}/confirmation")

    shared = fresh(farm, SHORT)
    elsewhere = an_offer(farm, shared, quantity="1500", ask_price="8500.00", open_until=None)
    rival = an_order(other, elsewhere, "1500")
    orders = []
    for week, market in enumerate(MARKET):
        published(operator, market)
        call = called(factory, contract, week, "2500")
        assert (call["market_price"], call["unit_price"]) == (f"{market}.00", f"{PRICES[week]}.00")
        orders.append(factory.read(f"/orders/{call['order_id']}"))
        assert [line["lot_id"] == shared["id"] for line in orders[week]["lines"]] == [week == SHORT]

    told = {"week": monday(SHORT), "expected": "1500", "reason": "Sương muối"}
    farm.made(f"/contracts/{contract['id']}/shortfalls", told)
    shortage = {"available": "2400", "reason": "Sương muối", "rule": "pro_rata"}
    shares = farm.made(f"/lots/{shared['id']}/shortage", shortage)["shares"]
    assert {one["allotted"] for one in shares} == {"1500.000", "900.000"}
    for week, order in enumerate(orders):
        assert delivered(farm, factory, order, week) == PAYABLE[week]
    assert payable(other, a_delivery(farm, other, rival)) == 7_650_000

    balance = farm.read(f"/contracts/{contract['id']}/balance")
    assert [float(week["accepted"]) for week in balance["weeks"]] == ACCEPTED
    assert [float(week["called"]) for week in balance["weeks"]] == [2500] * 12
    sums = ("promised", "called", "delivered", "accepted", "remaining")
    assert [balance[name] for name in sums] == [
        "30000.000",
        "30000.000",
        "29000.000",
        "28900.000",
        "1100.000",
    ]

    trade.relay()
    in_app(in_one(the_time_to_claim_is_over))
    in_app(finalise.run)
    settled = factory.read("/settlements?limit=100")["items"]
    goods = [one for one in settled if one["purpose"] == "goods"]
    assert sorted(one["amount"] for one in goods) == sorted(PAYABLE)
    assert sum(one["netted"] for one in goods) == 20_000_000
    assert sum(PAYABLE) - 20_000_000 == 226_880_000
    owed = {"payee_id": farm.organisation_id, "amount": 226_880_000}
    payout = factory.made("/payouts", owed)
    more = factory.post("/payouts", owed | {"amount": 1})
    assert (more.status_code, (more.json or {})["code"]) == (409, "nothing_owed")
    farm.made(f"/payouts/{payout['id']}/confirmation")
    assert in_app(unbalanced) == []
    assert in_app(balances) == in_app(sums_of_entries)

    for days in (130, 131):
        for keep in (find_breaches, record_breaches, close_contracts):
            with trade.app.app_context(), transaction():
                keep(now=clock.now() + timedelta(days=days))
    assert farm.read(f"/contracts/{contract['id']}/breaches")["items"] == []
    assert farm.read(f"/contracts/{contract['id']}")["status"] == "fulfilled"
