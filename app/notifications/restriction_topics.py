"""What is told of restrictions on movement, and the words for what they limit."""

from app.notifications.sentence import Sentence, Topic

RESTRICTION = "restriction_id ward_code? province_code? kind reason starts_at ends_at?"

RESTRICTION_TOPICS: dict[str, Topic] = {
    "restriction.announced": Topic(
        f"{RESTRICTION} commodity?",
        {
            "all": Sentence(
                "Hạn chế vận chuyển {area}",
                "Từ {starts_at}{until}, {limits}. Lý do: {reason}.",
                "Movement restricted: {area}",
                "From {starts_at}{until}, {limits}. Reason: {reason}.",
            )
        },
        urgent=True,
    ),
    "restriction.ended": Topic(
        f"{RESTRICTION} commodity?",
        {
            "all": Sentence(
                "Đã bỏ hạn chế vận chuyển {area}",
                "Hàng hóa lại được vận chuyển qua {area} như trước.",
                "Restriction lifted: {area}",
                "Goods may move through {area} as before.",
            )
        },
    ),
}

# What a restriction lets move, by its kind and language.
LIMITS = {
    "vi": {
        "closed": "hàng không được ra hoặc vào",
        "exit_only": "hàng chỉ được ra, không được vào",
        "entry_only": "hàng chỉ được vào, không được ra",
    },
    "en": {
        "closed": "goods may neither leave nor enter",
        "exit_only": "goods may leave but not enter",
        "entry_only": "goods may enter but not leave",
    },
}
