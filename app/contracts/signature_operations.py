"""Signing contracts: with both signatures one is in force, and active once its season begins."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Organisation, Person
from app.contracts.models import (
    IN_FORCE,
    Contract,
    ContractNotDraft,
    ContractStatus,
    QuantityForm,
    Side,
    Signature,
)
from app.contracts.operations import VersionChanged, name_place
from app.contracts.telling import tell
from app.core import clock
from app.core.db import db
from app.core.errors import Problem, invalid
from app.orders.queries import schedules_in_force


class AlreadySigned(Problem):
    status, code = 409, "already_signed"
    vi = "Bên này đã ký bản này rồi."
    en = "This side has signed this version already."


class SeasonOver(Problem):
    status, code = 409, "season_over"
    vi = "Thời hạn hợp đồng đã qua; hãy sửa thời hạn rồi ký."
    en = "The season of this contract is over; please change its dates before signing."


class OutputPromisedAlready(Problem):
    status, code = 409, "output_promised_already"
    vi = "Bên bán đã cam kết bán toàn bộ sản lượng trong thời gian này theo hợp đồng khác."
    en = "The seller has promised all its output of this time under another contract."


def sign_contract(
    *,
    contract: Contract,
    version: int,
    site_id: UUID | None,
    side: Side,
    person: Person,
    now: datetime,
) -> Contract:
    """One side agrees to a version; with both it is signed, and active once its season begins.

    Weeks that are over by then promise nothing.

    Args:
        contract: locked.

    Raises:
        ContractNotDraft: it is signed already. VersionChanged: another version stands now.
        AlreadySigned: this side has agreed to it before. SeasonOver: its last day has passed.
        Invalid: this side has not said where it receives or hands over. NotFound: the site is not
        its own. OutputPromisedAlready: all the seller's output of some of its days is promised to
        another.
    """
    if contract.status != ContractStatus.DRAFT:
        raise ContractNotDraft
    if version != contract.version:
        raise VersionChanged
    signed = {one.side for one in contract.signatures if one.version == version}
    if side in signed:
        raise AlreadySigned
    if contract.ends_on < clock.local_date(now):
        raise SeasonOver
    party = contract.buying if side == Side.BUYER else contract.selling
    if site_id is not None:
        name_place(contract, side, site_id, party)
    if (contract.site_id if side == Side.BUYER else contract.pickup_site_id) is None:
        raise invalid("/site_id", "Cần nơi giao hoặc nhận hàng.", "A place is needed to sign.")
    db.session.add(
        Signature(
            contract_id=contract.id,
            organisation_id=party.organisation_id,
            version=version,
            side=side,
            person_id=person.id,
            signed_at=now,
        )
    )
    if len(signed) == 1:
        _check_output_free(contract)
        contract.status = ContractStatus.SIGNED
        contract.signed_at = now
        contract.quality_schedule = schedules_in_force(
            {contract.commodity_code},
            buyer_id=contract.organisation_id,
            seller_id=contract.seller_id,
        ).get(contract.commodity_code)
        tell("contract.signed", contract, now=now)
        begin_if_due(contract=contract, now=now)
    db.session.flush()
    db.session.refresh(contract, ["signatures"])
    return contract


def _check_output_free(contract: Contract) -> None:
    """All output is promised once; the seller is locked, so no two contracts can both do so."""
    if contract.quantity_form != QuantityForm.ALL_OUTPUT:
        return
    seller = select(Organisation.id).where(Organisation.id == contract.seller_id)
    db.session.execute(seller.with_for_update(key_share=True))
    other = select(Contract.id).where(
        Contract.seller_id == contract.seller_id,
        Contract.commodity_code == contract.commodity_code,
        Contract.quantity_form == QuantityForm.ALL_OUTPUT,
        Contract.status.in_(IN_FORCE),
        Contract.starts_on <= contract.ends_on,
        Contract.ends_on >= contract.starts_on,
    )
    if db.session.scalar(other.limit(1)) is not None:
        raise OutputPromisedAlready


def begin_if_due(*, contract: Contract, now: datetime) -> None:
    """A signed contract is active from the first day of its season."""
    if contract.status == ContractStatus.SIGNED and contract.starts_on <= clock.local_date(now):
        contract.status = ContractStatus.ACTIVE


def begin_contracts(*, now: datetime, most: int = 200) -> int:
    """Begin the contracts whose season has come; how many."""
    due = db.session.scalars(
        select(Contract)
        .where(
            Contract.status == ContractStatus.SIGNED, Contract.starts_on <= clock.local_date(now)
        )
        .order_by(Contract.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for contract in due:
        begin_if_due(contract=contract, now=now)
    db.session.flush()
    return len(due)
