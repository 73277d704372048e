"""What a message says about a delivery, and the facts its slip is computed from."""

from decimal import Decimal
from typing import Any

from app.deliveries.models import Delivery, Inspection
from app.deliveries.slip import Document, computed
from app.orders.operations import sides


def delivery_facts(delivery: Delivery, quantity: Decimal, **more: Any) -> dict[str, Any]:
    """The payload of a delivery's message.

    Args:
        quantity: what the message is about, in the commodity's unit.
    """
    return {
        "delivery_id": str(delivery.id),
        "order_id": str(delivery.order_id),
        "order_line_id": str(delivery.order_line_id),
        "number": delivery.number,
        **sides(delivery.order),
        "commodity": delivery.line.commodity_code,
        "quantity": f"{quantity:.3f}",
        **more,
    }


def slip_facts(delivery: Delivery) -> dict[str, Any]:
    """What a message says of the slip in force."""
    slip = delivery.slip
    assert slip is not None
    return {
        "slip_id": str(slip.id),
        "slip_number": slip.number,
        "status": delivery.status,
        "accepted_quantity": f"{slip.accepted_quantity:.3f}",
        "base_amount": slip.base_amount,
        "payable_amount": slip.payable_amount,
        "haulage_amount": slip.haulage_amount,
        "reason": slip.reason,
    }


def slip_document(delivery: Delivery) -> Document:
    """The slip of a delivery that has been inspected, from what was last recorded."""
    line, order = delivery.line, delivery.order
    despatch, weighing, inspection = delivery.despatch, delivery.weighing, delivery.inspection
    assert despatch is not None
    assert weighing is not None
    assert inspection is not None
    accepted = accepted_quantity(inspection)
    return computed(
        {
            "delivery_id": str(delivery.id),
            "order_id": str(order.id),
            "order_line_id": str(line.id),
            "commodity": line.commodity_code,
            "grade": line.grade,
            "quantities": {
                "offered": f"{line.offer.quantity:.3f}",
                "ordered": f"{line.quantity:.3f}",
                "despatched": f"{despatch.quantity:.3f}",
                "gross": f"{weighing.gross:.3f}",
                "tare": f"{weighing.tare:.3f}",
                "weighed": f"{weighing.net:.3f}",
                "accepted": f"{accepted:.3f}",
            },
            "unit_price": f"{line.unit_price:.2f}",
            "surface_water": _text(weighing.surface_water),
            "parts": _parts(inspection),
            "schedule": line.quality_schedule,
            "haulage": {
                "carrier": order.carrier,
                "line_amount": line.haulage_amount,
                "ordered": f"{line.quantity:.3f}",
                "accepted": f"{accepted:.3f}",
            },
        }
    )


def accepted_quantity(inspection: Inspection) -> Decimal:
    """What an inspection lets through, all parts together."""
    return sum((part.accepted_quantity for part in inspection.parts), Decimal(0))


def _parts(inspection: Inspection) -> list[dict[str, Any]]:
    return [
        {
            "position": part.position,
            "net": f"{part.net:.3f}",
            "accepted_quantity": f"{part.accepted_quantity:.3f}",
            "qualities": part.qualities,
            "grade": part.grade,
            "result": part.result,
            "reason": part.reason,
        }
        for part in inspection.parts
    ]


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.3f}"
