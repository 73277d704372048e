"""Pricing of all pairs of a book: whose gain exceeds what the duals of both ends already grant.

The reduced gain of a pair is c_ij − u_i − v_j. All n·m of them matter and few can be large, so
both sides are cut into blocks of neighbours (by a k-d tree over positions, then by goods and
price), and a block of pairs is looked at only if its best price difference less the haulage
between its two bounding boxes could still count. Its pairs are sifted by :mod:`rough`, and only
what is likely is taken exactly. On the books measured a third of the pairs is sifted and one or
two in a thousand are taken exactly; the worst case is O(n·m).

Haulage is exact as in :mod:`haulage`: a squared distance whose rounding floating point cannot
decide is handed back, settled in whole numbers, and the pass is made again.
"""

from typing import NamedTuple, Self

import numpy as np
from numba import njit

from app.clearing.engine.book import (
    NONE,
    PRICE_SCALE,
    Book,
    Floats,
    Ints,
    Tariff,
)
from app.clearing.engine.haulage import DOUBT, Rates, rates_of, settled
from app.clearing.engine.neighbours import (
    BLOCK,
    DemandRows,
    OfferRows,
    demand_rows,
    offer_rows,
)
from app.clearing.engine.pricing import Found, Prices
from app.clearing.engine.rough import Rough, below, likely, rough

_OUT_OF_REACH = 2**62
_UNSETTLED_AT_ONCE = 4096


class Top(NamedTuple):
    """The best few partners of each row of one side, best first."""

    better: Ints
    """(rows, few) reduced gains."""
    tie: Ints
    partner: Ints


class AllPairs:
    """The pairs of a book, never written down; a :class:`pricing.Pricing`."""

    def __init__(self, offers: OfferRows, demands: DemandRows, tariff: Tariff) -> None:
        self._offers, self._demands = offers, demands
        self._rates, self._tariff = rates_of(tariff), tariff
        self._squares = np.zeros(0)
        self._haulage = np.zeros(0, dtype=np.int64)

    @classmethod
    def of(cls, book: Book) -> Self:
        """The pairs of a book."""
        return cls(offer_rows(book.offers), demand_rows(book.demands), book.tariff)

    def with_offers_of(self, other: Self) -> Self:
        """The other's offers with these demands."""
        return type(self)(other._offers, self._demands, self._tariff)

    @property
    def offers_in_order(self) -> Ints:
        """(n,) the offers, block by block."""
        return self._offers.row

    @property
    def demands_in_order(self) -> Ints:
        """(m,) the demands, block by block."""
        return self._demands.row

    def best(self, prices: Prices, *, few: int, beyond: int) -> Found:
        """The best few partners of every row among pairs whose reduced gain exceeds `beyond`."""
        offers, demands = self._offers, self._demands
        of_offers, of_demands = self._passed(prices, few, beyond, beyond)
        return _found(prices, offers.row, demands.row, of_offers, of_demands)

    def least_u(self, v: Ints) -> Ints:
        """(n,) max(0, max_j (c_ij − v_j)): what offers can ask at given v."""
        u = np.zeros(len(self._offers.row), dtype=np.int64)
        of_offers, _ = self._passed(Prices.of(u, v), 1, 0, _OUT_OF_REACH)
        u[self._offers.row] = of_offers.better[:, 0]
        return u

    def least_v(self, u: Ints) -> Ints:
        """(m,) max(0, max_i (c_ij − u_i))."""
        v = np.zeros(len(self._demands.row), dtype=np.int64)
        _, of_demands = self._passed(Prices.of(u, v), 1, _OUT_OF_REACH, 0)
        v[self._demands.row] = of_demands.better[:, 0]
        return v

    def _passed(
        self, prices: Prices, few: int, offers_beyond: int, demands_beyond: int
    ) -> tuple[Top, Top]:
        """One pass over all pairs, made again if distances had to be settled."""
        offers, demands = self._offers, self._demands
        u, v = prices.u[offers.row], prices.v[demands.row]
        tie_u, tie_v = prices.tie_u[offers.row], prices.tie_v[demands.row]
        floor, ceiling = offers.ask + u, demands.bid - v
        while True:
            of_offers, of_demands = (
                _tops(len(u), few, offers_beyond),
                _tops(len(v), few, demands_beyond),
            )
            both = rough(offers, demands, self._rates, floor, ceiling, demands_beyond)
            unsettled = np.zeros(_UNSETTLED_AT_ONCE)
            count = _scan(
                offers, demands, both, self._rates, self._squares, self._haulage, floor, ceiling,
                u, v, tie_u, tie_v, of_offers, of_demands, unsettled,
            )  # fmt: skip
            if not count:
                return of_offers, of_demands
            self._settle(unsettled[:count])

    def _settle(self, squares: Floats) -> None:
        squares = np.union1d(self._squares, squares)
        self._squares, self._haulage = squares, settled(squares, self._tariff)


def _found(prices: Prices, rows: Ints, columns: Ints, of_offers: Top, of_demands: Top) -> Found:
    sold, bought = np.nonzero(of_offers.partner != NONE), np.nonzero(of_demands.partner != NONE)
    sellers = of_demands.partner[bought]
    new = (of_offers.partner[sellers] != bought[0][:, None]).all(axis=1)
    offer = np.concatenate((rows[sold[0]], rows[sellers[new]]))
    demand = np.concatenate((columns[of_offers.partner[sold]], columns[bought[0][new]]))
    better = np.concatenate((of_offers.better[sold], of_demands.better[bought][new]))
    missed_u, missed_v = np.zeros_like(prices.u), np.zeros_like(prices.v)
    missed_u[rows] = np.maximum(of_offers.better[:, 0], 0)
    missed_v[columns] = np.maximum(of_demands.better[:, 0], 0)
    gain = better + prices.u[offer] + prices.v[demand]
    return Found(
        offer=offer, demand=demand, gain=gain, better=better, missed_u=missed_u, missed_v=missed_v
    )


def _tops(rows: int, few: int, beyond: int) -> Top:
    return Top(
        better=np.full((rows, few), beyond, dtype=np.int64),
        tie=np.zeros((rows, few), dtype=np.int64),
        partner=np.full((rows, few), NONE, dtype=np.int64),
    )


@njit(cache=True)
def _scan(
    offers: OfferRows, demands: DemandRows, both: Rough, rates: Rates,
    squares: Floats, haulages: Ints, floor: Ints, ceiling: Ints,
    u: Ints, v: Ints, tie_u: Ints, tie_v: Ints,
    of_offers: Top, of_demands: Top, unsettled: Floats,
) -> int:  # fmt: skip
    """Fill the tops; the number of squared distances left unsettled."""
    n, m, last = len(u), len(v), of_offers.better.shape[1] - 1
    least_of_offers = of_offers.better[:, last].copy()
    least_of_demands = of_demands.better[:, last].copy()
    cheapest, offers_need = _least_of_blocks(floor), _least_of_blocks(least_of_offers)
    dearest = -_least_of_blocks(-ceiling)
    demands_need = _least_of_blocks(least_of_demands)
    hits = np.zeros(BLOCK, dtype=np.int32)
    doubts = 0
    # Likely partners are near in both orders; whoever comes first sets what others must beat.
    for turn in range(len(dearest)):
        step = (turn + 1) // 2 if turn % 2 else -(turn // 2)
        for block in range(len(cheapest)):
            other = (block * len(dearest) // len(cheapest) + step) % len(dearest)
            need = min(offers_need[block], demands_need[other])
            if dearest[other] - cheapest[block] < need:
                continue
            if demands.block_needs[other] & ~offers.block_has[block]:
                continue
            near = _square_between(offers.box[block], demands.box[other])
            if not _within(rates, near, dearest[other] - cheapest[block] - need):
                continue
            begin, end = other * BLOCK, min(m, other * BLOCK + BLOCK)
            for i in range(block * BLOCK, min(n, block * BLOCK + BLOCK)):
                need = min(least_of_offers[i], demands_need[other])
                if dearest[other] - floor[i] < need:
                    continue
                if not likely(hits, both, i, other, least_of_offers[i]):
                    continue
                j = begin + i % (end - begin)
                for _ in range(end - begin):
                    j = begin if j == end - 1 else j + 1
                    if not hits[j - begin]:
                        continue
                    square = 0.0
                    for axis in range(3):
                        apart = offers.position[i, axis] - demands.position[j, axis]
                        square += apart * apart
                    estimate = rates.fixed + rates.per_metre * np.sqrt(square)
                    cost = np.int64(np.rint(estimate))
                    better = ceiling[j] - floor[i] - PRICE_SCALE * cost
                    if abs(abs(estimate - cost) - 0.5) <= DOUBT * (1 + estimate):
                        at = np.searchsorted(squares, square)
                        if at < len(squares) and squares[at] == square:
                            better += PRICE_SCALE * (cost - haulages[at])
                        elif doubts < len(unsettled):
                            unsettled[doubts] = square
                            doubts += 1
                    tie = -tie_u[i] - tie_v[j]
                    if better + u[i] + v[j] <= 0:
                        continue
                    for_offer = _beats(of_offers, i, better, tie)
                    for_demand = _beats(of_demands, j, better, tie)
                    if (for_offer or for_demand) and _fits(offers, demands, rates, i, j, square):
                        if for_offer:
                            _insert(of_offers, i, better, tie, j)
                            least_of_offers[i] = of_offers.better[i, last]
                        if for_demand:
                            _insert(of_demands, j, better, tie, i)
                            least_of_demands[j] = of_demands.better[j, last]
                            both.blocks[other, 6, j - begin] = below(least_of_demands[j])
            offers_need[block] = least_of_offers[block * BLOCK : (block + 1) * BLOCK].min()
            demands_need[other] = least_of_demands[begin:end].min()
    return doubts


@njit(cache=True)
def _least_of_blocks(column: Ints) -> Ints:
    least = np.empty((len(column) + BLOCK - 1) // BLOCK, dtype=np.int64)
    for block in range(len(least)):
        least[block] = column[block * BLOCK : (block + 1) * BLOCK].min()
    return least


@njit(cache=True)
def _square_between(one: Floats, other: Floats) -> float:
    """The squared distance between two boxes."""
    square = 0.0
    for axis in range(3):
        apart = max(0.0, one[axis] - other[axis + 3], other[axis] - one[axis + 3])
        square += apart * apart
    return square


@njit(cache=True)
def _within(rates: Rates, square: float, spare: int) -> bool:
    """Whether haulage over a squared distance may cost as little as `spare`; generous by 1 VND."""
    reach = spare * (1 / PRICE_SCALE) + 1 - rates.fixed
    return reach >= 0 and rates.per_metre * rates.per_metre * square <= reach * reach


@njit(cache=True)
def _beats(top: Top, row: int, better: int, tie: int) -> bool:
    last = top.better.shape[1] - 1
    least = top.better[row, last]
    return bool(better > least or (better == least and tie > top.tie[row, last]))


@njit(cache=True)
def _insert(top: Top, row: int, better: int, tie: int, partner: int) -> None:
    at = top.better.shape[1] - 1
    while at > 0 and (
        better > top.better[row, at - 1]
        or (better == top.better[row, at - 1] and tie > top.tie[row, at - 1])
    ):
        top.better[row, at] = top.better[row, at - 1]
        top.tie[row, at] = top.tie[row, at - 1]
        top.partner[row, at] = top.partner[row, at - 1]
        at -= 1
    top.better[row, at], top.tie[row, at], top.partner[row, at] = better, tie, partner


@njit(cache=True)
def _fits(
    offers: OfferRows, demands: DemandRows, rates: Rates, i: int, j: int, square: float
) -> bool:
    """Whether a pair passes every gate; the same tests as in :mod:`allowed`."""
    if offers.seller[i] == demands.buyer[j]:
        return False
    if offers.private_list[i] != NONE and not demands.on_list[j, offers.private_list[i]]:
        return False
    least = max(offers.min_quantity[i], demands.min_delivery[j])
    if least > min(offers.quantity[i], demands.quantity[j]):
        return False
    travel = np.int64(np.ceil(rates.seconds_per_metre * np.sqrt(square)))
    earliest = max(offers.available_from[i] + travel, demands.deliver_from[j])
    if earliest > min(offers.expires_at[i], demands.deliver_until[j]):
        return False
    for word in range(demands.inside.shape[1]):
        inside = demands.inside[j, word]
        if offers.stays_inside[i, word] & ~inside or offers.stays_outside[i, word] & inside:
            return False
    for accepted in range(demands.first[j], demands.first[j + 1]):
        if _goods_fit(offers, demands, i, accepted):
            return True
    return False


@njit(cache=True)
def _goods_fit(offers: OfferRows, demands: DemandRows, i: int, accepted: int) -> bool:
    offered, wanted = offers.commodity[i], demands.commodity[accepted]
    if offered not in (wanted, NONE) and wanted != NONE:
        return False
    grade, worst = offers.grade[i], demands.worst_grade[accepted]
    if worst != NONE and (grade == NONE or grade > worst):
        return False
    for word in range(offers.certificates.shape[1]):
        if demands.certificates[accepted, word] & ~offers.certificates[i, word]:
            return False
    for attribute in range(offers.quality.shape[1]):
        stated = offers.quality[i, attribute]
        low, high = demands.low[accepted, attribute], demands.high[accepted, attribute]
        if low != NONE and stated < low:
            return False
        if high != NONE and (stated == NONE or stated > high):
            return False
    return True
