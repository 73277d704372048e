"""Pricing by blocks and in 32 bits loses no pair that counts, whatever the figures' size."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from app.clearing.bench.market_book import market_book
from app.clearing.engine.all_pairs import AllPairs
from app.clearing.engine.allowed import allowed
from app.clearing.engine.book import FOREVER, Book, Ints
from app.clearing.engine.haulage import ecef
from app.clearing.engine.pairs import gains_of
from app.clearing.engine.pricing import Prices

NOTHING = -(2**60)


def plain_gains(book: Book) -> Ints:
    """(n, m) the gain of each allowed pair that has one, and a great loss for every other."""
    gains = gains_of(book)
    return np.where(allowed(book) & (gains > 0), gains, NOTHING)


def usual(seed: int) -> Book:
    return market_book(150 + seed, seed)


def dear(seed: int) -> Book:
    """Prices near the greatest there may be, a few VND apart."""
    book, lift = usual(seed), 99_990_000_000
    offers = replace(book.offers, ask=lift + book.offers.ask // 1000)
    demands = replace(book.demands, bid=lift + book.demands.bid // 1000)
    tariff = replace(book.tariff, base=Decimal(0), rate_per_km=Decimal("0.0035"))
    return replace(book, offers=offers, demands=demands, tariff=tariff)


def far(seed: int) -> Book:
    """Places all over the Earth, and prices that pay for the way."""
    book, dice = usual(seed), np.random.default_rng(seed)
    size = len(book.offers)
    here = ecef(dice.uniform(-90, 90, size), dice.uniform(-180, 180, size))
    there = ecef(dice.uniform(-90, 90, size), dice.uniform(-180, 180, size))
    offers = replace(book.offers, position=here, expires_at=book.offers.expires_at + FOREVER)
    until = book.demands.deliver_until + FOREVER
    bid = 5000 * book.demands.bid
    demands = replace(book.demands, position=there, deliver_until=until, bid=bid)
    tariff = replace(book.tariff, rate_per_km=Decimal(100_000))
    return replace(book, offers=offers, demands=demands, tariff=tariff)


def free(seed: int) -> Book:
    """Haulage that costs nothing, whatever the distance."""
    book = usual(seed)
    return replace(book, tariff=replace(book.tariff, base=Decimal(0), rate_per_km=Decimal(0)))


@pytest.mark.parametrize("kind", [usual, dear, far, free])
@pytest.mark.parametrize("seed", range(3))
def test_least_duals_are_those_of_all_pairs_written_down(
    kind: Callable[[int], Book], seed: int
) -> None:
    book = kind(seed)
    gains, pairs = plain_gains(book), AllPairs.of(book)
    assert (gains > 0).any()
    v = np.random.default_rng(seed).integers(0, gains.max(), len(book.demands))
    u = np.maximum(0, (gains - v).max(axis=1))
    np.testing.assert_array_equal(pairs.least_u(v), u)
    np.testing.assert_array_equal(pairs.least_v(u), np.maximum(0, (gains - u[:, None]).max(axis=0)))


@pytest.mark.parametrize("kind", [usual, dear, far, free])
@pytest.mark.parametrize("seed", range(3))
def test_what_duals_miss_by_a_hundredth_is_found(kind: Callable[[int], Book], seed: int) -> None:
    book = kind(seed)
    gains, pairs = plain_gains(book), AllPairs.of(book)
    v = np.random.default_rng(seed).integers(0, gains.max(), len(book.demands))
    u = pairs.least_u(v)
    assert not len(pairs.best(Prices.of(u, v), few=2, beyond=0).gain)
    lower = np.maximum(u - 1, 0)
    found = pairs.best(Prices.of(lower, v), few=2, beyond=0)
    np.testing.assert_array_equal(found.missed_u, u - lower)
    np.testing.assert_array_equal(found.gain, gains[found.offer, found.demand])
    assert len(np.unique(found.offer * len(v) + found.demand)) == len(found.gain)
