"""What a round's snapshot says of smallholders, restrictions, minimum lots and the policy."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from app.catalogue.models import Market
from app.catalogue.queries import get_market
from app.clearing.book import demands_to_clear, freeze, offers_to_clear
from app.clearing.columns import read_snapshot
from app.clearing.engine.allowed import allowed
from app.core import clock
from app.core.db import db
from app.market.models import Demand, Offer
from app.places.models import RestrictionKind
from tests.factories import COMMODITY, Trade, a_demand, a_lot, an_offer, day

InApp = Callable[[Callable[[], Any]], Any]
B_LAO, WARD_2 = "24829", "24820"


def frozen() -> dict[str, Any]:
    now = clock.now()
    market = get_market(COMMODITY)
    offers = offers_to_clear(COMMODITY, now=now, lock=True)
    return freeze(market, offers, demands_to_clear(COMMODITY, now=now, lock=True), now=now)


def test_a_smallholder_says_so_and_has_no_more_than_two_hectares(
    trade: Trade, in_app: InApp
) -> None:
    plots = {"says no": (), "no plots": (), "small": ("1.2", "0.8"), "large": ("1.2", "0.9")}
    farms = {name: trade.farm(smallholder=name != "says no") for name in plots}
    for name, farm in farms.items():
        an_offer(farm)
        for area in plots[name]:
            body = {"site_id": farm.site_id, "area_ha": area, "commodity": COMMODITY}
            farm.made("/plots", {**body, "expected_yield": "1000"})
    rows = in_app(frozen)["offers"]
    names = {str(farm.organisation_id): name for name, farm in farms.items()}
    found = {names[row["seller_id"]]: row["smallholder"] for row in rows}
    assert found == {"says no": False, "no plots": True, "small": True, "large": False}


@pytest.mark.parametrize(
    ("kind", "inside_out", "outside_in"),
    [
        (RestrictionKind.CLOSED, False, False),
        (RestrictionKind.EXIT_ONLY, True, False),
        (RestrictionKind.ENTRY_ONLY, False, True),
    ],
)
@pytest.mark.parametrize("commodity", [None, COMMODITY, "ginger-dried"])
def test_a_restriction_bars_the_border_of_its_area(
    trade: Trade,
    in_app: InApp,
    kind: RestrictionKind,
    inside_out: bool,
    outside_in: bool,
    commodity: str | None,
) -> None:
    """One farm and one factory inside B'Lao, one of each outside."""
    farms = {"inside": B_LAO, "outside": WARD_2}
    here = {"name": "-", "latitude": 11.55, "longitude": 107.8}
    sold, bought = {}, {}
    for where, ward in farms.items():
        farm, buyer = trade.farm(), trade.processor()
        sites = [one.made("/sites", {**here, "ward_code": ward})["id"] for one in (farm, buyer)]
        sold[an_offer(farm, a_lot(farm, site_id=sites[0]))["id"]] = where
        bought[a_demand(buyer, site_id=sites[1])["id"]] = where
    area = {"ward_code": B_LAO, "commodity": commodity, "kind": str(kind)}
    trade.authority.made("/restrictions", {**area, "reason": "flood", "from": day(-1)})

    def allowed_pairs() -> dict[tuple[str, str], bool]:
        read = read_snapshot(frozen())
        table = allowed(read.book)
        return {
            (sold[offer], bought[demand]): bool(table[row, column])
            for row, offer in enumerate(read.offer_ids)
            for column, demand in enumerate(read.demand_ids)
        }

    other = commodity == "ginger-dried"
    assert in_app(allowed_pairs) == {
        ("inside", "inside"): True,
        ("outside", "outside"): True,
        ("inside", "outside"): inside_out or other,
        ("outside", "inside"): outside_in or other,
    }


def test_minimum_lots_and_the_policy_are_in_the_snapshot(trade: Trade, in_app: InApp) -> None:
    an_offer(trade.farm())
    a_demand(trade.processor())

    def changed() -> dict[str, Any]:
        db.session.execute(update(Offer).values(min_quantity=Decimal("12.5")))
        db.session.execute(update(Demand).values(min_delivery=Decimal(10), max_suppliers=2))
        db.session.execute(update(Market).values(smallholder_bonus=Decimal(150)))
        return frozen()

    assert "policy" not in in_app(frozen)
    snapshot = in_app(changed)
    (offer,), (demand,) = snapshot["offers"], snapshot["demands"]
    assert snapshot["policy"] == {"smallholder_bonus": "150.00"}
    assert offer["min_quantity"] == "12.500"
    assert (demand["min_delivery"], demand["max_suppliers"]) == ("10.000", 2)


def test_a_minimum_lot_in_another_commodity_is_rounded_up(trade: Trade, in_app: InApp) -> None:
    """0.15 kg dried is 1 kg fresh: what is sold comes to no less than the lot in its own unit."""
    farm = trade.farm()
    qualities = {"whole_heads": "80.0", "stems": "1.0"}
    lot = a_lot(farm, commodity="chrysanthemum-fresh", qualities=qualities, harvested_at=day(0))
    an_offer(farm, lot, quantity="10.000")

    def least(minimum: str) -> tuple[str, str]:
        db.session.execute(update(Offer).values(min_quantity=Decimal(minimum)))
        now = clock.now()
        offers = offers_to_clear("chrysanthemum", now=now, lock=True)
        row = freeze(get_market("chrysanthemum"), offers, [], now=now)["offers"][0]
        return row["quantity"], row["min_quantity"]

    quantity, minimum = in_app(lambda: least("3.333"))
    assert Decimal(minimum) >= Decimal(quantity) / 10 * Decimal("3.333")
    assert len(set(in_app(lambda: least("10.000")))) == 1, "the whole offer is a lot of itself"


def test_sellers_of_earlier_rounds_count_among_the_most(trade: Trade, in_app: InApp) -> None:
    """Three farms, two suppliers at most: the third never joins, however many rounds there are."""
    buyer = trade.processor()
    a_demand(buyer, quantity="100", max_suppliers=2)
    told = []
    for _ in range(3):
        farm = trade.farm()
        an_offer(farm, a_lot(farm, quantity="10"), quantity="10")
        told.append([one["max_suppliers"] for one in in_app(frozen)["demands"]])
        trade.clear(COMMODITY)
    assert told == [[2], [1], []]
    sellers = {order["seller_id"] for order in buyer.read("/orders")["items"]}
    assert len(sellers) == 2
    order = buyer.read("/orders")["items"][0]
    assert buyer.post(f"/orders/{order['id']}/cancellation").status_code == 200
    assert [one["max_suppliers"] for one in in_app(frozen)["demands"]] == [1]
