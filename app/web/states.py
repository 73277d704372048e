"""States as people say them, and the tone in which a page shows them."""

from app.web.language import t

_STATES = {
    "lot": {
        "forecast": ("Sắp có", "Forecast", "info"),
        "harvested": ("Đã hái", "Harvested", "good"),
        "exhausted": ("Hết hàng", "Exhausted", "quiet"),
        "spoiled": ("Hư hỏng", "Spoiled", "danger"),
    },
    "offer": {
        "draft": ("Nháp", "Draft", "quiet"),
        "open": ("Đang bán", "On sale", "info"),
        "committed": ("Đã có người mua", "Sold", "good"),
        "closed": ("Bán xong", "Closed", "good"),
        "withdrawn": ("Đã rút", "Withdrawn", "quiet"),
        "expired": ("Hết hạn", "Expired", "warn"),
    },
    "demand": {
        "draft": ("Nháp", "Draft", "quiet"),
        "open": ("Đang tìm", "Looking", "info"),
        "filled": ("Đủ hàng", "Filled", "good"),
        "closed": ("Đã đóng", "Closed", "quiet"),
        "cancelled": ("Đã hủy", "Cancelled", "quiet"),
        "expired": ("Hết hạn", "Expired", "warn"),
    },
    "round": {
        "open": ("Đang nhận", "Open", "info"),
        "closed": ("Đang tính", "Being cleared", "info"),
        "cleared": ("Đã khớp", "Cleared", "good"),
        "void": ("Hủy phiên", "Void", "quiet"),
    },
    "match": {
        "proposed": ("Chờ đồng ý", "Waiting for a yes", "warn"),
        "accepted": ("Đã đồng ý", "Accepted", "good"),
        "refused": ("Từ chối", "Refused", "danger"),
        "expired": ("Quá hạn", "Expired", "quiet"),
        "superseded": ("Đã thay", "Superseded", "quiet"),
    },
    "order": {
        "placed": ("Chờ xác nhận", "Waiting for confirmation", "warn"),
        "confirmed": ("Đã xác nhận", "Confirmed", "info"),
        "in_delivery": ("Đang giao", "In delivery", "info"),
        "received": ("Đã nhận", "Received", "good"),
        "settled": ("Đã thanh toán", "Settled", "good"),
        "cancelled": ("Đã hủy", "Cancelled", "quiet"),
        "expired": ("Quá hạn", "Expired", "quiet"),
    },
    "delivery": {
        "scheduled": ("Hẹn giao", "Scheduled", "info"),
        "despatched": ("Đã xuất", "Despatched", "info"),
        "weighed": ("Đã cân", "Weighed", "info"),
        "inspected": ("Đã kiểm", "Inspected", "info"),
        "accepted": ("Nhận đủ", "Accepted", "good"),
        "partly_accepted": ("Nhận một phần", "Partly accepted", "warn"),
        "rejected": ("Không nhận", "Rejected", "danger"),
        "cancelled": ("Đã hủy", "Cancelled", "quiet"),
    },
    "contract": {
        "draft": ("Dự thảo", "Draft", "quiet"),
        "signed": ("Đã ký", "Signed", "info"),
        "active": ("Đang thực hiện", "Active", "info"),
        "fulfilled": ("Hoàn thành", "Fulfilled", "good"),
        "breached": ("Vi phạm", "Breached", "danger"),
        "terminated": ("Chấm dứt", "Terminated", "quiet"),
    },
    "breach": {
        "notified": ("Chờ giải trình", "Waiting for an answer", "warn"),
        "excused": ("Đã bỏ qua", "Excused", "quiet"),
        "recorded": ("Đã ghi nhận", "Recorded", "danger"),
    },
    "missed": {
        "non_purchase": ("Bên mua không gọi hàng", "The buyer did not call it", "danger"),
        "non_delivery": ("Bên bán không giao", "The seller did not deliver it", "danger"),
        "side_selling": ("Bên bán bán cho người khác", "The seller sold it elsewhere", "danger"),
    },
    "part": {
        "accepted": ("Đạt", "Accepted", "good"),
        "downgraded": ("Hạ loại", "Downgraded", "warn"),
        "rejected": ("Không đạt", "Rejected", "danger"),
    },
    "claim": {
        "open": ("Chờ trả lời", "Waiting for an answer", "warn"),
        "granted": ("Chấp nhận", "Granted", "good"),
        "partly_granted": ("Chấp nhận một phần", "Partly granted", "good"),
        "refused": ("Từ chối", "Refused", "danger"),
        "escalated": ("Chờ phân xử", "Waiting for a decision", "warn"),
        "withdrawn": ("Đã rút", "Withdrawn", "quiet"),
    },
    "settlement": {
        "provisional": ("Tạm tính", "Provisional", "info"),
        "final": ("Phải trả", "Due", "warn"),
    },
    "pool": {
        "open": ("Đang gom", "Open", "info"),
        "closed": ("Đã chốt", "Closed", "good"),
        "shipped": ("Đã đi", "Shipped", "good"),
        "returned": ("Đã trả lại", "Returned", "quiet"),
    },
    "contribution": {
        "proposed": ("Chờ đồng ý", "Waiting for a yes", "warn"),
        "confirmed": ("Đã góp", "Brought", "good"),
        "withdrawn": ("Đã rút", "Withdrawn", "quiet"),
    },
    "commitment": {
        "waiting": ("Đang chờ", "Waiting", "warn"),
        "restored": ("Đã khôi phục", "Restored", "good"),
        "replaced": ("Đã thay", "Replaced", "good"),
        "released": ("Đã thôi", "Let go", "quiet"),
    },
    "rematch": {
        "proposed": ("Chờ trả lời", "Waiting for an answer", "warn"),
        "accepted": ("Đã nhận", "Accepted", "good"),
        "refused": ("Từ chối", "Refused", "quiet"),
        "expired": ("Quá hạn", "Expired", "quiet"),
        "overtaken": ("Không cần nữa", "No longer wanted", "quiet"),
    },
    "dispatch": {
        "queued": ("Chờ gửi", "Waiting", "info"),
        "sent": ("Đã gửi", "Sent", "good"),
        "delivered": ("Đã tới", "Arrived", "good"),
        "failed": ("Không tới", "Did not arrive", "danger"),
        "dead": ("Đã gác lại", "Set aside", "danger"),
        "no_gateway": ("Chưa có cổng gửi", "No gateway", "warn"),
        "capped": ("Quá nhiều tin", "Too many", "warn"),
    },
    "import": {
        "queued": ("Chờ đọc", "Waiting", "info"),
        "checking": ("Đang kiểm tra", "Being checked", "info"),
        "checked": ("Đã kiểm tra", "Checked", "warn"),
        "applying": ("Đang nhập", "Being brought in", "info"),
        "applied": ("Đã nhập", "Brought in", "good"),
        "refused": ("Không đọc được", "Cannot be read", "danger"),
    },
    "row": {
        "waiting": ("Chờ kiểm", "Waiting", "info"),
        "good": ("Đạt", "Good", "good"),
        "bad": ("Chưa đạt", "Needs mending", "danger"),
        "applied": ("Đã nhập", "Brought in", "good"),
    },
    "advance": {
        "recorded": ("Chờ bên bán xác nhận", "Waiting for the seller", "warn"),
        "confirmed": ("Đã nhận", "Received", "good"),
    },
    "payout": {
        "recorded": ("Chờ bên nhận xác nhận", "Waiting for the payee", "info"),
        "confirmed": ("Đã nhận", "Received", "good"),
        "bounced": ("Bị trả lại", "Bounced", "danger"),
    },
}


def state(kind: str, status: str) -> str:
    """The name of a state."""
    vi, en, _ = _STATES[kind][status]
    return t(vi, en)


def tone(kind: str, status: str) -> str:
    """How a state is coloured; its name always stands beside the colour."""
    return _STATES[kind][status][2]
