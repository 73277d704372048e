"""What is left in the outbox about a pool."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from app.core import outbox
from app.pools.models import Pool


def tell(
    topic: str, pool: Pool, concerns: Sequence[UUID], *, now: datetime, **more: Decimal | UUID
) -> None:
    """Leave a message about a pool for some of those who take part."""
    facts = {
        name: f"{value:.3f}" if isinstance(value, Decimal) else str(value)
        for name, value in more.items()
    }
    outbox.add(
        topic,
        concerns=concerns,
        payload={
            "pool_id": str(pool.id),
            "cooperative_id": str(pool.organisation_id),
            "commodity": pool.commodity_code,
            "pooled": f"{pool.pooled:.3f}",
            "full_load": f"{pool.full_load:.3f}",
            "missing": f"{pool.missing:.3f}",
            "until": pool.until.isoformat(),
            **facts,
        },
        now=now,
    )
