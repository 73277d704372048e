"""One clearing, from book to trades, prices and proof."""

from dataclasses import dataclass

import numpy as np

from app.clearing.engine.all_pairs import AllPairs
from app.clearing.engine.book import Book, Ints, check_book
from app.clearing.engine.certificate import Certificate, certify
from app.clearing.engine.column_generation import optimum
from app.clearing.engine.dual import Duals, extreme_duals, midpoint
from app.clearing.engine.starting_prices import starting_prices
from app.clearing.engine.ties import bonuses


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


def clear(book: Book, *, tolerance: float = 0.0) -> Result:
    """The trades with the greatest total gain, at the middle of the supporting prices.

    Raises BookRefused for figures out of bounds. Equal books give equal results.
    """
    check_book(book)
    supply, demand = book.offers.quantity, book.demands.quantity
    pricing = AllPairs(book)
    start = starting_prices(book, pricing)
    found = optimum(
        supply, demand, pricing, start=start, bonus=bonuses(book), tolerance=tolerance
    )
    duals = extreme_duals(supply, demand, pricing, found)
    u, v = midpoint(duals)
    traded = np.flatnonzero(found.flow)
    offer, buyer = found.arcs.offer[traded], found.arcs.demand[traded]
    order = np.lexsort((buyer, offer))
    traded, offer, buyer = traded[order], offer[order], buyer[order]
    gain, flow = found.arcs.gain[traded], found.flow[traded]
    return Result(
        offer=offer,
        demand=buyer,
        quantity=flow,
        haulage=book.demands.bid[buyer] - book.offers.ask[offer] - gain,
        seller_price=book.offers.ask + u,
        buyer_price=book.demands.bid - v,
        duals=duals,
        certificate=certify(supply, demand, pricing, gain=gain, flow=flow, u=u, v=v),
    )
