"""Reading webhooks and what was sent to them."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from app.core.db import db
from app.core.errors import NotFound
from app.webhooks.models import Webhook, WebhookDelivery

Row = TypeVar("Row", Webhook, WebhookDelivery)


def get_webhook(webhook_id: UUID, *, seen: ColumnElement[bool], lock: bool = False) -> Webhook:
    """A webhook.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    return _one(select(Webhook).where(Webhook.id == webhook_id, seen), lock=lock)


def deliveries_of(webhook: Webhook) -> Select[WebhookDelivery]:
    """What was sent to a webhook, and what is on its way."""
    return select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id)


def get_delivery(
    delivery_id: UUID, *, seen: ColumnElement[bool], lock: bool = False
) -> WebhookDelivery:
    """One event on its way to a webhook.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    return _one(select(WebhookDelivery).where(WebhookDelivery.id == delivery_id, seen), lock=lock)


def _one(statement: Select[Row], *, lock: bool) -> Row:
    found = db.session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound
    return found
