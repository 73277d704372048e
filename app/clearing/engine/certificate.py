"""A proof of optimality that needs no trust in the solver (weak duality of linear programming).

For any u, v ≥ 0 with u_i + v_j ≥ c_ij on all allowed pairs, no allocation can gain more than
Σ supply·u + Σ demand·v; where pairs are missed, v_j is raised by the most they are missed by. Sums
are Python integers: 30,000 rows of 60 tonnes at ten million VND do not fit into 64 bits. The unit
of welfare is a hundred-thousandth of a VND (thousandths of a unit × hundredths of a VND).
"""

from dataclasses import dataclass

import numpy as np

from app.clearing.engine.book import PRICE_SCALE, QUANTITY_SCALE, Ints
from app.clearing.engine.pricing import Found, Prices

WELFARE_SCALE = QUANTITY_SCALE * PRICE_SCALE


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """Welfare reached and the bound that none can exceed, both in hundred-thousandths of a VND."""

    welfare: int
    upper_bound: int
    u: Ints
    """(n,) duals from which anybody can compute the bound, hundredths of a VND per unit."""

    @property
    def gap(self) -> float:
        """(upper_bound − welfare) / max(1 VND, welfare)."""
        return (self.upper_bound - self.welfare) / max(WELFARE_SCALE, self.welfare)


def certify(
    supply: Ints, demand: Ints, proof: Prices, missed: Found | None, *, welfare: int
) -> Certificate:
    """The certificate that duals u (n,) and v (m,), at least 0, give, and what they miss, if any.

    What is missed is added to the side on which it costs less. Given u alone, the least v that
    makes them feasible is max(0, max_i (c_ij − u_i)), so the bound anybody computes from the
    published u is at most this one.
    """
    plain = inner(supply, proof.u) + inner(demand, proof.v)
    if missed is None:
        return Certificate(welfare=welfare, upper_bound=plain, u=proof.u)
    on_u, on_v = inner(supply, missed.missed_u), inner(demand, missed.missed_v)
    return Certificate(
        welfare=welfare,
        upper_bound=plain + min(on_u, on_v),
        u=proof.u + missed.missed_u if on_u < on_v else proof.u,
    )


def inner(left: Ints, right: Ints) -> int:
    """The sum of products in unbounded integers."""
    both = np.flatnonzero((left != 0) & (right != 0))
    products = zip(left[both].tolist(), right[both].tolist(), strict=True)
    return sum(a * b for a, b in products)
