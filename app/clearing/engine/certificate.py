"""A proof of optimality that needs no trust in the solver (weak duality of linear programming).

For any u, v ≥ 0 with u_i + v_j ≥ c_ij on all allowed pairs, no allocation can gain more than
Σ supply·u + Σ demand·v; where a pair is missed, v_j (or u_i, whichever costs less) is raised by
what it is missed by. Sums are Python integers: 30,000 rows of 60 tonnes at ten million VND do not
fit into 64 bits. The unit of welfare is a hundred-thousandth of a VND (thousandths of a unit ×
hundredths of a VND).
"""

from dataclasses import dataclass

import numpy as np

from app.clearing.engine.book import PRICE_SCALE, QUANTITY_SCALE, Ints
from app.clearing.engine.pricing import Prices, Pricing

WELFARE_SCALE = QUANTITY_SCALE * PRICE_SCALE


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """Welfare reached and the bound that none can exceed, both in hundred-thousandths of a VND."""

    welfare: int
    upper_bound: int

    @property
    def gap(self) -> float:
        """(upper_bound − welfare) / max(1 VND, welfare)."""
        return (self.upper_bound - self.welfare) / max(WELFARE_SCALE, self.welfare)


def certify(
    supply: Ints, demand: Ints, pricing: Pricing, *, gain: Ints, flow: Ints, u: Ints, v: Ints
) -> Certificate:
    """The certificate of trades (k,) from any duals u (n,) and v (m,), at least 0.

    One pass over all pairs.
    """
    missed = pricing.best(Prices.of(u, v), few=1, beyond=0)
    raised = min(inner(supply, missed.missed_u), inner(demand, missed.missed_v))
    return Certificate(
        welfare=inner(gain, flow),
        upper_bound=inner(supply, u) + inner(demand, v) + raised,
    )


def inner(left: Ints, right: Ints) -> int:
    """The sum of products in unbounded integers."""
    both = np.flatnonzero((left != 0) & (right != 0))
    products = zip(left[both].tolist(), right[both].tolist(), strict=True)
    return sum(a * b for a, b in products)
