"""Assisted entry: a collector enters, the farmer confirms by a code or on paper."""

from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from app.accounts.access import COLLECTORS, READERS, Caller
from app.collecting import operations, schemas
from app.collecting.models import Entry
from app.core.db import db
from app.core.errors import NotFound
from app.core.http import Blueprint
from app.core.paging import By, Page, PageQuery, page, page_schema

blueprint = Blueprint("collecting", __name__, description="Assisted entry")


@blueprint.operation(
    "POST",
    "/assisted-entries",
    access=COLLECTORS,
    body=schemas.AssistedEntryIn,
    answer=schemas.AssistedEntryOut,
)
def enter_lot(caller: Caller, body: dict[str, Any]) -> Entry:
    """Enter a lot for a member without a telephone that can; a code goes to its owner.

    Nhập một lô thay thành viên; mã xác nhận được nhắn cho chủ hộ, hoặc ghi số giấy có chữ ký.
    """
    party = caller.party(body.pop("on_behalf_of"))
    return operations.enter_lot(
        party=party,
        by=caller.signed_in,
        method=body.pop("method"),
        paper_reference=body.pop("paper_reference"),
        lot=body,
        content=schemas.LotEntry().dump(body),
        now=caller.now,
    )


@blueprint.operation(
    "GET",
    "/assisted-entries",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.AssistedEntryOut),
)
def list_entries(caller: Caller, query: dict[str, Any]) -> Page:
    """What was entered for me, or by my cooperative for its members, newest first.

    Những gì được nhập thay cho tôi, hoặc hợp tác xã tôi nhập thay thành viên, mới nhất trước.
    """
    seen = select(Entry).where(caller.sees(Entry))
    return page(seen, order=[By(Entry.id, descending=True)], query=query)


@blueprint.operation(
    "GET", "/assisted-entries/<uuid:entry_id>", access=READERS, answer=schemas.AssistedEntryOut
)
def get_entry(caller: Caller, entry_id: UUID) -> Entry:
    """One entry made for somebody.

    Một lần nhập thay.
    """
    return _entry(caller, entry_id, lock=False)


@blueprint.operation(
    "POST",
    "/assisted-entries/<uuid:entry_id>/code",
    access=COLLECTORS,
    answer=schemas.AssistedEntryOut,
    status=200,
)
def send_code(caller: Caller, entry_id: UUID) -> Entry:
    """Send the farmer another code; the one before no longer counts.

    Gửi mã khác cho chủ hộ; mã trước không còn dùng được.
    """
    return operations.send_code(entry=_own(caller, entry_id), now=caller.now)


@blueprint.operation(
    "POST",
    "/assisted-entries/<uuid:entry_id>/confirmation",
    access=COLLECTORS,
    body=schemas.EntryCodeIn,
    answer=schemas.AssistedEntryOut,
    status=200,
)
def confirm_entry(caller: Caller, entry_id: UUID, body: dict[str, Any]) -> Entry:
    """Pass on the code that the farmer read out; the lot is declared.

    Nhập mã chủ hộ đọc; lô hàng được khai báo.
    """
    entry = _own(caller, entry_id)
    return operations.confirm_entry(
        entry=entry,
        lot=schemas.LotEntry().load(entry.content),
        secret=current_app.config["SECRET_KEY"],
        now=caller.now,
        **body,
    )


def _entry(caller: Caller, entry_id: UUID, *, lock: bool) -> Entry:
    statement = select(Entry).where(Entry.id == entry_id, caller.sees(Entry))
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    entry = db.session.scalar(statement)
    if entry is None:
        raise NotFound
    return entry


def _own(caller: Caller, entry_id: UUID) -> Entry:
    entry = _entry(caller, entry_id, lock=True)
    caller.check_may_act(entry)
    return entry
