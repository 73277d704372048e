"""Statements and purchase lists as tables of words and figures, in either language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.settlement.models import Account, Event

Cell = str | int | Decimal


@dataclass(frozen=True)
class Table:
    """A titled table; the last rows may be totals. ``created_at`` is the only date it carries."""

    title: str
    notes: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    totals: Sequence[Sequence[Cell]]
    created_at: datetime


ACCOUNTS = {
    "vi": {
        Account.PAYABLE: "Phải trả",
        Account.RECEIVABLE: "Phải thu",
        Account.ADVANCES: "Tạm ứng",
        Account.COMMISSION: "Hoa hồng",
        Account.HAULAGE: "Vận chuyển",
        Account.CLAIMS_IN_SUSPENSE: "Khiếu nại đang xét",
        Account.BANK: "Tiền đã chuyển",
    },
    "en": {
        Account.PAYABLE: "Payable",
        Account.RECEIVABLE: "Receivable",
        Account.ADVANCES: "Advances",
        Account.COMMISSION: "Commission",
        Account.HAULAGE: "Haulage",
        Account.CLAIMS_IN_SUSPENSE: "Claims in suspense",
        Account.BANK: "Money moved",
    },
}
EVENTS = {
    "vi": {
        Event.DELIVERY_ACCEPTED: "Nghiệm thu giao hàng",
        Event.DELIVERY_CORRECTED: "Phiếu giao hàng sửa lại",
        Event.SLIP_REVERSED: "Hủy phiếu cũ",
        Event.CLAIM_FILED: "Khiếu nại, tạm giữ",
        Event.CLAIM_ENDED: "Khiếu nại đã giải quyết",
        Event.COMMISSION_DUE: "Hoa hồng hợp tác xã",
        Event.COMMISSION_REVERSED: "Hủy hoa hồng cũ",
        Event.ADVANCE_NETTED: "Cấn trừ tạm ứng",
        Event.ADVANCE_GIVEN: "Tạm ứng",
        Event.PAYOUT_RECORDED: "Thanh toán",
        Event.PAYOUT_BOUNCED: "Thanh toán bị hoàn lại",
        Event.POOL_SHARED: "Chia tiền đợt gom hàng",
        Event.POOL_SHARE_REVERSED: "Hủy lần chia tiền gom hàng cũ",
    },
    "en": {
        Event.DELIVERY_ACCEPTED: "Delivery accepted",
        Event.DELIVERY_CORRECTED: "Delivery slip corrected",
        Event.SLIP_REVERSED: "Earlier slip reversed",
        Event.CLAIM_FILED: "Claim, set aside",
        Event.CLAIM_ENDED: "Claim settled",
        Event.COMMISSION_DUE: "Cooperative's commission",
        Event.COMMISSION_REVERSED: "Earlier commission reversed",
        Event.ADVANCE_NETTED: "Advance netted",
        Event.ADVANCE_GIVEN: "Advance",
        Event.PAYOUT_RECORDED: "Payout",
        Event.PAYOUT_BOUNCED: "Payout bounced",
        Event.POOL_SHARED: "Share of a pool",
        Event.POOL_SHARE_REVERSED: "Earlier share of a pool reversed",
    },
}
STATEMENT_COLUMNS = {
    "vi": ("Ngày", "Nội dung", "Tài khoản", "Bên kia", "Số tiền (đồng)"),
    "en": ("Date", "What", "Account", "Other party", "Amount (VND)"),
}
PURCHASE_COLUMNS = {
    "vi": (
        "Ngày mua",
        "Người bán",
        "Địa chỉ",
        "Mã số thuế hoặc số định danh",
        "Mặt hàng",
        "Đơn vị",
        "Số lượng",
        "Đơn giá",
        "Thành tiền (đồng)",
    ),
    "en": (
        "Date",
        "Seller",
        "Address",
        "Tax or personal number",
        "Goods",
        "Unit",
        "Quantity",
        "Unit price",
        "Amount (VND)",
    ),
}
WORDS = {
    "vi": {
        "statement": "SAO KÊ CÔNG NỢ SỐ {number}",
        "period": "Từ ngày {since} đến ngày {until}",
        "opening": "Số dư đầu kỳ",
        "closing": "Số dư cuối kỳ",
        "in_all": "Còn lại, không kể tiền đã chuyển",
        "corrects": "điều chỉnh kỳ {since} – {until}",
        "delivery": "chuyến {number}",
        "purchase_list": "BẢNG KÊ THU MUA HÀNG HÓA KHÔNG CÓ HÓA ĐƠN (mẫu 01/TNDN)",
        "total": "Cộng",
    },
    "en": {
        "statement": "STATEMENT NO. {number}",
        "period": "From {since} to {until}",
        "opening": "Opening balance",
        "closing": "Closing balance",
        "in_all": "In all, money moved left out",
        "corrects": "corrects {since} – {until}",
        "delivery": "delivery {number}",
        "purchase_list": "LIST OF GOODS BOUGHT WITHOUT INVOICES (form 01/TNDN)",
        "total": "Total",
    },
}


def statement_table(document: dict[str, Any], *, language: str) -> Table:
    """A statement's document as a table; it depends on nothing else."""
    words = WORDS[language]
    return Table(
        title=words["statement"].format(number=document["number"]),
        notes=[document["party"]["name"], period_words(document, language)],
        columns=STATEMENT_COLUMNS[language],
        rows=[_statement_row(line, language) for line in document["lines"]],
        totals=[
            *_balances(document, "opening", language),
            *_balances(document, "closing", language),
        ],
        created_at=datetime.fromisoformat(document["issued_at"]),
    )


def purchase_table(
    rows: Sequence[Sequence[Cell]],
    *,
    buyer: str,
    since: date,
    until: date,
    language: str,
    created_at: datetime,
) -> Table:
    """A purchase list as a table with its total."""
    words = WORDS[language]
    period = {"period_from": since.isoformat(), "period_until": until.isoformat()}
    total = sum(int(row[-1]) for row in rows)
    return Table(
        title=words["purchase_list"],
        notes=[buyer, period_words(period, language)],
        columns=PURCHASE_COLUMNS[language],
        rows=rows,
        totals=[[words["total"], *[""] * (len(PURCHASE_COLUMNS[language]) - 2), total]],
        created_at=created_at,
    )


def period_words(period: dict[str, Any], language: str, *, name: str = "period") -> str:
    """A period in words, days written as people here write them."""
    return WORDS[language][name].format(
        since=day_words(period["period_from"]), until=day_words(period["period_until"])
    )


def day_words(iso: str) -> str:
    return date.fromisoformat(iso).strftime("%d/%m/%Y")


def _statement_row(line: dict[str, Any], language: str) -> list[Cell]:
    what = [EVENTS[language][line["kind"]]]
    if line["commodity"]:
        what.append(line["commodity"][language])
        what.append(WORDS[language]["delivery"].format(number=line["delivery_number"]))
    if line["corrects"]:
        what.append(period_words(line["corrects"], language, name="corrects"))
    return [
        day_words(line["occurred_on"]),
        ", ".join(what),
        ACCOUNTS[language][line["account"]],
        line["counterparty_name"] or "",
        line["amount"],
    ]


def _balances(document: dict[str, Any], which: str, language: str) -> list[list[Cell]]:
    words = WORDS[language]
    rows: list[list[Cell]] = [
        ["", words[which], ACCOUNTS[language][Account(account)], "", amount]
        for account, amount in document[which].items()
        if amount
    ]
    return [*rows, ["", words[which], words["in_all"], "", document[f"{which}_balance"]]]
