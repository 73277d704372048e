"""Season contracts over HTTP: drafting, signing, calling off, and what comes of them."""

from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from sqlalchemy import select

from app.contracts.breach_operations import close_contracts, find_breaches, record_breaches
from app.contracts.hold_operations import hold_promised
from app.contracts.models import ContractWeek
from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from tests.factories import (
    COMMODITY,
    Account,
    Trade,
    a_demand,
    a_lot,
    an_offer,
    an_order,
    day,
    forecast_body,
    monday,
    offer_body,
)
from tests.factories_contracts import a_contract, a_draft, called, contract_body, signed
from tests.factories_deliveries import a_delivery

MARKET = {"form": "floor_plus_market", "floor": "80000", "market": "clearing"}


def kept(trade: Trade, days: int = 0) -> None:
    """What the clock does with contracts, so many days from now."""
    now = clock.now() + timedelta(days=days)
    for keep in (hold_promised, find_breaches, record_breaches, close_contracts):
        with trade.app.app_context(), transaction():
            keep(now=now)


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_both_sides_sign_the_version_that_stands(buyer: Account, farm: Account) -> None:
    draft = a_draft(buyer, farm)
    path = f"/contracts/{draft['id']}"
    buyer.made(f"{path}/signature", {"version": 1})
    read = farm.get(path)
    terms = contract_body(farm, "", site_id=farm.site_id, quantity="250", weeks=[])
    del terms["side"], terms["counterparty_id"]
    revised = farm.request("PATCH", path, terms, If_Match=read.headers["ETag"])
    assert revised.status_code == 200, revised.get_data(as_text=True)
    assert refused(buyer.post(f"{path}/signature", {"version": 1})) == (409, "version_changed")
    for one, expected in ((buyer, "draft"), (farm, "active")):
        assert one.made(f"{path}/signature", {"version": 2})["status"] == expected
    versions = buyer.read(path)["versions"]
    assert [one["terms"]["quantity"] for one in versions] == ["300.000", "250.000"]
    assert len({one["digest"] for one in versions}) == 2
    assert refused(farm.post(f"{path}/signature", {"version": 2})) == (409, "contract_not_draft")


def test_a_side_signs_once_and_says_where_it_hands_over(buyer: Account, farm: Account) -> None:
    path = f"/contracts/{a_draft(buyer, farm)['id']}/signature"
    nowhere = farm.post(path, {"version": 1})
    assert [one["pointer"] for one in (nowhere.json or {})["errors"]] == ["/site_id"]
    buyer.made(path, {"version": 1})
    assert refused(buyer.post(path, {"version": 1})) == (409, "already_signed")


def test_a_contract_of_next_season_waits_for_its_first_day(buyer: Account, farm: Account) -> None:
    later = {"starts_on": monday(2), "weeks": []}
    contract = a_contract(buyer, farm, **later)
    assert contract["status"] == "signed"
    answer = buyer.post(
        f"/contracts/{contract['id']}/call-offs", {"week": monday(2), "quantity": "1"}
    )
    assert refused(answer) == (409, "contract_not_active")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"commodity": "gold"}, "/commodity"),
        ({"ends_on": day(-30)[:10], "weeks": []}, "/ends_on"),
        ({"starts_on": monday(-4), "ends_on": day(-1)[:10], "weeks": []}, "/ends_on"),
        ({"quantity": None}, "/quantity"),
        ({"quantity_form": "all_output"}, "/quantity"),
        ({"weeks": [{"week": monday(0), "promised": "1"}] * 2}, "/weeks/1/week"),
        ({"weeks": [{"week": monday(9), "promised": "1"}]}, "/weeks/0/week"),
        (
            {
                "starts_on": monday(-2),
                "weeks": [{"week": monday(week), "promised": "1"} for week in (0, -1)],
            },
            "/weeks/1/week",
        ),
        ({"weeks": [{"week": monday(1), "promised": "301"}]}, "/weeks"),
        ({"price": {"form": "floor_plus_market", "floor": "1"}}, "/price/market"),
        ({"price": MARKET | {"market": "no-such"}}, "/price/market"),
        ({"price": {"form": "fixed", "price": "1", "market": "clearing"}}, "/price/market"),
        ({"price": {"form": "cost_plus", "cost": "1"}}, "/price/margin"),
        ({"price": {"form": "fixed", "price": "0"}}, "/price/price"),
        ({"price": {"form": "cost_plus", "cost": "0", "margin": "1"}}, "/price/cost"),
        ({"price": {"form": "fixed", "price": "1", "floor": "1"}}, "/price/floor"),
    ],
)
def test_terms_that_make_no_contract_are_refused(
    buyer: Account, farm: Account, changes: dict[str, Any], pointer: str
) -> None:
    answer = buyer.post("/contracts", contract_body(buyer, str(farm.organisation_id), **changes))
    assert answer.status_code == 422
    assert [one["pointer"] for one in (answer.json or {})["errors"]] == [pointer]
    assert buyer.read("/contracts")["items"] == []


def test_a_call_off_takes_what_is_free_and_forecasts_the_rest(
    buyer: Account, farm: Account
) -> None:
    lot = a_lot(farm, quantity="60")
    an_offer(farm, lot, quantity="20")
    contract = a_contract(buyer, farm, carrier="seller", payment_days=15)
    call = called(buyer, contract, 0, "100")
    order = buyer.read(f"/orders/{call['order_id']}")
    assert (order["origin"], order["status"], order["payment_days"]) == (
        "contract",
        "confirmed",
        15,
    )
    assert [line["quantity"] for line in order["lines"]] == ["40.000", "60.000"]
    assert order["goods_amount"] == 9_000_000
    assert order["haulage_amount"] > 0
    second = farm.read(f"/lots/{order['lines'][1]['lot_id']}")
    assert (second["status"], second["quantity"], second["left"]) == ("forecast", "60.000", "0.000")


def test_no_more_is_called_than_the_total_and_its_tolerance(buyer: Account, farm: Account) -> None:
    contract = a_contract(buyer, farm, tolerance_percent="10")
    called(buyer, contract, 0, "300")
    path = f"/contracts/{contract['id']}/call-offs"
    answer = buyer.post(path, {"week": monday(1), "quantity": "30.001"})
    assert refused(answer) == (409, "beyond_contract")
    assert "Only 30 kg" in (answer.json or {})["detail"]
    called(buyer, contract, 1, "30")
    outside = buyer.post(path, {"week": monday(5), "quantity": "1"})
    assert [one["pointer"] for one in (outside.json or {})["errors"]] == ["/week"]


@pytest.mark.parametrize(
    ("terms", "within", "beyond"),
    [
        ({"tolerance_percent": "10"}, "110", "0.001"),
        ({"quantity_form": "minimum"}, "100", "999999"),
        ({"quantity_form": "minimum", "weeks": []}, "300", "1"),
        ({"quantity_form": "fixed", "weeks": [], "tolerance_percent": "10"}, "300", None),
        ({"quantity_form": "all_output", "quantity": None}, "100", "999999"),
        ({"quantity_form": "all_output", "quantity": None, "weeks": []}, "70", "999999"),
    ],
)
def test_what_goes_beyond_the_promise_of_a_week_binds_once_the_seller_confirms(
    buyer: Account, farm: Account, terms: dict[str, Any], within: str, beyond: str | None
) -> None:
    a_lot(farm, quantity="70")
    contract = a_contract(buyer, farm, **terms)
    first = called(buyer, contract, 0, within)
    assert buyer.read(f"/orders/{first['order_id']}")["status"] == "confirmed"
    if beyond is None:
        return
    more = called(buyer, contract, 0, beyond)
    order = buyer.read(f"/orders/{more['order_id']}")
    assert (order["status"], order["confirm_by"] is None) == ("placed", False)
    confirmed = farm.made(f"/orders/{order['id']}/confirmation")
    assert confirmed["status"] == "confirmed"


def test_of_all_output_the_forecast_of_a_week_is_promised(buyer: Account, farm: Account) -> None:
    contract = a_contract(buyer, farm, quantity_form="all_output", quantity=None, weeks=[])
    farm.made("/forecasts", forecast_body(quantity="80"))
    statuses = []
    for quantity in ("80", "0.001"):
        call = called(buyer, contract, 1, quantity)
        statuses.append(buyer.read(f"/orders/{call['order_id']}")["status"])
    assert statuses == ["confirmed", "placed"]


def test_what_a_cancelled_call_off_gives_back_may_be_called_again(
    buyer: Account, farm: Account
) -> None:
    contract = a_contract(buyer, farm)
    call = called(buyer, contract, 0, "300")
    buyer.made(f"/orders/{call['order_id']}/cancellation")
    called(buyer, contract, 0, "300")
    assert buyer.read(f"/contracts/{contract['id']}/balance")["called"] == "300.000"


def test_the_price_follows_the_market_but_not_below_its_floor(
    trade: Trade, buyer: Account, farm: Account
) -> None:
    contract = a_contract(buyer, farm, price=MARKET)
    path = f"/contracts/{contract['id']}/call-offs"
    body = {"week": monday(0), "quantity": "1"}
    assert refused(buyer.post(path, body)) == (409, "no_market_price")
    other = trade.farm()
    an_offer(other, ask_price="100000.00")
    a_demand(trade.processor())
    trade.clear(COMMODITY)
    (clearing,) = buyer.read(f"/markets/{COMMODITY}/prices")["items"]
    call = called(buyer, contract, 0, "1")
    assert call["unit_price"] == call["market_price"] == clearing["seller_average"]
    high = a_contract(buyer, farm, price=MARKET | {"floor": "990000"})
    assert called(buyer, high, 0, "1")["unit_price"] == "990000.00"


def test_a_reference_series_counts_as_it_was_known(
    trade: Trade, buyer: Account, farm: Account
) -> None:
    operator = trade.operator
    series = {"code": "gia-so", "name": {"vi": "Giá", "en": "Price"}, "commodity": COMMODITY}
    operator.made("/reference-series", series | {"source": "Sở Công Thương"})
    price = {"form": "market_minus_differential", "differential": "2000", "market": "gia-so"}
    contract = a_contract(buyer, farm, price=price)
    prices = [{"day": day(-2)[:10], "price": "91000"}, {"day": day(-9)[:10], "price": "70000"}]
    operator.made("/reference-series/gia-so/prices", {"prices": prices})
    assert called(buyer, contract, 0, "1")["unit_price"] == "89000.00"
    revised = [{"day": day(-2)[:10], "price": "92000"}]
    operator.made("/reference-series/gia-so/prices", {"prices": revised})
    assert called(buyer, contract, 0, "1")["unit_price"] == "90000.00"
    assert len(buyer.read("/reference-series/gia-so/prices")["items"]) == 3
    future = operator.post(
        "/reference-series/gia-so/prices", {"prices": [{"day": day(3)[:10], "price": "1"}]}
    )
    assert future.status_code == 422


def test_the_balance_says_what_was_promised_called_delivered_and_accepted(
    buyer: Account, farm: Account
) -> None:
    contract = a_contract(buyer, farm)
    farm.made("/forecasts", forecast_body(quantity="80", trend="down"))
    a_lot(farm, quantity="90")
    call = called(buyer, contract, 0, "90")
    a_delivery(farm, buyer, buyer.read(f"/orders/{call['order_id']}"))
    called(buyer, contract, 1, "50")
    for reader in (buyer, farm):
        balance = reader.read(f"/contracts/{contract['id']}/balance")
        first, second, third = balance["weeks"]
        assert first == {
            "week": monday(0),
            "promised": "100.000",
            "forecast": None,
            "called": "90.000",
            "delivered": "90.000",
            "accepted": "90.000",
            "remaining": "10.000",
        }
        assert (second["forecast"], second["called"], second["remaining"]) == (
            "80.000",
            "50.000",
            "100.000",
        )
        assert third["called"] == "0.000"
        assert (balance["called"], balance["remaining"]) == ("140.000", "210.000")


def test_what_a_contract_promises_is_kept_from_the_market_until_its_week_is_over(
    trade: Trade, buyer: Account, farm: Account
) -> None:
    contract = a_contract(buyer, farm)
    lot = a_lot(farm, quantity="150")
    kept(trade)
    assert farm.read(f"/lots/{lot['id']}")["left"] == "0.000"
    refusal = farm.post("/offers", offer_body(lot["id"], quantity="1"))
    assert refused(refusal) == (409, "not_enough_left")
    called(buyer, contract, 0, "30")
    assert farm.read(f"/lots/{lot['id']}")["left"] == "70.000"
    kept(trade)
    assert farm.read(f"/lots/{lot['id']}")["left"] == "0.000"
    kept(trade, days=40)
    assert farm.read(f"/lots/{lot['id']}")["left"] == "120.000"


def test_weeks_that_were_not_called_are_breaches_of_the_buyer(
    trade: Trade, buyer: Account, farm: Account
) -> None:
    remedies = {"non_purchase": "8", "side_selling": "0"}
    contract = a_contract(buyer, farm, remedies=remedies, tolerance_percent="5")
    call = called(buyer, contract, 0, "96")
    a_lot(farm, quantity="96")
    path = f"/contracts/{contract['id']}"
    farm.made(f"{path}/shortfalls", {"week": monday(2), "expected": "40", "reason": "Sương muối"})
    kept(trade, days=40)
    kept(trade, days=40)
    breaches = buyer.read(f"{path}/breaches")["items"]
    assert {(one["week"], one["kind"], one["quantity"]) for one in breaches} == {
        (monday(0), "non_delivery", "96.000"),
        (monday(1), "non_purchase", "100.000"),
        (monday(2), "non_purchase", "40.000"),
    }
    by_week = {one["week"]: one for one in breaches}
    assert by_week[monday(1)]["remedy_amount"] == 720_000
    excused = by_week[monday(0)]["id"]
    assert refused(farm.post(f"/breaches/{excused}/excuse")) == (403, "forbidden")
    buyer.made(f"/breaches/{excused}/excuse")
    answered = buyer.made(f"/breaches/{by_week[monday(1)]['id']}/answer", {"text": "Sửa máy"})
    assert answered["answer"] == "Sửa máy"
    kept(trade, days=50)
    told = {one["week"]: one["status"] for one in buyer.read(f"{path}/breaches")["items"]}
    assert told == {monday(0): "excused", monday(1): "recorded", monday(2): "recorded"}
    kept(trade, days=120)
    assert buyer.read(path)["status"] == "breached"
    assert call["order_id"]


def test_a_week_that_was_over_before_the_signature_is_not_judged(
    trade: Trade, buyer: Account, farm: Account
) -> None:
    draft = a_draft(buyer, farm, ends_on=monday(2))
    with trade.app.app_context(), transaction():
        weeks = select(ContractWeek).where(ContractWeek.contract_id == draft["id"])
        first = db.session.scalars(weeks.order_by(ContractWeek.week)).first()
        assert first is not None
        first.week -= timedelta(days=7)
    signed(buyer, farm, draft)
    kept(trade, days=40)
    breaches = buyer.read(f"/contracts/{draft['id']}/breaches")["items"]
    assert {one["week"] for one in breaches} == {monday(1), monday(2)}


def test_a_season_kept_by_both_is_fulfilled(trade: Trade, buyer: Account, farm: Account) -> None:
    weeks = [{"week": monday(0), "promised": "100"}]
    contract = a_contract(buyer, farm, quantity="100", weeks=weeks)
    a_lot(farm, quantity="100")
    call = called(buyer, contract, 0, "100")
    a_delivery(farm, buyer, buyer.read(f"/orders/{call['order_id']}"))
    kept(trade, days=120)
    kept(trade, days=121)
    assert buyer.read(f"/contracts/{contract['id']}/breaches")["items"] == []
    assert buyer.read(f"/contracts/{contract['id']}")["status"] == "fulfilled"


def test_what_is_sold_elsewhere_in_a_short_week_is_side_selling(
    trade: Trade, buyer: Account, farm: Account
) -> None:
    remedies = {"non_purchase": "0", "side_selling": "10"}
    weeks = [{"week": monday(0), "promised": "100"}]
    contract = a_contract(buyer, farm, remedies=remedies, weeks=weeks)
    an_order(trade.processor(), an_offer(farm, quantity="30"), "30")
    called(buyer, contract, 0, "100")
    kept(trade, days=40)
    breaches = buyer.read(f"/contracts/{contract['id']}/breaches")["items"]
    told = {one["kind"]: (one["quantity"], one["remedy_amount"]) for one in breaches}
    assert told == {
        "non_delivery": ("100.000", 900_000),
        "side_selling": ("30.000", 270_000),
    }


def test_a_signed_contract_ends_early_only_if_both_want_it(buyer: Account, farm: Account) -> None:
    contract = a_contract(buyer, farm)
    path = f"/contracts/{contract['id']}"
    for _ in range(2):
        proposed = farm.made(f"{path}/termination", {"reason": "Bán đất"})
        assert (proposed["status"], proposed["given_up_by"]) == ("active", "seller")
    called(buyer, contract, 0, "1")
    assert buyer.made(f"{path}/termination", {"reason": "Ừ"})["status"] == "terminated"
    answer = buyer.post(f"{path}/call-offs", {"week": monday(0), "quantity": "1"})
    assert refused(answer) == (409, "contract_not_active")
    again = buyer.post(f"{path}/termination", {"reason": "x"})
    assert refused(again) == (409, "contract_not_active")
    draft = a_draft(buyer, farm)
    gone = buyer.made(f"/contracts/{draft['id']}/termination", {"reason": "Nhầm"})
    assert gone["status"] == "terminated"


def test_what_the_buyer_cannot_take_flows_into_the_market(
    trade: Trade, buyer: Account, farm: Account
) -> None:
    contract = a_contract(buyer, farm)
    lot = a_lot(farm, quantity="100")
    kept(trade)
    assert farm.read(f"/lots/{lot['id']}")["left"] == "0.000"
    path = f"/contracts/{contract['id']}/releases"
    buyer.made(path, {"week": monday(0)})
    buyer.made(path, {"week": monday(1)})
    assert refused(buyer.post(path, {"week": monday(1)})) == (409, "week_released")
    kept(trade)
    assert farm.read(f"/lots/{lot['id']}")["left"] == "100.000"
    an_offer(farm, lot, quantity="100")


def test_a_week_the_buyer_has_released_is_not_called(buyer: Account, farm: Account) -> None:
    contract = a_contract(buyer, farm)
    path = f"/contracts/{contract['id']}"
    buyer.made(f"{path}/releases", {"week": monday(0)})
    late = buyer.post(f"{path}/call-offs", {"week": monday(0), "quantity": "1"})
    assert refused(late) == (409, "week_released")
    called(buyer, contract, 1, "1")


def test_of_all_output_everything_is_held_in_every_week(
    trade: Trade, buyer: Account, farm: Account
) -> None:
    a_contract(buyer, farm, quantity_form="all_output", quantity=None, weeks=[])
    lot = a_lot(farm, quantity="5000")
    kept(trade)
    refusal = farm.post("/offers", offer_body(lot["id"], quantity="1"))
    assert refused(refusal) == (409, "not_enough_left")


def test_all_output_is_promised_to_one_buyer_at_a_time(
    trade: Trade, buyer: Account, farm: Account
) -> None:
    everything = {"quantity_form": "all_output", "quantity": None, "weeks": []}
    a_contract(buyer, farm, **everything)
    other = trade.processor()
    draft = a_draft(other, farm, **everything)
    path = f"/contracts/{draft['id']}/signature"
    other.made(path, {"version": 1})
    second = farm.post(path, {"version": 1, "site_id": farm.site_id})
    assert refused(second) == (409, "output_promised_already")
    assert farm.read(f"/contracts/{draft['id']}")["status"] == "draft"
    later = everything | {"starts_on": monday(9), "ends_on": monday(12)}
    assert a_contract(other, farm, **later)["status"] == "signed"


def test_what_no_week_promises_is_due_in_the_last_one(
    trade: Trade, buyer: Account, farm: Account
) -> None:
    weeks = [{"week": monday(0), "promised": "100"}]
    contract = a_contract(buyer, farm, weeks=weeks, remedies={"non_purchase": "8"})
    call = called(buyer, contract, 0, "100")
    a_delivery(farm, buyer, buyer.read(f"/orders/{call['order_id']}"))
    kept(trade, days=120)
    (breach,) = buyer.read(f"/contracts/{contract['id']}/breaches")["items"]
    assert (breach["week"], breach["kind"]) == (monday(8), "non_purchase")
    assert (breach["quantity"], breach["remedy_amount"]) == ("200.000", 1_440_000)


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ({"form": "fixed", "price": "90000"}, "90000.00"),
        ({"form": "cost_plus", "cost": "60000.5", "margin": "20000"}, "80000.50"),
        ({"form": "floor_plus_market", "floor": "80000", "market": "gia"}, "91000.00"),
        ({"form": "floor_plus_market", "floor": "95000", "market": "gia"}, "95000.00"),
        (
            {"form": "market_minus_differential", "differential": "1500", "market": "gia"},
            "89500.00",
        ),
        (
            {"form": "market_minus_differential", "differential": "91001", "market": "gia"},
            "0.00",
        ),
    ],
)
def test_each_formula_gives_its_price(
    trade: Trade, buyer: Account, farm: Account, price: dict[str, str], expected: str
) -> None:
    operator = trade.operator
    series = {"code": "gia", "name": {"vi": "Giá", "en": "Price"}, "commodity": COMMODITY}
    operator.made("/reference-series", series | {"source": "Sở Công Thương"})
    prices = {"prices": [{"day": day(-1)[:10], "price": "91000"}]}
    operator.made("/reference-series/gia/prices", prices)
    contract = a_contract(buyer, farm, price=price)
    assert called(buyer, contract, 0, "1")["unit_price"] == expected


def test_a_series_of_another_commodity_prices_nothing(
    trade: Trade, buyer: Account, farm: Account
) -> None:
    series = {"code": "che", "name": {"vi": "Chè", "en": "Tea"}, "commodity": "ginger-dried"}
    trade.operator.made("/reference-series", series | {"source": "Sở Công Thương"})
    body = contract_body(buyer, str(farm.organisation_id), price=MARKET | {"market": "che"})
    answer = buyer.post("/contracts", body)
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == ["/price/market"]


def test_strangers_find_no_contract(trade: Trade, buyer: Account, farm: Account) -> None:
    contract = signed(buyer, farm, a_draft(buyer, farm))
    for stranger in (trade.processor(), trade.farm(), trade.cooperative()):
        assert stranger.get(f"/contracts/{contract['id']}").status_code == 404
        assert stranger.get(f"/contracts/{contract['id']}/balance").status_code == 404


def test_the_contract_is_a_paper_in_vietnamese_the_same_each_time(
    buyer: Account, farm: Account
) -> None:
    terms = {
        "price": MARKET,
        "quantity_form": "minimum",
        "tolerance_percent": "5",
        "remedies": {"non_purchase": "8", "side_selling": "10"},
        "advances": [{"due_on": monday(1), "amount": 2_000_000, "kind": "inputs"}],
        "force_majeure": "Bão, lũ, dịch bệnh",
    }
    contract = a_draft(buyer, farm, **terms)
    path = f"/contracts/{contract['id']}"
    unsigned = pages(buyer.get(path, Accept="application/pdf"))
    assert "Bên bán (Bên A): chưa ký" in unsigned
    signed(buyer, farm, contract)
    paper = farm.get(path, Accept="application/pdf")
    assert paper.content_type == "application/pdf"
    text = pages(paper)
    for words in (
        "Hợp đồng liên kết sản xuất và tiêu thụ",
        "Cà phê nhân Robusta: ít nhất 300 kg",
        "Theo giá phiên khớp gần nhất trên sàn, không thấp hơn giá sàn 80.000 đồng/kg",
        "Bên B ứng 2.000.000 đồng bằng vật tư",
        "Bên B không mua: 8 %",
        "Bão, lũ, dịch bệnh",
        "Bên bán (Bên A): Người",
        farm.read(path)["versions"][0]["digest"],
    ):
        assert words in text, words
    assert text.count("100") >= 3
    assert buyer.get(path, Accept="application/pdf").data == paper.data
    assert buyer.get(path).json == farm.read(path)


def pages(answer: Any) -> str:
    """The words of a PDF, line breaks as spaces."""
    document = pypdfium2.PdfDocument(answer.data)
    words = " ".join(one.get_textpage().get_text_bounded() for one in document)
    return " ".join(words.split())
