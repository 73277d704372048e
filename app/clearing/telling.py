"""An explanation as its reader gets it: with names and units, and with what has happened since."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.catalogue.models import CertificateScheme, QualityAttribute
from app.catalogue.queries import get_commodity, get_market
from app.clearing.book import factors_of
from app.clearing.models import Match, MatchStatus, Outcome, Round, RoundStatus
from app.clearing.queries import latest_outcome
from app.clearing.sentences import NAMED, in_english, in_vietnamese
from app.core.db import db
from app.market.models import Demand, Offer

UNITS = {"vi": {"stem": "cành", "head": "con"}, "en": {"stem": "stem", "head": "head"}}
PENDING = {
    MatchStatus.PROPOSED: (
        "Phiên khớp đề nghị {quantity} đơn vị với giá {price} đồng/đơn vị; đang chờ trả lời.",
        "The round proposes {quantity} units at {price} VND per unit; an answer is awaited.",
    ),
    MatchStatus.REFUSED: (
        "Phiên khớp đề nghị {quantity} đơn vị với giá {price} đồng/đơn vị, nhưng bị từ chối.",
        "The round proposed {quantity} units at {price} VND per unit, but it was declined.",
    ),
    MatchStatus.EXPIRED: (
        "Phiên khớp đề nghị {quantity} đơn vị với giá {price} đồng/đơn vị, nhưng không ai trả lời.",
        "The round proposed {quantity} units at {price} VND per unit, but nobody answered.",
    ),
    MatchStatus.SUPERSEDED: (
        "Phiên đề nghị {quantity} đơn vị giá {price} đồng/đơn vị, nhưng một bên đã rút khỏi chợ.",
        "The round proposed {quantity} units at {price} VND per unit, but one side has left.",
    ),
}
NO_ROUND = (
    "no_round_yet",
    "Chưa có phiên khớp nào kể từ khi đăng.",
    "No round has been held since this was posted.",
)
LEFT_OUT = (
    "left_out",
    "Phiên vừa qua không xét tin này: lượng quá nhỏ, đang được giữ, hoặc đã hết hạn.",
    "The last round left this out: the quantity was too small, held, or past its time.",
)


def explanation(row: Offer | Demand, *, language: str) -> dict[str, Any]:
    """What the last round made of an offer or demand, in the reader's language.

    Quantities and prices are per unit of the market's base commodity; where the reader offers
    another commodity, a reason says how the two convert.
    """
    side = "offer" if isinstance(row, Offer) else "demand"
    outcome = latest_outcome(**{f"{side}_id": row.id})
    if outcome is None:
        code, vi, en = LEFT_OUT if _passed_over(row) else NO_ROUND
        detail = vi if language == "vi" else en
        reason: dict[str, Any] = {"code": code, "detail": detail, "figure": None, "figures": {}}
        return {"round_id": None, "outcome": "waiting", "reasons": [reason]}
    reasons = [
        *_pending(outcome, row),
        *(reason for reason in outcome.reasons["reasons"] if not _superseded(outcome, reason)),
    ]
    return {
        "round_id": outcome.round_id,
        "outcome": _outcome(outcome),
        "reasons": in_words(reasons, row, language=language) + _conversion(outcome, row, language),
    }


def in_words(
    reasons: Sequence[Mapping[str, Any]], row: Offer | Demand, *, language: str
) -> list[dict[str, Any]]:
    """Reasons with their ``detail`` in one language, with names and units for codes."""
    return [{**one, "detail": _written(one["detail"][language], row, language)} for one in reasons]


def _matches(outcome: Outcome) -> list[Match]:
    own = (
        Match.offer_id == outcome.offer_id
        if outcome.offer_id
        else Match.demand_id == outcome.demand_id
    )
    return list(db.session.scalars(select(Match).where(Match.round_id == outcome.round_id, own)))


def _waiting(outcome: Outcome) -> list[Match]:
    return [match for match in _matches(outcome) if match.status != MatchStatus.ACCEPTED]


def _superseded(outcome: Outcome, reason: dict[str, Any]) -> bool:
    """Whether "you traded" is no longer the whole truth."""
    return reason["code"] == "matched" and bool(_waiting(outcome))


def _outcome(outcome: Outcome) -> str:
    matches, waiting = _matches(outcome), _waiting(outcome)
    if not waiting:
        return outcome.outcome
    if len(waiting) < len(matches):
        return "partly_matched"
    if any(match.status == MatchStatus.PROPOSED for match in waiting):
        return "proposed"
    return "not_matched"


def _pending(outcome: Outcome, row: Offer | Demand) -> list[dict[str, Any]]:
    reasons = []
    waiting = _waiting(outcome)
    for match in _matches(outcome) if waiting else []:
        price = match.seller_price if isinstance(row, Offer) else match.buyer_price
        sentences = PENDING.get(MatchStatus(match.status)) or (
            "Đã khớp {quantity} đơn vị với giá {price} đồng/đơn vị.",
            "{quantity} units were traded at {price} VND per unit.",
        )
        detail = {
            "vi": sentences[0].format(
                quantity=in_vietnamese(match.quantity), price=in_vietnamese(price)
            ),
            "en": sentences[1].format(quantity=in_english(match.quantity), price=in_english(price)),
        }
        code = "matched" if match.status == MatchStatus.ACCEPTED else f"match_{match.status}"
        figures = {"quantity": f"{match.quantity:.3f}", "price": f"{price:.2f}"}
        reasons.append(
            {"code": code, "detail": detail, "figure": figures["quantity"], "figures": figures}
        )
    return reasons


def _passed_over(row: Offer | Demand) -> bool:
    """Whether a round of the market has closed since this was posted."""
    posted: datetime | None = row.listed_at if isinstance(row, Offer) else row.posted_at
    if posted is None:
        return False
    later = select(Round.id).where(
        Round.market_code == row.market_code,
        Round.status == RoundStatus.CLEARED,
        Round.closed_at > posted,
    )
    return db.session.scalar(later.limit(1)) is not None


def _conversion(outcome: Outcome, row: Offer | Demand, language: str) -> list[dict[str, Any]]:
    market = get_market(row.market_code)
    if not isinstance(row, Offer) or row.commodity_code == market.base_commodity_code:
        return []
    cleared = db.session.get_one(Round, outcome.round_id)
    factor = factors_of(market, now=cleared.closed_at or cleared.opened_at)[row.commodity_code]
    own, base = get_commodity(row.commodity_code), get_commodity(market.base_commodity_code)
    figure = in_vietnamese(factor) if language == "vi" else in_english(factor)
    detail = (
        f"Các con số tính theo {base.name_vi}: 1 {_unit(own.unit, 'vi')} {own.name_vi} "
        f"= {figure} {_unit(base.unit, 'vi')} {base.name_vi}."
        if language == "vi"
        else f"Figures are in {base.name_en}: 1 {_unit(own.unit, 'en')} of {own.name_en} "
        f"= {figure} {_unit(base.unit, 'en')} of {base.name_en}."
    )
    text = f"{factor:f}"
    return [
        {
            "code": "in_base_commodity",
            "detail": detail,
            "figure": text,
            "figures": {"factor": text},
        }
    ]


def _written(detail: str, row: Offer | Demand, language: str) -> str:
    """A sentence with the unit in place of "units", and names in place of codes."""
    base = get_commodity(get_market(row.market_code).base_commodity_code)
    unit = _unit(base.unit, language)
    if language == "vi":
        detail = detail.replace(" đơn vị", f" {unit}").replace("/đơn vị", f"/{unit}")
    else:
        detail = detail.replace(" units", f" {unit}").replace("per unit", f"per {unit}")
    return re.sub(NAMED, lambda found: _name(found[1], row.market_code, language), detail)


def _unit(unit: str, language: str) -> str:
    return UNITS[language].get(str(unit), str(unit))


def _name(code: str, market_code: str, language: str) -> str:
    """The name of a quality or a certificate scheme, or the code where it has none."""
    codes = [commodity.code for commodity in get_market(market_code).commodities]
    named = db.session.scalar(
        select(QualityAttribute)
        .where(QualityAttribute.code == code, QualityAttribute.commodity_code.in_(codes))
        .limit(1)
    ) or db.session.get(CertificateScheme, code)
    return named.name[language] if named is not None else code
