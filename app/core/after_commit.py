"""What waits for the present transaction to commit, and is forgotten if it does not."""

from collections.abc import Callable

from app.core.db import db

_PENDING = "after_commit"


def after_commit(call: Callable[[], object]) -> None:
    """Have ``call`` run when the present transaction has committed; equal calls run once."""
    pending = db.session.info.setdefault(_PENDING, [])
    if call not in pending:
        pending.append(call)


def take_pending() -> list[Callable[[], object]]:
    """The calls that wait, which from now on wait no more."""
    pending: list[Callable[[], object]] = db.session.info.pop(_PENDING, [])
    return pending
