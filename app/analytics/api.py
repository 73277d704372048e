"""Figures for cooperatives."""

from typing import Any

from app.accounts.access import COOPERATIVES, Caller
from app.analytics import schemas
from app.analytics.summary import Summary, cooperative_summary
from app.core.http import Blueprint

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
    return cooperative_summary(
        cooperative_id=caller.acting.id,
        since=query["since"],
        until=query["until"],
        commodity=query.get("commodity"),
        granularity=query.get("granularity"),
    )
