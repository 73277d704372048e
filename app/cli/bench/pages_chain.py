"""A chain for the pages to tell of: deliveries and figures, contracts, messages, and readers."""

from datetime import date

from flask import Flask
from sqlalchemy import select, text

from app.accounts import operations as accounts
from app.accounts.models import Kind, Organisation, Person, Role, RoleName
from app.analytics import bench
from app.cli.bench.bulk import unguarded, write
from app.cli.figures import rebuild_at_once
from app.core import clock
from app.core.db import db
from app.core.transaction import transaction

CONTRACTS = """
INSERT INTO contract (id, organisation_id, capacity, seller_id, seller_capacity, status,
    commodity_code, quantity_form, quantity, tolerance_percent, price, payment_days, carrier,
    advances, remedies, notice_days, force_majeure, starts_on, ends_on, drafted_at, signed_at)
SELECT uuidv7(), buyer.id, 'own_account', seller.id, 'own_account', 'active', 'ginger-dried',
    'fixed', 12000, 10, '{"form": "fixed", "price": "90000.00"}', 7, 'buyer', '[]',
    '{"non_purchase": "10.00", "side_selling": "10.00"}', 7, '',
    CAST(:monday AS date) - 84, CAST(:monday AS date) + 84, now(), now()
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM organisation
        WHERE name LIKE 'processor %') buyer
JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM organisation
        WHERE name LIKE 'farm %') seller ON seller.n % 50 = buyer.n % 50
"""
WEEKS = """
INSERT INTO contract_week (contract_id, week, organisation_id, promised)
SELECT id, starts_on + 7 * n, organisation_id, 500 FROM contract, generate_series(0, 23) n
"""
MESSAGES = (
    """
INSERT INTO outbox_message (id, topic, concerns, payload, occurred_at, due_at, delivered_at)
SELECT uuidv7(), 'order.placed', '{}', '{}', now(), now(),
    CASE WHEN n % 1000 > 0 THEN now() END
FROM generate_series(1, CAST(:messages AS int)) n
""",
    """
INSERT INTO dispatch (id, organisation_id, topic, channel, address, locale, subject, body, status,
    created_at, due_at, sent_at)
SELECT uuidv7(), (SELECT min(id::text)::uuid FROM organisation), 'order.placed', 'email',
    'x@example.com', 'vi', '-', '-', CASE WHEN n % 1000 > 0 THEN 'sent' ELSE 'queued' END,
    now(), now(), CASE WHEN n % 1000 > 0 THEN now() END
FROM generate_series(1, CAST(:messages AS int)) n
""",
)
OFFICES = (Kind.AUTHORITY, Kind.OPERATOR)


def write_chain(app: Flask, deliveries: int) -> None:
    """Three years of deliveries with their figures, contracts under way, messages sent."""
    today = clock.local_date(clock.now())
    chain = bench.Chain(deliveries, max(100, deliveries // 500), until=today)
    with unguarded(bench.TRADED):
        write(lambda: bench.found(chain))
        write(lambda: bench.trade(chain))
    rebuild_at_once(app, now=clock.now())
    write(lambda: _write_contracts(today, deliveries))


def _write_contracts(today: date, messages: int) -> None:
    monday = clock.monday(today)
    db.session.execute(text(CONTRACTS), {"monday": monday})
    db.session.execute(text(WEEKS))
    for statement in MESSAGES:
        db.session.execute(text(statement), {"messages": messages})


def readers() -> dict[str, str]:
    """Tokens of somebody in a cooperative, a farm, a mill of the chain, and in each office."""
    found = {}
    with transaction():
        now = clock.now()
        for kind, label in (
            (Kind.COOPERATIVE, "cooperative"),
            (Kind.FARM, "member"),
            (Kind.PROCESSOR, "mill"),
        ):
            first = select(Organisation).where(Organisation.name.like(f"{kind} %"))
            reading = db.session.scalars(first.order_by(Organisation.id).limit(1)).one()
            person = Person(name=label, email=f"{label}@example.com", locale="vi", created_at=now)
            db.session.add(person)
            db.session.flush()
            role = {"organisation_id": reading.id, "person_id": person.id, "since": now}
            db.session.add(Role(**role, name=RoleName.OWNER))
            db.session.flush()
            found[label] = accounts.issue_token(person=person, now=now)[0]
        for office in OFFICES:
            person = accounts.appoint(login=f"{office}@example.com", kind=office, now=now)
            found[office.value] = accounts.issue_token(person=person, now=now)[0]
    return found


def a_contract() -> str:
    """The id of one of the mill's contracts."""
    with transaction():
        first = "SELECT id FROM contract ORDER BY organisation_id, id LIMIT 1"
        return str(db.session.scalar(text(first)))
