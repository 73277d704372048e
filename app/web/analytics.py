"""The month on one page: what was found, with its charts, its tables and its files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from operator import itemgetter
from typing import Any

import marshmallow as ma
from flask import Response, request
from sqlalchemy import select
from werkzeug.wrappers import Response as WerkzeugResponse

from app.accounts.access import ANALYSTS, FIGURE_OWNERS, Acting, Caller
from app.accounts.models import Kind
from app.analytics import fairness, flows, losses, prices, schemas, supply
from app.analytics.answers import as_csv
from app.analytics.reading import Period, Question, View, view_of
from app.analytics.summary import Summary, delivered, summary
from app.catalogue.models import Commodity, Market
from app.core import clock
from app.core.db import db
from app.core.errors import invalid
from app.core.paging import PageQuery
from app.pools import api as pools
from app.pools.models import Pool
from app.web import chain_figures, figures, loss_figures, round_figures, volume_figures
from app.web.file_columns import heading, in_words
from app.web.forms import loaded
from app.web.language import language, t
from app.web.pages import Pages, show

pages = Pages("analytics")
WEEKS = 8
FIRST_MONTH = date(2020, 1, 1)


@dataclass(frozen=True)
class Asked:
    """Whose figures, of which month, and of which commodity if not of all."""

    caller: Caller
    month: date
    commodity: str | None = None

    def about(self, commodity: str) -> "Asked":
        """The same of one commodity."""
        other = replace(self, commodity=commodity)
        vars(other)["of_month"] = self.of_month.about(commodity)
        return other

    @property
    def today(self) -> date:
        return clock.local_date(self.caller.now)

    @property
    def last(self) -> date:
        """The month's last day, or today while it lasts."""
        return min(_month_after(self.month) - timedelta(days=1), self.today)

    @cached_property
    def view(self) -> View:
        return view_of(self.caller.acting, None)

    def question(self, since: date, until: date, granularity: str | None = None) -> Question:
        """A question about a period of one's choice."""
        return self.of_month.over(Period(since, until, granularity))

    @property
    def over(self) -> date:
        """The last day of the month that is over."""
        return min(self.last, self.today - timedelta(days=1))

    @cached_property
    def of_month(self) -> Question:
        month = Period(self.month, self.last)
        return Question(self.caller.acting, self.view, month, self.commodity)

    @property
    def weeks(self) -> list[date]:
        """The Mondays up to the end of the month."""
        return [clock.monday(self.last) - timedelta(weeks=back) for back in reversed(range(WEEKS))]

    @cached_property
    def by_week(self) -> Question:
        return self.question(self.weeks[0], self.last, "week")

    @cached_property
    def summary(self) -> Summary:
        return summary(self.of_month)

    @property
    def is_over(self) -> bool:
        return _month_after(self.month) <= self.today

    @cached_property
    def supply_weeks(self) -> Question:
        """The weeks from this one on; of a month that is over, its own."""
        if self.is_over:
            return self.of_month
        first = clock.monday(self.today)
        return self.question(first, first + timedelta(weeks=WEEKS, days=-1))


@dataclass(frozen=True)
class Told:
    """What the figures of a page are about: the commodity chosen, of the goods on the page."""

    asked: Asked
    good: Commodity
    goods: figures.Goods

    @property
    def market(self) -> bool:
        return self.asked.view is View.MARKET


@dataclass(frozen=True)
class Table:
    """One table: its columns, its rows, the figure drawn from them, who may have its file.

    Of a table that is ``long`` the page reads one commodity.
    """

    row: type[ma.Schema]
    rows: Callable[[Asked], Sequence[Any]]
    figure: Callable[[Sequence[Any], Told], figures.Figure]
    access: Acting = ANALYSTS
    long: bool = False


TABLES = {
    "prices": Table(
        schemas.PaidOut,
        lambda asked: prices.prices(asked.by_week),
        lambda rows, told: figures.paid(rows, told.good),
        long=True,
    ),
    "supply": Table(
        schemas.SupplyWeekOut,
        lambda asked: supply.supply(asked.supply_weeks, today=asked.today),
        lambda rows, told: figures.coming(rows, told.good),
        long=True,
    ),
    "chain": Table(
        schemas.FiguresOut,
        lambda asked: asked.summary.rows,
        lambda rows, told: chain_figures.five(rows, told.good, told.goods),
        FIGURE_OWNERS,
    ),
    "sellers": Table(
        schemas.SellerPriceOut,
        lambda asked: fairness.paid_to_each(asked.of_month),
        lambda rows, told: figures.even(rows, told.good),
        FIGURE_OWNERS,
        long=True,
    ),
    "volumes": Table(
        schemas.DeliveredOut,
        lambda asked: delivered(asked.by_week),
        lambda rows, told: volume_figures.volumes(
            rows, told.goods, told.asked.weeks, over=told.asked.over
        ),
    ),
    "flows": Table(
        schemas.FlowOut,
        lambda asked: flows.flows(asked.of_month, language=language()),
        lambda rows, _: chain_figures.carried(rows),
    ),
    "loss": Table(
        schemas.LossOut,
        lambda asked: losses.losses(asked.of_month, today=asked.today),
        lambda rows, told: loss_figures.lost(rows, told.good, told.goods, market=told.market),
    ),
    "disruption": Table(
        schemas.DisruptedOut,
        lambda asked: losses.disruptions(asked.of_month),
        lambda rows, told: loss_figures.disrupted(rows, told.good, told.goods, market=told.market),
    ),
    "fairness": Table(
        schemas.GainOut,
        lambda asked: fairness.gains(asked.of_month, today=asked.today),
        lambda rows, _: round_figures.gained(rows, _markets()),
    ),
}
PARTS = {
    "/analytics": ("prices", "supply"),
    "/analytics/flows": ("volumes", "chain", "flows"),
    "/analytics/losses": ("loss", "disruption", "fairness", "sellers"),
}
"""The pages of a month, and the tables on each; scripts put the others under the first."""


@pages.page("GET", "/analytics", access=ANALYSTS)
def analytics(caller: Caller) -> WerkzeugResponse:
    """A month, told by what was found: first of all prices, and what is coming."""
    asked = Asked(caller, _month(caller))
    filling = _filling(caller) if caller.acting.kind == Kind.COOPERATIVE else []
    return _part(
        asked,
        conduct=fairness.conduct(asked.of_month) if asked.view is View.OWN else None,
        filling=filling,
        loads=_named({one.commodity_code for one in filling}),
        cooperative=caller.acting.kind == Kind.COOPERATIVE,
    )


@pages.page("GET", "/analytics/flows", access=ANALYSTS)
def where_it_went(caller: Caller) -> WerkzeugResponse:
    """What was accepted in a month week by week, and where it went."""
    return _part(Asked(caller, _month(caller)))


@pages.page("GET", "/analytics/losses", access=ANALYSTS)
def what_was_lost(caller: Caller) -> WerkzeugResponse:
    """What was lost in a month, and how fair it was."""
    return _part(Asked(caller, _month(caller)))


def _part(asked: Asked, **more: Any) -> WerkzeugResponse:
    """One of the pages of a month."""
    found = asked.summary
    shown = {name: TABLES[name] for name in PARTS[request.path] if _is_shown(TABLES[name], asked)}
    rows = {name: one.rows(asked) for name, one in shown.items() if not one.long}
    codes = {row["commodity"] for name in rows for row in rows[name] if "commodity" in row}
    codes |= {row["commodity"] for row in found.rows}
    if "supply" in shown:
        codes |= supply.awaited(asked.supply_weeks)
    goods = _named(codes)
    chosen = _chosen(goods, found)
    if chosen:
        about = asked.about(chosen.code)
        rows |= {name: one.rows(about) for name, one in shown.items() if one.long}
        told = Told(asked, chosen, goods)
    return show(
        "analytics.html",
        month=asked.month,
        before=(asked.month - timedelta(days=1)).replace(day=1)
        if asked.month > FIRST_MONTH
        else None,
        after=_month_after(asked.month) if asked.is_over else None,
        market=asked.view is View.MARKET,
        summary=found,
        weight=sum(one["accepted_quantity"] for one in found.rows if one["unit"] == "kg"),
        amount=sum(one["accepted_amount"] for one in found.rows),
        pooled=sum(one.get("pooled_amount", 0) for one in found.rows),
        parts={
            "/analytics/flows": t("Hàng đi đâu", "Where goods went"),
            "/analytics/losses": t("Hao hụt và công bằng", "Losses and fairness"),
        },
        goods=sorted(goods.values(), key=lambda one: one.sort_key),
        chosen=chosen,
        figures=[one.figure(rows[name], told) for name, one in shown.items()] if chosen else [],
        **more,
    )


def _file(name: str, table: Table) -> None:
    """The page that gives one table as a file."""

    def file(caller: Caller) -> Response:
        rows = table.rows(Asked(caller, _month(caller)))
        goods = _named({row["commodity"] for row in rows if "commodity" in row})
        markets = _markets() if "market" in table.row().fields else {}
        found = as_csv(
            table.row(),
            [in_words(row, goods, markets) for row in rows],
            heading,
            delimiter=t(";", ","),
            decimal=t(",", "."),
        )
        answer = Response(found, content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return answer

    file.__name__ = f"{name}_file"
    pages.page("GET", f"/analytics/{name}.csv", access=table.access)(file)


for _name, _table in TABLES.items():
    _file(_name, _table)


def _is_shown(table: Table, asked: Asked) -> bool:
    """Whether a table is on somebody's page.

    A farm has no sellers to compare, and a month that is over has nothing to come.
    """
    if table is TABLES["supply"] and asked.is_over:
        return False
    if table.access is ANALYSTS:
        return True
    cooperative = asked.caller.acting.kind == Kind.COOPERATIVE
    return asked.view is View.OWN and (cooperative or table is not TABLES["sellers"])


def _named(codes: set[str]) -> figures.Goods:
    wanted = select(Commodity).where(Commodity.code.in_(codes))
    return {one.code: one for one in db.session.scalars(wanted)} if codes else {}


def _markets() -> dict[str, Market]:
    return {one.code: one for one in db.session.scalars(select(Market))}


def _chosen(goods: figures.Goods, found: Summary) -> Commodity | None:
    """The commodity asked for, else the one that brought or was ordered most, else any."""
    named_one = goods.get(request.args.get("commodity", ""))
    amounts = itemgetter("accepted_amount", "goods_amount")
    most = max(found.rows, key=amounts, default=None)
    return named_one or (goods[most["commodity"]] if most else next(iter(goods.values()), None))


def _filling(caller: Caller) -> Sequence[Pool]:
    """Pools that are still open."""
    query = {**loaded(PageQuery, {"limit": "3"}), "status": "open"}
    found: Sequence[Pool] = pools.list_pools(caller=caller, query=query).items
    return found


def _month(caller: Caller) -> date:
    """The month asked for in the address, else the present one."""
    this = clock.local_date(caller.now).replace(day=1)
    stated = request.args.get("month")
    if not stated:
        return this
    try:
        asked = date.fromisoformat(f"{stated}-01")
    except ValueError:
        asked = date.max
    if not FIRST_MONTH <= asked <= this:
        raise invalid(
            "/month",
            f"Tháng từ {FIRST_MONTH:%Y-%m} đến {this:%Y-%m}.",
            f"A month from {FIRST_MONTH:%Y-%m} to {this:%Y-%m}.",
        )
    return asked


def _month_after(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)
