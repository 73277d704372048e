"""Webhooks: naming them, trying them out, and what was sent."""

from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from app.accounts.access import MANAGERS, Caller
from app.core.http import Blueprint
from app.core.idempotency import Idempotency
from app.core.paging import By, Page, PageQuery, page, page_schema
from app.webhooks import operations, queries, schemas
from app.webhooks.models import Webhook, WebhookDelivery
from app.webhooks.signing import secret_of

blueprint = Blueprint("webhooks", __name__, description="Events sent to other systems")


@blueprint.operation(
    "POST",
    "/webhooks",
    access=MANAGERS,
    body=schemas.WebhookIn,
    answer=schemas.WebhookWithSecret,
    idempotency=Idempotency.EXEMPT,
)
def add_webhook(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """Have events sent to a URL; the secret that signs them is shown this once.

    Gửi sự kiện đến một địa chỉ; khóa bí mật để ký chỉ hiện một lần này.
    """
    sink = current_app.config["SETTINGS"].webhook_sink
    return _with_secret(
        operations.add_webhook(organisation_id=caller.acting.id, sink=sink, now=caller.now, **body)
    )


@blueprint.operation(
    "GET",
    "/webhooks",
    access=MANAGERS,
    query=PageQuery,
    answer=page_schema(schemas.WebhookOut),
)
def list_webhooks(caller: Caller, query: dict[str, Any]) -> Page:
    """My organisation's webhooks, newest first.

    Các webhook của tổ chức tôi, mới nhất trước.
    """
    mine = select(Webhook).where(_own(caller, Webhook))
    return page(mine, order=[By(Webhook.id, descending=True)], query=query)


@blueprint.operation(
    "GET", "/webhooks/<uuid:webhook_id>", access=MANAGERS, answer=schemas.WebhookOut
)
def get_webhook(caller: Caller, webhook_id: UUID) -> Webhook:
    """One webhook; never its secret.

    Một webhook; không hiện khóa bí mật.
    """
    return queries.get_webhook(webhook_id, seen=_own(caller, Webhook))


@blueprint.operation("DELETE", "/webhooks/<uuid:webhook_id>", access=MANAGERS)
def delete_webhook(caller: Caller, webhook_id: UUID) -> None:
    """Send nothing more to a webhook and forget its log.

    Xóa một webhook và nhật ký gửi của nó.
    """
    operations.delete_webhook(webhook=_locked(caller, webhook_id))


@blueprint.operation(
    "POST",
    "/webhooks/<uuid:webhook_id>/secret",
    access=MANAGERS,
    answer=schemas.WebhookWithSecret,
    idempotency=Idempotency.EXEMPT,
)
def rotate_secret(caller: Caller, webhook_id: UUID) -> dict[str, Any]:
    """A new secret, shown this once; for a day the one before signs as well.

    Đổi khóa bí mật, chỉ hiện một lần này; trong một ngày khóa cũ vẫn cùng ký.
    """
    webhook = _locked(caller, webhook_id)
    return _with_secret(operations.rotate_secret(webhook=webhook, now=caller.now))


@blueprint.operation(
    "POST",
    "/webhooks/<uuid:webhook_id>/activation",
    access=MANAGERS,
    answer=schemas.WebhookOut,
    status=200,
)
def enable_webhook(caller: Caller, webhook_id: UUID) -> Webhook:
    """Send to a disabled webhook again from now on.

    Bật lại một webhook đã ngừng.
    """
    return operations.enable(webhook=_locked(caller, webhook_id))


@blueprint.operation(
    "POST", "/webhooks/<uuid:webhook_id>/test", access=MANAGERS, answer=schemas.WebhookDeliveryOut
)
def try_webhook_out(caller: Caller, webhook_id: UUID) -> WebhookDelivery:
    """Send a ping; what came of it stands in the log.

    Gửi thử một tín hiệu; kết quả nằm trong nhật ký gửi.
    """
    webhook = queries.get_webhook(webhook_id, seen=_own(caller, Webhook))
    return operations.ping(webhook=webhook, now=caller.now)


@blueprint.operation(
    "GET",
    "/webhooks/<uuid:webhook_id>/deliveries",
    access=MANAGERS,
    query=schemas.WebhookDeliveryQuery,
    answer=page_schema(schemas.WebhookDeliveryOut),
)
def list_deliveries(caller: Caller, webhook_id: UUID, query: dict[str, Any]) -> Page:
    """What was sent to a webhook and what came of it, newest first.

    Nhật ký gửi của một webhook, mới nhất trước.
    """
    webhook = queries.get_webhook(webhook_id, seen=_own(caller, Webhook))
    sent = queries.deliveries_of(webhook)
    if "status" in query:
        sent = sent.where(WebhookDelivery.status == query["status"])
    return page(sent, order=[By(WebhookDelivery.id, descending=True)], query=query)


@blueprint.operation(
    "GET",
    "/webhook-deliveries/<uuid:delivery_id>",
    access=MANAGERS,
    answer=schemas.WebhookDeliveryOut,
)
def get_delivery(caller: Caller, delivery_id: UUID) -> WebhookDelivery:
    """One event sent to a webhook.

    Một sự kiện đã gửi đến webhook.
    """
    return queries.get_delivery(delivery_id, seen=_own(caller, WebhookDelivery))


@blueprint.operation(
    "POST",
    "/webhook-deliveries/<uuid:delivery_id>/resending",
    access=MANAGERS,
    answer=schemas.WebhookDeliveryOut,
    status=200,
)
def send_again(caller: Caller, delivery_id: UUID) -> WebhookDelivery:
    """Send an event once more.

    Gửi lại một sự kiện.
    """
    found = queries.get_delivery(delivery_id, seen=_own(caller, WebhookDelivery), lock=True)
    webhook = queries.get_webhook(found.webhook_id, seen=_own(caller, Webhook))
    return operations.send_again(delivery=found, webhook=webhook, now=caller.now)


def _own(caller: Caller, table: type[Webhook] | type[WebhookDelivery]) -> Any:
    return table.organisation_id == caller.acting.id


def _locked(caller: Caller, webhook_id: UUID) -> Webhook:
    return queries.get_webhook(webhook_id, seen=_own(caller, Webhook), lock=True)


def _with_secret(webhook: Webhook) -> dict[str, Any]:
    shown = {column.key: getattr(webhook, column.key) for column in Webhook.__table__.columns}
    key = current_app.config["SECRET_KEY"]
    return {**shown, "secret": secret_of(webhook.id, webhook.secret_number, key=key)}
