"""What column generation asks of whoever knows all pairs: which are worth having at given duals."""

from typing import NamedTuple, Protocol

import numpy as np

from app.clearing.engine.book import Ints


class Prices(NamedTuple):
    """Duals of n offers and m demands: hundredths of a VND per unit, and the ties' beside them."""

    u: Ints
    v: Ints
    tie_u: Ints
    tie_v: Ints

    @classmethod
    def of(cls, u: Ints, v: Ints) -> "Prices":
        """Duals without any for ties."""
        return cls(u, v, np.zeros_like(u), np.zeros_like(v))


class Found(NamedTuple):
    """Allowed pairs with a gain, each once; and by how much the duals miss them."""

    offer: Ints
    demand: Ints
    gain: Ints
    """c, hundredths of a VND per unit."""
    better: Ints
    """c − u − v."""
    missed_u: Ints
    """(n,) the greatest c − u − v of each offer, at least 0."""
    missed_v: Ints
    """(m,) the same of each demand."""


class Pricing(Protocol):
    """All pairs of a problem."""

    def best(self, prices: Prices, *, few: int, beyond: int) -> Found:
        """The best few pairs of every offer and of every demand with c − u − v above `beyond`.

        Where it equals `beyond`, the sum of the tie duals has to be negative.
        """
        ...
