"""Weighing, inspecting and complaining on pages."""

import re
from datetime import datetime

import pytest
from sqlalchemy import update

from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from app.deliveries.models import Delivery
from tests.api.world import World
from tests.factories import an_offer, an_order
from tests.factories_deliveries import a_delivery, accepted, accepted_part, inspected
from tests.settling import CLAIM_WINDOW
from tests.web.reader import reader, shown, words_of
from tests.web.test_refusals import forms_of

MOULDY = {"net": "3", "result": "rejected", "reason": "Mốc"}
POORER = {"net": "4", "result": "downgraded", "grade": "2", "reason": "Vỡ vụn"}


def a_load(world: World, until: str) -> str:
    """A load of 17 kg of green coffee."""
    farm, processor = world["farm"], world["processor"]
    order = an_order(processor, an_offer(farm), "17")
    return str(a_delivery(farm, processor, order, until)["id"])


def inspected_load(world: World, *more: dict[str, str]) -> str:
    load = a_load(world, "weighed")
    parts = (accepted_part("10", qualities={"moisture": "12.5"}), POORER, MOULDY)
    inspected(world["processor"], {"id": load}, *parts, *more)
    return load


@pytest.mark.parametrize("label", ["processor", "farm"])
def test_what_was_inspected_is_read_part_by_part_before_and_after_acceptance(
    world: World, label: str
) -> None:
    load = inspected_load(world)
    address = f"/deliveries/{load}"
    for _ in range(2):
        page = shown(world, label, address)
        assert "Nhận 14 kg Không nhận 3 kg" in page
        assert "Phần 1: 10 kg Đạt Nhận 10 kg" in page
        assert "Độ ẩm 12,5%" in page
        assert "Phần 2: 4 kg Hạ loại Nhận 4 kg Loại Loại 2" in page
        assert "Phần 3: 3 kg Không đạt Nhận 0 kg Không nhận 3 kg Lý do Mốc" in page
        if world["processor"].read(address)["status"] == "inspected":
            accepted(world["processor"], {"id": load})
    assert "Parts inspected" in shown(world, label, address, "en")


def test_inspecting_again_begins_with_the_parts_that_were_recorded(world: World) -> None:
    load = a_load(world, "weighed")
    parts = [
        accepted_part("5", qualities={"moisture": "12.5"}),
        {"net": "5", "accepted_quantity": "4.5", "result": "accepted", "reason": "Ẩm"},
        POORER,
        MOULDY,
    ]
    inspected(world["processor"], {"id": load}, *parts)
    address = f"/deliveries/{load}"
    page = reader(world, "processor").get(address).get_data(as_text=True)
    (form,) = [one for action, one in forms_of(page) if action.endswith("/inspection")]
    sent = reader(world, "processor").client.post(
        f"{address}/inspection", data=form | {"correction_reason": "Xem lại"}
    )
    assert sent.status_code == 303, sent.get_data(as_text=True)
    first, again = world["processor"].read(f"{address}")["inspections"][-2:]
    assert len(again["parts"]) == 4
    assert again["parts"] == first["parts"]


def test_no_tare_counts_as_none(world: World) -> None:
    load = a_load(world, "despatched")
    address = f"/deliveries/{load}"
    form = {"gross-1": "10", "tare-1": "", "gross-2": "8", "tare-2": "1"}
    sent = reader(world, "processor").send(f"{address}/weighing", form, shown=address)
    assert sent.status_code == 303, sent.get_data(as_text=True)
    weighing = world["processor"].read(address)["weighings"][-1]
    assert [one["tare"] for one in weighing["tickets"]] == ["0", "1"]
    assert weighing["net"] == "17.000"


def test_a_claim_says_its_quantity_with_the_unit(world: World) -> None:
    load = a_load(world, "accepted")
    address = f"/deliveries/{load}"
    form = {"claimed": "2", "reason": "Lẫn đá"}
    made = reader(world, "processor").send(f"{address}/claims", form, shown=address)
    assert "Số lượng 2 kg" in shown(world, "farm", made.headers["Location"])


def test_a_reason_of_two_lines_is_taken_as_written(world: World) -> None:
    load = a_load(world, "accepted")
    address = f"/deliveries/{load}"
    form = {"claimed": "2", "reason": "Lẫn đá.\r\nẨm mốc."}
    made = reader(world, "processor").send(f"{address}/claims", form, shown=address)
    claim = world["processor"].read(made.headers["Location"])
    assert claim["reason"] == "Lẫn đá.\nẨm mốc."


def test_what_is_too_late_is_not_offered_and_is_said_plainly_where_it_is_sent(
    world: World,
) -> None:
    load = a_load(world, "accepted")
    address = f"/deliveries/{load}"
    browser = reader(world, "processor")
    page = browser.get(address).get_data(as_text=True)
    assert f"{address}/claims" in [action for action, _ in forms_of(page)]
    ended = datetime.fromisoformat(world["processor"].read(address)["inspected_at"])
    until = clock.on_the_wall(ended + CLAIM_WINDOW)
    assert f"Đến {until}; sau đó" in shown(world, "processor", address)
    with world.app.app_context(), transaction():
        then = clock.now() - CLAIM_WINDOW
        mine = update(Delivery).where(Delivery.id == load)
        db.session.execute(mine.values(inspected_at=then))
    over = clock.on_the_wall(then + CLAIM_WINDOW)
    late = shown(world, "processor", address)
    assert f"Hạn khiếu nại đã hết lúc {over}" in late
    page = browser.get(address).get_data(as_text=True)
    assert f"{address}/claims" not in [action for action, _ in forms_of(page)]
    form = {"net-1": "17", "accepted-1": "9", "reason-1": "Mốc", "correction_reason": "Nhầm"}
    sent = browser.send(f"{address}/inspection", form, shown=address)
    assert sent.status_code == 409
    assert f"giảm được số tiền phải trả đến {over}" in words_of(sent)


def test_a_slip_leads_back_to_its_delivery_and_does_not_print_that(world: World) -> None:
    load = a_load(world, "accepted")
    slip = reader(world, "farm").get(f"/api/v1/deliveries/{load}/slip", Accept="text/html")
    assert re.search(rf'<nav><a href="/deliveries/{load}">', slip.get_data(as_text=True))
    style = reader(world, "farm").get("/slip.css").get_data(as_text=True)
    assert "nav { display: none; }" in style.partition("@media print")[2]
