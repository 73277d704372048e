"""E-mail by SMTP."""

import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit

from app.core import clock

TIMEOUT = 10


class MailRefused(Exception):
    """The server will never take this message: another try would change nothing."""


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over: ``smtp://user:password@host:port?starttls=1`` or ``smtps://…``."""

    url: str
    sender: str

    def send(self, *, to: str, subject: str, body: str, message_id: str) -> None:
        """Hand one message over.

        Args:
            message_id: the same for every try, so that a mailbox can tell a repetition.

        Raises:
            MailRefused: refused for good (a 5xx answer). OSError, smtplib.SMTPException: try later.
        """
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = to
        message["Subject"] = subject
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = f"<{message_id}@blao.invalid>"
        message.set_content(body)
        try:
            with self._connection() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as fault:
            codes = [code for code, _ in fault.recipients.values()]
            if all(code >= 500 for code in codes):
                raise MailRefused(str(codes)) from fault
            raise
        except smtplib.SMTPResponseException as fault:
            if fault.smtp_code >= 500:
                raise MailRefused(str(fault.smtp_code)) from fault
            raise

    def _connection(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        host = parts.hostname or "127.0.0.1"
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT)
        else:
            server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT)
            if "starttls" in parse_qs(parts.query):
                server.starttls()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        return server
