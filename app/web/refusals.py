"""Refusals as people read them: what is wrong, where, and what to do."""

import re
from decimal import Decimal
from typing import Any

from flask import g

from app.core.errors import Problem
from app.core.messages import in_vietnamese
from app.core.numbers import written
from app.web.language import language

_FOR_PEOPLE = {
    "Missing data for required field.": ("Hãy điền mục này.", "Please fill this in."),
    "Field may not be null.": ("Hãy điền mục này.", "Please fill this in."),
    "Not a valid UUID.": ("Hãy chọn một mục.", "Please choose one."),
    "Give either password or code.": ("Hãy nhập mật khẩu hoặc mã.", "Enter a password or a code."),
    "Not a code.": ("Hãy chọn một mục.", "Please choose one."),
    "Not a valid date.": (
        "Hãy chọn một ngày có trong lịch, ví dụ 23/11/2026.",
        "Please choose a day of the calendar, such as 23/11/2026.",
    ),
    "Not a valid integer.": ("Hãy nhập số nguyên.", "Please enter a whole number."),
    "Not a valid URL.": (
        "Hãy nhập địa chỉ trang đầy đủ, bắt đầu bằng https://.",
        "Please enter a whole address that begins with https://.",
    ),
    "Not a valid email address.": (
        "Hãy nhập địa chỉ thư điện tử, ví dụ lan@example.com.",
        "Please enter an e-mail address such as lan@example.com.",
    ),
    "Not a valid mobile number.": (
        "Số di động cần 10 số, bắt đầu bằng 0.",
        "A mobile number has 10 digits and begins with 0.",
    ),
    "Not a valid tax code.": (
        "Mã số thuế cần 10, 12 hoặc 13 số; kiểm tra lại từng số.",
        "A tax code has 10, 12 or 13 digits; please check each of them.",
    ),
    "Not a valid growing-area code.": (
        "Kiểm tra lại từng chữ của mã số vùng trồng.",
        "Please check each letter of the growing-area code.",
    ),
}
_SHAPES = (
    (
        r"Must be one of: .+\.",
        "Hãy chọn một mục có trong danh sách.",
        "Please choose from the list.",
    ),
    (
        r"Must be a decimal as text from (\S+) to (\S+); decimals: at most (\d+)\.",
        "Từ {0} đến {1}, nhiều nhất {2} số lẻ.",
        "From {0} to {1}; decimals: {2} at most.",
    ),
    (
        r"Must be a decimal as text.*",
        "Hãy nhập số, ví dụ 12.500 hoặc 1,5.",
        "Enter a number such as 1.5.",
    ),
    (
        r"Must be an instant.*",
        "Hãy chọn một ngày có trong lịch.",
        "Please choose a day of the calendar.",
    ),
    (
        r"Length must be between (\d+) and (\d+)\.",
        "Cần từ {0} đến {1} ký tự.",
        "Between {0} and {1} characters are needed.",
    ),
    (r"Shorter than minimum length (\d+)\.", "Cần ít nhất {0} mục.", "At least {0} needed."),
    (r"Longer than maximum length (\d+)\.", "Nhiều nhất {0} mục.", "{0} at most."),
    (
        r"Too many decimals: at most (\d+)\.",
        "Chỉ lấy nhiều nhất {0} số lẻ.",
        "Decimals: {0} at most.",
    ),
    (
        r"Must be (?:from|greater than or equal to) (\S+) (?:to|and less than or equal to) (\S+)\.",
        "Từ {0} đến {1}.",
        "From {0} to {1}.",
    ),
    (
        r"Must be greater than (\S+) and at most (\S+)\.",
        "Lớn hơn {0}, nhiều nhất {1}.",
        "More than {0}, {1} at most.",
    ),
    (r"Must be greater than (\S+)\.", "Nhập số lớn hơn {0}.", "Enter more than {0}."),
)


_LABELS = {
    "wanted": ("Muốn nhận", "Wanted"),
    "topic": ("Việc", "About"),
    "role": ("Được làm gì", "Role"),
    "password": ("Mật khẩu", "Password"),
    "quantity": ("Số lượng", "Quantity"),
    "carrier": ("Ai chở", "Carrier"),
    "unit": ("Đơn vị", "Unit"),
    "processing_line": ("Dây chuyền", "Processing line"),
    "min_grade": ("Thấp nhất là loại", "Lowest grade"),
    "min_delivery": ("Mỗi người bán ít nhất", "At least from each seller"),
    "max_suppliers": ("Nhiều nhất mấy người bán", "Sellers at most"),
    "quantity_form": ("Mua bao nhiêu", "How much"),
    "mode": ("Cách nhập", "What is brought in"),
    "result": ("Kết quả", "Result"),
    "reason": ("Lý do", "Reason"),
    "week": ("Tuần", "Week"),
    "advance": ("Tạm ứng", "Advance"),
    "min": ("Chất lượng thấp nhất", "Lowest quality"),
    "max": ("Chất lượng cao nhất", "Highest quality"),
}


class SentBefore(Problem):
    """A form that was sent, changed after going back, and sent again; ``made`` is where it led."""

    status, code = 422, "form_sent_before"
    vi = (
        "Nội dung này đã gửi rồi, không gửi lại lần nữa. Xem cái đã gửi bên dưới; nếu đúng là muốn"
        " gửi thêm một lần như đang ghi, bấm nút gửi lần nữa."
    )
    en = (
        "This form has been sent already and was not sent again. See below what came of it; to send"
        " another one as it stands now, press the button once more."
    )

    def __init__(self, made: str = "/home") -> None:
        super().__init__()
        self.made = made


def told(refusal: Problem) -> dict[str, Any]:
    """A refusal as a page shows it: one sentence, and one beside each field at fault."""
    spoken = language()
    return {
        "code": refusal.code,
        "status": refusal.status,
        "detail": refusal.detail(spoken),
        "fields": {
            error["pointer"].strip("/").split("/")[-1]: _sentence(error, spoken)
            for error in refusal.errors
        },
        "made": getattr(refusal, "made", None),
        "confirm": getattr(refusal, "confirm", None),
        "request_id": g.get("request_id", ""),
    }


def label_of(name: str) -> str:
    """What a field is called where the page itself does not say; empty where nobody does."""
    words = _LABELS.get(name) or _LABELS.get(name.partition("-")[0])
    return words[language() == "en"] if words else ""


def _sentence(error: Any, spoken: str) -> str:
    english = str(error["en"])
    if english in _FOR_PEOPLE:
        return _FOR_PEOPLE[english][spoken == "en"]
    for shape, *sentences in _SHAPES:
        if found := re.fullmatch(shape, english):
            return sentences[spoken == "en"].format(*(_as_written(one) for one in found.groups()))
    return english if spoken == "en" else str(error.get("vi") or in_vietnamese(english))


def _as_written(bound: str) -> str:
    """A bound as the reader's language writes figures."""
    try:
        return written(Decimal(bound), language())
    except ArithmeticError:
        return bound
