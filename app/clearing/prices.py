"""What a round's trades were made at, published."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from app.clearing.models import MarketPrice, Match, Round
from app.core.db import db
from app.core.money import PRICE_STEP

FEWEST_SELLERS = 5
"""What fewer sellers traded at is told as a part of the whole market only."""


def record_prices(settled: Round, matches: Sequence[Match]) -> None:
    """Keep lowest, average (by quantity) and highest price of a round that traded.

    Args:
        matches: with their offers' lots and sites.
    """
    if not matches:
        return
    seller = [(match.seller_price, match.quantity) for match in matches]
    buyer = [(match.buyer_price, match.quantity) for match in matches]
    db.session.add(
        MarketPrice(
            round_id=settled.id,
            market_code=settled.market_code,
            cleared_at=settled.cleared_at,
            quantity=sum((match.quantity for match in matches), Decimal(0)),
            seller_low=min(price for price, _ in seller),
            seller_average=_average(seller),
            seller_high=max(price for price, _ in seller),
            buyer_low=min(price for price, _ in buyer),
            buyer_average=_average(buyer),
            buyer_high=max(price for price, _ in buyer),
            wards=_wards(matches),
        )
    )


def _wards(matches: Sequence[Match]) -> list[dict[str, Any]]:
    """The farm-gate prices of each ward of pick-up in which enough sellers sold.

    What is left of the market without these wards is known to everybody who can subtract, so it
    comes from enough sellers as well, or from none: otherwise the smallest ward is left out too.
    """
    by_ward: dict[str, list[Match]] = defaultdict(list)
    for match in matches:
        by_ward[match.offer.lot.site.ward_code].append(match)
    shown = {ward: some for ward, some in by_ward.items() if _sellers(some) >= FEWEST_SELLERS}
    rest = [match for ward, some in by_ward.items() if ward not in shown for match in some]
    if shown and 0 < _sellers(rest) < FEWEST_SELLERS:
        del shown[min(shown, key=lambda ward: (_sellers(shown[ward]), ward))]
    return [_ward(ward, some) for ward, some in sorted(shown.items())]


def _sellers(matches: Sequence[Match]) -> int:
    return len({match.organisation_id for match in matches})


def _ward(ward: str, matches: Sequence[Match]) -> dict[str, Any]:
    priced = [(match.seller_price, match.quantity) for match in matches]
    return {
        "ward_code": ward,
        "quantity": f"{sum(quantity for _, quantity in priced):.3f}",
        "seller_low": f"{min(price for price, _ in priced):.2f}",
        "seller_average": f"{_average(priced):.2f}",
        "seller_high": f"{max(price for price, _ in priced):.2f}",
    }


def _average(priced: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    total = sum((quantity for _, quantity in priced), Decimal(0))
    value = sum((price * quantity for price, quantity in priced), Decimal(0))
    return (value / total).quantize(PRICE_STEP, ROUND_HALF_EVEN)
