"""The clearing engine: arrays in, arrays out; no database, no clock, no dice.

It solves the transportation form of the assignment game (Shapley and Shubik 1971): offers with a
quantity and an ask, demands with a quantity and a limit, haulage between them, and gates that say
who may trade with whom. `clear` returns the trades with the greatest total gain, prices at which
nobody loses and no allowed pair could do better, and an upper bound that proves the optimum.
"""

from app.clearing.engine.book import Accepts, Book, BookRefused, Demands, Offers, Tariff
from app.clearing.engine.clear import Result, clear

__all__ = [
    "Accepts",
    "Book",
    "BookRefused",
    "Demands",
    "Offers",
    "Result",
    "Tariff",
    "clear",
    "warm",
]


def warm() -> None:
    """Compile what the engine needs compiled, so that the first round does not wait for it."""
