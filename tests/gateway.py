"""A gateway for text messages that behaves badly on purpose, and a mailbox that does not."""

import json
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from flask import Flask

from app.core.embedded.ports import free_ports


@dataclass
class Gateway:
    """Takes messages as told: ``ok``, ``hang``, or a status to answer with; ``rubbish``, ``error``.

    What comes after the last word it was told is taken.
    """

    url: str = ""
    told: deque[str | int] = field(default_factory=deque)
    asked: list[dict[str, Any]] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    released: threading.Event = field(default_factory=threading.Event)

    def texts(self) -> list[str]:
        return [one["text"] for one in self.asked]


@contextmanager
def a_gateway() -> Iterator[Gateway]:
    gateway = Gateway()

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            gateway.asked.append(body)
            word = gateway.told.popleft() if gateway.told else "ok"
            if word == "hang":
                gateway.released.wait()
                return
            if word == "ok":
                gateway.taken[body.get("id") or body["tracking_id"]] += 1
                self.answer(200, json.dumps({"id": f"gw-{len(gateway.asked)}", "error": 0}))
            elif word == "rubbish":
                self.answer(200, "<html>we are fine</html>")
            elif word == "error":
                self.answer(200, json.dumps({"error": -118}))
            else:
                self.answer(int(word), "{}")

        def answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    gateway.url = f"http://127.0.0.1:{server.server_port}/messages"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield gateway
    finally:
        gateway.released.set()
        server.shutdown()
        server.server_close()


@dataclass
class Mailbox:
    """What a mail server has taken."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:
        if address in self.refused:
            return "550 No such user"
        envelope.rcpt_tos.append(address)
        return "250 Fine"

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 Taken"


@contextmanager
def a_mailbox() -> Iterator[Mailbox]:
    (port,) = free_ports(1)
    mailbox = Mailbox(f"smtp://127.0.0.1:{port}")
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, ready_timeout=300)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


@contextmanager
def settings(app: Flask, **changes: str) -> Iterator[None]:
    """The application with other settings for a while."""
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, **changes)
    try:
        yield
    finally:
        app.config["SETTINGS"] = before
