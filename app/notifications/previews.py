"""How a topic reads, by its example, for whoever looks after the words."""

from typing import Any

from app.notifications.channels.mail import as_html
from app.notifications.channels.message import Message
from app.notifications.channels.sms import text
from app.notifications.facts import facts_for
from app.notifications.sentence import Topic, one_line

NAMES = {
    "seller": "Vườn chè Năm Thủy",
    "buyer": "Nhà máy trà Đồi Sương",
    "cooperative": "Hợp tác xã Lộc An",
    "member": "Vườn chè Năm Thủy",
}


def previewed(name: str, topic: Topic) -> dict[str, Any]:
    """The topic with what each side would read, in both languages."""
    return {
        "topic": name,
        "published": topic.published,
        "urgent": topic.urgent,
        "schema": topic.schema,
        "example": topic.example,
        "previews": [
            _preview(topic, side, locale) for side in topic.sentences for locale in ("vi", "en")
        ],
    }


def _preview(topic: Topic, side: Any, locale: str) -> dict[str, str]:
    sentence = topic.sentences[side]
    facts = facts_for(topic.example, locale) | NAMES
    title = one_line(sentence.title(locale).format_map(facts))
    body = sentence.body(locale).format_map(facts)
    message = Message("", "", locale, title, body)
    return {
        "side": side,
        "locale": locale,
        "title": title,
        "body": body,
        "html": as_html(message),
        "sms": text(message),
    }
