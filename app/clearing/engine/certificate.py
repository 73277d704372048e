"""A proof of optimality that needs no trust in the solver (weak duality of linear programming).

For any u ≥ 0 let v_j = max(0, max_i (c_ij − u_i)) over all allowed pairs. Then no allocation can
gain more than Σ supply·u + Σ demand·v. Sums are Python integers: 30,000 rows of 60 tonnes at ten
million VND do not fit into 64 bits. The unit of welfare is a hundred-thousandth of a VND
(thousandths of a unit × hundredths of a VND).
"""

from dataclasses import dataclass

import numpy as np

from app.clearing.engine.book import PRICE_SCALE, QUANTITY_SCALE, Ints
from app.clearing.engine.pairs import Pairs

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


def certify(supply: Ints, demand: Ints, pairs: Pairs, flow: Ints, u: Ints) -> Certificate:
    """The certificate of a flow (e,) from any prices u ≥ 0 (n,); O(e)."""
    v = np.zeros(len(demand), dtype=np.int64)
    np.maximum.at(v, pairs.demand, pairs.gain - u[pairs.offer])
    return Certificate(
        welfare=_inner(pairs.gain, flow),
        upper_bound=_inner(supply, u) + _inner(demand, v),
    )


def _inner(left: Ints, right: Ints) -> int:
    """The sum of products in unbounded integers."""
    both = np.flatnonzero((left != 0) & (right != 0))
    products = zip(left[both].tolist(), right[both].tolist(), strict=True)
    return sum(a * b for a, b in products)
