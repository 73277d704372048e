"""What every channel is handed and answers."""

from dataclasses import dataclass

TIMEOUT = 5.0


class RefusedForGood(Exception):
    """The channel will never take this message."""


class ChannelDown(Exception):
    """The channel does not answer, or not in time."""


@dataclass(frozen=True)
class Message:
    """A message to one address, every place in it filled.

    ``unsubscribe`` is a link that ends such messages with one click; ``receipts`` is where, and
    with which ``signature``, the channel may tell later what became of it. Both may be missing.
    """

    id: str
    address: str
    locale: str
    subject: str
    body: str
    unsubscribe: str | None = None
    receipts: dict[str, str] | None = None


@dataclass(frozen=True)
class Receipt:
    """That a channel has taken a message, and by which name it knows it."""

    provider_id: str | None = None
