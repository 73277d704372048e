"""Offers and demands, and how much of each is still open."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Capacity, Organisation, Represented, one_of
from app.catalogue.models import Commodity
from app.catalogue.queries import get_commodity, get_market
from app.core.db import Base, Identified, Quantity, UnitPrice
from app.core.errors import Problem
from app.core.quantity import with_unit
from app.lots.models import Lot
from app.places.models import Site


class OfferStatus(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    COMMITTED = "committed"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class DemandStatus(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    FILLED = "filled"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Visibility(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"


class ShortageRule(StrEnum):
    CONTRACT_FIRST = "contract_first"
    PRO_RATA = "pro_rata"
    PRIORITY = "priority"
    FIRST_COME = "first_come"


# Days from acceptance to the day payment falls due, where the offer says nothing else.
PAYMENT_DAYS = 7


class OfferNotOpen(Problem):
    status, code = 409, "offer_not_open"
    vi = "Tin chào bán không còn mở."
    en = "This offer is not open."


class DemandNotOpen(Problem):
    status, code = 409, "demand_not_open"
    vi = "Nhu cầu mua không còn mở."
    en = "This demand is not open."


class NotEnoughLeft(Problem):
    status, code = 409, "not_enough_left"
    vi = "Chỉ còn {left}."
    en = "Only {left} is left."


class InRound(Problem):
    status, code = 409, "in_round"
    vi = "Lượng này đang được giữ cho một phiên khớp, xin thử lại sau ít phút."
    en = "This quantity is held by a clearing round; please try again in a few minutes."


class Open:
    """Mixin: a quantity of which parts are taken by orders or held by rounds and matches.

    ``round_held`` is set aside while a round is being cleared, ``match_held`` while a proposed
    match waits for an answer. ``remaining`` is what no order has taken; ``held`` is a part of it.
    """

    quantity: Mapped[Quantity]
    taken: Mapped[Quantity] = mapped_column(default=Decimal(0), server_default="0")
    round_held: Mapped[Quantity] = mapped_column(default=Decimal(0), server_default="0")
    match_held: Mapped[Quantity] = mapped_column(default=Decimal(0), server_default="0")
    round_id: Mapped[UUID | None]
    market_code: Mapped[str]
    status: Mapped[str]
    firm: Mapped[bool]

    @property
    def unit(self) -> str:
        """What its quantity is counted in: the unit of its market's base commodity."""
        return get_commodity(get_market(self.market_code).base_commodity_code).unit

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.taken

    @property
    def held(self) -> Decimal:
        return self.round_held + self.match_held

    @property
    def free(self) -> Decimal:
        """What can be ordered now."""
        return self.remaining - self.held

    def check_free(self, quantity: Decimal) -> None:
        """Refuse more than is free.

        Raises:
            NotEnoughLeft: less remains. InRound: enough remains, but too much of it is held.
        """
        if quantity > self.remaining:
            raise NotEnoughLeft(left=with_unit(self.remaining, self.unit))
        if quantity > self.free:
            raise InRound

    def check_may_leave(self) -> None:
        """Refuse to leave the market while a round is on, or while somebody may still say yes.

        Who is not firm has promised nothing yet and may leave; what was proposed is superseded.

        Raises:
            InRound: a round holds a part, or it is firm and a match does.
        """
        if self.round_id is not None or self.round_held or (self.firm and self.match_held):
            raise InRound

    def check_not_held(self) -> None:
        """Refuse a change while a round or a match holds a part.

        Raises:
            InRound: something is held.
        """
        if self.held or self.round_id is not None:
            raise InRound


def _quantities() -> tuple[CheckConstraint, ...]:
    return (
        CheckConstraint("quantity > 0 AND quantity <> 'NaN'", name="quantity_positive"),
        CheckConstraint(
            "taken >= 0 AND round_held >= 0 AND match_held >= 0"
            " AND taken + round_held + match_held <= quantity",
            name="taken_and_held_within",
        ),
    )


class Offer(Represented, Open, Identified, Base):
    """A quantity of a lot on offer at a price, at the farm gate, VND per unit.

    Nobody may buy less than ``min_quantity`` of it at a time, where there is one.
    ``distance_km`` and ``shown_whole`` are set by whoever reads it for somebody: how far it is
    from where they search, and whether it is theirs.
    """

    __tablename__ = "offer"
    __table_args__ = (
        one_of("status", OfferStatus),
        one_of("capacity", Capacity),
        one_of("visibility", Visibility),
        *_quantities(),
        CheckConstraint("ask_price >= 0 AND ask_price <> 'NaN'", name="ask_price_not_negative"),
        CheckConstraint("payment_days BETWEEN 0 AND 365", name="payment_days"),
        CheckConstraint("min_quantity > 0 AND min_quantity <= quantity", name="min_quantity"),
        CheckConstraint("(capacity = 'agent') = (agent_id IS NOT NULL)", name="agent_named"),
        Index("ix_offer_listed", "organisation_id", "listed_at"),
        Index("ix_offer_by_day", "listed_at", postgresql_using="brin"),
        Index("ix_offer_open", "market_code", "id", postgresql_where=text("status = 'open'")),
        Index("ix_offer_owner", "organisation_id", "id"),
        Index("ix_offer_newest", "commodity_code", "id", postgresql_where=text("status = 'open'")),
        Index(
            "ix_offer_cheapest",
            "ask_price",
            text("id DESC"),
            postgresql_where=text("status = 'open'"),
        ),
        Index(
            "ix_offer_cheapest_of_commodity",
            "commodity_code",
            "ask_price",
            text("id DESC"),
            postgresql_where=text("status = 'open'"),
        ),
    )

    lot_id: Mapped[UUID] = mapped_column(ForeignKey("lot.id"), index=True)
    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"))
    market_code: Mapped[str] = mapped_column(ForeignKey("market.code"))
    ask_price: Mapped[UnitPrice]
    price_as_typed: Mapped[dict[str, Any]]
    min_quantity: Mapped[Quantity | None]
    open_until: Mapped[datetime]
    payment_days: Mapped[int] = mapped_column(default=PAYMENT_DAYS, server_default="7")
    visibility: Mapped[str]
    visible_to: Mapped[list[UUID]]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    listed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    lot: Mapped[Lot] = relationship(lazy="raise_on_sql")
    commodity: Mapped[Commodity] = relationship(lazy="raise_on_sql")
    organisation: Mapped[Organisation] = relationship(
        lazy="raise_on_sql", foreign_keys="Offer.organisation_id"
    )

    distance_km = None
    shown_whole = False

    @property
    def unit(self) -> str:
        """What its quantity is counted in: the unit of its commodity."""
        return self.commodity.unit

    def check_open(self, *, now: datetime) -> None:
        """Refuse unless it can be bought from now.

        Raises:
            OfferNotOpen: it is a draft, gone, or its time is over.
        """
        if self.status not in (OfferStatus.OPEN, OfferStatus.COMMITTED) or self.open_until <= now:
            raise OfferNotOpen

    def take(self, quantity: Decimal, *, now: datetime) -> None:
        """Sell a part; the row must be locked.

        Raises:
            OfferNotOpen, NotEnoughLeft, InRound: see the checks.
        """
        self.check_open(now=now)
        self.check_free(quantity)
        self.taken += quantity
        self.settle_status()

    def settle_status(self) -> None:
        """Committed when everything is taken, open again when something has come back."""
        if self.status in (OfferStatus.OPEN, OfferStatus.COMMITTED):
            self.status = OfferStatus.OPEN if self.remaining else OfferStatus.COMMITTED


class Demand(Represented, Open, Identified, Base):
    """A quantity wanted at a place within a window, at most at ``bid_price`` VND delivered.

    Quantity and price are in the market's base commodity. A round fills it from at most
    ``max_suppliers`` sellers, with at least ``min_delivery`` from each, where these are given.
    """

    __tablename__ = "demand"
    __table_args__ = (
        one_of("status", DemandStatus),
        one_of("capacity", Capacity),
        one_of("shortage_rule", ShortageRule),
        *_quantities(),
        CheckConstraint("bid_price >= 0 AND bid_price <> 'NaN'", name="bid_price_not_negative"),
        CheckConstraint("deliver_until >= deliver_from", name="window"),
        CheckConstraint("min_delivery > 0 AND min_delivery <= quantity", name="min_delivery"),
        CheckConstraint("max_suppliers > 0", name="max_suppliers"),
        CheckConstraint("(capacity = 'agent') = (agent_id IS NOT NULL)", name="agent_named"),
        Index("ix_demand_open", "market_code", "id", postgresql_where=text("status = 'open'")),
    )

    market_code: Mapped[str] = mapped_column(ForeignKey("market.code"))
    bid_price: Mapped[UnitPrice]
    min_delivery: Mapped[Quantity | None]
    max_suppliers: Mapped[int | None]
    deliver_from: Mapped[datetime]
    deliver_until: Mapped[datetime]
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    processing_line: Mapped[str | None] = mapped_column(ForeignKey("processing_line.code"))
    shortage_rule: Mapped[str]
    posted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    site: Mapped[Site] = relationship(lazy="raise_on_sql")
    accepts: Mapped[list["Accepted"]] = relationship(
        lazy="raise_on_sql", order_by="Accepted.commodity_code"
    )

    def check_open(self, *, now: datetime) -> None:
        """Refuse unless it can still be filled.

        Raises:
            DemandNotOpen: it is a draft, gone, or its window is over.
        """
        if self.status not in (DemandStatus.OPEN, DemandStatus.FILLED) or self.deliver_until <= now:
            raise DemandNotOpen

    def take(self, quantity: Decimal) -> None:
        """Fill a part; the row must be locked.

        Raises:
            NotEnoughLeft, InRound: see the checks.
        """
        self.check_free(quantity)
        self.taken += quantity
        self.settle_status()

    def settle_status(self) -> None:
        """Filled when nothing more is wanted, open again when something has come back."""
        if self.status in (DemandStatus.OPEN, DemandStatus.FILLED):
            self.status = DemandStatus.OPEN if self.remaining else DemandStatus.FILLED


class Accepted(Base):
    """A commodity that a demand accepts, and what it asks of it."""

    __tablename__ = "demand_accepted"

    demand_id: Mapped[UUID] = mapped_column(ForeignKey("demand.id"), primary_key=True)
    commodity_code: Mapped[str] = mapped_column(ForeignKey("commodity.code"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    min_grade: Mapped[str | None]
    worst_rank: Mapped[int | None]
    quality_limits: Mapped[dict[str, Any]]
    required_certificates: Mapped[list[str]]
