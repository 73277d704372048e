"""Positions on the sphere that all distances here are measured on."""

import math

RADIUS_M = 6_371_008.8
PUBLIC_DECIMALS = 2


def ecef(latitude: float, longitude: float) -> tuple[int, int, int]:
    """A position in degrees as earth-centred coordinates in whole metres (mean radius, IUGG)."""
    latitude, longitude = math.radians(latitude), math.radians(longitude)
    across = RADIUS_M * math.cos(latitude)
    return (
        round(across * math.cos(longitude)),
        round(across * math.sin(longitude)),
        round(RADIUS_M * math.sin(latitude)),
    )


def about(degrees: float) -> float:
    """Degrees as the public may know them: to two decimals, which is about 1 km."""
    return round(degrees, PUBLIC_DECIMALS)


def kilometres(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """The straight distance between two earth-centred positions."""
    return math.dist(one, other) / 1000
