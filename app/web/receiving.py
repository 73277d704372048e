"""Receiving: weigh, inspect in parts, accept, claim; the slip stands at once."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from werkzeug.wrappers import Response

from app.accounts.access import ARBITERS, BUYERS, INSPECTORS, READERS, SELLERS, Caller
from app.catalogue.models import QualityType
from app.catalogue.queries import get_commodity
from app.deliveries import api as deliveries
from app.deliveries import claim_api as claims
from app.deliveries.claim_schemas import AnswerIn, ClaimIn, ClaimQuery, DecisionIn
from app.deliveries.models import Delivery
from app.deliveries.schemas import MOST_PARTS, InspectionIn, WeighingIn
from app.deliveries.weighing import MOST_TIMES
from app.web.forms import ask_once, asked_for, loaded, number, typed, whole
from app.web.language import quantity
from app.web.orders import delivery as delivery_page
from app.web.orders import names_of
from app.web.pages import Pages, go, show

pages = Pages("receiving")
TICKETS = 3
# Leaves dry on the way and rain weighs on them; a unit or a comma gone wrong is ten times off.
LEAST_LIKELY, MOST_LIKELY = Decimal("0.5"), Decimal("1.2")


@pages.page("POST", "/deliveries/<uuid:delivery_id>/weighing", access=BUYERS, again=delivery_page)
def weigh(caller: Caller, delivery_id: UUID) -> Response:
    """Gross and tare of each ticket, none counting as 0; an odd weight is asked about once."""
    tickets = [
        {"gross": number(f"gross-{row}"), "tare": number(f"tare-{row}", needed=False) or "0"}
        for row in range(1, TICKETS + 1)
        if row == 1 or typed(f"gross-{row}")
    ]
    body = {
        "tickets": tickets,
        "surface_water": number("surface_water", needed=False),
        "correction_reason": typed("correction_reason"),
    }
    weighing = loaded(WeighingIn, body)
    _check_likely(
        deliveries.get_delivery(caller=caller, delivery_id=delivery_id),
        sum((one["gross"] - one["tare"] for one in weighing["tickets"]), Decimal(0)),
    )
    deliveries.weigh_delivery(caller=caller, delivery_id=delivery_id, body=weighing)
    return go(f"/deliveries/{delivery_id}")


@pages.page(
    "POST", "/deliveries/<uuid:delivery_id>/inspection", access=INSPECTORS, again=delivery_page
)
def inspect(caller: Caller, delivery_id: UUID) -> Response:
    """What was found of each part."""
    found = deliveries.get_delivery(caller=caller, delivery_id=delivery_id)
    commodity = get_commodity(found.line.commodity_code)
    numbers = [one.code for one in commodity.qualities if one.type == QualityType.NUMBER]
    rows = [row for row in range(1, MOST_PARTS + 1) if row == 1 or typed(f"net-{row}")]
    parts = [_part(row, numbers) for row in rows]
    body = {"parts": parts, "correction_reason": typed("correction_reason")}
    deliveries.inspect_delivery(
        caller=caller, delivery_id=delivery_id, body=loaded(InspectionIn, body)
    )
    return go(f"/deliveries/{delivery_id}")


@pages.page("POST", "/deliveries/<uuid:delivery_id>/acceptance", access=BUYERS, again=delivery_page)
def accept(caller: Caller, delivery_id: UUID) -> Response:
    """The buyer takes what passed."""
    deliveries.accept_delivery(caller=caller, delivery_id=delivery_id)
    return go(f"/deliveries/{delivery_id}")


@pages.page(
    "POST", "/deliveries/<uuid:delivery_id>/claims", access=BUYERS, again=delivery_page, makes=True
)
def claim(caller: Caller, delivery_id: UUID) -> Response:
    """Complain about a quantity."""
    body = {"quantity": number("claimed"), "reason": typed("reason")}
    made = claims.file_claim(caller=caller, delivery_id=delivery_id, body=loaded(ClaimIn, body))
    return go(f"/claims/{made.id}")


@pages.page("GET", "/claims", access=READERS)
def my_claims(caller: Caller) -> Response:
    """Claims I take part in or am asked to decide."""
    asked = asked_for("cursor", "status")
    found = claims.list_claims(caller=caller, query=loaded(ClaimQuery, asked))
    orders = [one.delivery.order for one in found.items]
    return show("claims.html", found=found, names=names_of(orders))


@pages.page("GET", "/claims/<uuid:claim_id>", access=READERS)
def one_claim(caller: Caller, claim_id: UUID) -> Response:
    """One claim and what I can answer."""
    found = claims.get_claim(caller=caller, claim_id=claim_id)
    order = found.delivery.order
    return show(
        "claim.html",
        claim=found,
        unit=get_commodity(found.delivery.line.commodity_code).unit,
        names=names_of([order]),
        selling=caller.organisation_id in (order.seller_id, order.seller_agent_id),
        buying=caller.organisation_id in (order.organisation_id, order.agent_id),
        deciding=caller.organisation_id == found.arbiter_id,
    )


@pages.page("POST", "/claims/<uuid:claim_id>/answer", access=SELLERS, again=one_claim)
def answer(caller: Caller, claim_id: UUID) -> Response:
    """The seller grants, grants in part, or refuses."""
    body = {
        "result": typed("result"),
        "credit": whole("credit", needed=False),
        "text": typed("text"),
    }
    claims.answer_claim(caller=caller, claim_id=claim_id, body=loaded(AnswerIn, body))
    return go(f"/claims/{claim_id}")


@pages.page("POST", "/claims/<uuid:claim_id>/escalation", access=BUYERS, again=one_claim)
def escalate(caller: Caller, claim_id: UUID) -> Response:
    """Ask for a decision."""
    claims.escalate_claim(caller=caller, claim_id=claim_id)
    return go(f"/claims/{claim_id}")


@pages.page("POST", "/claims/<uuid:claim_id>/withdrawal", access=BUYERS, again=one_claim)
def withdraw(caller: Caller, claim_id: UUID) -> Response:
    """Let it go."""
    claims.withdraw_claim(caller=caller, claim_id=claim_id)
    return go(f"/claims/{claim_id}")


@pages.page("POST", "/claims/<uuid:claim_id>/decision", access=ARBITERS, again=one_claim)
def decide(caller: Caller, claim_id: UUID) -> Response:
    """The arbiter's word."""
    body = {"credit": whole("credit"), "text": typed("text")}
    claims.decide_claim(caller=caller, claim_id=claim_id, body=loaded(DecisionIn, body))
    return go(f"/claims/{claim_id}")


def _check_likely(found: Delivery, net: Decimal) -> None:
    """Ask about a weight that is odd; one that nobody can mean is refused anyway."""
    if found.despatch is None:
        return
    sent = found.despatch.quantity
    if not 0 < net <= MOST_TIMES * sent:
        return
    if not LEAST_LIKELY * sent <= net <= MOST_LIKELY * sent:
        unit = get_commodity(found.line.commodity_code).unit
        left, came = quantity(sent, unit), quantity(net, unit)
        ask_once(
            "gross-1",
            net,
            f"Đã xuất {left} mà cân được {came}. Đúng thì tích ô bên dưới.",
            f"{left} was despatched, but {came} was weighed. If it is right, tick the box below.",
        )


def _part(row: int, qualities: list[str]) -> dict[str, Any]:
    measured = {
        code: value
        for code in qualities
        if (value := number(f"quality-{code}-{row}", needed=False)) is not None
    }
    part: dict[str, Any] = {
        "net": number(f"net-{row}"),
        "accepted_quantity": number(f"accepted-{row}", needed=False),
        "qualities": measured,
        "grade": typed(f"grade-{row}") or None,
        "result": typed(f"result-{row}") or "accepted",
        "reason": typed(f"reason-{row}") or None,
    }
    return part
