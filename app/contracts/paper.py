"""A contract on paper, in Vietnamese: the version that stands and who has signed it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fpdf import FontFace

from app.contracts.models import Contract, ContractVersion, QuantityForm, Side
from app.contracts.pricing import CLEARING, PriceForm
from app.core import clock
from app.core.numbers import written
from app.core.paper import FAMILY, plain, titled_paper, write_line
from app.orders.models import Carrier

CARRIERS = {
    Carrier.BUYER: "bên mua",
    Carrier.SELLER: "bên bán",
    Carrier.COOPERATIVE: "hợp tác xã",
    Carrier.THIRD_PARTY: "bên thứ ba",
}
ADVANCES = {"money": "tiền", "inputs": "vật tư"}
SIDES = {Side.BUYER: "Bên mua (Bên B)", Side.SELLER: "Bên bán (Bên A)"}


@dataclass(frozen=True)
class Words:
    """Names that stand behind the codes of a contract, and who has signed for each side."""

    commodity: str
    unit: str
    series: str | None
    signers: Mapping[str, str]


def contract_paper(contract: Contract, words: Words) -> bytes:
    """The version that stands on A4 pages; the same version and signatures give the same bytes.

    Args:
        contract: with its versions, signatures and parties.
    """
    version = contract.versions[-1]
    pdf = titled_paper("Hợp đồng liên kết sản xuất và tiêu thụ", created_at=version.made_at)
    write_line(pdf, f"Số {contract.id}, bản {version.number}, lập ngày {_day(version.made_at)}")
    write_line(pdf, f"Bên bán (Bên A): {contract.seller.name}", bold=True)
    write_line(pdf, f"Bên mua (Bên B): {contract.buyer.name}", bold=True)
    for number, (heading, lines) in enumerate(_articles(version, words), 1):
        pdf.ln(2)
        write_line(pdf, f"Điều {number}. {heading}", bold=True)
        for line in lines:
            write_line(pdf, line)
        if heading == PLAN and version.terms["weeks"]:
            _weeks(pdf, version.terms["weeks"], words)
    pdf.ln(4)
    for line in _signatures(contract, version, words):
        write_line(pdf, line)
    write_line(pdf, f"Dấu vân tay SHA-256 của bản này: {version.digest}", size=8)
    return bytes(pdf.output())


PLAN = "Kế hoạch giao theo tuần"


def _articles(version: ContractVersion, words: Words) -> Iterator[tuple[str, Sequence[str]]]:
    terms = version.terms
    yield "Hàng hóa và số lượng", _quantity(terms, words)
    yield (
        PLAN,
        [
            f"Từ {_date(terms['starts_on'])} đến {_date(terms['ends_on'])}. Bên B gọi hàng từng "
            "tuần; mỗi lần gọi là một đơn hàng."
        ],
    )
    yield "Giá", [_price(terms["price"], words)]
    yield (
        "Chất lượng",
        ["Theo bảng giá chất lượng có hiệu lực giữa hai bên lúc ký, giữ nguyên cho cả vụ."],
    )
    yield "Vận chuyển", [f"Do {CARRIERS[Carrier(terms['carrier'])]} chở."]
    yield "Thanh toán", _payment(terms)
    yield (
        "Báo thiếu",
        [
            f"Bên A báo trước ít nhất {terms['notice_days']} ngày khi một tuần dự kiến thiếu hàng; "
            "lượng đã báo đúng hạn không tính là vi phạm."
        ],
    )
    yield (
        "Bồi thường",
        [
            f"Bên B không mua: {_figure(terms['remedies']['non_purchase'])} % giá trị phần thiếu.",
            "Bên A không giao hoặc bán cho người khác: "
            f"{_figure(terms['remedies']['side_selling'])} % giá trị phần thiếu.",
        ],
    )
    yield "Bất khả kháng", [terms["force_majeure"]]


def _quantity(terms: Mapping[str, Any], words: Words) -> list[str]:
    form = QuantityForm(terms["quantity_form"])
    total = f"{_figure(terms['quantity'])} {words.unit}" if terms["quantity"] else ""
    said = {
        QuantityForm.ALL_OUTPUT: "toàn bộ sản lượng của Bên A",
        QuantityForm.FIXED: total,
        QuantityForm.MINIMUM: f"ít nhất {total}",
    }[form]
    return [
        f"{words.commodity}: {said}.",
        f"Dung sai {_figure(terms['tolerance_percent'])} %.",
    ]


def _price(price: Mapping[str, Any], words: Words) -> str:
    market = "giá phiên khớp gần nhất trên sàn"
    if price.get("market") not in (None, CLEARING):
        market = f"giá tham chiếu “{words.series}”"
    per = f"đồng/{words.unit} tại nơi giao của Bên A"
    match PriceForm(price["form"]):
        case PriceForm.FIXED:
            return f"Cố định {_figure(price['price'])} {per}."
        case PriceForm.FLOOR_PLUS_MARKET:
            return f"Theo {market}, không thấp hơn giá sàn {_figure(price['floor'])} {per}."
        case PriceForm.MARKET_MINUS_DIFFERENTIAL:
            return f"Theo {market}, trừ {_figure(price['differential'])} {per}."
        case PriceForm.COST_PLUS:
            return f"Giá thành {_figure(price['cost'])} cộng lãi {_figure(price['margin'])} {per}."


def _payment(terms: Mapping[str, Any]) -> list[str]:
    lines = [f"Trong {terms['payment_days']} ngày kể từ khi nghiệm thu từng chuyến."]
    for one in terms["advances"]:
        lines.append(
            f"Bên B ứng {_figure(str(one['amount']))} đồng bằng {ADVANCES[one['kind']]} vào "
            f"{_date(one['due_on'])}, cấn trừ khi quyết toán."
        )
    return lines


def _weeks(pdf: Any, weeks: Sequence[Mapping[str, str]], words: Words) -> None:
    pdf.set_font(FAMILY, "", 9)
    bold = FontFace(emphasis="BOLD")
    with pdf.table(headings_style=bold, width=90, align="LEFT", line_height=5) as drawn:
        drawn.row(["Tuần từ", plain(f"Cam kết ({words.unit})")])
        for one in weeks:
            drawn.row([_date(one["week"]), _figure(one["promised"])])


def _signatures(contract: Contract, version: ContractVersion, words: Words) -> Iterator[str]:
    signed = {one.side: one for one in contract.signatures if one.version == version.number}
    for side in (Side.SELLER, Side.BUYER):
        one = signed.get(side)
        if one is None:
            yield f"{SIDES[side]}: chưa ký"
        else:
            when = one.signed_at.astimezone(clock.LOCAL).strftime("%H:%M %d/%m/%Y")
            yield f"{SIDES[side]}: {words.signers.get(side, '')} đã ký lúc {when}"


def _figure(text: str) -> str:
    return written(Decimal(text), "vi")


def _date(text: str) -> str:
    return date.fromisoformat(text).strftime("%d/%m/%Y")


def _day(instant: datetime) -> str:
    return clock.local_date(instant).strftime("%d/%m/%Y")
