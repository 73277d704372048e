"""Ports on this machine."""

import random
import socket

# Below the ports Linux lends to outgoing connections, so that a restarted server finds its own
# port free; the well-known ports of other servers are far below.
PORTS = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Loopback ports nobody listens on now; somebody may still bind one before we do."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        if len(found) == count:
            break
        if is_free("127.0.0.1", port):
            found.append(port)
    return found


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return False
    return True
