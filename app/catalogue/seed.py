"""Brings ``seed.toml`` into the tables, as often as one likes."""

import tomllib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

from sqlalchemy import Table, delete, or_, tuple_
from sqlalchemy.dialects.postgresql import insert

from app.catalogue.models import (
    CertificateScheme,
    Commodity,
    CommodityConversion,
    Grade,
    Market,
    ProcessingLine,
    QualityAttribute,
    RoundEvery,
    processing_line_commodity,
)
from app.catalogue.schedule import Schedule, next_round
from app.core.db import db
from app.core.vietnamese import fold, sort_key

Row = dict[str, Any]

CONVERSIONS_FROM = date(2025, 1, 1)
NOTICE = timedelta(hours=3)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# What an operator sets on a market is not taken back by a later start.
KEPT_BY_OPERATOR = {
    "haulage_base",
    "haulage_rate_per_km",
    "road_factor",
    "speed_kmh",
    "round_every",
    "round_time",
    "round_weekday",
    "next_round_at",
}


def read_seed() -> dict[str, Any]:
    """The contents of ``seed.toml``."""
    return tomllib.loads(files("app.catalogue").joinpath("seed.toml").read_text("utf-8"))


def seed_catalogue(*, now: datetime) -> None:
    """Add what is missing from the catalogue and bring names, bounds and grades up to date.

    A market that exists keeps its tariff, its schedule and its next round; conversions are dated,
    so one that exists is kept too; nothing is removed but what a processing line no longer
    accepts. A new market's first round is at least three hours away. Unchanged rows are not
    written.
    """
    seed = read_seed()
    conditions = seed["conditions"]
    markets = _markets(seed)
    _upsert(Market, [_market(row, conditions, now) for row in markets], kept=KEPT_BY_OPERATOR)
    bases = {market["base"] for market in markets}
    _upsert(Commodity, [_commodity(row, bases) for row in seed["commodity"]])
    _add(CommodityConversion, [_conversion(row) for row in seed["commodity"]])
    _upsert(QualityAttribute, _qualities(seed))
    _upsert(Grade, _grades(seed))
    _upsert(CertificateScheme, [_listed(row) | _only(row, "issuer") for row in seed["scheme"]])
    _upsert(ProcessingLine, [_listed(row) | _only(row, "chain") for row in seed["line"]])
    _accept(seed["line"])


def _markets(seed: dict[str, Any]) -> list[Row]:
    """The shared markets and one for each commodity that shares none."""
    own = [row | {"base": row["code"]} for row in seed["commodity"] if "market" not in row]
    return [*seed["market"], *own]


def _market(row: Row, conditions: dict[str, Any], now: datetime) -> Row:
    condition = conditions[row["condition"]]
    haulage, due = condition["haulage"], condition["round"]
    weekday = WEEKDAYS.index(due["weekday"]) if "weekday" in due else None
    schedule = Schedule(RoundEvery(due["every"]), due["time"], weekday)
    return _listed(row) | {
        "haulage_base": Decimal(haulage["base"]),
        "haulage_rate_per_km": Decimal(haulage["rate_per_km"]),
        "road_factor": Decimal(haulage["road_factor"]),
        "speed_kmh": Decimal(haulage["speed_kmh"]),
        "round_every": schedule.every,
        "round_time": schedule.time,
        "round_weekday": schedule.weekday,
        "next_round_at": next_round(schedule, after=now + NOTICE),
    }


def _commodity(row: Row, bases: set[str]) -> Row:
    spoken = [row["name"]["vi"], row["name"]["en"], *row.get("aliases", [])]
    facts = ("category", "form", "unit", "shelf_life_hours", "claim_hours", "cold_chain")
    return (
        _listed(row)
        | _only(row, *facts)
        | {
            "market_code": row.get("market", row["code"]),
            "is_base": row["code"] in bases,
            "unit_weight_kg": Decimal(row["unit_weight_kg"]),
            "search_key": f" {' '.join(fold(name) for name in spoken)} ",
        }
    )


def _conversion(row: Row) -> Row:
    return {
        "commodity_code": row["code"],
        "valid_from": CONVERSIONS_FROM,
        "factor": Decimal(row.get("factor", "1")),
    }


def _qualities(seed: dict[str, Any]) -> list[Row]:
    return [
        _bilingual(seed["attributes"][code])
        | {
            "commodity_code": row["code"],
            "code": code,
            "position": position,
            "required": code in row.get("required", ()),
        }
        | {
            fact: seed["attributes"][code].get(fact)
            for fact in ("type", "unit", "minimum", "maximum", "decimals", "direction", "method")
        }
        for row in seed["commodity"]
        for position, code in enumerate(row["qualities"], 1)
    ]


def _grades(seed: dict[str, Any]) -> list[Row]:
    return [
        {
            "commodity_code": row["code"],
            "code": grade["code"],
            "name_vi": grade["vi"],
            "name_en": grade["en"],
            "rank": rank,
        }
        for row in seed["commodity"]
        for rank, grade in enumerate(seed["grades"][row["grades"]], 1)
    ]


def _listed(row: Row) -> Row:
    return _bilingual(row) | {"code": row["code"], "sort_key": sort_key(row["name"]["vi"])}


def _bilingual(row: Row) -> Row:
    return {"name_vi": row["name"]["vi"], "name_en": row["name"]["en"]}


def _only(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names}


def _accept(lines: Sequence[Row]) -> None:
    """Make the lines accept exactly what they list."""
    pairs = [(line["code"], code) for line in lines for code in line["accepts"]]
    names = [column.name for column in processing_line_commodity.c]
    _add(processing_line_commodity, [dict(zip(names, pair, strict=True)) for pair in pairs])
    here = tuple_(*processing_line_commodity.c)
    db.session.execute(delete(processing_line_commodity).where(here.not_in(pairs)))


def _add(table: Any, rows: Sequence[Row]) -> None:
    """Insert the rows whose key is new."""
    db.session.execute(insert(_table(table)).values(rows).on_conflict_do_nothing())


def _upsert(table: Any, rows: Sequence[Row], *, kept: Iterable[str] = ()) -> None:
    """Insert new rows and update those that differ, but for the columns that are kept."""
    target = _table(table)
    statement = insert(target).values(rows)
    keys = [column.name for column in target.primary_key]
    changing = [name for name in rows[0] if name not in {*keys, *kept}]
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=keys,
            set_={name: statement.excluded[name] for name in changing},
            where=or_(
                *(target.c[name].is_distinct_from(statement.excluded[name]) for name in changing)
            ),
        )
    )


def _table(table: Any) -> Table:
    found: Table = getattr(table, "__table__", table)
    return found
