"""What is told of deliveries, claims and shortages."""

from app.notifications.sentence import SIDES, Sentence, Topic

DELIVERY = f"delivery_id order_id order_line_id number {SIDES} commodity quantity"
SLIP = (
    f"{DELIVERY} slip_id slip_number status accepted_quantity base_amount payable_amount "
    "haulage_amount reason?"
)
CLAIM = (
    f"{DELIVERY} claim_id status share? claimed_quantity? reason provisional_credit credit? "
    "answer? answer_by escalate_by? arbiter_id? timed_out?"
)
SHORTAGE = (
    f"shortage_id order_id order_line_id {SIDES} commodity quantity allotted available rule reason"
)

DELIVERY_TOPICS: dict[str, Topic] = {
    "delivery.scheduled": Topic(
        f"{DELIVERY} scheduled_for?",
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
        f"{DELIVERY} lot_id shortfall shortfall_reason? substitution_reason?",
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
        },
    ),
    "delivery.cancelled": Topic(
        DELIVERY,
        {
            "all": Sentence(
                "Đã hủy chuyến {commodity}",
                "Chuyến {number} ({quantity} {unit} {commodity}) giữa {seller} và {buyer} đã hủy; "
                "lượng này chờ hẹn lại.",
                "A delivery of {commodity} called off",
                "Delivery {number} ({quantity} {unit} of {commodity}) between {seller} and {buyer} "
                "was called off; the quantity is to be planned again.",
            )
        },
    ),
    "delivery.weighed": Topic(
        f"{DELIVERY} status",
        {
            "all": Sentence(
                "Đã cân {quantity} {unit} {commodity}",
                "Chuyến {number} của {seller} cân được {quantity} {unit} tịnh ở {buyer}.",
                "{quantity} {unit} of {commodity} weighed",
                "Delivery {number} of {seller} weighed {quantity} {unit} net at {buyer}.",
            )
        },
    ),
    "delivery.inspected": Topic(
        f"{DELIVERY} status",
        {
            "all": Sentence(
                "Đã kiểm {commodity}: đạt {quantity} {unit}",
                "Chuyến {number} của {seller} có {quantity} {unit} đạt; hãy xem phiếu tạm tính.",
                "{commodity} inspected: {quantity} {unit} passed",
                "{quantity} {unit} of delivery {number} of {seller} passed; see the preview of "
                "its slip.",
            )
        },
    ),
    "delivery.accepted": Topic(
        SLIP,
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
        },
    ),
    "delivery.corrected": Topic(
        SLIP,
        {
            "all": Sentence(
                "Phiếu giao {commodity} đã sửa",
                "Chuyến {number} giữa {seller} và {buyer} nay tính {accepted_quantity} {unit}, "
                "tiền hàng {payable_amount} đồng. Lý do: {reason}",
                "Slip of {commodity} corrected",
                "Delivery {number} between {seller} and {buyer} now counts {accepted_quantity} "
                "{unit}, {payable_amount} VND for the goods. Reason: {reason}",
            )
        },
    ),
    "claim.filed": Topic(
        CLAIM,
        {
            "seller": Sentence(
                "{buyer} khiếu nại chuyến {commodity}",
                "Lý do: {reason}. Đề nghị giảm {provisional_credit} đồng. Hãy trả lời trước "
                "{answer_by}; quá hạn thì khiếu nại được chấp nhận.",
                "{buyer} complains about {commodity}",
                "Reason: {reason}. {provisional_credit} VND are asked for. Please answer before "
                "{answer_by}; after that the claim is granted.",
            ),
            "buyer": Sentence(
                "Đã gửi khiếu nại chuyến {commodity}",
                "{seller} có hạn trả lời đến {answer_by}; {provisional_credit} đồng tạm giữ lại.",
                "Your claim about {commodity} is filed",
                "{seller} has until {answer_by} to answer; {provisional_credit} VND are set aside.",
            ),
        },
    ),
    "claim.answered": Topic(
        CLAIM,
        {
            "all": Sentence(
                "Khiếu nại chuyến {commodity} {outcome}",
                "Khiếu nại của {buyer} về chuyến {number} của {seller} {outcome}: giảm {credit} "
                "đồng.{why}",
                "Claim about {commodity} {outcome}",
                "The claim of {buyer} about delivery {number} of {seller} is {outcome}: "
                "{credit} VND credited.{why}",
            )
        },
    ),
    "claim.escalated": Topic(
        CLAIM,
        {
            "all": Sentence(
                "Khiếu nại chuyến {commodity} cần phân xử",
                "{buyer} không đồng ý việc {seller} từ chối khiếu nại {provisional_credit} đồng về "
                "chuyến {number}. Lý do: {reason}",
                "A claim about {commodity} needs a decision",
                "{buyer} does not accept that {seller} refused the claim of {provisional_credit} "
                "VND about delivery {number}. Reason: {reason}",
            )
        },
    ),
    "claim.decided": Topic(
        CLAIM,
        {
            "all": Sentence(
                "Khiếu nại chuyến {commodity} đã phân xử",
                "Khiếu nại của {buyer} về chuyến {number} của {seller} {outcome}: giảm {credit} "
                "đồng.{why}",
                "Claim about {commodity} decided",
                "The claim of {buyer} about delivery {number} of {seller} is {outcome}: "
                "{credit} VND credited.{why}",
            )
        },
    ),
    "claim.lapsed": Topic(
        CLAIM,
        {
            "all": Sentence(
                "Khiếu nại chuyến {commodity} đã khép lại",
                "Không ai nhờ phân xử kịp, nên việc {seller} từ chối khiếu nại của {buyer} về "
                "chuyến {number} có hiệu lực.",
                "Claim about {commodity} closed",
                "Nobody asked for a decision in time, so the refusal by {seller} of the claim of "
                "{buyer} about delivery {number} stands.",
            )
        },
        email=False,
    ),
    "claim.withdrawn": Topic(
        CLAIM,
        {
            "all": Sentence(
                "Khiếu nại chuyến {commodity} đã rút",
                "{buyer} đã rút khiếu nại về chuyến {number} của {seller}.",
                "Claim about {commodity} withdrawn",
                "{buyer} has withdrawn the claim about delivery {number} of {seller}.",
            )
        },
    ),
    "shortage.shared": Topic(
        SHORTAGE,
        {
            "seller": Sentence(
                "Thiếu {commodity}: {buyer} được {allotted}/{quantity} {unit}",
                "Lô chỉ còn {available} {unit}; theo quy tắc {rule}, {buyer} được {allotted} trong "
                "{quantity} {unit} đã hứa. Lý do: {reason}",
                "Shortage of {commodity}: {allotted} of {quantity} {unit} for {buyer}",
                "Only {available} {unit} of the lot is there; by the rule {rule}, {buyer} gets "
                "{allotted} of the {quantity} {unit} promised. Reason: {reason}",
            ),
            "buyer": Sentence(
                "Thiếu {commodity}: bạn được {allotted}/{quantity} {unit}",
                "{seller} chỉ còn {available} {unit} cho mọi đơn. Theo quy tắc {rule}, bạn được "
                "{allotted} trong {quantity} {unit} đã hứa. Lý do: {reason}",
                "Shortage of {commodity}: {allotted} of {quantity} {unit} for you",
                "{seller} has only {available} {unit} for all orders. By the rule {rule}, you get "
                "{allotted} of the {quantity} {unit} promised. Reason: {reason}",
            ),
        },
    ),
}
