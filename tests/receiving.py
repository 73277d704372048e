"""A receiver of webhooks: a real server that behaves as the path it is asked for says."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from flask import Flask


@dataclass
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Sink:
    """What a receiver has got, and how it answers.

    ``/ok`` takes everything; a number in the path is answered as a status; ``/flaky`` fails as
    often as ``failures`` says; ``/hang`` never answers until ``holds`` is set; ``/endless`` sends
    a head without end, ``/huge`` ten gigabytes, ``/drip`` a byte a second; ``/cut`` hangs up.
    """

    port: int
    received: list[Received] = field(default_factory=list)
    failures: int = 0
    holds: threading.Event = field(default_factory=threading.Event)
    hanging: int = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def at(self, path: str) -> list[Received]:
        return [one for one in self.received if one.path == path]

    def ids(self, path: str) -> list[str]:
        """The webhook-id of everything that came to a path."""
        return [one.headers["webhook-id"] for one in self.at(path)]


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        sink = self.server.sink
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): text for name, text in self.headers.items()}
        sink.received.append(Received(self.path, headers, body))
        with suppress(OSError):
            self.answer(self.path.strip("/").split("/")[0])

    def answer(self, manner: str) -> None:
        sink = self.server.sink
        if manner.isdigit():
            self.reply(int(manner))
        elif manner == "flaky":
            sink.failures -= 1
            self.reply(500 if sink.failures >= 0 else 200)
        elif manner == "hang":
            sink.hanging += 1
            sink.holds.wait(60)
        elif manner == "endless":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                self.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")
        elif manner == "huge":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
            while True:
                self.wfile.write(b"x" * 65536)
        elif manner == "drip":
            for letter in b"HTTP/1.1 200 OK, but slowly":
                self.wfile.write(bytes([letter]))
                time.sleep(1)
        elif manner != "cut":
            self.reply(204)

    def reply(self, status: int) -> None:
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", f"{self.server.sink.origin}/ok/followed")
        self.send_header("Content-Length", "0")
        self.end_headers()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    sink: Sink

    def handle_error(self, *_: Any) -> None:
        """A sender that hangs up is no fault of ours."""


@contextmanager
def receiver() -> Iterator[Sink]:
    """A receiver on a port of its own."""
    server = Server(("127.0.0.1", 0), Handler)
    sink = server.sink = Sink(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        sink.holds.set()
        server.shutdown()
        server.server_close()


@contextmanager
def let_through(app: Flask, sink: Sink) -> Iterator[None]:
    """Have the application send to a receiver on this machine."""
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, webhook_sink=sink.origin)
    try:
        yield
    finally:
        app.config["SETTINGS"] = before


def send_webhooks(app: Flask) -> None:
    """What a worker does with the queue of webhooks when told to look."""
    from workers.webhooks import send_webhooks

    with app.app_context():
        send_webhooks.run()
