"""Where each kind of organisation goes from any page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from app.accounts.models import Kind
from app.web.language import t

ON_A_DESK = 8


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


@dataclass(frozen=True)
class Group:
    """Links that belong together; ``name`` may be empty where there is one group only."""

    name: str
    tabs: Sequence[Tab]


@dataclass(frozen=True)
class Menu:
    """The links that stand in the bar, and the others in groups behind "More"."""

    bar: Sequence[Tab]
    groups: Sequence[Group] = ()

    @property
    def rest(self) -> list[Tab]:
        """The links behind "More"."""
        return [tab for group in self.groups for tab in group.tabs]

    @property
    def fits(self) -> bool:
        """Whether a wide screen has room for all of them in the bar."""
        return len(self.bar) + len(self.rest) <= ON_A_DESK


def menu(caller: Any) -> Menu | None:
    """The links of the organisation that acts, its home first; nothing where none acts."""
    if caller is None or caller.organisation is None:
        return None
    home = Tab("/home", "home", t("Trang chính", "Home"))
    messages = Tab("/messages", "letter", t("Tin", "Messages"))
    offers = Tab("/offers", "leaf", t("Hàng", "Offers"))
    orders = Tab("/orders", "truck", t("Đơn hàng", "Orders"))
    money = Tab("/money", "money", t("Tiền", "Money"))
    market = Tab("/market", "search", t("Tìm hàng", "Market"))
    contracts = Tab("/contracts", "paper", t("Hợp đồng", "Contracts"))
    figures = Tab("/analytics", "chart", t("Số liệu", "Figures"))
    match caller.organisation.kind:
        case Kind.FARM | Kind.FARMER_GROUP:
            return Menu([home, offers, money, messages])
        case Kind.PROCESSOR:
            demands = Tab("/demands", "basket", t("Cần mua", "Demands"))
            statements = Tab("/statements", "money", t("Công nợ", "Statements"))
            rest = Group("", [contracts, statements, messages])
            return Menu([home, market, demands, orders], [rest])
        case Kind.COOPERATIVE:
            return Menu(
                [
                    home,
                    figures,
                    Tab("/members", "people", t("Thành viên", "Members")),
                    Tab("/pooling", "basket", t("Gom hàng", "Pooling")),
                ],
                [
                    Group(t("Mua bán", "Trade"), [offers, market, orders, contracts]),
                    Group(
                        t("Tiền và sự cố", "Money and trouble"),
                        [
                            money,
                            Tab("/claims", "scale", t("Khiếu nại", "Claims")),
                            Tab("/disruptions", "barrier", t("Chặn đường", "Disruptions")),
                        ],
                    ),
                    Group(
                        t("Giấy tờ và tin", "Papers and messages"),
                        [Tab("/imports", "paper", t("Nhập tệp", "Files")), messages],
                    ),
                ],
            )
        case Kind.AUTHORITY:
            return Menu(
                [
                    home,
                    Tab("/restrictions", "barrier", t("Hạn chế", "Restrictions")),
                    Tab("/surplus", "leaf", t("Hàng dư", "Surplus")),
                    figures,
                    messages,
                ]
            )
        case _:
            operations = Tab("/operator", "gauge", t("Vận hành", "Operations"))
            return Menu([home, operations, figures, messages])
