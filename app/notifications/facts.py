"""What fills the places of a sentence, as a reader of one language writes it."""

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Organisation
from app.catalogue.models import Commodity, Market
from app.core import clock
from app.core.db import db
from app.core.numbers import written
from app.core.quantity import UNITS
from app.notifications.restriction_topics import LIMITS
from app.notifications.sentence import Side
from app.places.queries import current_province, current_ward
from app.places.restriction_operations import said_why

INSTANTS = (
    "expires_at",
    "confirm_by",
    "starts_at",
    "scheduled_for",
    "answer_by",
    "escalate_by",
    "until",
)
AMOUNTS = (
    "quantity",
    "cleared_quantity",
    "ask_price",
    "unit_price",
    "goods_amount",
    "total_amount",
    "remedy_amount",
    "accepted_quantity",
    "payable_amount",
    "haulage_amount",
    "shortfall",
    "allotted",
    "available",
    "provisional_credit",
    "credit",
    "amount",
    "pooled",
    "full_load",
    "missing",
    "restored",
    "replaced",
    "buyer_price",
)
CARRIERS = {
    "vi": {
        "buyer": "người mua",
        "seller": "người bán",
        "cooperative": "hợp tác xã",
        "third_party": "bên thứ ba",
    },
    "en": {
        "buyer": "the buyer",
        "seller": "the seller",
        "cooperative": "the cooperative",
        "third_party": "a third party",
    },
}
RULES = {
    "vi": {
        "contract_first": "hợp đồng trước",
        "pro_rata": "chia theo tỷ lệ",
        "priority": "ai cần sớm hơn được trước",
        "first_come": "ai đặt trước được trước",
    },
    "en": {
        "contract_first": "contracts first",
        "pro_rata": "everybody the same part",
        "priority": "soonest needed first",
        "first_come": "first come, first served",
    },
}
OUTCOMES = {
    "vi": {
        "granted": "được chấp nhận",
        "partly_granted": "được chấp nhận một phần",
        "refused": "bị từ chối",
    },
    "en": {"granted": "granted", "partly_granted": "granted in part", "refused": "refused"},
}


def side_of(payload: dict[str, Any], organisation_id: UUID) -> Side:
    """On which side of the matter an organisation stands."""
    reader = str(organisation_id)
    if reader in (payload.get("seller_id"), payload.get("seller_agent_id")):
        return "seller"
    if reader in (payload.get("buyer_id"), payload.get("buyer_agent_id")):
        return "buyer"
    return "all"


def facts_for(payload: dict[str, Any], locale: str) -> dict[str, str]:
    """The payload's facts as text: names looked up, figures and instants written out."""
    facts = {name: str(value) for name, value in payload.items() if value is not None}
    for name in AMOUNTS:
        if name in facts:
            facts[name] = number(facts[name], locale)
    for side in ("seller", "buyer", "cooperative", "member"):
        if payload.get(f"{side}_id"):
            organisation = db.session.get(Organisation, UUID(payload[f"{side}_id"]))
            facts[side] = organisation.name if organisation else ""
    if payload.get("commodity"):
        commodity = db.session.get(Commodity, payload["commodity"])
        if commodity is not None:
            facts["commodity"] = commodity.name[locale]
            facts["unit"] = UNITS[locale].get(commodity.unit, str(commodity.unit))
    if "market" in payload:
        name_vi, name_en, unit = db.session.execute(
            select(Market.name_vi, Market.name_en, Commodity.unit)
            .join(Commodity, (Commodity.market_code == Market.code) & Commodity.is_base)
            .where(Market.code == payload["market"])
        ).one()
        facts["market"] = name_vi if locale == "vi" else name_en
        facts.setdefault("unit", UNITS[locale].get(unit, str(unit)))
    if "restriction_id" in payload:
        facts |= _restriction(payload, locale)
    for name in ("due_on", "period_from", "period_until"):
        if payload.get(name):
            facts[name] = date.fromisoformat(payload[name]).strftime("%d/%m/%Y")
    for name in INSTANTS:
        if payload.get(name):
            facts[name] = instant(payload[name])
    facts["confirm"] = _confirm(facts.get("confirm_by"), locale)
    facts["when"] = _when(facts.get("scheduled_for"), locale)
    facts["short"] = _short(facts, locale) if payload.get("shortfall_reason") else ""
    facts["carrier"] = CARRIERS[locale].get(str(payload.get("carrier")), "")
    facts["rule"] = RULES[locale].get(str(payload.get("rule")), "")
    facts["outcome"] = OUTCOMES[locale].get(str(payload.get("status")), "")
    facts["why"] = _why(payload, locale)
    facts["instead"] = _instead(facts.get("substitution_reason"), locale)
    return defaultdict(str, facts)


def number(text: str, locale: str) -> str:
    """A decimal as a reader of the language writes it."""
    return written(Decimal(text), locale)


def instant(text: str) -> str:
    """An instant as the clock on the wall in Viet Nam shows it."""
    return datetime.fromisoformat(text).astimezone(clock.LOCAL).strftime("%H:%M %d/%m/%Y")


def _confirm(by: str | None, locale: str) -> str:
    if by is None:
        return ""
    if locale == "vi":
        return f" Hãy xác nhận trước {by}."
    return f" Please confirm before {by}."


def _restriction(payload: dict[str, Any], locale: str) -> dict[str, str]:
    ward, province = payload["ward_code"], payload["province_code"]
    unit = current_ward(ward) if ward else current_province(province)
    until = ""
    if payload["ends_at"]:
        word = "đến" if locale == "vi" else "until"
        until = f" {word} {instant(payload['ends_at'])}"
    return {
        "area": unit.name if unit else str(ward or province),
        "limits": LIMITS[locale][payload["kind"]],
        "reason": said_why(payload["reason"])[locale],
        "until": until,
    }


def _when(at: str | None, locale: str) -> str:
    if at is None:
        return ""
    return f", lúc {at}" if locale == "vi" else f", at {at}"


def _short(facts: dict[str, str], locale: str) -> str:
    missing = f"{facts['shortfall']} {facts.get('unit', '')}"
    if locale == "vi":
        return f" Thiếu hẳn {missing}: {facts['shortfall_reason']}."
    return f" {missing} will not come: {facts['shortfall_reason']}."


def _instead(reason: str | None, locale: str) -> str:
    if reason is None:
        return ""
    if locale == "vi":
        return f" Hàng lấy từ lô khác thay thế: {reason}."
    return f" The goods are from another lot instead: {reason}."


def _why(payload: dict[str, Any], locale: str) -> str:
    """What was said with an answer to a claim, or that nothing was said in time."""
    if payload.get("timed_out"):
        return " Người bán không trả lời kịp." if locale == "vi" else " The seller did not answer."
    if payload.get("answer"):
        return f" “{payload['answer']}”"
    return ""
