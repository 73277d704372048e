"""The relay from outbox to notifications, and from queued mail to the mail server."""

from collections.abc import Sequence

import structlog
from flask import current_app

from app.accounts.operations import invitation_code
from app.clearing.matching import follow_withdrawal
from app.core import clock, outbox
from app.core.outbox import OutboxMessage
from app.core.queue import celery
from app.core.transaction import retried, transaction
from app.deliveries.operations import follow_order
from app.notifications import operations
from app.notifications.mail import MailRefused, MailServer
from app.notifications.models import Dispatch
from app.pools.operations import follow_lot
from app.settlement.operations import settle_message
from app.webhooks.operations import fan_out

log = structlog.get_logger()
BATCH = 50


@celery.task(name="workers.notifications.relay_outbox")
def relay_outbox() -> None:
    """Relay messages until none is due; one that fails does not stop the others."""
    while batch := _claim_messages():
        for message in batch:
            _relay(message)


@celery.task(name="workers.notifications.send_mail")
def send_mail() -> None:
    """Send queued mail until none is due."""
    settings = current_app.config["SETTINGS"]
    server = MailServer(settings.smtp_url, settings.mail_from)
    while batch := _claim_dispatches():
        for dispatch in batch:
            _send(server, dispatch)


def _claim_messages() -> Sequence[OutboxMessage]:
    with transaction():
        return outbox.claim(now=clock.now(), most=BATCH)


def _claim_dispatches() -> Sequence[Dispatch]:
    with transaction():
        return operations.claim_dispatches(now=clock.now(), most=BATCH)


def _relay(message: OutboxMessage) -> None:
    try:
        retried(lambda: _deliver(message))
    except Exception as fault:
        log.exception("relay_failed", message_id=str(message.id), topic=message.topic)
        with transaction():
            outbox.mark_failed(message.id, reason=repr(fault), now=clock.now())


def _deliver(message: OutboxMessage) -> None:
    with transaction():
        now = clock.now()
        follow_order(message=message, now=now)
        follow_lot(message=message, now=now)
        follow_withdrawal(message=message, now=now)
        settle_message(message=message, now=now)
        operations.notify(message=message, now=now)
        fan_out(message=message, now=now)
        outbox.mark_delivered(message.id, now=now)


def _send(server: MailServer, dispatch: Dispatch) -> None:
    body = dispatch.body
    if dispatch.invitation_id is not None:
        secret = current_app.config["SECRET_KEY"]
        body = body.replace("{code}", invitation_code(dispatch.invitation_id, secret=secret))
    try:
        server.send(
            to=dispatch.address, subject=dispatch.subject, body=body, message_id=str(dispatch.id)
        )
    except Exception as fault:
        log.warning("mail_not_sent", dispatch_id=str(dispatch.id), reason=repr(fault))
        with transaction():
            operations.mark_not_sent(
                dispatch_id=dispatch.id,
                reason=repr(fault),
                for_good=isinstance(fault, MailRefused),
                now=clock.now(),
            )
        return
    with transaction():
        operations.mark_sent(dispatch_id=dispatch.id, now=clock.now())
