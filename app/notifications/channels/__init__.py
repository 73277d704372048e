"""How messages leave the house. Every channel is a :class:`Sender`; nothing else is asked of it.

What people read in the application needs no sending: the notification itself is that channel.
"""

from typing import Protocol

from app.config import Settings
from app.notifications.channels.mail import MailServer
from app.notifications.channels.message import ChannelDown, Message, Receipt, RefusedForGood
from app.notifications.channels.sms import SmsGateway
from app.notifications.channels.zalo import ZaloTemplates
from app.notifications.models import Channel

__all__ = ["ChannelDown", "Message", "Receipt", "RefusedForGood", "Sender", "sender"]


class Sender(Protocol):
    """Sends one message at a time; several threads may share it."""

    def send(self, message: Message) -> Receipt:
        """Hand a message over; the same ``id`` again is the same message.

        Raises:
            RefusedForGood: another try would change nothing. ChannelDown: nobody answers, so
            that other messages need not be tried now. Anything else: try this one later.
        """

    def close(self) -> None:
        """Let go of connections."""


def sender(channel: Channel, settings: Settings) -> Sender | None:
    """Who sends by a channel; None where the environment names no gateway for it."""
    if channel == Channel.EMAIL:
        return MailServer(settings.smtp_url, settings.mail_from)
    if channel == Channel.SMS and settings.sms_url:
        return SmsGateway(settings.sms_url, settings.sms_token)
    if channel == Channel.ZALO and settings.zalo_token:
        templates = {"vi": settings.zalo_template_vi, "en": settings.zalo_template_en}
        return ZaloTemplates(settings.zalo_url, settings.zalo_token, templates)
    return None
