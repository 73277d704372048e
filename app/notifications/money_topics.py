"""What people are told about what is owed and paid."""

from app.notifications.sentence import Sentence, Topic

OWED = "settlement_id order_id delivery_id purpose buyer_id seller_id amount due_on"
PAYOUT = "payout_id buyer_id seller_id amount reference? reason?"
ADVANCE = "advance_id buyer_id seller_id amount kind note?"

MONEY_TOPICS: dict[str, Topic] = {
    "settlement.finalised": Topic(
        OWED,
        {
            "seller": Sentence(
                "{buyer} còn phải trả bạn {amount} đồng",
                "Khoản của chuyến giao đã chốt: {buyer} trả {amount} đồng, hạn {due_on}.",
                "{buyer} owes you {amount} VND",
                "What you are owed for the delivery is final: {amount} VND from {buyer}, "
                "due on {due_on}.",
            ),
            "buyer": Sentence(
                "Phải trả {seller}: {amount} đồng",
                "Khoản của chuyến giao đã chốt: trả {seller} {amount} đồng, hạn {due_on}.",
                "You owe {seller} {amount} VND",
                "What you owe for the delivery is final: {amount} VND to {seller}, "
                "due on {due_on}.",
            ),
        },
    ),
    "payment.overdue": Topic(
        OWED,
        {
            "seller": Sentence(
                "{buyer} chậm trả {amount} đồng",
                "Khoản {amount} đồng của {buyer} đã quá hạn ngày {due_on}.",
                "{buyer} is late with {amount} VND",
                "{amount} VND from {buyer} was due on {due_on}.",
            ),
            "buyer": Sentence(
                "Quá hạn trả {seller}: {amount} đồng",
                "Khoản {amount} đồng phải trả {seller} đã quá hạn ngày {due_on}.",
                "Payment to {seller} is overdue: {amount} VND",
                "{amount} VND to {seller} was due on {due_on}.",
            ),
        },
    ),
    "payout.recorded": Topic(
        PAYOUT,
        {
            "seller": Sentence(
                "{buyer} báo đã trả {amount} đồng",
                "{buyer} báo đã chuyển {amount} đồng. Hãy xác nhận khi nhận được.",
                "{buyer} has sent {amount} VND",
                "{buyer} says it has sent {amount} VND. Please confirm when it arrives.",
            ),
            "buyer": Sentence(
                "Đã ghi nhận trả {seller} {amount} đồng",
                "Khoản trả {amount} đồng cho {seller} đang chờ bên nhận xác nhận.",
                "Payment of {amount} VND to {seller} recorded",
                "{amount} VND to {seller} waits for confirmation.",
            ),
        },
    ),
    "payout.confirmed": Topic(
        PAYOUT,
        {
            "seller": Sentence(
                "Đã nhận {amount} đồng từ {buyer}",
                "Bạn đã xác nhận khoản {amount} đồng của {buyer}.",
                "{amount} VND received from {buyer}",
                "You confirmed {amount} VND from {buyer}.",
            ),
            "buyer": Sentence(
                "{seller} đã nhận {amount} đồng",
                "{seller} xác nhận đã nhận {amount} đồng.",
                "{seller} has received {amount} VND",
                "{seller} confirmed the payment of {amount} VND.",
            ),
        },
    ),
    "payout.bounced": Topic(
        PAYOUT,
        {
            "seller": Sentence(
                "Khoản {amount} đồng của {buyer} bị hoàn lại",
                "Khoản này lại là nợ của {buyer}. Lý do: {reason}",
                "{amount} VND from {buyer} has bounced",
                "{buyer} owes it again. Reason: {reason}",
            ),
            "buyer": Sentence(
                "Khoản {amount} đồng trả {seller} bị hoàn lại",
                "Bạn lại còn nợ {seller} khoản này. Lý do: {reason}",
                "{amount} VND to {seller} has bounced",
                "You owe it to {seller} again. Reason: {reason}",
            ),
        },
    ),
    "advance.recorded": Topic(
        ADVANCE,
        {
            "seller": Sentence(
                "{buyer} ghi đã ứng cho bạn {amount} đồng",
                "{buyer} ghi nhận khoản ứng {amount} đồng. Hãy xác nhận nếu đúng.",
                "{buyer} has noted an advance of {amount} VND to you",
                "{buyer} recorded an advance of {amount} VND. Please confirm it if that is right.",
            )
        },
    ),
    "advance.confirmed": Topic(
        ADVANCE,
        {
            "seller": Sentence(
                "Đã nhận ứng {amount} đồng từ {buyer}",
                "Khoản ứng {amount} đồng sẽ được trừ dần vào tiền hàng.",
                "Advance of {amount} VND from {buyer} confirmed",
                "The advance of {amount} VND will be taken off what you are owed.",
            ),
            "buyer": Sentence(
                "{seller} xác nhận đã nhận ứng {amount} đồng",
                "Khoản ứng {amount} đồng sẽ được trừ dần vào tiền hàng.",
                "{seller} confirmed the advance of {amount} VND",
                "The advance of {amount} VND will be taken off what {seller} is owed.",
            ),
        },
    ),
    "statement.issued": Topic(
        "statement_id number period_from period_until amount",
        {
            "all": Sentence(
                "Sao kê số {number} đã lập",
                "Sao kê từ {period_from} đến {period_until}: số dư cuối kỳ {amount} đồng.",
                "Statement no. {number} is ready",
                "The statement from {period_from} to {period_until} closes with {amount} VND.",
            )
        },
    ),
}
