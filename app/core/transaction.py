"""One request, or one step of a task, is one transaction; nothing leaves the house before commit."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from app.core.db import db

T = TypeVar("T")

ATTEMPTS = 4
RETRIED = {"40001", "40P01"}
_PENDING = "after_commit"


@contextmanager
def transaction() -> Iterator[None]:
    """Commit what happens inside, or nothing of it.

    Calls registered through :func:`after_commit` run once the commit has succeeded.
    """
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.info.pop(_PENDING, None)
        db.session.rollback()
        raise
    for call in db.session.info.pop(_PENDING, []):
        call()


def after_commit(call: Callable[[], object]) -> None:
    """Have ``call`` run when the present transaction has committed; once, however often asked."""
    pending = db.session.info.setdefault(_PENDING, [])
    if call not in pending:
        pending.append(call)


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
