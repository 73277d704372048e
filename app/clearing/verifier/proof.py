"""What must hold of an answer to a snapshot, tried over all pairs.

Welfare and bound are in hundred-thousandths of a VND (thousandths of a unit × hundredths of a VND)
and Python's own integers. Weak duality (see docs/clearing.md): with u, v ≥ 0 and u + v no less than
the gain of any allowed pair, nothing gains more than Σ supply·u + Σ wanted·v.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from app.clearing.verifier.fingerprints import hash_of_matches, hash_of_snapshot
from app.clearing.verifier.pairs import Block, Pairs
from app.clearing.verifier.reading import ANY, Ints, Json, Snapshot, ints, read

SCALE = 100_000
MOST_NAMED = 20


class Fault(NamedTuple):
    """One thing that does not hold: a stable code, and where it was seen."""

    code: str
    where: str


@dataclass
class Verdict:
    """Every fault found, and the figures as the verifier has worked them out."""

    faults: list[Fault] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def unless(self, holds: bool, code: str, where: object) -> None:
        """Note a fault unless something holds."""
        if not holds:
            self.faults.append(Fault(code, str(where)))


@dataclass(frozen=True, kw_only=True)
class Trade:
    """One match, in whole numbers; rows by their places in the snapshot."""

    offer: int
    demand: int
    quantity: int
    seller_price: int
    buyer_price: int
    haulage: int

    @property
    def place(self) -> tuple[int, int]:
        return self.offer, self.demand


def verify(snapshot: Json, answer: Json) -> Verdict:
    """Hold an answer (``round``, ``matches``, ``certificate``) against its snapshot; O(n·m)."""
    verdict = Verdict()
    try:
        book = read(snapshot)
        trades = _trades(book, answer["matches"], verdict)
        u = _duals(verdict, "offer", book.offer_ids, answer["certificate"]["offers"], book.ask, 1)
        v = _duals(
            verdict, "demand", book.demand_ids, answer["certificate"]["demands"], book.bid, -1
        )
        proving = answer["certificate"].get("bound_offers", answer["certificate"]["offers"])
        bound_u = _duals(verdict, "bound_offer", book.offer_ids, proving, book.ask, 1)
        if not verdict.faults:
            _check_quantities(book, trades, verdict)
            _check_prices(book, trades, u, v, verdict)
            _check_all_pairs(book, trades, u, v, bound_u, answer, verdict)
        _check_told(book, snapshot, answer, verdict)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as fault:
        verdict.faults.append(Fault("unreadable", repr(fault)))
    return verdict


def _trades(book: Snapshot, matches: Sequence[Json], verdict: Verdict) -> list[Trade]:
    offers = {name: row for row, name in enumerate(book.offer_ids)}
    demands = {name: row for row, name in enumerate(book.demand_ids)}
    verdict.unless(len(offers) == len(book.offers), "duplicate_id", "offers")
    verdict.unless(len(demands) == len(book.demands), "duplicate_id", "demands")
    trades = []
    for match in matches:
        offer, demand = (str(match[name]) for name in ("offer_id", "demand_id"))
        verdict.unless(offer in offers, "unknown_offer", offer)
        verdict.unless(demand in demands, "unknown_demand", demand)
        if offer in offers and demand in demands:
            trades.append(
                Trade(
                    offer=offers[offer],
                    demand=demands[demand],
                    quantity=_scaled(match["quantity"], 1000),
                    seller_price=_scaled(match["seller_price"], 100),
                    buyer_price=_scaled(match["buyer_price"], 100),
                    haulage=_scaled(match["transport_cost"], 100),
                )
            )
    return trades


def _duals(
    verdict: Verdict, side: str, names: Sequence[str], told: Mapping[str, Any], own: Ints, sign: int
) -> Ints:
    """What each row gains by a unit at its price in the certificate; nobody may lose."""
    verdict.unless(set(told) == set(names), f"{side}_prices_incomplete", len(told))
    gained = [
        sign * (_scaled(told.get(name, 0), 100) - at)
        for name, at in zip(names, own.tolist(), strict=True)
    ]
    for name, gain in zip(names, gained, strict=True):
        verdict.unless(gain >= 0, f"{side}_at_a_loss", name)
    return ints(gained)


def _check_quantities(book: Snapshot, trades: list[Trade], verdict: Verdict) -> None:
    sold: Counter[int] = Counter()
    bought: Counter[int] = Counter()
    sellers: dict[int, set[str]] = defaultdict(set)
    for place, times in Counter(trade.place for trade in trades).items():
        verdict.unless(times == 1, "pair_twice", _name(book, *place))
    for trade in trades:
        least = max(1, int(book.least_sold[trade.offer]), int(book.least_bought[trade.demand]))
        verdict.unless(trade.quantity >= least, "below_minimum_lot", _name(book, *trade.place))
        sold[trade.offer] += trade.quantity
        bought[trade.demand] += trade.quantity
        sellers[trade.demand].add(str(book.offers[trade.offer]["seller_id"]))
    for row, quantity in sold.items():
        verdict.unless(quantity <= book.supply[row], "sold_too_much", book.offer_ids[row])
    for row, quantity in bought.items():
        verdict.unless(quantity <= book.wanted[row], "bought_too_much", book.demand_ids[row])
    for row, names in sellers.items():
        most = book.most_sellers[row]
        verdict.unless(
            most in (ANY,) or len(names) <= most, "too_many_suppliers", book.demand_ids[row]
        )


def _check_prices(book: Snapshot, trades: list[Trade], u: Ints, v: Ints, verdict: Verdict) -> None:
    """One price for a row in all it trades, and the money adds up."""
    for trade in trades:
        where = _name(book, *trade.place)
        asked, limit = book.ask[trade.offer], book.bid[trade.demand]
        verdict.unless(trade.seller_price == asked + u[trade.offer], "seller_price_differs", where)
        verdict.unless(trade.buyer_price == limit - v[trade.demand], "buyer_price_differs", where)
        kept = trade.buyer_price - trade.seller_price
        verdict.unless(kept == trade.haulage, "money_does_not_add_up", where)


def _check_all_pairs(
    book: Snapshot,
    trades: list[Trade],
    u: Ints,
    v: Ints,
    bound_u: Ints,
    answer: Json,
    verdict: Verdict,
) -> None:
    """Gates, haulage, gain, bound and the pairs that could do better, over all pairs."""
    welfare = 0
    envious: set[tuple[int, int]] = set()
    best_of_offer, best_of_demand, bound_v = np.zeros_like(u), np.zeros_like(v), np.zeros_like(v)
    by_offer = sorted(trades, key=lambda trade: trade.place)
    for block in Pairs(book).blocks():
        last = block.first + len(block.gain)
        here = [trade for trade in by_offer if block.first <= trade.offer < last]
        welfare += sum(_gained(book, block, trade, verdict) for trade in here)
        gain = np.where(block.allowed, block.gain, 0)
        mine = slice(block.first, last)
        best_of_offer[mine] = (gain - v).max(axis=1, initial=0)
        np.maximum(
            best_of_demand, (gain - u[mine, None]).max(axis=0, initial=0), out=best_of_demand
        )
        np.maximum(bound_v, (gain - bound_u[mine, None]).max(axis=0, initial=0), out=bound_v)
        better = np.argwhere(gain > u[mine, None] + v)
        envious.update((int(offer) + block.first, int(demand)) for offer, demand in better)
    bounds = [
        _inner(book.supply, a) + _inner(book.wanted, b)
        for a, b in (
            (u, best_of_demand),
            (u, np.maximum(v, best_of_demand)),
            (np.maximum(u, best_of_offer), v),
            (bound_u, bound_v),
        )
    ]
    verdict.figures |= {"welfare": welfare, "bound": min(bounds), "envious": len(envious)}
    _check_bound(answer, welfare, bounds, verdict)
    _check_envy(book, answer, envious, verdict)


def _gained(book: Snapshot, block: Block, trade: Trade, verdict: Verdict) -> int:
    place = trade.offer - block.first, trade.demand
    where = _name(book, *trade.place)
    verdict.unless(bool(block.allowed[place]), "forbidden_pair", where)
    verdict.unless(trade.haulage == block.haulage[place], "haulage_differs", where)
    verdict.unless(block.gain[place] >= 0, "losing_trade", where)
    return int(block.gain[place]) * trade.quantity


def _check_bound(answer: Json, welfare: int, bounds: list[int], verdict: Verdict) -> None:
    """The bound is one that the prices prove, and everything told of it follows."""
    proof, told = answer["certificate"], answer["round"]
    claimed = _scaled(proof["upper_bound"], SCALE)
    verdict.unless(_scaled(proof["welfare"], SCALE) == welfare, "welfare_differs", proof["welfare"])
    verdict.unless(claimed >= min(bounds), "bound_too_low", proof["upper_bound"])
    verdict.unless(claimed <= max(bounds), "bound_too_high", proof["upper_bound"])
    verdict.unless(claimed >= welfare, "bound_below_welfare", proof["upper_bound"])
    for name, figure in (("welfare", welfare), ("upper_bound", claimed)):
        holds = int(told[name]) == round(Fraction(figure, SCALE))
        verdict.unless(holds, f"told_{name}_differs", told[name])
    gap = (claimed - welfare) / max(SCALE, welfare)
    verdict.unless(abs(float(told["optimality_gap"]) - gap) <= 1e-12, "gap_differs", gap)
    verdict.figures["gap"] = gap


def _check_envy(
    book: Snapshot, answer: Json, envious: set[tuple[int, int]], verdict: Verdict
) -> None:
    """Whoever could do better with each other is told, and nobody else; without lots, nobody."""
    offers = {name: row for row, name in enumerate(book.offer_ids)}
    demands = {name: row for row, name in enumerate(book.demand_ids)}
    told = {(offers[offer], demands[demand]) for offer, demand in answer["certificate"]["rejected"]}
    for code, pairs in (
        ("envy_without_lots", envious if not book.has_lots else set()),
        ("envy_untold", envious - told),
        ("envy_without_cause", told - envious),
    ):
        for offer, demand in sorted(pairs)[:MOST_NAMED]:
            verdict.faults.append(Fault(code, _name(book, offer, demand)))


def _check_told(book: Snapshot, snapshot: Json, answer: Json, verdict: Verdict) -> None:
    """Counts, totals and the two hashes."""
    told, matches = answer["round"], answer["matches"]
    traded = sum(_scaled(match["quantity"], 1000) for match in matches)
    mine = {
        "market": snapshot.get("market"),
        "offers": len(book.offers),
        "demands": len(book.demands),
        "matches": len(matches),
        "snapshot_hash": hash_of_snapshot(snapshot),
        "solution_hash": hash_of_matches(matches),
    }
    verdict.figures |= mine
    for name, figure in mine.items():
        verdict.unless(told.get(name) == figure, f"{name}_differs", told.get(name))
    holds = _scaled(told["cleared_quantity"], 1000) == traded
    verdict.unless(holds, "cleared_quantity_differs", told["cleared_quantity"])


def _inner(left: Ints, right: Ints) -> int:
    return sum(a * b for a, b in zip(left.tolist(), right.tolist(), strict=True))


def _name(book: Snapshot, offer: int, demand: int) -> str:
    return f"{book.offer_ids[offer]} → {book.demand_ids[demand]}"


def _scaled(value: Any, scale: int) -> int:
    figure = Fraction(Decimal(str(value))) * scale
    if figure.denominator != 1:
        raise ValueError(f"{value}: has too many decimals")
    return int(figure)
