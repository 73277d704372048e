"""What ordinary rules reach: pairs are filled one after another in the order of the rule."""

import numpy as np

from app.clearing.engine.book import PRICE_SCALE, Book, Ints
from app.clearing.engine.certificate import inner
from app.clearing.engine.haulage import squared_distance
from app.clearing.engine.network_simplex import Arcs, flow_of, planted
from app.clearing.engine.pairs import Pairs

RULES = (
    "nearest first",
    "first come",
    "best price first",
    "landed cost first",
    "largest gain first",
)


def welfare_of_rules(book: Book, pairs: Pairs) -> dict[str, int]:
    """The welfare of each rule, in hundred-thousandths of a VND."""
    arcs = Arcs(pairs.offer, pairs.demand, pairs.gain)
    nothing = np.zeros(len(book.offers) + len(book.demands), dtype=np.int64)
    reached = {}
    for rule in RULES:
        order = np.lexsort(_keys(rule, book, pairs)[::-1])
        tree = planted(book.offers.quantity, book.demands.quantity, nothing, arcs, order)
        reached[rule] = inner(arcs.gain, flow_of(tree, len(arcs.gain)))
    return reached


def _keys(rule: str, book: Book, pairs: Pairs) -> list[Ints]:
    """By what the pairs are sorted, the first key first."""
    ask, bid = book.offers.ask[pairs.offer], book.demands.bid[pairs.demand]
    if rule == "nearest first":
        return [squared_distance(book)[pairs.offer, pairs.demand]]
    if rule == "first come":
        listed = book.offers.listed_at[pairs.offer]
        return [listed, book.demands.posted_at[pairs.demand]]
    if rule == "best price first":
        return [-bid, ask]
    if rule == "landed cost first":
        return [(bid - pairs.gain) // PRICE_SCALE, -bid]
    return [-pairs.gain]
