"""One-time codes on their way: known by what they are for, made when they are sent, kept nowhere.

Whoever has codes of its own adds its kind to :data:`CODES` and calls :func:`queue_code`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from app.accounts.operations import invitation_code
from app.accounts.sign_in_codes import sign_in_code
from app.collecting.operations import entry_code
from app.config import Settings
from app.core.db import db
from app.notifications.links import outside
from app.notifications.models import Channel, Dispatch, DispatchStatus
from app.notifications.sentence import Sentence, one_line

MOST_A_DAY = 20
DAY = timedelta(days=1)

# How the code of a kind is made: from what it is for, its number there, and the house's secret.
CODES: dict[str, Callable[[UUID, int, str], str]] = {
    "invitation": lambda subject, _, secret: invitation_code(subject, secret=secret),
    "sign_in": lambda subject, _, secret: sign_in_code(subject, secret=secret),
    "entry": lambda subject, number, secret: entry_code(subject, number, secret=secret),
}


def queue_code(
    *,
    kind: str,
    subject_id: UUID,
    number: int,
    channel: Channel,
    address: str,
    locale: str,
    sentence: Sentence,
    facts: Mapping[str, str],
    topic: str,
    expires_at: datetime | None,
    now: datetime,
    organisation_id: UUID,
    person_id: UUID | None = None,
) -> Dispatch:
    """Queue a message with a code; it breaks quiet hours, and no preference holds it back.

    Args:
        organisation_id: whose log shows that it was sent.
        kind, subject_id, number: which code it is; `CODES` makes it when the message is sent.
        sentence: its body says ``{{code}}`` where the code goes, an invitation's also ``{{link}}``.
        expires_at: from when on it is not sent any more.

    Returns:
        the dispatch; `capped` if the address has had too many codes within a day.
    """
    assert kind in CODES
    had = db.session.scalar(
        select(func.count())
        .select_from(Dispatch)
        .where(
            Dispatch.address == address,
            Dispatch.created_at > now - DAY,
            Dispatch.code_kind.is_not(None),
        )
    )
    dispatch = Dispatch(
        organisation_id=organisation_id,
        person_id=person_id,
        topic=topic,
        code_kind=kind,
        code_id=subject_id,
        code_number=number,
        channel=channel,
        address=address,
        locale=locale,
        subject=one_line(sentence.title(locale).format_map(facts)),
        body=sentence.body(locale).format_map(facts),
        status=DispatchStatus.CAPPED if (had or 0) >= MOST_A_DAY else DispatchStatus.QUEUED,
        created_at=now,
        due_at=now,
        expires_at=expires_at,
    )
    db.session.add(dispatch)
    db.session.flush()
    return dispatch


def with_code(dispatch: Dispatch, settings: Settings) -> str:
    """The body of a dispatch as it is sent: with its code, and the page where that is entered."""
    if dispatch.code_kind is None:
        return dispatch.body
    assert dispatch.code_id is not None
    assert dispatch.code_number is not None
    code = CODES[dispatch.code_kind](dispatch.code_id, dispatch.code_number, settings.secret_key)
    link = f"{outside(settings)}/invitations/{dispatch.code_id}"
    return dispatch.body.replace("{code}", code).replace("{link}", link)
