"""The sentences of an explanation, in Vietnamese and English, from the reader's point of view."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

Value = Decimal | int | str | bool | date
NAMED = r"⟦([^⟧]*)⟧"
"""Marks the code of a quality or certificate in a sentence, for whoever knows its name."""

_SENTENCES = {
    ("matched", "offer"): (
        "Bạn bán được {quantity} đơn vị với giá {price} đồng/đơn vị tại nơi lấy hàng.",
        "You sold {quantity} units at {price} VND per unit at your gate.",
    ),
    ("matched", "demand"): (
        "Bạn mua được {quantity} đơn vị với giá {price} đồng/đơn vị, đã gồm vận chuyển.",
        "You bought {quantity} units at {price} VND per unit delivered.",
    ),
    ("quantity_exhausted", "offer"): (
        "Còn lại {quantity} đơn vị: mọi nhu cầu phù hợp ở mức giá này đã được đáp ứng đủ.",
        "{quantity} units are left: every fitting demand at this price has been met in full.",
    ),
    ("quantity_exhausted", "demand"): (
        "Còn thiếu {quantity} đơn vị: mọi nguồn hàng phù hợp ở mức giá này đã bán hết.",
        "{quantity} units are missing: every fitting offer at this price has been sold out.",
    ),
    ("no_counterpart", "offer"): (
        "Phiên này không có nhu cầu mua nào.",
        "There was no demand in this round.",
    ),
    ("no_counterpart", "demand"): (
        "Phiên này không có hàng nào chào bán cho bạn.",
        "There was no offer open to you in this round.",
    ),
    ("no_gain_far", "offer"): (
        "Giá chào của bạn cao hơn nhiều so với giá mà người mua phù hợp có thể trả.",
        "Your ask is far above what any fitting buyer can pay.",
    ),
    ("no_gain_far", "demand"): (
        "Giá mua của bạn thấp hơn nhiều so với giá bán phù hợp cộng vận chuyển.",
        "Your limit is far below what any fitting seller asks with haulage.",
    ),
    ("no_gain", "offer"): (
        (
            "Giá chào của bạn cộng vận chuyển không thấp hơn giá mà người mua phù hợp có thể trả: "
            "cần giảm hơn {difference} đồng/đơn vị thì mới bán được."
        ),
        (
            "Your ask and the haulage leave no gain with any fitting buyer: "
            "it would have to be lower by more than {difference} VND per unit."
        ),
    ),
    ("no_gain", "demand"): (
        (
            "Giá tối đa của bạn không cao hơn giá chào phù hợp cộng vận chuyển: "
            "cần tăng hơn {difference} đồng/đơn vị thì mới mua được."
        ),
        (
            "Your limit leaves no gain with any fitting offer and its haulage: "
            "it would have to be higher by more than {difference} VND per unit."
        ),
    ),
    ("market_price", "offer"): (
        "Giá thị trường tại nơi lấy hàng của bạn là {price} đồng/đơn vị.",
        "The market price at your gate is {price} VND per unit.",
    ),
    ("market_price", "demand"): (
        "Giá thị trường giao đến nơi của bạn là {price} đồng/đơn vị.",
        "The market price delivered to your gate is {price} VND per unit.",
    ),
    ("price_above_market", "offer"): (
        "Giá chào của bạn cao hơn giá thị trường tại nơi lấy hàng {difference} đồng/đơn vị.",
        "Your ask is {difference} VND per unit above the market price at your gate.",
    ),
    ("limit_below_market", "demand"): (
        "Giá tối đa của bạn thấp hơn giá thị trường giao đến nơi {difference} đồng/đơn vị.",
        "Your limit is {difference} VND per unit below the market price at your gate.",
    ),
    ("tie", "offer"): (
        (
            "Giá chào của bạn đúng bằng giá thị trường {price} đồng/đơn vị, "
            "nhưng lượng mua ở mức này đã hết cho người bán ngang giá."
        ),
        (
            "Your ask equals the market price of {price} VND per unit, "
            "but the quantity wanted at it went to sellers who were level with you."
        ),
    ),
    ("tie", "demand"): (
        (
            "Giá tối đa của bạn đúng bằng giá thị trường {price} đồng/đơn vị, "
            "nhưng lượng bán ở mức này đã hết cho người mua ngang giá."
        ),
        (
            "Your limit equals the market price of {price} VND per unit, "
            "but the quantity offered at it went to buyers who were level with you."
        ),
    ),
    ("tie_smallholder", "offer"): (
        (
            "Giá chào của bạn đúng bằng giá thị trường {price} đồng/đơn vị; "
            "ngang giá thì hộ sản xuất nhỏ được bán trước."
        ),
        (
            "Your ask equals the market price of {price} VND per unit; "
            "among sellers level at it smallholders come first."
        ),
    ),
    ("tie_earlier", "offer"): (
        (
            "Giá chào của bạn đúng bằng giá thị trường {price} đồng/đơn vị; "
            "ngang giá thì ai đăng trước được bán trước."
        ),
        (
            "Your ask equals the market price of {price} VND per unit; "
            "among sellers level at it whoever listed earlier comes first."
        ),
    ),
    ("tie_earlier", "demand"): (
        (
            "Giá tối đa của bạn đúng bằng giá thị trường {price} đồng/đơn vị; "
            "ngang giá thì ai đăng trước được mua trước."
        ),
        (
            "Your limit equals the market price of {price} VND per unit; "
            "among buyers level at it whoever posted earlier comes first."
        ),
    ),
    ("gate_minimum_lot", "offer"): (
        "Người mua phù hợp chỉ nhận mỗi lần từ {needed} đơn vị, nhiều hơn lượng bạn có.",
        "Fitting buyers take no less than {needed} units at a time, which is more than you have.",
    ),
    ("gate_minimum_lot", "demand"): (
        "Người bán phù hợp chỉ bán mỗi lần từ {needed} đơn vị, nhiều hơn lượng bạn cần.",
        "Fitting sellers sell no less than {needed} units at a time, which is more than you want.",
    ),
    ("gate_minimum_lot_own", "offer"): (
        "Bạn chỉ bán mỗi lần từ {quantity} đơn vị, nhiều hơn lượng người mua phù hợp cần.",
        "You sell no less than {quantity} units at a time, more than fitting buyers want.",
    ),
    ("gate_minimum_lot_own", "demand"): (
        "Bạn chỉ nhận mỗi lần từ {quantity} đơn vị, nhiều hơn lượng người bán phù hợp có.",
        "You take no less than {quantity} units at a time, more than fitting sellers have.",
    ),
    ("minimum_lot_rejected", "offer"): (
        (
            "Với giá thị trường vẫn còn người mua có lợi hơn {gain} đồng/đơn vị cho cả hai bên, "
            "nhưng lượng tối thiểu mỗi lần hoặc số nhà cung cấp tối đa không cho phép ghép."
        ),
        (
            "At the market's prices a buyer and you would be better off by {gain} VND per unit "
            "together, but a minimum lot or a maximum of suppliers stood in the way."
        ),
    ),
    ("minimum_lot_rejected", "demand"): (
        (
            "Với giá thị trường vẫn còn người bán có lợi hơn {gain} đồng/đơn vị cho cả hai bên, "
            "nhưng lượng tối thiểu mỗi lần hoặc số nhà cung cấp tối đa không cho phép ghép."
        ),
        (
            "At the market's prices a seller and you would be better off by {gain} VND per unit "
            "together, but a minimum lot or a maximum of suppliers stood in the way."
        ),
    ),
    ("minimum_lot_rejected_far", "offer"): (
        "Lượng tối thiểu mỗi lần hoặc số nhà cung cấp tối đa ngăn bạn bán cho người mua phù hợp.",
        "A minimum lot or a maximum of suppliers kept you from selling to a fitting buyer.",
    ),
    ("minimum_lot_rejected_far", "demand"): (
        "Lượng tối thiểu mỗi lần hoặc số nhà cung cấp tối đa ngăn bạn mua của người bán phù hợp.",
        "A minimum lot or a maximum of suppliers kept you from buying of a fitting seller.",
    ),
    ("gate_commodity", "offer"): (
        "Không có nhu cầu nào nhận mặt hàng của bạn.",
        "No demand accepts your commodity.",
    ),
    ("gate_commodity", "demand"): (
        "Không có nguồn hàng nào thuộc mặt hàng bạn nhận.",
        "No offer is of a commodity that you accept.",
    ),
    ("gate_grade", "offer"): (
        "Nhu cầu gần phù hợp nhất yêu cầu phẩm cấp hạng {needed} hoặc tốt hơn.",
        "The demands nearest to your offer ask for grade rank {needed} or better.",
    ),
    ("gate_grade", "demand"): (
        "Nguồn hàng gần phù hợp nhất không đạt phẩm cấp bạn yêu cầu.",
        "The offers nearest to your demand do not reach the grade that you ask for.",
    ),
    ("gate_quality", "offer"): (
        (
            "Nhu cầu gần phù hợp nhất có giới hạn cho chỉ tiêu {quality} mà hàng của bạn không đạt "
            "hoặc chưa khai; ngưỡng dễ nhất là {needed}."
        ),
        (
            "The demands nearest to your offer limit {quality}, which yours does not meet "
            "or state; the easiest limit is {needed}."
        ),
    ),
    ("gate_quality", "demand"): (
        "Nguồn hàng gần phù hợp nhất không đạt hoặc chưa khai chỉ tiêu {quality} bạn yêu cầu.",
        "The offers nearest to your demand do not meet or state the {quality} that you ask for.",
    ),
    ("gate_certificate", "offer"): (
        "Nhu cầu gần phù hợp nhất yêu cầu chứng nhận {needed} có hiệu lực khi thu hoạch.",
        "The demands nearest to your offer require {needed}, valid at harvest.",
    ),
    ("gate_certificate", "demand"): (
        "Nguồn hàng gần phù hợp nhất thiếu chứng nhận {needed} có hiệu lực khi thu hoạch.",
        "The offers nearest to your demand lack {needed}, valid at harvest.",
    ),
    ("gate_window", "offer"): (
        "Hàng không thể đến kịp hoặc không giữ được đến khung giờ nhận: lệch {hours} giờ.",
        (
            "Your goods cannot arrive, or do not keep, within the delivery window; "
            "hours missing: {hours}."
        ),
    ),
    ("gate_window", "demand"): (
        "Không nguồn hàng phù hợp nào đến được trong khung giờ nhận của bạn: lệch {hours} giờ.",
        "No fitting offer can arrive within your delivery window; hours missing: {hours}.",
    ),
    ("gate_private", "offer"): (
        "Danh sách người mua riêng của bạn không có người mua phù hợp trong phiên này.",
        "Your private list names no fitting buyer of this round.",
    ),
    ("gate_restriction", "offer"): (
        "Hàng của bạn không qua được ranh giới vùng đang hạn chế để đến người mua phù hợp.",
        "Your goods may not cross the border of an area under restriction to any fitting buyer.",
    ),
    ("gate_restriction", "demand"): (
        "Nguồn hàng phù hợp không qua được ranh giới vùng đang hạn chế để đến nơi của bạn.",
        "No fitting offer may cross the border of an area under restriction to reach you.",
    ),
    ("gate_own", "offer"): (
        "Chỉ có nhu cầu của chính tổ chức bạn; không ai giao dịch với chính mình.",
        "The only demand was your own organisation's; nobody trades with itself.",
    ),
    ("gate_own", "demand"): (
        "Chỉ có hàng của chính tổ chức bạn; không ai giao dịch với chính mình.",
        "The only offer was your own organisation's; nobody trades with itself.",
    ),
}


def sentence(code: str, side: str, figures: Mapping[str, Value]) -> dict[str, str]:
    """The sentence of a reason for the holder of an "offer" or a "demand", by language."""
    vietnamese, english = _SENTENCES[code, side]
    return {
        "vi": vietnamese.format(**{name: in_vietnamese(value) for name, value in figures.items()}),
        "en": english.format(**{name: in_english(value) for name, value in figures.items()}),
    }


def text_of(value: Value) -> str:
    """A figure as the interface writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def in_english(value: Value) -> str:
    """1234.5 as 1,234.5; yes and no as words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"⟦{value}⟧" if isinstance(value, str) else str(value)


def in_vietnamese(value: Value) -> str:
    """1234.5 as 1.234,5, a date as 31/12/2026; yes and no as words."""
    if isinstance(value, bool):
        return "có" if value else "không"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, Decimal):
        return in_english(value).translate(str.maketrans(",.", ".,"))
    return f"⟦{value}⟧" if isinstance(value, str) else str(value)
