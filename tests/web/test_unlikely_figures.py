"""A figure that is hardly meant is asked about once; whoever means it ticks a box and sends it."""

import re

import pytest

from tests.api.world import PROMPT, World
from tests.factories import a_lot, an_offer, an_order, day
from tests.factories_contracts import a_draft, revision
from tests.factories_deliveries import a_delivery, weighed
from tests.web.reader import reader

BOX = re.compile(r'name="confirmed" value="([^"]+)"')


def asked(world: World, label: str, address: str, form: dict[str, str], shown: str) -> str:
    """The question a form is refused with; it is sent again with the box ticked, and accepted."""
    browser = reader(world, label)
    first = browser.send(address, form, shown=shown)
    page = first.get_data(as_text=True)
    assert (first.status_code, len(BOX.findall(page))) == (422, 1), page
    assert "Xin xem lại một con số" in page
    other = browser.send(address, form | {"confirmed": "1"}, shown=shown)
    assert other.status_code == 422, "the box was about another figure"
    sent = browser.send(address, form | {"confirmed": BOX.findall(page)[0]}, shown=shown)
    assert sent.status_code == 303, sent.get_data(as_text=True)
    return page.replace("\u00a0", " ").replace("\u2060", "")


def on_its_way(world: World) -> str:
    """A load of 17 kg that has left the farm."""
    farm, processor = world["farm"], world["processor"]
    order = an_order(processor, an_offer(farm), "17")
    return str(a_delivery(farm, processor, order, "despatched")["id"])


@pytest.mark.parametrize(("typed", "told"), [("170", "170 kg"), ("8,4", "8,4 kg")])
def test_a_weight_far_from_what_left_the_farm_is_asked_about(
    world: World, typed: str, told: str
) -> None:
    address = f"/deliveries/{on_its_way(world)}"
    form = {"gross-1": typed, "tare-1": "0"}
    page = asked(world, "processor", f"{address}/weighing", form, address)
    assert f"Đã xuất 17 kg mà cân được {told}" in page
    wrong = {"gross-1": "20,5", "tare-1": "0", "correction_reason": "Cân lại"}
    assert "cân được 20,5 kg" in asked(world, "processor", f"{address}/weighing", wrong, address)


@pytest.mark.parametrize("typed", ["8,5", "17", "20,4"])
def test_what_dries_or_gets_wet_on_the_way_is_weighed_without_a_question(
    world: World, typed: str
) -> None:
    address = f"/deliveries/{on_its_way(world)}"
    form = {"gross-1": "25", "tare-1": f"{25 - float(typed.replace(',', '.')):g}"}
    sent = reader(world, "processor").send(f"{address}/weighing", form, shown=address)
    assert sent.status_code == 303, sent.get_data(as_text=True)


def test_programs_are_asked_nothing(world: World) -> None:
    delivery = world["processor"].read(f"/deliveries/{on_its_way(world)}")
    assert weighed(world["processor"], delivery, "170")["status"] == "weighed"


def test_a_weight_nobody_can_mean_is_refused_to_programs_and_people(world: World) -> None:
    address = f"/deliveries/{on_its_way(world)}"
    ticket = {"tickets": [{"gross": "0.171", "tare": "0"}], "unit": "tấn"}
    answer = world["processor"].post(f"{address}/weighing", ticket)
    assert (answer.status_code, answer.json["code"]) == (409, "weight_out_of_proportion")
    assert "171 kg was weighed of 17 kg despatched" in answer.json["detail"]
    form = {"gross-1": "17.000", "tare-1": "0"}
    sent = reader(world, "processor").send(f"{address}/weighing", form, shown=address)
    told = sent.get_data(as_text=True).replace("\u00a0", " ").replace("\u2060", "")
    assert (sent.status_code, BOX.findall(told)) == (409, [])
    assert "Cân được 17.000 kg mà chỉ xuất 17 kg" in told


def test_a_pooled_load_is_not_given_away_by_a_slip(world: World) -> None:
    pool = f"/pooling/{world.ids['full_pool']}"
    world["cooperative"].made(f"/pools/{world.ids['full_pool']}/closing")
    form = {"ask_price": "0"}
    assert "cho không" in asked(world, "cooperative", f"{pool}/offer", form, pool)


def test_a_new_price_far_from_the_markets_is_asked_about(world: World) -> None:
    offer = an_offer(world["farm"], a_lot(world["farm"], **PROMPT))
    address, form = f"/offers/{offer['id']}", {"ask_price": "1.000.000"}
    assert "Gấp 10 lần giá hôm nay." in asked(world, "farm", f"{address}/price", form, address)
    assert world["farm"].read(address)["ask_price"] == "1000000.00"


def test_a_contracts_price_far_from_the_markets_is_asked_about(world: World) -> None:
    farm = world["farm"]
    draft = a_draft(world["processor"], farm, commodity=PROMPT["commodity"])
    address = f"/contracts/{draft['id']}"
    form = revision(draft, farm, figure="1.000.000")
    page = asked(world, "farm", f"{address}/revision", form, f"{address}/revision")
    assert "Gấp 10 lần giá hôm nay." in page
    assert farm.read(address)["version"] == 2
    again = reader(world, "farm").send(
        f"{address}/revision",
        form | {"version": "2", "notice_days": "3"},
        shown=f"{address}/revision",
    )
    assert again.status_code == 303, "a price that was asked about is not asked about again"


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ({"price": "floor_plus_market", "figure": "1.000.000"}, "Gấp 10 lần"),
        ({"price": "market_minus_differential", "figure": "90.000"}, "Thấp hơn giá hôm nay nhiều"),
        ({"price": "market_minus_differential", "figure": "100.000"}, "cho không"),
        ({"price": "cost_plus", "figure": "12.000", "margin": "988.000"}, "Gấp 10 lần"),
    ],
)
def test_a_formula_that_comes_to_an_odd_price_is_asked_about(
    world: World, formula: dict[str, str], told: str
) -> None:
    farm = world["farm"]
    draft = a_draft(world["processor"], farm, commodity=PROMPT["commodity"])
    address = f"/contracts/{draft['id']}"
    form = revision(draft, farm, **formula)
    assert told in asked(world, "farm", f"{address}/revision", form, f"{address}/revision")


def test_a_limit_far_from_the_markets_price_is_asked_about(world: World) -> None:
    form = {
        "commodity": str(PROMPT["commodity"]),
        "quantity": "10",
        "bid_price": "1.000.000",
        "deliver_from": day(1)[:10],
        "deliver_until": day(9)[:10],
        "site": str(world["processor"].site_id),
    }
    shown = f"/demands/new?commodity={PROMPT['commodity']}"
    assert "Gấp 10 lần giá hôm nay." in asked(world, "processor", "/demands", form, shown)
    none = reader(world, "processor").send("/demands", form | {"bid_price": "0"}, shown=shown)
    assert none.status_code == 422
    assert "Giá phải lớn hơn 0." in none.get_data(as_text=True)
