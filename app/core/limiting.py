"""How often something was done, counted in Valkey, so that it can be refused for a while."""

from flask import Flask, current_app
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter


def install(app: Flask, redis_url: str) -> None:
    """Count in Valkey. Connecting is left to the first count."""
    storage = storage_from_string(redis_url, wrap_exceptions=True, socket_connect_timeout=1)
    app.extensions["limiter"] = FixedWindowRateLimiter(storage)


def limiter() -> FixedWindowRateLimiter:
    """The application's counter.

    It raises ``StorageError`` or ``RedisError`` where Valkey is away.
    """
    counter: FixedWindowRateLimiter = current_app.extensions["limiter"]
    return counter
