"""A webhook never leads into our own house, by whatever name or number (experiment E19)."""

import ipaddress
import socket
from typing import Any

import pytest

from app.webhooks.guard import AddressRefused, check_address, check_url, resolve
from app.webhooks.sending import post

ADDRESSES = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.0.0.2
127.255.255.254 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1
192.0.0.8 192.0.0.170 192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255
198.51.100.7 203.0.113.9 224.0.0.1 232.1.2.3 239.255.255.250 240.0.0.1 255.255.255.255
"""
SIXES = """
:: ::1 ::ffff:0:0 100::1 2001:db8::1 2001:2::1 2001:10::1 2001::1 2001:0:4136:e378:8000:63bf::1
fc00::1 fd00:ec2::254 fdff:ffff::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 ff00::1 ff02::1 ff05::2
ff0e::1 64:ff9b:1::1 64:ff9b:1:fffe::808:808 5f00::1 3fff::1
"""
NUMBERS = """
0x7f000001 2130706433 017700000001 0177.0.0.1 0x7f.0.0.1 127.1 127.0.1 0 0x0 localhost LOCALHOST
10.1 0xa000001 167772161 0xa9fea9fe 2852039166 0251.0376.0251.0376 0xc0a80001 3232235521
"""
V4, V6, SPELT = (words.split() for words in (ADDRESSES, SIXES, NUMBERS))


def embedded() -> list[str]:
    """Every one of the IPv4 addresses within an IPv6 address that carries it."""
    carriers = ("::ffff:{}", "64:ff9b::{}", "::{}", "::ffff:0:{}")
    inside = [carrier.format(one) for one in V4 for carrier in carriers]
    six = [f"2002:{int(ipaddress.IPv4Address(one)):08x}" for one in V4]
    return inside + [f"{one[:9]}:{one[9:]}::1" for one in six]


REFUSED = [*V4, *V6, *embedded()]


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address anybody tries to connect to meanwhile."""
    tried: list[Any] = []

    def connect(address: Any, *_: Any, **__: Any) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    return tried


def names(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have every name stand for these addresses; the names that were asked for."""
    asked: list[str] = []

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_no_address_of_our_own_is_ever_connected_to(
    connections: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(REFUSED) >= 200
    for address in REFUSED:
        host = address if "." in address and ":" not in address else f"[{address}]"
        outcome = post(f"https://{host}/", b"{}", {})
        assert outcome.fault is not None, address
        assert outcome.fault.startswith("address refused"), (address, outcome)
    for address in REFUSED:
        names(monkeypatch, address)
        outcome = post("https://innocent.example.com/", b"{}", {})
        assert outcome.fault == "address refused: an address that is not public", address
    assert connections == []


@pytest.mark.parametrize("spelt", SPELT)
def test_a_number_spelt_otherwise_is_still_that_number(spelt: str, connections: list[Any]) -> None:
    outcome = post(f"https://{spelt}/", b"{}", {})
    assert outcome.status is None
    assert outcome.fault is not None
    assert connections == []


def test_one_bad_address_among_good_ones_is_enough(
    connections: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, "93.184.215.14", "10.0.0.1")
    assert post("https://example.com/", b"{}", {}).fault is not None
    assert connections == []


def test_a_name_is_looked_up_once_and_its_address_connected_to(
    connections: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = names(monkeypatch, "93.184.215.14")
    assert post("https://example.com:8443/a?b=c", b"{}", {}).fault == "ConnectionRefusedError"
    assert (asked, connections) == (["example.com"], [("93.184.215.14", 8443)])
    target = resolve("https://example.com:8443/a?b=c")
    assert (target.host, target.path, target.encrypted) == ("example.com:8443", "/a?b=c", True)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "2a00:1450:4001::1"])
def test_a_public_address_is_let_through(address: str) -> None:
    check_address(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:80801/x",
        "http://127.0.0.1:8080@example.com/",
        "http://127.0.0.1:8080.example.com/",
        "http://127.0.0.1:808/",
        "https://127.0.0.1:8080/",
    ],
)
def test_only_the_very_origin_of_the_sink_is_let_through(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url, sink="http://127.0.0.1:8080")
    assert check_url("http://127.0.0.1:8080/x", sink="http://127.0.0.1:8080").path == "/x"
