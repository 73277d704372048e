"""Sums and balances below zero are told in words, by whoever reads them."""

import re
from datetime import timedelta

import pytest

from app.core.transaction import transaction
from app.settlement.operations import finalise_settlements
from app.settlement.statements import issue_monthly_statements
from tests.factories import NOW, Account, Trade, an_offer, an_order
from tests.settling import delivered, slip, told
from tests.web.reader import Reader, words_of

LATER = NOW + timedelta(days=60)
LAST_MONTH = NOW.replace(day=1, hour=3) - timedelta(days=10)
BELOW_ZERO = re.compile(r"[-\u2212]\d[\d.,]* (đ|VND)")


@pytest.fixture
def parties(trade: Trade) -> tuple[Account, Account]:
    """A farm that was paid 88,643 VND too much, and the buyer, who owes another farm 100,000."""
    farm, other, buyer = trade.farm(), trade.farm(), trade.processor()
    orders = [an_order(buyer, an_offer(one))["id"] for one in (farm, other)]
    with trade.app.app_context(), transaction():
        paid, owed = (
            delivered(order, payable=payable, at=LAST_MONTH)
            for order, payable in zip(orders, (500_000, 100_000), strict=True)
        )
        for delivery in (paid, owed):
            told("delivery.accepted", delivery)
        assert finalise_settlements(now=LATER, most=9) == 2
    buyer.made("/payouts", {"payee_id": farm.organisation_id, "amount": 500_000})
    with trade.app.app_context(), transaction():
        slip(paid, payable=411_357, at=LAST_MONTH + timedelta(days=1))
        told("delivery.corrected", paid)
    return farm, buyer


def words(account: Account, address: str, language: str) -> str:
    browser = Reader(account.app, account.token)
    browser.client.set_cookie("blao_language", language)
    return words_of(browser.get(address))


@pytest.mark.parametrize(
    ("language", "received", "overpaid", "to_pay"),
    [
        ("vi", "Đã nhận dư 88.643 đ", "Đã trả dư 88.643 đ", "Phải trả 100.000 đ"),
        ("en", "Received too much 88,643 VND", "Overpaid by 88,643 VND", "To pay 100,000 VND"),
    ],
    ids=["vi", "en"],
)
def test_each_side_is_told_in_words_what_was_paid_too_much(
    parties: tuple[Account, Account], language: str, received: str, overpaid: str, to_pay: str
) -> None:
    farm, buyer = parties
    for account, mine, theirs in ((farm, received, overpaid), (buyer, overpaid, received)):
        for address in ("/money", "/home"):
            page = words(account, address, language)
            assert mine in page
            assert theirs not in page
            assert not BELOW_ZERO.search(page)
    assert to_pay in words(buyer, "/home", language)


def test_a_statements_balance_is_told_in_words(
    trade: Trade, parties: tuple[Account, Account]
) -> None:
    farm, buyer = parties
    with trade.app.app_context(), transaction():
        assert issue_monthly_statements(now=NOW, most=9) == 3
    for account, told_vi, told_en in (
        (farm, "Người khác nợ tôi 411.357 đ", "Others owe me 411,357 VND"),
        (buyer, "Tôi nợ 511.357 đ", "I owe 511,357 VND"),
    ):
        statement = account.read("/statements")["items"][0]["id"]
        for address in ("/statements", f"/statements/{statement}"):
            assert told_vi in words(account, address, "vi")
            assert told_en in words(account, address, "en")
        assert not BELOW_ZERO.search(words(account, "/statements", "vi"))
