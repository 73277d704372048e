"""What carrying goods costs by a market's published tariff. Pure."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from app.catalogue.models import Market
from app.core.money import DONG, to_dong
from app.lots.models import Lot
from app.places.models import Site
from app.places.position import ecef


def haulage_per_unit(*, market: Market, unit_weight_kg: Decimal, pickup: Site, drop: Site) -> int:
    """Whole VND per unit: weight × (base + rate × km), half to even.

    km is the market's road factor × the straight distance between the two exact positions in
    whole earth-centred metres.
    """
    one, other = (ecef(site.latitude, site.longitude) for site in (pickup, drop))
    square = sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
    with localcontext(prec=50):
        km = market.road_factor * Decimal(square).sqrt() / 1000
        cost = unit_weight_kg * (market.haulage_base + market.haulage_rate_per_km * km)
        return int(cost.quantize(DONG, ROUND_HALF_EVEN))


def haulage_amount(*, market: Market, lot: Lot, quantity: Decimal, drop: Site) -> int:
    """Whole VND to carry a quantity of a lot to a place; the lot comes with commodity and site."""
    per_unit = haulage_per_unit(
        market=market,
        unit_weight_kg=lot.commodity.unit_weight_kg,
        pickup=lot.site,
        drop=drop,
    )
    return to_dong(quantity * per_unit)
