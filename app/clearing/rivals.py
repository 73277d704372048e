"""Who went first among those level at the market price: smallholders, or who was there earlier.

A row ties when trading at the price of an allowed partner would have left it exactly nothing. Its
rivals are the partner's own traders who kept nothing either: any of them might have made room.
"""

from dataclasses import dataclass

import numpy as np

from app.clearing.engine.allowed import allowed
from app.clearing.engine.book import FOREVER, Book, Bools, Ints
from app.clearing.engine.pairs import gains_of


@dataclass(frozen=True, kw_only=True)
class Trades:
    """t trades and what each of their rows keeps by a unit, hundredths of a VND."""

    offer: Ints
    demand: Ints
    kept_by_sellers: Ints
    """(n,)"""
    kept_by_buyers: Ints
    """(m,)"""


class Rivals:
    """What each row's partners at no gain of their own look like, seen from the other side."""

    def __init__(self, book: Book, trades: Trades) -> None:
        self.book, self.trades = book, trades
        n, m = len(book.offers), len(book.demands)
        self.sold: Bools = np.zeros(n, dtype=np.bool_)
        self.bought: Bools = np.zeros(m, dtype=np.bool_)
        self.sold[trades.offer] = self.bought[trades.demand] = True
        level = trades.kept_by_sellers[trades.offer] == 0
        seller, buyer = trades.offer[level], trades.demand[level]
        self.smallholder_at: Bools = np.zeros(m, dtype=np.bool_)
        np.logical_or.at(self.smallholder_at, buyer, book.offers.smallholder[seller])
        self.earliest_at = np.full(m, FOREVER)
        np.minimum.at(self.earliest_at, buyer, book.offers.listed_at[seller])
        level = trades.kept_by_buyers[trades.demand] == 0
        self.earliest_for = np.full(n, FOREVER)
        of_level = book.demands.posted_at[trades.demand[level]]
        np.minimum.at(self.earliest_for, trades.offer[level], of_level)

    def first(self, side: str, row: int) -> str:
        """Before whom a tied row stood back: "smallholder", "earlier" or nobody known; O(n+m)."""
        one = slice(row, row + 1)
        offers, demands = self.book.offers, self.book.demands
        book = self.book.only(offers=one) if side == "offer" else self.book.only(demands=one)
        gain = np.where(allowed(book), gains_of(book), -1)
        if side == "demand":
            partners = self.sold & (gain[:, 0] == self.trades.kept_by_sellers)
            return self._earlier(self.earliest_for[partners], int(demands.posted_at[row]))
        partners = self.bought & (gain[0] == self.trades.kept_by_buyers)
        if not offers.smallholder[row] and self.smallholder_at[partners].any():
            return "smallholder"
        return self._earlier(self.earliest_at[partners], int(offers.listed_at[row]))

    def _earlier(self, since: Ints, own: int) -> str:
        return "earlier" if len(since) and since.min() < own else ""
