"""Standard Webhooks headers: https://github.com/standard-webhooks/standard-webhooks (version 1)."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

from standardwebhooks.webhooks import Webhook as Signer

PREFIX = "whsec_"
# A receiver has this long to take up a new secret; meanwhile both sign.
BOTH_SIGN = timedelta(days=1)


def secret_of(webhook_id: UUID, number: int, *, key: str) -> str:
    """The secret numbered so; derived from the installation's key, so that it is stored nowhere."""
    digest = hmac.digest(key.encode(), f"webhook:{webhook_id}:{number}".encode(), hashlib.sha256)
    return PREFIX + base64.b64encode(digest).decode()


def secrets_in_force(
    webhook_id: UUID, number: int, rotated_at: datetime | None, *, key: str, now: datetime
) -> list[str]:
    """The newest secret and, for a day after it came, the one before."""
    numbers = [number]
    if rotated_at is not None and now < rotated_at + BOTH_SIGN:
        numbers.append(number - 1)
    return [secret_of(webhook_id, one, key=key) for one in numbers]


def signed_headers(
    event_id: UUID, body: str, *, secrets: list[str], now: datetime
) -> dict[str, str]:
    """The headers by which a receiver knows who sent this body and when.

    Args:
        event_id: the same for every try, so that a receiver can tell a repetition.
        now: aware, in UTC.
    """
    signatures = [Signer(secret).sign(str(event_id), now, body) for secret in secrets]
    return {
        "webhook-id": str(event_id),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
