"""What is left in the outbox about a recall."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core import outbox
from app.disruption.models import Recall
from app.disruption.queries import ordered_of
from app.lots.models import Lot


def tell(topic: str, recall: Recall, frozen: Sequence[Lot], *, now: datetime) -> None:
    """One message for each lot to its owner, and one for each order to both sides."""
    by_lot = {lot.id: lot for lot in frozen}
    for lot in frozen:
        _tell(topic, recall, lot, lot.parties, now=now)
    told: set[tuple[UUID, UUID]] = set()
    for order, lot_id in ordered_of(by_lot):
        if (order.organisation_id, lot_id) not in told:
            told.add((order.organisation_id, lot_id))
            buyers = [one for one in (order.organisation_id, order.agent_id) if one]
            _tell(topic, recall, by_lot[lot_id], buyers, order_id=order.id, now=now)


def _tell(
    topic: str,
    recall: Recall,
    lot: Lot,
    concerns: Sequence[UUID],
    *,
    order_id: UUID | None = None,
    now: datetime,
) -> None:
    side = "buyer" if order_id else "seller"
    party, agent = [*concerns, None][:2]
    outbox.add(
        topic,
        concerns=concerns,
        payload={
            "recall_id": str(recall.id),
            "lot_id": str(lot.id),
            "order_id": str(order_id) if order_id else None,
            f"{side}_id": str(party),
            f"{side}_agent_id": str(agent) if agent else None,
            "commodity": lot.commodity_code,
            "why_recalled": recall.reason,
        },
        now=now,
    )
