"""An example of every call: who may make it, about what, with which body.

Whoever adds a route adds an example here; the tests of input, access and repetition then cover it.
"""

from typing import Any
from uuid import UUID

from app.accounts.operations import invitation_code
from tests.api.connection_examples import CONNECTION_EXAMPLES
from tests.api.contract_examples import CONTRACT_EXAMPLES
from tests.api.example import (
    AGENT,
    BOTH_SIDES,
    BUYERS,
    EVERYBODY,
    FARM,
    PROCESSOR,
    SELLERS,
    SIGNED_IN,
    TRADERS,
    Example,
    Ids,
    example,
)
from tests.api.linkage_examples import LINKAGE_EXAMPLES
from tests.api.notification_examples import NOTIFICATION_EXAMPLES
from tests.factories import (
    PASSWORD,
    Account,
    day,
    demand_body,
    forecast_body,
    lot_body,
    offer_body,
    order_body,
    plot_body,
    today,
)

FIGURE_OWNERS = f"{SELLERS} farm_viewer farmer_group_viewer cooperative_viewer"


def _registration(_: Account, __: Ids) -> dict[str, Any]:
    return {
        "organisation": {
            "name": "Nông hộ Mới",
            "kind": "farm",
            "tax_id": "0100109106",
            "smallholder": True,
        },
        "person": {
            "name": "Người Mới",
            "phone": "0912345678",
            "email": "moi@example.com",
            "password": PASSWORD,
            "locale": "vi",
        },
    }


def _site(_: Account, __: Ids) -> dict[str, Any]:
    return {
        "name": "Kho",
        "ward_code": "24829",
        "latitude": 11.5,
        "longitude": 107.8,
        "on_behalf_of": None,
    }


def _lot(caller: Account, _: Ids) -> dict[str, Any]:
    return lot_body(
        caller, plot_id=None, unit="kg", ready_at=day(-1), certificates=[], on_behalf_of=None
    )


def _plot(caller: Account, _: Ids) -> dict[str, Any]:
    corners = [[107.8, 11.5], [107.801, 11.5], [107.801, 11.501], [107.8, 11.5]]
    return plot_body(
        caller,
        geometry={"type": "Polygon", "coordinates": [corners]},
        growing_area_code=None,
        yield_source="2025 harvest",
        on_behalf_of=None,
    )


def _restriction(_: Account, __: Ids) -> dict[str, Any]:
    return {
        "ward_code": None,
        "province_code": "68",
        "commodity": "ginger-fresh",
        "kind": "exit_only",
        "reason": "flood",
        "from": day(1),
        "until": day(2),
    }


def _forecast(_: Account, __: Ids) -> dict[str, Any]:
    return forecast_body(low="80", high="120", on_behalf_of=None)


def _certificate(caller: Account, _: Ids) -> dict[str, Any]:
    return {
        "scheme": "vietgap",
        "number": "VG-1",
        "site_id": caller.site_id,
        "plot_id": None,
        "commodities": ["green-coffee-robusta"],
        "valid_from": "2026-01-01",
        "valid_until": "2027-01-01",
        "on_behalf_of": None,
    }


def _offer(_: Account, ids: Ids) -> dict[str, Any]:
    return offer_body(
        ids["spare_lot"],
        price_per={"quantity": "100", "unit": "kg"},
        min_quantity=None,
        payment_days=7,
        visibility="public",
        visible_to=[],
        draft=False,
        on_behalf_of=None,
    )


def _demand(caller: Account, _: Ids) -> dict[str, Any]:
    accepts = {
        "commodity": "green-coffee-robusta",
        "min_grade": "1",
        "quality_limits": {"moisture": {"min": "5.0", "max": "12.5"}},
        "required_certificates": ["vietgap"],
    }
    return demand_body(
        caller,
        accepts=[accepts],
        min_delivery=None,
        max_suppliers=None,
        processing_line="functional-coffee",
        draft=False,
        shortage_rule="pro_rata",
        on_behalf_of=None,
    )


def _order(caller: Account, ids: Ids) -> dict[str, Any]:
    body = order_body(caller, {"id": ids["offer"]}) | {"carrier": "seller", "on_behalf_of": None}
    body["lines"][0]["offer_version"] = 1
    return body


def _acceptance(caller: Account, ids: Ids) -> dict[str, Any]:
    code = invitation_code(UUID(ids["invitation"]), secret=caller.app.config["SECRET_KEY"])
    return {"code": code, "name": "Khách Quen", "password": PASSWORD}


def _price(_: Account, __: Ids) -> dict[str, Any]:
    price_per = {"quantity": "1", "unit": "tonne"}
    return {"ask_price": "90000000", "price_per": price_per, "open_until": day(20)}


def _delivery(_: Account, ids: Ids) -> dict[str, Any]:
    return {
        "line_id": ids["running_line"],
        "quantity": "2",
        "scheduled_for": day(1),
        "neutral_inspection": True,
    }


def _despatch(_: Account, ids: Ids) -> dict[str, Any]:
    return {
        "quantity": "0.4",
        "unit": "yến",
        "shortfall": "0.1",
        "shortfall_reason": "Chuột cắn",
        "lot_id": ids["spare_lot"],
        "substitution_reason": "Lô kia bị ẩm",
    }


def _parts() -> list[dict[str, Any]]:
    return [
        {
            "net": "4",
            "accepted_quantity": "3",
            "qualities": {"moisture": "12.5"},
            "grade": "2",
            "result": "downgraded",
            "reason": "Ẩm",
        },
        {"net": "1", "result": "rejected", "reason": "Mốc"},
    ]


def _weighing(_: Account, __: Ids) -> dict[str, Any]:
    return {
        "tickets": [{"gross": "5.5", "tare": "0.5"}],
        "unit": "kg",
        "surface_water": "1.5",
        "correction_reason": "Cân chưa chỉnh",
        "parts": _parts(),
    }


def _inspection(_: Account, __: Ids) -> dict[str, Any]:
    return {
        "parts": _parts(),
        "inspector": "Nguyễn Văn Kiểm",
        "neutral": True,
        "correction_reason": None,
    }


def _claim(_: Account, __: Ids) -> dict[str, Any]:
    return {"share": "0.05", "quantity": None, "reason": "Lẫn đá", "photo": "https://example.com/1"}


def _schedule(caller: Account, ids: Ids) -> dict[str, Any]:
    return {
        "commodity": "green-coffee-robusta",
        "seller_id": ids["farm_organisation"] if caller.organisation_id else None,
        "rules": [
            {
                "kind": "steps",
                "attribute": "moisture",
                "steps": [
                    {"from": "12.5", "percent": "-1.5"},
                    {"from": "13.5", "percent": "-4"},
                ],
            },
            {"kind": "table", "by": "grade", "rows": [{"grade": "2", "percent": "-3"}]},
            {"kind": "reject_limit", "attribute": "moisture", "above": "15"},
        ],
    }


def _payout(_: Account, ids: Ids) -> dict[str, Any]:
    return {
        "payee_id": ids["farm_organisation"],
        "settlement_ids": [ids["settlement"]],
        "amount": 1000,
        "reference": "UNC 12",
        "on_behalf_of": None,
    }


def _advance(_: Account, ids: Ids) -> dict[str, Any]:
    return {
        "receiver_id": ids["farm_organisation"],
        "kind": "money",
        "amount": 1000,
        "note": "Mua phân bón",
        "contract_id": None,
    }


def _commission(_: Account, __: Ids) -> dict[str, Any]:
    return {
        "commodity": "ginger-dried",
        "percent": "2.5",
        "per_unit": None,
        "valid_from": today(2),
    }


def _statement(_: Account, __: Ids) -> dict[str, Any]:
    return {"period_from": "2020-02-01", "period_until": "2020-02-29", "on_behalf_of": None}


OWED = f"{BOTH_SIDES} {AGENT}"
MONEY: dict[str, Example] = {
    "GET /settlements": example(SIGNED_IN),
    "GET /settlements/<settlement_id>": example(OWED, among=SIGNED_IN, subject="settlement"),
    "GET /ledger/entries": example(SIGNED_IN),
    "GET /ledger/balances": example(SIGNED_IN),
    "POST /payouts": example("processor", among=TRADERS, subject="settlement", body=_payout),
    "GET /payouts": example(SIGNED_IN),
    "GET /payouts/<payout_id>": example(OWED, among=SIGNED_IN, subject="payout"),
    "POST /payouts/<payout_id>/confirmation": example(
        "farm cooperative", among=TRADERS, subject="payout"
    ),
    "POST /payouts/<payout_id>/bounce": example(
        "processor farm cooperative",
        among=TRADERS,
        subject="payout",
        body=lambda _, __: {"reason": "Sai số tài khoản"},
    ),
    "POST /advances": example(
        "processor cooperative", among=BUYERS, subject="farm_organisation", body=_advance
    ),
    "GET /advances": example(SIGNED_IN),
    "GET /advances/<advance_id>": example(OWED, among=SIGNED_IN, subject="advance"),
    "POST /advances/<advance_id>/confirmation": example(
        "farm cooperative", among=TRADERS, subject="advance"
    ),
    "POST /commissions": example("cooperative other_cooperative", body=_commission),
    "GET /commissions": example(SIGNED_IN),
    "GET /commissions/<rule_id>": example(f"{FARM} {AGENT}", among=SIGNED_IN, subject="commission"),
    "POST /statements": example(TRADERS, body=_statement),
    "GET /statements": example(SIGNED_IN),
    "GET /statements/<statement_id>": example(
        f"{FARM} {AGENT}", among=SIGNED_IN, subject="statement"
    ),
    "GET /purchase-list": example(f"{BUYERS} processor_viewer cooperative_viewer"),
    "POST /seller-identities": example(
        "farm farmer_group other_farm", body=lambda _, __: {"number": "068099000124"}
    ),
    "GET /seller-identities": example(SIGNED_IN),
    "GET /seller-identities/<identity_id>": example(
        f"{FARM} {AGENT}", among=SIGNED_IN, subject="identity"
    ),
}

IF_MATCH = {"If_Match": "*"}

EXAMPLES: dict[str, Example] = {
    "POST /registrations": example(EVERYBODY, body=_registration),
    "POST /tokens": example(
        EVERYBODY, body=lambda _, ids: {"login": ids["login"], "password": PASSWORD}
    ),
    "POST /sign-in-codes": example(EVERYBODY, body=lambda _, ids: {"login": ids["login"]}),
    "GET /tokens": example(SIGNED_IN),
    "GET /tokens/<token_id>": example("farm", among=SIGNED_IN, subject="token"),
    "DELETE /tokens/current": example(SIGNED_IN),
    "DELETE /tokens/<token_id>": example("farm", among=SIGNED_IN, subject="token"),
    "GET /me": example(SIGNED_IN),
    "POST /invitations": example(
        TRADERS,
        body=lambda _, __: {
            "name": "Bạn",
            "email": "ban@example.com",
            "role": "member",
            "locale": "en",
        },
    ),
    "GET /invitations": example(TRADERS),
    "GET /invitations/<invitation_id>": example("farm", among=TRADERS, subject="invitation"),
    "DELETE /invitations/<invitation_id>": example("farm", among=TRADERS, subject="invitation"),
    "POST /invitations/<invitation_id>/acceptance": example(
        EVERYBODY, subject="invitation", body=_acceptance
    ),
    "POST /memberships": example(
        "farm farmer_group other_farm", body=lambda _, ids: {"cooperative_id": ids["cooperative"]}
    ),
    "GET /memberships": example(SIGNED_IN),
    "GET /memberships/<membership_id>": example(
        f"{FARM} cooperative cooperative_viewer", among=SIGNED_IN, subject="membership"
    ),
    "DELETE /memberships/<membership_id>": example(
        "farm cooperative", among=TRADERS, subject="membership"
    ),
    **{
        f"{method} /memberships/<membership_id>/{grant}": example(
            "farm", among="farmer_group other_farm", subject="membership"
        )
        for method in ("POST", "DELETE")
        for grant in ("consent", "mandate")
    },
    "GET /commodities": example(EVERYBODY),
    "GET /commodities/<code>": example(EVERYBODY, code="ginger-dried"),
    "GET /markets": example(EVERYBODY),
    "GET /markets/<code>": example(EVERYBODY, code="ginger"),
    "GET /markets/<code>/prices": example(EVERYBODY, code="ginger"),
    "GET /processing-lines": example(EVERYBODY),
    "GET /processing-lines/<code>": example(EVERYBODY, code="silk-reeling"),
    "GET /certificate-schemes": example(EVERYBODY),
    "GET /certificate-schemes/<code>": example(EVERYBODY, code="vietgap"),
    "GET /administrative-units": example(EVERYBODY),
    "GET /administrative-units/<unit_id>": example(EVERYBODY, subject="unit"),
    "POST /sites": example(TRADERS, body=_site),
    "GET /sites": example(SIGNED_IN),
    "GET /sites/<site_id>": example(f"{FARM} {AGENT}", among=SIGNED_IN, subject="farm_site"),
    "POST /plots": example(SELLERS, body=_plot),
    "GET /plots": example(SIGNED_IN),
    "GET /plots/<plot_id>": example(f"{FARM} {AGENT}", among=SIGNED_IN, subject="plot"),
    "POST /plots/<plot_id>/yields": example(
        "farm cooperative",
        among=SELLERS,
        subject="plot",
        body=lambda _, __: {"per_hectare": "2500", "valid_from": day(2)[:10], "source": "2026"},
    ),
    "GET /growing-area-seasons": example(SIGNED_IN),
    "POST /restrictions": example("authority", body=_restriction),
    "GET /restrictions": example(SIGNED_IN),
    "GET /restrictions/<restriction_id>": example(SIGNED_IN, subject="restriction"),
    "POST /restrictions/<restriction_id>/end": example("authority", subject="restriction"),
    "POST /forecasts": example(SELLERS, body=_forecast),
    "GET /forecasts": example(SIGNED_IN),
    "GET /forecasts/<forecast_id>": example(
        f"{FARM} {AGENT}", among=SIGNED_IN, subject="forecast_word"
    ),
    "GET /forecast-accuracy": example(SIGNED_IN),
    "POST /lots": example(SELLERS, body=_lot),
    "GET /lots": example(SIGNED_IN),
    "GET /lots/<lot_id>": example(FARM, among=SIGNED_IN, subject="lot"),
    "POST /lots/<lot_id>/harvest": example(
        "farm",
        among=SELLERS,
        subject="forecast",
        body=lambda _, __: {
            "harvested_at": day(-1),
            "quantity": "9",
            "unit": "yến",
            "grade": "2",
            "qualities": {"moisture": "11.5"},
        },
    ),
    "POST /lots/<lot_id>/spoilage": example("farm", among=SELLERS, subject="spare_lot"),
    "POST /certificates": example(TRADERS, body=_certificate),
    "GET /certificates": example(SIGNED_IN),
    "GET /certificates/<certificate_id>": example(
        f"{FARM} {AGENT} authority authority_viewer", among=SIGNED_IN, subject="certificate"
    ),
    "POST /certificates/<certificate_id>/verification": example(
        "authority operator", subject="certificate"
    ),
    "POST /offers": example("farm", among=SELLERS, subject="spare_lot", body=_offer),
    "GET /offers": example(EVERYBODY),
    "GET /offers/<offer_id>": example(EVERYBODY, subject="offer"),
    "PATCH /offers/<offer_id>": example(
        "farm", among=SELLERS, subject="offer", body=_price, headers=IF_MATCH
    ),
    "POST /offers/<offer_id>/publication": example("farm", among=SELLERS, subject="draft_offer"),
    "POST /offers/<offer_id>/withdrawal": example("farm", among=SELLERS, subject="offer"),
    "GET /offers/<offer_id>/explanation": example(FARM, among=SIGNED_IN, subject="matched_offer"),
    "POST /demands": example(BUYERS, body=_demand),
    "GET /demands": example(SIGNED_IN),
    "GET /demands/<demand_id>": example(PROCESSOR, among=SIGNED_IN, subject="demand"),
    "POST /demands/<demand_id>/publication": example(
        "processor", among=BUYERS, subject="draft_demand"
    ),
    "POST /demands/<demand_id>/cancellation": example("processor", among=BUYERS, subject="demand"),
    "GET /demands/<demand_id>/explanation": example(
        PROCESSOR, among=SIGNED_IN, subject="matched_demand"
    ),
    "POST /orders": example(BUYERS, subject="offer", body=_order),
    "GET /orders": example(SIGNED_IN),
    "GET /orders/<order_id>": example(BOTH_SIDES, among=SIGNED_IN, subject="order"),
    "POST /orders/<order_id>/confirmation": example("farm", among=SELLERS, subject="order"),
    "POST /orders/<order_id>/cancellation": example(
        "farm processor", among=TRADERS, subject="order"
    ),
    "POST /orders/<order_id>/carriage": example(
        "processor",
        among=BUYERS,
        subject="order",
        body=lambda _, ids: {
            "carrier": "cooperative",
            "carrier_organisation_id": ids["cooperative"],
        },
    ),
    "POST /quality-schedules": example(f"{BUYERS} operator", body=_schedule),
    "GET /quality-schedules": example(SIGNED_IN),
    "GET /quality-schedules/<schedule_id>": example(
        f"{PROCESSOR} {FARM}", among=SIGNED_IN, subject="schedule"
    ),
    "POST /orders/<order_id>/deliveries": example(
        "farm processor", among=TRADERS, subject="running_order", body=_delivery
    ),
    "GET /orders/<order_id>/deliveries": example(
        BOTH_SIDES, among=SIGNED_IN, subject="running_order"
    ),
    "GET /deliveries": example(SIGNED_IN),
    "GET /deliveries/<delivery_id>": example(
        BOTH_SIDES, among=SIGNED_IN, subject="inspected_delivery"
    ),
    "GET /deliveries/<delivery_id>/slip": example(
        BOTH_SIDES, among=SIGNED_IN, subject="inspected_delivery"
    ),
    "POST /deliveries/<delivery_id>/cancellation": example(
        "farm processor", among=TRADERS, subject="scheduled_delivery"
    ),
    "POST /deliveries/<delivery_id>/despatch": example(
        "farm", among=SELLERS, subject="scheduled_delivery", body=_despatch
    ),
    "POST /deliveries/<delivery_id>/weighing": example(
        "processor", among=BUYERS, subject="inspected_delivery", body=_weighing
    ),
    "POST /deliveries/<delivery_id>/inspection": example(
        "processor authority operator", among=BUYERS, subject="weighed_delivery", body=_inspection
    ),
    "POST /deliveries/<delivery_id>/acceptance": example(
        "processor", among=BUYERS, subject="inspected_delivery"
    ),
    "POST /deliveries/<delivery_id>/claims": example(
        "processor", among=BUYERS, subject="accepted_delivery", body=_claim
    ),
    "GET /claims": example(SIGNED_IN),
    "GET /claims/<claim_id>": example(BOTH_SIDES, among=SIGNED_IN, subject="open_claim"),
    "POST /claims/<claim_id>/answer": example(
        "farm",
        among=SELLERS,
        subject="open_claim",
        body=lambda _, __: {"result": "partly_granted", "credit": 1000, "text": "Xin lỗi"},
    ),
    "POST /claims/<claim_id>/escalation": example(
        "processor", among=BUYERS, subject="refused_claim"
    ),
    "POST /claims/<claim_id>/decision": example(
        "cooperative",
        among="other_cooperative operator",
        subject="escalated_claim",
        body=lambda _, __: {"credit": 0, "text": "Hàng đúng như phiếu"},
    ),
    "POST /claims/<claim_id>/withdrawal": example("processor", among=BUYERS, subject="open_claim"),
    "POST /lots/<lot_id>/shortage": example(
        "farm",
        among=SELLERS,
        subject="running_lot",
        body=lambda _, __: {
            "available": "0.01",
            "unit": "tạ",
            "reason": "Mưa đá",
            "rule": "first_come",
        },
    ),
    "GET /shortages": example(SIGNED_IN),
    "GET /shortages/<shortage_id>": example(BOTH_SIDES, among=SIGNED_IN, subject="shortage"),
    **MONEY,
    "POST /rounds": example("operator", body=lambda _, __: {"market": "shiitake"}),
    "GET /rounds": example(SIGNED_IN),
    "GET /rounds/<round_id>": example(SIGNED_IN, subject="round"),
    "GET /rounds/<round_id>/snapshot": example("operator", subject="round"),
    "GET /rounds/<round_id>/matches": example(SIGNED_IN, subject="round"),
    "GET /matches/<match_id>": example(BOTH_SIDES, among=SIGNED_IN, subject="match"),
    "POST /matches/<match_id>/acceptance": example(
        "farm processor", among=TRADERS, subject="match"
    ),
    "POST /matches/<match_id>/refusal": example("farm processor", among=TRADERS, subject="match"),
    **CONNECTION_EXAMPLES,
    **dict.fromkeys(
        (
            f"GET /analytics/{name}"
            for name in ("summary", "prices", "flows", "supply", "fairness", "loss", "disruption")
        ),
        example(f"{FIGURE_OWNERS} authority authority_viewer operator operator_viewer"),
    ),
    "GET /analytics/members": example(FIGURE_OWNERS),
    "GET /open-data": example(EVERYBODY),
    "GET /open-data/market-statistics/<name>": example(EVERYBODY, subject="statistics"),
    **CONTRACT_EXAMPLES,
    **LINKAGE_EXAMPLES,
    **NOTIFICATION_EXAMPLES,
}
