"""What a round's trades were made at, published."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from app.clearing.models import MarketPrice, Match, Round
from app.core.db import db
from app.core.money import PRICE_STEP


def record_prices(settled: Round, matches: Sequence[Match]) -> None:
    """Keep lowest, average (by quantity) and highest price of a round that traded."""
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
        )
    )


def _average(priced: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    total = sum((quantity for _, quantity in priced), Decimal(0))
    value = sum((price * quantity for price, quantity in priced), Decimal(0))
    return (value / total).quantize(PRICE_STEP, ROUND_HALF_EVEN)
