"""One clearing, from book to trades, prices and proof."""

from dataclasses import dataclass, replace

import numpy as np

from app.clearing.engine.all_pairs import AllPairs
from app.clearing.engine.book import Book, BookRefused, Ints, check_book
from app.clearing.engine.certificate import Certificate, certify, inner
from app.clearing.engine.column_generation import Optimum, beyond_bounds, optimum
from app.clearing.engine.dual import Duals, extreme_duals, midpoint
from app.clearing.engine.envy import NOBODY, envious_pairs
from app.clearing.engine.minimum_lots import has_minimum_lots, honour_minimum_lots
from app.clearing.engine.pricing import Prices, Pricing
from app.clearing.engine.starting_prices import reach_of, starting_prices
from app.clearing.engine.ties import bonuses


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a clearing found: k trades between n offers and m demands.

    Nobody trades at a loss: seller_price ≥ ask and buyer_price ≤ bid on every row. On every trade
    buyer_price − seller_price = haulage exactly, so the money adds up. No allowed pair but the
    rejected ones could do better with each other at other prices.
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
    only minimum lots and maximum suppliers leave any."""
    rejected_demand: Ints
    """(r,) row of the demand, ascending within an offer."""


def clear(book: Book, *, tolerance: float = 0.0) -> Result:
    """The trades with the greatest total gain, at the middle of the supporting prices.

    Equal books give equal results. Minimum lots, maximum suppliers and a bonus for smallholders
    may cost some of that gain; the certificate's gap is what they cost at most.

    Args:
        tolerance: a gap to be content with; 0 is exact.

    Raises:
        BookRefused: figures out of bounds.
    """
    check_book(book)
    _check_magnitudes(book)
    supply, demand = book.offers.quantity, book.demands.quantity
    pairs = AllPairs.of(book)
    # Favouring some costs nobody money if the others are held back by as much instead: their
    # duals are raised by it afterwards, so every trade still shares out exactly its gain.
    held_back = np.where(book.offers.smallholder, 0, book.smallholder_bonus)
    if held_back.any():
        favouring = replace(book, offers=replace(book.offers, ask=book.offers.ask + held_back))
        pricing = AllPairs.of(favouring)
    else:
        favouring, pricing = book, pairs
    found = solved(favouring, pricing, tolerance)
    relaxed = found if favouring is book else solved(book, pairs, tolerance)
    everything: Pricing | None = pricing
    if has_minimum_lots(book):
        found, everything = honour_minimum_lots(favouring, found), None
    duals = extreme_duals(supply, demand, found, everything)
    u, v = midpoint(duals)
    traded = np.flatnonzero(found.flow)
    traded = traded[np.lexsort((found.arcs.demand[traded], found.arcs.offer[traded]))]
    offer, buyer, flow = found.arcs.offer[traded], found.arcs.demand[traded], found.flow[traded]
    u, gain = u + held_back, found.arcs.gain[traded] + held_back[offer]
    # Between two solutions that miss nothing, the middle misses nothing either.
    proof = Prices.of(u, v) if found is relaxed and found.missed is None else relaxed.prices
    rejected = envious_pairs(book, pairs, u, v) if everything is None else NOBODY
    return Result(
        offer=offer,
        demand=buyer,
        quantity=flow,
        haulage=book.demands.bid[buyer] - book.offers.ask[offer] - gain,
        seller_price=book.offers.ask + u,
        buyer_price=book.demands.bid - v,
        duals=duals,
        certificate=certify(supply, demand, proof, relaxed.missed, welfare=inner(gain, flow)),
        rejected_offer=rejected[0],
        rejected_demand=rejected[1],
    )


def solved(book: Book, pricing: AllPairs, tolerance: float) -> Optimum:
    """The optimum of a book that knows no minimum lots, with its final arcs."""
    return optimum(
        book.offers.quantity,
        book.demands.quantity,
        pricing,
        start=starting_prices(book, pricing),
        reach=reach_of(book),
        bonus=bonuses(book),
        tolerance=tolerance,
    )


def _check_magnitudes(book: Book) -> None:
    gain = int(book.demands.bid.max(initial=0)) + book.smallholder_bonus
    beyond = beyond_bounds(book.offers.quantity, book.demands.quantity, gain)
    if beyond:
        raise BookRefused("absurd_magnitude", row="book", field=beyond, detail="too large together")
