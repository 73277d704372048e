"""Examples of the calls about notifications."""

from uuid import UUID

from app.notifications.links import signed
from tests.api.example import EVERYBODY, SIGNED_IN, Example, Ids, example
from tests.factories import COMMODITY, Account

LOG = "farm farm_viewer cooperative cooperative_viewer operator operator_viewer"


def _search(_: Account, __: Ids) -> dict[str, object]:
    return {
        "name": "Cà phê gần nhà",
        "commodity": COMMODITY,
        "grade": "1",
        "certificate": "vietgap",
        "price_max": "90000",
        "latitude": 11.55,
        "longitude": 107.81,
        "within_km": 15,
    }


def _preferences(_: Account, __: Ids) -> dict[str, object]:
    daily = {"topic": "offer.listed_near", "channel": "email", "wanted": "daily"}
    return {"preferences": [daily], "quiet_from": "21:00", "quiet_until": "05:30"}


def _receipt(caller: Account, ids: Ids) -> dict[str, object]:
    secret = caller.app.config["SECRET_KEY"]
    signature = signed("receipt", UUID(ids["dispatch"]), "", secret=secret)
    return {"signature": signature, "status": "undelivered", "reason": "Máy tắt"}


NOTIFICATION_EXAMPLES: dict[str, Example] = {
    "GET /notifications": example(SIGNED_IN),
    "GET /notifications/<notification_id>": example(
        "farm", among=SIGNED_IN, subject="notification"
    ),
    "POST /notifications/<notification_id>/reading": example(
        "farm", among=SIGNED_IN, subject="notification"
    ),
    "GET /notification-preferences": example(SIGNED_IN),
    "PATCH /notification-preferences": example(
        SIGNED_IN, body=_preferences, headers={"If_Match": "*"}
    ),
    "GET /dispatches": example(SIGNED_IN),
    "GET /dispatches/<dispatch_id>": example(LOG, among=SIGNED_IN, subject="dispatch"),
    "POST /dispatches/<dispatch_id>/resending": example(
        "cooperative operator",
        among="other_cooperative",
        subject="dispatch",
    ),
    "POST /dispatches/<dispatch_id>/receipts": example(
        EVERYBODY, subject="dispatch", body=_receipt
    ),
    "GET /dead-messages": example("operator"),
    "GET /dead-messages/<message_id>": example("operator", subject="dead_message"),
    "POST /dead-messages/<message_id>/resending": example("operator", subject="dead_message"),
    "GET /notification-topics": example("operator"),
    "GET /notification-topics/<code>": example("operator", code="order.placed"),
    "POST /saved-searches": example(SIGNED_IN, body=_search),
    "GET /saved-searches": example(SIGNED_IN),
    "GET /saved-searches/<search_id>": example("farm", among=SIGNED_IN, subject="search"),
    "DELETE /saved-searches/<search_id>": example("farm", among=SIGNED_IN, subject="search"),
}
