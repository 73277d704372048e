"""What is told of deliveries, claims and shortages."""

from app.notifications.sentence import Sentence, Topic

DELIVERY_TOPICS: dict[str, Topic] = {
    "delivery.scheduled": Topic(
        {
            "seller": Sentence(
                "Hẹn giao {quantity} {unit} {commodity}",
                "Chuyến {number} của đơn cho {buyer}: {quantity} {unit} {commodity}{when}.",
                "Planned: {quantity} {unit} of {commodity}",
                "Delivery {number} of the order of {buyer}: {quantity} {unit} of "
                "{commodity}{when}.",
            ),
            "buyer": Sentence(
                "Hẹn nhận {quantity} {unit} {commodity}",
                "Chuyến {number} của đơn với {seller}: {quantity} {unit} {commodity}{when}.",
                "Planned: {quantity} {unit} of {commodity}",
                "Delivery {number} of the order with {seller}: {quantity} {unit} of "
                "{commodity}{when}.",
            ),
        },
        email=False,
    ),
    "delivery.despatched": Topic(
        {
            "seller": Sentence(
                "Đã xuất {quantity} {unit} {commodity}",
                "Chuyến {number} cho {buyer} đã xuất phát với {quantity} {unit}.{short}{instead}",
                "{quantity} {unit} of {commodity} despatched",
                "Delivery {number} for {buyer} has left with {quantity} {unit}.{short}{instead}",
            ),
            "buyer": Sentence(
                "{quantity} {unit} {commodity} đang trên đường",
                "{seller} đã xuất {quantity} {unit} {commodity}.{short}{instead}",
                "{quantity} {unit} of {commodity} on its way",
                "{seller} has sent {quantity} {unit} of {commodity}.{short}{instead}",
            ),
        }
    ),
    "delivery.cancelled": Topic(
        {
            "all": Sentence(
                "Đã hủy chuyến {commodity}",
                "Chuyến {number} ({quantity} {unit} {commodity}) giữa {seller} và {buyer} đã hủy; "
                "lượng này chờ hẹn lại.",
                "A delivery of {commodity} called off",
                "Delivery {number} ({quantity} {unit} of {commodity}) between {seller} and {buyer} "
                "was called off; the quantity is to be planned again.",
            )
        }
    ),
    "delivery.weighed": Topic(
        {
            "all": Sentence(
                "Đã cân {quantity} {unit} {commodity}",
                "Chuyến {number} của {seller} cân được {quantity} {unit} tịnh ở {buyer}.",
                "{quantity} {unit} of {commodity} weighed",
                "Delivery {number} of {seller} weighed {quantity} {unit} net at {buyer}.",
            )
        }
    ),
    "delivery.inspected": Topic(
        {
            "all": Sentence(
                "Đã kiểm {commodity}: đạt {quantity} {unit}",
                "Chuyến {number} của {seller} có {quantity} {unit} đạt; hãy xem phiếu tạm tính.",
                "{commodity} inspected: {quantity} {unit} passed",
                "{quantity} {unit} of delivery {number} of {seller} passed; see the preview of "
                "its slip.",
            )
        }
    ),
    "delivery.accepted": Topic(
        {
            "seller": Sentence(
                "{buyer} nhận {accepted_quantity} {unit} {commodity}",
                "Chuyến {number}: nhận {accepted_quantity} {unit}, tiền hàng {payable_amount} "
                "đồng. Phiếu giao nhận ghi rõ từng khoản.",
                "{buyer} accepted {accepted_quantity} {unit} of {commodity}",
                "Delivery {number}: {accepted_quantity} {unit} accepted, {payable_amount} VND for "
                "the goods. The slip shows every line.",
            ),
            "buyer": Sentence(
                "Đã nhận {accepted_quantity} {unit} {commodity}",
                "Chuyến {number} của {seller}: phải trả {payable_amount} đồng tiền hàng. "
                "Phiếu giao nhận ghi rõ từng khoản.",
                "Accepted: {accepted_quantity} {unit} of {commodity}",
                "Delivery {number} of {seller}: {payable_amount} VND payable for the goods. "
                "The slip shows every line.",
            ),
        }
    ),
    "delivery.corrected": Topic(
        {
            "all": Sentence(
                "Phiếu giao {commodity} đã sửa",
                "Chuyến {number} giữa {seller} và {buyer} nay tính {accepted_quantity} {unit}, "
                "tiền hàng {payable_amount} đồng. Lý do: {reason}",
                "Slip of {commodity} corrected",
                "Delivery {number} between {seller} and {buyer} now counts {accepted_quantity} "
                "{unit}, {payable_amount} VND for the goods. Reason: {reason}",
            )
        }
    ),
}
