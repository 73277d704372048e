"""What is told of things somebody waits for, or should not forget."""

from app.notifications.sentence import SIDES, Sentence, Topic

REMINDER_TOPICS: dict[str, Topic] = {
    "offer.listed_near": Topic(
        "search_id person_id search offer_id commodity quantity ask_price",
        {
            "all": Sentence(
                "Có {commodity} bạn đang tìm",
                "{quantity} {unit} {commodity}, giá {ask_price} đồng/{unit}, vừa lên chợ; khớp với "
                "tìm kiếm “{search}” của bạn.",
                "{commodity} that you are looking for",
                "{quantity} {unit} of {commodity} at {ask_price} VND/{unit} has just been listed; "
                "it fits your search “{search}”.",
            )
        },
    ),
    "price.reached": Topic(
        "search_id person_id search market round_id unit_price",
        {
            "all": Sentence(
                "Giá {market} đã đạt mức bạn chờ",
                "Phiên vừa rồi người bán được trung bình {unit_price} đồng; khớp với “{search}” "
                "của bạn.",
                "{market} has reached your price",
                "Sellers got {unit_price} VND on average in the last round; it fits your search "
                "“{search}”.",
            )
        },
    ),
    "match.expiring": Topic(
        f"match_id {SIDES} commodity quantity expires_at",
        {
            "seller": Sentence(
                "Sắp hết hạn trả lời: {quantity} {unit} {commodity}",
                "Có người muốn mua; hãy đồng ý hoặc từ chối trước {expires_at}.",
                "Please answer soon: {quantity} {unit} of {commodity}",
                "A buyer is waiting; please accept or decline before {expires_at}.",
            ),
            "buyer": Sentence(
                "Sắp hết hạn trả lời: {quantity} {unit} {commodity}",
                "Có nguồn hàng cho bạn; hãy đồng ý hoặc từ chối trước {expires_at}.",
                "Please answer soon: {quantity} {unit} of {commodity}",
                "A source is waiting; please accept or decline before {expires_at}.",
            ),
        },
    ),
    "certificate.expiring": Topic(
        "certificate_id scheme certificate_number due_on",
        {
            "all": Sentence(
                "Chứng nhận {certificate_number} sắp hết hạn",
                "Chứng nhận {scheme} số {certificate_number} có hiệu lực đến hết {due_on}. Hàng "
                "thu hoạch sau ngày đó sẽ không còn được tính là có chứng nhận.",
                "Certificate {certificate_number} is about to run out",
                "Certificate {scheme} no. {certificate_number} is valid until {due_on}. What is "
                "harvested later will not count as certified.",
            )
        },
    ),
    "forecast.due": Topic(
        "commodity week",
        {
            "all": Sentence(
                "Hãy dự báo {commodity} tuần tới",
                "Tuần từ {week} bạn chưa có dự báo {commodity}; dự báo sớm dễ tìm người mua.",
                "Please forecast {commodity} for next week",
                "There is no forecast of {commodity} for the week of {week} yet; saying it early "
                "helps to find buyers.",
            )
        },
    ),
}
