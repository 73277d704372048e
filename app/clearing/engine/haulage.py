"""Haulage between whole positions, the same to the dong on every machine.

A position is a latitude and a longitude on the sphere of 6,371,008.8 m (the mean radius of the
Earth, IUGG), written as whole ECEF metres. The distance is the straight chord between two such
positions. Only correctly rounded operations of IEEE 754 are used (+, −, ×, ÷, square root), in a
fixed order and with our own sine and cosine, because those of the C library differ between
machines in their last bit.
"""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from app.clearing.engine.book import EARTH_RADIUS_M, Book, Bools, Floats, Ints, Tariff

_RADIANS_PER_DEGREE = math.pi / 180
_SINE = tuple((-1) ** (k // 2) / math.factorial(k) for k in range(1, 20, 2))
_COSINE = tuple((-1) ** (k // 2) / math.factorial(k) for k in range(0, 20, 2))
DOUBT = 1e-14
"""Relative error granted to the floating estimate; the true one is a few units of 1.1e-16."""


class Rates(NamedTuple):
    """A tariff in floating point, per metre of straight distance."""

    fixed: float
    """VND per unit, whatever the distance."""
    per_metre: float
    """VND per unit and metre."""
    seconds_per_metre: float


def rates_of(tariff: Tariff) -> Rates:
    """The tariff's rates, each the double nearest to its exact fraction."""
    fixed, per_metre = _exact_tariff(tariff)
    if per_metre == 0:
        fixed = Fraction(round(fixed))
    return Rates(float(fixed), float(per_metre), _seconds_per_metre(tariff))


def ecef(latitude: Floats, longitude: Floats) -> Ints:
    """Whole ECEF metres (n, 3) of latitudes and longitudes in degrees, both (n,)."""
    sin_latitude, cos_latitude = sine_and_cosine(latitude)
    sin_longitude, cos_longitude = sine_and_cosine(longitude)
    metres = EARTH_RADIUS_M * np.column_stack(
        (cos_latitude * cos_longitude, cos_latitude * sin_longitude, sin_latitude)
    )
    return np.rint(metres).astype(np.int64)


def sine_and_cosine(degrees: Floats) -> tuple[Floats, Floats]:
    """Sine and cosine by Taylor's series within 45° of a right angle's multiple.

    The first term left out is below 1e-18 there, so only the rounding of the sums remains.
    """
    quarter = np.rint(degrees / 90)
    rest = (degrees - 90 * quarter) * _RADIANS_PER_DEGREE
    square = rest * rest
    sine = np.zeros_like(rest)
    for coefficient in reversed(_SINE):
        sine = sine * square + coefficient
    sine = sine * rest
    cosine = np.zeros_like(rest)
    for coefficient in reversed(_COSINE):
        cosine = cosine * square + coefficient
    turn = quarter.astype(np.int64) % 4
    return (
        np.choose(turn, (sine, cosine, -sine, -cosine)),
        np.choose(turn, (cosine, -sine, -cosine, sine)),
    )


def haulage(book: Book) -> Ints:
    """Haulage (n, m) in whole VND per unit, rounded half-even; O(n·m).

    Exactly round(A + B·√D), where D is the squared distance in metres and A and B are the exact
    fractions of the tariff: wherever the floating estimate lies too near a half to be trusted,
    the half is compared in integers.
    """
    squared = squared_distance(book)
    fixed, per_metre = _exact_tariff(book.tariff)
    estimate = float(fixed) + float(per_metre) * np.sqrt(squared.astype(np.float64))
    rounded = np.rint(estimate).astype(np.int64)
    doubtful = np.abs(estimate - np.floor(estimate) - 0.5) <= DOUBT * (1 + estimate)
    _settle(rounded, doubtful, squared, fixed, per_metre)
    return rounded


def squared_distance(book: Book) -> Ints:
    """Squared straight distance (n, m) in square metres; at most 1.7e14, so exact in a double."""
    total = np.zeros((len(book.offers), len(book.demands)), dtype=np.int64)
    for axis in range(3):
        apart = book.offers.position[:, None, axis] - book.demands.position[None, :, axis]
        total += apart * apart
    return total


def travel_seconds(book: Book) -> Ints:
    """Travel time (n, m), km ÷ speed_kmh, in whole seconds rounded up."""
    metres = np.sqrt(squared_distance(book).astype(np.float64))
    return np.ceil(_seconds_per_metre(book.tariff) * metres).astype(np.int64)


def _seconds_per_metre(tariff: Tariff) -> float:
    return float(Fraction(tariff.road_factor) * Fraction(18, 5) / Fraction(tariff.speed_kmh))


def _exact_tariff(tariff: Tariff) -> tuple[Fraction, Fraction]:
    """VND per unit, and VND per unit and metre of straight distance."""
    weight = Fraction(tariff.unit_weight_kg)
    per_km = weight * Fraction(tariff.rate_per_km) * Fraction(tariff.road_factor)
    return weight * Fraction(tariff.base), per_km / 1000


def settled(squares: Floats, tariff: Tariff) -> Ints:
    """Haulage (s,) in whole VND per unit over squared distances, exactly rounded half-even."""
    fixed, per_metre = _exact_tariff(tariff)
    exact = [_round_half_even(int(square), fixed, per_metre) for square in squares]
    return np.array(exact, dtype=np.int64)


def _settle(
    rounded: Ints, doubtful: Bools, squared: Ints, fixed: Fraction, per_metre: Fraction
) -> None:
    """Write the exactly rounded haulage wherever the estimate was in doubt."""
    distances, places = np.unique(squared[doubtful], return_inverse=True)
    exact = [_round_half_even(int(square), fixed, per_metre) for square in distances]
    rounded[doubtful] = np.array(exact, dtype=np.int64)[places]


def _round_half_even(square: int, fixed: Fraction, per_metre: Fraction) -> int:
    """round(fixed + per_metre × √square), by comparing squares of fractions."""
    below = math.floor(float(fixed) + float(per_metre) * math.sqrt(square))
    while _exceeds(Fraction(2 * below + 1, 2), square, fixed, per_metre) < 0:
        below += 1
    while _exceeds(Fraction(2 * below - 1, 2), square, fixed, per_metre) > 0:
        below -= 1
    half_above = _exceeds(Fraction(2 * below + 1, 2), square, fixed, per_metre)
    if half_above == 0:
        return below + below % 2
    half_below = _exceeds(Fraction(2 * below - 1, 2), square, fixed, per_metre)
    return below - below % 2 if half_below == 0 else below


def _exceeds(figure: Fraction, square: int, fixed: Fraction, per_metre: Fraction) -> int:
    """Sign of figure − (fixed + per_metre × √square)."""
    rest = figure - fixed
    if rest < 0:
        return -1
    difference = rest * rest - per_metre * per_metre * square
    return (difference > 0) - (difference < 0)
