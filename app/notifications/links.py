"""Links that work without signing in: each carries a signature for what it may do, no more."""

import hashlib
import hmac
from uuid import UUID

from app.config import Settings
from app.notifications.models import Channel, Dispatch


def unsubscribe_link(dispatch: Dispatch, settings: Settings) -> str | None:
    """Where the reader of a mail can end such mails; None for a code, which nobody can refuse."""
    if dispatch.channel != Channel.EMAIL or dispatch.person_id is None or dispatch.code_kind:
        return None
    person_id, topic = dispatch.person_id, dispatch.topic
    signature = signed("unsubscribe", person_id, topic, secret=settings.secret_key)
    return f"{outside(settings)}/unsubscribe/{person_id}/{topic}/{signature}"


def receipts_link(dispatch: Dispatch, settings: Settings) -> dict[str, str] | None:
    """Where and with which signature a gateway can tell what became of a text message."""
    if dispatch.channel == Channel.EMAIL:
        return None
    signature = signed("receipt", dispatch.id, "", secret=settings.secret_key)
    url = f"{outside(settings)}/api/v1/dispatches/{dispatch.id}/receipts"
    return {"url": url, "signature": signature}


def signed(purpose: str, subject: UUID, about: str, *, secret: str) -> str:
    """The signature of one purpose for one subject."""
    text = f"{purpose}:{subject}:{about}".encode()
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()[:40]


def is_signed(signature: str, purpose: str, subject: UUID, about: str, *, secret: str) -> bool:
    """Whether the signature is the house's own."""
    expected = signed(purpose, subject, about, secret=secret)
    return hmac.compare_digest(signature.encode(), expected.encode())


def outside(settings: Settings) -> str:
    """Where the house is found from outside, without a slash at the end."""
    return (settings.public_url or "http://127.0.0.1:8000").rstrip("/")
