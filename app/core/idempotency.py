"""The same request sent twice has one effect.

The key is claimed with an advisory lock that ends with the transaction, so a twin in flight is
told so at once; the answer is saved in the transaction of its effect.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import CheckConstraint, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, db
from app.core.errors import Problem

KEPT = timedelta(hours=48)
LONGEST_KEY = 255


class Idempotency(Enum):
    """What a POST makes of an ``Idempotency-Key``."""

    REQUIRED = "required"
    ACCEPTED = "accepted"
    EXEMPT = "exempt"


class SavedAnswer(Base):
    """The first 2xx answer given to an account's key on a route."""

    __tablename__ = "saved_answer"
    __table_args__ = (CheckConstraint("status BETWEEN 200 AND 299", name="status"),)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int]
    body: Mapped[str]
    saved_at: Mapped[datetime] = mapped_column(index=True)


class KeyMissing(Problem):
    status, code = 400, "idempotency_key_missing"
    vi = "Thiếu Idempotency-Key."
    en = "An Idempotency-Key is needed here."


class KeyUnfit(Problem):
    status, code = 400, "idempotency_key_unfit"
    vi = f"Idempotency-Key phải dài từ 1 đến {LONGEST_KEY} ký tự in được."
    en = f"An Idempotency-Key has 1 to {LONGEST_KEY} printable characters."


class KeyReused(Problem):
    status, code = 422, "idempotency_key_reused"
    vi = "Idempotency-Key này đã dùng cho một nội dung khác."
    en = "This Idempotency-Key was used with another body."


class RequestInFlight(Problem):
    status, code = 409, "request_in_flight"
    vi = "Yêu cầu giống hệt đang được xử lý."
    en = "The same request is being handled right now."

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}


def stated_key(idempotency: Idempotency | None) -> str | None:
    """The request's key, or None where it has none or the route takes none.

    Raises:
        KeyMissing: the route requires one. KeyUnfit: it cannot be one.
    """
    if idempotency is None or idempotency is Idempotency.EXEMPT:
        return None
    key = request.headers.get("Idempotency-Key")
    if key is None:
        if idempotency is Idempotency.REQUIRED:
            raise KeyMissing
        return None
    if not is_fit(key):
        raise KeyUnfit
    return key


def is_fit(key: str) -> bool:
    """Whether it can be a key: from 1 to ``LONGEST_KEY`` characters that can be printed."""
    return 1 <= len(key) <= LONGEST_KEY and key.isprintable()


def replay_or_run(
    view: Callable[[], Response],
    *,
    account: UUID,
    key: str,
    now: datetime,
    body: bytes | None = None,
) -> Response:
    """The saved answer of this key, or the view's own, saved if it is a 2xx.

    Args:
        body: what must not differ from the first time; the request's own where it is left out.

    Raises:
        RequestInFlight: a twin holds the key now. KeyReused: it came with another body before.
    """
    name = (account, request.path, key)
    _claim(name)
    fingerprint = fingerprint_of(request.get_data() if body is None else body)
    saved = db.session.get(SavedAnswer, name)
    if saved is not None:
        if saved.fingerprint != fingerprint:
            raise KeyReused(first=saved.body)
        answer = Response(saved.body, saved.status, content_type="application/json")
        answer.headers["Idempotent-Replayed"] = "true"
        return answer
    answer = view()
    if 200 <= answer.status_code < 300:
        db.session.add(
            SavedAnswer(
                account_id=account,
                route=request.path,
                key=key,
                fingerprint=fingerprint,
                status=answer.status_code,
                body=answer.get_data(as_text=True),
                saved_at=now,
            )
        )
    return answer


def saved_alike(*, account: UUID, key: str, body: bytes, since: datetime) -> SavedAnswer | None:
    """What this route answered the account for the same body under another key, the newest.

    None where this very key was answered before.

    Raises:
        RequestInFlight: the same body is being handled now.
    """
    fingerprint = fingerprint_of(body)
    _claim((account, request.path, fingerprint))
    if db.session.get(SavedAnswer, (account, request.path, key)) is not None:
        return None
    return db.session.scalar(
        select(SavedAnswer)
        .where(
            SavedAnswer.account_id == account,
            SavedAnswer.route == request.path,
            SavedAnswer.fingerprint == fingerprint,
            SavedAnswer.saved_at >= since,
        )
        .order_by(SavedAnswer.saved_at.desc())
        .limit(1)
    )


def fingerprint_of(body: bytes) -> str:
    """A digest of a body that does not mind white space or the order of its names."""
    with suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    return hashlib.sha256(body).hexdigest()


def forget_old_answers(*, now: datetime) -> None:
    """Delete answers older than :data:`KEPT`."""
    db.session.execute(delete(SavedAnswer).where(SavedAnswer.saved_at < now - KEPT))


def _claim(name: tuple[Any, ...]) -> None:
    """Keep twins off until the transaction ends.

    Raises:
        RequestInFlight: one of them holds the name now.
    """
    if not db.session.scalar(select(func.pg_try_advisory_xact_lock(_lock_number(name)))):
        raise RequestInFlight


def _lock_number(name: tuple[Any, ...]) -> int:
    digest = hashlib.sha256("\x1f".join(map(str, name)).encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
