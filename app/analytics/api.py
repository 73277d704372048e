"""Figures of the chain: a cooperative's and its members', a member's own, the market's in groups.

What there is to compute is computed in the modules of the same names.
"""

from typing import Any

from flask import Response

from app.accounts.access import ANALYSTS, FIGURE_OWNERS, Caller
from app.analytics import (
    fairness,
    flows,
    losses,
    members,
    prices,
    schemas,
    supply,
)
from app.analytics.answers import FORMS, answer
from app.analytics.reading import Period, Question, View, view_of
from app.analytics.summary import summary
from app.catalogue.queries import find_commodity
from app.core import clock
from app.core.errors import invalid
from app.core.http import Blueprint
from app.core.problem_json import language

blueprint = Blueprint("analytics", __name__, description="Figures of the chain")


@blueprint.operation(
    "GET",
    "/analytics/summary",
    access=ANALYSTS,
    query=schemas.FiguresQuery,
    answer=schemas.SummaryOut,
    also=FORMS,
)
def get_summary(caller: Caller, query: dict[str, Any]) -> Response:
    """What my cooperative and its consenting members offered, sold and delivered.

    Hợp tác xã của tôi và các thành viên đồng ý chia sẻ đã chào bán, bán và giao được gì.
    """
    told = summary(_question(caller, query))
    return answer("summary", told, schemas.SummaryOut, schemas.FiguresOut, told.rows)


@blueprint.operation(
    "GET",
    "/analytics/prices",
    access=ANALYSTS,
    query=schemas.PricesQuery,
    answer=schemas.PaidPricesOut,
    also=FORMS,
)
def get_prices(caller: Caller, query: dict[str, Any]) -> Response:
    """What was paid, beside clearing prices, last season and published prices.

    Giá bình quân đã trả, so với giá phiên khớp, vụ trước và các chuỗi giá đã công bố.
    """
    question = _question(caller, query)
    rows = prices.prices(question)
    told = {
        "question": question,
        "items": rows,
        "references": prices.references(question, as_of=query.get("as_of", caller.now)),
    }
    return answer("prices", told, schemas.PaidPricesOut, schemas.PaidOut, rows)


@blueprint.operation(
    "GET",
    "/analytics/flows",
    access=ANALYSTS,
    query=schemas.FiguresQuery,
    answer=schemas.FlowsOut,
    also=FORMS,
)
def get_flows(caller: Caller, query: dict[str, Any]) -> Response:
    """The links from commodity through seller and processing line to processor.

    Các dòng chảy từ mặt hàng qua bên bán và dây chuyền tới nhà máy.
    """
    question = _question(caller, query)
    rows = flows.flows(question, language=language())
    told = {"question": question, "items": rows}
    return answer("flows", told, schemas.FlowsOut, schemas.FlowOut, rows)


@blueprint.operation(
    "GET",
    "/analytics/members",
    access=FIGURE_OWNERS,
    query=schemas.FiguresQuery,
    answer=schemas.MembersFiguresOut,
    also=FORMS,
)
def get_members(caller: Caller, query: dict[str, Any]) -> Response:
    """Each consenting member: deliveries, quality, price, forecasts, contracts, what is due.

    Từng thành viên đồng ý chia sẻ: giao hàng, chất lượng, giá, dự báo, hợp đồng, khoản phải thu.
    """
    question = _own_question(caller, query)
    rows = members.members(question, today=clock.local_date(caller.now))
    told = {"question": question, "items": rows}
    return answer("members", told, schemas.MembersFiguresOut, schemas.MemberFiguresOut, rows)


@blueprint.operation(
    "GET",
    "/analytics/supply",
    access=ANALYSTS,
    query=schemas.SupplyQuery,
    answer=schemas.SupplyOut,
    also=FORMS,
)
def get_supply(caller: Caller, query: dict[str, Any]) -> Response:
    """Forecasts against contracts and open demand by week, and what codes may still list.

    Dự báo so với hợp đồng và nhu cầu còn mở theo tuần; sản lượng còn lại của mã số vùng trồng.
    """
    question = _question(caller, query)
    rows = supply.supply(question, today=clock.local_date(caller.now))
    own = question.view is View.OWN
    told = {
        "question": question,
        "items": rows,
        "growing_areas": supply.area_capacity(question) if own else [],
    }
    return answer("supply", told, schemas.SupplyOut, schemas.SupplyWeekOut, rows)


@blueprint.operation(
    "GET",
    "/analytics/fairness",
    access=ANALYSTS,
    query=schemas.FiguresQuery,
    answer=schemas.FairnessOut,
    also=FORMS,
)
def get_fairness(caller: Caller, query: dict[str, Any]) -> Response:
    """What rounds created and for whom; late payment and claims.

    Các phiên khớp tạo ra bao nhiêu lợi ích và cho ai; trả chậm và khiếu nại.
    """
    question = _question(caller, query)
    rows = fairness.gains(question, today=clock.local_date(caller.now))
    own = question.view is View.OWN
    told = {
        "question": question,
        "items": rows,
        "conduct": fairness.conduct(question) if own else None,
    }
    return answer("fairness", told, schemas.FairnessOut, schemas.GainOut, rows)


@blueprint.operation(
    "GET",
    "/analytics/loss",
    access=ANALYSTS,
    query=schemas.FiguresQuery,
    answer=schemas.LossesOut,
    also=FORMS,
)
def get_losses(caller: Caller, query: dict[str, Any]) -> Response:
    """Where goods were lost, by stage and cause; of the market on the road and at inspection.

    Hàng hao hụt ở khâu nào và vì sao; của thị trường thì trên đường và khi kiểm hàng.
    """
    question = _question(caller, query)
    rows = losses.losses(question, today=clock.local_date(caller.now))
    told = {"question": question, "items": rows}
    return answer("losses", told, schemas.LossesOut, schemas.LossOut, rows)


@blueprint.operation(
    "GET",
    "/analytics/disruption",
    access=ANALYSTS,
    query=schemas.FiguresQuery,
    answer=schemas.DisruptedPeriodsOut,
    also=FORMS,
)
def get_disruption(caller: Caller, query: dict[str, Any]) -> Response:
    """Commitments that restrictions touched: replaced, restored, lost.

    Các cam kết bị hạn chế đi lại chạm tới: đã thay, đã khôi phục, đã mất.
    """
    question = _question(caller, query)
    rows = losses.disruptions(question)
    told = {"question": question, "items": rows}
    return answer("disruption", told, schemas.DisruptedPeriodsOut, schemas.DisruptedOut, rows)


def _question(caller: Caller, query: dict[str, Any]) -> Question:
    view = view_of(caller.acting, query.get("view"))
    if view is View.MARKET and query.get("granularity") == "day":
        raise invalid(
            "/granularity",
            "Số liệu thị trường chi tiết nhất là theo tuần.",
            "The market is told by week at the finest.",
        )
    commodity = query.get("commodity")
    if commodity is not None and find_commodity(commodity) is None:
        raise invalid("/commodity", "Không có mặt hàng này.", "There is no such commodity.")
    period = Period(query["since"], query["until"], query.get("granularity"))
    return Question(caller.acting, view, period, commodity)


def _own_question(caller: Caller, query: dict[str, Any]) -> Question:
    question = _question(caller, query)
    if question.view is View.MARKET:
        raise invalid(
            "/view", "Số liệu này chỉ có cho riêng mình.", "There is only a view of one's own."
        )
    return question
