"""Schedules of quality: who may set them, what they may say, and what an order freezes."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.factories import COMMODITY, Account, Trade, a_lot, an_offer, an_order, order_body
from tests.factories_deliveries import (
    accepted,
    accepted_part,
    despatched,
    inspected,
    scheduled,
    tea_order,
    weighed,
)

DAMP = {
    "kind": "steps",
    "attribute": "moisture",
    "steps": [{"from": "12.5", "percent": "-1.5"}, {"from": "13.5", "percent": "-4.0"}],
}
TOO_DAMP = {"kind": "reject_limit", "attribute": "moisture", "above": "15"}


def code_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def set_schedule(by: Account, *rules: dict[str, Any], **body: Any) -> dict[str, Any]:
    return by.made("/quality-schedules", {"commodity": COMMODITY, "rules": list(rules)} | body)


def frozen(order: dict[str, Any]) -> str | None:
    schedule = order["lines"][0]["quality_schedule"]
    return schedule and schedule["id"]


def test_the_most_specific_schedule_is_frozen_onto_the_order(trade: Trade) -> None:
    farm, other, buyer, operator = trade.farm(), trade.farm(), trade.processor(), trade.operator

    def order(of: Account = farm) -> dict[str, Any]:
        return an_order(buyer, an_offer(of, a_lot(of)), "1")

    assert frozen(order()) is None
    platform = set_schedule(operator, DAMP)
    assert (platform["buyer_id"], platform["version"]) == (None, 1)
    first = order()
    assert frozen(first) == platform["id"]
    own = set_schedule(buyer, TOO_DAMP)
    assert frozen(order()) == own["id"]
    contract = set_schedule(buyer, DAMP, TOO_DAMP, seller_id=farm.organisation_id)
    assert (frozen(order()), frozen(order(other))) == (contract["id"], own["id"])
    newer = set_schedule(buyer, seller_id=farm.organisation_id)
    assert (newer["version"], newer["rules"]) == (2, [])
    assert frozen(order()) == newer["id"]
    kept = buyer.read(f"/orders/{first['id']}")
    assert kept["lines"][0]["quality_schedule"]["rules"] == [DAMP]
    assert frozen(an_order(trade.processor(), an_offer(farm), "1")) == platform["id"]

    seen = {reader: trade_seen(reader_) for reader, reader_ in (("farm", farm), ("other", other))}
    assert seen["farm"] == {platform["id"], contract["id"], newer["id"]}
    assert seen["other"] == {platform["id"]}
    assert other.get(f"/quality-schedules/{own['id']}").status_code == 404


def trade_seen(reader: Account) -> set[str]:
    """Ids of the schedules of green coffee that somebody may read."""
    found = reader.read(f"/quality-schedules?limit=100&commodity={COMMODITY}")["items"]
    return {one["id"] for one in found}


def test_surface_water_is_deducted_wherever_it_is_measured(trade: Trade) -> None:
    found = trade.farm().read("/quality-schedules?limit=100")["items"]
    own = {one["commodity"]: one["rules"] for one in found if one["buyer_id"] is None}
    assert {"tea-shoots-fresh", "oolong-shoots-fresh"} <= set(own)
    assert own["tea-shoots-fresh"] == [{"kind": "water_deduction", "attribute": "surface_water"}]


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"kind": "steps", "attribute": "moisture"}, "/rules/0/steps"),
        (DAMP | {"attribute": "no-such"}, "/rules/0/attribute"),
        (DAMP | {"attribute": "residue_test_passed"}, "/rules/0/attribute"),
        (DAMP | {"cap": "5"}, "/rules/0/cap"),
        (DAMP | {"steps": DAMP["steps"][::-1]}, "/rules/0/steps/1/from"),
        (DAMP | {"steps": [DAMP["steps"][0]] * 2}, "/rules/0/steps/1/from"),
        (DAMP | {"steps": [{"from": "30.1", "percent": "1"}]}, "/rules/0/steps/0/from"),
        (DAMP | {"steps": [{"from": "3", "percent": "-100.1"}]}, "/rules/0/steps/0/percent"),
        (TOO_DAMP | {"above": None}, "/rules/0/above"),
        (TOO_DAMP | {"above": "31"}, "/rules/0/above"),
        ({"kind": "per_point", "attribute": "moisture", "above": "1"}, "/rules/0/reference"),
        (
            {"kind": "per_point", "attribute": "moisture", "reference": "12"},
            "/rules/0/above",
        ),
        (
            {"kind": "per_point", "attribute": "moisture", "reference": "12", "above": "101"},
            "/rules/0/above",
        ),
        (
            {"kind": "table", "by": "grade", "rows": [{"grade": "no-such", "percent": "1"}]},
            "/rules/0/rows/0/grade",
        ),
        (
            {"kind": "table", "by": "grade", "rows": [{"grade": "1", "percent": "1"}] * 2},
            "/rules/0/rows/1/grade",
        ),
        ({"kind": "table", "rows": [{"grade": "1", "percent": "1"}]}, "/rules/0/attribute"),
        (
            {"kind": "table", "attribute": "moisture", "rows": [{"grade": "1", "percent": "1"}]},
            "/rules/0/rows/0/value",
        ),
        ({"kind": "formula", "attribute": "moisture"}, "/rules/0/kind"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_name(
    trade: Trade, rule: dict[str, Any], pointer: str
) -> None:
    buyer = trade.processor()
    answer = buyer.post("/quality-schedules", {"commodity": COMMODITY, "rules": [rule]})
    assert code_of(answer) == (422, "invalid")
    assert pointer in [one["pointer"] for one in answer.json["errors"]]
    assert [one for one in buyer.read("/quality-schedules")["items"] if one["buyer_id"]] == []


def test_what_is_beyond_the_limit_is_not_accepted_as_it_is(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    coarse = {"kind": "reject_limit", "attribute": "coarse_leaf", "above": "45"}
    graded = {"kind": "table", "by": "grade", "rows": [{"grade": "3", "percent": "-20"}]}
    grades = [one["code"] for one in buyer.read("/commodities/tea-shoots-fresh")["grades"]]
    graded["rows"][0]["grade"] = grades[-1]
    set_schedule(buyer, coarse, graded, commodity="tea-shoots-fresh")
    order = tea_order(farm, buyer)
    delivery = scheduled(farm, order)
    despatched(farm, delivery)
    weighed(buyer, delivery, "1000", surface_water="3")
    part = accepted_part("1000", qualities={"coarse_leaf": "45.1"}, grade=grades[-1])
    answer = buyer.post(f"/deliveries/{delivery['id']}/inspection", {"parts": [part]})
    assert code_of(answer) == (422, "beyond_reject_limit")
    assert "Part 1 (Coarse leaf: 45.1)" in answer.json["detail"]
    assert [one["pointer"] for one in answer.json["errors"]] == ["/parts/0/result"]
    inspected(buyer, delivery, part | {"result": "downgraded", "reason": "Lá già"})
    done = accepted(buyer, delivery)
    assert (done["status"], done["payable_amount"]) == ("accepted", 6_400_000)


def test_the_carrier_is_changed_before_anything_has_left(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    offer = an_offer(farm)
    billed = buyer.made("/orders", order_body(buyer, offer) | {"carrier": "seller"})
    order = buyer.made("/orders", order_body(buyer, offer))
    path = f"/orders/{order['id']}/carriage"
    assert order["haulage_amount"] == order["lines"][0]["haulage_amount"] == 0
    answer = buyer.post(path, {"carrier": "cooperative"})
    assert [one["pointer"] for one in answer.json["errors"]] == ["/carrier_organisation_id"]
    answer = buyer.post(
        path, {"carrier": "seller", "carrier_organisation_id": farm.organisation_id}
    )
    assert [one["pointer"] for one in answer.json["errors"]] == ["/carrier_organisation_id"]
    cooperative = str(trade.cooperative().organisation_id)
    third = {"carrier": "third_party", "carrier_organisation_id": cooperative}
    changed = buyer.made(path, third)
    assert changed["carrier_id"] == cooperative
    assert changed["haulage_amount"] == billed["haulage_amount"] > 0
    back = buyer.made(path, {"carrier": "buyer"})
    assert (back["haulage_amount"], back["carrier_id"]) == (0, None)
    assert farm.post(path, third).status_code == 403
    delivery = scheduled(farm, order)
    despatched(farm, delivery)
    assert code_of(buyer.post(path, third)) == (409, "carriage_fixed")


def test_haulage_is_owed_for_what_was_accepted(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    order = buyer.made("/orders", order_body(buyer, an_offer(farm)) | {"carrier": "seller"})
    delivery = scheduled(farm, order)
    despatched(farm, delivery)
    weighed(buyer, delivery, "10")
    part = {"net": "5", "result": "rejected", "reason": "Mốc"}
    inspected(buyer, delivery, accepted_part("5"), part)
    done = accepted(buyer, delivery)
    half, odd = divmod(order["haulage_amount"], 2)
    assert done["haulage_amount"] == (half + half % 2 if odd else half)
