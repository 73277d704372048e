"""What is coming up and should not be forgotten; each thing is told once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Exists, Text, and_, cast, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from app.clearing.models import Match, MatchStatus
from app.core import clock, outbox
from app.core.db import db
from app.lots.models import Certificate, Forecast
from app.notifications.models import Reminder

MATCH_AHEAD = timedelta(hours=2)
CERTIFICATE_AHEAD = timedelta(days=30)
WEEK = timedelta(days=7)
FORECAST_WEEKDAY = 3
"""From Thursday on, who forecast this week and not the next is asked for the next."""
STEP = 200


def tell_expiring_matches(*, now: datetime, most: int = STEP) -> int:
    """Tell the sides that have not answered of proposals that run out within two hours."""
    found = db.session.scalars(
        select(Match)
        .where(
            Match.status == MatchStatus.PROPOSED,
            Match.expires_at > now,
            Match.expires_at <= now + MATCH_AHEAD,
            ~_told("match.expiring", Match.id),
        )
        .options(joinedload(Match.offer))
        .order_by(Match.id)
        .limit(most)
    ).all()
    fresh = _note("match.expiring", [str(one.id) for one in found], now=now)
    messages = [
        outbox.Message(
            _silent_sides(one),
            {
                "match_id": str(one.id),
                "seller_id": str(one.organisation_id),
                "seller_agent_id": str(one.seller_agent_id) if one.seller_agent_id else None,
                "buyer_id": str(one.buyer_id),
                "buyer_agent_id": str(one.buyer_agent_id) if one.buyer_agent_id else None,
                "commodity": one.offer.commodity_code,
                "quantity": f"{one.offer_quantity:.3f}",
                "expires_at": one.expires_at.isoformat(),
            },
        )
        for one in found
        if str(one.id) in fresh
    ]
    outbox.add_all("match.expiring", messages, now=now)
    return len(found)


def tell_expiring_certificates(*, now: datetime, most: int = STEP) -> int:
    """Tell holders of verified certificates that run out within thirty days."""
    today = clock.local_date(now)
    found = db.session.scalars(
        select(Certificate)
        .where(
            Certificate.verified_at.is_not(None),
            Certificate.valid_until >= today,
            Certificate.valid_until <= today + CERTIFICATE_AHEAD,
            ~_told("certificate.expiring", Certificate.id),
        )
        .order_by(Certificate.id)
        .limit(most)
    ).all()
    fresh = _note("certificate.expiring", [str(one.id) for one in found], now=now)
    messages = [
        outbox.Message(
            [one.organisation_id],
            {
                "certificate_id": str(one.id),
                "scheme": one.scheme_code,
                "certificate_number": one.number,
                "due_on": one.valid_until.isoformat(),
            },
        )
        for one in found
        if str(one.id) in fresh
    ]
    outbox.add_all("certificate.expiring", messages, now=now)
    return len(found)


def tell_due_forecasts(*, now: datetime, most: int = STEP) -> int:
    """Ask for next week's forecast where there is one for this week, from Thursday on."""
    today = clock.local_date(now)
    if today.weekday() < FORECAST_WEEKDAY:
        return 0
    this = clock.monday(today)
    following = this + WEEK
    other = Forecast.__table__.alias()
    said = exists().where(
        and_(
            other.c.organisation_id == Forecast.organisation_id,
            other.c.commodity_code == Forecast.commodity_code,
            other.c.week == following,
        )
    )
    subject = func.concat_ws(
        " ", cast(Forecast.organisation_id, Text), Forecast.commodity_code, str(following)
    )
    told = exists().where(Reminder.topic == "forecast.due", Reminder.subject == subject)
    found = db.session.execute(
        select(Forecast.organisation_id, Forecast.commodity_code)
        .distinct()
        .where(Forecast.week == this, ~said, ~told)
        .order_by(Forecast.organisation_id, Forecast.commodity_code)
        .limit(most)
    ).all()
    names = {(owner, code): f"{owner} {code} {following}" for owner, code in found}
    fresh = _note("forecast.due", list(names.values()), now=now)
    messages = [
        outbox.Message([owner], {"commodity": code, "week": following.isoformat()})
        for (owner, code), name in names.items()
        if name in fresh
    ]
    outbox.add_all("forecast.due", messages, now=now)
    return len(found)


def _silent_sides(match: Match) -> list[UUID]:
    silent: list[UUID | None] = []
    if match.seller_accepted_at is None:
        silent += [match.organisation_id, match.seller_agent_id]
    if match.buyer_accepted_at is None:
        silent += [match.buyer_id, match.buyer_agent_id]
    return [one for one in silent if one]


def _told(topic: str, subject: ColumnElement[UUID] | InstrumentedAttribute[UUID]) -> Exists:
    return exists().where(Reminder.topic == topic, Reminder.subject == cast(subject, Text))


def _note(topic: str, subjects: Sequence[str], *, now: datetime) -> set[str]:
    """Those that had not been told before; notes that they are told now."""
    if not subjects:
        return set()
    rows = [{"topic": topic, "subject": one, "told_at": now} for one in subjects]
    noted = insert(Reminder).values(rows).on_conflict_do_nothing().returning(Reminder.subject)
    return set(db.session.scalars(noted))
