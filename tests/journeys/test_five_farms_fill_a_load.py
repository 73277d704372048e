"""Five farms pool 4.8 of 5 tonnes, a sixth brings the rest, and each is paid to the last dong.

The buyer pays 100,000 dong per kg, 3 % less for grade 2. Of the 5,000 kg it takes 3,500 kg as grade
1, 1,470 kg as grade 2 and rejects 30 kg: 350,000,000 + 142,590,000 = 492,590,000 dong. Each farm's
part of the 4,970 kg accepted is valued by the same schedule with its own grade, and the proceeds go
by these values, 492,527,000 together:

farm  brought  grade   accepted        value         share   commission 1 %
 1      1,000    1       994.0    99,400,000    99,412,714      994,127
 2      1,200    2     1,192.8   115,701,600   115,716,400    1,157,164
 3        800    1       795.2    79,520,000    79,530,171      795,302
 4      1,500    1     1,491.0   149,100,000   149,119,072    1,491,191
 5        300    2       298.2    28,925,400    28,929,100      289,291
 6        200    1       198.8    19,880,000    19,882,543      198,825
"""

from collections.abc import Callable
from typing import Any

from tests.factories import (
    COMMODITY,
    Account,
    Trade,
    a_lot,
    a_membership,
    day,
    offer_body,
    order_body,
    today,
)
from tests.factories_deliveries import (
    accepted,
    accepted_part,
    despatched,
    inspected,
    scheduled,
    weighed,
)
from tests.factories_pools import a_pool, brought
from tests.journeys.test_tea_is_paid_to_the_last_dong import in_one, the_time_to_claim_is_over
from tests.settling import balances, sums_of_entries, unbalanced
from tests.web.reader import Reader
from workers.settlement import finalise

BROUGHT = [("1000", "1"), ("1200", "2"), ("800", "1"), ("1500", "1"), ("300", "2"), ("200", "1")]
SHARES = [99_412_714, 115_716_400, 79_530_171, 149_119_072, 28_929_100, 19_882_543]
ACCEPTED = ["994.000", "1192.800", "795.200", "1491.000", "298.200", "198.800"]
COMMISSIONS = [994_127, 1_157_164, 795_302, 1_491_191, 289_291, 198_825]
PROCEEDS = 492_590_000


def sold(cooperative: Account, factory: Account, lot_id: str) -> dict[str, Any]:
    """The whole load offered, ordered, weighed and accepted; the delivery."""
    offer = cooperative.made("/offers", offer_body(lot_id, quantity="5000"))
    order = factory.made("/orders", order_body(factory, offer, "5000"))
    delivery = scheduled(cooperative, order)
    despatched(cooperative, delivery)
    weighed(factory, delivery, "5000")
    inspected(
        factory,
        delivery,
        accepted_part("3500", grade="1"),
        accepted_part("1470", grade="2"),
        {"net": "30", "result": "rejected", "reason": "Mốc"},
    )
    return accepted(factory, delivery)


def test_five_farms_fill_a_load(trade: Trade, in_app: Callable[..., Any]) -> None:
    cooperative, factory = trade.cooperative(name="HTX B'Lao"), trade.processor()
    farms = [trade.farm(name=f"Hộ {number}") for number in range(1, 7)]
    for farm in farms:
        a_membership(farm, cooperative, "consent")
    cooperative.made("/commissions", {"percent": "1", "valid_from": today()})
    by_grade = {"kind": "table", "by": "grade", "rows": [{"grade": "2", "percent": "-3"}]}
    factory.made("/quality-schedules", {"commodity": COMMODITY, "rules": [by_grade]})

    pool = a_pool(cooperative, full_load="5", unit="tấn")
    lots = [
        a_lot(farm, quantity="2000", grade=grade)
        for farm, (_, grade) in zip(farms, BROUGHT, strict=True)
    ]
    *five, last = zip(farms, lots, BROUGHT, strict=True)
    for farm, lot, (quantity, _) in five:
        brought(farm, pool, lot, quantity)
    close = cooperative.read(f"/pools/{pool['id']}")
    assert (close["pooled"], close["missing"]) == ("4800.000", "200.000")
    assert cooperative.post(f"/pools/{pool['id']}/closing").status_code == 409
    farm, lot, (quantity, _) = last
    brought(farm, pool, lot, quantity)
    closed = cooperative.made(f"/pools/{pool['id']}/closing")
    assert (closed["pooled"], closed["missing"]) == ("5000.000", "0.000")

    advance = {"receiver_id": farms[4].organisation_id, "kind": "inputs", "amount": 20_000_000}
    given = cooperative.made("/advances", advance)
    farms[4].made(f"/advances/{given['id']}/confirmation")
    delivery = sold(cooperative, factory, closed["lot_id"])
    slip = factory.read(f"/deliveries/{delivery['id']}/slip")
    assert slip["payable_amount"] == PROCEEDS
    trade.relay()
    in_app(in_one(the_time_to_claim_is_over))
    in_app(finalise.run)
    trade.relay()
    assert cooperative.read(f"/pools/{pool['id']}")["status"] == "shipped"

    owed = [one.read("/settlements?purpose=pool_share")["items"][0] for one in farms]
    assert [one["amount"] for one in owed] == SHARES
    assert sum(SHARES) == PROCEEDS
    assert [one["commission"] for one in owed] == COMMISSIONS
    assert owed[4]["netted"] == 20_000_000
    assert owed[4]["outstanding"] == 28_929_100 - 289_291 - 20_000_000
    titles = [one["title"] for one in farms[0].read("/notifications")["items"]]
    assert "Bạn được chia 98.418.587 đồng từ đợt gom Cà phê nhân Robusta" in titles

    trade.count()
    figures = cooperative.read("/analytics/members")["items"]
    told = {one["member_id"]: (one["pooled_quantity"], one["pooled_amount"]) for one in figures}
    assert [told[farm.organisation_id] for farm in farms] == list(
        zip(ACCEPTED, SHARES, strict=True)
    )
    (own,) = farms[0].read("/analytics/members")["items"]
    assert (own["accepted_quantity"], own["amount"]) == ("0.000", 0)
    assert (own["pooled_amount"], own["pooled_price"]) == (SHARES[0], "100012.79")
    conduct = cooperative.read(f"/analytics/fairness?from={day(-9)[:10]}&until={day(90)[:10]}")[
        "conduct"
    ]
    goods = factory.read("/settlements?purpose=goods")["items"][0]
    assert (conduct["due_amount"], conduct["paid_amount"]) == (goods["outstanding"], 0)
    month = Reader(trade.app, farms[0].token).get("/analytics").get_data(as_text=True)
    assert "được chia 99.412.714\u00a0đ từ các đợt gom" in month
    membership = cooperative.read("/memberships")["items"][0]
    member = Reader(trade.app, cooperative.token).get(f"/members/{membership['id']}")
    assert "198,8\u00a0kg" in member.get_data(as_text=True)
    assert "19.882.543\u00a0đ" in member.get_data(as_text=True)

    for number, farm in enumerate(farms):
        left = SHARES[number] - COMMISSIONS[number] - (20_000_000 if number == 4 else 0)
        body = {"payee_id": farm.organisation_id}
        payout = cooperative.made("/payouts", body | {"amount": left})
        assert farm.made(f"/payouts/{payout['id']}/confirmation")["status"] == "confirmed"
        assert cooperative.post("/payouts", body | {"amount": 1}).status_code == 409
    assert in_app(unbalanced) == []
    assert in_app(balances) == in_app(sums_of_entries)
