"""Examples of calls by which other systems are connected: events, webhooks, files."""

from app.core.files import CSV
from tests.api.example import (
    BUYERS,
    EVERYBODY,
    OWNERS,
    SELLERS,
    SIGNED_IN,
    TRADERS,
    Example,
    example,
)

_WEBHOOK = {"url": "https://example.com/blao", "topics": ["order.placed", "offer.listed"]}
_LOTS = "commodity,site_id,quantity,harvested_at\ngreen-coffee-robusta,Kho,120.5,2026-01-15\n"
_SENDERS = {
    "members": "cooperative other_cooperative",
    "sites": TRADERS,
    "lots": SELLERS,
    "offers": SELLERS,
    "demands": BUYERS,
    "prices": "operator",
}

CONNECTION_EXAMPLES: dict[str, Example] = {
    "GET /events": example(SIGNED_IN),
    "GET /topics/<code>": example(EVERYBODY, code="order.placed"),
    "POST /webhooks": example(OWNERS, body=lambda _, __: dict(_WEBHOOK)),
    "GET /webhooks": example(OWNERS),
    "GET /webhooks/<webhook_id>": example("farm", among=OWNERS, subject="webhook"),
    "DELETE /webhooks/<webhook_id>": example("farm", among=OWNERS, subject="webhook"),
    "POST /webhooks/<webhook_id>/secret": example("farm", among=OWNERS, subject="webhook"),
    "POST /webhooks/<webhook_id>/activation": example("farm", among=OWNERS, subject="webhook"),
    "POST /webhooks/<webhook_id>/test": example("farm", among=OWNERS, subject="webhook"),
    "GET /webhooks/<webhook_id>/deliveries": example("farm", among=OWNERS, subject="webhook"),
    "GET /webhook-deliveries/<delivery_id>": example(
        "farm", among=OWNERS, subject="webhook_delivery"
    ),
    "POST /webhook-deliveries/<delivery_id>/resending": example(
        "farm", among=OWNERS, subject="webhook_delivery"
    ),
    **{
        f"POST /imports/{kind}": example(may, file=_LOTS.encode(), media_type=CSV)
        for kind, may in _SENDERS.items()
    },
    "GET /imports": example(SIGNED_IN),
    "GET /imports/<import_id>": example(
        "farm farm_viewer operator operator_viewer", among=SIGNED_IN, subject="import"
    ),
    "GET /imports/<import_id>/rows": example(
        "farm farm_viewer operator operator_viewer", among=SIGNED_IN, subject="import"
    ),
    "POST /imports/<import_id>/application": example(
        "farm",
        among=f"{TRADERS} operator",
        subject="import",
        body=lambda _, __: {"mode": "good_rows"},
    ),
    "GET /import-templates/<code>": example(EVERYBODY, code="lots"),
}
