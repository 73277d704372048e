"""The door and everybody's own pages in a browser: codes, tokens, wishes, data, sharing."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser
from sqlalchemy import select

from app.accounts.models import AccessToken, Invitation, SignInCode
from app.accounts.operations import invitation_code
from app.accounts.sign_in_codes import sign_in_code
from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from app.lots.models import LARGEST_PHOTO, LotPhoto
from tests.factories import PASSWORD, Account, Trade, a_lot, an_offer
from tests.web.browser import BOTH_SIZES, Visit, sign_in, visit


def code_for(app: Flask) -> str:
    """The latest code, as its message says it."""
    with app.app_context():
        newest = db.session.scalars(select(SignInCode.id).order_by(SignInCode.id.desc())).first()
        assert newest is not None
        return sign_in_code(newest, secret=app.config["SECRET_KEY"])


def link(visiting: Visit, text: str) -> Visit:
    """Follow a link, and look at where it leads."""
    visiting.page.get_by_role("link", name=text).first.click()
    return visiting.look()


def forgiven(visiting: Visit, status: str) -> None:
    """A refusal that was meant is no complaint, nor is the focus that goes to it twice."""
    visiting.complaints[:] = [
        one for one in visiting.complaints if status not in one and "Autofocus" not in one
    ]


def in_as(visiting: Visit, account: Account) -> Visit:
    return sign_in(visiting, str(account.login), PASSWORD)


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_a_farmer_comes_in_by_code_and_looks_after_her_own_things(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    trade = Trade(committing)
    farm, cooperative = trade.farm(), trade.cooperative()
    phone = "0" + farm.read("/me")["person"]["phone"][3:]
    name = cooperative.read("/me")["organisations"][0]["name"]
    with visit(browser, site, size) as farmer:
        farmer.open("/sign-in").fill(login=phone).press("Gửi mã đăng nhập cho tôi").look()
        assert "Chưa nhận được mã?" in farmer.text()
        assert farmer.page.get_attribute("#code", "autocomplete") == "one-time-code"
        code = code_for(committing)
        farmer.fill(code="12").press("Đăng nhập")
        farmer.page.wait_for_selector("#refusal")
        forgiven(farmer.look(), "401")
        farmer.fill(code=f"{code[:3]} {code[3:]}").press("Đăng nhập")
        farmer.page.wait_for_url("**/home")

        link(farmer.open("/me"), "Chia sẻ với hợp tác xã")
        farmer.page.select_option("#cooperative_id", label=name)
        farmer.press("Xin vào").page.get_by_role("button", name="Cho phép").first.wait_for()
        assert [one["consent_given_at"] for one in farm.read("/memberships")["items"]] == [None]
        farmer.press("Cho phép").look()
        assert farm.read("/memberships")["items"][0]["consent_given_at"]
        farmer.press("Rút lại").page.get_by_text("Đang cho phép").wait_for(state="detached")
        assert farm.read("/memberships")["items"][0]["consent_given_at"] is None

        link(farmer.open("/me"), "Tin báo").page.check("input[name=zalo][value=never]")
        farmer.press("Lưu").page.wait_for_url("**?saved=1")
        farmer.look().open("/me/notifications").fill(quiet_from="20:00", quiet_until="05:30")
        farmer.press("Lưu giờ yên tĩnh").page.wait_for_url("**?saved=1")
        wishes = farm.read("/notification-preferences")
        assert (wishes["quiet_from"], wishes["quiet_until"]) == ("20:00", "05:30")
        assert {"topic": "*", "channel": "zalo", "wanted": "never"} in wishes["preferences"]

        link(farmer.open("/me"), "Dữ liệu của tôi")
        with farmer.page.expect_download() as waiting:
            farmer.page.get_by_role("link", name="Tải về").click()
        kept = json.loads(Path(waiting.value.path()).read_text())
        assert [one["name"] for one in kept["site"]]
        assert "password_hash" not in kept["person"][0]


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_a_processor_makes_a_token_and_invites_a_colleague_who_comes_in(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    buyer = Trade(committing).processor()
    with visit(browser, site, size) as owner:
        in_as(owner, buyer).open("/me/tokens").fill(name="Kế toán").press("Tạo mã").look()
        token = owner.page.input_value("#token")
        program = Account(committing, token)
        assert program.read("/me") == buyer.read("/me")
        assert token not in owner.open("/me/tokens").page.content()
        owner.press("Thu hồi").look()
        assert program.get("/me").status_code == 401

        owner.open("/me/people").fill(name="Trần Bình", address="binh@example.com")
        owner.press("Gửi lời mời").look()
        assert "binh@example.com" in owner.text()
    with committing.app_context():
        invited = db.session.scalars(select(Invitation.id)).one()
        code = invitation_code(invited, secret=committing.config["SECRET_KEY"])
    with visit(browser, site, size) as colleague:
        colleague.open(f"/invitations/{invited}").fill(code=code.lower(), password=PASSWORD)
        colleague.press("Nhận lời mời")
        colleague.page.wait_for_url("**/home")
        assert "Trần Bình" in colleague.open("/me").text()


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_anybody_may_read_where_a_lot_is_from_and_not_whose_it_is(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    farm = Trade(committing).farm()
    lot = a_lot(farm)
    an_offer(farm, lot)
    with visit(browser, site, size, color_scheme="dark") as reader:
        reader.size = f"{size}-dark"
        reader.open(f"/lots/{lot['id']}/public")
        assert "B'Lao" in reader.text()
        assert farm.read("/me")["organisations"][0]["name"] not in reader.page.content()
        for address in ("/sign-in", "/sign-in/code", "/register", "/"):
            reader.open(address)
        in_as(reader, farm)
        for address in ("/me", "/me/notifications", "/me/sharing", "/me/people", "/me/tokens"):
            reader.open(address)


def test_a_photo_is_made_small_in_the_browser_and_shown_beside_the_offer(
    browser: Browser, site: str, committing: Flask
) -> None:
    farm = Trade(committing).farm()
    picture = BytesIO()
    Image.effect_noise((2400, 1800), 90).convert("RGB").save(picture, "JPEG", quality=95)
    assert picture.tell() > 3 * LARGEST_PHOTO
    with visit(browser, site, "phone") as farmer:
        in_as(farmer, farm).open("/sell")
        sent = {"name": "vuon.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
        farmer.page.set_input_files("#photo", [sent])
        farmer.page.wait_for_selector("#photo[data-bytes]")
        assert int(farmer.page.get_attribute("#photo", "data-bytes") or 0) <= LARGEST_PHOTO
        farmer.fill(quantity="30", ask_price="12.500").press("Đăng bán")
        farmer.page.wait_for_url("**/offers/*?new=1")
        width = farmer.look().page.evaluate("document.querySelector('main img').naturalWidth")
        assert 0 < width <= 1280
    with committing.app_context():
        assert len(db.session.scalars(select(LotPhoto)).all()) == 1


def test_a_farmer_without_javascript_sells_all_the_same(
    browser: Browser, site: str, committing: Flask
) -> None:
    trade = Trade(committing)
    buyer = trade.processor()
    with visit(browser, site, "phone", java_script_enabled=False) as farmer:
        page = farmer.page
        page.goto(f"{site}/register")
        farmer.fill(name="Nguyễn Thị Hoa", phone="0912345009", password=PASSWORD)
        farmer.press("Tạo tài khoản")
        page.get_by_role("link", name="Đăng bán").first.click()
        page.get_by_text("Nông sản khác…").click()
        farmer.fill(q="bup che").press("Tìm")
        farmer.fill(quantity="2", ask_price="12.500", ward="b lao")
        page.check("input[value='tạ']")
        farmer.press("Đăng bán")
        page.wait_for_url("**/offers/*?new=1")
        assert "200 kg" in farmer.text()
        offer_id = page.url.split("/offers/")[1].partition("?")[0]
        line = {"offer_id": offer_id, "quantity": "200"}
        order = buyer.made("/orders", {"lines": [line], "site_id": buyer.site_id})
        page.goto(f"{site}/home")
        page.get_by_role("link", name="Cân").click()
        farmer.fill(quantity="190,5").press("Đã xuất hàng")
        assert "190,5 kg" in farmer.text()
        assert buyer.read(f"/orders/{order['id']}")["status"] == "in_delivery"
        page.goto(f"{site}/me")
        farmer.press("Đăng xuất")
        farmer.seen.append("/me")


def test_a_double_press_and_the_back_button_make_one_offer(
    browser: Browser, site: str, committing: Flask
) -> None:
    farm = Trade(committing).farm()
    with visit(browser, site, "desktop", java_script_enabled=False) as farmer:
        in_as(farmer, farm)
        page = farmer.page
        page.goto(f"{site}/sell")
        farmer.fill(quantity="30", ask_price="12.500")
        page.get_by_role("button", name="Đăng bán", exact=True).dblclick()
        page.wait_for_url("**/offers/*?new=1")
        first = page.url
        page.go_back()
        assert page.input_value("#quantity") == "", "there is nothing left to send again"
        page.go_forward()
        assert page.url == first
        farmer.seen.append("/sell")
    offers = farm.read("/offers?mine=true")["items"]
    assert [one["quantity"] for one in offers] == ["30.000"]


def test_signing_out_or_running_out_ends_every_tab_and_the_way_back_is_kept(
    browser: Browser, site: str, committing: Flask
) -> None:
    farm = Trade(committing).farm()
    with visit(browser, site, "phone") as farmer:
        in_as(farmer, farm).open("/offers")
        other = farmer.page.context.new_page()
        other.goto(f"{site}/sell")
        farmer.open("/me").page.get_by_role("button", name="Đăng xuất").last.click()
        farmer.page.wait_for_url(f"{site}/")
        other.fill("#quantity", "30")
        other.goto(f"{site}/orders")
        assert other.url == f"{site}/sign-in?next=/orders"
        other.fill("[name=login]", str(farm.login))
        other.fill("[name=password]", PASSWORD)
        other.get_by_role("button", name="Đăng nhập", exact=True).click()
        other.wait_for_url("**/orders")
        with committing.app_context(), transaction():
            for token in db.session.scalars(select(AccessToken)):
                token.expires_at = clock.now()
        farmer.page.goto(f"{site}/money")
        assert farmer.page.url == f"{site}/sign-in?next=/money"
        other.goto(f"{site}/home")
        assert other.url == f"{site}/sign-in?next=/home"
