"""A made-up market for measuring: farms and factories around a score of towns.

About 11 % of its pairs are allowed and have a gain. Four grades, five certificate schemes, two
weeks of windows, lognormal quantities, prices in tens of VND. The same seed gives the same book.
"""

from decimal import Decimal

import numpy as np

from app.clearing.engine import Accepts, Book, Demands, Offers, Tariff
from app.clearing.engine.book import NONE, Floats, Ints
from app.clearing.engine.haulage import ecef

TARIFF = Tariff(
    base=Decimal(80),
    rate_per_km=Decimal("3.5"),
    road_factor=Decimal("1.3"),
    speed_kmh=Decimal(30),
    unit_weight_kg=Decimal(1),
)
TOWNS = 20
SCHEMES = 5
GRADES = 4
_DAY = 86_400
_START = 1_790_000_000


def market_book(size: int, seed: int) -> Book:
    """A book of `size` offers and as many demands."""
    dice = np.random.default_rng([size, seed])
    towns = np.column_stack((dice.uniform(11.2, 12.2, TOWNS), dice.uniform(107.3, 108.7, TOWNS)))
    available = _START + dice.integers(0, 14 * _DAY, size)
    begin = _START + dice.integers(0, 14 * _DAY, size)
    nothing = np.zeros(size, dtype=np.int64)
    offers = Offers(
        quantity=_quantities(dice, size, 150),
        ask=1000 * dice.normal(1000, 150, size).clip(300).astype(np.int64),
        position=_around(dice, towns, size),
        seller=np.arange(size),
        commodity=nothing,
        grade=dice.integers(1, GRADES + 1, size),
        quality=np.zeros((size, 0), dtype=np.int64),
        certificates=_schemes(dice, size, 0.7),
        available_from=available,
        expires_at=available + dice.integers(2 * _DAY, 10 * _DAY, size),
        private_list=np.full(size, NONE),
        smallholder=dice.random(size) < 0.6,
        listed_at=_START - dice.integers(0, 5 * _DAY, size),
        min_quantity=nothing,
        stays_inside=np.zeros((size, 0), dtype=np.int64),
        stays_outside=np.zeros((size, 0), dtype=np.int64),
    )
    accepts = Accepts(
        demand=np.arange(size),
        commodity=nothing,
        worst_grade=dice.integers(1, GRADES + 1, size),
        low=np.zeros((size, 0), dtype=np.int64),
        high=np.zeros((size, 0), dtype=np.int64),
        certificates=_schemes(dice, size, 0.2),
    )
    demands = Demands(
        quantity=_quantities(dice, size, 150),
        bid=1000 * dice.normal(1080, 150, size).clip(300).astype(np.int64),
        position=_around(dice, towns, size),
        buyer=size + np.arange(size),
        deliver_from=begin,
        deliver_until=begin + dice.integers(_DAY, 5 * _DAY, size),
        on_list=np.zeros((size, 0), dtype=np.bool_),
        accepts=accepts,
        posted_at=_START - dice.integers(0, 5 * _DAY, size),
        min_delivery=nothing,
        max_suppliers=np.full(size, NONE),
        inside=np.zeros((size, 0), dtype=np.int64),
    )
    return Book(offers=offers, demands=demands, tariff=TARIFF)


def _quantities(dice: np.random.Generator, size: int, median: float) -> Ints:
    """Thousandths of a unit, in whole units."""
    units = np.rint(dice.lognormal(np.log(median), 1.0, size)).clip(1, 60_000)
    return 1000 * units.astype(np.int64)


def _around(dice: np.random.Generator, towns: Floats, size: int) -> Ints:
    """ECEF metres of rows scattered some kilometres around the towns."""
    degrees = towns[dice.integers(0, len(towns), size)] + dice.normal(0, 0.04, (size, 2))
    return ecef(degrees[:, 0], degrees[:, 1])


def _schemes(dice: np.random.Generator, size: int, chance: float) -> Ints:
    """(size, 1) masks in which each scheme stands with the same chance."""
    held = dice.random((size, SCHEMES)) < chance
    return (held @ (1 << np.arange(SCHEMES)))[:, None]
