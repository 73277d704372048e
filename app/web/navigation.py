"""Where each kind of organisation goes from any page."""

from dataclasses import dataclass
from typing import Any

from flask import request

from app.accounts.models import Kind
from app.web.language import t


@dataclass(frozen=True)
class Tab:
    """One link of the navigation."""

    address: str
    icon: str
    name: str

    @property
    def current(self) -> bool:
        """Whether the page shown lies behind it."""
        return request.path == self.address or request.path.startswith(f"{self.address}/")


def tabs(caller: Any) -> list[Tab]:
    """The links of the organisation that acts, its home first."""
    if caller is None or caller.organisation is None:
        return []
    home = Tab("/home", "home", t("Trang chính", "Home"))
    messages = Tab("/messages", "letter", t("Tin", "Messages"))
    offers, orders = Tab("/offers", "leaf", t("Hàng", "Offers")), _orders()
    money = Tab("/money", "money", t("Tiền", "Money"))
    match caller.organisation.kind:
        case Kind.FARM | Kind.FARMER_GROUP:
            return [home, offers, money, messages]
        case Kind.PROCESSOR:
            return [home, _market(), _demands(), _contracts(), orders, _statements(), messages]
        case Kind.COOPERATIVE:
            return [
                home,
                Tab("/analytics", "chart", t("Số liệu", "Figures")),
                Tab("/members", "people", t("Thành viên", "Members")),
                Tab("/pooling", "truck", t("Gom hàng", "Pooling")),
                offers,
                _market(),
                _contracts(),
                orders,
                money,
                Tab("/claims", "scale", t("Khiếu nại", "Claims")),
                Tab("/disruptions", "barrier", t("Chặn đường", "Disruptions")),
                Tab("/imports", "paper", t("Nhập tệp", "Files")),
                messages,
            ]
        case Kind.AUTHORITY:
            return [
                home,
                Tab("/restrictions", "barrier", t("Hạn chế", "Restrictions")),
                Tab("/surplus", "leaf", t("Hàng dư", "Surplus")),
                Tab("/analytics", "chart", t("Số liệu", "Figures")),
                messages,
            ]
        case _:
            return [
                home,
                Tab("/operator", "gauge", t("Vận hành", "Operations")),
                Tab("/analytics", "chart", t("Số liệu", "Figures")),
                messages,
            ]


def _orders() -> Tab:
    return Tab("/orders", "truck", t("Đơn hàng", "Orders"))


def _market() -> Tab:
    return Tab("/market", "search", t("Tìm hàng", "Market"))


def _demands() -> Tab:
    return Tab("/demands", "basket", t("Cần mua", "Demands"))


def _contracts() -> Tab:
    return Tab("/contracts", "paper", t("Hợp đồng", "Contracts"))


def _statements() -> Tab:
    return Tab("/statements", "money", t("Công nợ", "Statements"))
