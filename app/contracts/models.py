"""Season contracts: their versions and signatures, weeks, holds, call-offs and breaches."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Capacity, Organisation, Party, Represented, one_of
from app.core.db import Amount, Base, Identified, Quantity, UnitPrice
from app.core.errors import Problem


class ContractStatus(StrEnum):
    DRAFT = "draft"
    SIGNED = "signed"
    ACTIVE = "active"
    FULFILLED = "fulfilled"
    BREACHED = "breached"
    TERMINATED = "terminated"


IN_FORCE = (ContractStatus.SIGNED, ContractStatus.ACTIVE)


class QuantityForm(StrEnum):
    """Everything the seller grows, an agreed amount, or at least that."""

    ALL_OUTPUT = "all_output"
    FIXED = "fixed"
    MINIMUM = "minimum"


class Side(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"


class BreachKind(StrEnum):
    """Not called by the buyer, not delivered by the seller, or sold elsewhere meanwhile."""

    NON_PURCHASE = "non_purchase"
    NON_DELIVERY = "non_delivery"
    SIDE_SELLING = "side_selling"


class BreachStatus(StrEnum):
    NOTIFIED = "notified"
    EXCUSED = "excused"
    RECORDED = "recorded"


class ContractNotDraft(Problem):
    status, code = 409, "contract_not_draft"
    vi = "Hợp đồng đã ký, không sửa được nữa."
    en = "This contract is signed and can no longer be changed."


class ContractNotActive(Problem):
    status, code = 409, "contract_not_active"
    vi = "Hợp đồng không còn hoặc chưa có hiệu lực."
    en = "This contract is not in force."


class Contract(Represented, Identified, Base):
    """A season's promise between one buyer and one seller; ``organisation_id`` is the buyer.

    ``quantity`` is the season's total in the commodity's unit, None for all output. ``price`` is
    the formula as the two agreed it, VND per unit at the farm gate; see ``pricing.py``. The
    ``quality_schedule`` in force at the last signature holds for every call-off. ``given_up_by`` is
    the side that wants to end it early, which needs the other's agreement.
    """

    __tablename__ = "contract"
    __table_args__ = (
        one_of("status", ContractStatus),
        one_of("quantity_form", QuantityForm),
        one_of("capacity", Capacity),
        one_of("seller_capacity", Capacity),
        CheckConstraint("organisation_id <> seller_id", name="two_parties"),
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint(
            "(quantity_form = 'all_output') = (quantity IS NULL)", name="all_output_has_no_total"
        ),
        CheckConstraint("tolerance_percent BETWEEN 0 AND 100", name="tolerance"),
        CheckConstraint("payment_days BETWEEN 0 AND 365", name="payment_days"),
        CheckConstraint("(capacity = 'agent') = (agent_id IS NOT NULL)", name="agent_named"),
        CheckConstraint("given_up_by IN ('buyer', 'seller')", name="given_up_by"),
    )

    seller_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    seller_capacity: Mapped[str]
    seller_agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    status: Mapped[str]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"))
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("site.id"))
    pickup_site_id: Mapped[UUID | None] = mapped_column(ForeignKey("site.id"))
    quantity_form: Mapped[str]
    quantity: Mapped[Quantity | None]
    tolerance_percent: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    price: Mapped[dict[str, Any]]
    quality_schedule: Mapped[dict[str, Any] | None]
    payment_days: Mapped[int]
    carrier: Mapped[str]
    advances: Mapped[list[dict[str, Any]]]
    remedies: Mapped[dict[str, Any]]
    notice_days: Mapped[int]
    force_majeure: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    drafted_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]
    given_up_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]

    weeks: Mapped[list["ContractWeek"]] = relationship(
        lazy="raise_on_sql", order_by="ContractWeek.week", cascade="all, delete-orphan"
    )
    signatures: Mapped[list["Signature"]] = relationship(
        lazy="raise_on_sql", order_by="Signature.signed_at"
    )
    versions: Mapped[list["ContractVersion"]] = relationship(
        lazy="raise_on_sql", order_by="ContractVersion.number"
    )
    buyer: Mapped[Organisation] = relationship(
        lazy="raise_on_sql", foreign_keys="Contract.organisation_id"
    )
    seller: Mapped[Organisation] = relationship(
        lazy="raise_on_sql", foreign_keys="Contract.seller_id"
    )

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


class ContractVersion(Identified, Base):
    """The terms as they stood in a version, with the SHA-256 of their canonical JSON."""

    __tablename__ = "contract_version"
    __table_args__ = (UniqueConstraint("contract_id", "number"),)

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contract.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[int]
    terms: Mapped[dict[str, Any]]
    digest: Mapped[str]
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]


class Signature(Identified, Base):
    """A side's agreement to one version; a later version needs new ones."""

    __tablename__ = "contract_signature"
    __table_args__ = (
        one_of("side", Side),
        UniqueConstraint("contract_id", "version", "side"),
    )

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contract.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    version: Mapped[int]
    side: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    signed_at: Mapped[datetime]


class ContractWeek(Base):
    """What is promised for the week that begins on ``week``, a Monday."""

    __tablename__ = "contract_week"
    __table_args__ = (
        CheckConstraint("promised > 0", name="promised_positive"),
        CheckConstraint("extract(isodow FROM week) = 1", name="week_begins_on_monday"),
    )

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contract.id"), primary_key=True)
    week: Mapped[date] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    promised: Mapped[Quantity]


class ContractHold(Identified, Base):
    """A part of a lot set aside for a week of a contract, so that nobody else is sold it."""

    __tablename__ = "contract_hold"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        Index("ix_contract_hold_live", "contract_id", postgresql_where=text("ended_at IS NULL")),
    )

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contract.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    week: Mapped[date]
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), index=True)
    quantity: Mapped[Quantity]
    held_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ContractRelease(Identified, Base):
    """The buyer can take no more in a week; what was held for it is free for others."""

    __tablename__ = "contract_release"
    __table_args__ = (UniqueConstraint("contract_id", "week"),)

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contract.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    week: Mapped[date]
    released_at: Mapped[datetime]


class CallOff(Identified, Base):
    """What the buyer calls for a week; it becomes an order at once, at the formula's price.

    ``market_price`` and ``market_as_of`` say which market price the formula found, if it uses one.
    """

    __tablename__ = "call_off"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        UniqueConstraint("contract_id", "number"),
    )

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contract.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[int]
    week: Mapped[date]
    quantity: Mapped[Quantity]
    unit_price: Mapped[UnitPrice]
    market_price: Mapped[UnitPrice | None]
    market_as_of: Mapped[datetime | None]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"), unique=True)
    called_at: Mapped[datetime]


class ShortfallNotice(Identified, Base):
    """The seller's early word that a week will bring less than was promised."""

    __tablename__ = "shortfall_notice"
    __table_args__ = (CheckConstraint("expected >= 0", name="expected_not_negative"),)

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contract.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    week: Mapped[date]
    expected: Mapped[Quantity]
    reason: Mapped[str]
    force_majeure: Mapped[bool]
    told_at: Mapped[datetime]


class Breach(Identified, Base):
    """A week in which a side did not do what it had promised, beyond the tolerance.

    ``remedy_amount`` is what the contract's remedy comes to in whole VND. The side in breach has
    until ``answer_by`` to say why; then the breach is recorded.
    """

    __tablename__ = "contract_breach"
    __table_args__ = (
        one_of("kind", BreachKind),
        one_of("status", BreachStatus),
        UniqueConstraint("contract_id", "week", "kind"),
        CheckConstraint("quantity > 0 AND remedy_amount >= 0", name="positive"),
    )

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contract.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    week: Mapped[date]
    kind: Mapped[str]
    quantity: Mapped[Quantity]
    remedy_amount: Mapped[Amount]
    status: Mapped[str]
    answer: Mapped[str | None]
    notified_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    ended_at: Mapped[datetime | None]
