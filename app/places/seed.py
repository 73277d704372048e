"""Fills the administrative units from the data files of the package ``vietnamadminunits``.

The package holds the units of today and those until the reform of 1 July 2025, with the middle
of each, and which became which. Only its data are used: its parsers take long to load.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import insert, select

from app.core.db import db
from app.core.vietnamese import compact, fold, sort_key
from app.places.models import AdministrativeUnit, AdministrativeUnitPredecessor, Level

# The former units are those of the last division before the reform. Many are older than the day
# it began, but for earlier days the package vouches for nothing.
RECORDS_BEGIN = date(2025, 1, 1)
LAST_DAY_BEFORE_REFORM = date(2025, 6, 30)
REFORM = date(2025, 7, 1)
FORMER = (RECORDS_BEGIN, LAST_DAY_BEFORE_REFORM)
CURRENT = (REFORM, None)
APOSTROPHES_PART = str.maketrans("'’", "  ")


class Area(NamedTuple):
    """A unit as a line of the package tells it; ``key`` is how its converter calls it."""

    level: Level
    key: str
    code: str
    kind: str
    name: str
    province_code: str
    province_name: str
    district_name: str | None
    latitude: float
    longitude: float


def seed_administrative_units() -> None:
    """Add every unit, former and present, with its predecessors; nothing if any is there."""
    if db.session.scalar(select(AdministrativeUnit.id).limit(1)) is not None:
        return
    data = _data_folder()
    with closing(sqlite3.connect(f"file:{data / 'dataset.db'}?mode=ro", uri=True)) as source:
        source.row_factory = sqlite3.Row
        current = {area.key: area for area in _current_areas(source)}
        former = {area.key: area for area in _former_areas(source)}
    rows = [_row(area, *CURRENT) for area in current.values()]
    rows += [_row(area, *FORMER) for area in former.values()]
    db.session.execute(insert(AdministrativeUnit), rows)
    converter = json.loads((data / "converter_2025.json").read_text("utf-8"))
    ids = _ids()
    pairs = {
        (ids[_identity(current[new], REFORM)], ids[_identity(former[old], RECORDS_BEGIN)])
        for new, old in _successions(converter)
    }
    db.session.execute(
        insert(AdministrativeUnitPredecessor),
        [{"unit_id": unit, "predecessor_id": predecessor} for unit, predecessor in pairs],
    )


def _data_folder() -> Path:
    spec = find_spec("vietnamadminunits")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("vietnamadminunits")
    return Path(spec.submodule_search_locations[0]) / "data"


def _current_areas(source: sqlite3.Connection) -> Iterator[Area]:
    lines = source.execute("SELECT * FROM admin_units ORDER BY wardCode").fetchall()
    yield from _provinces(lines)
    for line in lines:
        yield _ward(line, key=f"{line['provinceKey']}_{line['wardKey']}", district=None)


def _former_areas(source: sqlite3.Connection) -> Iterator[Area]:
    lines = source.execute("SELECT * FROM admin_units_legacy ORDER BY wardCode").fetchall()
    yield from _provinces(lines)
    districts = {line["districtCode"]: line for line in lines}
    for line in districts.values():
        yield Area(
            Level.DISTRICT,
            f"{line['provinceKey']}_{line['districtKey']}",
            line["districtCode"],
            line["districtType"],
            line["district"],
            line["provinceCode"],
            line["province"],
            None,
            line["districtLat"],
            line["districtLon"],
        )
    for line in lines:
        if line["wardCode"] is not None:
            key = f"{line['provinceKey']}_{line['districtKey']}_{line['wardKey']}"
            yield _ward(line, key=key, district=line["district"])


def _provinces(lines: list[sqlite3.Row]) -> Iterator[Area]:
    for line in {line["provinceCode"]: line for line in lines}.values():
        yield Area(
            Level.PROVINCE,
            line["provinceKey"],
            line["provinceCode"],
            line["province"].removesuffix(line["provinceShort"]).strip(),
            line["province"],
            line["provinceCode"],
            line["province"],
            None,
            line["provinceLat"],
            line["provinceLon"],
        )


def _ward(line: sqlite3.Row, *, key: str, district: str | None) -> Area:
    return Area(
        Level.WARD,
        key,
        line["wardCode"],
        line["wardType"],
        line["ward"],
        line["provinceCode"],
        line["province"],
        district,
        line["wardLat"],
        line["wardLon"],
    )


def _successions(converter: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Keys of units of today with those of the units whose area went into them."""
    for province, old_provinces in converter["DICT_PROVINCE"].items():
        yield from ((province, old) for old in old_provinces)
    for province, wards in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, whole in wards.items():
            yield from ((f"{province}_{ward}", old.rstrip("_")) for old in whole)
    for province, divided in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for old, parts in divided.items():
            yield from ((f"{province}_{part['newWardKey']}", old) for part in parts)


def _row(area: Area, valid_from: date, valid_to: date | None) -> dict[str, Any]:
    short = _short_name(area)
    words = fold(area.name).split() + fold(area.name.translate(APOSTROPHES_PART)).split()
    around = [area.district_name, area.province_name if area.level != Level.PROVINCE else None]
    words += chain.from_iterable(fold(name).split() for name in around if name)
    return {
        "code": area.code,
        "level": area.level,
        "name": area.name,
        "short_name": short,
        "province_code": area.province_code,
        "province_name": area.province_name,
        "district_name": area.district_name,
        "valid_from": valid_from,
        "valid_to": valid_to,
        "latitude": area.latitude,
        "longitude": area.longitude,
        "name_key": compact(area.name),
        "short_key": compact(short),
        "search_key": f" {' '.join(dict.fromkeys(words))} ",
        "sort_key": sort_key(area.name),
    }


def _short_name(area: Area) -> str:
    """The name without the word for its kind, unless a number would be left."""
    short = area.name.removeprefix(area.kind).strip()
    return area.name if short[:1].isdigit() else short


def _identity(area: Area, valid_from: date) -> tuple[Level, str, date]:
    return area.level, area.code, valid_from


def _ids() -> dict[tuple[Level, str, date], Any]:
    unit = AdministrativeUnit
    rows = db.session.execute(select(unit.level, unit.code, unit.valid_from, unit.id))
    return {(level, code, valid_from): id_ for level, code, valid_from, id_ in rows}
