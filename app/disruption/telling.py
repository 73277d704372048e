"""What is left in the outbox about commitments and what is proposed instead."""

from datetime import datetime
from typing import Any

from app.core import outbox
from app.disruption.models import Commitment, TwoSides
from app.places.models import Restriction
from app.places.restriction_operations import restriction_facts


def tell(topic: str, commitment: Commitment, *, now: datetime, **more: Any) -> None:
    """Leave a message about a commitment for both sides."""
    restriction = commitment.restriction
    assert isinstance(restriction, Restriction)
    outbox.add(
        topic,
        concerns=commitment.parties,
        payload={
            **restriction_facts(restriction),
            "commitment_id": str(commitment.id),
            "what": commitment.kind,
            **side_facts(commitment),
            "commodity": commitment.commodity_code,
            "quantity": f"{commitment.quantity:.3f}",
            "status": commitment.status,
            **more,
        },
        now=now,
    )


def side_facts(row: TwoSides) -> dict[str, str | None]:
    """Seller, buyer and their agents by the names messages give them."""
    sides = {
        "seller_id": row.organisation_id,
        "seller_agent_id": row.seller_agent_id,
        "buyer_id": row.buyer_id,
        "buyer_agent_id": row.buyer_agent_id,
    }
    return {name: str(one) if one else None for name, one in sides.items()}
