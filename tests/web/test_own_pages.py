"""What everybody's own pages show and keep to themselves."""

import html
import json
import re
from io import BytesIO
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.accounts.models import SignInCode
from app.core.db import db
from app.lots.photo import LARGEST_UPLOAD
from tests.api.test_sign_in_codes import codes
from tests.api.world import NO_ID, PROMPT, World, a_photo
from tests.factories import (
    COMMODITY,
    PASSWORD,
    Account,
    Trade,
    a_certificate,
    a_lot,
    a_membership,
    an_offer,
    an_order,
    day,
    lot_body,
    offer_body,
)
from tests.web.reader import KEY, TOKEN, Reader, reader, words_of
from tests.web.test_pages import sale


def kept_about(account: Account) -> dict[str, list[dict[str, Any]]]:
    answer = Reader(account.app, account.token).get("/me/data.json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="blao.json"'
    return dict(json.loads(answer.get_data()))


def test_what_is_taken_along_is_all_of_ones_own_and_nothing_of_anothers(trade: Trade) -> None:
    farm, other = trade.farm(), trade.farm()
    an_offer(farm)
    an_offer(other)
    trade.relay()
    mine = kept_about(farm)
    assert {"person", "role", "access_token", "notification", "site", "lot", "offer"} <= set(mine)
    assert [one["email"] for one in mine["person"]] == [farm.login]
    assert {one["organisation_id"] for one in mine["offer"]} == {farm.organisation_id}
    text = json.dumps(mine)
    assert str(other.organisation_id) not in text
    assert not re.search('argon2|password_hash|digest":', text)


def test_who_only_works_somewhere_takes_along_nothing_of_the_organisation(trade: Trade) -> None:
    farm = trade.farm()
    an_offer(farm)
    assert "offer" not in kept_about(trade.colleague(farm))


def test_a_public_lot_names_only_certificates_that_held_on_the_day(trade: Trade) -> None:
    farm = trade.farm()
    held = a_certificate(farm)["id"]
    trade.authority.made(f"/certificates/{held}/verification")
    claimed = a_certificate(farm, scheme="globalgap")["id"]
    lot = a_lot(farm, certificates=[held, claimed])
    an_offer(farm, lot)
    page = Reader(farm.app).get(f"/lots/{lot['id']}/public").get_data(as_text=True)
    assert "VietGAP" in page
    assert "GlobalG.A.P." not in page
    assert day(-365)[:4] in page
    for hidden in (farm.organisation_id, farm.login, farm.site_id, "11.5301", "107.8402"):
        assert str(hidden) not in page


def test_a_lot_that_was_never_on_sale_is_nobodys_to_read(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm)
    an_offer(farm, lot, draft=True)
    photo = a_photo(farm.app, lot["id"])
    for address in (f"/lots/{lot['id']}/public", f"/photos/{photo}", f"/photos/{NO_ID}"):
        assert Reader(farm.app).get(address).status_code == 404


def test_a_photo_is_a_picture_and_nothing_else_to_a_browser(world: World) -> None:
    answer = Reader(world.app).get(f"/photos/{world.ids['photo']}")
    assert answer.content_type == "image/jpeg"
    assert answer.get_data().startswith(b"\xff\xd8\xff")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_what_is_no_photo_is_refused_and_nothing_is_listed(world: World) -> None:
    farm = reader(world, "farm")
    with world.untouched():
        for photo in (b"<script>alert(1)</script>", b"\xff\xd8\xff" + bytes(LARGEST_UPLOAD)):
            form = sale(photo=(BytesIO(photo), "x.jpg"))
            assert farm.send("/sell", form, shown="/sell").status_code in (413, 422)


def test_a_wrong_code_on_the_page_counts_as_a_try(trade: Trade, app: Flask) -> None:
    login = str(trade.farm().login)
    visitor = Reader(app)
    assert visitor.send("/sign-in/codes", {"login": login}, shown="/sign-in").status_code == 303
    for _ in range(5):
        form = {"login": login, "code": "0"}
        assert visitor.send("/sign-in/code", form, shown="/sign-in/code").status_code == 401
    with app.app_context():
        assert [one.tries for one in db.session.scalars(select(SignInCode))] == [5]


def test_the_page_after_a_code_is_the_same_for_somebody_unknown(trade: Trade, app: Flask) -> None:
    led = []
    for login in (str(trade.farm().login), "nobody@example.com"):
        answer = Reader(app).send("/sign-in/codes", {"login": login}, shown="/sign-in")
        led.append(answer.headers["Location"].partition("?")[0])
    assert led == ["/sign-in/code", "/sign-in/code"]


def signed_out_while_selling(farm: Reader, **headers: str) -> TestResponse:
    shown = farm.get("/sell").get_data(as_text=True)
    proof = TOKEN.findall(shown)[-1]
    assert farm.send("/sign-out", {}, shown="/me").status_code == 303
    return farm.client.post("/sell", data=sale(csrf_token=proof, quantity="7"), headers=headers)


def hidden(page: str) -> dict[str, str]:
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in fields}


def test_a_form_of_somebody_signed_out_is_given_back_filled_in_and_not_sent(world: World) -> None:
    farm = reader(world, "farm")
    before = world.rows()
    door = signed_out_while_selling(farm)
    assert door.status_code == 401
    form = hidden(door.get_data(as_text=True).split("<main")[1])
    assert form["kept_for"] == "/sell"
    assert "csrf_token" not in form["kept"]
    form |= {"login": str(world["farm"].login), "password": "sai-mat-khau"}
    wrong = farm.client.post("/sign-in", data=form)
    assert wrong.status_code == 401
    form |= hidden(wrong.get_data(as_text=True).split("<main")[1]) | {"password": PASSWORD}
    back = farm.client.post("/sign-in", data=form)
    assert back.status_code == 200
    page = back.get_data(as_text=True)
    assert 'action="/sell"' in page
    given = farm.client.post("/sell", data=hidden(page.split("<main")[1]))
    shown = given.get_data(as_text=True)
    assert given.status_code == 409
    assert 'name="quantity" class="figure"' in shown
    assert 'value="7"' in shown
    assert world.rows()["offer"] == before["offer"]
    proof = {"csrf_token": TOKEN.findall(shown)[-1], "idempotency_key": KEY.findall(shown)[-1]}
    assert farm.client.post("/sell", data=sale(**proof, quantity="7")).status_code == 303


def test_a_form_goes_through_a_sign_in_by_code_too(trade: Trade, app: Flask) -> None:
    farm = trade.farm()
    browser = Reader(farm.app, farm.token)
    form = hidden(signed_out_while_selling(browser).get_data(as_text=True).split("<main")[1])
    asked = browser.client.post("/sign-in/codes", data={**form, "login": str(farm.login)})
    assert asked.status_code == 200
    form = hidden(asked.get_data(as_text=True).split("<main")[1])
    given = {**form, "login": str(farm.login), "code": codes(trade)[-1]}
    back = browser.client.post("/sign-in/code", data=given)
    assert 'name="quantity" value="7"' in back.get_data(as_text=True)


def test_what_another_site_sends_is_not_kept(world: World) -> None:
    answer = signed_out_while_selling(reader(world, "farm"), **{"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in")


def test_no_password_is_carried_through_the_sign_in(world: World) -> None:
    visitor = Reader(world.app)
    form = {"current_password": "bi-mat", "new_password": "bi-mat-moi", "name": "Hoa"}
    page = visitor.client.post("/me/tokens", data=form).get_data(as_text=True)
    assert "name=Hoa" in page
    assert "bi-mat" not in page


def test_a_part_of_a_page_is_not_answered_with_the_sign_in_page(world: World) -> None:
    answer = Reader(world.app).get("/sell?commodity=ginger-dried", **{"HX-Request": "true"})
    assert (answer.status_code, answer.get_data()) == (401, b"")


def test_a_cooperative_sees_at_home_its_own_offers_and_those_it_listed_for_members(
    trade: Trade,
) -> None:
    cooperative, member, stranger = trade.cooperative(), trade.farm(), trade.farm()
    membership = a_membership(member, cooperative, "mandate")
    own, others = an_offer(cooperative), [an_offer(member), an_offer(stranger)]
    theirs = {"on_behalf_of": member.organisation_id}
    lot = cooperative.made("/lots", lot_body(cooperative, **theirs))
    listed = cooperative.made("/offers", offer_body(lot["id"], **theirs))

    def at_home() -> set[str]:
        page = Reader(cooperative.app, cooperative.token).get("/home").get_data(as_text=True)
        return set(re.findall(r'href="/offers/([0-9a-f-]{36})"', page))

    assert at_home() == {own["id"], listed["id"]}
    assert at_home().isdisjoint(one["id"] for one in others)
    ended = member.request("DELETE", f"/memberships/{membership['id']}")
    assert ended.status_code == 204
    assert at_home() == {own["id"]}


def test_quiet_hours_are_set_and_given_up_on_the_page(trade: Trade) -> None:
    farm = trade.farm()
    browser = Reader(farm.app, farm.token)
    for hours, kept in (
        (("20:00", "05:30"), ("20:00", "05:30")),
        (("", ""), (None, None)),
    ):
        form = dict(zip(("quiet_from", "quiet_until"), hours, strict=True))
        answer = browser.send("/me/notifications/quiet", form, shown="/me/notifications")
        assert answer.status_code == 303, answer.get_data(as_text=True)
        wishes = farm.read("/notification-preferences")
        assert (wishes["quiet_from"], wishes["quiet_until"]) == kept
    form = {"quiet_from": "20:00", "quiet_until": ""}
    answer = browser.send("/me/notifications/quiet", form, shown="/me/notifications")
    assert answer.status_code == 422
    assert 'id="quiet_until-fault"' in answer.get_data(as_text=True)


def test_an_invitation_that_waits_is_withdrawn_on_the_page(world: World) -> None:
    farm, invitation = reader(world, "farm"), world.ids["invitation"]
    address = f"/me/people/{invitation}/withdrawal"
    page = farm.get("/me/people").text
    assert "guest@example.com" in page
    assert f'action="{address}"' in page
    assert farm.send(address, {}, shown="/me/people").status_code == 303
    assert "guest@example.com" not in farm.get("/me/people").text


def test_inviting_oneself_is_refused_with_a_sentence(world: World) -> None:
    form = {"name": "Tôi", "address": str(world["farm"].login), "role": "member"}
    answer = reader(world, "farm").send("/me/people", form, shown="/me/people")
    assert answer.status_code == 422
    assert "của chính bạn" in answer.text


def test_what_fell_due_to_sellers_is_not_told_as_a_debt_of_ones_own(world: World) -> None:
    page = reader(world, "cooperative").get("/analytics").text
    assert "đã đến hạn trả bên bán, trong đó đã trả" in page
    assert "phải trả" not in page


def test_a_wrong_code_gives_the_form_back_and_tells_nothing_of_the_invitation(
    world: World,
) -> None:
    form = {"code": "WRONG234", "password": PASSWORD}
    pages = []
    for invitation in (world.ids["invitation"], NO_ID):
        address = f"/invitations/{invitation}"
        answer = reader(world, "visitor").send(address, form, shown=address)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert 'id="code-fault"' in page
        assert 'value="WRONG234"' in page, "what was typed is kept"
        pages.append(words_of(answer))
        assert "Mã không đúng, hoặc lời mời đã hết hiệu lực." in pages[-1]
    assert pages[0] == pages[1]


def test_a_buyer_who_owes_nothing_yet_reads_what_it_will_pay_not_what_will_come(
    trade: Trade,
) -> None:
    for account, told, untold in (
        (trade.processor(), "phải trả", "sẽ nhận"),
        (trade.farm(), "sẽ nhận", "phải trả"),
    ):
        page = Reader(trade.app, account.token).get("/money").text
        assert told in page
        assert untold not in page


def test_figures_begin_with_what_was_ordered_most_before_anything_is_accepted(
    trade: Trade,
) -> None:
    farm, buyer = trade.farm(), trade.processor()
    for commodity, quantity in (("ginger-dried", "1"), (COMMODITY, "50")):
        of = PROMPT if commodity in PROMPT.values() else {}
        an_order(buyer, an_offer(farm, a_lot(farm, **of)), quantity)
    trade.count()
    page = Reader(trade.app, farm.token).get("/analytics").text
    assert f'<option value="{COMMODITY}" selected>' in page
