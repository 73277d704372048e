"""Whether a lot can go into a pool's load now."""

from datetime import datetime

from sqlalchemy import true

from app.core.errors import Problem
from app.lots.models import Lot, LotNotAvailable, LotStatus
from app.places.queries import get_site
from app.places.restriction_operations import check_may_move
from app.pools.models import Pool


def check_ready(pool: Pool, lot: Lot, *, now: datetime) -> None:
    """Refuse what is gone, recalled, or may not travel to where the pool is gathered.

    Raises:
        LotFrozen, LotNotAvailable, MovementRestricted: see there.
    """
    lot.check_not_frozen()
    if lot.status != LotStatus.HARVESTED or not lot.can_be_sold(now=now):
        raise LotNotAvailable
    place = get_site(pool.site_id, seen=true())
    check_may_move(pickup=lot.site, drop=place, commodity=lot.commodity_code, now=now)


def is_ready(pool: Pool, lot: Lot, *, now: datetime) -> bool:
    """The same as an answer."""
    try:
        check_ready(pool, lot, now=now)
    except Problem:
        return False
    return True
