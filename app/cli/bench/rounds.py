"""How long a whole round takes, from the book in PostgreSQL to orders and messages in it."""

import gc
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import click
from sqlalchemy import func, insert, select

from app.accounts.models import Capacity, Kind, Organisation
from app.cli.bench.figures import Figure, report
from app.cli.environment import isolated_environment
from app.core import clock, logs
from app.core.db import db
from app.core.ids import uuid7
from app.core.outbox import OutboxMessage
from app.core.transaction import transaction
from app.lots.models import Lot, LotStatus
from app.market.models import Accepted, Demand, DemandStatus, Offer, OfferStatus, Visibility
from app.orders.models import Order
from app.places.models import Site

T = TypeVar("T")
COMMODITY = MARKET = "lotus-dried"
TOWNS = 20
WARDS = ("24823", "24820", "24841", "24829")
MOST_SECONDS = 10.0


@click.command("round")
@click.option("--size", default=5000, show_default=True, help="Offers, and demands.")
@click.option("--seed", default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def round_trip(size: int, seed: int, as_json: bool) -> None:
    """Một phiên từ sổ lệnh tới đơn hàng · A round from the book to its orders, in PostgreSQL."""
    from app import create_app

    with isolated_environment(), create_app().app_context():
        logs.quieten()
        gc.disable()
        with transaction():
            write_book(size=size, dice=Random(seed))
        steps, verdict = _steps()
        with transaction():
            orders = db.session.scalars(select(func.count()).select_from(Order)).one()
            messages = db.session.scalars(select(func.count()).select_from(OutboxMessage)).one()
    explained = sum(steps.values())
    whole = explained - steps["explain"]
    figures = {name: Figure(seconds, "s") for name, seconds in steps.items()} | {
        "whole": Figure(whole, "s", f"≤ {MOST_SECONDS:g}", whole <= MOST_SECONDS),
        "explained": Figure(explained, "s"),
        "orders": Figure(orders, "orders"),
        "messages": Figure(messages, "messages"),
        "faults": Figure(verdict, "faults", "0", verdict == 0),
    }
    report(figures, as_json=as_json, size=size, seed=seed)


def _steps() -> tuple[dict[str, float], int]:
    """Seconds of each step of a round, and how many faults the verifier found."""
    from app.clearing import operations
    from app.clearing.engine import warm
    from app.clearing.explanations import explain
    from app.clearing.snapshot import clear_snapshot
    from app.clearing.verifier import verify

    warm()
    steps: dict[str, float] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        start = time.perf_counter()
        done = work()
        steps[name] = time.perf_counter() - start
        return done

    def in_transaction(work: Callable[[], T]) -> T:
        with transaction():
            return work()

    with transaction():
        round_id = operations.request_round(market_code=MARKET, now=clock.now()).id
    snapshot = timed(
        "read",
        lambda: in_transaction(lambda: operations.close_round(round_id=round_id, now=clock.now())),
    )
    assert snapshot is not None
    answer = timed("clear", lambda: clear_snapshot(snapshot))
    verdict = timed("verify", lambda: verify(snapshot, answer))
    outcomes = timed("explain", lambda: explain(snapshot, answer["matches"]))
    timed(
        "write",
        lambda: in_transaction(
            lambda: operations.settle_round(
                round_id=round_id, answer=answer, outcomes=outcomes, now=clock.now()
            )
        ),
    )
    return steps, len(verdict.faults)


def write_book(*, size: int, dice: Random) -> None:
    """As many offers and demands around a score of towns, over two weeks."""
    now = clock.now()
    towns = [(dice.uniform(11.3, 12.1), dice.uniform(107.4, 108.6)) for _ in range(TOWNS)]
    people = [
        {
            "name": f"{kind} {number}",
            "kind": kind,
            "smallholder": kind == Kind.FARM,
            "created_at": now,
        }
        for kind in (Kind.FARM, Kind.PROCESSOR)
        for number in range(size)
    ]
    owners = _made(Organisation, people)
    places = []
    for owner in owners:
        latitude, longitude = (dice.gauss(middle, 0.03) for middle in dice.choice(towns))
        places.append(
            {"organisation_id": owner, "name": "-", "ward_code": dice.choice(WARDS), "x": 0, "y": 0,
             "z": 0, "latitude": round(latitude, 6), "longitude": round(longitude, 6),
             "created_at": now}
        )  # fmt: skip
    sites = _made(Site, places)
    _write_offers(owners[:size], sites[:size], dice)
    _write_demands(owners[size:], sites[size:], dice)


def _write_offers(owners: list[UUID], sites: list[UUID], dice: Random) -> None:
    now = clock.now()
    lots, offers = [], []
    for owner, site in zip(owners, sites, strict=True):
        quantity = _quantity(dice)
        own = {"organisation_id": owner, "capacity": Capacity.OWN_ACCOUNT, "quantity": quantity}
        ready = now + timedelta(hours=dice.uniform(0, 14 * 24))
        lots.append(
            {**own, "commodity_code": COMMODITY, "site_id": site, "status": LotStatus.FORECAST,
             "reserved": quantity, "qualities": {}, "ready_at": ready, "created_at": now}
        )  # fmt: skip
        offers.append(
            {**own, "commodity_code": COMMODITY, "market_code": MARKET, "firm": True,
             "ask_price": _price(dice, 400_000), "price_as_typed": {}, "visible_to": [],
             "open_until": ready + timedelta(days=30), "visibility": Visibility.PUBLIC,
             "status": OfferStatus.OPEN, "listed_at": now, "created_at": now}
        )  # fmt: skip
    for offer, lot in zip(offers, _made(Lot, lots), strict=True):
        offer["lot_id"] = lot
    _made(Offer, offers)


def _write_demands(owners: list[UUID], sites: list[UUID], dice: Random) -> None:
    now = clock.now()
    demands = []
    for owner, site in zip(owners, sites, strict=True):
        begin = now + timedelta(hours=dice.uniform(0, 14 * 24))
        demands.append(
            {"organisation_id": owner, "capacity": Capacity.OWN_ACCOUNT, "market_code": MARKET,
             "quantity": _quantity(dice), "bid_price": _price(dice, 425_000), "firm": True,
             "deliver_from": begin, "deliver_until": begin + timedelta(hours=dice.uniform(24, 120)),
             "site_id": site, "shortage_rule": "pro_rata", "status": DemandStatus.OPEN,
             "posted_at": now, "created_at": now}
        )  # fmt: skip
    accepted = [
        {"demand_id": demand, "commodity_code": COMMODITY, "organisation_id": owner,
         "quality_limits": {}, "required_certificates": []}
        for demand, owner in zip(_made(Demand, demands), owners, strict=True)
    ]  # fmt: skip
    db.session.execute(insert(Accepted), accepted)


def _made(model: type[Any], rows: list[dict[str, Any]]) -> list[UUID]:
    """Write rows in one go; their ids, in the same order."""
    ids = [uuid7() for _ in rows]
    db.session.execute(
        insert(model), [{**row, "id": one} for row, one in zip(rows, ids, strict=True)]
    )
    return ids


def _quantity(dice: Random) -> Decimal:
    return Decimal(round(dice.lognormvariate(4.5, 1), 3)).quantize(Decimal("0.001"))


def _price(dice: Random, middle: int) -> Decimal:
    return Decimal(10 * max(1, round(dice.gauss(middle, middle / 8) / 10)))
