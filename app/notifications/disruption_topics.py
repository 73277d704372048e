"""What is told when an area closes or goods are recalled, and what can be done then."""

from app.notifications.restriction_topics import RESTRICTION
from app.notifications.sentence import SIDES, Sentence, Topic

COMMITMENT = f"{RESTRICTION} commitment_id what {SIDES} commodity quantity status"
REMATCH = f"rematch_id commitment_id {SIDES} commodity quantity buyer_price expires_at"
RECALL = (
    "recall_id lot_id order_id? seller_id? seller_agent_id? buyer_id? buyer_agent_id? commodity "
    "why_recalled"
)

DISRUPTION_TOPICS: dict[str, Topic] = {
    "disruption.found": Topic(
        COMMITMENT,
        {
            "seller": Sentence(
                "{quantity} {unit} {commodity} cho {buyer} bị kẹt vì {area} hạn chế vận chuyển",
                "Lý do: {reason}{until}. Đây là bất khả kháng, không bên nào vi phạm. Lượng này "
                "lên bảng hàng dư: bạn có thể bán trong vùng, hoặc chờ; khi hết hạn chế, phần "
                "{buyer} còn cần và bạn còn hàng sẽ tự trở lại.",
                "{quantity} {unit} of {commodity} for {buyer} are stuck: {area} is restricted",
                "Reason: {reason}{until}. This is force majeure and nobody's breach. The quantity "
                "is on the surplus board: you may sell it within the area, or wait; afterwards "
                "what {buyer} still wants and you still have comes back by itself.",
            ),
            "buyer": Sentence(
                "{quantity} {unit} {commodity} của {seller} chưa đến được vì {area} hạn chế",
                "Lý do: {reason}{until}. Đây là bất khả kháng, không bên nào vi phạm. Bạn có thể "
                "nhận nguồn thay thế nếu hệ thống tìm được, mua nơi khác, hủy, hoặc chờ; khi hết "
                "hạn chế, phần bạn còn cần và {seller} còn hàng sẽ tự trở lại.",
                "{quantity} {unit} of {commodity} from {seller} cannot come: {area} is restricted",
                "Reason: {reason}{until}. This is force majeure and nobody's breach. You may take "
                "another source if one is found, buy elsewhere, cancel, or wait; afterwards what "
                "you still want and {seller} still has comes back by itself.",
            ),
        },
    ),
    "disruption.ended": Topic(
        f"{COMMITMENT} restored replaced",
        {
            "all": Sentence(
                "{commodity} lại vận chuyển được qua {area}",
                "Trong {quantity} {unit} của {seller} cho {buyer}, {restored} trở lại như cũ, "
                "{replaced} đã có nguồn thay thế. Phần còn lại không giao nữa.",
                "{commodity} may move through {area} again",
                "Of the {quantity} {unit} from {seller} for {buyer}, {restored} are back as "
                "agreed and {replaced} came from elsewhere. The rest will not be delivered.",
            )
        },
    ),
    "rematch.proposed": Topic(
        REMATCH,
        {
            "seller": Sentence(
                "Có người cần gấp {quantity} {unit} {commodity} của bạn",
                "Hàng của họ bị kẹt trong vùng hạn chế. Lượng này được giữ đến {expires_at}.",
                "Your {quantity} {unit} of {commodity} may replace what is stuck",
                "A buyer's goods are held up by a restriction. This is held until {expires_at}.",
            ),
            "buyer": Sentence(
                "Có nguồn thay thế: {quantity} {unit} {commodity}",
                "Giá đến nơi {buyer_price} đồng/{unit}. Hãy nhận hoặc từ chối trước {expires_at}; "
                "nếu không, đơn cũ vẫn chờ.",
                "Another source: {quantity} {unit} of {commodity}",
                "{buyer_price} VND/{unit} delivered. Please accept or decline before {expires_at}; "
                "otherwise your own order waits.",
            ),
        },
    ),
    "rematch.accepted": Topic(REMATCH),
    "recall.started": Topic(
        RECALL,
        {
            "seller": Sentence(
                "Thu hồi: một lô {commodity} của bạn bị phong tỏa",
                "Lý do: {why_recalled}. Lô không được chào bán, giao hay gom cho đến khi gỡ.",
                "Recall: a lot of your {commodity} is frozen",
                "Reason: {why_recalled}. It may not be offered, sent or pooled until released.",
            ),
            "buyer": Sentence(
                "Thu hồi: {commodity} bạn đã đặt",
                "Lý do: {why_recalled}. Hàng chưa giao bị giữ lại; hàng đã nhận xin để riêng, "
                "chưa dùng.",
                "Recall: {commodity} that you have ordered",
                "Reason: {why_recalled}. What has not left is held back; please set apart what "
                "you have received and do not use it yet.",
            ),
        },
    ),
    "recall.ended": Topic(
        RECALL,
        {
            "all": Sentence(
                "Hết thu hồi: {commodity}",
                "Lô hàng được gỡ phong tỏa và giao dịch như trước.",
                "Recall over: {commodity}",
                "The lot is released and may be traded as before.",
            )
        },
    ),
}
