"""How long the server works on each page while a million offers are on sale."""

import gc
import time
from statistics import quantiles

import click
from flask import Flask
from sqlalchemy import text

from app.accounts import operations as accounts
from app.cli.bench.bulk import as_owner
from app.cli.bench.figures import Figure, report
from app.cli.bench.pages_chain import a_contract, readers, write_chain
from app.cli.environment import isolated_environment
from app.core import clock, logs
from app.core.db import db
from app.core.transaction import transaction
from app.places.operations import add_site

MOST_MS = 60.0
CHAIN = 10
"""So many offers are on sale for each delivery that the figures tell of."""
PAGES = {
    "processor": (
        "/home",
        "/market",
        "/market?q=che",
        "/market?commodity=tea-shoots-fresh&sort=price",
        "/market?sort=distance",
        "/market?within_km=10&sort=distance",
        "/demands",
        "/demands/new?commodity=tea-shoots-fresh",
        "/orders",
    ),
    "farm": ("/home", "/sell", "/offers", "/orders", "/money", "/messages", "/forecasts/new"),
    "member": ("/analytics", "/contracts"),
    "mill": ("/home", "/contracts", "/contracts/{contract}", "/contracts/new", "/statements"),
    "cooperative": (
        "/home",
        "/analytics",
        "/analytics/flows",
        "/analytics/losses",
        "/members",
        "/pooling",
        "/contracts",
    ),
    "authority": (
        "/home",
        "/analytics",
        "/analytics/flows",
        "/analytics/losses",
        "/restrictions",
    ),
    "operator": ("/operator", "/operator/dead-letters", "/analytics"),
    "visitor": ("/", "/market", "/sign-in", "/register"),
}
SELLERS = """
INSERT INTO organisation (id, name, kind, smallholder, created_at)
SELECT uuidv7(), 'Hộ ' || n, 'farm', true, now() FROM generate_series(1, :sellers) n
"""
SITES = """
INSERT INTO site (id, organisation_id, name, ward_code, latitude, longitude, x, y, z, created_at)
SELECT uuidv7(), o.id, 'Vườn', (ARRAY['24823','24820','24841','24829'])[1 + n % 4], p.latitude,
       p.longitude,
       round(6371008.8 * cos(radians(p.latitude)) * cos(radians(p.longitude))),
       round(6371008.8 * cos(radians(p.latitude)) * sin(radians(p.longitude))),
       round(6371008.8 * sin(radians(p.latitude))), now()
FROM (SELECT id, row_number() OVER () AS n FROM organisation WHERE name LIKE 'Hộ %') o,
     LATERAL (SELECT 11.3 + (n % 97) / 120.0 AS latitude, 107.4 + (n % 89) / 75.0 AS longitude) p
"""
LOTS = """
INSERT INTO lot (id, organisation_id, capacity, commodity_code, site_id, status, quantity, reserved,
                 qualities, quantity_as_typed, ready_at, harvested_at, created_at)
SELECT uuidv7(), s.organisation_id, 'own_account',
       (ARRAY['tea-shoots-fresh','ginger-dried','lotus-dried','coffee-cherry-robusta'])[1 + n % 4],
       s.id, 'harvested', 100, 100, '{}', '{}', now(), now(), now()
FROM generate_series(1, :offers) n
JOIN (SELECT id, organisation_id, row_number() OVER () AS m FROM site) s
  ON s.m = 1 + n % (SELECT count(*) FROM site)
"""
OFFERS = """
INSERT INTO offer (id, organisation_id, capacity, lot_id, commodity_code, market_code, quantity,
                   ask_price, price_as_typed, open_until, firm, visibility, visible_to, status,
                   listed_at, created_at)
SELECT uuidv7(), l.organisation_id, l.capacity, l.id, l.commodity_code, c.market_code, 100,
       10000 + (hashtext(l.id::text) % 5000), '{}', now() + interval '5 days', true, 'public', '{}',
       'open', now(), now()
FROM lot l JOIN commodity c ON c.code = l.commodity_code
"""


@click.command("pages")
@click.option("--offers", default=1_000_000, show_default=True, help="Offers on sale.")
@click.option("--times", default=20, show_default=True, help="Requests of each page.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def pages(offers: int, times: int, as_json: bool) -> None:
    """Mỗi trang mất bao lâu ở máy chủ · What each page costs the server."""
    from app import create_app

    with isolated_environment():
        app = create_app()
        with app.app_context():
            logs.quieten()
            _write_book(offers)
            write_chain(app, max(2_000, offers // CHAIN))
            _tidy()
            tokens = {label: _token(label) for label in ("processor", "farm")} | readers()
            contract = a_contract()
        gc.collect()
        gc.freeze()
        figures = {
            f"{label} {address}": _p95(
                app, tokens.get(label), address.format(contract=contract), times
            )
            for label, addresses in PAGES.items()
            for address in addresses
        }
    report(figures, as_json=as_json, offers=offers, times=times)


def _write_book(offers: int) -> None:
    statements: tuple[tuple[str, dict[str, int]], ...] = (
        (SELLERS, {"sellers": max(10, offers // 500)}),
        (SITES, {}),
        (LOTS, {"offers": offers}),
    )
    with transaction():
        db.session.execute(text("SET LOCAL statement_timeout = 0"))
        for statement, values in (*statements, (OFFERS, {})):
            db.session.execute(text(statement), values)


def _tidy() -> None:
    with as_owner() as owner:
        owner.execute("VACUUM ANALYZE")


def _token(kind: str) -> str:
    """Somebody of a kind, with a place of their own, signed in."""
    with transaction():
        now = clock.now()
        organisation, person = accounts.register(
            organisation={"name": kind, "kind": kind},
            person={"name": kind, "phone": None, "email": f"{kind}@example.com", "password": None},
            now=now,
        )
        add_site(
            organisation_id=organisation.id,
            name=kind,
            ward_code="24829",
            latitude=11.53,
            longitude=107.84,
            now=now,
        )
        token, _ = accounts.issue_token(person=person, now=now)
    return token


def _p95(app: Flask, token: str | None, address: str, times: int) -> Figure:
    """The slowest but one in twenty, after one request that warms up."""
    client = app.test_client()
    if token:
        client.set_cookie("blao", token)
    taken = []
    for _ in range(times + 1):
        begun = time.perf_counter()
        answer = client.get(address)
        taken.append(1000 * (time.perf_counter() - begun))
        if answer.status_code != 200:
            raise click.ClickException(f"{address}: {answer.status_code}")
    slow = quantiles(taken[1:], n=20)[-1]
    return Figure(slow, "ms", f"≤ {MOST_MS:g}", slow <= MOST_MS)
