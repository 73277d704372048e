"""SMS by a gateway over HTTP.

The gateway takes ``{"id", "to", "text", "receipts"}`` and answers ``{"id"}``, its own name for the
message; the same ``id`` again is the same message. It may later POST ``{"signature", "status"}`` to
``receipts.url``: the signature it was given there, and ``delivered``, or ``undelivered`` with a
``reason``.
"""

from app.notifications.channels.gateway import Gateway
from app.notifications.channels.message import Message, Receipt

LONGEST = 600


class SmsGateway:
    """A generic gateway, authorised by a bearer token."""

    def __init__(self, url: str, token: str) -> None:
        self._gateway = Gateway(url, {"Authorization": f"Bearer {token}"} if token else {})

    def send(self, message: Message) -> Receipt:
        told = self._gateway.post(
            {
                "id": message.id,
                "to": message.address,
                "text": text(message),
                "receipts": message.receipts,
            }
        )
        name = told.get("id")
        if not isinstance(name, str) or not name:
            raise ValueError("the answer names no message")
        return Receipt(name[:200])

    def close(self) -> None:
        self._gateway.close()


def text(message: Message) -> str:
    """Subject and body in one, as short as a few text messages."""
    whole = f"{message.subject}: {message.body}" if message.subject else message.body
    return whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…"
