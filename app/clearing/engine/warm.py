"""Compile what the engine needs compiled; the machine code is cached beside the sources."""

from decimal import Decimal

import numpy as np

from app.clearing.engine.book import FOREVER, NONE, Accepts, Book, Demands, Offers, Tariff
from app.clearing.engine.clear import clear


def warm() -> None:
    """Clear a market of one offer and one demand, so that the first round need not wait."""
    one, nothing = np.ones(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    words, here = np.zeros((1, 0), dtype=np.int64), np.zeros((1, 3), dtype=np.int64)
    tariff = Tariff(
        base=Decimal(0),
        rate_per_km=Decimal(1),
        road_factor=Decimal(1),
        speed_kmh=Decimal(30),
        unit_weight_kg=Decimal(1),
    )
    clear(
        Book(
            offers=Offers(
                quantity=one,
                ask=one,
                position=here,
                seller=nothing,
                commodity=nothing,
                grade=one,
                quality=words,
                certificates=words,
                available_from=nothing,
                expires_at=nothing + FOREVER,
                private_list=nothing + NONE,
                smallholder=one > 0,
                listed_at=nothing,
                min_quantity=nothing,
                stays_inside=words,
                stays_outside=words,
            ),
            demands=Demands(
                quantity=one,
                bid=2 * one,
                position=here,
                buyer=one,
                deliver_from=nothing,
                deliver_until=nothing + FOREVER,
                on_list=np.zeros((1, 0), dtype=np.bool_),
                posted_at=nothing,
                min_delivery=nothing,
                max_suppliers=nothing + NONE,
                inside=words,
                accepts=Accepts(
                    demand=nothing,
                    commodity=nothing,
                    worst_grade=one,
                    low=words,
                    high=words,
                    certificates=words,
                ),
            ),
            tariff=tariff,
        )
    )
