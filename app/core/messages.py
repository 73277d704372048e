"""What is wrong with a field, in Vietnamese: the English sentence comes from its check."""

import re

_SENTENCES = {
    "Missing data for required field.": "Thiếu thông tin bắt buộc.",
    "Field may not be null.": "Không được để trống.",
    "Unknown field.": "Trường này không có.",
    "Not a valid string.": "Phải là chữ.",
    "Not a valid boolean.": "Phải là true hoặc false.",
    "Not a valid integer.": "Phải là số nguyên.",
    "Not a valid number.": "Phải là số.",
    "Not a valid UUID.": "Mã định danh không hợp lệ.",
    "Not a valid list.": "Phải là một danh sách.",
    "Not a valid mapping type.": "Phải là một nhóm tên và giá trị.",
    "Not a valid date.": "Phải là ngày dạng NĂM-THÁNG-NGÀY.",
    "Not a valid email address.": "Địa chỉ thư điện tử không hợp lệ.",
    "Not a valid URL.": "Địa chỉ không hợp lệ.",
    "Not a valid mobile number.": "Số điện thoại di động không hợp lệ.",
    "Not a valid tax code.": "Mã số thuế không hợp lệ.",
    "Contradicts an earlier wish for this topic and channel.": (
        "Trái với điều đã nêu ở trên cho cùng việc và cùng kênh; chỉ giữ một."
    ),
    "Not a code.": "Phải là chữ thường, số và gạch nối.",
    "Not a valid growing-area code.": "Mã số vùng trồng không hợp lệ.",
    "Not a valid period.": "Khoảng thời gian không hợp lệ.",
    "Give either phone or email.": "Cần số điện thoại hoặc thư điện tử, chỉ một trong hai.",
    "Must be latitude,longitude in degrees.": "Phải là vĩ độ,kinh độ tính bằng độ.",
    "Give an amount or settlements.": "Cần số tiền hoặc các khoản được trả.",
    "Give either percent or per_unit.": "Cần phần trăm hoặc số tiền mỗi đơn vị, chỉ một trong hai.",
    "Only commodity goes with price_min.": "Với price_min chỉ nêu được mặt hàng.",
    "Must be a Monday.": "Phải là ngày thứ Hai.",
    "Must be a time of day, for example 21:30.": "Phải là giờ trong ngày, ví dụ 21:30.",
    "Must be 9 or 12 digits.": "Phải gồm 9 hoặc 12 chữ số.",
    "Invalid input type.": "Kiểu dữ liệu không đúng.",
    "Invalid value.": "Giá trị không hợp lệ.",
    "Special numeric values (nan or infinity) are not permitted.": "Phải là một số hữu hạn.",
    "Text must not contain NUL characters.": "Chữ không được chứa ký tự NUL.",
    "Text must not contain control characters.": "Chữ không được chứa ký tự điều khiển.",
    "Text must be on one line.": "Chữ phải nằm trên một dòng.",
    "Text must not change its direction of writing.": "Chữ không được chứa ký tự đổi chiều viết.",
    "Text must be valid Unicode.": "Chữ không đúng mã Unicode.",
    'Must be a decimal as text, for example "12.5".': (
        'Phải là số thập phân dạng chữ, ví dụ "12.5".'
    ),
    "Must be an instant with its offset, for example 2026-11-23T01:30:00Z.": (
        "Phải là thời điểm có múi giờ, ví dụ 2026-11-23T01:30:00Z."
    ),
}

_PATTERNS = [
    (r"Too many decimals: at most (\S+)\.", r"Quá nhiều chữ số thập phân: nhiều nhất \1."),
    (r"Too many entries: at most (\S+)\.", r"Quá nhiều mục: nhiều nhất \1."),
    (r"Must be from (\S+) to (\S+)\.", r"Phải từ \1 đến \2."),
    (r"Must be greater than (\S+) and at most (\S+)\.", r"Phải lớn hơn \1 và không quá \2."),
    (r"Must be greater than (\S+)\.", r"Phải lớn hơn \1."),
    (r"Must be greater than or equal to (\S+)\.", r"Phải từ \1 trở lên."),
    (r"Must be less than or equal to (\S+)\.", r"Không được quá \1."),
    (
        r"Must be greater than or equal to (\S+) and less than or equal to (\S+)\.",
        r"Phải từ \1 đến \2.",
    ),
    (r"Length must be between (\d+) and (\d+)\.", r"Độ dài phải từ \1 đến \2."),
    (r"Shorter than minimum length (\d+)\.", r"Ngắn hơn \1."),
    (r"Longer than maximum length (\d+)\.", r"Dài hơn \1."),
    (r"Must be one of: (.+)\.", r"Phải là một trong: \1."),
]


def in_vietnamese(sentence: str) -> str:
    """The Vietnamese for a check's English sentence; a general one for a sentence not known."""
    if sentence in _SENTENCES:
        return _SENTENCES[sentence]
    for pattern, translation in _PATTERNS:
        if re.fullmatch(pattern, sentence):
            return re.sub(pattern, translation, sentence)
    return "Giá trị không hợp lệ."
