"""Zalo notification service (ZNS): messages by templates that Zalo has approved.

One template for each language, with the places ``title`` and ``body``. A call is
``{"phone", "template_id", "template_data", "tracking_id"}`` with the header ``access_token``; the
answer's ``error`` is 0 when it was taken. Source: Zalo's ZNS API, "gửi thông báo ZNS".
"""

from collections.abc import Mapping

from app.notifications.channels.gateway import Gateway
from app.notifications.channels.message import Message, Receipt, RefusedForGood

# No such account, an account that takes none, a number that is wrong.
NEVER = {-108, -114, -118, -119, -139, -140, -141}
LONGEST_TITLE, LONGEST_BODY = 100, 400


class ZaloTemplates:
    """Zalo's gateway and the template of each language."""

    def __init__(self, url: str, token: str, templates: Mapping[str, str]) -> None:
        self.templates = templates
        self._gateway = Gateway(url, {"access_token": token})

    def send(self, message: Message) -> Receipt:
        told = self._gateway.post(
            {
                "phone": message.address.removeprefix("+"),
                "template_id": self.templates[message.locale],
                "template_data": {
                    "title": message.subject[:LONGEST_TITLE],
                    "body": message.body[:LONGEST_BODY],
                },
                "tracking_id": message.id,
            }
        )
        error = told.get("error")
        if error in NEVER:
            raise RefusedForGood(f"error {error}")
        if error != 0:
            raise ValueError(f"error {error}")
        data = told.get("data")
        name = data.get("msg_id") if isinstance(data, dict) else None
        return Receipt(str(name)[:200] if name else None)

    def close(self) -> None:
        self._gateway.close()
