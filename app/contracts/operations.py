"""Drafting, revising and ending contracts."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from app.accounts.models import Capacity, Kind, Organisation, Party, Person
from app.catalogue.models import ReferenceSeries
from app.catalogue.queries import find_commodity
from app.contracts.models import (
    IN_FORCE,
    Contract,
    ContractNotActive,
    ContractNotDraft,
    ContractStatus,
    ContractVersion,
    ContractWeek,
    QuantityForm,
    Side,
)
from app.contracts.pricing import CLEARING, price_formula
from app.contracts.queries import get_contract
from app.contracts.telling import tell
from app.contracts.weeks import WEEK
from app.core import clock
from app.core.db import db
from app.core.errors import Forbidden, Problem, invalid, missing
from app.core.quantity import QUANTITY_STEP
from app.orders.models import Carrier
from app.places.queries import usable_site


class VersionChanged(Problem):
    status, code = 409, "version_changed"
    vi = "Hợp đồng vừa được sửa; hãy đọc bản mới rồi ký."
    en = "The contract has been changed; please read the new version before signing."


def draft_contract(
    *, party: Party, person: Person, side: Side, counterparty_id: UUID, now: datetime, **terms: Any
) -> Contract:
    """Draw up a contract with a counterparty; nothing binds until both have signed.

    Raises:
        Forbidden: the party's kind does not buy, or sell. NotFound: the counterparty cannot stand
            on the other side, or the site is not the party's. Invalid: terms that do
            not make a contract; see `_check_terms`.
    """
    opposite = Side.SELLER if side == Side.BUYER else Side.BUYER
    if not _can_be(db.session.get_one(Organisation, party.organisation_id), side):
        raise Forbidden
    other = db.session.get(Organisation, counterparty_id)
    if other is None or other.id == party.organisation_id or not _can_be(other, opposite):
        raise missing("/counterparty_id")
    buyer = party if side == Side.BUYER else Party(other.id, Capacity.OWN_ACCOUNT, None)
    seller = party if side == Side.SELLER else Party(other.id, Capacity.OWN_ACCOUNT, None)
    contract = Contract(
        organisation_id=buyer.organisation_id,
        capacity=buyer.capacity,
        agent_id=buyer.agent_id,
        seller_id=seller.organisation_id,
        seller_capacity=seller.capacity,
        seller_agent_id=seller.agent_id,
        status=ContractStatus.DRAFT,
        drafted_at=now,
    )
    _write_terms(contract, terms, party=party, side=side, now=now)
    db.session.add(contract)
    db.session.flush()
    db.session.refresh(contract, ["version"])
    _write_weeks(contract, terms["weeks"])
    _keep_version(contract, person, now=now)
    tell("contract.drafted", contract, now=now)
    return get_contract(contract.id, seen=Contract.id == contract.id)


def revise_contract(
    *, contract: Contract, party: Party, person: Person, side: Side, now: datetime, **terms: Any
) -> Contract:
    """Write a further version of a draft; signatures of earlier ones no longer count.

    Terms that change nothing make no version.

    Args:
        contract: locked.

    Raises:
        ContractNotDraft: both sides have signed. Invalid, NotFound: as for a new draft.
    """
    if contract.status != ContractStatus.DRAFT:
        raise ContractNotDraft
    before = terms_of(contract)
    _write_terms(contract, terms, party=party, side=side, now=now)
    db.session.execute(delete(ContractWeek).where(ContractWeek.contract_id == contract.id))
    db.session.flush()
    _write_weeks(contract, terms["weeks"])
    if terms_of(contract) != before:
        contract.version += 1
        _keep_version(contract, person, now=now)
        tell("contract.revised", contract, now=now)
    db.session.expire_all()
    return get_contract(contract.id, seen=Contract.id == contract.id)


def terminate_contract(*, contract: Contract, side: Side, reason: str, now: datetime) -> Contract:
    """End a contract before its time; orders already called off stand.

    A draft is given up by either side. What both have signed ends once both want it to.

    Args:
        contract: locked.

    Raises:
        ContractNotActive: it is over.
    """
    if contract.status not in (ContractStatus.DRAFT, *IN_FORCE):
        raise ContractNotActive
    agreed = contract.given_up_by not in (None, side)
    if contract.status in IN_FORCE and not agreed:
        contract.given_up_by = side
        db.session.flush()
        tell("contract.given_up", contract, now=now, reason=reason)
        return contract
    contract.status = ContractStatus.TERMINATED
    contract.ended_at = now
    db.session.flush()
    tell("contract.terminated", contract, now=now, reason=reason)
    return contract


def _can_be(organisation: Organisation, side: Side) -> bool:
    """Whether an organisation of its kind buys or sells."""
    if side == Side.BUYER:
        return organisation.kind in (Kind.PROCESSOR, Kind.COOPERATIVE)
    return organisation.kind in (Kind.FARM, Kind.FARMER_GROUP, Kind.COOPERATIVE)


def _write_terms(
    contract: Contract, terms: Mapping[str, Any], *, party: Party, side: Side, now: datetime
) -> None:
    """Check the terms and put them on the contract, with the place of the side that writes them."""
    _check_terms(terms, now)
    name_place(contract, side, terms["site_id"], party)
    contract.commodity_code = terms["commodity"]
    contract.quantity_form = terms["quantity_form"]
    contract.quantity = terms["quantity"]
    contract.tolerance_percent = terms["tolerance_percent"]
    contract.price = price_formula(terms["price"])
    contract.payment_days = terms["payment_days"]
    contract.carrier = Carrier(terms["carrier"])
    by_day = sorted(terms["advances"], key=itemgetter("due_on", "kind", "amount"))
    contract.advances = [
        {"due_on": one["due_on"].isoformat(), "amount": one["amount"], "kind": one["kind"]}
        for one in by_day
    ]
    contract.remedies = {
        name: f"{terms['remedies'][name]:.2f}" for name in ("non_purchase", "side_selling")
    }
    contract.notice_days = terms["notice_days"]
    contract.force_majeure = terms["force_majeure"]
    contract.starts_on = terms["starts_on"]
    contract.ends_on = terms["ends_on"]


def name_place(contract: Contract, side: Side, site_id: UUID, party: Party) -> None:
    """Where the buyer receives or the seller hands over; each side names its own place.

    Raises:
        NotFound: the site is not the party's.
    """
    usable_site(site_id, party=party, pointer="/site_id")
    if side == Side.BUYER:
        contract.site_id = site_id
    else:
        contract.pickup_site_id = site_id


def _check_terms(terms: Mapping[str, Any], now: datetime) -> None:
    if find_commodity(terms["commodity"]) is None:
        raise invalid("/commodity", "Không có mặt hàng này.", "There is no such commodity.")
    if terms["ends_on"] < terms["starts_on"]:
        raise invalid("/ends_on", "Phải sau ngày bắt đầu.", "Must not be before the first day.")
    today = clock.local_date(now)
    if terms["ends_on"] < today:
        raise invalid("/ends_on", "Ngày này đã qua.", "That day is over.")
    form, quantity = terms["quantity_form"], terms["quantity"]
    if (form == QuantityForm.ALL_OUTPUT) != (quantity is None):
        raise invalid(
            "/quantity",
            "Hợp đồng bao tiêu toàn bộ không ghi tổng lượng; hợp đồng khác phải ghi.",
            "All output has no total; the other forms need one.",
        )
    market = terms["price"].get("market")
    if market not in (None, CLEARING):
        _check_series(market, terms["commodity"])
    _check_weeks(terms["weeks"], terms["starts_on"], terms["ends_on"], quantity)
    for index, one in enumerate(terms["weeks"]):
        if one["week"] + WEEK <= today:
            raise invalid(f"/weeks/{index}/week", "Tuần này đã qua.", "That week is over.")


def _check_series(code: str, commodity: str) -> None:
    series = db.session.get(ReferenceSeries, code)
    if series is None:
        raise invalid("/price/market", "Không có chuỗi giá này.", "There is no such series.")
    if series.commodity_code != commodity:
        raise invalid(
            "/price/market",
            "Chuỗi giá này là của mặt hàng khác.",
            "This series is of another commodity.",
        )


def _check_weeks(
    weeks: Sequence[Mapping[str, Any]], starts_on: date, ends_on: date, quantity: Decimal | None
) -> None:
    """Weeks do not overlap, touch the season and promise no more than it."""
    seen: set[date] = set()
    for index, one in enumerate(weeks):
        week: date = one["week"]
        if week in seen:
            raise invalid(f"/weeks/{index}/week", "Tuần bị trùng.", "This week is there twice.")
        if not starts_on - WEEK < week <= ends_on:
            raise invalid(
                f"/weeks/{index}/week", "Tuần nằm ngoài hợp đồng.", "Outside the contract's dates."
            )
        seen.add(week)
    promised = sum((one["promised"] for one in weeks), Decimal(0))
    if quantity is not None and promised > quantity:
        raise invalid(
            "/weeks", "Tổng các tuần vượt tổng hợp đồng.", "The weeks exceed the contract's total."
        )


def _write_weeks(contract: Contract, weeks: Sequence[Mapping[str, Any]]) -> None:
    db.session.add_all(
        ContractWeek(
            contract_id=contract.id,
            organisation_id=contract.organisation_id,
            week=one["week"],
            promised=one["promised"],
        )
        for one in weeks
    )
    db.session.flush()
    db.session.refresh(contract, ["weeks"])


def _keep_version(contract: Contract, person: Person, *, now: datetime) -> None:
    terms = terms_of(contract)
    canonical = json.dumps(terms, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    db.session.add(
        ContractVersion(
            contract_id=contract.id,
            organisation_id=contract.organisation_id,
            number=contract.version,
            terms=terms,
            digest=hashlib.sha256(canonical.encode()).hexdigest(),
            made_by_id=person.id,
            made_at=now,
        )
    )
    db.session.flush()


def terms_of(contract: Contract) -> dict[str, Any]:
    """The terms of a contract as plain JSON, equal for equal terms."""
    total = contract.quantity
    return {
        "buyer_id": str(contract.organisation_id),
        "seller_id": str(contract.seller_id),
        "commodity": contract.commodity_code,
        "quantity_form": str(contract.quantity_form),
        "quantity": None if total is None else f"{total.quantize(QUANTITY_STEP)}",
        "tolerance_percent": f"{contract.tolerance_percent:.2f}",
        "price": contract.price,
        "payment_days": contract.payment_days,
        "carrier": str(contract.carrier),
        "advances": contract.advances,
        "remedies": contract.remedies,
        "notice_days": contract.notice_days,
        "force_majeure": contract.force_majeure,
        "starts_on": contract.starts_on.isoformat(),
        "ends_on": contract.ends_on.isoformat(),
        "weeks": [
            {"week": one.week.isoformat(), "promised": f"{one.promised:.3f}"}
            for one in contract.weeks
        ],
    }
