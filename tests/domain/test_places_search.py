"""Whatever way a place is typed, the right unit comes first."""

from datetime import date

import pytest
from sqlalchemy import func, select

from app.core.db import db
from app.places.models import AdministrativeUnit, AdministrativeUnitPredecessor, Level
from app.places.queries import current_ward, get_unit, search_units, unit_rank
from app.places.seed import seed_administrative_units

LAM_DONG = "68"


@pytest.fixture(autouse=True)
def units(database: object) -> None:
    seed_administrative_units()


def found(q: str | None, **filters: object) -> list[AdministrativeUnit]:
    statement = search_units(q, **filters)  # type: ignore[arg-type]
    order = (unit_rank(q), AdministrativeUnit.sort_key, AdministrativeUnit.id)
    return list(db.session.scalars(statement.order_by(*order).limit(20)))


@pytest.mark.parametrize(
    ("q", "code"),
    [
        ("b lao", "24829"),
        ("blao", "24829"),
        ("B'Lao", "24829"),
        ("phường b’lao", "24829"),
        ("b lao lam dong", "24829"),
        ("phuong 1 bao loc", "24823"),
        ("Phường 2 Bảo Lộc", "24820"),
        ("phuong 3 bao loc lam dong", "24841"),
        ("da huoai", "25099"),
        ("Bảo Lâm 2", "25084"),
        ("di linh", "25000"),
        ("đơn dương", "24931"),
        ("nam ban lam ha", "24868"),
        ("24829", "24829"),
    ],
)
def test_the_unit_meant_comes_first(q: str, code: str) -> None:
    first = found(q)[0]
    assert first.code == code
    assert first.valid_to is None


@pytest.mark.parametrize("q", ["d'ran", "d ran", "dran", "D’RAN"])
def test_an_apostrophe_may_be_anything(q: str) -> None:
    assert found(q)[0].name == "Xã D'Ran"


def test_typed_accents_take_precedence() -> None:
    assert found("đà l")[0].name == "Thành phố Đà Lạt"
    assert found("đạ l", level=Level.WARD)[0].name.startswith("Xã Đạ L")


def test_an_exact_name_precedes_a_longer_one_and_the_present_the_past() -> None:
    names = [(unit.name, unit.valid_to is None) for unit in found("da huoai")]
    assert names[:4] == [
        ("Xã Đạ Huoai", True),
        ("Huyện Đạ Huoai", False),
        ("Xã Đạ Huoai 2", True),
        ("Xã Đạ Huoai 3", True),
    ]


def test_a_former_name_is_found_and_leads_to_the_present_one() -> None:
    former = found("lộc sơn bảo lộc")[0]
    assert former.name == "Phường Lộc Sơn"
    assert [unit.name for unit in get_unit(former.id).successors] == ["Phường B'Lao"]


@pytest.mark.parametrize("q", ["%", "'", "_", "   ", "\\", "xyzzy"])
def test_what_names_nothing_finds_nothing(q: str) -> None:
    assert found(q) == []


def test_a_list_without_a_query_stands_in_vietnamese_order() -> None:
    current = found(None, level=Level.PROVINCE, on=date(2026, 1, 1))
    assert [unit.name for unit in current[:4]] == [
        "Thành phố Cần Thơ",
        "Thành phố Đà Nẵng",
        "Thành phố Hà Nội",
        "Thành phố Hải Phòng",
    ]


@pytest.mark.parametrize(
    ("on", "name"),
    [(date(2025, 6, 30), "Phường Lộc Sơn"), (date(2025, 7, 1), "Phường B'Lao")],
)
def test_a_code_names_a_unit_only_on_a_day(on: date, name: str) -> None:
    assert [unit.name for unit in found("24829", on=on)] == [name]


def test_there_are_the_units_of_the_reform() -> None:
    unit = AdministrativeUnit
    counts = db.session.execute(
        select(unit.level, unit.valid_to.is_(None), func.count()).group_by(
            unit.level, unit.valid_to.is_(None)
        )
    )
    assert {(level, current): count for level, current, count in counts} == {
        (Level.PROVINCE, True): 34,
        (Level.WARD, True): 3321,
        (Level.PROVINCE, False): 63,
        (Level.DISTRICT, False): 696,
        (Level.WARD, False): 10035,
    }
    in_lam_dong = search_units(province=LAM_DONG, level=Level.WARD, on=date(2026, 1, 1))
    assert len(db.session.scalars(in_lam_dong).all()) == 124


def test_every_unit_of_today_has_predecessors() -> None:
    unit, link = AdministrativeUnit, AdministrativeUnitPredecessor
    without = select(unit.name).where(
        unit.valid_to.is_(None), ~select(link).where(link.unit_id == unit.id).exists()
    )
    assert db.session.scalars(without).all() == []
    ward = current_ward("24829")
    assert ward is not None
    assert {former.name for former in get_unit(ward.id).predecessors} == {
        "Phường B'lao",
        "Phường Lộc Sơn",
        "Xã Lộc Nga",
    }


def test_seeding_again_adds_nothing() -> None:
    before = db.session.scalar(select(func.count()).select_from(AdministrativeUnit))
    seed_administrative_units()
    assert db.session.scalar(select(func.count()).select_from(AdministrativeUnit)) == before


def test_no_ward_has_an_unknown_code() -> None:
    assert current_ward("00000") is None
    assert current_ward(LAM_DONG) is None
