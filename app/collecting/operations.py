"""Entering a lot for a farmer, and taking the farmer's word for it."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Capacity, Party, Person, Role, RoleName
from app.collecting.models import (
    MOST_CODES,
    MOST_TRIES,
    CodeUsedUp,
    Entry,
    EntryNotWaiting,
    EntryStatus,
    Method,
    NoMoreCodes,
    NoTelephone,
    WrongCode,
)
from app.core import outbox
from app.core.db import db
from app.core.errors import invalid
from app.lots.operations import declare_lot

CODE_LIFE = timedelta(minutes=30)
DIGITS = 8


def enter_lot(
    *,
    party: Party,
    by: Person,
    content: Mapping[str, Any],
    lot: Mapping[str, Any],
    method: Method,
    paper_reference: str | None,
    now: datetime,
) -> Entry:
    """Enter a lot for a member: on a signed paper declared at once, else once the code is told.

    Args:
        party: the member, acted for by its cooperative.
        content: the lot as it was sent; ``lot`` the same as `declare_lot` takes it.

    Raises:
        Invalid: nobody is acted for, or a paper without its reference. NoTelephone: nobody to send
        a code to. For what else the lot may be refused see `declare_lot`.
    """
    if party.agent_id is None:
        raise invalid("/on_behalf_of", "Hãy nêu thành viên.", "Please name the member.")
    if (method == Method.PAPER) != (paper_reference is not None):
        raise invalid(
            "/paper_reference",
            "Số giấy đi cùng, và chỉ cùng, giấy có chữ ký.",
            "A reference belongs to a paper, and a paper to a reference.",
        )
    entry = Entry(
        organisation_id=party.organisation_id,
        capacity=party.capacity,
        agent_id=party.agent_id,
        entered_by_id=by.id,
        content=dict(content),
        method=method,
        paper_reference=paper_reference,
        phone=_phone_of(party.organisation_id) if method == Method.SMS else None,
        codes=0,
        tries=0,
        status=EntryStatus.WAITING,
        entered_at=now,
    )
    if method == Method.PAPER:
        _declare(entry, lot, now=now)
    else:
        # What cannot be declared is refused now, and not when the farmer has confirmed it.
        with db.session.begin_nested() as tried:
            declare_lot(party=party, now=now, **lot)
            tried.rollback()
        db.session.add(entry)
        db.session.flush()
        send_code(entry=entry, now=now)
    return entry


def send_code(*, entry: Entry, now: datetime) -> Entry:
    """Send a code to the farmer; earlier ones no longer count.

    Args:
        entry: locked.

    Raises:
        EntryNotWaiting: it is confirmed. NoMoreCodes: too many were sent.
    """
    _check_waiting(entry)
    if entry.codes >= MOST_CODES:
        raise NoMoreCodes
    entry.codes += 1
    entry.tries = 0
    entry.code_until = now + CODE_LIFE
    db.session.flush()
    outbox.add(
        "entry.code_sent",
        concerns=entry.parties,
        payload={"entry_id": str(entry.id), "code_number": entry.codes},
        now=now,
    )
    return entry


def confirm_entry(
    *, entry: Entry, lot: Mapping[str, Any], code: str, secret: str, now: datetime
) -> Entry:
    """The farmer has told the code: the lot is declared.

    Args:
        entry: locked. lot: its content as `declare_lot` takes it.

    Raises:
        EntryNotWaiting: it is confirmed. CodeUsedUp: the code has run out, or was wrong too often.
        WrongCode: it is another one; this is counted.
    """
    _check_waiting(entry)
    if entry.tries >= MOST_TRIES or entry.code_until is None or entry.code_until <= now:
        raise CodeUsedUp
    expected = entry_code(entry.id, entry.codes, secret=secret)
    if not hmac.compare_digest(code.encode(), expected.encode()):
        entry.tries += 1
        db.session.flush()
        raise WrongCode(left=Decimal(entry.tries_left))
    _declare(entry, lot, now=now)
    return entry


def entry_code(entry_id: UUID, number: int, *, secret: str) -> str:
    """The code of an entry, eight digits; derived, so that it is stored nowhere."""
    digest = hmac.digest(secret.encode(), f"entry:{entry_id}:{number}".encode(), hashlib.sha256)
    return f"{int.from_bytes(digest[:8]) % 10**DIGITS:0{DIGITS}d}"


def _declare(entry: Entry, lot: Mapping[str, Any], *, now: datetime) -> None:
    party = Party(entry.organisation_id, Capacity(entry.capacity), entry.agent_id)
    declared = declare_lot(party=party, now=now, **lot)
    entry.lot_id = declared.id
    entry.status, entry.confirmed_at = EntryStatus.CONFIRMED, now
    db.session.add(entry)
    db.session.flush()
    outbox.add(
        "entry.confirmed",
        concerns=entry.parties,
        payload={
            "entry_id": str(entry.id),
            "lot_id": str(entry.lot_id),
            "member_id": str(entry.organisation_id),
            "cooperative_id": str(entry.agent_id),
            "commodity": declared.commodity_code,
            "quantity": f"{declared.quantity:.3f}",
        },
        now=now,
    )


def _check_waiting(entry: Entry) -> None:
    if entry.status != EntryStatus.WAITING:
        raise EntryNotWaiting


def _phone_of(organisation_id: UUID) -> str:
    """The telephone number that the farm's owner stated, and nobody else's."""
    phone = db.session.scalar(
        select(Person.phone)
        .join(Role, Role.person_id == Person.id)
        .where(
            Role.organisation_id == organisation_id,
            Role.name == RoleName.OWNER,
            Role.ended_at.is_(None),
            Person.phone.is_not(None),
        )
        .order_by(Role.since, Role.id)
        .limit(1)
    )
    if phone is None:
        raise NoTelephone
    return phone
