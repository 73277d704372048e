"""A round in the database proves itself; a row changed behind its back is named."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import text

from app.clearing.verifier.records import verify_round
from app.cli.verify import verify_round as console
from app.core.db import db
from tests.factories import COMMODITY, Trade, a_demand, an_offer

InApp = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def round_id(trade: Trade) -> UUID:
    """A round of two offers and two demands; one offer is not firm, so one match waits."""
    an_offer(trade.farm())
    an_offer(trade.farm(), firm=False, ask_price="101000.00")
    buyer = trade.processor()
    a_demand(buyer, quantity="60.000")
    a_demand(buyer, quantity="10.000", bid_price="1000.00")
    told = trade.clear(COMMODITY)
    assert (told["status"], told["matches"]) == ("cleared", 2)
    return UUID(told["id"])


def test_a_cleared_round_proves_itself(round_id: UUID, in_app: InApp) -> None:
    verdict = in_app(lambda: verify_round(round_id))
    assert verdict.faults == []
    assert (verdict.figures["matches"], verdict.figures["gap"]) == (2, 0)


FORGED = [
    (
        "UPDATE match SET quantity = quantity - 1 WHERE order_id IS NOT NULL",
        {"solution_hash_differs", "welfare_differs", "order_differs", "market_price_differs"},
    ),
    (
        "UPDATE match SET seller_price = seller_price + 1, buyer_price = buyer_price + 1",
        {"seller_price_differs", "buyer_price_differs", "order_differs", "market_price_differs"},
    ),
    (
        "UPDATE match SET organisation_id = buyer_id WHERE status = 'proposed'",
        {"match_of_others"},
    ),
    ("DELETE FROM match WHERE status = 'proposed'", {"matches_differs", "welfare_differs"}),
    (
        "UPDATE match SET demand_id = (SELECT max(id::text)::uuid FROM demand)"
        " WHERE status = 'proposed'",
        {"solution_hash_differs", "buyer_price_differs"},
    ),
    ("UPDATE order_line SET unit_price = unit_price + 1", {"order_differs"}),
    (
        "UPDATE purchase_order SET seller_id = (SELECT max(id::text)::uuid FROM organisation)",
        {"order_differs"},
    ),
    ("UPDATE market_price SET seller_average = seller_average - 1", {"market_price_differs"}),
    ("DELETE FROM market_price", {"market_price_missing"}),
    (
        "UPDATE offer SET organisation_id = (SELECT max(id::text)::uuid FROM organisation)",
        {"owner_differs"},
    ),
    (
        "UPDATE demand SET organisation_id = (SELECT max(id::text)::uuid FROM organisation)",
        {"owner_differs"},
    ),
    ("UPDATE clearing_round SET welfare = welfare + 1", {"told_welfare_differs"}),
    ("UPDATE clearing_round SET upper_bound = 0", {"told_upper_bound_differs"}),
    ("UPDATE clearing_round SET optimality_gap = 0.5", {"gap_differs"}),
    ("UPDATE clearing_round SET cleared_quantity = 1", {"cleared_quantity_differs"}),
    (
        "UPDATE clearing_round SET certificate = jsonb_set(certificate, '{upper_bound}', '\"1\"')",
        {"bound_too_low"},
    ),
    (
        "UPDATE clearing_round SET snapshot = jsonb_set(snapshot, '{haulage,base}', '\"0\"')",
        {"snapshot_hash_differs"},
    ),
    ("UPDATE clearing_round SET certificate = NULL", {"not_cleared"}),
]


@pytest.mark.parametrize(("statement", "found"), FORGED)
def test_a_row_changed_behind_its_back_is_named(
    round_id: UUID, in_app: InApp, statement: str, found: set[str]
) -> None:
    def forged() -> set[str]:
        assert db.session.execute(text(statement)).rowcount > 0
        return {fault.code for fault in verify_round(round_id).faults}

    assert found <= in_app(forged)


def test_the_console_says_yes_no_or_unknown(
    committing: Flask, own_database: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in own_database.items():
        monkeypatch.setenv(name, value)
    trade = Trade(committing)
    an_offer(trade.farm())
    a_demand(trade.processor())
    told = trade.clear(COMMODITY)
    right = CliRunner().invoke(console, [told["id"]])
    assert right.exit_code == 0, right.output
    assert told["solution_hash"] in right.stdout
    with committing.app_context():
        db.session.execute(text("UPDATE clearing_round SET welfare = welfare + 1"))
        db.session.commit()
    wrong = CliRunner().invoke(console, [told["id"]])
    assert (wrong.exit_code, "told_welfare_differs" in wrong.stdout) == (1, True)
    nobody = CliRunner().invoke(console, ["00000000-0000-7000-8000-000000000000"])
    assert (nobody.exit_code, "no such round" in nobody.output) == (1, True)
