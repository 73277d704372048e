"""Members of a cooperative: who shares figures, whom it may act for, what each brought."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from app.accounts import api as accounts
from app.accounts.access import COOPERATIVE_READERS, Caller
from app.analytics import members as figures
from app.analytics.reading import Period, Question, View
from app.catalogue.queries import commodities_by_code
from app.core import clock
from app.core.paging import PageQuery
from app.web.figures import share
from app.web.forms import asked_for, loaded
from app.web.language import money, named, price, quantity
from app.web.pages import Pages, show

pages = Pages("members")
DAYS = 30


@pages.page("GET", "/members", access=COOPERATIVE_READERS)
def members(caller: Caller) -> Response:
    """Members, newest first, with what those who agreed brought in the last thirty days."""
    asked = asked_for("cursor")
    found = accounts.list_memberships(caller=caller, query=loaded(PageQuery, asked))
    today = clock.local_date(caller.now)
    sums = figures.totals(_question(caller, today), today=today)
    return show("members.html", found=found, sums=sums, days=DAYS)


@pages.page("GET", "/members/<uuid:membership_id>", access=COOPERATIVE_READERS)
def member(caller: Caller, membership_id: UUID) -> Response:
    """One member: what it has agreed to, and if so its figures."""
    found = accounts.get_membership(caller=caller, membership_id=membership_id)
    rows = [row for row in _figures(caller) if row["member_id"] == found.organisation_id]
    goods = commodities_by_code({row["commodity"] for row in rows})
    return show(
        "member.html",
        membership=found,
        rows=[_told(row, goods[row["commodity"]]) for row in rows],
        due=sum(row["due_amount"] for row in rows),
        overdue=sum(row["overdue_amount"] for row in rows),
        days=DAYS,
    )


def _figures(caller: Caller) -> list[dict[str, Any]]:
    """Figures of members who share them now, each commodity by itself."""
    today = clock.local_date(caller.now)
    return figures.members(_question(caller, today), today=today)


def _question(caller: Caller, today: date) -> Question:
    return Question(caller.acting, View.OWN, Period(today - timedelta(days=DAYS - 1), today))


def _told(row: dict[str, Any], good: Any) -> tuple[str, ...]:
    """What a member brought of one commodity, as a row of a table."""
    paid, peers = row["price"], row["peer_price"]
    return (
        named(good),
        quantity(row["accepted_quantity"], good.unit),
        share(row["refused_share"]),
        price(paid, good.unit) if paid is not None else "–",
        price(peers, good.unit) if peers is not None else "–",
        share(row["forecast_accuracy"]),
        money(row["amount"]),
        quantity(row["pooled_quantity"], good.unit) if row["pooled_quantity"] else "–",
        money(row["pooled_amount"]) if row["pooled_amount"] else "–",
    )
