"""What people read: both languages side by side, and figures as each of them writes them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import g, request

from app.core import clock
from app.core.errors import LANGUAGES
from app.core.numbers import written
from app.core.quantity import UNITS
from app.notifications.restriction_topics import LIMITS
from app.places.restriction_operations import said_why

COOKIE = "blao_language"
NO_BREAK, WORD_JOINER = "\u00a0", "\u2060"
KG_PER_TONNE = 1000
WEEKDAYS = {
    "vi": ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}


def language() -> str:
    """The language of the page being made, looked up once for each page."""
    return str(g.get("spoken") or chosen())


def chosen() -> str:
    """The reader's language: the one chosen in this browser, else the person's, else Vietnamese.

    The person is whoever is signed in, or the ``reader`` whom a link names.
    """
    kept = request.cookies.get(COOKIE)
    if kept in LANGUAGES:
        return str(kept)
    caller = g.get("caller")
    reader = caller.person if caller else g.get("reader")
    return reader.locale if reader else "vi"


def t(vi: str, en: str, many: str | None = None, /, **facts: Any) -> str:
    """A sentence in the reader's language, its places filled.

    Vietnamese has one form for every number. English takes ``many`` where the fact ``n`` is not 1.
    """
    if language() == "vi":
        return vi.format(**facts)
    if many is not None and facts.get("n") != 1:
        return many.format(**facts)
    return en.format(**facts)


def named(thing: Any) -> str:
    """The name of something in the catalogue."""
    return str(thing.name_vi if language() == "vi" else thing.name_en)


def unit(code: str) -> str:
    """A unit of measure by its name."""
    return UNITS[language()].get(code, code)


def number(value: Decimal | int | float) -> str:
    """1.234,5 in Vietnamese, 1,234.5 in English."""
    return written(Decimal(str(value)), language())


def quantity(value: Decimal, unit_code: str) -> str:
    """A quantity with its unit, which never stand on two lines."""
    return f"{number(value)}{NO_BREAK}{unit(unit_code)}"


def money(amount: Decimal | int) -> str:
    """An amount: 2.500.000 đ."""
    return f"{number(amount)}{NO_BREAK}{t('đ', 'VND')}"


def price(amount: Decimal | int, unit_code: str) -> str:
    """An amount for each unit: 12.500 đ/kg."""
    return f"{money(amount)}{WORD_JOINER}/{WORD_JOINER}{unit(unit_code)}"


def day(value: date | datetime) -> str:
    """23/11/2026."""
    return f"{_local(value):%d/%m/%Y}"


def month(value: date) -> str:
    """11/2026."""
    return f"{value:%m/%Y}"


def tonnes(kilograms: Decimal | int) -> str:
    """A weight as reports tell it: 38,4 tấn; below a tonne in kilograms."""
    if kilograms < KG_PER_TONNE:
        return quantity(Decimal(kilograms), "kg")
    return f"{number(round(Decimal(kilograms) / KG_PER_TONNE, 1))}{NO_BREAK}{t('tấn', 'tonnes')}"


def weekday(value: date | datetime) -> str:
    """thứ Hai 23/11."""
    local = _local(value)
    return f"{WEEKDAYS[language()][local.weekday()]} {local:%d/%m}"


def instant(value: datetime) -> str:
    """17:05, 23/11/2026."""
    return clock.on_the_wall(value)


def _local(value: date | datetime) -> date | datetime:
    return value.astimezone(clock.LOCAL) if isinstance(value, datetime) else value


def typed_figure(value: Decimal | str | None) -> str:
    """A figure as it stands in a field: grouped, without its unit."""
    return number(value) if isinstance(value, Decimal) else str(value or "")


def graded(grade: Any) -> tuple[str, str]:
    """A grade as a choice."""
    return grade.code, named(grade)


def coded(thing: Any) -> tuple[str, str]:
    """Something of the catalogue as a choice."""
    return thing.code, named(thing)


def placed(site: Any) -> tuple[str, str]:
    """A site as a choice."""
    return str(site.id), site.name


def warded(ward: Any) -> tuple[str, str]:
    """A ward as a choice."""
    return ward.code, f"{ward.name}, {ward.province_name}"


def grade_of(code: str | None, commodity: Any) -> str | None:
    """The name of a commodity's grade."""
    return next((named(one) for one in commodity.grades if one.code == code), code)


def measured(qualities: dict[str, Any], commodity: Any) -> list[tuple[str, str]]:
    """Qualities as pairs of a name and a figure."""
    return [
        (named(one), _figure(qualities[one.code], one.unit))
        for one in commodity.qualities
        if qualities.get(one.code) is not None
    ]


def closed_how(kind: str) -> str:
    """What may still cross the border of a closed area."""
    return LIMITS[language()][kind]


def closed_why(reason: str) -> str:
    """Why an area is closed."""
    return said_why(reason)[language()]


def forecast_row(forecast: Any, goods: dict[str, Any]) -> tuple[str, str, str]:
    """A forecast as a row of a table."""
    good = goods[forecast.commodity_code]
    return day(forecast.week), named(good), quantity(forecast.quantity, good.unit)


def _figure(value: Any, unit_name: str | None) -> str:
    if isinstance(value, bool):
        return t("Có", "Yes") if value else t("Không", "No")
    try:
        figure = number(Decimal(str(value)))
        return f"{figure}%" if unit_name == "%" else f"{figure}{NO_BREAK}{unit_name or ''}".strip()
    except ArithmeticError:
        return day(date.fromisoformat(str(value)))


FILTERS = (
    graded,
    coded,
    placed,
    warded,
    grade_of,
    measured,
    closed_how,
    closed_why,
    forecast_row,
    typed_figure,
    named,
    unit,
    number,
    quantity,
    money,
    price,
    day,
    month,
    tonnes,
    weekday,
    instant,
)
