"""A thousand kilograms of fresh tea, from the order to the answered claim; figures made by hand.

=====================================  =========================================  ==============
what                                   how                                                   VND
=====================================  =========================================  ==============
ordered                                1,000 kg × 8,000                                8,000,000
haulage of the order                   1,000 kg × 300 (at the farm, 0 km)                300,000
despatched                             95 yến = 950 kg; 50 kg fall short
weighed                                980.5 gross − 40.5 tare = 940 kg net
rejected for coarse leaf               100 kg
accepted                               840 kg × 8,000                                  6,720,000
surface water 3 %                      840 kg × 8,000 × 3 ÷ 100                         −201,600
payable                                6,720,000 − 201,600                             6,518,400
haulage of what was accepted           300,000 × 840 ÷ 1,000                             252,000
claim of 5 %                           6,518,400 × 0.05                                  325,920
granted in part                        as the seller answers                             200,000
=====================================  =========================================  ==============
"""

from tests.factories import B_LAO, Trade, a_lot, an_offer, order_body
from tests.factories_deliveries import TEA

PRICE = 8_000
ORDERED, HAULAGE = 8_000_000, 300_000
BASE, WATER, PAYABLE, CARRIED = 6_720_000, -201_600, 6_518_400, 252_000
CLAIMED, GRANTED = 325_920, 200_000


def test_tea_is_weighed_and_paid_by_its_slip(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    gate = {"name": "Xưởng cạnh vườn", **B_LAO}
    buyer.site_id = buyer.made("/sites", gate)["id"]

    # Ten hundredweights are picked this morning, offered and ordered.
    picked = {"commodity": TEA, "quantity": "10", "unit": "tạ", "grade": None, "qualities": {}}
    now = {"harvested_at": None, "ready_at": "2099-01-01T00:00:00Z", "status": "forecast"}
    lot = a_lot(farm, **picked, **now)
    assert lot["quantity"] == "1000.000"
    price_per = {"quantity": "1", "unit": "tạ"}
    offer = an_offer(
        farm, lot, quantity="1000", ask_price="800000", price_per=price_per, payment_days=15
    )
    order = buyer.made("/orders", order_body(buyer, offer, "1000") | {"carrier": "seller"})
    assert (order["goods_amount"], order["haulage_amount"]) == (ORDERED, HAULAGE)
    assert order["payment_days"] == 15

    # The farm sends what it has and says what will not come.
    delivery = farm.made(f"/orders/{order['id']}/deliveries", {})
    path = f"/deliveries/{delivery['id']}"
    sent = {"quantity": "95", "unit": "yến", "shortfall": "5", "shortfall_reason": "Sâu ăn lá"}
    farm.made(f"{path}/despatch", sent)

    # The factory weighs, inspects and takes over.
    tickets = [{"gross": "500.5", "tare": "20.5"}, {"gross": "480", "tare": "20"}]
    buyer.made(f"{path}/weighing", {"tickets": tickets, "surface_water": "3"})
    good = {"net": "840", "result": "accepted", "qualities": {"coarse_leaf": "9.5"}}
    coarse = {"net": "100", "result": "rejected", "qualities": {"coarse_leaf": "52"}}
    parts = [good, coarse | {"reason": "Quá nhiều lá già"}]
    buyer.made(f"{path}/inspection", {"parts": parts})
    done = buyer.made(f"{path}/acceptance")
    assert done["status"] == "partly_accepted"
    assert done["quantities"] == {
        "offered": "1000.000",
        "ordered": "1000.000",
        "despatched": "950.000",
        "weighed": "940.000",
        "accepted": "840.000",
    }

    # Both read the same slip.
    slip = farm.read(f"{path}/slip")
    assert buyer.read(f"{path}/slip") == slip
    assert slip["base"] == {"quantity": "840.000", "unit_price": "8000.00", "amount": BASE}
    (water,) = slip["adjustments"]
    assert (water["attribute"], water["measured"], water["amount"]) == (
        "surface_water",
        "3.000",
        WATER,
    )
    assert (slip["payable_amount"], slip["haulage_amount"]) == (PAYABLE, CARRIED)
    assert BASE + WATER == PAYABLE == 840 * PRICE * 97 // 100

    # What fell short ended the order; nothing is waited for.
    received = buyer.read(f"/orders/{order['id']}")
    assert (received["status"], received["lines"][0]["short"]) == ("received", "50.000")
    assert farm.read(f"/offers/{offer['id']}")["status"] == "closed"

    # A claim of five per cent, answered.
    claim = buyer.made(f"{path}/claims", {"share": "0.05", "reason": "Lẫn cành"})
    assert (claim["status"], claim["provisional_credit"]) == ("open", CLAIMED)
    answer = {"result": "partly_granted", "credit": GRANTED, "text": "Nhận một phần"}
    answered = farm.made(f"/claims/{claim['id']}/answer", answer)
    assert (answered["status"], answered["credit"]) == ("partly_granted", GRANTED)

    # Everybody was told, in figures that agree.
    trade.relay()
    told = {
        item["topic"]: f"{item['title']}. {item['body']}"
        for item in farm.read("/notifications?limit=100")["items"]
    }
    for topic, figure in {
        "delivery.despatched": "950 kg. Thiếu hẳn 50 kg: Sâu ăn lá.",
        "delivery.weighed": "940 kg tịnh",
        "delivery.inspected": "840 kg đạt",
        "delivery.accepted": "6.518.400 đồng",
        "claim.filed": "325.920 đồng",
        "claim.answered": "được chấp nhận một phần: giảm 200.000 đồng. “Nhận một phần”",
        "order.received": "đã nhận xong",
    }.items():
        assert figure in told[topic], told[topic]
