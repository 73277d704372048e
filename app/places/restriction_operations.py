"""Closing an area to movement, opening it again, and asking whether a load may move."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from app.catalogue.queries import find_commodity
from app.core import outbox
from app.core.db import db
from app.core.errors import Problem, invalid
from app.places.models import Restriction, RestrictionKind, Site
from app.places.queries import current_province, current_ward, provinces_of, restrictions_at


class RestrictionEnded(Problem):
    status, code = 409, "restriction_ended"
    vi = "Hạn chế này đã kết thúc."
    en = "This restriction has ended already."


class MovementRestricted(Problem):
    status, code = 409, "movement_restricted"
    vi = "Hàng không qua được vùng đang hạn chế: {reason}."
    en = "The goods cannot cross an area under restriction: {reason}."


REASONS = {
    "vi": {
        "human_epidemic": "dịch bệnh ở người",
        "animal_disease": "dịch bệnh động vật",
        "flood": "lũ lụt",
    },
    "en": {
        "human_epidemic": "epidemic",
        "animal_disease": "animal disease",
        "flood": "flood",
    },
}
"""Why areas are closed, by the words that stand for it; other reasons are told as they are."""


def said_why(reason: str) -> dict[str, str]:
    """Why an area is closed, by language."""
    return {language: words.get(reason, reason) for language, words in REASONS.items()}


def restrict(
    *,
    organisation_id: UUID,
    ward_code: str | None,
    province_code: str | None,
    commodity: str | None,
    kind: RestrictionKind,
    reason: str,
    starts_at: datetime,
    ends_at: datetime | None,
    now: datetime,
) -> Restriction:
    """Limit movement across the border of a ward or a province.

    Raises:
        Invalid: not exactly one area, an unknown one, an unknown commodity, or an end that is not
            after both the start and now.
    """
    if (ward_code is None) == (province_code is None):
        raise invalid(
            "/ward_code",
            "Hãy chọn một xã, phường hoặc một tỉnh, không chọn cả hai.",
            "Choose either a ward or a province.",
        )
    if ward_code is not None and current_ward(ward_code) is None:
        raise invalid("/ward_code", "Không có xã, phường này.", "There is no such ward.")
    if province_code is not None and current_province(province_code) is None:
        raise invalid("/province_code", "Không có tỉnh này.", "There is no such province.")
    if commodity is not None and find_commodity(commodity) is None:
        raise invalid("/commodity", "Không có mặt hàng này.", "There is no such commodity.")
    if ends_at is not None and ends_at <= max(starts_at, now):
        raise invalid(
            "/until", "Phải sau lúc bắt đầu và chưa qua.", "Must be after the start and to come."
        )
    restriction = Restriction(
        organisation_id=organisation_id,
        ward_code=ward_code,
        province_code=province_code,
        commodity_code=commodity,
        kind=kind,
        reason=reason,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=now,
    )
    db.session.add(restriction)
    db.session.flush()
    _tell("restriction.announced", restriction, now=now)
    return restriction


def end_restriction(*, restriction: Restriction, now: datetime) -> Restriction:
    """Lift a restriction before its time; one that has not begun never will.

    Args:
        restriction: locked.

    Raises:
        RestrictionEnded: it is over.
    """
    over = restriction.ends_at is not None and restriction.ends_at <= now
    if over or restriction.ended_at is not None:
        raise RestrictionEnded
    restriction.ended_at = now
    db.session.flush()
    _tell("restriction.ended", restriction, now=now)
    return restriction


def check_may_move(*, pickup: Site, drop: Site, commodity: str, now: datetime) -> None:
    """Refuse a load that would cross the border of an area where that is forbidden now.

    Raises:
        MovementRestricted: a restriction in force forbids it.
    """
    found = restrictions_at(now)
    if not found:
        return
    provinces = provinces_of([pickup.ward_code, drop.ward_code])
    barred = barring(found, pickup=pickup, drop=drop, commodity=commodity, provinces=provinces)
    if barred is not None:
        raise MovementRestricted(reason=said_why(barred.reason))


def barring(
    restrictions: Sequence[Restriction],
    *,
    pickup: Site,
    drop: Site,
    commodity: str,
    provinces: Mapping[str, str],
) -> Restriction | None:
    """The first restriction that keeps a load from moving, or None.

    Args:
        provinces: the province of each ward, by code.
    """
    for one in restrictions:
        if one.commodity_code not in (None, commodity):
            continue
        from_inside = covers(one, pickup, provinces)
        to_inside = covers(one, drop, provinces)
        if one.bars(leaving=from_inside > to_inside, entering=to_inside > from_inside):
            return one
    return None


def covers(restriction: Restriction, site: Site, provinces: Mapping[str, str]) -> bool:
    """Whether a site lies in the restricted area."""
    if restriction.ward_code is not None:
        return site.ward_code == restriction.ward_code
    return provinces.get(site.ward_code) == restriction.province_code


def restriction_facts(restriction: Restriction) -> dict[str, str | None]:
    """A restriction by the names messages give its facts."""
    return {
        "restriction_id": str(restriction.id),
        "ward_code": restriction.ward_code,
        "province_code": restriction.province_code,
        "kind": restriction.kind,
        "reason": restriction.reason,
        "starts_at": restriction.starts_at.isoformat(),
        "ends_at": restriction.ends_at.isoformat() if restriction.ends_at else None,
    }


def _tell(topic: str, restriction: Restriction, *, now: datetime) -> None:
    outbox.add(
        topic,
        concerns=[restriction.organisation_id],
        payload={**restriction_facts(restriction), "commodity": restriction.commodity_code},
        now=now,
    )
