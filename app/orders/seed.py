"""The platform's own quality schedules, for commodities that come with water on them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.catalogue.models import QualityAttribute
from app.core.db import db
from app.orders.models import QualitySchedule
from app.orders.quality_rules import SURFACE_WATER, RuleKind


def seed_quality_schedules(*, now: datetime) -> None:
    """Deduct surface water wherever it is measured, unless the platform has said otherwise."""
    codes = db.session.scalars(
        select(QualityAttribute.commodity_code)
        .where(QualityAttribute.code == SURFACE_WATER)
        .order_by(QualityAttribute.commodity_code)
    ).all()
    rule = {"kind": RuleKind.WATER_DEDUCTION, "attribute": SURFACE_WATER}
    rows = [
        {"commodity_code": code, "version": 1, "rules": [rule], "created_at": now} for code in codes
    ]
    db.session.execute(insert(QualitySchedule).values(rows).on_conflict_do_nothing())
