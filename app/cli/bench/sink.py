"""Servers that take everything at once and remember when and for whom: mail and webhooks."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

READY = {b"EHLO": b"250-sink\r\n250 8BITMIME\r\n", b"QUIT": b"221 bye\r\n"}


@dataclass
class Sink:
    """What has arrived: when for each mail, and how many for each addressee."""

    port: int = 0
    arrived: int = 0
    last_at: float = 0.0
    by_address: Counter[str] = field(default_factory=Counter)

    def url(self, scheme: str) -> str:
        """Where it listens."""
        return f"{scheme}://127.0.0.1:{self.port}"

    def take(self, address: str) -> None:
        self.arrived += 1
        self.last_at = time.perf_counter()
        self.by_address[address] += 1


class _Conversation(asyncio.Protocol):
    """Just enough of SMTP (RFC 5321) for a client that speaks in order."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.waiting = b""
        self.address = ""
        self.in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while True:
            end = b"\r\n.\r\n" if self.in_data else b"\r\n"
            head, found, rest = self.waiting.partition(end)
            if not found:
                return
            self.waiting = rest
            if self.in_data:
                self.in_data = False
                self.sink.take(self.address)
                self.transport.write(b"250 taken\r\n")
            else:
                self._answer(head)

    def _answer(self, line: bytes) -> None:
        word = line[:4].upper()
        if word == b"RCPT":
            self.address = line.partition(b"<")[2].partition(b">")[0].decode()
        if word == b"DATA":
            self.in_data = True
            self.transport.write(b"354 go on\r\n")
            return
        self.transport.write(READY.get(word, b"250 fine\r\n"))


class _Receiver(asyncio.Protocol):
    """Just enough of HTTP/1.1 (RFC 9112) for a client that sends one POST and closes."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        head, found, body = self.waiting.partition(b"\r\n\r\n")
        announced = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if found and len(body) >= int(announced or 0):
            self.sink.take(head.partition(b" HTTP")[0].decode())
            self.transport.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            self.transport.close()


@contextmanager
def a_sink(kind: Callable[[Sink], asyncio.Protocol] = _Conversation) -> Iterator[Sink]:
    """Run a sink for mail, or of another kind, in a thread of its own."""
    sink, loop, started = Sink(), asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        server = await loop.create_server(lambda: kind(sink), "127.0.0.1", 0)
        sink.port = server.sockets[0].getsockname()[1]
        started.set()

    def run() -> None:
        loop.create_task(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


@contextmanager
def a_receiver() -> Iterator[Sink]:
    """A sink for webhooks."""
    with a_sink(_Receiver) as sink:
        yield sink
