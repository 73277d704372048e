"""What of a contract was promised, forecast, called, delivered and accepted, week by week."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.contracts.models import CallOff, Contract
from app.core.db import db
from app.deliveries.models import Delivery, Slip, Weighing
from app.lots.models import Forecast
from app.orders.models import Order, OrderStatus

NOTHING = Decimal(0)
GIVEN_UP = (OrderStatus.CANCELLED, OrderStatus.EXPIRED)


@dataclass(frozen=True)
class Row:
    """One week, in the commodity's unit. ``forecast`` is None where the seller said nothing."""

    week: date
    promised: Decimal
    forecast: Decimal | None
    called: Decimal
    delivered: Decimal
    accepted: Decimal

    @property
    def remaining(self) -> Decimal:
        """What of the promise has not been accepted yet."""
        return max(NOTHING, self.promised - self.accepted)


@dataclass(frozen=True)
class Balance:
    """The weeks in order, and their sums; ``remaining`` is None where no total was agreed."""

    weeks: Sequence[Row]
    promised: Decimal
    called: Decimal
    delivered: Decimal
    accepted: Decimal
    remaining: Decimal | None


def balance_of(contract: Contract) -> Balance:
    """The balance of a contract; its weeks must be loaded."""
    promised = {one.week: one.promised for one in contract.weeks}
    called = _by_week(contract.id, select(CallOff.week, func.sum(CallOff.quantity)))
    delivered = _measured(contract.id, Weighing, Weighing.net)
    accepted = _measured(contract.id, Slip, Slip.accepted_quantity)
    weeks = sorted(promised.keys() | called.keys())
    forecasts = _forecasts(contract, weeks)
    rows = [
        Row(
            week=week,
            promised=promised.get(week, NOTHING),
            forecast=forecasts.get(week),
            called=called.get(week, NOTHING),
            delivered=delivered.get(week, NOTHING),
            accepted=accepted.get(week, NOTHING),
        )
        for week in weeks
    ]
    done = _sum(row.accepted for row in rows)
    total = contract.quantity
    return Balance(
        weeks=rows,
        promised=_sum(row.promised for row in rows),
        called=_sum(row.called for row in rows),
        delivered=_sum(row.delivered for row in rows),
        accepted=done,
        remaining=None if total is None else max(NOTHING, total - done),
    )


def called_in_all(contract_id: UUID) -> Decimal:
    """What has been called and not given up."""
    found = _by_week(contract_id, select(CallOff.week, func.sum(CallOff.quantity)))
    return _sum(found.values())


def called_and_promised(contract: Contract, week: date) -> tuple[Decimal, Decimal]:
    """What has been called for a week, and what is promised for it; its weeks must be loaded.

    What of the total no week promises counts for any week until it is called; of all output the
    latest forecast counts for a week that was not planned.
    """
    planned = {one.week: one.promised for one in contract.weeks}
    called = _by_week(contract.id, select(CallOff.week, func.sum(CallOff.quantity)))
    promised = planned.get(week, NOTHING)
    if contract.quantity is not None:
        others = [one for one in called if one != week]
        extra = _sum(max(NOTHING, called[one] - planned.get(one, NOTHING)) for one in others)
        promised += max(NOTHING, contract.quantity - _sum(planned.values()) - extra)
    elif not planned:
        promised = _forecasts(contract, [week]).get(week, NOTHING)
    return called.get(week, NOTHING), promised


def _by_week(contract_id: UUID, summed: Select[Any, Any]) -> dict[date, Decimal]:
    rows = db.session.execute(
        summed.join(Order, Order.id == CallOff.order_id)
        .where(CallOff.contract_id == contract_id, Order.status.not_in(GIVEN_UP))
        .group_by(CallOff.week)
    )
    return {row[0]: row[1] for row in rows}


def _measured(contract_id: UUID, record: Any, column: Any) -> dict[date, Decimal]:
    """The latest record of each delivery, summed by the week that was called."""
    latest = (
        select(record.delivery_id, column.label("quantity"))
        .ext(distinct_on(record.delivery_id))
        .order_by(record.delivery_id, record.number.desc())
        .subquery()
    )
    rows = db.session.execute(
        select(CallOff.week, func.sum(latest.c.quantity))
        .join(Delivery, Delivery.order_id == CallOff.order_id)
        .join(latest, latest.c.delivery_id == Delivery.id)
        .where(CallOff.contract_id == contract_id)
        .group_by(CallOff.week)
    )
    return {row[0]: row[1] for row in rows}


def _forecasts(contract: Contract, weeks: Sequence[date]) -> dict[date, Decimal]:
    rows = db.session.scalars(
        select(Forecast)
        .ext(distinct_on(Forecast.week))
        .where(
            Forecast.organisation_id == contract.seller_id,
            Forecast.commodity_code == contract.commodity_code,
            Forecast.week.in_(weeks),
        )
        .order_by(Forecast.week, Forecast.made_at.desc(), Forecast.id.desc())
    )
    said: dict[date, Decimal] = defaultdict(Decimal)
    for row in rows:
        said[row.week] = row.quantity
    return dict(said)


def _sum(quantities: Iterable[Decimal]) -> Decimal:
    return sum(quantities, NOTHING)
