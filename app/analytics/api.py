"""Figures for cooperatives."""

from datetime import timedelta
from typing import Any

from app.accounts.access import COOPERATIVES, Caller
from app.analytics import schemas
from app.analytics.summary import Summary, cooperative_summary
from app.core import clock
from app.core.http import Blueprint

DEFAULT_DAYS = 30

blueprint = Blueprint("analytics", __name__, description="Figures for cooperatives")


@blueprint.operation(
    "GET",
    "/analytics/summary",
    access=COOPERATIVES,
    query=schemas.SummaryQuery,
    answer=schemas.SummaryOut,
)
def summary(caller: Caller, query: dict[str, Any]) -> Summary:
    """What my cooperative and its consenting members offered and sold.

    Hợp tác xã của tôi và các thành viên đồng ý chia sẻ đã chào bán và bán được gì.
    """
    until = query.get("until", clock.local_date(caller.now))
    return cooperative_summary(
        cooperative_id=caller.acting.id,
        since=query.get("since", until - timedelta(days=DEFAULT_DAYS - 1)),
        until=until,
        commodity=query.get("commodity"),
        granularity=query.get("granularity"),
    )
