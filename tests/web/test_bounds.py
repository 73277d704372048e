"""A figure that is out of range is answered with the range."""

import pytest

from tests.api.world import World
from tests.factories import an_offer, an_order, day, demand_body
from tests.factories_deliveries import a_delivery
from tests.web.reader import reader, words_of

DEMAND = {
    "commodity": "green-coffee-robusta",
    "quantity": "10",
    "bid_price": "90000",
    "deliver_from": day(1)[:10],
    "deliver_until": day(9)[:10],
}


def told(world: World, label: str, language: str, sent: tuple[str, dict[str, str], str]) -> str:
    """The words of a form that was refused."""
    browser = reader(world, label)
    browser.client.set_cookie("blao_language", language)
    address, form, shown = sent
    answer = browser.send(address, form, shown=shown)
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return words_of(answer)


@pytest.mark.parametrize(
    ("changes", "vi", "en"),
    [
        ({"quantity": "0"}, "Lớn hơn 0, nhiều nhất 999.999.999,999.",
         "More than 0, 999,999,999.999 at most."),
        ({"quantity": "1" * 20}, "Lớn hơn 0, nhiều nhất 999.999.999,999.",
         "More than 0, 999,999,999.999 at most."),
        ({"bid_price": "-1"}, "Từ 0 đến 999.999.999,99.", "From 0 to 999,999,999.99."),
        ({"max_suppliers": "0"}, "Từ 1 đến 1.000.000.", "From 1 to 1,000,000."),
        ({"min-moisture": "500"}, "Độ ẩm: Từ 0 đến 30, nhiều nhất 1 số lẻ.",
         "Moisture: From 0 to 30; decimals: 1 at most."),
        ({"min-moisture": "13", "max-moisture": "12"}, "Mức thấp nhất lớn hơn mức cao nhất.",
         "The lowest is more than the highest."),
    ],
)  # fmt: skip
def test_a_demand_out_of_range_is_told_the_range(
    world: World, changes: dict[str, str], vi: str, en: str
) -> None:
    form = DEMAND | {"site": str(world["processor"].site_id)} | changes
    sent = ("/demands/preview", form, f"/demands/new?commodity={DEMAND['commodity']}")
    assert vi in told(world, "processor", "vi", sent)
    assert en in told(world, "processor", "en", sent)


@pytest.mark.parametrize("water", ["101", "-1", "9" * 13])
def test_a_share_out_of_range_is_told_it_goes_from_0_to_100(world: World, water: str) -> None:
    farm, processor = world["farm"], world["processor"]
    load = a_delivery(farm, processor, an_order(processor, an_offer(farm), "17"), "despatched")
    address = f"/deliveries/{load['id']}"
    sent = (f"{address}/weighing", {"gross-1": "17", "surface_water": water}, address)
    assert "Nước bám: Từ 0 đến 100." in told(world, "processor", "vi", sent)
    assert "Surface water: From 0 to 100." in told(world, "processor", "en", sent)


def test_programs_are_told_the_range_too(world: World) -> None:
    processor = world["processor"]
    answer = processor.post("/demands", demand_body(processor, bid_price="1000000000"))
    assert answer.json["errors"][0]["detail"] == "Must be from 0 to 999999999.99."
