"""What is left in the outbox about a contract."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.contracts.models import Contract
from app.core import outbox


def tell(topic: str, contract: Contract, *, now: datetime, **more: Any) -> None:
    """Leave a message about a contract for both sides."""
    outbox.add(
        topic,
        concerns=contract.parties,
        payload={
            "contract_id": str(contract.id),
            "version": contract.version,
            "seller_id": str(contract.seller_id),
            "seller_agent_id": _text(contract.seller_agent_id),
            "buyer_id": str(contract.organisation_id),
            "buyer_agent_id": _text(contract.agent_id),
            "commodity": contract.commodity_code,
            **more,
        },
        now=now,
    )


def _text(one: UUID | None) -> str | None:
    return str(one) if one else None
