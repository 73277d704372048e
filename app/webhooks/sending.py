"""One POST to one receiver, who may be late, endless or ill-willed.

Only the status line counts. Nothing is followed, at most 64 kB of an answer's head are read and
none of its content, and whoever has not answered in ten seconds has not answered.
"""

import re
import socket
import ssl
import time
from dataclasses import dataclass
from functools import cache

from app.webhooks.guard import AddressRefused, Target, resolve

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 10.0
MOST_BYTES = 64 * 1024
STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r]")
END_OF_HEAD = b"\r\n\r\n"
AGENT = "Blao-Webhooks/1"


@dataclass(frozen=True)
class Outcome:
    """What came of it: a status, or a fault where no answer came."""

    status: int | None = None
    fault: str | None = None

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """The receiver wants nothing more, ever."""
        return self.status == 410

    @property
    def error(self) -> str | None:
        return None if self.taken else self.fault or f"answered {self.status}"


def post(url: str, body: bytes, headers: dict[str, str], *, sink: str = "") -> Outcome:
    """Send a body and see what comes of it; never raises for what a receiver does."""
    try:
        target = resolve(url, sink=sink)
        with _connected(target) as connection:
            deadline = time.monotonic() + ANSWER_SECONDS
            connection.settimeout(ANSWER_SECONDS)
            connection.sendall(_request(target, body, headers))
            return Outcome(status=_status(connection, deadline))
    except AddressRefused as fault:
        return Outcome(fault=f"address refused: {fault}")
    except TimeoutError:
        return Outcome(fault="no answer in time")
    except ssl.SSLError as fault:
        return Outcome(fault=f"no secure connection: {fault.reason}")
    except (OSError, ValueError) as fault:
        return Outcome(fault=type(fault).__name__)


def _connected(target: Target) -> socket.socket:
    """A connection to the address that was judged; the certificate must be the name's."""
    plain = socket.create_connection((target.address, target.port), timeout=CONNECT_SECONDS)
    if not target.encrypted:
        return plain
    try:
        name = target.host.rpartition("@")[2]
        host = name.rpartition(":")[0] if re.search(r":[0-9]*$", name) else name
        return _tls().wrap_socket(plain, server_hostname=host.strip("[]"))
    except BaseException:
        plain.close()
        raise


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _request(target: Target, body: bytes, headers: dict[str, str]) -> bytes:
    lines = {
        "Host": target.host,
        "User-Agent": AGENT,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {target.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body


def _status(connection: socket.socket, deadline: float) -> int:
    """The status of the answer; interim answers (1xx) are passed over.

    Raises:
        TimeoutError: not by then. ValueError: no HTTP, or too much of it.
    """
    head = b""
    while len(head) < MOST_BYTES:
        while END_OF_HEAD in head:
            found = STATUS.match(head)
            if found is None:
                raise ValueError("no HTTP answer")
            status = int(found[1])
            if status >= 200:
                return status
            head = head.partition(END_OF_HEAD)[2]
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        piece = connection.recv(4096)
        if not piece:
            raise ConnectionError("closed before an answer")
        head += piece
    raise ValueError("too long an answer")
