"""The clearing engine: arrays in, arrays out; no database, no clock, no dice.

It solves the transportation form of the assignment game (Shapley and Shubik 1971): offers with a
quantity and an ask, demands with a quantity and a limit, haulage between them, and gates that say
who may trade with whom. `clear` returns the trades with the greatest total gain, prices at which
nobody loses and no allowed pair could do better, and an upper bound that proves the optimum.

The way through the files: `book` (what comes in) → `allowed`, `needs`, `haulage` (gates and costs)
→ `starting_prices` → `column_generation`, which lets `all_pairs` (over `neighbours` and `rough`)
price and `network_simplex` solve → `ties` → `dual` (prices) → `certificate`; `minimum_lots`,
`lot_choice` and `envy` where a linear optimum is not enough. `clear` puts them together,
`transport` opens them to plain problems.
"""

from app.clearing.engine.book import Accepts, Book, BookRefused, Demands, Offers, Tariff
from app.clearing.engine.clear import Result, clear
from app.clearing.engine.transport import Shipment, solve_transport
from app.clearing.engine.warm import warm

__all__ = [
    "Accepts",
    "Book",
    "BookRefused",
    "Demands",
    "Offers",
    "Result",
    "Shipment",
    "Tariff",
    "clear",
    "solve_transport",
    "warm",
]
