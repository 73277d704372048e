"""One clearing, from book to trades, prices and proof."""

from dataclasses import dataclass

import numpy as np

from app.clearing.engine.book import NONE, Book, BookRefused, Ints, check_book
from app.clearing.engine.certificate import Certificate, certify
from app.clearing.engine.dual import Duals, extreme_duals, midpoint
from app.clearing.engine.pairs import gainful_pairs
from app.clearing.engine.transport import optimal_flow


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a clearing found: k trades between n offers and m demands.

    Nobody trades at a loss: seller_price ≥ ask and buyer_price ≤ bid on every row. On every trade
    buyer_price − seller_price = haulage exactly, so the money adds up. No allowed pair could do
    better with each other at other prices.
    """

    offer: Ints
    """(k,) row of the offer, ascending."""
    demand: Ints
    """(k,) row of the demand, ascending within an offer."""
    quantity: Ints
    """(k,) thousandths of a unit, positive."""
    haulage: Ints
    """(k,) hundredths of a VND per unit."""
    seller_price: Ints
    """(n,) ask + u at the farm gate, hundredths of a VND per unit."""
    buyer_price: Ints
    """(m,) bid − v delivered, hundredths of a VND per unit."""
    duals: Duals
    certificate: Certificate
    rejected_offer: Ints
    """(r,) row of the offer of each allowed pair that would do better with each other, ascending;
    only minimum lots, maximum suppliers and a policy bonus leave any."""
    rejected_demand: Ints
    """(r,) row of the demand, ascending within an offer."""


def clear(book: Book) -> Result:
    """The trades with the greatest total gain, at the middle of the supporting prices.

    Raises BookRefused for figures out of bounds. Equal books give equal results.
    """
    check_book(book)
    refuse_minimum_lots(book)
    supply, demand = book.offers.quantity, book.demands.quantity
    pairs = gainful_pairs(book)
    flow = optimal_flow(supply, demand, pairs)
    duals = extreme_duals(supply, demand, pairs, flow)
    u, v = midpoint(duals)
    traded = np.flatnonzero(flow)
    offer, buyer = pairs.offer[traded], pairs.demand[traded]
    return Result(
        offer=offer,
        demand=buyer,
        quantity=flow[traded],
        haulage=book.demands.bid[buyer] - book.offers.ask[offer] - pairs.gain[traded],
        seller_price=book.offers.ask + u,
        buyer_price=book.demands.bid - v,
        duals=duals,
        certificate=certify(supply, demand, pairs, flow, u),
        rejected_offer=np.zeros(0, dtype=np.int64),
        rejected_demand=np.zeros(0, dtype=np.int64),
    )


def refuse_minimum_lots(book: Book) -> None:
    """A minimum lot changes the problem; one that every trade meets anyway does not."""
    for side, field, column in (
        ("offers", "min_quantity", book.offers.min_quantity > 1),
        ("demands", "min_delivery", book.demands.min_delivery > 1),
        ("demands", "max_suppliers", book.demands.max_suppliers != NONE),
    ):
        if column.any():
            code = "maximum_suppliers" if field == "max_suppliers" else "minimum_lot"
            raise BookRefused(
                f"{code}_not_supported",
                row=f"{side}[{int(column.argmax())}]",
                field=field,
                detail="cannot be honoured yet",
            )
