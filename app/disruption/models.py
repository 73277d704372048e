"""What a restriction keeps from happening, what is proposed instead, and recalls."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Kind, Organisation, one_of
from app.core.db import Base, Identified, Quantity, UnitPrice
from app.core.errors import Problem
from app.lots.models import Lot
from app.market.models import Offer
from app.orders.models import OrderLine
from app.places.models import Restriction

OFFICES = (Kind.OPERATOR, Kind.AUTHORITY)


class CommitmentKind(StrEnum):
    """An order that has not left, a proposed match, or what was held for a contract."""

    ORDER = "order"
    MATCH = "match"
    HOLD = "hold"


class CommitmentStatus(StrEnum):
    """Waiting for the restriction to end; then back as it was, served otherwise, or let go."""

    WAITING = "waiting"
    RESTORED = "restored"
    REPLACED = "replaced"
    RELEASED = "released"


class RematchStatus(StrEnum):
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"
    OVERTAKEN = "overtaken"


class RematchNotProposed(Problem):
    status, code = 409, "rematch_not_proposed"
    vi = "Đề nghị nguồn hàng thay thế này không còn chờ trả lời."
    en = "This proposal of another source is not waiting for an answer."


class WantedNoMore(Problem):
    status, code = 409, "wanted_no_more"
    vi = "Nhu cầu này đã được đáp ứng bằng cách khác."
    en = "What this was wanted for has been served otherwise."


class RecallOver(Problem):
    status, code = 409, "recall_over"
    vi = "Đợt thu hồi này đã kết thúc."
    en = "This recall is over."


class AlreadyRecalled(Problem):
    status, code = 409, "already_recalled"
    vi = "Lô này đang bị thu hồi rồi."
    en = "This lot is recalled already."


class TwoSides:
    """Mixin: the seller as ``organisation_id``, the buyer, and the agents of both."""

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    seller_agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    buyer_agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))

    @property
    def parties(self) -> list[UUID]:
        """Everybody who takes part, agents included."""
        sides = (self.organisation_id, self.seller_agent_id, self.buyer_id, self.buyer_agent_id)
        return [one for one in sides if one]


class Commitment(TwoSides, Identified, Base):
    """Something promised that a restriction keeps from happening: force majeure for both sides.

    ``quantity``, in the commodity's unit, is what was still to come. It went back to the offer
    ``offer_id`` and, of an order, to the demand it fills. ``replaced`` came from elsewhere,
    ``restored`` came back when goods could move again.
    """

    __tablename__ = "disrupted_commitment"
    __table_args__ = (
        one_of("kind", CommitmentKind),
        one_of("status", CommitmentStatus),
        CheckConstraint("num_nonnulls(order_line_id, match_id, hold_id) = 1", name="of_one_thing"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint(
            "replaced >= 0 AND restored >= 0 AND replaced + restored <= quantity",
            name="never_double",
        ),
        CheckConstraint("(status = 'waiting') = (ended_at IS NULL)", name="ended_when"),
        Index(
            "uq_disrupted_commitment_line",
            "order_line_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        UniqueConstraint("match_id"),
        UniqueConstraint("hold_id"),
    )

    restriction_id: Mapped[UUID] = mapped_column(ForeignKey("restriction.id"), index=True)
    kind: Mapped[str]
    order_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("order_line.id"))
    match_id: Mapped[UUID | None] = mapped_column(ForeignKey("match.id"))
    hold_id: Mapped[UUID | None] = mapped_column(ForeignKey("contract_hold.id"))
    offer_id: Mapped[UUID | None] = mapped_column(ForeignKey("offer.id"), index=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"))
    quantity: Mapped[Quantity]
    replaced: Mapped[Quantity] = mapped_column(default=Decimal(0), server_default="0")
    restored: Mapped[Quantity] = mapped_column(default=Decimal(0), server_default="0")
    status: Mapped[str]
    found_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    restriction: Mapped[Restriction] = relationship(lazy="raise_on_sql")
    line: Mapped[OrderLine | None] = relationship(lazy="raise_on_sql")
    lot: Mapped[Lot] = relationship(lazy="raise_on_sql")

    @property
    def order_id(self) -> UUID | None:
        """The order it is of, if it is one; ``line`` must be loaded."""
        return self.line.order_id if self.line else None

    @property
    def wanting(self) -> Decimal:
        """What has neither been replaced nor come back."""
        return self.quantity - self.replaced - self.restored


class Rematch(TwoSides, Identified, Base):
    """Another source that the engine found for a buyer, held until the buyer answers.

    Quantity and prices are in the market's base commodity, as of a match; ``offer_quantity`` is the
    same in the offer's own unit.
    """

    __tablename__ = "rematch"
    __table_args__ = (
        one_of("status", RematchStatus),
        CheckConstraint("quantity > 0 AND offer_quantity > 0", name="quantity_positive"),
        CheckConstraint("buyer_price - seller_price = transport_cost", name="money_adds_up"),
        CheckConstraint("(status = 'accepted') = (order_id IS NOT NULL)", name="accepted_ordered"),
        Index("ix_rematch_waiting", "expires_at", postgresql_where=text("status = 'proposed'")),
    )

    commitment_id: Mapped[UUID] = mapped_column(ForeignKey("disrupted_commitment.id"), index=True)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"), index=True)
    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"))
    quantity: Mapped[Quantity]
    offer_quantity: Mapped[Quantity]
    seller_price: Mapped[UnitPrice]
    buyer_price: Mapped[UnitPrice]
    transport_cost: Mapped[UnitPrice]
    status: Mapped[str]
    proposed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("purchase_order.id"))

    commitment: Mapped[Commitment] = relationship(lazy="raise_on_sql")
    offer: Mapped[Offer] = relationship(lazy="raise_on_sql")


class Recall(Identified, Base):
    """A lot, and all that was pooled from it, frozen; ``organisation_id`` is who says so."""

    __tablename__ = "recall"
    __table_args__ = (
        Index(
            "uq_recall_current", "lot_id", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"))
    reason: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    lot: Mapped[Lot] = relationship(lazy="raise_on_sql")
    caller: Mapped[Organisation] = relationship(lazy="raise_on_sql")
    frozen: Mapped[list["RecalledLot"]] = relationship(
        lazy="raise_on_sql", order_by="RecalledLot.lot_id"
    )

    @property
    def known_lot_id(self) -> UUID | None:
        """The lot it began with, if it is among those loaded for the reader."""
        return self.lot_id if self.lot_id in {one.lot_id for one in self.frozen} else None

    @property
    def known_caller_id(self) -> UUID | None:
        """Who says so, if an office, or the owner or agent of a lot loaded for the reader."""
        owners = {one.organisation_id for one in self.frozen}
        known = self.known_lot_id is not None or self.organisation_id in owners
        return self.organisation_id if known or self.caller.kind in OFFICES else None


class RecalledLot(Base):
    """A lot that a recall freezes; ``organisation_id`` is whose it is."""

    __tablename__ = "recalled_lot"

    recall_id: Mapped[UUID] = mapped_column(ForeignKey("recall.id"), primary_key=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), primary_key=True, index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
