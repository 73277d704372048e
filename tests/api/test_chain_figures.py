"""Every figure of a small chain, worked out by hand, and who may see which.

Farm *one* shares with the cooperative and sells tea at 8,000 đ to the processor, who buys it
directly; *two* shares as well. One load of 100 kg is despatched, 98 kg are weighed, 90 accepted
and 8 rejected for mould: 720,000 đ. One load of 50 kg of *two*'s arrives and is accepted whole:
400,000 đ. *One* also sold 20 kg in an order that was cancelled.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import insert, text, update

from app.analytics import answers, schemas
from app.analytics.models import GroupCell
from app.analytics.supply import kept_range
from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from app.deliveries.models import Delivery
from app.settlement.operations import finalise_settlements
from tests.conftest import taken_back
from tests.factories import (
    COMMODITY,
    NOW,
    Account,
    Trade,
    a_demand,
    a_lot,
    a_membership,
    a_plot,
    an_offer,
    an_order,
    day,
    forecast_body,
    monday,
)
from tests.factories_contracts import a_contract, called
from tests.factories_deliveries import (
    A_WEEK_OF_TEA,
    TEA,
    a_claim,
    accepted,
    accepted_part,
    despatched,
    inspected,
    scheduled,
    tea_order,
    weighed,
)
from tests.factories_disruption import closed
from tests.web.reader import Reader

Chain = dict[str, Account]


@pytest.fixture(scope="module")
def _chain(app: Flask) -> Iterator[Chain]:
    """Made once; every test takes back what it adds."""
    with taken_back(app):
        trade = Trade(app)
        cooperative, buyer = trade.cooperative(), trade.processor()
        one, two = trade.farm(), trade.farm()
        for farm in (one, two):
            a_membership(farm, cooperative, "consent")
        bring(one, buyer, tea_order(one, buyer, "100"), "98", "90")
        bring(two, buyer, tea_order(two, buyer, "50"), "50", "50")
        buyer.made(f"/orders/{tea_order(one, buyer, '20')['id']}/cancellation")
        trade.relay()
        trade.count()
        yield {"cooperative": cooperative, "buyer": buyer, "one": one, "two": two}


@pytest.fixture
def chain(_chain: Chain, rolled_back: Flask) -> Chain:
    return _chain


def bring(
    farm: Account, buyer: Account, order: dict[str, Any], net: str, good: str
) -> dict[str, Any]:
    """All of an order in one load, of which ``net`` is weighed and ``good`` accepted."""
    delivery = despatched(farm, scheduled(farm, order))
    weighed(buyer, delivery, net)
    parts = [accepted_part(good)]
    if good != net:
        bad = f"{int(net) - int(good)}"
        parts.append({"net": bad, "result": "rejected", "reason": " Mốc"})
    inspected(buyer, delivery, *parts)
    return accepted(buyer, delivery)


def tea_row(account: Account, name: str, query: str = "", rows: str = "items") -> dict[str, Any]:
    found = account.read(f"/analytics/{name}?commodity={TEA}{query}")[rows]
    assert len(found) == 1, found
    return dict(found[0])


def told(row: dict[str, Any], **expected: Any) -> None:
    assert {name: row[name] for name in expected} == expected


def test_the_summary_tells_what_was_ordered_delivered_accepted_and_refused(chain: Chain) -> None:
    row = tea_row(chain["cooperative"], "summary", rows="commodities")
    told(
        row,
        offered_quantity="170.000",
        offered_amount=1_360_000,
        ordered_quantity="150.000",
        cancelled_quantity="20.000",
        goods_amount=1_200_000,
        fill_rate=0.8824,
        despatched_quantity="150.000",
        delivered_quantity="148.000",
        accepted_quantity="140.000",
        accepted_amount=1_120_000,
        refused_quantity="8.000",
        refused_amount=64_000,
        accepted_rate=0.9333,
        direct_share=1.0,
        contract_share=0.0,
        clearing_share=0.0,
        payment_days=None,
    )
    assert row["listing_hours"] < 1


def test_a_correction_and_a_payment_flow_through(chain: Chain, trade: Trade) -> None:
    buyer, one = chain["buyer"], chain["one"]
    load = buyer.read("/deliveries")["items"]
    first = next(row for row in load if row["scheduled_quantity"] == "100.000")
    body = {"parts": [accepted_part("98")], "correction_reason": "Xem lại"}
    answer = buyer.post(f"/deliveries/{first['id']}/inspection", body)
    assert answer.status_code in (200, 201), answer.get_data(as_text=True)
    trade.relay()
    with trade.app.app_context(), transaction():
        assert finalise_settlements(now=clock.now() + timedelta(days=30), most=9) > 0
    buyer.made("/payouts", {"payee_id": one.organisation_id, "amount": 784_000})
    trade.relay()
    trade.count()
    row = tea_row(one, "summary", rows="commodities")
    told(row, accepted_quantity="98.000", accepted_amount=784_000, refused_quantity="0.000")
    due = f"&from={day(-1)[:10]}&until={day(30)[:10]}"
    told(tea_row(one, "members", due), due_amount=0)
    row = tea_row(one, "summary", due, rows="commodities")
    assert row["payment_days"] == 0.0
    conduct = one.read(f"/analytics/fairness?until={day(30)[:10]}")["conduct"]
    told(conduct, due_amount=784_000, paid_amount=784_000, late_amount=0, late_share=0.0)


def test_prices_are_weighted_and_stand_beside_references_as_they_were_known(
    chain: Chain, trade: Trade
) -> None:
    series = {"code": "tra", "name": {"vi": "Trà", "en": "Tea"}, "commodity": TEA,
              "source": "Cục Thống kê"}  # fmt: skip
    operator = trade.operator
    operator.made("/reference-series", series)
    word = {"prices": [{"day": day(-1)[:10], "price": "7500.00"}]}
    operator.made("/reference-series/tra/prices", word)
    told(
        tea_row(chain["cooperative"], "prices"),
        quantity="140.000",
        amount=1_120_000,
        price="8000.00",
        delivered_price=None,
        clearing_price=None,
        last_season_price=None,
    )
    (reference,) = chain["cooperative"].read("/analytics/prices")["references"]
    told(reference, series="tra", origin="Cục Thống kê", price="7500.00", days=1, commodity=TEA)
    assert NOW <= datetime.fromisoformat(reference["known_at"]) <= clock.now()
    before = chain["cooperative"].read(f"/analytics/prices?as_of={day(-1)}")
    assert before["references"] == []


def test_haulage_leaves_the_farm_its_share_of_the_delivered_price(
    trade: Trade, rolled_back: Flask
) -> None:
    """10 kg at 8,000 and 20,000 haulage: 10,000 delivered, of which the farm has four fifths."""
    farm, buyer = trade.farm(), trade.processor()
    bring(farm, buyer, tea_order(farm, buyer, "10"), "10", "10")
    with rolled_back.app_context(), transaction():
        db.session.execute(text("UPDATE purchase_order SET carrier = 'seller'"))
        db.session.execute(text("UPDATE delivery_slip SET haulage_amount = 20000"))
        db.session.execute(update(Delivery).values(status="accepted"))
    trade.count()
    told(
        tea_row(farm, "prices"),
        price="8000.00",
        delivered_price="10000.00",
        spread="2000.00",
        farm_share=0.8,
    )


def test_last_season_stands_beside_this_one(trade: Trade, rolled_back: Flask) -> None:
    farm, buyer = trade.farm(), trade.processor()
    bring(farm, buyer, tea_order(farm, buyer, "10"), "10", "10")
    with rolled_back.app_context(), transaction():
        db.session.execute(text("UPDATE delivery SET ended_at = ended_at - interval '1 year'"))
    bring(farm, buyer, tea_order(farm, buyer, "10"), "10", "5")
    trade.count()
    row = tea_row(farm, "prices")
    told(row, quantity="5.000", price="8000.00", last_season_price="8000.00")


def test_flows_link_commodity_cooperative_way_and_processor(chain: Chain) -> None:
    links = chain["cooperative"].read("/analytics/flows")["items"]
    kinds = {(one["source_kind"], one["target_kind"]) for one in links}
    assert kinds == {
        ("commodity", "cooperative"),
        ("cooperative", "way"),
        ("way", "processor"),
    }
    for one in links:
        told(one, quantity="140.000", amount=1_120_000)
    (last,) = [one for one in links if one["target_kind"] == "processor"]
    assert last["target"] == chain["buyer"].organisation_id


@pytest.mark.parametrize(
    ("language", "named"),
    [("vi", ["Búp chè tươi", "mua trực tiếp"]), ("en", ["Fresh tea shoots", "direct orders"])],
)
def test_the_ends_of_flows_are_named_in_the_readers_language(
    chain: Chain, language: str, named: list[str]
) -> None:
    def names(account: Account, query: str = "") -> list[tuple[str, str]]:
        found = account.get(f"/analytics/flows{query}", Accept="text/csv", Accept_Language=language)
        rows = csv.DictReader(io.StringIO(found.get_data().decode("utf-8-sig")))
        return [(one["source"], one["source_name"]) for one in rows]

    cooperative, own = chain["cooperative"], chain["cooperative"].read("/me")["organisations"][0]
    assert names(cooperative) == [
        (TEA, named[0]),
        (own["id"], own["name"]),
        ("direct", named[1]),
    ]
    with cooperative.app.app_context(), transaction():
        db.session.execute(insert(GroupCell).values(**A_WEEK_OF_TEA))
    links = cooperative.read("/analytics/flows?view=market&from=2026-03-01&until=2026-03-31")
    assert [(one["target"], one["target_name"]) for one in links["items"]] == [
        ("68", "Tỉnh Lâm Đồng")
    ]


def test_flows_go_through_the_processing_line_of_the_demand(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    line = next(
        one
        for one in trade.visitor.read("/processing-lines?limit=100")["items"]
        if COMMODITY in one["accepts"]
    )
    an_offer(farm)
    a_demand(buyer, processing_line=line["code"])
    trade.clear(farm.read("/offers")["items"][0]["market"])
    order = buyer.read("/orders")["items"][0]
    bring(farm, buyer, order, "30", "30")
    trade.count()
    links = farm.read("/analytics/flows")["items"]
    through = [one for one in links if one["target_kind"] == "processing_line"]
    assert [one["target"] for one in through] == [line["code"]]
    assert [one["target_name"] for one in through] == [line["name"]["en"]]
    row = farm.read("/analytics/summary")["commodities"][0]
    assert (row["clearing_share"], row["direct_share"]) == (1.0, 0.0)
    price = farm.read("/analytics/prices")["items"][0]
    assert price["clearing_price"] == price["price"]


def test_sellers_prices_are_told_to_their_cooperative_from_the_lowest_on(
    chain: Chain, trade: Trade
) -> None:
    stranger, buyer = trade.farm(), chain["buyer"]
    bring(stranger, buyer, tea_order(stranger, buyer, "10"), "10", "10")
    dearer = tea_order(chain["two"], buyer, "50", ask_price="9000")
    bring(chain["two"], buyer, dearer, "50", "50")
    trade.relay()
    trade.count()
    file = Reader(trade.app, chain["cooperative"].token).get("/analytics/sellers.csv")
    rows = list(
        csv.DictReader(io.StringIO(file.get_data(as_text=True).lstrip("\ufeff")), delimiter=";")
    )
    assert [(one["Lượng được nhận"], one["Giá bình quân (đ)"]) for one in rows] == [
        ("90,000", "8000,00"),
        ("100,000", "8500,00"),
    ]


def test_members_are_told_apart_and_compared(chain: Chain) -> None:
    rows = chain["cooperative"].read("/analytics/members")["items"]
    by_id = {row["member_id"]: row for row in rows}
    told(
        by_id[chain["one"].organisation_id],
        deliveries=1,
        delivered_quantity="98.000",
        accepted_quantity="90.000",
        refused_quantity="8.000",
        refused_share=0.0816,
        amount=720_000,
        price="8000.00",
        peer_price="8000.00",
        rejections=[{"reason": "mốc", "quantity": "8.000"}],
        grades=[{"grade": "", "result": "accepted", "quantity": "90.000"}],
        due_amount=720_000,
        overdue_amount=0,
    )
    told(by_id[chain["two"].organisation_id], accepted_quantity="50.000", rejections=[])
    (own,) = chain["one"].read("/analytics/members")["items"]
    assert own["member_id"] == chain["one"].organisation_id
    assert own["peer_price"] is None


def test_supply_sets_forecasts_against_contracts_and_open_demand(trade: Trade) -> None:
    """Next week: 100 forecast, 100 promised to one, 5 × 30 wanted by five: 150 too little."""
    farm, buyer = trade.farm(), trade.processor()
    plot = a_plot(farm, growing_area_code="VN-LD-0007")
    an_offer(farm, a_lot(farm, plot_id=plot["id"], quantity="400"))
    farm.made("/forecasts", forecast_body())
    a_contract(buyer, farm)
    for _ in range(4):
        a_demand(trade.processor(), deliver_from=f"{monday(1)}T03:00:00Z", deliver_until=day(30))
    trade.count()
    hidden = {one["week"]: one for one in farm.read("/analytics/supply")["items"]}[monday(1)]
    told(hidden, open_demand_quantity=None, gap_quantity="0.000")
    a_demand(trade.processor(), deliver_from=f"{monday(1)}T03:00:00Z", deliver_until=day(30))
    supply = farm.read("/analytics/supply")
    weeks = {one["week"]: one for one in supply["items"]}
    told(
        weeks[monday(1)],
        forecast_quantity="100.000",
        promised_quantity="100.000",
        open_demand_quantity="150.000",
        gap_quantity="-150.000",
    )
    told(weeks[monday(2)], forecast_quantity="0.000", promised_quantity="100.000")
    (area,) = supply["growing_areas"]
    told(area, code="VN-LD-0007", capacity="1000.000", listed="50.000", left="950.000")


def test_a_forecast_comes_with_the_range_in_which_past_ones_came_true(
    trade: Trade, rolled_back: Flask
) -> None:
    """Five weeks brought 50, 80, 90, 100 and 120 of 100; four are too few to tell."""
    farm, cooperative = trade.farm(), trade.cooperative()
    a_membership(farm, cooperative, "consent")
    for back, brought in enumerate((50, 80, 90, 100, 120), start=1):
        a_lot(farm, quantity=str(brought), harvested_at=f"{monday(-back)}T03:00:00Z")
    farm.made("/forecasts", forecast_body(quantity="200"))
    past = """INSERT INTO forecast (id, organisation_id, capacity, commodity_code, week, quantity,
        low, high, trend, made_at) SELECT uuidv7(), organisation_id, capacity, commodity_code,
        CAST(:week AS date), 100, 100, 100, 'even', CAST(:week AS date) - 1 FROM forecast LIMIT 1"""
    ranges = []
    for back in (1, 2, 3, 4, 5):
        with rolled_back.app_context(), transaction():
            db.session.execute(text(past), {"week": monday(-back)})
        trade.count()
        supply = cooperative.read("/analytics/supply")["items"]
        (row,) = [one for one in supply if one["week"] == monday(1)]
        ranges.append((row["likely_low_quantity"], row["likely_high_quantity"], row["past_weeks"]))
        assert all(one["past_weeks"] is None for one in supply if one["week"] < monday(0))
    assert ranges == [(None, None, None)] * 4 + [("100.000", "240.000", 5)]
    told(row, past_weeks_within=5)


def test_a_tenth_of_the_weeks_is_left_out_of_a_range_at_each_end() -> None:
    shares = [Decimal(share) for share in (9, 1, 2, 3, 4, 5, 6, 7, 8, 0)]
    held = kept_range(shares)
    assert (held.low, held.high, held.weeks, held.within) == (1, 8, 10, 8)
    assert kept_range(shares[:9]).within == 9


def test_contracts_and_forecasts_of_the_past_are_told_of_each_member(
    trade: Trade, rolled_back: Flask
) -> None:
    """100 were forecast for a week in which 80 were harvested: right by four fifths."""
    farm, buyer = trade.farm(), trade.processor()
    a_lot(farm, quantity="80", harvested_at=f"{monday(-2)}T03:00:00Z")
    farm.made("/forecasts", forecast_body())
    contract = a_contract(buyer, farm)
    lot = a_lot(farm, quantity="100")
    assert lot["id"]
    called(buyer, contract, 0, "40")
    with rolled_back.app_context(), transaction():
        db.session.execute(
            text("UPDATE forecast SET week = :week, made_at = made_at - interval '30 days'"),
            {"week": monday(-2)},
        )
        db.session.execute(
            text("INSERT INTO figure_touched (organisation_id, day, commodity_code)"
                 " SELECT organisation_id, week, commodity_code FROM forecast")
        )  # fmt: skip
    trade.count()
    until = date.fromisoformat(monday(2)) + timedelta(days=6)
    rows = farm.read(f"/analytics/members?until={until}&from={monday(-4)}")["items"]
    (row,) = [one for one in rows if one["commodity"] == COMMODITY]
    told(
        row,
        forecast_accuracy=0.8,
        contract_promised="300.000",
        contract_called="40.000",
        contract_accepted="0.000",
    )


def test_losses_are_told_by_stage_and_cause(chain: Chain, trade: Trade) -> None:
    """2 kg shrank on the road, 8 were rejected; tea picked ten days ago ran out, 30 kg of it."""
    lot = a_lot(chain["one"], commodity=TEA, quantity="30", grade=None, qualities={},
                harvested_at=day(-10))  # fmt: skip
    assert lot["quantity"] == "30.000"
    trade.count()
    rows = chain["cooperative"].read("/analytics/loss")["items"]
    assert [(one["stage"], one["cause"], one["detail"], one["quantity"], one["amount"])
            for one in rows] == [
        ("haulage", "shrunk", "", "2.000", 16_000),
        ("inspection", "rejected", "mốc", "8.000", 64_000),
        ("store", "run_out", "", "30.000", 0),
    ]  # fmt: skip


def test_claims_are_told_by_the_side_they_ended_for(chain: Chain, trade: Trade) -> None:
    buyer = chain["buyer"]
    for delivery in buyer.read("/deliveries")["items"]:
        if delivery["scheduled_quantity"] == "100.000":
            claim = a_claim(chain["one"], buyer, delivery)
            chain["one"].made(f"/claims/{claim['id']}/answer", {"result": "granted"})
        elif delivery["status"] == "accepted":
            a_claim(chain["two"], buyer, delivery)
    trade.count()
    told(
        chain["cooperative"].read("/analytics/fairness")["conduct"],
        claims=2,
        claims_for_buyers=1,
        claims_for_sellers=0,
        claims_under_way=1,
        claim_credit=72_000,
    )


def test_disruption_tells_what_was_touched(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    an_order(buyer, an_offer(farm), "10")
    closed(trade, trade.authority)
    trade.count()
    told(
        farm.read("/analytics/disruption")["items"][0],
        touched=1,
        touched_quantity="10.000",
        rematched_quantity="0.000",
        restored_quantity="0.000",
        lost_quantity="0.000",
        kept_share=0.0,
    )


@pytest.mark.parametrize("sellers, told_of", [(6, True), (4, False)])
def test_disruption_is_told_to_an_office_in_groups(
    trade: Trade, sellers: int, told_of: bool
) -> None:
    """10 kg of each farm in a whole month; of fewer than five farms nothing is told."""
    buyer = trade.processor()
    for _ in range(sellers):
        an_order(buyer, an_offer(trade.farm()), "10")
    closed(trade, trade.authority)
    with trade.app.app_context(), transaction():
        db.session.execute(text("UPDATE disrupted_commitment SET found_at = '2026-02-20'"))
    trade.count()
    rows = trade.authority.read("/analytics/disruption?from=2026-01-30&until=2026-02-28")["items"]
    assert [(one["touched"], one["touched_quantity"]) for one in rows] == (
        [(sellers, f"{10 * sellers}.000")] if told_of else []
    )


def test_losses_of_groups_are_told_to_an_office(trade: Trade) -> None:
    """101 kg left in a week, 100 arrived, 10 were refused; neither why nor whose is told."""
    with trade.app.app_context(), transaction():
        db.session.execute(insert(GroupCell).values(**A_WEEK_OF_TEA))
    rows = trade.authority.read("/analytics/loss?from=2026-03-02&until=2026-03-08")["items"]
    assert [(one["stage"], one["cause"], one["quantity"], one["amount"]) for one in rows] == [
        ("haulage", "shrunk", "1.000", None),
        ("inspection", "rejected", "10.000", None),
    ]
    assert trade.authority.read("/analytics/loss?from=2026-03-03&until=2026-03-09")["items"] == []


def test_who_may_see_what(chain: Chain, trade: Trade) -> None:
    cooperative, authority = chain["cooperative"], trade.authority
    assert authority.read("/analytics/summary")["view"] == "market"
    assert authority.get("/analytics/summary?view=own").status_code == 403
    assert authority.get("/analytics/members").status_code == 403
    assert chain["buyer"].get("/analytics/summary").status_code == 403
    market = cooperative.read("/analytics/summary?view=market")
    assert (market["view"], market["commodities"]) == ("market", [])
    stranger = trade.cooperative()
    assert stranger.read("/analytics/members")["items"] == []
    membership = cooperative.read("/memberships")["items"][0]
    farm = next(one for one in (chain["one"], chain["two"])
                if one.organisation_id == membership["organisation_id"])  # fmt: skip
    farm.request("DELETE", f"/memberships/{membership['id']}/consent")
    left = {row["member_id"] for row in cooperative.read("/analytics/members")["items"]}
    assert left == {chain["one"].organisation_id, chain["two"].organisation_id} - {
        farm.organisation_id
    }


@pytest.mark.parametrize(
    "query",
    [
        "commodity=gold",
        "view=everything",
        "granularity=day&view=market",
        "granularity=day&from=2024-01-01&until=2026-01-01",
        "granularity=hour",
        "from=2026-02-01&until=2026-01-01",
    ],
)
def test_a_bad_filter_is_refused(chain: Chain, query: str) -> None:
    for name in ("summary", "prices", "flows", "fairness", "members", "loss", "disruption"):
        answer = chain["cooperative"].get(f"/analytics/{name}?{query}")
        assert (answer.status_code, answer.json["code"]) == (422, "invalid"), name
    assert chain["cooperative"].get("/analytics/members?view=market").status_code == 422


def test_figures_come_as_csv_and_workbook_and_have_an_entity_tag(chain: Chain) -> None:
    reader = chain["cooperative"]
    found = reader.get("/analytics/summary", Accept="text/csv")
    (row,) = list(csv.DictReader(io.StringIO(found.get_data().decode("utf-8-sig"))))
    assert (row["commodity"], row["accepted_quantity"]) == (TEA, "140.000")
    again = reader.get("/analytics/summary", Accept="text/csv",
                       If_None_Match=found.headers["ETag"])  # fmt: skip
    assert (again.status_code, again.get_data()) == (304, b"")
    book = reader.get("/analytics/summary", Accept=answers.XLSX)
    sheet = load_workbook(io.BytesIO(book.get_data())).active
    assert sheet is not None
    names, values = list(sheet.iter_rows(values_only=True))
    assert dict(zip(names, values, strict=True))["accepted_quantity"] == 140
    assert reader.get("/analytics/summary").headers["ETag"] != found.headers["ETag"]


def test_no_name_becomes_a_formula() -> None:
    row = {"source": "=1+1", "source_name": "@x", "target_name": "-2", "quantity": 1, "amount": -5}
    data = answers.as_csv(schemas.FlowOut(), [row]).decode("utf-8-sig")
    (read,) = list(csv.DictReader(io.StringIO(data)))
    assert (read["source"], read["source_name"], read["target_name"]) == ("'=1+1", "'@x", "'-2")
    assert read["amount"] == "-5"


def test_open_data_has_an_address_for_each_month_that_is_over(trade: Trade) -> None:
    today = clock.local_date(clock.now())
    with trade.app.app_context(), transaction():
        db.session.execute(insert(GroupCell).values(**A_WEEK_OF_TEA))
    catalogue = trade.visitor.read("/open-data")
    (dataset,) = catalogue["dcat:dataset"]
    assert dataset["dct:license"]["@id"].endswith("/by/4.0/")
    addresses = [one["dcat:downloadURL"]["@id"] for one in dataset["dcat:distribution"]]
    assert [one.rsplit("/", 1)[1] for one in addresses] == ["2026-03.csv", "2026-03.json"]
    month = trade.visitor.read("/open-data/market-statistics/2026-03.json")
    told(
        month["items"][0],
        commodity=TEA,
        province="68",
        accepted_quantity="90.000",
        average_price="10000.00",
        delivered_price="11000.00",
    )
    assert month["weeks"] == [f"2026-03-{one:02}" for one in (2, 9, 16, 23, 30)]
    answer = trade.visitor.get("/open-data/market-statistics/2026-03.csv")
    assert answer.content_type.startswith("text/csv")
    for name in (f"{today:%Y-%m}.csv", "2026-13.csv", "2026-03.xml", "2099-01.json"):
        assert trade.visitor.get(f"/open-data/market-statistics/{name}").status_code == 404
