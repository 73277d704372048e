"""Guessing passwords is slow: a login that keeps failing has to wait."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from redis.exceptions import RedisError

from app.accounts.identity import login_name
from app.accounts.operations import SignInFailed
from app.core.errors import Problem, Unavailable
from app.core.limiting import limiter

FAILURES = RateLimitItemPerMinute(10, 15, "sign-in")


class TooManySignIns(Problem):
    status, code = 429, "too_many_sign_ins"
    vi = "Đăng nhập sai quá nhiều lần, xin thử lại sau 15 phút."
    en = "Too many failed sign-ins; please try again in 15 minutes."

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(15 * 60)}


@contextmanager
def sign_in_attempt(login: str) -> Iterator[None]:
    """Let somebody try to sign in, unless this login has failed too often.

    Raises:
        TooManySignIns: ten failures within a quarter of an hour. Unavailable: nobody counts now.
    """
    failures = limiter()
    stored = login_name(login) or login.strip().lower()
    who = hashlib.sha256(stored.encode()).hexdigest()
    try:
        if not failures.test(FAILURES, who):
            raise TooManySignIns
        try:
            yield
        except SignInFailed:
            failures.hit(FAILURES, who)
            raise
    except (RedisError, StorageError):
        raise Unavailable from None
