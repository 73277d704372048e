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
from app.clearing.misses import nearest_misses, quantity_of
from app.clearing.rivals import Rivals, Trades
from app.clearing.sentences import Value, sentence, text_of

_NOTHING = np.int64(-(2**62))
"""The best of no pairs."""


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What the market held for each row of one side, in hundredths of a VND per unit."""

    gain: Ints
    """The best gain with any allowed partner, or _NOTHING without one."""
    missed: Ints
    """By how much a unit traded with the best rejected partner would have left both together better
    off, or 0."""
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


@dataclass(frozen=True, kw_only=True)
class Market:
    """What all answers of one side are worked out from."""

    frozen: FrozenBook
    outlook: Outlook
    rivals: Rivals


def explain(
    snapshot: Mapping[str, Any],
    matches: Iterable[Mapping[str, Any]],
    certificate: Mapping[str, Any] | None = None,
) -> dict[str, dict[str, dict[str, Any]]]:
    """{"offers": {id: explanation}, "demands": {id: explanation}}.

    An explanation has an `outcome` (matched, partly_matched or not_matched) and `reasons`, each
    with a stable `code`, a `detail` in vi and en, a `figure` as text, or None, and all its
    `figures` by name. O(n·m).

    Args:
        certificate: as `clear_snapshot` gives it; only pairs it rejected are read of it.
    """
    offers, demands = _readers(snapshot, matches, certificate)
    return {
        "offers": {name: _explanation(*reader) for name, reader in offers.items()},
        "demands": {name: _explanation(*reader) for name, reader in demands.items()},
    }


def explain_demand(
    snapshot: Mapping[str, Any],
    matches: Iterable[Mapping[str, Any]],
    certificate: Mapping[str, Any] | None = None,
    *,
    demand_id: str,
) -> dict[str, Any]:
    """The explanation of one demand of the book, as :func:`explain` gives it."""
    return _explanation(*_readers(snapshot, matches, certificate)[1][demand_id])


def _readers(
    snapshot: Mapping[str, Any],
    matches: Iterable[Mapping[str, Any]],
    certificate: Mapping[str, Any] | None,
) -> tuple[dict[str, tuple[Market, Reader]], dict[str, tuple[Market, Reader]]]:
    """Every offer and every demand by its id, with what its answer is worked out from."""
    frozen = read_snapshot(snapshot)
    book = frozen.book
    trades = list(matches)
    sold, seller_price = _traded(trades, "offer_id", "seller_price", frozen.offer_ids)
    bought, buyer_price = _traded(trades, "demand_id", "buyer_price", frozen.demand_ids)
    missed = _missed(frozen, certificate)
    outlooks = _outlooks(book, sold, seller_price, bought, buyer_price, missed)
    rivals = Rivals(book, _trades(frozen, trades, seller_price, buyer_price))
    of_offers, of_demands = (Market(frozen=frozen, outlook=one, rivals=rivals) for one in outlooks)
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
    return (
        {name: (of_offers, one) for name, one in zip(frozen.offer_ids, offers, strict=True)},
        {name: (of_demands, one) for name, one in zip(frozen.demand_ids, demands, strict=True)},
    )


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


def _trades(
    frozen: FrozenBook,
    matches: list[Mapping[str, Any]],
    seller_price: Ints,
    buyer_price: Ints,
) -> Trades:
    book = frozen.book
    offers = {name: row for row, name in enumerate(frozen.offer_ids)}
    demands = {name: row for row, name in enumerate(frozen.demand_ids)}
    return Trades(
        offer=np.array([offers[str(one["offer_id"])] for one in matches], dtype=np.int64),
        demand=np.array([demands[str(one["demand_id"])] for one in matches], dtype=np.int64),
        kept_by_sellers=seller_price - book.offers.ask,
        kept_by_buyers=book.demands.bid - buyer_price,
    )


def _missed(frozen: FrozenBook, certificate: Mapping[str, Any] | None) -> tuple[Ints, Ints]:
    """What the best rejected pair of each offer and each demand would have gained, or 0."""
    book = frozen.book
    of_offers, of_demands = (
        np.zeros(len(rows), dtype=np.int64) for rows in (book.offers, book.demands)
    )
    offers = {name: row for row, name in enumerate(frozen.offer_ids)}
    demands = {name: row for row, name in enumerate(frozen.demand_ids)}
    for offer_id, demand_id in certificate["rejected"] if certificate else []:
        offer, demand = offers[offer_id], demands[demand_id]
        asked = int(PRICE_SCALE * Decimal(certificate["offers"][offer_id]))  # type: ignore[index]
        paid = int(PRICE_SCALE * Decimal(certificate["demands"][demand_id]))  # type: ignore[index]
        pair = book.only(offers=slice(offer, offer + 1), demands=slice(demand, demand + 1))
        kept = asked - int(book.offers.ask[offer]) + int(book.demands.bid[demand]) - paid
        more = int(gains_of(pair)[0, 0]) - kept
        of_offers[offer] = max(of_offers[offer], more)
        of_demands[demand] = max(of_demands[demand], more)
    return of_offers, of_demands


def _outlooks(
    book: Book,
    sold: Ints,
    seller_price: Ints,
    bought: Ints,
    buyer_price: Ints,
    missed: tuple[Ints, Ints],
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
        Outlook(gain=gain_of_offers, missed=missed[0], margin=margin_of_offers),
        Outlook(gain=gain_of_demands, missed=missed[1], margin=margin_of_demands),
    )


def _explanation(market: Market, reader: Reader) -> dict[str, Any]:
    left = reader.quantity - reader.traded
    if not reader.traded:
        return {"outcome": "not_matched", "reasons": _why_not(market, reader)}
    reasons = [
        _reason(
            "matched",
            reader,
            figure=quantity_of(reader.traded),
            quantity=quantity_of(reader.traded),
            price=_price(reader.traded_at),
        )
    ]
    if left:
        left_over = quantity_of(left)
        reasons += _rejected(market, reader) or [
            _reason("quantity_exhausted", reader, figure=left_over, quantity=left_over)
        ]
    return {"outcome": "partly_matched" if left else "matched", "reasons": reasons}


def _why_not(market: Market, reader: Reader) -> list[dict[str, Any]]:
    """The reasons of a row that traded nothing, the decisive one first."""
    outlook = market.outlook
    gain, margin = int(outlook.gain[reader.row]), int(outlook.margin[reader.row])
    if rejected := _rejected(market, reader):
        return rejected + (_market_price(reader, margin) if margin > _NOTHING // 2 else [])
    if gain <= _NOTHING // 2:
        misses = nearest_misses(market.frozen, side=reader.side, row=reader.row)
        return [
            _reason(miss.code, reader, figure=miss.figure, **miss.figures) for miss in misses
        ] or [_reason("no_counterpart", reader, figure=None)]
    at_gate = _market_price(reader, margin) if margin > _NOTHING // 2 else []
    if gain <= 0 and -gain > reader.price // 2:
        return [_reason("no_gain_far", reader, figure=None), *at_gate]
    if gain <= 0:
        apart = _price(-gain)
        return [_reason("no_gain", reader, figure=apart, difference=apart), *at_gate]
    if margin < 0:
        code = "price_above_market" if reader.side == "offer" else "limit_below_market"
        apart = _price(-margin)
        return [_reason(code, reader, figure=apart, difference=apart), *at_gate]
    price, first = _price(reader.price), market.rivals.first(reader.side, reader.row)
    return [_reason(f"tie_{first}" if first else "tie", reader, figure=price, price=price)]


def _rejected(market: Market, reader: Reader) -> list[dict[str, Any]]:
    """A minimum lot or a maximum of suppliers stood in the way of a pair that would have gained.

    What it would have gained is told like any other figure: not where it is out of proportion.
    """
    more = int(market.outlook.missed[reader.row])
    if more <= 0:
        return []
    if more > reader.price // 2:
        return [_reason("minimum_lot_rejected_far", reader, figure=None)]
    return [_reason("minimum_lot_rejected", reader, figure=_price(more), gain=_price(more))]


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
        "figures": {name: text_of(value) for name, value in figures.items()},
    }


def _price(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)
