"""Where webhooks may go: public addresses only, judged after the name was resolved.

A name is resolved once, every address it stands for must be global, and the connection goes to one
of those addresses; so nobody can point us at our own house by a name that changes its mind.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LONGEST_URL = 2000
HTTPS_PORT = 443
# What routers carry through the world; an address that holds an IPv4 address within itself
# (mapped, NAT64, 6to4, Teredo) could lead anywhere and is not needed by any receiver.
UNICAST = ipaddress.IPv6Network("2000::/3")
SPECIAL = tuple(
    ipaddress.ip_network(one)
    for one in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
FORBIDDEN = re.compile(r"[\s\x00-\x1f\x7f\\]")


class AddressRefused(Exception):
    """This is no place for a webhook; the text says why, and never to which address it led."""


@dataclass(frozen=True)
class Target:
    """Where to connect, and what to ask for there."""

    address: str
    port: int
    host: str
    path: str
    encrypted: bool


def check_url(url: str, *, sink: str = "") -> SplitResult:
    """The parts of a URL that may name a webhook.

    Args:
        sink: an origin (``http://127.0.0.1:8080``) that is let through for tests and benches.

    Raises:
        AddressRefused: not https, with a user name or a fragment, or an address that is not global.
    """
    if FORBIDDEN.search(url) or len(url) > LONGEST_URL or not url.isascii():
        raise AddressRefused("not a URL")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("not a URL") from None
    if is_sink(url, sink):
        return parts
    if parts.scheme != "https":
        raise AddressRefused("not https")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise AddressRefused("a user name or a fragment in the URL")
    if not parts.hostname or port == 0:
        raise AddressRefused("not a URL")
    stated = _stated_address(parts.hostname)
    if stated is not None:
        check_address(stated)
    return parts


def _stated_address(host: str) -> Address | None:
    """The address that a host states by itself, also in the old ways of writing one (``127.1``,
    ``0x7f000001``), which resolvers understand; None for a name."""
    plain = host.rstrip(".")
    try:
        return ipaddress.ip_address(plain)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(plain))
    except OSError:
        return None


def resolve(url: str, *, sink: str = "") -> Target:
    """The one address to connect to for a URL.

    Raises:
        AddressRefused: see :func:`check_url`; or one of the name's addresses is not global.
        OSError: the name cannot be resolved now.
    """
    parts = check_url(url, sink=sink)
    host = parts.hostname or ""
    ours = is_sink(url, sink)
    port = parts.port or HTTPS_PORT
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if not addresses:
        raise OSError("the name stands for no address")
    if not ours:
        for one in addresses:
            check_address(ipaddress.ip_address(one))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(addresses[0], port, parts.netloc, path, encrypted=not ours)


def check_address(address: Address) -> None:
    """Let a global unicast address through.

    Raises:
        AddressRefused: it is anything else.
    """
    special = any(address in one for one in SPECIAL if one.version == address.version)
    unicast = address.version == 4 or address in UNICAST
    if special or not unicast or not address.is_global or address.is_multicast:
        raise AddressRefused("an address that is not public")


def is_sink(url: str, sink: str) -> bool:
    """Whether a URL lies at the origin that is let through."""
    return bool(sink) and (url == sink or url.startswith(f"{sink}/"))
