"""The catalogue as its readers see it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Text, delete, literal_column, select, update

from app.catalogue import queries
from app.catalogue.models import (
    CertificateScheme,
    Commodity,
    CommodityConversion,
    Grade,
    Market,
    ProcessingLine,
    QualityAttribute,
    processing_line_commodity,
)
from app.catalogue.seed import seed_catalogue
from app.core.db import db
from app.core.errors import NotFound
from app.orders.models import QualitySchedule

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def catalogue(database: object) -> None:
    seed_catalogue(now=NOW)


def test_a_commodity_comes_with_its_qualities_and_grades() -> None:
    tea = queries.get_commodity("tea-shoots-fresh")
    assert tea.name == {"vi": "Búp chè tươi", "en": "Fresh tea shoots"}
    assert [quality.code for quality in tea.qualities][:2] == ["coarse_leaf", "surface_water"]
    assert [(grade.code, grade.rank) for grade in tea.grades] == [
        ("1", 1),
        ("2", 2),
        ("3", 3),
        ("4", 4),
    ]


def test_a_missing_code_is_not_found() -> None:
    assert queries.find_commodity("nothing") is None
    assert queries.find_market("no\0thing") is None
    for get in (
        queries.get_commodity,
        queries.get_market,
        queries.get_processing_line,
        queries.get_certificate_scheme,
    ):
        with pytest.raises(NotFound):
            get("nothing")


@pytest.mark.parametrize("q", ["bup che", "TEA SHOOTS", "trà tươi", "tươi chè"])
def test_a_commodity_is_found_by_its_names(q: str) -> None:
    codes = [row.code for row in db.session.scalars(queries.commodities(q=q))]
    assert "tea-shoots-fresh" in codes
    assert len(codes) < 10


def test_a_name_without_letters_finds_nothing() -> None:
    assert db.session.scalars(queries.commodities(q="%_")).all() == []


def test_commodities_are_narrowed_by_category_and_market() -> None:
    shared = db.session.scalars(queries.commodities(category="flower", market="chrysanthemum"))
    assert {row.code for row in shared} == {"chrysanthemum-dried", "chrysanthemum-fresh"}


def test_a_shared_market_counts_in_its_base_commodity() -> None:
    market = queries.get_market("chrysanthemum")
    assert market.base_commodity_code == "chrysanthemum-dried"
    factors = queries.conversion_factors((row.code for row in market.commodities), on=TODAY)
    assert factors == {"chrysanthemum-dried": 1, "chrysanthemum-fresh": Decimal("0.15")}


def test_every_market_has_exactly_one_base() -> None:
    markets = db.session.scalars(queries.markets_with_commodities()).all()
    assert len(markets) > 50
    for market in markets:
        bases = [row.code for row in market.commodities if row.is_base]
        assert bases == [market.base_commodity_code]


def test_the_conversion_in_force_is_that_of_the_day() -> None:
    code, change = "chrysanthemum-fresh", date(2026, 12, 1)
    db.session.add(
        CommodityConversion(commodity_code=code, valid_from=change, factor=Decimal("0.16"))
    )
    db.session.flush()
    assert queries.conversion_factor(code, on=TODAY) == Decimal("0.15")
    assert queries.conversion_factor(code, on=change) == Decimal("0.16")
    with pytest.raises(queries.NoConversion):
        queries.conversion_factor(code, on=date(2001, 1, 1))


@pytest.mark.parametrize("hour", range(0, 24, 5))
def test_no_new_market_clears_within_three_hours(hour: int) -> None:
    about = (processing_line_commodity, QualityAttribute, Grade, CommodityConversion)
    for table in (*about, QualitySchedule):
        db.session.execute(delete(table))
    db.session.execute(delete(Commodity))
    db.session.execute(delete(Market))
    now = NOW.replace(hour=hour)
    seed_catalogue(now=now)
    rounds = db.session.scalars(select(Market.next_round_at)).all()
    assert min(rounds) >= now + timedelta(hours=3)
    assert max(rounds) <= now + timedelta(days=8)


def test_seeding_again_writes_nothing() -> None:
    tables = (Commodity, Market, ProcessingLine, CertificateScheme, QualityAttribute, Grade)

    def versions() -> list[str]:
        """Where every row lies and which transaction wrote it."""
        version = literal_column("ctid::text || xmin::text", Text)
        return [
            place
            for table in tables
            for place in db.session.scalars(select(version).select_from(table))
        ]

    before = versions()
    seed_catalogue(now=NOW + timedelta(days=30))
    assert versions() == before


def test_seeding_again_keeps_what_the_operator_set_and_mends_the_rest() -> None:
    due = NOW + timedelta(hours=1)
    db.session.execute(
        update(Market)
        .where(Market.code == "ginger")
        .values(haulage_base=Decimal("999.00"), next_round_at=due, name_en="Gnigre")
    )
    seed_catalogue(now=NOW)
    market = db.session.scalars(
        queries.markets_with_commodities().execution_options(populate_existing=True)
    ).all()
    ginger = next(row for row in market if row.code == "ginger")
    assert (ginger.haulage_base, ginger.next_round_at) == (Decimal("999.00"), due)
    assert ginger.name_en == "Ginger"


def test_a_line_accepts_what_its_chain_buys() -> None:
    line = queries.get_processing_line("silk-reeling")
    assert (line.chain, [row.code for row in line.commodities]) == ("silk", ["fresh-cocoons"])
