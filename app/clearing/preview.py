"""What a demand would get if its market were cleared now; nothing of it is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any
from uuid import UUID

import structlog
from limits import RateLimitItemPerHour
from limits.errors import StorageError
from redis.exceptions import RedisError

from app.catalogue.queries import get_market
from app.clearing.book import demands_to_clear, freeze, offers_to_clear
from app.clearing.explanations import explain_demand
from app.clearing.sentences import sentence
from app.clearing.snapshot import clear_snapshot
from app.core.errors import Problem
from app.core.limiting import limiter
from app.market.models import Demand

log = structlog.get_logger()
BEYOND_PRICE = ("gate_", "no_counterpart", "minimum_lot_rejected")
PREVIEWS = RateLimitItemPerHour(30, 1, "preview")


class TooManyPreviews(Problem):
    status, code = 429, "too_many_previews"
    vi = (
        "Đã xem thử 30 lần trong một giờ. Chờ {minutes} phút nữa rồi xem tiếp, hoặc đăng nhu cầu:"
        " mỗi phiên đều tìm hàng."
    )
    en = (
        "You have looked ahead 30 times within an hour. Look again in {minutes} min,"
        " or post the demand: every round searches for it."
    )

    def __init__(self, seconds: int = 3600) -> None:
        super().__init__(minutes=ceil(seconds / 60))
        self.seconds = seconds

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.seconds)}


@dataclass(frozen=True)
class Preview:
    """What would come, in units of the market's base commodity, and its average delivered price,
    to three figures.

    ``offers`` and ``demands`` say how large the book was. Where nothing would come, ``reasons``
    are those of :func:`explain_demand` that are :func:`beyond_price`; the others' figures would
    tell what others in the book are ready to pay. Where there are none, a better price may do.
    """

    quantity: Decimal
    sellers: int
    average_price: Decimal | None
    offers: int
    demands: int
    reasons: list[dict[str, Any]]


def count_preview(organisation_id: UUID, *, now: datetime) -> None:
    """Let an organisation look ahead once more; freely while nobody can count.

    Raises:
        TooManyPreviews: it has done so thirty times within an hour.
    """
    who = str(organisation_id)
    try:
        if limiter().hit(PREVIEWS, who):
            return
        until = limiter().get_window_stats(PREVIEWS, who).reset_time
    except (RedisError, StorageError) as away:
        log.warning("previews_not_counted", error=type(away).__name__)
        return
    raise TooManyPreviews(max(1, ceil(until - now.timestamp())))


def _about(price: Decimal) -> Decimal:
    """A price to three figures: nearer would tell what others in the book are ready to pay."""
    return price.quantize(Decimal(1).scaleb(price.adjusted() - 2)).quantize(Decimal(1))


def preview(*, demand: Demand, now: datetime) -> Preview:
    """Clear the live book with a demand in it, without locking or writing anything.

    Args:
        demand: posted in a transaction that the caller takes back.
    """
    market = get_market(demand.market_code)
    snapshot = freeze(
        market,
        offers_to_clear(market.code, now=now, lock=False),
        demands_to_clear(market.code, now=now, lock=False),
        now=now,
    )
    answer = clear_snapshot(snapshot)
    mine = [one for one in answer["matches"] if one["demand_id"] == str(demand.id)]
    sellers = {row["offer_id"]: row["seller_id"] for row in snapshot["offers"]}
    quantity = sum((Decimal(one["quantity"]) for one in mine), Decimal(0))
    paid = sum((Decimal(one["quantity"]) * Decimal(one["buyer_price"]) for one in mine), Decimal(0))
    why = (
        explain_demand(
            snapshot, answer["matches"], answer["certificate"], demand_id=str(demand.id)
        )["reasons"]
        if not mine
        else []
    )
    return Preview(
        quantity=quantity,
        sellers=len({sellers[one["offer_id"]] for one in mine}),
        average_price=_about(paid / quantity) if quantity else None,
        offers=len(snapshot["offers"]),
        demands=len(snapshot["demands"]),
        reasons=beyond_price(why),
    )


def beyond_price(reasons: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Those reasons of an explanation that a better price does not answer.

    What a minimum lot kept from being gained is left out: it would tell others' prices.
    """
    return [
        {**one, "detail": sentence("minimum_lot_rejected_far", "demand", {})}
        if one["code"].startswith("minimum_lot_rejected")
        else {**one}
        for one in reasons
        if one["code"].startswith(BEYOND_PRICE)
    ]
