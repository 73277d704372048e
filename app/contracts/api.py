"""Season contracts."""

from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import select

from app.accounts.access import BUYERS, READERS, SELLERS, TRADE_MANAGERS, TRADERS, Caller
from app.contracts import (
    breach_operations,
    call_off_operations,
    operations,
    queries,
    schemas,
    shortfall_operations,
    signature_operations,
)
from app.contracts.balance import Balance, balance_of
from app.contracts.models import (
    Breach,
    CallOff,
    Contract,
    ContractRelease,
    ShortfallNotice,
    Side,
)
from app.contracts.paper import contract_paper
from app.core.errors import Forbidden, NotFound
from app.core.http import Blueprint, check_if_match
from app.core.idempotency import Idempotency
from app.core.paging import By, Page, PageQuery, page, page_schema
from app.core.paper import CONTENT_TYPE

JSON = "application/json"

blueprint = Blueprint("contracts", __name__, description="Season contracts")


@blueprint.operation(
    "POST",
    "/contracts",
    access=TRADE_MANAGERS,
    body=schemas.ContractIn,
    answer=schemas.ContractOut,
)
def draft_contract(caller: Caller, body: dict[str, Any]) -> Contract:
    """Draw up a contract as buyer or seller.

    Soạn một hợp đồng với tư cách người mua hoặc người bán.
    """
    party = caller.party(body.pop("on_behalf_of"))
    return operations.draft_contract(party=party, person=caller.signed_in, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/contracts",
    access=READERS,
    query=schemas.ContractQuery,
    answer=page_schema(schemas.ContractOut),
)
def list_contracts(caller: Caller, query: dict[str, Any]) -> Page:
    """Contracts I take part in, newest first.

    Các hợp đồng tôi tham gia, mới nhất trước.
    """
    statement = queries.contracts(_seen(caller))
    if "status" in query:
        statement = statement.where(Contract.status == query["status"])
    return page(statement, order=[By(Contract.id, descending=True)], query=query)


@blueprint.operation(
    "GET", "/contracts/<uuid:contract_id>", access=READERS, answer=schemas.ContractOut
)
def get_contract(caller: Caller, contract_id: UUID) -> Contract | Response:
    """One contract with all its versions, as JSON, or as a paper in Vietnamese (PDF) by Accept.

    Một hợp đồng và mọi bản của nó: JSON, hoặc PDF tùy theo Accept.
    """
    contract = queries.get_contract(contract_id, seen=_seen(caller))
    if request.accept_mimetypes.best_match([JSON, CONTENT_TYPE], default=JSON) == JSON:
        return contract
    paper = contract_paper(contract, queries.words_of(contract))
    answer = Response(paper, content_type=CONTENT_TYPE)
    name = f"hop-dong-{contract.id}-{contract.version}.pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Vary"] = "Accept"
    return answer


@blueprint.operation(
    "PATCH",
    "/contracts/<uuid:contract_id>",
    access=TRADE_MANAGERS,
    body=schemas.TermsIn,
    answer=schemas.ContractOut,
)
def revise_contract(caller: Caller, contract_id: UUID, body: dict[str, Any]) -> Contract:
    """Write a new version of a draft.

    Viết bản mới của hợp đồng chưa ký.
    """
    contract, side = own(caller, contract_id)
    check_if_match(schemas.ContractOut().dump(contract))
    return operations.revise_contract(
        contract=contract,
        party=contract.buying if side == Side.BUYER else contract.selling,
        person=caller.signed_in,
        side=side,
        now=caller.now,
        **body,
    )


@blueprint.operation(
    "POST",
    "/contracts/<uuid:contract_id>/signature",
    access=TRADE_MANAGERS,
    body=schemas.SignatureIn,
    answer=schemas.ContractOut,
    status=200,
)
def sign_contract(caller: Caller, contract_id: UUID, body: dict[str, Any]) -> Contract:
    """Sign a version for my side.

    Ký một bản hợp đồng cho bên mình.
    """
    contract, side = own(caller, contract_id)
    return signature_operations.sign_contract(
        contract=contract, side=side, person=caller.signed_in, now=caller.now, **body
    )


@blueprint.operation(
    "POST",
    "/contracts/<uuid:contract_id>/termination",
    access=TRADE_MANAGERS,
    body=schemas.TerminationIn,
    answer=schemas.ContractOut,
    status=200,
)
def terminate_contract(caller: Caller, contract_id: UUID, body: dict[str, Any]) -> Contract:
    """Give a draft up, or propose or agree to end a signed contract before its time.

    Bỏ dự thảo; với hợp đồng đã ký thì đề nghị hoặc đồng ý chấm dứt trước hạn.
    """
    contract, side = own(caller, contract_id)
    return operations.terminate_contract(contract=contract, side=side, now=caller.now, **body)


@blueprint.operation(
    "POST",
    "/contracts/<uuid:contract_id>/call-offs",
    access=BUYERS,
    body=schemas.CallOffIn,
    answer=schemas.CallOffOut,
    idempotency=Idempotency.REQUIRED,
)
def call_off(caller: Caller, contract_id: UUID, body: dict[str, Any]) -> CallOff:
    """Call a quantity for a week; it is ordered at once, beyond the week's promise if confirmed.

    Gọi hàng cho một tuần; đơn hàng được lập ngay, phần vượt cam kết chờ bên bán xác nhận.
    """
    contract = _as(caller, contract_id, Side.BUYER)
    return call_off_operations.call_off(contract=contract, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/contracts/<uuid:contract_id>/call-offs",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.CallOffOut),
)
def list_call_offs(caller: Caller, contract_id: UUID, query: dict[str, Any]) -> Page:
    """What has been called, newest first.

    Các lần gọi hàng, mới nhất trước.
    """
    contract = queries.get_contract(contract_id, seen=_seen(caller))
    statement = select(CallOff).where(CallOff.contract_id == contract.id)
    return page(statement, order=[By(CallOff.id, descending=True)], query=query)


@blueprint.operation(
    "POST",
    "/contracts/<uuid:contract_id>/shortfalls",
    access=SELLERS,
    body=schemas.ShortfallIn,
    answer=schemas.ShortfallOut,
)
def tell_shortfall(caller: Caller, contract_id: UUID, body: dict[str, Any]) -> ShortfallNotice:
    """Say beforehand that a week will bring less.

    Báo trước rằng một tuần sẽ thiếu hàng.
    """
    contract = _as(caller, contract_id, Side.SELLER)
    return shortfall_operations.tell_shortfall(contract=contract, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/contracts/<uuid:contract_id>/shortfalls",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.ShortfallOut),
)
def list_shortfalls(caller: Caller, contract_id: UUID, query: dict[str, Any]) -> Page:
    """Shortfalls that were told, newest first.

    Các lần báo thiếu hàng, mới nhất trước.
    """
    contract = queries.get_contract(contract_id, seen=_seen(caller))
    statement = select(ShortfallNotice).where(ShortfallNotice.contract_id == contract.id)
    return page(statement, order=[By(ShortfallNotice.id, descending=True)], query=query)


@blueprint.operation(
    "POST",
    "/contracts/<uuid:contract_id>/releases",
    access=BUYERS,
    body=schemas.ReleaseIn,
    answer=schemas.ReleaseOut,
)
def release_week(caller: Caller, contract_id: UUID, body: dict[str, Any]) -> ContractRelease:
    """Say that I can take no more in a week; what was held for me is free for the market.

    Báo không nhận thêm trong một tuần; hàng giữ cho tôi được bán cho người khác.
    """
    contract = _as(caller, contract_id, Side.BUYER)
    return call_off_operations.release_week(contract=contract, now=caller.now, **body)


@blueprint.operation(
    "GET",
    "/contracts/<uuid:contract_id>/releases",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.ReleaseOut),
)
def list_releases(caller: Caller, contract_id: UUID, query: dict[str, Any]) -> Page:
    """Weeks in which the buyer could take no more, newest first.

    Các tuần bên mua báo không nhận thêm, mới nhất trước.
    """
    contract = queries.get_contract(contract_id, seen=_seen(caller))
    statement = select(ContractRelease).where(ContractRelease.contract_id == contract.id)
    return page(statement, order=[By(ContractRelease.id, descending=True)], query=query)


@blueprint.operation(
    "GET",
    "/contracts/<uuid:contract_id>/balance",
    access=READERS,
    answer=schemas.ContractBalanceOut,
)
def get_balance(caller: Caller, contract_id: UUID) -> Balance:
    """What was promised, forecast, called, delivered and accepted, by week.

    Lượng đã hứa, dự báo, gọi, giao và nhận theo từng tuần.
    """
    return balance_of(queries.get_contract(contract_id, seen=_seen(caller)))


@blueprint.operation(
    "GET",
    "/contracts/<uuid:contract_id>/breaches",
    access=READERS,
    query=PageQuery,
    answer=page_schema(schemas.BreachOut),
)
def list_breaches(caller: Caller, contract_id: UUID, query: dict[str, Any]) -> Page:
    """Weeks in which a side did not do what it had promised, newest first.

    Các tuần có bên không làm đúng cam kết, mới nhất trước.
    """
    contract = queries.get_contract(contract_id, seen=_seen(caller))
    statement = select(Breach).where(Breach.contract_id == contract.id)
    return page(statement, order=[By(Breach.id, descending=True)], query=query)


@blueprint.operation(
    "POST",
    "/breaches/<uuid:breach_id>/answer",
    access=TRADERS,
    body=schemas.BreachAnswerIn,
    answer=schemas.BreachOut,
    status=200,
)
def answer_breach(caller: Caller, breach_id: UUID, body: dict[str, Any]) -> Breach:
    """Say why, as the side in breach.

    Giải trình, với tư cách bên vi phạm.
    """
    breach, _, side = _breach(caller, breach_id)
    if side != breach_operations.side_in_breach(breach):
        raise Forbidden
    return breach_operations.answer_breach(breach=breach, **body)


@blueprint.operation(
    "POST",
    "/breaches/<uuid:breach_id>/excuse",
    access=TRADERS,
    answer=schemas.BreachOut,
    status=200,
)
def excuse_breach(caller: Caller, breach_id: UUID) -> Breach:
    """Let a breach go, as the other side.

    Bỏ qua vi phạm, với tư cách bên kia.
    """
    breach, contract, side = _breach(caller, breach_id)
    if side == breach_operations.side_in_breach(breach):
        raise Forbidden
    return breach_operations.excuse_breach(breach=breach, contract=contract, now=caller.now)


def _seen(caller: Caller) -> Any:
    return queries.concerning(caller.acting.id, everything=caller.sees_all)


def own(caller: Caller, contract_id: UUID) -> tuple[Contract, Side]:
    """A contract of the caller's own, locked, and the side the caller acts for.

    Raises:
        NotFound: there is none, or it is between others. Forbidden: the mandate has ended.
    """
    contract = queries.get_contract(
        contract_id, seen=queries.concerning(caller.acting.id, everything=False), lock=True
    )
    ours = caller.acting.id in (contract.organisation_id, contract.agent_id)
    caller.check_may_act(contract.buying if ours else contract.selling)
    return contract, Side.BUYER if ours else Side.SELLER


def _as(caller: Caller, contract_id: UUID, side: Side) -> Contract:
    """A contract in which the caller stands on a side; to others on the other side forbidden."""
    contract, stands = own(caller, contract_id)
    if stands != side:
        raise Forbidden
    return contract


def _breach(caller: Caller, breach_id: UUID) -> tuple[Breach, Contract, Side]:
    contract_id = queries.contract_of_breach(breach_id)
    if contract_id is None:
        raise NotFound
    contract, side = own(caller, contract_id)
    breach = breach_operations.get_breach(breach_id, contract.id)
    assert breach is not None
    return breach, contract, side
