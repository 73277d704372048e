"""Rounds, matches, explanations, market prices."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.accounts.access import OPERATORS, PUBLIC, READERS, TRADERS, Caller
from app.catalogue.queries import get_market
from app.clearing import matching, operations, queries, schemas
from app.clearing.models import MarketPrice, Match, Round, Side
from app.clearing.telling import explanation
from app.core.http import Blueprint
from app.core.idempotency import Idempotency
from app.core.paging import By, Page, PageQuery, page, page_schema
from app.core.problem_json import language
from app.market.models import Demand, Offer
from app.market.queries import get_demand, get_offer

blueprint = Blueprint("clearing", __name__, description="Rounds and their results")


@blueprint.operation(
    "POST",
    "/rounds",
    access=OPERATORS,
    body=schemas.RoundIn,
    answer=schemas.RoundOut,
    status=202,
    idempotency=Idempotency.REQUIRED,
)
def request_round(caller: Caller, body: dict[str, str]) -> Round:
    """Ask for a round of a market now; poll it until it is cleared or void.

    A round that stays open because its book was refused says why in `fault`, and tries again.

    Yêu cầu một phiên khớp của thị trường ngay bây giờ; đọc lại tới khi xong hoặc bị hủy. Phiên còn
    mở vì sổ lệnh có dòng hỏng thì nêu lý do ở `fault` và được thử lại.
    """
    return operations.request_round(market_code=body["market"], now=caller.now)


@blueprint.operation(
    "GET",
    "/rounds",
    access=READERS,
    query=schemas.RoundQuery,
    answer=page_schema(schemas.RoundOut),
)
def list_rounds(caller: Caller, query: dict[str, Any]) -> Page:
    """Rounds, newest first; `welfare` and `upper_bound` as in one round.

    Các phiên khớp, mới nhất trước; `welfare` và `upper_bound` như ở một phiên.
    """
    statement = queries.rounds()
    if "market" in query:
        statement = statement.where(Round.market_code == query["market"])
    if "status" in query:
        statement = statement.where(Round.status == query["status"])
    found = page(statement, order=[By(Round.id, descending=True)], query=query)
    _show(found.items, caller)
    return found


@blueprint.operation("GET", "/rounds/<uuid:round_id>", access=READERS, answer=schemas.RoundOut)
def get_round(caller: Caller, round_id: UUID) -> Round:
    """One round.

    `welfare` and `upper_bound` are null in a small round, because they would tell what somebody was
    ready to pay: where fewer than five sold or bought, or somebody more than 85 %.

    Một phiên khớp. `welfare` và `upper_bound` để trống ở phiên nhỏ, vì sẽ lộ mức giá một bên sẵn
    lòng trả: khi chưa đủ năm bên bán, năm bên mua, hoặc một bên quá 85%.
    """
    found = queries.get_round(round_id)
    _show([found], caller)
    return found


@blueprint.operation(
    "GET", "/rounds/<uuid:round_id>/snapshot", access=OPERATORS, answer=schemas.SnapshotOut
)
def get_snapshot(caller: Caller, round_id: UUID) -> dict[str, object]:
    """The frozen book of a round: everything needed to clear it again elsewhere.

    Sổ lệnh đã chốt của phiên: đủ để ghép lại ở nơi khác.
    """
    return queries.get_snapshot(round_id)


@blueprint.operation(
    "GET",
    "/rounds/<uuid:round_id>/matches",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.MatchOut),
)
def list_matches(caller: Caller, round_id: UUID, query: dict[str, Any]) -> Page:
    """The matches of a round that I take part in.

    Các cặp ghép của phiên mà tôi tham gia.
    """
    queries.get_round(round_id)
    seen = queries.concerning(caller.acting.id, everything=caller.sees_all)
    return page(queries.matches_of(round_id, seen=seen), order=[By(Match.id)], query=query)


@blueprint.operation("GET", "/matches/<uuid:match_id>", access=READERS, answer=schemas.MatchOut)
def get_match(caller: Caller, match_id: UUID) -> Match:
    """One match that I take part in.

    Một cặp ghép mà tôi tham gia.
    """
    seen = queries.concerning(caller.acting.id, everything=caller.sees_all)
    return queries.get_match(match_id, seen=seen)


@blueprint.operation(
    "POST",
    "/matches/<uuid:match_id>/acceptance",
    access=TRADERS,
    answer=schemas.MatchOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def accept_match(caller: Caller, match_id: UUID) -> Match:
    """Agree to a proposed match.

    Đồng ý với cặp ghép được đề nghị.
    """
    match, side = _own_match(caller, match_id)
    return matching.accept_match(match=match, side=side, now=caller.now)


@blueprint.operation(
    "POST",
    "/matches/<uuid:match_id>/refusal",
    access=TRADERS,
    answer=schemas.MatchOut,
    status=200,
    idempotency=Idempotency.REQUIRED,
)
def refuse_match(caller: Caller, match_id: UUID) -> Match:
    """Decline a proposed match.

    Từ chối cặp ghép được đề nghị.
    """
    match, _ = _own_match(caller, match_id)
    return matching.refuse_match(match=match, now=caller.now)


@blueprint.operation(
    "GET",
    "/offers/<uuid:offer_id>/explanation",
    access=READERS,
    answer=schemas.ExplanationOut,
)
def explain_offer(caller: Caller, offer_id: UUID) -> dict[str, Any]:
    """Why my offer sold or did not, in the last round it was in.

    Vì sao tin chào bán của tôi bán được hay không, ở phiên gần nhất.
    """
    return explanation(get_offer(offer_id, seen=caller.sees(Offer)), language=language())


@blueprint.operation(
    "GET",
    "/demands/<uuid:demand_id>/explanation",
    access=READERS,
    answer=schemas.ExplanationOut,
)
def explain_demand(caller: Caller, demand_id: UUID) -> dict[str, Any]:
    """Why my demand was filled or not, in the last round it was in.

    Vì sao nhu cầu của tôi được đáp ứng hay không, ở phiên gần nhất.
    """
    return explanation(get_demand(demand_id, seen=caller.sees(Demand)), language=language())


@blueprint.operation(
    "GET",
    "/markets/<string:code>/prices",
    access=PUBLIC,
    query=schemas.PriceQuery,
    answer=page_schema(schemas.PriceOut),
)
def list_prices(caller: Caller, code: str, query: dict[str, Any]) -> Page:
    """A market's clearing prices, newest first, per unit of its base commodity.

    `from` and `until` are days in Viet Nam. Within a market and a place there is one price: what
    the sellers of a ward got is told where at least five of them sold.

    Giá khớp của thị trường, mới nhất trước, theo đơn vị của mặt hàng gốc. Mỗi nơi một giá: giá tại
    nơi lấy hàng của một phường, xã được nêu khi có ít nhất năm người bán.
    """
    get_market(code)
    newest = [By(MarketPrice.cleared_at, descending=True), By(MarketPrice.round_id)]
    statement = queries.prices_of(code, since=query.get("since"), until=query.get("until"))
    return page(statement, order=newest, query=query)


def _show(rounds: Sequence[Round], caller: Caller) -> None:
    """Say what of these rounds the caller may know."""
    telling = set() if caller.sees_all else queries.telling_gains(rounds)
    for one in rounds:
        one.fault_shown = caller.sees_all
        one.gain_shown = caller.sees_all or one.id in telling


def _own_match(caller: Caller, match_id: UUID) -> tuple[Match, Side]:
    own = caller.acting.id
    seen = queries.concerning(own, everything=False)
    match = queries.get_match(match_id, seen=seen, lock=True)
    if own in (match.organisation_id, match.seller_agent_id):
        caller.check_may_act(match.offer)
        return match, Side.SELLER
    caller.check_may_act(match.demand)
    return match, Side.BUYER
