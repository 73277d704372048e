"""The weeks of a season, by the Mondays they begin on."""

from datetime import date, datetime, timedelta

from app.contracts.models import Contract, ContractNotActive, ContractStatus
from app.core import clock
from app.core.errors import invalid

WEEK = timedelta(days=7)


def to_come(begins: date, ends: date, *, today: date) -> list[date]:
    """The weeks from one day to another that are not over, soonest first."""
    return [week for week in _all_weeks(begins, ends) if week + WEEK > today]


def open_weeks(contract: Contract, *, now: datetime) -> list[date]:
    """The weeks in which something may still be called or missed, soonest first.

    None unless the contract is active; its weeks must be loaded.
    """
    today = clock.local_date(now)
    if not _is_active(contract, today):
        return []
    return [week for week in _weeks_of(contract) if week + WEEK > today]


def check_week(contract: Contract, week: date, *, now: datetime) -> None:
    """Refuse a week in which nothing can be called or missed; its weeks must be loaded.

    Raises:
        ContractNotActive: the contract is not in force. Invalid: the week is none of its season,
            or over.
    """
    today = clock.local_date(now)
    if not _is_active(contract, today):
        raise ContractNotActive
    if week not in _weeks_of(contract):
        raise invalid("/week", "Tuần này không có trong hợp đồng.", "Not a week of this contract.")
    if week + WEEK <= today:
        raise invalid("/week", "Tuần này đã qua.", "That week is over.")


def _is_active(contract: Contract, today: date) -> bool:
    return contract.status == ContractStatus.ACTIVE and contract.ends_on >= today


def _weeks_of(contract: Contract) -> list[date]:
    """Those that were agreed, or where none was, all of the season."""
    agreed = [one.week for one in contract.weeks]
    return agreed or _all_weeks(contract.starts_on, contract.ends_on)


def _all_weeks(begins: date, ends: date) -> list[date]:
    monday = clock.monday(begins)
    return [monday + number * WEEK for number in range((ends - monday).days // 7 + 1)]
