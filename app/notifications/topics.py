"""Every topic and the sentences it becomes, in both languages.

A topic without sentences is recorded for other readers of the outbox and told to nobody. Places
in a sentence are filled by `facts.py`.
"""

from app.notifications.contract_topics import CONTRACT_TOPICS
from app.notifications.delivery_topics import DELIVERY_TOPICS
from app.notifications.disruption_topics import DISRUPTION_TOPICS
from app.notifications.money_topics import MONEY_TOPICS
from app.notifications.pool_topics import POOL_TOPICS
from app.notifications.restriction_topics import RESTRICTION_TOPICS
from app.notifications.sentence import SILENT, Sentence, Topic

INVITATION = Sentence(
    "{organisation} mời bạn tham gia Blao",
    "Chào {name},\n\n{organisation} mời bạn tham gia với vai trò {role}.\n"
    "Mã lời mời: {invitation_id}\nMã xác nhận: {{code}}\n\nLời mời có hiệu lực 14 ngày.",
    "{organisation} invites you to Blao",
    "Dear {name},\n\n{organisation} invites you to join as {role}.\n"
    "Invitation: {invitation_id}\nConfirmation code: {{code}}\n\nIt is valid for 14 days.",
)

ENTRY_CODE = Sentence(
    "Blao",
    "{cooperative} nhập giúp bạn {quantity} {unit} {commodity}. Đúng thì đọc mã {{code}} cho người "
    "nhập; sai thì đừng đọc.",
    "Blao",
    "{cooperative} enters {quantity} {unit} of {commodity} for you. If that is right read the code "
    "{{code}} to them; if not, don't.",
)

TOPICS: dict[str, Topic] = {
    "organisation.registered": Topic(
        {
            "all": Sentence(
                "Chào mừng {organisation} đến với Blao",
                "Tài khoản của {organisation} đã sẵn sàng.",
                "Welcome to Blao, {organisation}",
                "The account of {organisation} is ready.",
            )
        }
    ),
    "invitation.sent": SILENT,
    "entry.code_sent": SILENT,
    "entry.confirmed": Topic(
        {
            "all": Sentence(
                "{cooperative} đã nhập {quantity} {commodity} cho {member}",
                "Chủ hộ đã xác nhận; lô hàng đã được khai báo.",
                "{cooperative} entered {quantity} of {commodity} for {member}",
                "The farmer confirmed it; the lot is declared.",
            )
        }
    ),
    "membership.started": Topic(
        {
            "all": Sentence(
                "{member} đã vào {cooperative}",
                "{member} nay là thành viên của {cooperative}.",
                "{member} has joined {cooperative}",
                "{member} is now a member of {cooperative}.",
            )
        }
    ),
    "certificate.verified": Topic(
        {
            "all": Sentence(
                "Chứng nhận {number} đã được xác minh",
                "Chứng nhận {scheme} số {number} nay được tính khi ghép hàng.",
                "Certificate {number} has been verified",
                "Certificate {scheme} no. {number} now counts in clearing.",
            )
        }
    ),
    "lot.spoiled": SILENT,
    "lot.exhausted": SILENT,
    "offer.listed": Topic(
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
    "offer.withdrawn": SILENT,
    "demand.posted": Topic(
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
    "demand.cancelled": SILENT,
    "round.cleared": Topic(
        {
            "all": Sentence(
                "Phiên ghép {market} đã xong",
                "Phiên ghép {market} có {matches} cặp, tổng {cleared_quantity}. "
                "Hãy xem kết quả và lý do ở tin của bạn.",
                "The round of {market} is done",
                "The round of {market} made {matches} matches, {cleared_quantity} in all. "
                "See your own postings for the result and the reasons.",
            )
        },
        email=False,
    ),
    "round.voided": SILENT,
    "match.proposed": Topic(
        {
            "seller": Sentence(
                "Có người muốn mua {commodity}",
                "Phiên ghép tìm được chỗ bán {quantity} {unit} {commodity}. "
                "Hãy trả lời trước {expires_at}.",
                "A buyer for your {commodity}",
                "The round found a place for {quantity} {unit} of {commodity}. "
                "Please answer before {expires_at}.",
            ),
            "buyer": Sentence(
                "Có nguồn {commodity} cho bạn",
                "Phiên ghép tìm được {quantity} {unit} {commodity}. "
                "Hãy trả lời trước {expires_at}.",
                "A source of {commodity} for you",
                "The round found {quantity} {unit} of {commodity}. "
                "Please answer before {expires_at}.",
            ),
        }
    ),
    "match.accepted": SILENT,
    "match.refused": Topic(
        {
            "all": Sentence(
                "Đề nghị ghép {commodity} bị từ chối",
                "{quantity} {unit} {commodity} đã trở lại chợ.",
                "A match of {commodity} was declined",
                "{quantity} {unit} of {commodity} is back on the market.",
            )
        }
    ),
    "match.expired": Topic(
        {
            "all": Sentence(
                "Đề nghị ghép {commodity} đã hết hạn",
                "Không ai trả lời kịp; {quantity} {unit} {commodity} đã trở lại chợ.",
                "A match of {commodity} has expired",
                "Nobody answered in time; {quantity} {unit} of {commodity} is back on the market.",
            )
        }
    ),
    "match.superseded": Topic(
        {
            "all": Sentence(
                "Đề nghị ghép {commodity} không còn nữa",
                "Một bên đã rút khỏi chợ nên đề nghị ghép {quantity} {unit} {commodity} được hủy.",
                "A match of {commodity} is no more",
                "One side has left the market, and with it the match of {quantity} {unit} "
                "of {commodity}.",
            )
        }
    ),
    "order.placed": Topic(
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
        }
    ),
    "order.confirmed": Topic(
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
        }
    ),
    "order.cancelled": Topic(
        {
            "all": Sentence(
                "Đơn {quantity} {unit} {commodity} đã hủy",
                "Đơn giữa {seller} và {buyer} đã hủy; hàng trở lại chợ.",
                "Order of {quantity} {unit} of {commodity} cancelled",
                "The order between {seller} and {buyer} is cancelled; the goods are back "
                "on the market.",
            )
        }
    ),
    "order.expired": Topic(
        {
            "all": Sentence(
                "Đơn {quantity} {unit} {commodity} đã hết hạn",
                "{seller} không xác nhận kịp; hàng trở lại chợ.",
                "Order of {quantity} {unit} of {commodity} expired",
                "{seller} did not confirm in time; the goods are back on the market.",
            )
        }
    ),
    "forecast.made": SILENT,
    "order.in_delivery": SILENT,
    "order.received": Topic(
        {
            "all": Sentence(
                "Đơn {quantity} {unit} {commodity} đã giao xong",
                "Mọi chuyến hàng của đơn giữa {seller} và {buyer} đã nhận xong, chờ quyết toán.",
                "Order of {quantity} {unit} of {commodity} received",
                "Every delivery of the order between {seller} and {buyer} has been received; "
                "it is waiting to be settled.",
            )
        }
    ),
    "order.settled": Topic(
        {
            "all": Sentence(
                "Đơn {quantity} {unit} {commodity} đã quyết toán",
                "Đơn giữa {seller} và {buyer} đã trả đủ.",
                "Order of {quantity} {unit} of {commodity} settled",
                "The order between {seller} and {buyer} has been paid in full.",
            )
        }
    ),
    "order.carriage_changed": Topic(
        {
            "all": Sentence(
                "Đổi bên chở đơn {quantity} {unit} {commodity}",
                "Đơn giữa {seller} và {buyer} nay do {carrier} chở, cước {haulage_amount} đồng.",
                "Carrier changed: {quantity} {unit} of {commodity}",
                "The order between {seller} and {buyer} is now carried by {carrier}, "
                "{haulage_amount} VND.",
            )
        }
    ),
    "quality_schedule.set": Topic(
        {
            "seller": Sentence(
                "{buyer} đặt bảng giá chất lượng {commodity}",
                "Các đơn {commodity} mới của {buyer} với bạn theo bảng giá chất lượng số "
                "{version}.",
                "{buyer} has set a quality schedule for {commodity}",
                "New orders of {commodity} by {buyer} with you follow version {version} of its "
                "quality schedule.",
            )
        }
    ),
    **DELIVERY_TOPICS,
    **RESTRICTION_TOPICS,
    **CONTRACT_TOPICS,
    **MONEY_TOPICS,
    **POOL_TOPICS,
    **DISRUPTION_TOPICS,
}
