"""Distances, haulage and travel time by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clearing.engine.haulage import (
    ecef,
    haulage,
    sine_and_cosine,
    squared_distance,
    travel_seconds,
)
from app.clearing.snapshot import book_of

from .books import book, demand, offer, plain_haulage

latitudes = st.floats(-90, 90, allow_subnormal=False)
longitudes = st.floats(-180, 180, allow_subnormal=False)
figures = st.decimals(0, 5000, places=3).map(str)


def test_positions_are_whole_metres() -> None:
    north_pole, origin, east = ecef(np.array([90.0, 0.0, 0.0]), np.array([0.0, 0.0, 90.0]))
    assert north_pole.tolist() == [0, 0, 6_371_009]
    assert origin.tolist() == [6_371_009, 0, 0]
    assert east.tolist() == [0, 6_371_009, 0]


def test_our_sine_agrees_with_the_library_to_a_hair() -> None:
    degrees = np.linspace(-180, 180, 100_001)
    sine, cosine = sine_and_cosine(degrees)
    assert np.abs(sine - np.sin(np.radians(degrees))).max() < 1e-15
    assert np.abs(cosine - np.cos(np.radians(degrees))).max() < 1e-15


def test_a_degree_along_the_equator() -> None:
    """The chord of one degree is 2 R sin(0.5°) = 111,194 m; 1.3 × 111.194 × 2 + 100 = 389 VND."""
    apart = book_of(
        book(
            [offer("o", latitude=0, longitude=0)],
            [demand("d", latitude=0, longitude=1)],
            base="100",
            rate_per_km="2",
            road_factor="1.3",
        )
    )
    metres = math.sqrt(int(squared_distance(apart)[0, 0]))
    assert metres == pytest.approx(111_193.7, abs=1.5)
    assert haulage(apart).tolist() == [[389]]
    assert int(travel_seconds(apart)[0, 0]) == math.ceil(1.3 * metres * 3.6 / 30)


@pytest.mark.parametrize(("base", "expected"), [("50.5", 50), ("51.5", 52), ("51.4999", 51)])
def test_a_half_is_rounded_to_the_even_dong(base: str, expected: int) -> None:
    assert haulage(book_of(book([offer("o")], [demand("d")], base=base))).tolist() == [[expected]]


def test_a_half_that_binary_fractions_miss_is_still_a_half() -> None:
    """0.29 × 50 is 14.5 exactly, though not in floating point."""
    halves = book([offer("o")], [demand("d")], base="50", unit_weight_kg="0.29")
    assert haulage(book_of(halves)).tolist() == [[14]]


@settings(max_examples=150)
@given(latitudes, longitudes, latitudes, longitudes, figures, figures, figures)
def test_haulage_is_the_formula_rounded_once(
    north: float, east: float, north2: float, east2: float, base: str, rate: str, weight: str
) -> None:
    seller = offer("o", latitude=north, longitude=east)
    buyer = demand("d", latitude=north2, longitude=east2)
    snapshot = book([seller], [buyer], base=base, rate_per_km=rate, unit_weight_kg=weight)
    found = int(haulage(book_of(snapshot))[0, 0])
    assert found == plain_haulage(seller, buyer, snapshot["haulage"])
