"""Keys that sort by age, made here so that many rows can be written at once."""

import random
import threading
import time
from uuid import UUID

_NANOSECONDS = 1_000_000
_FRACTIONS = 1 << 12
_lock = threading.Lock()
_last = 0


def uuid7() -> UUID:
    """A UUID of version 7, as PostgreSQL's own `uuidv7()` makes it (RFC 9562, method 3).

    48 bits of Unix milliseconds, 12 of their fraction, 62 of chance; those of one process ascend.
    An id is no secret, so the chance need not be one; it is seeded anew in every forked process.
    """
    global _last  # noqa: PLW0603
    with _lock:
        _last = max(time.time_ns() * _FRACTIONS // _NANOSECONDS, _last + 1)
        tick = _last
    milliseconds, fraction = divmod(tick, _FRACTIONS)
    chance = random.getrandbits(62)
    return UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | chance)
