"""The log of messages: sent, not sent and why; send again."""

from uuid import UUID

from werkzeug.wrappers import Response

from app.accounts.access import ARBITERS, READERS, Caller
from app.notifications import api as notifications
from app.notifications.dispatch_operations import NOT_ARRIVED
from app.notifications.schemas import DispatchQuery, masked
from app.web.forms import asked_for, loaded
from app.web.language import t
from app.web.pages import Pages, go, show

pages = Pages("message_log")


@pages.page("GET", "/notifications/log", access=READERS)
def message_log(caller: Caller) -> Response:
    """Messages of mine and of members who agreed, newest first."""
    asked = asked_for("cursor", "status")
    found = notifications.list_dispatches(caller=caller, query=loaded(DispatchQuery, asked))
    return show(
        "message_log.html",
        found=found,
        chosen=asked.get("status", ""),
        masked=masked,
        about=about,
        may_resend=ARBITERS.admits(caller),
        not_arrived=NOT_ARRIVED,
    )


@pages.page(
    "POST",
    "/notifications/log/<uuid:dispatch_id>/resending",
    access=ARBITERS,
    again=lambda caller, **_: message_log(caller=caller),
)
def resend(caller: Caller, dispatch_id: UUID) -> Response:
    """Try one again that did not arrive."""
    notifications.resend_dispatch(caller=caller, dispatch_id=dispatch_id)
    return go("/notifications/log")


def about(topic: str) -> str:
    """What a message is about, in a word."""
    words = {
        "advance": t("Tạm ứng", "Advance"),
        "claim": t("Khiếu nại", "Claim"),
        "contract": t("Hợp đồng", "Contract"),
        "delivery": t("Giao hàng", "Delivery"),
        "demand": t("Nhu cầu mua", "Demand"),
        "disruption": t("Bị chặn đường", "Disruption"),
        "entry": t("Nhập thay", "Assisted entry"),
        "forecast": t("Dự báo", "Forecast"),
        "invitation": t("Lời mời", "Invitation"),
        "lot": t("Lô hàng", "Lot"),
        "match": t("Ghép mua bán", "Match"),
        "membership": t("Thành viên", "Membership"),
        "offer": t("Tin bán", "Offer"),
        "order": t("Đơn hàng", "Order"),
        "organisation": t("Tài khoản", "Account"),
        "payment": t("Hạn trả tiền", "Payment"),
        "payout": t("Trả tiền", "Payout"),
        "pool": t("Gom hàng", "Pooling"),
        "price": t("Giá", "Price"),
        "recall": t("Thu hồi", "Recall"),
        "rematch": t("Nguồn thay thế", "Other source"),
        "restriction": t("Hạn chế vận chuyển", "Restriction"),
        "round": t("Phiên khớp", "Round"),
        "settlement": t("Quyết toán", "Settlement"),
        "shortage": t("Thiếu hàng", "Shortage"),
        "statement": t("Bảng kê", "Statement"),
    }
    return words.get(topic.partition(".")[0], t("Tin khác", "Other"))
