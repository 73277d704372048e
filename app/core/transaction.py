"""One request or one step of a task is one transaction; nothing is sent before it commits."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from app.core.after_commit import take_pending
from app.core.db import db

T = TypeVar("T")

ATTEMPTS = 4
RETRIED = {"40001", "40P01"}


@contextmanager
def transaction() -> Iterator[None]:
    """Commit what happens inside, or nothing of it.

    Calls that wait for it (see `after_commit.py`) run once the commit has succeeded.
    """
    try:
        yield
        db.session.commit()
    except BaseException:
        take_pending()
        db.session.rollback()
        raise
    for call in take_pending():
        call()


def retried(unit: Callable[[], T]) -> T:
    """Run a whole unit of work again when PostgreSQL chose it as the victim of a conflict.

    At most :data:`ATTEMPTS` times, with a short jittered pause; only serialisation failures and
    deadlocks count (SQLSTATE 40001 and 40P01).
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return unit()
        except OperationalError as fault:
            if getattr(fault.orig, "sqlstate", None) not in RETRIED or attempt == ATTEMPTS:
                raise
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)
    raise AssertionError("unreachable")
