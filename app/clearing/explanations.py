"""Why did I trade, or not? An answer for every offer and demand of a cleared book.

Worked out from the snapshot and the published matches alone, so whoever has them can check it. A
reason speaks of the reader's own figures, of the market's clearing price, and of what the book
asks of goods; never of another party's name, price limit or position. Offers kept for other
buyers do not exist for a demand.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from app.clearing.columns import FrozenBook, read_snapshot
from app.clearing.engine.allowed import allowed
from app.clearing.engine.book import PRICE_SCALE, QUANTITY_SCALE, Book, Ints
from app.clearing.engine.pairs import blocks, gains_of
from app.clearing.misses import nearest_misses
from app.clearing.sentences import Value, sentence

_NOTHING = np.int64(-(2**62))
"""The best of no pairs."""


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What the market held for each row of one side, in hundredths of a VND per unit."""

    gain: Ints
    """The best gain with any allowed partner, or _NOTHING without one."""
    margin: Ints
    """What trading at the best price of an allowed partner that traded would leave the reader,
    or _NOTHING without one; never positive for a row with something left."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One offer or demand, and what it got."""

    side: str
    row: int
    quantity: int
    price: int
    """The reader's own ask or limit, hundredths of a VND."""
    traded: int
    traded_at: int


def explain(
    snapshot: Mapping[str, Any], matches: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, dict[str, Any]]]:
    """{"offers": {id: explanation}, "demands": {id: explanation}}.

    An explanation has an `outcome` (matched, partly_matched or not_matched) and `reasons`, each
    with a stable `code`, a `detail` in vi and en, and a `figure` as text, or None. O(n·m).
    """
    frozen = read_snapshot(snapshot)
    book = frozen.book
    trades = list(matches)
    sold, seller_price = _traded(trades, "offer_id", "seller_price", frozen.offer_ids)
    bought, buyer_price = _traded(trades, "demand_id", "buyer_price", frozen.demand_ids)
    of_offers, of_demands = _outlooks(book, sold, seller_price, bought, buyer_price)
    offers = [
        Reader(side="offer", row=row, quantity=quantity, price=price, traded=part, traded_at=at)
        for row, (quantity, price, part, at) in enumerate(
            _rows(book.offers.quantity, book.offers.ask, sold, seller_price)
        )
    ]
    demands = [
        Reader(side="demand", row=row, quantity=quantity, price=price, traded=part, traded_at=at)
        for row, (quantity, price, part, at) in enumerate(
            _rows(book.demands.quantity, book.demands.bid, bought, buyer_price)
        )
    ]
    return {
        "offers": {
            name: _explanation(frozen, reader, of_offers)
            for name, reader in zip(frozen.offer_ids, offers, strict=True)
        },
        "demands": {
            name: _explanation(frozen, reader, of_demands)
            for name, reader in zip(frozen.demand_ids, demands, strict=True)
        },
    }


def _rows(*columns: Ints) -> list[tuple[int, ...]]:
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _traded(
    matches: list[Mapping[str, Any]], key: str, price: str, names: list[str]
) -> tuple[Ints, Ints]:
    """Quantity traded and price of each row of one side; 0 where nothing was."""
    rows = {name: row for row, name in enumerate(names)}
    traded, prices = np.zeros((2, len(names)), dtype=np.int64)
    for match in matches:
        row = rows[str(match[key])]
        traded[row] += int(QUANTITY_SCALE * Decimal(str(match["quantity"])))
        prices[row] = int(PRICE_SCALE * Decimal(str(match[price])))
    return traded, prices


def _outlooks(
    book: Book, sold: Ints, seller_price: Ints, bought: Ints, buyer_price: Ints
) -> tuple[Outlook, Outlook]:
    """The outlooks of offers and demands, over all allowed pairs in blocks.

    With seller i, buyer j's price r_j leaves r_j − haulage − ask_i = gain − (bid_j − r_j).
    """
    gain_of_offers, margin_of_offers = np.full((2, len(book.offers)), _NOTHING)
    gain_of_demands, margin_of_demands = np.full((2, len(book.demands)), _NOTHING)
    kept_by_buyers = book.demands.bid - buyer_price
    kept_by_sellers = seller_price - book.offers.ask
    for rows in blocks(book):
        block = book.only(offers=rows)
        gain = np.where(allowed(block), gains_of(block), _NOTHING)
        to_seller = np.where(bought > 0, gain - kept_by_buyers, _NOTHING)
        to_buyer = np.where((sold[rows] > 0)[:, None], gain - kept_by_sellers[rows, None], _NOTHING)
        gain_of_offers[rows] = gain.max(axis=1, initial=_NOTHING)
        margin_of_offers[rows] = to_seller.max(axis=1, initial=_NOTHING)
        for best, found in ((gain_of_demands, gain), (margin_of_demands, to_buyer)):
            np.maximum(best, found.max(axis=0), out=best)
    return (
        Outlook(gain=gain_of_offers, margin=margin_of_offers),
        Outlook(gain=gain_of_demands, margin=margin_of_demands),
    )


def _explanation(frozen: FrozenBook, reader: Reader, outlook: Outlook) -> dict[str, Any]:
    left = reader.quantity - reader.traded
    if not reader.traded:
        return {"outcome": "not_matched", "reasons": _why_not(frozen, reader, outlook)}
    reasons = [
        _reason(
            "matched",
            reader,
            figure=_quantity(reader.traded),
            quantity=_quantity(reader.traded),
            price=_price(reader.traded_at),
        )
    ]
    if left:
        left_over = _quantity(left)
        reasons.append(_reason("quantity_exhausted", reader, figure=left_over, quantity=left_over))
    return {"outcome": "partly_matched" if left else "matched", "reasons": reasons}


def _why_not(frozen: FrozenBook, reader: Reader, outlook: Outlook) -> list[dict[str, Any]]:
    """The reasons of a row that traded nothing, the decisive one first."""
    gain, margin = int(outlook.gain[reader.row]), int(outlook.margin[reader.row])
    if gain <= _NOTHING // 2:
        misses = nearest_misses(frozen, side=reader.side, row=reader.row)
        return [
            _reason(miss.code, reader, figure=miss.figure, **miss.figures) for miss in misses
        ] or [_reason("no_counterpart", reader, figure=None)]
    market = _market_price(reader, margin) if margin > _NOTHING // 2 else []
    if gain <= 0 and -gain > reader.price // 2:
        return [_reason("no_gain_far", reader, figure=None), *market]
    if gain <= 0:
        apart = _price(-gain)
        return [_reason("no_gain", reader, figure=apart, difference=apart), *market]
    if margin < 0:
        code = "price_above_market" if reader.side == "offer" else "limit_below_market"
        apart = _price(-margin)
        return [_reason(code, reader, figure=apart, difference=apart), *market]
    price = _price(reader.price)
    return [_reason("tie", reader, figure=price, price=price)]


def _market_price(reader: Reader, margin: int) -> list[dict[str, Any]]:
    """The clearing price at the reader's gate; a price below nought is no price to speak of."""
    price = reader.price + margin if reader.side == "offer" else reader.price - margin
    if price < 0:
        return []
    return [_reason("market_price", reader, figure=_price(price), price=_price(price))]


def _reason(
    code: str, reader: Reader, *, figure: Decimal | str | None, **figures: Value
) -> dict[str, Any]:
    return {
        "code": code,
        "detail": sentence(code, reader.side, figures),
        "figure": None if figure is None else str(figure),
    }


def _quantity(thousandths: int) -> Decimal:
    return Decimal(thousandths).scaleb(-3)


def _price(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)
