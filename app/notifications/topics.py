"""Every topic and the sentences it becomes, in both languages.

A topic without sentences is recorded for other readers of the outbox and told to nobody. Places
in a sentence are filled by `facts.py`.
"""

from app.notifications.contract_topics import CONTRACT_TOPICS
from app.notifications.delivery_topics import DELIVERY_TOPICS
from app.notifications.disruption_topics import DISRUPTION_TOPICS
from app.notifications.money_topics import MONEY_TOPICS
from app.notifications.pool_topics import POOL_TOPICS
from app.notifications.reminder_topics import REMINDER_TOPICS
from app.notifications.restriction_topics import RESTRICTION_TOPICS
from app.notifications.sentence import SIDES, Sentence, Topic

INVITATION = Sentence(
    "{organisation} mời bạn tham gia Blao",
    "Chào {name},\n\n{organisation} mời bạn tham gia với vai trò {role}.\n"
    "Mở trang này để nhận lời mời: {{link}}\nMã xác nhận: {{code}}\n"
    "Mã lời mời: {invitation_id}\n\nLời mời có hiệu lực 14 ngày.",
    "{organisation} invites you to Blao",
    "Dear {name},\n\n{organisation} invites you to join as {role}.\n"
    "Open this page to accept: {{link}}\nConfirmation code: {{code}}\n"
    "Invitation: {invitation_id}\n\nIt is valid for 14 days.",
)

SIGN_IN_CODE = Sentence(
    "Mã đăng nhập Blao",
    "Mã đăng nhập Blao: {{code}}. Dùng được trong 15 phút. Đừng đọc mã này cho ai.",
    "Blao sign-in code",
    "Blao sign-in code: {{code}}. It serves for 15 minutes. Tell it to nobody.",
)

ENTRY_CODE = Sentence(
    "Blao",
    "{cooperative} nhập giúp bạn {quantity} {unit} {commodity}. Đúng thì đọc mã {{code}} cho người "
    "nhập; sai thì đừng đọc.",
    "Blao",
    "{cooperative} enters {quantity} {unit} of {commodity} for you. If that is right read the code "
    "{{code}} to them; if not, don't.",
)

MATCH = f"match_id {SIDES} commodity quantity expires_at"
ORDER = (
    f"order_id {SIDES} commodity quantity unit_price goods_amount total_amount lines carrier "
    "payment_days confirm_by?"
)

TOPICS: dict[str, Topic] = {
    "organisation.registered": Topic(
        "organisation",
        {
            "all": Sentence(
                "Chào mừng {organisation} đến với Blao",
                "Tài khoản của {organisation} đã sẵn sàng.",
                "Welcome to Blao, {organisation}",
                "The account of {organisation} is ready.",
            )
        },
    ),
    "invitation.sent": Topic("invitation_id", published=False),
    "sign_in.code_sent": Topic("code_id", published=False),
    "entry.code_sent": Topic("entry_id code_number", published=False),
    "entry.confirmed": Topic(
        "entry_id lot_id member_id cooperative_id commodity quantity",
        {
            "all": Sentence(
                "{cooperative} đã nhập {quantity} {unit} {commodity} cho {member}",
                "Chủ hộ đã xác nhận; lô hàng đã được khai báo.",
                "{cooperative} entered {quantity} {unit} of {commodity} for {member}",
                "The farmer confirmed it; the lot is declared.",
            )
        },
    ),
    "membership.started": Topic(
        "member cooperative",
        {
            "all": Sentence(
                "{member} đã vào {cooperative}",
                "{member} nay là thành viên của {cooperative}.",
                "{member} has joined {cooperative}",
                "{member} is now a member of {cooperative}.",
            )
        },
    ),
    "certificate.verified": Topic(
        "certificate_id scheme certificate_number",
        {
            "all": Sentence(
                "Chứng nhận {certificate_number} đã được xác minh",
                "Chứng nhận {scheme} số {certificate_number} nay được tính khi ghép hàng.",
                "Certificate {certificate_number} has been verified",
                "Certificate {scheme} no. {certificate_number} now counts in clearing.",
            )
        },
    ),
    "lot.spoiled": Topic("lot_id commodity"),
    "lot.exhausted": Topic("lot_id commodity"),
    "offer.listed": Topic(
        "offer_id commodity quantity ask_price",
        {
            "all": Sentence(
                "Đã đăng bán {commodity}",
                "{quantity} {unit} {commodity}, giá {ask_price} đồng/{unit}, đã lên chợ.",
                "{commodity} is on offer",
                "{quantity} {unit} of {commodity} at {ask_price} VND/{unit} is on the market.",
            )
        },
        email=False,
    ),
    "offer.withdrawn": Topic("offer_id commodity"),
    "demand.posted": Topic(
        "demand_id market deliver_until",
        {
            "all": Sentence(
                "Đã đăng nhu cầu mua",
                "Nhu cầu mua ở thị trường {market} đã được đăng.",
                "Your demand is posted",
                "Your demand in the market {market} is posted.",
            )
        },
        email=False,
    ),
    "demand.cancelled": Topic("demand_id market"),
    "round.cleared": Topic(
        "round_id market matches cleared_quantity",
        {
            "all": Sentence(
                "Phiên khớp {market} đã xong",
                "Phiên khớp {market} có {matches} cặp, tổng {cleared_quantity} {unit}. "
                "Hãy xem kết quả và lý do ở tin của bạn.",
                "The round of {market} is done",
                "The round of {market} traded {cleared_quantity} {unit}; matches: {matches}. "
                "See your own postings for the result and the reasons.",
            )
        },
        email=False,
    ),
    "round.voided": Topic("round_id market", published=False),
    "match.proposed": Topic(
        MATCH,
        {
            "seller": Sentence(
                "Có người muốn mua {commodity}",
                "Phiên khớp tìm được chỗ bán {quantity} {unit} {commodity}. "
                "Hãy trả lời trước {expires_at}.",
                "A buyer for your {commodity}",
                "The round found a place for {quantity} {unit} of {commodity}. "
                "Please answer before {expires_at}.",
            ),
            "buyer": Sentence(
                "Có nguồn {commodity} cho bạn",
                "Phiên khớp tìm được {quantity} {unit} {commodity}. "
                "Hãy trả lời trước {expires_at}.",
                "A source of {commodity} for you",
                "The round found {quantity} {unit} of {commodity}. "
                "Please answer before {expires_at}.",
            ),
        },
    ),
    "match.accepted": Topic(MATCH),
    "match.refused": Topic(
        MATCH,
        {
            "all": Sentence(
                "Đề nghị ghép {commodity} bị từ chối",
                "{quantity} {unit} {commodity} đã trở lại chợ.",
                "A match of {commodity} was declined",
                "{quantity} {unit} of {commodity} is back on the market.",
            )
        },
    ),
    "match.expired": Topic(
        MATCH,
        {
            "all": Sentence(
                "Đề nghị ghép {commodity} đã hết hạn",
                "Không ai trả lời kịp; {quantity} {unit} {commodity} đã trở lại chợ.",
                "A match of {commodity} has expired",
                "Nobody answered in time; {quantity} {unit} of {commodity} is back on the market.",
            )
        },
    ),
    "match.superseded": Topic(
        MATCH,
        {
            "all": Sentence(
                "Đề nghị ghép {commodity} không còn nữa",
                "Một bên đã rút khỏi chợ nên đề nghị ghép {quantity} {unit} {commodity} được hủy.",
                "A match of {commodity} is no more",
                "One side has left the market, and with it the match of {quantity} {unit} "
                "of {commodity}.",
            )
        },
    ),
    "order.placed": Topic(
        ORDER,
        {
            "seller": Sentence(
                "Đơn hàng mới: {quantity} {unit} {commodity}",
                "{buyer} đặt {quantity} {unit} {commodity}, giá {unit_price} đồng/{unit}, "
                "tiền hàng {goods_amount} đồng.{confirm}",
                "New order: {quantity} {unit} of {commodity}",
                "{buyer} ordered {quantity} {unit} of {commodity} at {unit_price} VND/{unit}, "
                "goods {goods_amount} VND.{confirm}",
            ),
            "buyer": Sentence(
                "Đã đặt {quantity} {unit} {commodity}",
                "Đơn đặt {quantity} {unit} {commodity} của {seller} đã ghi nhận, "
                "tổng {total_amount} đồng.",
                "Ordered: {quantity} {unit} of {commodity}",
                "Your order of {quantity} {unit} of {commodity} from {seller} is placed, "
                "{total_amount} VND in all.",
            ),
        },
    ),
    "order.confirmed": Topic(
        ORDER,
        {
            "seller": Sentence(
                "Đơn {quantity} {unit} {commodity} đã chốt",
                "Hãy chuẩn bị {quantity} {unit} {commodity} cho {buyer}.",
                "Order of {quantity} {unit} of {commodity} is binding",
                "Please prepare {quantity} {unit} of {commodity} for {buyer}.",
            ),
            "buyer": Sentence(
                "{seller} đã nhận đơn {commodity}",
                "Đơn {quantity} {unit} {commodity} đã chốt, tổng {total_amount} đồng.",
                "{seller} has confirmed your order of {commodity}",
                "The order of {quantity} {unit} of {commodity} is binding, "
                "{total_amount} VND in all.",
            ),
        },
    ),
    "order.cancelled": Topic(
        ORDER,
        {
            "all": Sentence(
                "Đơn {quantity} {unit} {commodity} đã hủy",
                "Đơn giữa {seller} và {buyer} đã hủy; hàng trở lại chợ.",
                "Order of {quantity} {unit} of {commodity} cancelled",
                "The order between {seller} and {buyer} is cancelled; the goods are back "
                "on the market.",
            )
        },
    ),
    "order.expired": Topic(
        ORDER,
        {
            "all": Sentence(
                "Đơn {quantity} {unit} {commodity} đã hết hạn",
                "{seller} không xác nhận kịp; hàng trở lại chợ.",
                "Order of {quantity} {unit} of {commodity} expired",
                "{seller} did not confirm in time; the goods are back on the market.",
            )
        },
    ),
    "forecast.made": Topic("commodity quantity week trend"),
    "order.in_delivery": Topic(ORDER),
    "order.received": Topic(
        ORDER,
        {
            "all": Sentence(
                "Đơn {quantity} {unit} {commodity} đã giao xong",
                "Mọi chuyến hàng của đơn giữa {seller} và {buyer} đã nhận xong, chờ quyết toán.",
                "Order of {quantity} {unit} of {commodity} received",
                "Every delivery of the order between {seller} and {buyer} has been received; "
                "it is waiting to be settled.",
            )
        },
    ),
    "order.settled": Topic(
        ORDER,
        {
            "all": Sentence(
                "Đơn {quantity} {unit} {commodity} đã quyết toán",
                "Đơn giữa {seller} và {buyer} đã trả đủ.",
                "Order of {quantity} {unit} of {commodity} settled",
                "The order between {seller} and {buyer} has been paid in full.",
            )
        },
    ),
    "order.carriage_changed": Topic(
        f"order_id {SIDES} commodity quantity carrier carrier_id? haulage_amount",
        {
            "all": Sentence(
                "Đổi bên chở đơn {quantity} {unit} {commodity}",
                "Đơn giữa {seller} và {buyer} nay do {carrier} chở, cước {haulage_amount} đồng.",
                "Carrier changed: {quantity} {unit} of {commodity}",
                "The order between {seller} and {buyer} is now carried by {carrier}, "
                "{haulage_amount} VND.",
            )
        },
    ),
    "webhook.disabled": Topic(
        "webhook_id url reason",
        {
            "all": Sentence(
                "Webhook đã ngừng",
                "Hệ thống không gửi đến {url} nữa ({reason}). Sự kiện vẫn đọc được ở GET /events; "
                "hãy sửa máy nhận rồi bật lại.",
                "A webhook has been disabled",
                "Nothing more is sent to {url} ({reason}). Events can still be read by "
                "GET /events; please mend the receiver and enable it again.",
            )
        },
    ),
    "quality_schedule.set": Topic(
        "schedule_id commodity buyer_id seller_id? version",
        {
            "seller": Sentence(
                "{buyer} đặt bảng giá chất lượng {commodity}",
                "Các đơn {commodity} mới của {buyer} với bạn theo bảng giá chất lượng số "
                "{version}.",
                "{buyer} has set a quality schedule for {commodity}",
                "New orders of {commodity} by {buyer} with you follow version {version} of its "
                "quality schedule.",
            )
        },
    ),
    **REMINDER_TOPICS,
    **DELIVERY_TOPICS,
    **RESTRICTION_TOPICS,
    **CONTRACT_TOPICS,
    **MONEY_TOPICS,
    **POOL_TOPICS,
    **DISRUPTION_TOPICS,
}
