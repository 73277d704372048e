"""What the files of the figures page hold: words and figures as the reader writes them."""

import csv
import io
from datetime import date, timedelta

import pytest
from flask import Flask

from app.analytics import schemas
from app.analytics.answers import as_csv
from app.analytics.losses import STAGES
from app.clearing.greedy import RULES
from app.core import clock
from app.web.analytics import TABLES
from app.web.chain_figures import STAGE_OF
from app.web.file_columns import HEADINGS, WORDS, in_words
from tests.api.world import World
from tests.factories import NOW, Account, Trade, a_lot, a_membership, forecast_body
from tests.factories_deliveries import (
    TEA,
    accepted,
    accepted_part,
    despatched,
    inspected,
    scheduled,
    tea_order,
    weighed,
)
from tests.web.reader import Reader, reader

DELIMITERS = {"vi": ";", "en": ","}


def rows_of(somebody: Reader, name: str, language: str, query: str = "") -> list[dict[str, str]]:
    somebody.client.set_cookie("blao_language", language)
    text = somebody.get(f"/analytics/{name}.csv{query}").get_data().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=DELIMITERS[language]))


def brought(farm: Account, buyer: Account, net: str) -> None:
    """A load of 100 kg of tea of which ``net`` is weighed and accepted."""
    delivery = despatched(farm, scheduled(farm, tea_order(farm, buyer, "100")))
    weighed(buyer, delivery, net)
    inspected(buyer, delivery, accepted_part(net))
    accepted(buyer, delivery)


def last_month() -> date:
    return (clock.local_date(NOW).replace(day=1) - timedelta(days=1)).replace(day=1)


def test_every_column_is_called_by_its_name_in_the_readers_language(world: World) -> None:
    fields = {field for table in TABLES.values() for field in table.row().fields}
    assert HEADINGS.keys() == fields
    cooperative = reader(world, "cooperative")
    for name, table in TABLES.items():
        for at, language in enumerate(DELIMITERS):
            cooperative.client.set_cookie("blao_language", language)
            text = cooperative.get(f"/analytics/{name}.csv").get_data().decode("utf-8-sig")
            (first, *_) = csv.reader(text.splitlines(), delimiter=DELIMITERS[language])
            assert first == [HEADINGS[field][at] for field in table.row().fields]


@pytest.mark.parametrize(
    ("language", "good", "kept", "price", "lost"),
    [
        ("vi", "Búp chè tươi", "98,000", "8000,00", "hụt trên đường"),
        ("en", "Fresh tea shoots", "98.000", "8000.00", "shrinking on the way"),
    ],
)
def test_words_and_decimals_are_the_readers(
    trade: Trade, language: str, good: str, kept: str, price: str, lost: str
) -> None:
    farm, buyer = trade.farm(), trade.processor()
    brought(farm, buyer, "98")
    trade.count()
    at = list(DELIMITERS).index(language)
    column = {field: names[at] for field, names in HEADINGS.items()}
    somebody = Reader(trade.app, farm.token)
    (paid,) = rows_of(somebody, "prices", language)
    told = [paid[column[name]] for name in ("commodity", "quantity", "price", "amount")]
    assert told == [good, kept, price, "784000"]
    (loss,) = rows_of(somebody, "loss", language)
    stage = WORDS["stage"]["haulage"][at]
    assert [loss[column[name]] for name in ("stage", "cause")] == [stage, lost]
    links = rows_of(somebody, "flows", language)
    kinds = ("commodity", "farm", "way", "processor")
    assert {link[column[side]] for link in links for side in ("source_kind", "target_kind")} == {
        WORDS["source_kind"][kind][at] for kind in kinds
    }


def test_what_was_weighed_above_the_despatched_is_called_a_gain(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    brought(farm, buyer, "102")
    trade.count()
    somebody = Reader(trade.app, farm.token)
    (vi,), (en,) = rows_of(somebody, "loss", "vi"), rows_of(somebody, "loss", "en")
    assert (vi["Vì sao"], vi["Số lượng"]) == ("dôi khi cân", "-2,000")
    assert (en["Cause"], en["Quantity"]) == ("gained at weighing", "-2.000")


def test_rounds_are_told_by_the_names_of_their_market_and_rule(world: World) -> None:
    assert WORDS["best_rule"].keys() == set(RULES)
    (told,) = rows_of(reader(world, "cooperative"), "fairness", "vi")
    assert told["Thị trường"] == "Gừng"
    with Flask(__name__).test_request_context():
        said = in_words({"best_rule": "first come"}, {}, {})
        silent = in_words({"best_rule": None}, {}, {})
    assert (said["best_rule"], silent["best_rule"]) == ("ai trước được trước", None)


def test_every_stage_and_kind_has_words() -> None:
    assert WORDS["stage"].keys() == set(STAGES.values())
    assert WORDS["source_kind"].keys() == STAGE_OF.keys()


def test_no_name_becomes_a_formula_where_columns_end_in_semicolons() -> None:
    row = {"source": "=1+1", "source_name": "a;b", "quantity": "2.5", "amount": -5}
    data = as_csv(schemas.FlowOut(), [row], delimiter=";", decimal=",").decode("utf-8-sig")
    (read,) = csv.DictReader(io.StringIO(data), delimiter=";")
    assert (read["source"], read["source_name"]) == ("'=1+1", "a;b")
    assert (read["quantity"], read["amount"]) == ("2,500", "-5")


def test_the_supply_of_a_month_that_is_over_is_told_by_its_own_weeks(trade: Trade) -> None:
    farm, cooperative = trade.farm(), trade.cooperative()
    a_membership(farm, cooperative, "consent")
    picked = last_month() + timedelta(days=14)
    a_lot(farm, commodity=TEA, quantity="70", grade=None, qualities={},
          harvested_at=f"{picked}T03:00:00Z")  # fmt: skip
    farm.made("/forecasts", forecast_body(commodity=TEA, quantity="200"))
    trade.count()
    somebody = Reader(trade.app, cooperative.token)
    (past,) = rows_of(somebody, "supply", "vi", f"?month={last_month():%Y-%m}")
    assert (past["Tuần"], past["Đã thu hoạch"]) == (str(clock.monday(picked)), "70,000")
    assert {row["Dự báo"] for row in rows_of(somebody, "supply", "vi")} == {"200,000"}


def test_a_month_that_is_over_does_not_ask_what_is_coming(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm, buyer = trade.farm(), trade.processor()
    brought(farm, buyer, "100")
    farm.made("/forecasts", forecast_body(commodity=TEA, quantity="200"))
    trade.count()
    somebody = Reader(trade.app, farm.token)
    assert "Dự báo đủ cho mọi tuần tới" in somebody.get("/analytics").get_data(as_text=True)
    asked: list[object] = []
    monkeypatch.setattr(
        "app.web.analytics.supply.supply", lambda *about, **more: asked.append(about)
    )
    monkeypatch.setattr("app.web.analytics.supply.awaited", asked.append)
    page = somebody.get(f"/analytics?month={last_month():%Y-%m}")
    assert page.status_code == 200
    assert "Hàng sắp có" not in page.get_data(as_text=True)
    assert asked == []
