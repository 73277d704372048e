"""The authority closes an area and opens it again; the operator sees what is red and mends it."""

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import update

from app.core import clock, outbox
from app.core.db import db
from app.core.outbox import OutboxMessage
from app.core.transaction import transaction
from app.disruption.operations import meet_restrictions
from tests.factories import WARD_1, Trade, a_lot, an_offer, an_order
from tests.web.browser import BOTH_SIZES, Visit, visit

HERB = {"commodity": "lemongrass-dried", "qualities": {}, "grade": None}


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_an_authority_closes_an_area_a_buyer_takes_another_source_and_it_opens_again(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    trade = Trade(committing)
    farm, other, buyer = trade.farm(), trade.farm(), trade.processor()
    an_order(buyer, an_offer(farm, a_lot(farm, **HERB)))
    away = other.made("/sites", {"name": "Rẫy ngoài", **WARD_1})["id"]
    an_offer(other, a_lot(other, **HERB, site_id=away), ask_price="90000")
    with visit(browser, site, size) as authority:
        _enter(authority, trade.authority.token).open("/restrictions")
        authority.page.get_by_role("link", name="Ban hành hạn chế").click()
        authority.look().fill(area="b lao").press("Ban hành")
        authority.look()
        if authority.page.locator("input[name=area][type=radio]").count():
            authority.page.locator("input[name=area]").first.check()
            authority.press("Ban hành").look()
        assert "Đang hạn chế" in authority.text()
        with committing.app_context(), transaction():
            meet_restrictions(now=clock.now())
        with visit(browser, site, size) as mill:
            _enter(mill, buyer.token).open("/disruptions")
            assert "dịch bệnh ở người" in mill.text()
            mill.press("Nhận nguồn này").page.wait_for_url("**/orders/*")
            mill.look().open("/surplus")
            assert "Cần bán sớm" in mill.text() or "Để được" in mill.text()
        authority.open("/restrictions").press("Bãi bỏ ngay").look()
        assert "Đã hết" in authority.text()
        authority.complaints[:] = [one for one in authority.complaints if "422" not in one]


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_an_operator_sees_what_was_set_aside_and_sends_it_again(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    trade = Trade(committing)
    with committing.app_context(), transaction():
        outbox.add("no.such.topic", concerns=[], payload={}, now=clock.now())
        db.session.flush()
        db.session.execute(update(OutboxMessage).values(dead_at=clock.now(), attempts=8))
    with visit(browser, site, size) as operator:
        _enter(operator, trade.operator.token).open("/operator")
        assert "Có việc cần xem" in operator.text()
        operator.page.get_by_role("link", name="Việc đã gác lại").click()
        operator.look().press("Gửi lại").look()
        assert "Không có việc nào bị gác lại" in operator.text()
        operator.open("/notifications/log")


def _enter(visiting: Visit, token: str | None) -> Visit:
    """Somebody whose browser remembers them."""
    cookie = {"name": "blao", "value": str(token), "url": visiting.base}
    visiting.page.context.add_cookies([cookie])  # type: ignore[list-item]
    return visiting
