"""The operator's pages: what is red, and what could not be passed on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from werkzeug.wrappers import Response

from app.accounts.access import OPERATORS, Acting, Caller
from app.accounts.models import Kind, RoleName
from app.catalogue.models import Market
from app.clearing.models import Round, RoundStatus
from app.core.db import db
from app.core.outbox import OutboxMessage
from app.core.paging import PageQuery
from app.imports.models import Import, ImportStatus
from app.notifications import api as notifications
from app.notifications.models import Dispatch, DispatchStatus
from app.web import health
from app.web.forms import asked_for, loaded
from app.web.language import t
from app.web.pages import Pages, go, show
from app.webhooks.models import WebhookDelivery

pages = Pages("operator")
OPERATOR_READERS = Acting((Kind.OPERATOR,), tuple(RoleName))
FEW = 10
PATIENCE_MINUTES = 5


@dataclass(frozen=True)
class Queue:
    """Work that waits in PostgreSQL, since when, and what has been given up."""

    name: str
    waiting: int
    since: datetime | None
    given_up: int
    address: str = ""

    def late(self, now: datetime) -> bool:
        """Whether the first in it has waited longer than it should."""
        return self.since is not None and (now - self.since).total_seconds() > 60 * PATIENCE_MINUTES

    def red(self, now: datetime) -> bool:
        """Whether somebody should look."""
        return bool(self.given_up) or self.late(now)


@pages.page("GET", "/operator", access=OPERATOR_READERS)
def operations(caller: Caller) -> Response:
    """What is red comes first, then every queue and the latest rounds."""
    queues = _queues(caller.now)
    rounds = db.session.scalars(select(Round).order_by(Round.id.desc()).limit(FEW)).all()
    stuck = [one for one in rounds if one.status == RoundStatus.CLOSED and _late(one, caller.now)]
    return show(
        "operator.html",
        broker=health.broker(),
        queues=queues,
        red=[one for one in queues if one.red(caller.now)],
        rounds=rounds,
        markets={one.code: one for one in db.session.scalars(select(Market))},
        stuck=stuck,
        now=caller.now,
    )


@pages.page("GET", "/operator/dead-letters", access=OPERATORS)
def dead_letters(caller: Caller) -> Response:
    """What could not be relayed and was set aside."""
    asked = asked_for("cursor")
    found = notifications.list_dead_messages(caller=caller, query=loaded(PageQuery, asked))
    return show("dead_letters.html", found=found)


@pages.page(
    "POST",
    "/operator/dead-letters/<uuid:message_id>/resending",
    access=OPERATORS,
    again=lambda caller, **_: dead_letters(caller=caller),
)
def resend(caller: Caller, message_id: UUID) -> Response:
    """Relay one once more."""
    notifications.resend_dead_message(caller=caller, message_id=message_id)
    return go("/operator/dead-letters")


def _late(one: Round, now: datetime) -> bool:
    closed = one.closed_at or now
    return (now - closed).total_seconds() > 60 * PATIENCE_MINUTES


def _queues(now: datetime) -> list[Queue]:
    """Everything that works from a table, with how much of it waits though it is due."""
    outbox, dispatch, hook, files = OutboxMessage, Dispatch, WebhookDelivery, Import
    at_work = (ImportStatus.QUEUED, ImportStatus.CHECKING, ImportStatus.APPLYING)
    return [
        Queue(
            t("Việc cần báo", "Events to relay"),
            *_waiting(
                outbox.due_at,
                outbox.delivered_at.is_(None),
                outbox.dead_at.is_(None),
                outbox.due_at <= now,
            ),
            _count(outbox.id, outbox.dead_at.is_not(None)),
            "/operator/dead-letters",
        ),
        Queue(
            t("Thư và tin nhắn", "Mails and text messages"),
            *_waiting(
                dispatch.due_at, dispatch.status == DispatchStatus.QUEUED, dispatch.due_at <= now
            ),
            _count(dispatch.id, dispatch.status == DispatchStatus.DEAD),
            "/notifications/log?status=dead",
        ),
        Queue(
            t("Báo sang hệ thống khác", "Webhooks"),
            *_waiting(hook.due_at, hook.status == "queued", hook.due_at <= now),
            _count(hook.id, hook.status == "dead"),
        ),
        Queue(
            t("Tệp đang nhập", "Files at work"),
            *_waiting(files.created_at, files.status.in_(at_work)),
            0,
            "/imports",
        ),
    ]


def _waiting(since: Any, *conditions: Any) -> tuple[int, datetime | None]:
    row = db.session.execute(select(func.count(), func.min(since)).where(*conditions)).one()
    return row[0], row[1]


def _count(column: Any, condition: Any) -> int:
    return db.session.scalar(select(func.count(column)).where(condition)) or 0
