"""The ledger and what is settled by it.

Amounts are whole VND. The ledger is append-only: PostgreSQL refuses to change or delete its rows,
keeps each transaction's sum at zero and the balances equal to the sums of entries (migration 0003).
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Capacity, Organisation, Represented, one_of
from app.core.db import Amount, Base, Identified, Quantity, UnitPrice
from app.core.errors import Problem
from app.deliveries.models import Delivery


class Account(StrEnum):
    """A party's accounts. What others owe it is a debit (positive), what it owes a credit.

    ``bank`` is money that moved outside; ``haulage`` and ``commission`` are receivables of whoever
    carried and of the cooperative that represented the seller.
    """

    PAYABLE = "payable"
    RECEIVABLE = "receivable"
    ADVANCES = "advances"
    COMMISSION = "commission"
    HAULAGE = "haulage"
    CLAIMS_IN_SUSPENSE = "claims_in_suspense"
    BANK = "bank"


class Source(StrEnum):
    """What a transaction comes from; with its id and a number it is unique."""

    SLIP = "slip"
    CLAIM = "claim"
    COMMISSION = "commission"
    NETTING = "netting"
    ADVANCE = "advance"
    PAYOUT = "payout"
    POOL = "pool"


class Event(StrEnum):
    """What a transaction records."""

    DELIVERY_ACCEPTED = "delivery_accepted"
    DELIVERY_CORRECTED = "delivery_corrected"
    SLIP_REVERSED = "slip_reversed"
    CLAIM_FILED = "claim_filed"
    CLAIM_ENDED = "claim_ended"
    COMMISSION_DUE = "commission_due"
    COMMISSION_REVERSED = "commission_reversed"
    ADVANCE_NETTED = "advance_netted"
    ADVANCE_GIVEN = "advance_given"
    PAYOUT_RECORDED = "payout_recorded"
    PAYOUT_BOUNCED = "payout_bounced"
    POOL_SHARED = "pool_shared"
    POOL_SHARE_REVERSED = "pool_share_reversed"


class Purpose(StrEnum):
    """What one party owes another for a delivery."""

    GOODS = "goods"
    HAULAGE = "haulage"
    COMMISSION = "commission"
    ADVANCE = "advance"
    POOL_SHARE = "pool_share"


ACCOUNT_OF = {
    Purpose.GOODS: Account.RECEIVABLE,
    Purpose.HAULAGE: Account.HAULAGE,
    Purpose.COMMISSION: Account.COMMISSION,
    Purpose.ADVANCE: Account.RECEIVABLE,
    Purpose.POOL_SHARE: Account.RECEIVABLE,
}


class SettlementStatus(StrEnum):
    PROVISIONAL = "provisional"
    FINAL = "final"


class AdvanceKind(StrEnum):
    MONEY = "money"
    INPUTS = "inputs"


class AdvanceStatus(StrEnum):
    RECORDED = "recorded"
    CONFIRMED = "confirmed"


class PayoutStatus(StrEnum):
    RECORDED = "recorded"
    CONFIRMED = "confirmed"
    BOUNCED = "bounced"


class AdvanceNotWaiting(Problem):
    status, code = 409, "advance_not_waiting"
    vi = "Khoản ứng này đã được xác nhận."
    en = "This advance has been confirmed already."


class PayoutNotWaiting(Problem):
    status, code = 409, "payout_not_waiting"
    vi = "Khoản thanh toán không còn chờ xác nhận."
    en = "This payout is not waiting for confirmation."


class PayoutOver(Problem):
    status, code = 409, "payout_over"
    vi = "Khoản thanh toán này không hoàn lại được nữa."
    en = "This payout can no longer be taken back."


class LedgerTransaction(Identified, Base):
    """One event in the books; its entries sum to zero.

    ``reverses_id`` is the transaction it takes back; ``replaces_id`` the one it stands for since.
    """

    __tablename__ = "ledger_transaction"
    __table_args__ = (
        one_of("source_kind", Source),
        one_of("kind", Event),
        CheckConstraint("number >= 1", name="number_from_one"),
        UniqueConstraint("source_kind", "source_id", "number"),
    )

    source_kind: Mapped[str]
    source_id: Mapped[UUID]
    number: Mapped[int]
    kind: Mapped[str]
    occurred_at: Mapped[datetime]
    posted_at: Mapped[datetime]
    delivery_id: Mapped[UUID | None] = mapped_column(ForeignKey("delivery.id"), index=True)
    reverses_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("ledger_transaction.id"), unique=True
    )
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_transaction.id"))

    entries: Mapped[list["LedgerEntry"]] = relationship(
        lazy="raise_on_sql", back_populates="transaction", order_by="LedgerEntry.id"
    )
    delivery: Mapped[Delivery | None] = relationship(lazy="raise_on_sql")


class LedgerEntry(Identified, Base):
    """One line of a transaction on one account of one party; a debit is positive."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        one_of("account", Account),
        CheckConstraint("amount <> 0", name="amount_not_zero"),
    )

    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_transaction.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    counterparty_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    account: Mapped[str]
    amount: Mapped[Amount]

    transaction: Mapped[LedgerTransaction] = relationship(
        lazy="raise_on_sql", back_populates="entries"
    )
    organisation: Mapped[Organisation] = relationship(
        lazy="raise_on_sql", foreign_keys="LedgerEntry.organisation_id"
    )
    counterparty: Mapped[Organisation | None] = relationship(
        lazy="raise_on_sql", foreign_keys="LedgerEntry.counterparty_id"
    )


class Balance(Base):
    """The sum of a party's entries on one account; only the ledger's trigger writes it."""

    __tablename__ = "balance"
    __table_args__ = (one_of("account", Account),)

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[Amount]


class Settlement(Identified, Base):
    """What one party owes another for one delivery, from provisional to final and paid.

    ``organisation_id`` pays ``payee_id``. ``held`` is set aside for claims under way, ``credited``
    was granted to the payer, ``netted`` went against advances, ``commission`` to the cooperative.
    A pool's share says how much of the goods it is for, ``quantity``, and when they were accepted.
    What is left is ``outstanding``; below zero the payee has been paid more than it turned out.
    """

    __tablename__ = "settlement"
    __table_args__ = (
        one_of("purpose", Purpose),
        one_of("status", SettlementStatus),
        UniqueConstraint("delivery_id", "purpose", "payee_id"),
        CheckConstraint(
            "amount >= 0 AND held >= 0 AND credited >= 0 AND netted >= 0 AND commission >= 0",
            name="not_negative",
        ),
        CheckConstraint("(status = 'final') = (final_at IS NOT NULL)", name="final_when"),
        CheckConstraint(
            "purpose = 'pool_share' OR num_nonnulls(quantity, accepted_on) = 0", name="of_a_share"
        ),
        Index(
            "ix_settlement_shared",
            "accepted_on",
            "payee_id",
            postgresql_where=text("purpose = 'pool_share'"),
        ),
        Index(
            "ix_settlement_provisional",
            "claims_until",
            postgresql_where=text("status = 'provisional'"),
        ),
        Index("ix_settlement_payee", "payee_id", "due_on"),
        Index("ix_settlement_owing", "organisation_id", "id"),
        Index("ix_settlement_owed", "payee_id", "id"),
        Index("ix_settlement_by_day", "due_on", postgresql_using="brin"),
        Index("ix_settlement_pair", "organisation_id", "payee_id", "due_on"),
        Index("ix_settlement_untold", "due_on", postgresql_where=text("overdue_told_at IS NULL")),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    payee_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("delivery.id"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    purpose: Mapped[str]
    status: Mapped[str]
    amount: Mapped[Amount]
    held: Mapped[Amount] = mapped_column(default=0, server_default="0")
    credited: Mapped[Amount] = mapped_column(default=0, server_default="0")
    netted: Mapped[Amount] = mapped_column(default=0, server_default="0")
    commission: Mapped[Amount] = mapped_column(default=0, server_default="0")
    paid: Mapped[Amount] = mapped_column(default=0, server_default="0")
    quantity: Mapped[Quantity | None]
    accepted_on: Mapped[date | None]
    due_on: Mapped[date]
    claims_until: Mapped[datetime]
    created_at: Mapped[datetime]
    final_at: Mapped[datetime | None]
    overdue_told_at: Mapped[datetime | None]

    payer: Mapped[Organisation] = relationship(
        lazy="raise_on_sql", foreign_keys="Settlement.organisation_id"
    )
    payee: Mapped[Organisation] = relationship(
        lazy="raise_on_sql", foreign_keys="Settlement.payee_id"
    )

    @hybrid_property
    def outstanding(self) -> int:
        """What is still to be paid, whole VND."""
        return self.amount - self.held - self.credited - self.netted - self.commission - self.paid


class CommissionRule(Identified, Base):
    """What a cooperative keeps of what it sells on members' behalf, from a day on.

    It holds for what is accepted from ``valid_from`` on, and after it was stated, ``created_at``.

    Either ``percent`` of the goods amount or ``per_unit`` VND per accepted unit; for one commodity
    or, without one, for all that have no rule of their own.
    """

    __tablename__ = "commission_rule"
    __table_args__ = (
        CheckConstraint("num_nonnulls(percent, per_unit) = 1", name="percent_or_per_unit"),
        CheckConstraint("percent BETWEEN 0 AND 100", name="percent_within"),
        CheckConstraint("per_unit >= 0", name="per_unit_not_negative"),
        UniqueConstraint(
            "organisation_id", "commodity_code", "valid_from", postgresql_nulls_not_distinct=True
        ),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    commodity_code: Mapped[str | None] = mapped_column(ForeignKey("commodity.code"))
    percent: Mapped[Decimal | None] = mapped_column(Numeric(6, 3))
    per_unit: Mapped[UnitPrice | None]
    valid_from: Mapped[date]
    created_at: Mapped[datetime]


class Advance(Identified, Base):
    """Money or inputs on credit from ``organisation_id``; counts once the receiver confirms.

    ``contract_id`` is the season contract in which the two agreed on it, if they did.
    """

    __tablename__ = "advance"
    __table_args__ = (
        one_of("kind", AdvanceKind),
        one_of("status", AdvanceStatus),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("netted BETWEEN 0 AND amount", name="netted_within"),
        CheckConstraint("organisation_id <> receiver_id", name="two_parties"),
        CheckConstraint("status = 'confirmed' OR netted = 0", name="netted_when_confirmed"),
        Index(
            "ix_advance_open",
            "receiver_id",
            "confirmed_at",
            postgresql_where=text("status = 'confirmed' AND netted < amount"),
        ),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    receiver_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("contract.id"), index=True)
    kind: Mapped[str]
    status: Mapped[str]
    amount: Mapped[Amount]
    netted: Mapped[Amount] = mapped_column(default=0, server_default="0")
    note: Mapped[str | None]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]

    giver: Mapped[Organisation] = relationship(
        lazy="raise_on_sql", foreign_keys="Advance.organisation_id"
    )
    receiver: Mapped[Organisation] = relationship(
        lazy="raise_on_sql", foreign_keys="Advance.receiver_id"
    )

    @property
    def remaining(self) -> int:
        """What has not been netted yet."""
        return self.amount - self.netted


class Payout(Represented, Identified, Base):
    """Money the payer says it has sent; the payee confirms it, or it bounces."""

    __tablename__ = "payout"
    __table_args__ = (
        one_of("capacity", Capacity),
        one_of("status", PayoutStatus),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("(status = 'bounced') = (bounce_reason IS NOT NULL)", name="bounce_why"),
        CheckConstraint("(capacity = 'agent') = (agent_id IS NOT NULL)", name="agent_named"),
        Index("ix_payout_waiting", "payee_id", "id", postgresql_where=text("status = 'recorded'")),
    )

    payee_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    status: Mapped[str]
    amount: Mapped[Amount]
    reference: Mapped[str | None]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    bounce_reason: Mapped[str | None]

    shares: Mapped[list["PayoutShare"]] = relationship(
        lazy="raise_on_sql", order_by="PayoutShare.position"
    )
    payer: Mapped[Organisation] = relationship(
        lazy="raise_on_sql", foreign_keys="Payout.organisation_id"
    )
    payee: Mapped[Organisation] = relationship(lazy="raise_on_sql", foreign_keys="Payout.payee_id")


class PayoutShare(Identified, Base):
    """What of a payout goes to one settlement; below zero where it takes back an overpayment."""

    __tablename__ = "payout_share"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        UniqueConstraint("payout_id", "position"),
        UniqueConstraint("payout_id", "settlement_id"),
    )

    payout_id: Mapped[UUID] = mapped_column(ForeignKey("payout.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    settlement_id: Mapped[UUID] = mapped_column(ForeignKey("settlement.id"), index=True)
    position: Mapped[int]
    amount: Mapped[Amount]

    settlement: Mapped[Settlement] = relationship(lazy="raise_on_sql")
