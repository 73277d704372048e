"""Deliveries: what was despatched, weighed, inspected and accepted, each in rows of its own.

Nothing measured is ever overwritten. A correction is a further row with the next number that says
who, when and why; the latest row is the one in force.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.accounts.models import one_of
from app.core.db import Amount, Base, Identified, Quantity
from app.core.errors import Problem
from app.lots.models import Lot
from app.orders.models import Order, OrderLine


class DeliveryStatus(StrEnum):
    SCHEDULED = "scheduled"
    DESPATCHED = "despatched"
    WEIGHED = "weighed"
    INSPECTED = "inspected"
    ACCEPTED = "accepted"
    PARTLY_ACCEPTED = "partly_accepted"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


ENDED = (DeliveryStatus.ACCEPTED, DeliveryStatus.PARTLY_ACCEPTED, DeliveryStatus.REJECTED)
OVER = (*ENDED, DeliveryStatus.CANCELLED)
UNDER_WAY = (DeliveryStatus.DESPATCHED, DeliveryStatus.WEIGHED, DeliveryStatus.INSPECTED)


class PartResult(StrEnum):
    ACCEPTED = "accepted"
    DOWNGRADED = "downgraded"
    REJECTED = "rejected"


class Delivery(Identified, Base):
    """One load of one order line. ``organisation_id`` is the buyer, as on the order.

    ``scheduled_quantity`` is in the commodity's unit; ``shortfall`` is what the seller declared at
    despatch will not come at all. With ``neutral_inspection`` an authority may see and inspect it.
    What was recorded about it stands in lists of their own, of which the last counts.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        one_of("status", DeliveryStatus),
        CheckConstraint("scheduled_quantity > 0", name="scheduled_positive"),
        CheckConstraint("shortfall BETWEEN 0 AND scheduled_quantity", name="shortfall_within"),
        UniqueConstraint("order_id", "number"),
        Index("ix_delivery_ended", "seller_id", "ended_at"),
        Index("ix_delivery_by_day", "ended_at", postgresql_using="brin"),
        Index(
            "ix_delivery_under_way",
            "id",
            postgresql_where=text("status IN ('despatched', 'weighed', 'inspected')"),
        ),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("order_line.id"), index=True)
    number: Mapped[int]
    status: Mapped[str]
    scheduled_quantity: Mapped[Quantity]
    scheduled_for: Mapped[datetime | None]
    shortfall: Mapped[Quantity] = mapped_column(default=Decimal(0), server_default="0")
    shortfall_reason: Mapped[str | None]
    neutral_inspection: Mapped[bool] = mapped_column(default=False, server_default="false")
    scheduled_at: Mapped[datetime]
    despatched_at: Mapped[datetime | None]
    weighed_at: Mapped[datetime | None]
    inspected_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship(lazy="raise_on_sql")
    line: Mapped[OrderLine] = relationship(lazy="raise_on_sql")
    despatches: Mapped[list["Despatch"]] = relationship(
        lazy="raise_on_sql", order_by="Despatch.number"
    )
    weighings: Mapped[list["Weighing"]] = relationship(
        lazy="raise_on_sql", order_by="Weighing.number"
    )
    inspections: Mapped[list["Inspection"]] = relationship(
        lazy="raise_on_sql", order_by="Inspection.number"
    )
    slips: Mapped[list["Slip"]] = relationship(lazy="raise_on_sql", order_by="Slip.number")

    @property
    def itself(self) -> "Delivery":
        """For answers that show parts of it together."""
        return self

    @property
    def despatch(self) -> "Despatch | None":
        """What left the farm, as last recorded."""
        return self.despatches[-1] if self.despatches else None

    @property
    def weighing(self) -> "Weighing | None":
        """The weighing in force."""
        return self.weighings[-1] if self.weighings else None

    @property
    def inspection(self) -> "Inspection | None":
        """The inspection in force."""
        return self.inspections[-1] if self.inspections else None

    @property
    def slip(self) -> "Slip | None":
        """The slip in force; there is none before acceptance."""
        return self.slips[-1] if self.slips else None


class Recorded(Identified):
    """Mixin of what is recorded about a delivery: numbered, never changed, reasons for the next.

    ``number`` counts from 1; every later row is a correction and carries its ``reason``.
    """

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            UniqueConstraint("delivery_id", "number"),
            CheckConstraint("number = 1 OR reason IS NOT NULL", name="correction_says_why"),
            *cls._own_checks(),
        )

    @classmethod
    def _own_checks(cls) -> tuple[Any, ...]:
        return ()

    @declared_attr
    def delivery_id(cls) -> Mapped[UUID]:
        return mapped_column(ForeignKey("delivery.id"), index=True)

    @declared_attr
    def organisation_id(cls) -> Mapped[UUID]:
        return mapped_column(ForeignKey("organisation.id"))

    @declared_attr
    def recorded_by_id(cls) -> Mapped[UUID]:
        return mapped_column(ForeignKey("person.id"))

    number: Mapped[int]
    reason: Mapped[str | None]
    recorded_at: Mapped[datetime]


class Despatch(Recorded, Base):
    """What the seller says has left the farm; ``as_typed`` keeps the figure and unit entered.

    ``lot_id`` is the lot it really came from; another than the order's is a substitution.
    """

    __tablename__ = "despatch"

    @classmethod
    def _own_checks(cls) -> tuple[Any, ...]:
        return (
            CheckConstraint("quantity > 0", name="quantity_positive"),
            CheckConstraint(
                "substitution_reason IS NULL OR btrim(substitution_reason) <> ''",
                name="substitution_says_why",
            ),
        )

    quantity: Mapped[Quantity]
    as_typed: Mapped[dict[str, Any]]
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), index=True)
    substitution_reason: Mapped[str | None]


class Weighing(Recorded, Base):
    """The scale's figures at the buyer's gate; ``tickets`` lists each gross and tare as typed.

    ``surface_water`` is a percentage; it lowers the amount payable, never the weight.
    """

    __tablename__ = "weighing"

    @classmethod
    def _own_checks(cls) -> tuple[Any, ...]:
        return (
            CheckConstraint("tare >= 0 AND net >= 0 AND net = gross - tare", name="net"),
            CheckConstraint("surface_water BETWEEN 0 AND 100", name="surface_water"),
        )

    tickets: Mapped[list[dict[str, Any]]]
    gross: Mapped[Quantity]
    tare: Mapped[Quantity]
    net: Mapped[Quantity]
    surface_water: Mapped[Decimal | None] = mapped_column(Numeric(6, 3))


class Inspection(Recorded, Base):
    """What an inspector found; ``neutral`` when the inspector belongs to neither side."""

    __tablename__ = "inspection"

    inspector: Mapped[str]
    neutral: Mapped[bool]

    parts: Mapped[list["InspectionPart"]] = relationship(
        lazy="raise_on_sql", order_by="InspectionPart.position"
    )


class InspectionPart(Identified, Base):
    """A part of what was weighed, with its own measured qualities and verdict."""

    __tablename__ = "inspection_part"
    __table_args__ = (
        one_of("result", PartResult),
        UniqueConstraint("inspection_id", "position"),
        CheckConstraint("net > 0", name="net_positive"),
        CheckConstraint("accepted_quantity BETWEEN 0 AND net", name="accepted_within"),
        CheckConstraint(
            "(result = 'rejected') = (accepted_quantity = 0)", name="rejected_is_not_accepted"
        ),
    )

    inspection_id: Mapped[UUID] = mapped_column(ForeignKey("inspection.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    position: Mapped[int]
    net: Mapped[Quantity]
    accepted_quantity: Mapped[Quantity]
    qualities: Mapped[dict[str, Any]]
    grade: Mapped[str | None]
    result: Mapped[str]
    reason: Mapped[str | None]


class Slip(Recorded, Base):
    """What is payable for a delivery, line by line; made at acceptance, again at a correction.

    ``document`` holds everything needed to compute it again. Amounts are whole VND:
    ``payable_amount`` is owed for the goods, ``haulage_amount`` to whoever carried.
    """

    __tablename__ = "delivery_slip"

    @classmethod
    def _own_checks(cls) -> tuple[Any, ...]:
        return (
            CheckConstraint(
                "accepted_quantity >= 0 AND base_amount BETWEEN 0 AND 1000000000000000"
                " AND payable_amount BETWEEN 0 AND 1000000000000000"
                " AND haulage_amount BETWEEN 0 AND 1000000000000000",
                name="amounts_within",
            ),
        )

    document: Mapped[dict[str, Any]]
    accepted_quantity: Mapped[Quantity]
    base_amount: Mapped[Amount]
    payable_amount: Mapped[Amount]
    haulage_amount: Mapped[Amount]


class ClaimStatus(StrEnum):
    OPEN = "open"
    GRANTED = "granted"
    PARTLY_GRANTED = "partly_granted"
    REFUSED = "refused"
    ESCALATED = "escalated"
    WITHDRAWN = "withdrawn"


class ClaimUnderWay(Problem):
    status, code = 409, "claim_under_way"
    vi = "Chuyến hàng này đang có khiếu nại chưa xong."
    en = "A claim about this delivery is still under way."


class Claim(Identified, Base):
    """The buyer's complaint about an accepted delivery. Amounts are whole VND.

    ``provisional_credit`` is set aside while the claim is open or escalated; ``credit`` is what was
    granted in the end. An unanswered claim is granted when ``answer_by`` has passed. A refusal
    stands unless it is escalated before ``escalate_by``; an escalated claim is decided by the
    cooperative ``arbiter_id``, or by an operator where it names none. One without ``ended_at`` is
    still under way.
    """

    __tablename__ = "claim"
    __table_args__ = (
        one_of("status", ClaimStatus),
        CheckConstraint("(share IS NULL) <> (quantity IS NULL)", name="share_or_quantity"),
        CheckConstraint("share > 0 AND share <= 1", name="share_within"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint(
            "credit BETWEEN 0 AND provisional_credit AND provisional_credit >= 0",
            name="credit_within",
        ),
        Index("ix_claim_by_day", "filed_at", postgresql_using="brin"),
        Index("ix_claim_waiting", "answer_by", postgresql_where=text("ended_at IS NULL")),
        Index(
            "uq_claim_under_way",
            "delivery_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("delivery.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    status: Mapped[str]
    share: Mapped[Decimal | None] = mapped_column(Numeric(6, 5))
    quantity: Mapped[Quantity | None]
    reason: Mapped[str]
    photo: Mapped[str | None]
    provisional_credit: Mapped[Amount]
    credit: Mapped[Amount | None]
    answer: Mapped[str | None]
    answer_by: Mapped[datetime]
    escalate_by: Mapped[datetime | None]
    arbiter_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    filed_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    delivery: Mapped[Delivery] = relationship(lazy="raise_on_sql")


class Shortage(Identified, Base):
    """Less of a lot is there than was promised; how it was shared out, by which rule.

    ``organisation_id`` is the seller. ``available`` is what had not left and was there.
    """

    __tablename__ = "shortage"
    __table_args__ = (CheckConstraint("available >= 0", name="available_not_negative"),)

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), index=True)
    available: Mapped[Quantity]
    promised: Mapped[Quantity]
    rule: Mapped[str]
    reason: Mapped[str]
    declared_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    declared_at: Mapped[datetime]

    lot: Mapped[Lot] = relationship(lazy="raise_on_sql")
    shares: Mapped[list["ShortageShare"]] = relationship(
        lazy="raise_on_sql", order_by="ShortageShare.position"
    )


class ShortageShare(Identified, Base):
    """What one order line gets of a short lot, and the figures that explain it."""

    __tablename__ = "shortage_share"
    __table_args__ = (
        CheckConstraint("allotted BETWEEN 0 AND promised", name="allotted_within"),
        UniqueConstraint("shortage_id", "position"),
    )

    shortage_id: Mapped[UUID] = mapped_column(ForeignKey("shortage.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("order_line.id"), index=True)
    position: Mapped[int]
    promised: Mapped[Quantity]
    allotted: Mapped[Quantity]
    explanation: Mapped[dict[str, Any]]
