"""What is owed, paid and closed, over HTTP."""

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pypdfium2
import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from app.core.db import db
from app.core.transaction import transaction
from app.settlement import operations
from app.settlement.models import LedgerTransaction
from app.settlement.statement_models import IdentityReading
from app.settlement.statements import issue_monthly_statements, issue_statement
from tests.api.paging import pages
from tests.factories import NOW, Account, Trade, a_membership, an_offer, an_order, today
from tests.settling import claim_ended, claimed, delivered, slip, told

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
LATER = NOW + timedelta(days=60)
Run = Callable[[Callable[[], Any]], Any]


def within(trade: Trade, call: Callable[[], Any]) -> Any:
    """What a worker would do, in a transaction of its own."""
    with trade.app.app_context(), transaction():
        return call()


@pytest.fixture
def parties(trade: Trade) -> tuple[Account, Account, str]:
    """A farm, its buyer and their order."""
    farm, buyer = trade.farm(name="Đậu Thị Hồng"), trade.processor(name="Công ty Chè Hưng")
    return farm, buyer, an_order(buyer, an_offer(farm))["id"]


def final(trade: Trade, order_id: str, payable: int, **more: Any) -> UUID:
    """An accepted delivery of which nothing can be claimed any more."""

    def accepted() -> UUID:
        delivery = delivered(order_id, payable=payable, **more)
        told("delivery.accepted", delivery)
        operations.finalise_settlements(now=LATER, most=9)
        return delivery

    return within(trade, accepted)


def test_a_payout_is_recorded_confirmed_and_bounced(
    trade: Trade, parties: tuple[Account, Account, str]
) -> None:
    farm, buyer, order_id = parties
    final(trade, order_id, 600_000)
    owed = farm.read("/settlements?status=final")["items"][0]
    assert (owed["outstanding"], owed["payer_name"]) == (600_000, "Công ty Chè Hưng")
    body = {"payee_id": farm.organisation_id, "settlement_ids": [owed["id"]], "amount": 250_000}
    payout = buyer.made("/payouts", body | {"reference": "UNC 7"})
    assert (payout["status"], payout["shares"][0]["settlement_id"]) == ("recorded", owed["id"])
    assert farm.read(f"/settlements/{owed['id']}")["paid"] == 250_000
    refused = buyer.post("/payouts", {"payee_id": farm.organisation_id, "amount": 350_001})
    assert (refused.status_code, refused.json["code"]) == (409, "more_than_owed")
    assert "350,000" in refused.json["detail"]
    assert farm.made(f"/payouts/{payout['id']}/confirmation")["status"] == "confirmed"
    again = farm.post(f"/payouts/{payout['id']}/confirmation")
    assert (again.status_code, again.json["code"]) == (409, "payout_not_waiting")
    by_payee = farm.post(f"/payouts/{payout['id']}/bounce", {"reason": "không thấy tiền"})
    assert (by_payee.status_code, by_payee.json["code"]) == (409, "payout_over")
    bounced = buyer.made(f"/payouts/{payout['id']}/bounce", {"reason": "sai số tài khoản"})
    assert (bounced["status"], bounced["bounce_reason"]) == ("bounced", "sai số tài khoản")
    assert farm.read(f"/settlements/{owed['id']}")["outstanding"] == 600_000
    whole = buyer.made("/payouts", {"payee_id": farm.organisation_id, "amount": 600_000})
    assert whole["amount"] == 600_000
    nothing = buyer.post("/payouts", {"payee_id": farm.organisation_id, "amount": 1})
    assert (nothing.status_code, nothing.json["code"]) == (409, "nothing_owed")
    balances = {one["account"]: one["amount"] for one in farm.read("/ledger/balances")["items"]}
    assert balances == {"receivable": 0, "bank": 600_000}


def test_what_is_overdue_is_shown_and_told(
    trade: Trade, parties: tuple[Account, Account, str]
) -> None:
    farm, buyer, order_id = parties
    final(trade, order_id, 5_000, at=NOW - timedelta(days=20))
    final(trade, order_id, 7_000)
    late = buyer.read("/settlements?overdue=true")["items"]
    assert [(one["amount"], one["overdue"]) for one in late] == [(5_000, True)]
    in_time = buyer.read("/settlements?overdue=false")["items"]
    assert [(one["amount"], one["overdue"]) for one in in_time] == [(7_000, False)]
    assert within(trade, lambda: operations.tell_overdue(now=NOW)) == 1
    trade.relay()
    told_to = [
        one["title"]
        for reader in (farm, buyer)
        for one in reader.read("/notifications")["items"]
        if one["topic"] == "payment.overdue"
    ]
    assert told_to == [
        "Công ty Chè Hưng chậm trả 5.000 đồng",
        "Quá hạn trả Đậu Thị Hồng: 5.000 đồng",
    ]


def test_the_agent_with_a_mandate_sees_and_confirms_for_its_member(
    trade: Trade, parties: tuple[Account, Account, str]
) -> None:
    farm, buyer, order_id = parties
    cooperative, stranger = trade.cooperative(), trade.cooperative()
    a_membership(farm, cooperative, "mandate")
    a_membership(farm, stranger, "consent")
    final(trade, order_id, 5_000)
    payout = buyer.made("/payouts", {"payee_id": farm.organisation_id, "amount": 5_000})
    for path in ("/settlements", "/payouts", "/ledger/entries", "/ledger/balances"):
        assert len(cooperative.read(path)["items"]) > 0, path
        assert stranger.read(path)["items"] == [], path
    assert stranger.get(f"/payouts/{payout['id']}").status_code == 404
    assert stranger.post(f"/payouts/{payout['id']}/confirmation").status_code == 404
    assert cooperative.made(f"/payouts/{payout['id']}/confirmation")["status"] == "confirmed"


def test_what_a_cooperative_owes_its_member_is_listed_once_and_page_by_page(trade: Trade) -> None:
    cooperative, farm, stranger = trade.cooperative(), trade.farm(), trade.farm()
    a_membership(farm, cooperative, "mandate")
    own, foreign = an_offer(farm), an_offer(stranger)
    for order in (an_order(cooperative, own), an_order(cooperative, foreign)):
        for payable in (1_000, 2_000):
            final(trade, order["id"], payable)
    final(trade, an_order(trade.processor(), foreign)["id"], 3_000)
    listed = [one for page in pages(cooperative, "/settlements", 1) for one in page]
    ids = [one["id"] for one in listed]
    assert ids == sorted(set(ids), reverse=True)
    assert sorted(one["amount"] for one in listed) == [1_000, 1_000, 2_000, 2_000]


def test_who_gave_something_cannot_confirm_for_the_member_that_got_it(trade: Trade) -> None:
    farm, cooperative = trade.farm(), trade.cooperative()
    a_membership(farm, cooperative, "mandate")
    given = {"receiver_id": farm.organisation_id, "kind": "money", "amount": 50_000_000}
    confirmation = f"/advances/{cooperative.made('/advances', given)['id']}/confirmation"
    assert cooperative.post(confirmation).status_code == 404
    assert farm.made(confirmation)["status"] == "confirmed"


def test_an_advance_counts_once_the_receiver_has_confirmed_it(
    trade: Trade, parties: tuple[Account, Account, str]
) -> None:
    farm, buyer, order_id = parties
    given = {"receiver_id": farm.organisation_id, "kind": "inputs", "amount": 300, "note": "Phân"}
    advance = buyer.made("/advances", given)
    assert advance["status"] == "recorded"
    assert buyer.post(f"/advances/{advance['id']}/confirmation").status_code == 404
    final(trade, order_id, 1_000)
    assert farm.read("/settlements")["items"][0]["outstanding"] == 1_000
    farm.made(f"/advances/{advance['id']}/confirmation")
    again = farm.post(f"/advances/{advance['id']}/confirmation")
    assert (again.status_code, again.json["code"]) == (409, "advance_not_waiting")
    final(trade, order_id, 1_000)
    assert farm.read("/settlements")["items"][0]["netted"] == 300
    assert farm.read(f"/advances/{advance['id']}")["remaining"] == 0


def closed(trade: Trade, account: Account, since: date, until: date, at: Any) -> str:
    def issue() -> str:
        statement = issue_statement(
            organisation_id=UUID(str(account.organisation_id)),
            period_from=since,
            period_until=until,
            now=at,
        )
        return str(statement.id)

    return within(trade, issue)


def test_a_statement_reads_alike_for_ever_and_the_next_one_says_what_it_corrects(
    trade: Trade, parties: tuple[Account, Account, str]
) -> None:
    farm, _, order_id = parties
    today = NOW.date()
    first_days = today - timedelta(days=30), today - timedelta(days=20)
    delivery = within(
        trade, lambda: delivered(order_id, payable=100_000, at=NOW - timedelta(days=25))
    )
    within(trade, lambda: told("delivery.accepted", delivery))
    first = closed(trade, farm, *first_days, at=NOW)
    before = {
        kind: farm.get(f"/statements/{first}", Accept=kind, Accept_Language="vi").data
        for kind in ("application/json", XLSX, PDF)
    }
    shown = farm.read(f"/statements/{first}")
    assert (shown["opening_balance"], shown["closing_balance"]) == (0, 100_000)
    entries = {one["id"] for one in farm.read("/ledger/entries")["items"]}
    assert {line["entry_id"] for line in shown["lines"]} == entries

    def corrected() -> None:
        slip(delivery, payable=90_000, at=NOW - timedelta(days=10))
        told("delivery.corrected", delivery)

    within(trade, corrected)
    second = closed(trade, farm, first_days[1] + timedelta(days=1), today - timedelta(days=1), NOW)
    shown = farm.read(f"/statements/{second}")
    assert (shown["opening_balance"], shown["closing_balance"]) == (100_000, 90_000)
    period = {"period_from": str(first_days[0]), "period_until": str(first_days[1])}
    assert [(line["kind"], line["amount"], line["corrects"]) for line in shown["lines"]] == [
        ("slip_reversed", -100_000, period),
        ("delivery_corrected", 90_000, period),
    ]
    after = {
        kind: farm.get(f"/statements/{first}", Accept=kind, Accept_Language="vi").data
        for kind in before
    }
    assert after == before
    assert [one["number"] for one in farm.read("/statements")["items"]] == [2, 1]


def test_a_late_posting_is_in_the_next_statement_and_an_old_one_is_brought_forward(
    trade: Trade, parties: tuple[Account, Account, str]
) -> None:
    farm, _, order_id = parties
    today = NOW.date()

    def accepted(days: int, payable: int) -> None:
        at = NOW - timedelta(days=days)
        told("delivery.accepted", delivered(order_id, payable=payable, at=at))

    within(trade, lambda: accepted(80, 1_000))
    within(trade, lambda: accepted(25, 20_000))
    first = closed(trade, farm, today - timedelta(days=30), today - timedelta(days=20), NOW)
    shown = farm.read(f"/statements/{first}")
    assert (shown["opening_balance"], shown["closing_balance"]) == (1_000, 21_000)
    assert shown["opening"]["receivable"] == 1_000
    assert len(shown["lines"]) == 1
    within(trade, lambda: accepted(24, 300_000))
    second = closed(trade, farm, today - timedelta(days=19), today - timedelta(days=1), NOW)
    shown = farm.read(f"/statements/{second}")
    assert (shown["opening_balance"], shown["closing_balance"]) == (21_000, 321_000)
    assert shown["lines"][0]["corrects"]["period_from"] == str(today - timedelta(days=30))


def test_statements_follow_one_another(trade: Trade, parties: tuple[Account, Account, str]) -> None:
    farm, _, _ = parties
    january = {"period_from": "2026-01-01", "period_until": "2026-01-31"}
    assert farm.made("/statements", january)["number"] == 1
    for since in ("2026-01-01", "2026-01-31", "2026-02-02"):
        answer = farm.post("/statements", {"period_from": since, "period_until": "2026-02-28"})
        assert (answer.status_code, answer.json["code"]) == (409, "period_closed")
        assert "2026-02-01" in answer.json["detail"]
    wrong = {
        "turned": {"period_from": "2026-02-01", "period_until": "2026-01-31"},
        "to come": {"period_from": "2026-02-01", "period_until": "2099-01-31"},
    }
    for name, body in wrong.items():
        answer = farm.post("/statements", body)
        assert [one["pointer"] for one in answer.json["errors"]] == ["/period_until"], name
    february = {"period_from": "2026-02-01", "period_until": "2026-02-28"}
    assert farm.made("/statements", february)["number"] == 2
    viewer = trade.colleague(farm)
    assert viewer.post("/statements", january).status_code == 403


def test_last_month_is_closed_once_for_whoever_has_something_in_it(
    trade: Trade, parties: tuple[Account, Account, str]
) -> None:
    farm, buyer, order_id = parties
    last_month = NOW.replace(day=1) - timedelta(days=3)
    within(
        trade,
        lambda: told("delivery.accepted", delivered(order_id, payable=9_000, at=last_month)),
    )
    assert within(trade, lambda: issue_monthly_statements(now=NOW, most=9)) == 2
    assert within(trade, lambda: issue_monthly_statements(now=NOW, most=9)) == 0
    for reader, balance in ((farm, 9_000), (buyer, -9_000)):
        (row,) = reader.read("/statements")["items"]
        assert row["closing_balance"] == balance
        assert row["period_from"] == last_month.date().replace(day=1).isoformat()
    trade.relay()
    topics = [one["topic"] for one in farm.read("/notifications")["items"]]
    assert "statement.issued" in topics


def test_a_statement_is_a_sheet_and_a_paper(
    trade: Trade, parties: tuple[Account, Account, str]
) -> None:
    farm, buyer, order_id = parties
    within(
        trade,
        lambda: told(
            "delivery.accepted",
            delivered(order_id, payable=1_234_567, at=NOW - timedelta(days=3)),
        ),
    )
    today = NOW.date()
    statement = closed(trade, farm, today - timedelta(days=9), today - timedelta(days=1), NOW)
    path = f"/statements/{statement}"
    sheet_answer = farm.get(path, Accept=XLSX, Accept_Language="vi")
    assert sheet_answer.content_type == XLSX
    assert sheet_answer.headers["Content-Disposition"].endswith('.xlsx"')
    sheet = load_workbook(BytesIO(sheet_answer.data)).active
    assert sheet is not None
    cells = [[cell for cell in row if cell is not None] for row in sheet.values]
    assert cells[:2] == [["SAO KÊ CÔNG NỢ SỐ 1"], ["Đậu Thị Hồng"]]
    assert cells[5][2:] == ["Phải thu", "Công ty Chè Hưng", 1_234_567]
    paper = farm.get(path, Accept=PDF, Accept_Language="vi")
    assert paper.content_type == PDF
    text = pypdfium2.PdfDocument(paper.data)[0].get_textpage().get_text_bounded()
    assert "Đậu Thị Hồng" in text
    assert "1.234.567" in text
    assert "Nghiệm thu giao hàng" in text
    english = farm.get(path, Accept=PDF, Accept_Language="en")
    text = pypdfium2.PdfDocument(english.data)[0].get_textpage().get_text_bounded()
    assert "1,234,567" in text
    assert farm.get(path, Accept="text/html").content_type == "application/json"
    assert buyer.get(path, Accept=PDF).status_code == 404


def test_a_claim_is_seen_in_the_settlement(
    trade: Trade, parties: tuple[Account, Account, str]
) -> None:
    farm, _, order_id = parties

    def complained() -> tuple[UUID, UUID]:
        delivery = delivered(order_id, payable=1_000)
        claim = claimed(delivery, provisional=50)
        told("claim.filed", delivery)
        return delivery, claim

    delivery, claim = within(trade, complained)
    (shown,) = farm.read(f"/settlements?delivery_id={delivery}&status=provisional")["items"]
    assert (shown["amount"], shown["held"], shown["outstanding"]) == (1_000, 50, 950)
    within(trade, lambda: claim_ended(claim, credit=40))
    within(trade, lambda: told("claim.decided", delivery))
    shown = farm.read(f"/settlements/{shown['id']}")
    assert (shown["held"], shown["credited"], shown["outstanding"]) == (0, 40, 960)
    lines = farm.read(f"/ledger/entries?delivery_id={delivery}&account=claims_in_suspense")["items"]
    assert [one["amount"] for one in lines] == [-50, 50]


def test_the_purchase_list_shows_personal_numbers_to_few_and_notes_who_read_them(
    trade: Trade, parties: tuple[Account, Account, str]
) -> None:
    farm, buyer, order_id = parties
    final(trade, order_id, 1_000_001, accepted="3.000")
    taxed = trade.farm(tax_id="0100109106")
    final(trade, an_order(buyer, an_offer(taxed))["id"], 7)
    assert farm.made("/seller-identities", {"number": "068099000123"})["number"] == "•••••••••123"
    assert farm.read("/seller-identities")["items"][0]["number"] == "068099000123"
    farm.made("/seller-identities", {"number": "068099000124"})
    assert len(farm.read("/seller-identities")["items"]) == 1

    def readings() -> int:
        return within(
            trade, lambda: db.session.scalar(select(func.count()).select_from(IdentityReading))
        )

    (line,) = trade.colleague(buyer, "member").read("/purchase-list")["items"]
    assert line["seller_number"] == "•••••••••124"
    assert readings() == 0
    (line,) = buyer.read("/purchase-list")["items"]
    assert {name: line[name] for name in ("seller_name", "seller_number", "quantity")} == {
        "seller_name": "Đậu Thị Hồng",
        "seller_number": "068099000124",
        "quantity": "3.000",
    }
    assert (line["unit_price"], line["amount"]) == ("333333.67", 1_000_001)
    assert line["address"].startswith("Phường B")
    assert readings() == 1
    assert farm.get("/purchase-list").status_code == 403
    sheet_answer = buyer.get("/purchase-list", Accept=XLSX, Accept_Language="vi")
    assert sheet_answer.content_type == XLSX
    sheet = load_workbook(BytesIO(sheet_answer.data)).active
    assert sheet is not None
    rows = list(sheet.values)
    assert rows[5][1:4] == ("Đậu Thị Hồng", line["address"], "068099000124")
    assert rows[6][-1] == 1_000_001
    assert readings() == 2
    for query in ("from=2026-02-01&until=2026-01-01", "from=2020-01-01&until=2026-01-01"):
        assert buyer.get(f"/purchase-list?{query}").status_code == 422


def test_entries_come_in_pages(trade: Trade, parties: tuple[Account, Account, str]) -> None:
    farm, _, order_id = parties
    for payable in (1, 2, 3):
        final(trade, order_id, payable)
    found = [one["amount"] for page in pages(farm, "/ledger/entries") for one in page]
    assert found == [3, 2, 1]
    posted = within(
        trade, lambda: db.session.scalar(select(func.count()).select_from(LedgerTransaction))
    )
    assert posted == 3


def test_a_commission_is_in_percent_or_per_unit(trade: Trade) -> None:
    cooperative, farm = trade.cooperative(), trade.farm()
    since = {"valid_from": today()}
    for body in ({}, {"percent": "1", "per_unit": "1"}):
        answer = cooperative.post("/commissions", since | body)
        assert [one["pointer"] for one in answer.json["errors"]] == ["/percent"]
    rule = cooperative.made("/commissions", since | {"per_unit": "150.5"})
    assert (rule["per_unit"], rule["percent"], rule["commodity"]) == ("150.50", None, None)
    known = cooperative.post("/commissions", since | {"percent": "3"})
    assert (known.status_code, known.json["code"]) == (409, "commission_rule_known")
    assert known.json["detail"] == "There is a rule from this day already."
    unknown = cooperative.post("/commissions", since | {"percent": "3", "commodity": "none"})
    assert [one["pointer"] for one in unknown.json["errors"]] == ["/commodity"]
    assert farm.read("/commissions")["items"] == []
    a_membership(farm, cooperative)
    assert [one["id"] for one in farm.read("/commissions")["items"]] == [rule["id"]]


@pytest.mark.parametrize("since", ["2000-01-01", today(-1)], ids=["long ago", "yesterday"])
def test_a_commission_cannot_reach_back(trade: Trade, since: str) -> None:
    cooperative = trade.cooperative()
    body = {"percent": "100", "valid_from": since}
    for language, said in (("en", "That day is over."), ("vi", "Ngày này đã qua.")):
        answer = cooperative.post("/commissions", body, Accept_Language=language)
        assert (answer.status_code, answer.json["code"]) == (422, "invalid")
        assert answer.json["errors"] == [{"pointer": "/valid_from", "detail": said}]
    assert cooperative.read("/commissions")["items"] == []
    for allowed in (today(), today(1)):
        assert cooperative.made("/commissions", body | {"valid_from": allowed})
