"""Weighing, inspecting and complaining on pages."""

import re

import pytest

from tests.api.world import World
from tests.factories import an_offer, an_order
from tests.factories_deliveries import a_delivery, accepted, accepted_part, inspected
from tests.web.reader import reader, shown
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


def test_a_slip_leads_back_to_its_delivery_and_does_not_print_that(world: World) -> None:
    load = a_load(world, "accepted")
    slip = reader(world, "farm").get(f"/api/v1/deliveries/{load}/slip", Accept="text/html")
    assert re.search(rf'<nav><a href="/deliveries/{load}">', slip.get_data(as_text=True))
    style = reader(world, "farm").get("/slip.css").get_data(as_text=True)
    assert "nav { display: none; }" in style.partition("@media print")[2]
