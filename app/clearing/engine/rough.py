"""Which demands of a block an offer may reach, decided roughly and eight at a time.

The exact gain of a pair takes a square root and numbers of 64 bits; most pairs are so far from
mattering that 32 bits show it. Coordinates are scaled to what haulage over them costs, in
hundredths of a VND, so a pair is within reach when the squared distance is at most the square of
what both prices leave for haulage. Every figure is widened by more than its rounding: a pair that
matters is never lost, and what is found is only likely.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numba.extending import register_jitable
from numpy.typing import NDArray

from app.clearing.engine.book import PRICE_SCALE, Ints, Whole
from app.clearing.engine.haulage import Rates
from app.clearing.engine.neighbours import BLOCK, DemandRows, OfferRows

Singles = NDArray[np.float32]
Figures = NDArray[np.floating] | Ints | Whole
_RELATIVE = 2.0**-22
"""Four units in the last place: one of conversion, and up to three sums of what was converted."""
_OF_EXTENT = 2.0**-19
"""What distances, which are at most four times the extent, may lose in conversion and squaring."""


class Rough(NamedTuple):
    """Both sides of a book in 32 bits; offers by row, demands by block and padded."""

    offers: Singles
    """(n, 6) x, y, z, least to be paid, available from, expires at."""
    has: NDArray[np.int32]
    """(n,) bits as in :mod:`needs`."""
    blocks: Singles
    """(blocks, 7, BLOCK) x, y, z, most that is paid, deliver from, deliver until, least gain."""
    needs: NDArray[np.int32]
    """(blocks, BLOCK)"""


def rough(
    offers: OfferRows, demands: DemandRows, rates: Rates, floor: Ints, ceiling: Ints, least: int
) -> Rough:
    """Both sides under the prices that offers (n,) ask and demands (m,) pay, haulage not counted.

    Args:
        least: the gain that counts for every demand, to begin with.
    """
    n, m = len(floor), len(ceiling)
    blocks = -(-m // BLOCK)
    centre = demands.position.mean(axis=0) if m else np.zeros(3)
    scale = PRICE_SCALE * rates.per_metre
    here, there = scale * (offers.position - centre), scale * (demands.position - centre)
    extent = max(np.abs(here).max(initial=0), np.abs(there).max(initial=0))
    since = offers.available_from.min() if n else 0
    sellers = np.empty((n, 6), dtype=np.float32)
    sellers[:, :3] = here
    sellers[:, 3] = below(floor + PRICE_SCALE * (rates.fixed - 1))
    sellers[:, 4] = below(offers.available_from - since)
    sellers[:, 5] = above(offers.expires_at - since)
    buyers = np.zeros((blocks * BLOCK, 7), dtype=np.float32)
    buyers[:m, :3] = there
    buyers[:m, 3] = above(ceiling + extent * _OF_EXTENT)
    buyers[m:, 3] = -np.inf
    buyers[:m, 4] = below(demands.deliver_from - since)
    buyers[:m, 5] = above(demands.deliver_until - since)
    buyers[:m, 6] = below(least)
    needs = np.zeros(blocks * BLOCK, dtype=np.int32)
    needs[:m] = demands.needs
    by_block = buyers.reshape(blocks, BLOCK, 7).transpose(0, 2, 1)
    return Rough(
        offers=sellers,
        has=offers.has.astype(np.int32),
        blocks=np.ascontiguousarray(by_block),
        needs=needs.reshape(blocks, BLOCK),
    )


@njit(cache=True)
def likely(hits: NDArray[np.int32], both: Rough, i: int, block: int, need: int) -> int:
    """Mark the demands of a block that offer i may gain enough with; 0 if there is none.

    Enough is `need`, or the least gain that counts for the demand. Nothing branches, every column
    is contiguous and every number has 32 bits, so the processor takes eight demands at a time.
    """
    offers, demands, needs = both.offers, both.blocks, both.needs
    x, y, z, floor = offers[i, 0], offers[i, 1], offers[i, 2], offers[i, 3]
    ready, expires, lacks = offers[i, 4], offers[i, 5], ~both.has[i]
    enough = np.float32(below(need))
    found = np.int32(0)
    for k in range(BLOCK):
        dx, dy, dz = demands[block, 0, k] - x, demands[block, 1, k] - y, demands[block, 2, k] - z
        least = demands[block, 6, k]
        spare = demands[block, 3, k] - floor - (enough if enough < least else least)
        near = (spare >= 0) & (dx * dx + dy * dy + dz * dz <= spare * spare)
        in_time = (ready <= demands[block, 5, k]) & (demands[block, 4, k] <= expires)
        hits[k] = near & in_time & (needs[block, k] & lacks == 0)
        found = np.int32(found | hits[k])
    return int(found)


@register_jitable
def below(figure: Figures) -> Any:
    """Figures that stay below those given when they are rounded to 32 bits."""
    return figure - _RELATIVE * np.abs(figure)


@register_jitable
def above(figure: Figures) -> Any:
    """Figures that stay above those given when they are rounded to 32 bits."""
    return figure + _RELATIVE * np.abs(figure)
