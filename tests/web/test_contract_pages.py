"""A draft goes back and forth, is signed, and its weeks and advances are looked after."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import update

from app.contracts.models import Contract
from app.core.db import db
from app.core.transaction import transaction
from tests.factories import PASSWORD, Account, Trade, a_lot, monday
from tests.factories_contracts import a_contract, a_draft, revision
from tests.web.browser import BOTH_SIZES, sign_in, visit
from tests.web.reader import Reader


def pages_of(account: Account) -> Reader:
    return Reader(account.app, account.token)


def sent(account: Account, draft: dict[str, Any], **changes: str) -> Any:
    address = f"/contracts/{draft['id']}/revision"
    return pages_of(account).send(address, revision(draft, account, **changes), shown=address)


def test_what_is_sent_as_it_was_shown_changes_no_term(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    draft = a_draft(
        buyer,
        farm,
        price={"form": "cost_plus", "cost": "70000", "margin": "9000"},
        advances=[
            {"due_on": monday(number), "amount": 1_000_000 + number, "kind": "inputs"}
            for number in range(4)
        ],
        remedies={"non_purchase": "5", "side_selling": "7.5"},
        tolerance_percent="10",
    )
    address = f"/contracts/{draft['id']}/revision"
    page = pages_of(farm).get(address).get_data(as_text=True)
    form = _as_shown(page)
    form["site_id"] = str(farm.site_id)
    answer = pages_of(farm).send(address, form, shown=address)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    versions = farm.read(f"/contracts/{draft['id']}")["versions"]
    assert [one["number"] for one in versions] == [1]
    assert answer.headers["Location"] == f"/contracts/{draft['id']}"


def test_a_revision_says_what_it_changes_and_undoes_signatures(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    draft = a_draft(buyer, farm)
    buyer.made(f"/contracts/{draft['id']}/signature", {"version": 1})
    second = draft["weeks"][1]["week"]
    answer = sent(
        farm,
        draft,
        figure="95.000",
        **{
            f"week-{second}": "60",
            "advance-1": "2.000.000",
            "advance-1-due": monday(1),
            "advance-1-kind": "inputs",
            "non_purchase": "8",
        },
    )
    assert answer.status_code == 303, answer.get_data(as_text=True)
    found = buyer.read(f"/contracts/{draft['id']}")
    assert found["version"] == 2
    assert [one["promised"] for one in found["weeks"]] == ["100.000", "60.000", "100.000"]
    page = _text(pages_of(buyer).get(f"/contracts/{draft['id']}").get_data(as_text=True))
    assert "Bản 2 đổi gì?" in page
    told = date.fromisoformat(second)
    for change in (
        "Giá tại vườn 90.000 đ/kg 95.000 đ/kg",
        f"Tuần từ {told:%d/%m/%Y} 100 kg 60 kg",
        "Tạm ứng không có 2.000.000 đ bằng vật tư",
        "Bên mua bồi thường 0% 8%",
        "Ký bản 2",
    ):
        assert change in page, change
    assert "Trả tiền trong 30 ngày 30 ngày" not in page, "what stayed is no change"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": "7"}, "Hợp đồng vừa được sửa"),
        ({"week-{monday}": "nhiều"}, "Hãy nhập số"),
        ({"week-{monday}": "-4"}, "từ 0 trở lên"),
        ({"week-2026-12-01": "4"}, "Phải là ngày thứ Hai"),
        ({"figure": "0"}, "Nhập số lớn hơn 0"),
        ({"advance-1": "5.000", "advance-1-due": "mai"}, "Hãy chọn ngày ứng"),
        ({"price": "cost_plus", "margin": ""}, "Hãy nhập một số"),
        ({"price": "zzz"}, "Không có cách tính giá này"),
        ({"weekly": "1", "quantity": "0,00001"}, "Chỉ lấy nhiều nhất 3 số lẻ"),
    ],
)
def test_a_revision_that_cannot_be_is_refused_and_kept_as_typed(
    trade: Trade, changes: dict[str, str], told: str
) -> None:
    farm, buyer = trade.farm(), trade.processor()
    draft = a_draft(buyer, farm)
    named = {name.format(monday=monday(1)): value for name, value in changes.items()}
    answer = sent(farm, draft, **named, force_majeure="Lũ quét")
    assert answer.status_code in (409, 422)
    page = answer.get_data(as_text=True)
    assert told in page
    assert "Lũ quét" in page
    assert farm.read(f"/contracts/{draft['id']}")["version"] == 1


def test_only_a_draft_of_ones_own_is_revised(trade: Trade) -> None:
    farm, buyer, stranger = trade.farm(), trade.processor(), trade.processor()
    draft, active = a_draft(buyer, farm), a_contract(buyer, farm)
    assert pages_of(stranger).get(f"/contracts/{draft['id']}/revision").status_code == 404
    led = pages_of(buyer).get(f"/contracts/{active['id']}/revision")
    assert (led.status_code, led.headers["Location"]) == (303, f"/contracts/{active['id']}")
    form = revision(active, buyer)
    late = pages_of(buyer).send(f"/contracts/{active['id']}/revision", form, shown="/contracts/new")
    assert late.status_code == 409
    assert "Chưa làm được" in late.get_data(as_text=True)
    assert buyer.read(f"/contracts/{active['id']}")["version"] == 1


def test_a_season_that_has_begun_says_what_its_past_weeks_are_worth(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    early = a_draft(buyer, farm)
    late = a_draft(buyer, farm, starts_on=monday(-2))
    told = "Tuần đã qua trước khi hai bên cùng ký thì không tính là đã hứa."
    for draft, expected in ((early, False), (late, True)):
        page = _text(pages_of(farm).get(f"/contracts/{draft['id']}").get_data(as_text=True))
        assert (told in page) == expected
        assert "Ký bản 1" in page


def test_a_season_that_is_over_is_not_offered_for_signing(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    draft = a_draft(buyer, farm, starts_on=monday(-2), weeks=[])
    with trade.app.app_context(), transaction():
        ends_on = date.fromisoformat(monday(-1))
        db.session.execute(
            update(Contract).where(Contract.id == draft["id"]).values(ends_on=ends_on)
        )
    page = _text(pages_of(farm).get(f"/contracts/{draft['id']}").get_data(as_text=True))
    assert "sửa thời hạn rồi mới ký được" in page
    assert "Ký bản 1" not in page


def test_a_shortfall_is_told_only_of_weeks_that_were_agreed_and_have_begun(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    later = a_contract(buyer, farm, starts_on=monday(2), weeks=[])
    page = pages_of(farm).get(f"/contracts/{later['id']}").get_data(as_text=True)
    assert "/shortfalls" not in page
    active = a_contract(buyer, farm)
    page = pages_of(farm).get(f"/contracts/{active['id']}").get_data(as_text=True)
    assert "/shortfalls" in page
    assert re.findall(r'<option value="([0-9-]+)"', page) == [monday(week) for week in range(3)]


def test_each_advance_that_was_agreed_is_recorded_once(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    agreed = [{"due_on": monday(1), "amount": 5_000_000, "kind": "inputs"}] * 2
    contract = a_contract(buyer, farm, advances=agreed)
    address = f"/contracts/{contract['id']}"
    form = {"advanced": "5000000", "kind": "inputs", "note": "Phân bón"}
    for left in (2, 1):
        page = pages_of(buyer).get(address).get_data(as_text=True)
        assert page.count("Ghi đã ứng") == left
        assert f'name="number" value="{3 - left}"' in page
        that = form | {"number": str(3 - left)}
        sent = pages_of(buyer).send(f"{address}/advances", that, shown=address)
        assert sent.status_code == 303, sent.get_data(as_text=True)
    assert "Ghi đã ứng" not in pages_of(buyer).get(address).get_data(as_text=True)
    gone_back = pages_of(buyer).send(f"{address}/advances", that, shown=address)
    assert gone_back.status_code == 422
    assert "Nội dung này đã gửi rồi" in gone_back.get_data(as_text=True)
    once_more = pages_of(buyer).send(f"{address}/advances", form, shown=address)
    assert once_more.status_code == 409
    assert "chỉ còn 0 đồng" in once_more.get_data(as_text=True)
    assert [one["contract_id"] for one in farm.read("/advances")["items"]] == [contract["id"]] * 2


def test_an_advance_that_was_given_in_parts_is_not_offered_again(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    agreed = [{"due_on": monday(1), "amount": 1_000_000, "kind": "inputs"}]
    contract = a_contract(buyer, farm, advances=agreed)
    body = {"receiver_id": farm.organisation_id, "contract_id": contract["id"], "kind": "inputs"}
    for amount in (400_000, 600_000):
        buyer.made("/advances", body | {"amount": amount})
    page = pages_of(buyer).get(f"/contracts/{contract['id']}").get_data(as_text=True)
    assert "Ghi đã ứng" not in page


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_a_contract_is_bargained_over_signed_and_looked_after(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    trade = Trade(committing)
    farm, buyer = trade.farm(), trade.processor()
    a_lot(farm, quantity="500")
    draft = a_draft(buyer, farm)
    due = date.fromisoformat(monday(1))
    with visit(browser, site, size) as seller, visit(browser, site, size) as buying:
        sign_in(seller, str(farm.login), PASSWORD).open(f"/contracts/{draft['id']}")
        seller.page.get_by_role("link", name="Sửa điều khoản").click()
        seller.look().page.get_by_text("Từng tuần giao bao nhiêu").click()
        seller.page.get_by_text("Tạm ứng, bồi thường").click()
        seller.fill(**{f"week-{due}": "150", "week-" + str(due + timedelta(weeks=1)): "50"})
        seller.fill(**{"advance-1": "5.000.000", "advance-1-due": str(due)}).look()
        seller.press("Lưu bản mới").look()
        assert "Bản 2 đổi gì?" in seller.text()
        seller.press("Ký bản 2")

        sign_in(buying, str(buyer.login), PASSWORD).open(f"/contracts/{draft['id']}")
        assert "100 kg" in buying.page.locator("#changed").inner_text().replace("\u00a0", " ")
        buying.press("Ký bản 2").look()
        buying.press("Ghi đã ứng").look()
        assert "Chờ bên bán xác nhận" in buying.text()
        buying.page.get_by_text("Báo một tuần không nhận thêm").click()
        buying.page.select_option("#release-week", str(due))
        buying.press("Không nhận thêm tuần này").look()
        assert "thôi nhận" in buying.page.locator("#weeks").inner_text()

        seller.open("/money").press("Tôi đã nhận khoản này").look()
        seller.open(f"/contracts/{draft['id']}")
        assert "Đã nhận" in seller.page.locator("#advances").inner_text()
    (given,) = farm.read("/advances")["items"]
    assert (given["amount"], given["status"]) == (5_000_000, "confirmed")
    (released,) = buyer.read(f"/contracts/{draft['id']}/releases")["items"]
    assert released["week"] == str(due)


def _text(page: str) -> str:
    plain = page.replace("\u00a0", " ").replace("\u2060", "")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", plain.split("<main")[1]))


def _as_shown(page: str) -> dict[str, str]:
    """What a browser would send of a form as it is shown."""
    form: dict[str, str] = {}
    shown = page.split("<main")[1]
    for tag in re.findall(r"<input[^>]*>", shown):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("radio" not in tag or " checked" in tag):
            form[name[1]] = value[1] if value else ""
    for name, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', shown, re.S):
        chosen = re.search(r'value="([^"]*)" selected', inner) or re.search(
            r'value="([^"]*)"', inner
        )
        form[name] = chosen[1] if chosen else ""
    for name, inner in re.findall(
        r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', shown, re.S
    ):
        form[name] = inner
    return form
