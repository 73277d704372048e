"""E-mail by SMTP, as text and HTML."""

import smtplib
import threading
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from html import escape
from urllib.parse import parse_qs, unquote, urlsplit

from app.core import clock
from app.notifications.channels.message import (
    TIMEOUT,
    ChannelDown,
    Message,
    Receipt,
    RefusedForGood,
)

NOT_NOW = 421
WIRE = compat32.clone(linesep="\r\n", max_line_length=900)
ENDING = {"vi": "Không nhận thư về việc này nữa", "en": "No more mail about this"}


class MailServer:
    """Where mail is handed over: ``smtp://user:password@host:port?starttls=1`` or ``smtps://…``.

    Each thread keeps a connection open for as long as the server is used.
    """

    def __init__(self, url: str, sender: str) -> None:
        self.url, self.sender = url, sender
        self._own = threading.local()
        self._open: list[smtplib.SMTP] = []

    def send(self, message: Message) -> Receipt:
        """Hand one message over; a 5xx answer refuses it for good."""
        mail = as_mail(message, sender=self.sender).as_bytes()
        try:
            self._connection().sendmail(parseaddr(self.sender)[1], [message.address], mail)
        except smtplib.SMTPRecipientsRefused as fault:
            codes = [code for code, _ in fault.recipients.values()]
            if all(code >= 500 for code in codes):
                raise RefusedForGood(str(codes)) from fault
            raise
        except smtplib.SMTPResponseException as fault:
            if fault.smtp_code == NOT_NOW or isinstance(
                fault, smtplib.SMTPConnectError | smtplib.SMTPAuthenticationError
            ):
                self._forget()
                raise ChannelDown(str(fault)) from fault
            if fault.smtp_code >= 500:
                raise RefusedForGood(str(fault.smtp_code)) from fault
            raise
        except (OSError, smtplib.SMTPServerDisconnected) as fault:
            self._forget()
            raise ChannelDown(repr(fault)) from fault
        return Receipt()

    def close(self) -> None:
        for connection in self._open:
            connection.close()
        self._open.clear()

    def _connection(self) -> smtplib.SMTP:
        found: smtplib.SMTP | None = getattr(self._own, "connection", None)
        if found is None:
            found = self._connect()
            self._own.connection = found
            self._open.append(found)
        return found

    def _forget(self) -> None:
        found = getattr(self._own, "connection", None)
        if found is not None:
            found.close()
            self._open.remove(found)
        self._own.connection = None

    def _connect(self) -> smtplib.SMTP:
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


def as_mail(message: Message, *, sender: str) -> MIMEMultipart:
    """A message as multipart text and HTML; its Message-ID lets a mailbox tell a repetition.

    The older classes of the library are several times as fast as `EmailMessage`.
    """
    mail = MIMEMultipart("alternative", policy=WIRE)
    mail["From"] = formataddr(parseaddr(sender))
    mail["To"] = message.address
    mail["Subject"] = Header(message.subject, "utf-8").encode()
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{message.id}@blao.invalid>"
    text = message.body
    if message.unsubscribe:
        mail["List-Unsubscribe"] = f"<{message.unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        text += f"\n\n-- \n{ENDING[message.locale]}: {message.unsubscribe}\n"
    mail.attach(MIMEText(text, "plain", "utf-8"))
    mail.attach(MIMEText(as_html(message), "html", "utf-8"))
    return mail


def as_html(message: Message) -> str:
    """The message as a plain page that every mail program shows."""
    lines = "".join(f"<p>{escape(line)}</p>" for line in message.body.split("\n") if line)
    ending = ""
    if message.unsubscribe:
        link = f'<a href="{escape(message.unsubscribe)}">{ENDING[message.locale]}</a>'
        ending = f'<p style="color:#666;font-size:small">{link}</p>'
    return (
        f'<!doctype html><html lang="{message.locale}"><meta charset="utf-8">'
        f'<body style="font-family:sans-serif;max-width:36em"><h1 style="font-size:1.2em">'
        f"{escape(message.subject)}</h1>{lines}{ending}</body></html>"
    )
