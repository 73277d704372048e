"""Rounds, matches, what became of each order in the book, and the prices that came out."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, Numeric, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import one_of
from app.core.db import Base, Identified, Quantity, UnitPrice
from app.core.errors import Problem
from app.market.models import Demand, Offer


class RoundStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    CLEARED = "cleared"
    VOID = "void"


class MatchStatus(StrEnum):
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


class Side(StrEnum):
    SELLER = "seller"
    BUYER = "buyer"


class MatchNotProposed(Problem):
    status, code = 409, "match_not_proposed"
    vi = "Đề nghị ghép này không còn chờ trả lời."
    en = "This match is not waiting for an answer."


class Round(Identified, Base):
    """One clearing of one market.

    The book is frozen in ``snapshot`` when the round closes; welfare and bound are whole VND.
    ``lease_until`` says how long the worker that computes it is trusted to be alive. The
    ``certificate`` is what `clear_snapshot` gives, so that anybody can prove the result again.
    ``fault`` says why the book could not be cleared when it was last tried; ``fault_shown`` and
    ``gain_shown`` are set by whoever reads the round for somebody who may know that.
    """

    __tablename__ = "clearing_round"
    __table_args__ = (
        one_of("status", RoundStatus),
        CheckConstraint(
            "status <> 'cleared' OR (welfare IS NOT NULL AND snapshot_hash IS NOT NULL)",
            name="cleared_has_result",
        ),
        CheckConstraint("status <> 'closed' OR snapshot IS NOT NULL", name="closed_has_snapshot"),
        CheckConstraint("fault IS NULL OR status IN ('open', 'void')", name="fault_while_open"),
        Index(
            "uq_clearing_round_current",
            "market_code",
            unique=True,
            postgresql_where=text("status IN ('open', 'closed')"),
        ),
    )

    market_code: Mapped[str] = mapped_column(ForeignKey("market.code"), index=True)
    status: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    snapshot_hash: Mapped[str | None]
    solution_hash: Mapped[str | None]
    offers: Mapped[int | None]
    demands: Mapped[int | None]
    matches: Mapped[int | None]
    welfare: Mapped[Decimal | None] = mapped_column(Numeric(30, 0))
    upper_bound: Mapped[Decimal | None] = mapped_column(Numeric(30, 0))
    optimality_gap: Mapped[float | None] = mapped_column(Double())
    cleared_quantity: Mapped[Decimal | None] = mapped_column(Numeric(20, 3))
    certificate: Mapped[dict[str, Any] | None]
    fault: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    void_reason: Mapped[str | None]

    fault_shown = False
    gain_shown = False


class Match(Identified, Base):
    """A quantity of an offer given to a demand, in the market's base commodity.

    ``organisation_id`` is the seller. ``offer_quantity`` is the same in the offer's own unit.
    """

    __tablename__ = "match"
    __table_args__ = (
        one_of("status", MatchStatus),
        CheckConstraint("quantity > 0 AND offer_quantity > 0", name="quantity_positive"),
        CheckConstraint("buyer_price - seller_price = transport_cost", name="money_adds_up"),
        CheckConstraint("(status = 'accepted') = (order_id IS NOT NULL)", name="accepted_ordered"),
        Index("uq_match_pair", "round_id", "offer_id", "demand_id", unique=True),
        Index("ix_match_waiting", "expires_at", postgresql_where=text("status = 'proposed'")),
    )

    round_id: Mapped[UUID] = mapped_column(ForeignKey("clearing_round.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    seller_agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    buyer_agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offer.id"), index=True)
    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demand.id"), index=True)
    quantity: Mapped[Quantity]
    offer_quantity: Mapped[Quantity]
    seller_price: Mapped[UnitPrice]
    buyer_price: Mapped[UnitPrice]
    transport_cost: Mapped[UnitPrice]
    status: Mapped[str]
    expires_at: Mapped[datetime]
    seller_accepted_at: Mapped[datetime | None]
    buyer_accepted_at: Mapped[datetime | None]
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("purchase_order.id"))

    offer: Mapped[Offer] = relationship(lazy="raise_on_sql")
    demand: Mapped[Demand] = relationship(lazy="raise_on_sql")

    @property
    def parties(self) -> list[UUID]:
        """Everybody who takes part, agents included."""
        sides = (
            self.organisation_id,
            self.seller_agent_id,
            self.buyer_id,
            self.buyer_agent_id,
        )
        return [one for one in sides if one]


class Outcome(Identified, Base):
    """What became of one offer or demand in one round, and why."""

    __tablename__ = "round_outcome"
    __table_args__ = (
        CheckConstraint("num_nonnulls(offer_id, demand_id) = 1", name="of_one_thing"),
        Index("uq_round_outcome_offer", "offer_id", "round_id", unique=True),
        Index("uq_round_outcome_demand", "demand_id", "round_id", unique=True),
    )

    round_id: Mapped[UUID] = mapped_column(ForeignKey("clearing_round.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    offer_id: Mapped[UUID | None] = mapped_column(ForeignKey("offer.id"))
    demand_id: Mapped[UUID | None] = mapped_column(ForeignKey("demand.id"))
    outcome: Mapped[str]
    reasons: Mapped[dict[str, Any]]


class MarketPrice(Base):
    """What a round's trades were made at, VND per unit of the base commodity.

    ``wards`` tells the same of each ward in which enough sellers sold.
    """

    __tablename__ = "market_price"
    __table_args__ = (
        Index("ix_market_price_latest", "market_code", text("cleared_at DESC")),
        CheckConstraint("seller_low <= seller_high AND buyer_low <= buyer_high", name="order"),
    )

    round_id: Mapped[UUID] = mapped_column(ForeignKey("clearing_round.id"), primary_key=True)
    market_code: Mapped[str] = mapped_column(ForeignKey("market.code"))
    cleared_at: Mapped[datetime]
    quantity: Mapped[Decimal] = mapped_column(Numeric(20, 3))
    seller_low: Mapped[UnitPrice]
    seller_average: Mapped[UnitPrice]
    seller_high: Mapped[UnitPrice]
    buyer_low: Mapped[UnitPrice]
    buyer_average: Mapped[UnitPrice]
    buyer_high: Mapped[UnitPrice]
    wards: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
