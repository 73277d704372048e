"""From a farm's harvest to the cooperative's figures, by hand-computed numbers."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import (
    B_LAO,
    COMMODITY,
    PASSWORD,
    Account,
    Trade,
    demand_body,
    lot_body,
    offer_body,
)
from workers.clearing import clear_round
from workers.notifications import relay_outbox

# The tariff of green coffee is 200 VND/kg and 3 VND per kg and km of road, 1.3 × the straight line.
#
#            place          haulage   wants   pays up to   gain over 100,000
# buyer one  at the farm    200       60 kg   110,000      9,800
# buyer two  0.18° north,   278       80 kg   104,278      4,000
#            20.015 km → 26.02 km of road → 78.06
#
# 100 kg: 60 go to one, the other 40 to two, who is left with 40 unfilled and so sets the price:
# the farm gets 104,000, one pays 104,200 and two 104,278 delivered.
#
# welfare    60 × 9,800 + 40 × 4,000                    =    748,000
# one pays   60 × 104,000 = 6,240,000, haulage 60 × 200 = 12,000, in all 6,252,000
# two pays   40 × 104,000 = 4,160,000, haulage 40 × 278 = 11,120, in all 4,171,120
# average    (60 × 104,200 + 40 × 104,278) ÷ 100        = 104,231.20
AT_THE_FARM = B_LAO
NORTH_OF_IT = B_LAO | {"latitude": 11.7101}


def newcomer(trade: Trade, kind: str, name: str, locale: str, number: int) -> Account:
    """Somebody who registers and signs in, reading one of the two languages."""
    visitor = trade.visitor
    login = f"harvest{number}@example.com"
    ids = visitor.made(
        "/registrations",
        {
            "organisation": {"name": name, "kind": kind},
            "person": {
                "name": name,
                "phone": f"+8491700000{number}",
                "email": login,
                "password": PASSWORD,
                "locale": locale,
            },
        },
    )
    token = visitor.made("/tokens", {"login": login, "password": PASSWORD})["token"]
    return Account(trade.app, token, ids["organisation_id"], login)


def titles(reader: Account, topic: str) -> list[tuple[str, str]]:
    """Title and body of what somebody was told on a topic, oldest first."""
    items = reader.read("/notifications?limit=100")["items"]
    return [(one["title"], one["body"]) for one in reversed(items) if one["topic"] == topic]


@pytest.fixture
def in_a_worker(in_app: Callable[[Callable[[], Any]], Any]) -> Callable[..., None]:
    """Runs what a task does."""
    return lambda task, **arguments: in_app(lambda: task.run(**arguments))


def test_a_harvest_is_sold(trade: Trade, in_a_worker: Callable[..., None]) -> None:
    farm = newcomer(trade, "farm", "Trại Đồi Chè", "vi", 1)
    cooperative = newcomer(trade, "cooperative", "HTX B'Lao", "vi", 2)
    one = newcomer(trade, "processor", "Rang Xay Một", "en", 3)
    two = newcomer(trade, "processor", "Rang Xay Hai", "vi", 4)
    operator = trade.operator

    # The farm joins, agrees to share its figures, and only then lets the cooperative act.
    membership = farm.made("/memberships", {"cooperative_id": cooperative.organisation_id})
    farm.made(f"/memberships/{membership['id']}/consent")
    farm.site_id = farm.made("/sites", {"name": "Trại", **AT_THE_FARM})["id"]
    acting = {"on_behalf_of": farm.organisation_id}
    early = cooperative.post("/lots", lot_body(farm, **acting))
    assert (early.status_code, early.json["code"]) == (403, "mandate_missing")
    farm.made(f"/memberships/{membership['id']}/mandate")
    lot = cooperative.made("/lots", lot_body(farm, **acting))
    offer = cooperative.made("/offers", offer_body(lot["id"], quantity="100.000", **acting))
    assert (offer["organisation_id"], offer["capacity"]) == (farm.organisation_id, "agent")
    assert farm.read(f"/lots/{lot['id']}")["left"] == "0.000"

    one.site_id = one.made("/sites", {"name": "Xưởng", **AT_THE_FARM})["id"]
    two.site_id = two.made("/sites", {"name": "Xưởng", **NORTH_OF_IT})["id"]
    wanted = [
        one.made("/demands", demand_body(one, quantity="60.000", bid_price="110000.00")),
        two.made("/demands", demand_body(two, quantity="80.000", bid_price="104278.00")),
    ]

    asked = operator.made("/rounds", {"market": offer["market"]})
    in_a_worker(clear_round, round_id=asked["id"])
    in_a_worker(relay_outbox)

    told = operator.read(f"/rounds/{asked['id']}")
    figures = ("status", "offers", "demands", "matches", "welfare", "cleared_quantity")
    assert [told[name] for name in figures] == ["cleared", 1, 2, 2, 748_000, "100.000"]
    assert (told["upper_bound"], told["optimality_gap"]) == (748_000, 0)

    matches = cooperative.read(f"/rounds/{asked['id']}/matches")["items"]
    by_demand = {match["demand_id"]: match for match in matches}
    columns = ("quantity", "seller_price", "buyer_price", "transport_cost", "status")
    assert [[by_demand[demand["id"]][name] for name in columns] for demand in wanted] == [
        ["60.000", "104000.00", "104200.00", "200.00", "accepted"],
        ["40.000", "104000.00", "104278.00", "278.00", "accepted"],
    ]
    for buyer, demand in zip((one, two), wanted, strict=True):
        seen = buyer.read(f"/rounds/{asked['id']}/matches")["items"]
        assert [match["demand_id"] for match in seen] == [demand["id"]]

    orders = [
        buyer.read(f"/orders/{by_demand[demand['id']]['order_id']}")
        for buyer, demand in zip((one, two), wanted, strict=True)
    ]
    columns = ("goods_amount", "haulage_amount", "total_amount", "status", "carrier", "origin")
    assert [[order[name] for name in columns] for order in orders] == [
        [6_240_000, 12_000, 6_252_000, "confirmed", "seller", "round"],
        [4_160_000, 11_120, 4_171_120, "confirmed", "seller", "round"],
    ]
    for order in orders:
        assert (order["seller_id"], order["seller_capacity"]) == (farm.organisation_id, "agent")
        assert order["buyer_capacity"] == "own_account"
        assert order["lines"][0]["unit_price"] == "104000.00"
    assert farm.read(f"/offers/{offer['id']}")["status"] == "committed"
    assert two.read(f"/demands/{wanted[1]['id']}")["remaining"] == "40.000"

    # Each reads of it in their own language, both sides of their own.
    assert titles(one, "order.placed") == [
        (
            "Ordered: 60 kg of Robusta green coffee",
            "Your order of 60 kg of Robusta green coffee from Trại Đồi Chè is placed, "
            "6,252,000 VND in all.",
        )
    ]
    assert titles(two, "order.placed") == [
        (
            "Đã đặt 40 kg Cà phê nhân Robusta",
            "Đơn đặt 40 kg Cà phê nhân Robusta của Trại Đồi Chè đã ghi nhận, tổng 4.171.120 đồng.",
        )
    ]
    for seller in (farm, cooperative):
        assert sorted(titles(seller, "order.placed")) == [
            (
                "Đơn hàng mới: 40 kg Cà phê nhân Robusta",
                "Rang Xay Hai đặt 40 kg Cà phê nhân Robusta, giá 104.000 đồng/kg, "
                "tiền hàng 4.160.000 đồng.",
            ),
            (
                "Đơn hàng mới: 60 kg Cà phê nhân Robusta",
                "Rang Xay Một đặt 60 kg Cà phê nhân Robusta, giá 104.000 đồng/kg, "
                "tiền hàng 6.240.000 đồng.",
            ),
        ]
    assert [len(titles(who, "order.confirmed")) for who in (farm, cooperative, one, two)] == [
        2,
        2,
        1,
        1,
    ]
    assert len(titles(farm, "round.cleared")) == len(titles(one, "round.cleared")) == 1

    # Why it came so.
    why = farm.read(f"/offers/{offer['id']}/explanation")
    assert (why["outcome"], why["reasons"][0]["detail"]) == (
        "matched",
        "You sold 100 kg at 104,000 VND per kg at your gate.",
    )
    why = two.read(f"/demands/{wanted[1]['id']}/explanation")
    assert why["outcome"] == "partly_matched"
    assert [(reason["code"], reason["figure"]) for reason in why["reasons"]] == [
        ("matched", "40.000"),
        ("quantity_exhausted", "40.000"),
    ]

    # What everybody may know, and what the cooperative does.
    (price,) = trade.visitor.read(f"/markets/{offer['market']}/prices")["items"]
    columns = ("seller_low", "seller_average", "seller_high")
    assert [price[name] for name in columns] == ["104000.00"] * 3
    columns = ("quantity", "buyer_low", "buyer_average", "buyer_high")
    assert [price[name] for name in columns] == ["100.000", "104200.00", "104231.20", "104278.00"]
    trade.count()
    summary = cooperative.read("/analytics/summary")
    columns = ("members", "consenting_members", "orders", "goods_amount")
    assert [summary[name] for name in columns] == [1, 1, 2, 10_400_000]
    (row,) = summary["commodities"]
    figures = {
        "period": None,
        "commodity": COMMODITY,
        "unit": "kg",
        "offered_quantity": "100.000",
        "ordered_quantity": "100.000",
        "cancelled_quantity": "0.000",
        "goods_amount": 10_400_000,
        "average_price": "104000.00",
        "fill_rate": 1.0,
        "clearing_share": 1.0,
    }
    assert {name: row[name] for name in figures} == figures
