"""Entries that a cooperative makes for a member, and how the member confirmed them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Capacity, Represented, one_of
from app.core.db import Base, Identified
from app.core.errors import Problem


class Method(StrEnum):
    """How the farmer confirms: a code read from a message, or a signature on paper."""

    SMS = "sms"
    PAPER = "paper"


class EntryStatus(StrEnum):
    WAITING = "waiting"
    CONFIRMED = "confirmed"


MOST_TRIES, MOST_CODES = 5, 5


class EntryNotWaiting(Problem):
    status, code = 409, "entry_not_waiting"
    vi = "Phần nhập thay này đã được xác nhận."
    en = "This entry has been confirmed already."


class CodeUsedUp(Problem):
    status, code = 409, "code_used_up"
    vi = "Mã đã hết hạn hoặc nhập sai quá nhiều lần; hãy gửi mã khác."
    en = "The code has run out or was wrong too often; please send another one."


class NoMoreCodes(Problem):
    status, code = 409, "no_more_codes"
    vi = "Đã gửi quá nhiều mã cho phần nhập này; hãy nhập lại hoặc dùng giấy có chữ ký."
    en = "Too many codes were sent for this entry; please enter it anew, or use a signed paper."


class WrongCode(Problem):
    status, code = 422, "wrong_code"
    vi = "Mã không đúng, còn {left} lần thử."
    en = "That is not the code. Tries left: {left}."
    leaves_trace = True


class NoTelephone(Problem):
    status, code = 422, "no_telephone"
    vi = "Chủ hộ chưa khai số điện thoại; hãy dùng giấy có chữ ký."
    en = "The farm's owner has stated no telephone number; please use a signed paper."


class Entry(Represented, Identified, Base):
    """A lot as a collector of ``agent_id`` entered it for a member; declared once confirmed.

    ``content`` is the lot as it was sent. The code that goes to ``phone`` is derived from the id
    and ``codes``, the number of codes sent, and is kept nowhere; ``tries`` counts wrong ones.
    """

    __tablename__ = "assisted_entry"
    __table_args__ = (
        one_of("capacity", Capacity),
        one_of("method", Method),
        one_of("status", EntryStatus),
        CheckConstraint("(capacity = 'agent') = (agent_id IS NOT NULL)", name="agent_named"),
        CheckConstraint("(method = 'paper') = (paper_reference IS NOT NULL)", name="paper_named"),
        CheckConstraint("(method = 'sms') = (phone IS NOT NULL)", name="phone_named"),
        CheckConstraint("(status = 'confirmed') = (lot_id IS NOT NULL)", name="confirmed_declared"),
        CheckConstraint("(lot_id IS NULL) = (confirmed_at IS NULL)", name="confirmed_when"),
        CheckConstraint(f"codes BETWEEN 0 AND {MOST_CODES}", name="codes_within"),
        CheckConstraint(f"tries BETWEEN 0 AND {MOST_TRIES}", name="tries_within"),
    )

    entered_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    content: Mapped[dict[str, Any]]
    method: Mapped[str]
    paper_reference: Mapped[str | None]
    phone: Mapped[str | None]
    codes: Mapped[int] = mapped_column(default=0, server_default="0")
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    status: Mapped[str]
    entered_at: Mapped[datetime]
    code_until: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("lot.id"))

    @property
    def tries_left(self) -> int:
        """How many wrong codes there may still be before another has to be sent."""
        return MOST_TRIES - self.tries
