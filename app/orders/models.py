"""Orders and their lines."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Capacity, Organisation, Party, Represented, one_of
from app.core.db import Amount, Base, Identified, Quantity, UnitPrice
from app.core.errors import Problem
from app.market.models import PAYMENT_DAYS, Demand, Offer


class OrderStatus(StrEnum):
    PLACED = "placed"
    CONFIRMED = "confirmed"
    IN_DELIVERY = "in_delivery"
    RECEIVED = "received"
    SETTLED = "settled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


# An order that still holds what it took.
LIVE = (OrderStatus.PLACED, OrderStatus.CONFIRMED, OrderStatus.IN_DELIVERY)


class Origin(StrEnum):
    DIRECT = "direct"
    ROUND = "round"
    CONTRACT = "contract"


class Carrier(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"
    COOPERATIVE = "cooperative"
    THIRD_PARTY = "third_party"


class OrderNotPlaced(Problem):
    status, code = 409, "order_not_placed"
    vi = "Đơn hàng không còn chờ xác nhận."
    en = "This order is not waiting for confirmation."


class OrderNotCancellable(Problem):
    status, code = 409, "order_not_cancellable"
    vi = "Đơn hàng không còn hủy được."
    en = "This order can no longer be cancelled."


class OrderNotUnderWay(Problem):
    status, code = 409, "order_not_under_way"
    vi = "Đơn hàng chưa chốt hoặc đã kết thúc, không giao hàng được."
    en = "This order is not confirmed or is over; nothing can be delivered."


class OrderNotReceived(Problem):
    status, code = 409, "order_not_received"
    vi = "Đơn hàng chưa nhận đủ nên chưa quyết toán được."
    en = "This order has not been received in full and cannot be settled."


class Order(Represented, Identified, Base):
    """An agreement of one buyer with one seller; prices are frozen on its lines.

    ``organisation_id`` is the buyer. The goods are owed to the seller, the haulage to the
    ``carrier``; with carrier ``buyer`` it is the buyer's own affair and not billed.
    ``carrier_id`` names a carrier that is neither side; what is owed falls due ``payment_days``
    after acceptance.
    ``demand_quantity`` is what it fills of a demand, in the market's base commodity. Amounts are
    whole VND.
    """

    __tablename__ = "purchase_order"
    __table_args__ = (
        one_of("status", OrderStatus),
        one_of("origin", Origin),
        one_of("carrier", Carrier),
        one_of("capacity", Capacity),
        one_of("seller_capacity", Capacity),
        CheckConstraint("goods_amount >= 0 AND haulage_amount >= 0", name="amounts_not_negative"),
        CheckConstraint("carrier <> 'buyer' OR haulage_amount = 0", name="own_haulage_not_billed"),
        CheckConstraint("organisation_id <> seller_id", name="two_parties"),
        CheckConstraint("payment_days BETWEEN 0 AND 365", name="payment_days"),
        CheckConstraint(
            "(demand_id IS NULL) = (demand_quantity IS NULL)", name="demand_with_quantity"
        ),
        CheckConstraint("(capacity = 'agent') = (agent_id IS NOT NULL)", name="agent_named"),
        Index("ix_purchase_order_placed", "seller_id", "placed_at"),
        Index("ix_purchase_order_by_day", "placed_at", postgresql_using="brin"),
        Index(
            "ix_purchase_order_waiting", "confirm_by", postgresql_where=text("status = 'placed'")
        ),
    )

    seller_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    seller_capacity: Mapped[str]
    seller_agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    demand_id: Mapped[UUID | None] = mapped_column(ForeignKey("demand.id"), index=True)
    demand_quantity: Mapped[Quantity | None]
    origin: Mapped[str]
    status: Mapped[str]
    carrier: Mapped[str]
    goods_amount: Mapped[Amount]
    haulage_amount: Mapped[Amount]
    carrier_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    payment_days: Mapped[int] = mapped_column(default=PAYMENT_DAYS, server_default="7")
    confirm_by: Mapped[datetime | None]
    placed_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    lines: Mapped[list["OrderLine"]] = relationship(
        lazy="raise_on_sql", order_by="OrderLine.id", back_populates="order"
    )
    buyer: Mapped[Organisation] = relationship(
        lazy="raise_on_sql", foreign_keys="Order.organisation_id"
    )
    seller: Mapped[Organisation] = relationship(lazy="raise_on_sql", foreign_keys="Order.seller_id")
    demand: Mapped[Demand | None] = relationship(lazy="raise_on_sql")

    @property
    def total_amount(self) -> int:
        return self.goods_amount + self.haulage_amount

    @property
    def buying(self) -> Party:
        """The buyer as a party."""
        return Party(self.organisation_id, Capacity(self.capacity), self.agent_id)

    @property
    def selling(self) -> Party:
        """The seller as a party."""
        return Party(self.seller_id, Capacity(self.seller_capacity), self.seller_agent_id)

    @property
    def parties(self) -> list[UUID]:
        """Everybody who takes part, agents included."""
        sides = (self.buying, self.selling)
        return [one for side in sides for one in (side.organisation_id, side.agent_id) if one]


class OrderLine(Identified, Base):
    """A quantity of one offer at the price it had then, VND per unit at the farm gate.

    ``haulage_amount`` is the whole VND to carry all of it; ``short`` is what will not be delivered
    and was given back; ``quality_schedule`` is the schedule in force when the order was placed.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint(
            "unit_price >= 0 AND amount >= 0 AND haulage_amount >= 0", name="price_not_negative"
        ),
        CheckConstraint("short BETWEEN 0 AND quantity", name="short_within"),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"), index=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), index=True)
    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"))
    grade: Mapped[str | None]
    quantity: Mapped[Quantity]
    unit_price: Mapped[UnitPrice]
    amount: Mapped[Amount]
    haulage_amount: Mapped[Amount] = mapped_column(default=0, server_default="0")
    short: Mapped[Quantity] = mapped_column(default=Decimal(0), server_default="0")
    quality_schedule: Mapped[dict[str, Any] | None]

    order: Mapped[Order] = relationship(lazy="raise_on_sql", back_populates="lines")
    offer: Mapped[Offer] = relationship(lazy="raise_on_sql")


class QualitySchedule(Identified, Base):
    """How measured quality moves the price of a commodity: versioned rules, kept as data.

    Without ``buyer_id`` it is the platform's own; otherwise that buyer's, for everybody or, with
    ``seller_id``, for one seller. The highest ``version`` of a kind is the one in force.
    """

    __tablename__ = "quality_schedule"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_from_one"),
        UniqueConstraint(
            "commodity_code",
            "buyer_id",
            "seller_id",
            "version",
            postgresql_nulls_not_distinct=True,
        ),
    )

    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"))
    buyer_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    seller_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    version: Mapped[int]
    rules: Mapped[list[dict[str, Any]]]
    created_at: Mapped[datetime]
