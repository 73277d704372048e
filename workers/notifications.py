"""The relay from outbox to notifications, and one task for each channel.

No task holds a process for longer than a round of :data:`ROUND_SECONDS`: it then asks to be called
again, so that whatever else waits has its turn, and a channel that does not answer is paused.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog
from flask import current_app

from app.clearing.matching import follow_withdrawal
from app.config import Settings
from app.core import clock, outbox, queue
from app.core.outbox import OutboxMessage
from app.core.queue import celery
from app.core.transaction import retried, transaction
from app.deliveries.operations import follow_order
from app.notifications import dispatch_operations, operations
from app.notifications.channels import ChannelDown, Message, Receipt, Sender, sender
from app.notifications.codes import with_code
from app.notifications.digest_operations import send_digest
from app.notifications.links import receipts_link, unsubscribe_link
from app.notifications.models import Channel, Dispatch
from app.notifications.reminder_operations import (
    tell_due_forecasts,
    tell_expiring_certificates,
    tell_expiring_matches,
)
from app.notifications.saved_search_operations import match_searches
from app.notifications.topics import TOPICS
from app.pools.operations import follow_lot
from app.settlement.operations import settle_message
from app.webhooks.operations import fan_out

log = structlog.get_logger()
BATCH = 200
ROUND_SECONDS = 20.0
SENDERS = 4
# What somebody acts on before it is told; each of these is relayed in a transaction of its own.
ACTED_ON = {
    "order.cancelled",
    "lot.exhausted",
    "offer.withdrawn",
    "demand.cancelled",
    "offer.listed",
    "round.cleared",
}
ACTING = ("delivery.", "claim.")


@celery.task(name="workers.notifications.relay_outbox")
def relay_outbox() -> None:
    """Relay messages until none is due; one that fails does not stop the others."""
    until_done(_relay_some, again=outbox.nudge_relay)


@celery.task(name="workers.notifications.send_mail")
def send_mail() -> None:
    """Send what is due by e-mail."""
    _send_by(Channel.EMAIL)


@celery.task(name="workers.notifications.send_sms")
def send_sms() -> None:
    """Send what is due by SMS."""
    _send_by(Channel.SMS)


@celery.task(name="workers.notifications.send_zalo")
def send_zalo() -> None:
    """Send what is due by Zalo."""
    _send_by(Channel.ZALO)


@celery.task(name="workers.notifications.send_digests")
def send_digests() -> None:
    """Write the daily summaries that are due, each person's in a transaction of its own."""
    while retried(_digest_one):
        pass


@celery.task(name="workers.notifications.remind")
def remind() -> None:
    """Tell of what is coming up."""
    for tell in (tell_expiring_matches, tell_expiring_certificates, tell_due_forecasts):
        while retried(partial(_told, tell)):
            pass


def until_done(work: Callable[[], int], *, again: Callable[[], object]) -> None:
    """Do some of the work over and over until none is left or a round is over."""
    over = time.monotonic() + ROUND_SECONDS
    while work():
        if time.monotonic() > over:
            again()
            return


def _relay_some() -> int:
    with transaction():
        batch = outbox.claim(now=clock.now(), most=BATCH)
    plain = [one for one in batch if _only_told(one)]
    others = [one for one in batch if not _only_told(one)]
    try:
        if plain:
            retried(partial(_deliver, plain))
    except Exception as fault:
        log.warning("relayed_one_by_one", reason=repr(fault))
        others = list(batch)
    for message in others:
        _relay(message)
    return len(batch)


def _only_told(message: OutboxMessage) -> bool:
    """Whether nobody acts on the message, and it can be told together with others."""
    topic = message.topic
    return topic in TOPICS and topic not in ACTED_ON and not topic.startswith(ACTING)


def _relay(message: OutboxMessage) -> None:
    try:
        retried(partial(_act_and_deliver, message))
    except Exception as fault:
        log.exception("relay_failed", message_id=str(message.id), topic=message.topic)
        with transaction():
            outbox.mark_failed(message.id, reason=repr(fault), now=clock.now())


def _act_and_deliver(message: OutboxMessage) -> None:
    with transaction():
        now = clock.now()
        follow_order(message=message, now=now)
        follow_lot(message=message, now=now)
        follow_withdrawal(message=message, now=now)
        settle_message(message=message, now=now)
        match_searches(message=message, now=now)
        operations.notify(messages=[message], now=now)
        fan_out(messages=[message], now=now)
        outbox.mark_delivered([message.id], now=now)


def _deliver(messages: Sequence[OutboxMessage]) -> None:
    with transaction():
        now = clock.now()
        operations.notify(messages=messages, now=now)
        fan_out(messages=messages, now=now)
        outbox.mark_delivered([one.id for one in messages], now=now)


def _send_by(channel: Channel) -> None:
    settings: Settings = current_app.config["SETTINGS"]
    with transaction():
        dispatch_operations.give_up_expired(channel=channel, now=clock.now())
    by = sender(channel, settings)
    if by is None:
        with transaction():
            dispatch_operations.give_up_unsendable(channel=channel, now=clock.now())
        return
    try:
        with ThreadPoolExecutor(SENDERS) as threads:
            work = partial(_send_some, channel, by, threads, settings)
            until_done(work, again=partial(queue.nudge, operations.TASKS[channel]))
    finally:
        by.close()


def _send_some(
    channel: Channel, by: Sender, threads: ThreadPoolExecutor, settings: Settings
) -> int:
    with transaction():
        batch = dispatch_operations.claim_dispatches(channel=channel, now=clock.now(), most=BATCH)
    down: list[ChannelDown] = []
    results = list(threads.map(partial(_try, by, down), [_message(one, settings) for one in batch]))
    receipts, failed, untried = {}, {}, []
    for dispatch, result in zip(batch, results, strict=True):
        if isinstance(result, Receipt):
            receipts[dispatch.id] = result
        elif result is None:
            untried.append(dispatch.id)
        else:
            failed[dispatch.id] = result
    with transaction():
        now = clock.now()
        dispatch_operations.mark_sent(receipts=receipts, now=now)
        dispatch_operations.put_back(dispatch_ids=untried)
        for dispatch_id, fault in failed.items():
            log.warning("not_sent", dispatch_id=str(dispatch_id), reason=type(fault).__name__)
            dispatch_operations.mark_not_sent(dispatch_id=dispatch_id, fault=fault, now=now)
        if down:
            dispatch_operations.pause(channel=channel, now=now)
        elif receipts:
            dispatch_operations.resume(channel=channel)
    return 0 if down else len(batch)


def _try(by: Sender, down: list[ChannelDown], message: Message) -> Receipt | Exception | None:
    """What came of sending; None if the channel was found to be down before this was tried."""
    if down:
        return None
    try:
        return by.send(message)
    except ChannelDown as fault:
        down.append(fault)
        return fault
    except Exception as fault:
        return fault


def _message(dispatch: Dispatch, settings: Settings) -> Message:
    return Message(
        id=str(dispatch.id),
        address=dispatch.address,
        locale=dispatch.locale,
        subject=dispatch.subject,
        body=with_code(dispatch, settings),
        unsubscribe=unsubscribe_link(dispatch, settings),
        receipts=receipts_link(dispatch, settings),
    )


def _digest_one() -> bool:
    with transaction():
        return send_digest(now=clock.now())


def _told(tell: Callable[..., int]) -> int:
    with transaction():
        return tell(now=clock.now())
